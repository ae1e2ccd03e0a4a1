//! The HTTP client by which this server asks others: tools of bots, and speech engines of other machines.
use std::sync::OnceLock;
use std::time::Duration;

/// The one client: it keeps connections for the next request, and follows no redirects.
pub fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        // Installed by whoever came first; a second installation is refused, and that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(2))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap_or_default()
    })
}

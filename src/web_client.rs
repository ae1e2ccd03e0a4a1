//! The HTTP client by which this server asks others: tools of bots, and speech engines of other machines.
use reqwest::{Client, ClientBuilder};
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

pub mod reach;

/// The client, and whether this machine has certificates of authorities to judge others by.
struct WebClient {
    client: Client,
    has_certificates: bool,
}

fn shared() -> &'static WebClient {
    static SHARED: OnceLock<WebClient> = OnceLock::new();
    SHARED.get_or_init(|| {
        // Installed by whoever came first; a second installation is refused, and that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        build(|builder| builder)
    })
}

/// Where there are no certificates, the client trusts nobody: addresses without TLS can still be asked.
fn build(with: impl Fn(ClientBuilder) -> ClientBuilder) -> WebClient {
    let plan = || {
        Client::builder()
            .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(2))
            .redirect(reqwest::redirect::Policy::none())
    };
    match with(plan()).build() {
        Ok(client) => WebClient { client, has_certificates: true },
        Err(why) => {
            tracing::warn!(%why, "no https address can be asked: install certificates of authorities (package ca-certificates)");
            let client =
                plan().tls_certs_only([]).build().expect("a client that trusts nobody needs nothing of the machine");
            WebClient { client, has_certificates: false }
        }
    }
}

/// The one client: it keeps connections for the next request, and follows no redirects.
pub fn client() -> &'static Client {
    &shared().client
}

/// A client that knows `host` by these addresses alone, and asks no proxy: they were judged, and no others are reached.
pub fn pinned(host: &str, addresses: &[SocketAddr]) -> Client {
    // The provider of TLS is installed with the shared one.
    let _ = shared();
    build(|builder| builder.no_proxy().resolve_to_addrs(host, addresses)).client
}

/// Why the body of an answer was not read to its end.
#[derive(Debug)]
pub enum BodyFault {
    /// It is longer than was wanted.
    TooLong,
    /// The connection broke off before.
    Broken(reqwest::Error),
}

/// The body of an answer, of so many bytes at most.
///
/// # Errors
/// [`BodyFault`].
pub async fn body(mut answer: reqwest::Response, most: usize) -> Result<Vec<u8>, BodyFault> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(BodyFault::Broken)? {
        if bytes.len() + chunk.len() > most {
            return Err(BodyFault::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Whether addresses with TLS can be asked.
pub fn has_certificates() -> bool {
    shared().has_certificates
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[tokio::test]
    async fn without_certificates_addresses_without_tls_are_still_asked() {
        // reqwest refuses this builder, as it does one on a machine without certificates.
        let without = build(|builder| builder.tls_danger_accept_invalid_hostnames(true));
        assert!(!without.has_certificates && build(|builder| builder.tls_certs_only([])).has_certificates);
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", server.local_addr().unwrap());
        let answers = std::thread::spawn(move || {
            let (mut caller, _) = server.accept().unwrap();
            let _ = caller.read(&mut [0; 1_024]).unwrap();
            caller.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        });
        assert_eq!(without.client.get(url).send().await.unwrap().status(), 204);
        answers.join().unwrap();
    }
}

//! The bot's tools: an HTTP request out, JSON back.
use dialog::conversation::{Method, ToolCall, ToolFault};
use std::sync::OnceLock;

/// A larger answer is no answer.
const MOST: usize = 256 * 1024;

fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        // Installed by whoever came first; a second installation is refused, and that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(std::time::Duration::from_secs(2))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap_or_default()
    })
}

/// Runs one tool call to its end or its time limit.
pub async fn run(call: &ToolCall) -> Result<serde_json::Value, ToolFault> {
    let request = match call.method {
        Method::Get => client().get(&call.url),
        Method::Post => client().post(&call.url),
    };
    let request = match &call.body {
        Some(body) => request.json(body),
        None => request,
    };
    let answer = async {
        let mut response = request.send().await.map_err(|_| ToolFault::Unreachable)?;
        if !response.status().is_success() {
            return Err(ToolFault::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| ToolFault::Unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST {
                return Err(ToolFault::NotJson);
            }
        }
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(serde_json::Value::Null);
        }
        serde_json::from_slice(&body).map_err(|_| ToolFault::NotJson)
    };
    tokio::time::timeout(call.timeout, answer).await.unwrap_or(Err(ToolFault::Late))
}

/// Scheme and host of a URL: what may be shown or logged (a path or query can hold what a caller said).
pub fn origin(url: &str) -> String {
    reqwest::Url::parse(url).map_or_else(|_| "an unusable URL".into(), |url| url.origin().ascii_serialization())
}

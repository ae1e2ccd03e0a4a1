//! The bot's tools: an HTTP request out, JSON back.
use crate::web_client::client;
use dialog::tool::{HttpRequest, Method, ToolCall, ToolFault};

/// A larger answer is no answer.
const MOST: usize = 256 * 1024;

/// The header by which a service knows a request that it has done already (draft-ietf-httpapi-idempotency-key-header).
const ONCE: &str = "idempotency-key";

/// What a request of one conversation is known by: the same for the same request, however often it goes out, and another in
/// any other conversation. `talk` names the conversation.
fn key(talk: &str, call: &HttpRequest) -> String {
    let body = call.body.as_ref().map(serde_json::Value::to_string).unwrap_or_default();
    let mut sum = ring::digest::Context::new(&ring::digest::SHA256);
    for part in [talk, call.method.name(), &call.url, &body] {
        sum.update(&(part.len() as u64).to_be_bytes());
        sum.update(part.as_bytes());
    }
    let sum = sum.finish();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sum.as_ref()[..16]);
    // A UUID of version 8 (RFC 9562 section 5.8), for services keep keys in columns of that type.
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Runs one tool call of the conversation `talk` to its end or its time limit.
pub async fn run(talk: &str, call: &ToolCall) -> Result<serde_json::Value, ToolFault> {
    match HttpRequest::of(call) {
        Some(request) => tokio::time::timeout(call.limit, ask(talk, &request)).await.unwrap_or(Err(ToolFault::Late)),
        None => Err(ToolFault::Unknown),
    }
}

async fn ask(talk: &str, call: &HttpRequest) -> Result<serde_json::Value, ToolFault> {
    let request = match call.method {
        Method::Get => client().get(&call.url),
        Method::Post => client().post(&call.url),
    };
    let request = request.header(ONCE, format!("\"{}\"", key(talk, call)));
    let request = match &call.body {
        Some(body) => request.json(body),
        None => request,
    };
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
}

/// Whom a call of a tool asks, as it may be shown or logged: scheme and host (a path or query can hold what a caller said).
pub fn origin(call: &ToolCall) -> String {
    let url = HttpRequest::of(call).and_then(|request| reqwest::Url::parse(&request.url).ok());
    url.map_or_else(|| "an unusable URL".into(), |url| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialog::tool::{Effect, ToolId};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    /// Answers requests with `true` and hands out the head of each.
    async fn service() -> (String, mpsc::Receiver<String>) {
        let service = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/rooms", service.local_addr().unwrap());
        let (heads, asked) = mpsc::channel(16);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = service.accept().await {
                let (mut text, mut buffer) = (String::new(), [0; 4096]);
                while !text.ends_with('}') {
                    let length = stream.read(&mut buffer).await.unwrap();
                    text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
                }
                let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\ntrue";
                stream.write_all(answer.as_bytes()).await.unwrap();
                heads.send(text).await.unwrap();
            }
        });
        (url, asked)
    }

    #[tokio::test]
    async fn a_request_that_is_repeated_in_a_call_has_the_same_key_and_any_other_has_its_own() {
        let (url, mut asked) = service().await;
        let mut keys = Vec::new();
        for (talk, people) in [("call 1", 2), ("call 1", 2), ("call 1", 3), ("call 2", 2)] {
            let body = Some(serde_json::json!({ "people": people }));
            let request = HttpRequest { method: Method::Post, url: url.clone(), body };
            let call = request.call(ToolId(1), Effect::Acts, Duration::from_secs(10));
            assert_eq!(run(talk, &call).await, Ok(true.into()));
            let head = asked.recv().await.unwrap().to_ascii_lowercase();
            let key = head.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).unwrap().to_owned();
            let plain = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap();
            assert_eq!(uuid::Uuid::parse_str(plain).unwrap().get_version_num(), 8);
            keys.push(key);
        }
        assert_eq!(keys[0], keys[1]);
        assert!(keys[0] != keys[2] && keys[0] != keys[3] && keys[2] != keys[3], "{keys:?}");
    }

    #[tokio::test]
    async fn a_tool_that_nobody_knows_has_failed() {
        let (id, limit) = (ToolId(1), Duration::from_secs(10));
        let call = ToolCall { id, name: "calendar".into(), arguments: "today".into(), effect: Effect::Reads, limit };
        assert_eq!(run("call 1", &call).await, Err(ToolFault::Unknown));
        assert_eq!(origin(&call), "an unusable URL");
    }
}

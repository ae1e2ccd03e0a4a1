//! `Page`: a call placed as a browser places it: session, offer and answer over HTTP, the sound by WebRTC (docs/widget.md).
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION, ORIGIN, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, Url};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::time::Duration;
use telephony::Line;
use telephony::webrtc::{Data, Message, WebRtc, WebRtcPlan};
use tokio::sync::mpsc;

/// Environment variable with the API's token, for bots that are not public.
const TOKEN: &str = "SWITCHBOARD_TOKEN";
/// How long the server may take for one answer over HTTP.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no call: an HTTP status (0: none came) and what the server says about it.
#[derive(Debug, thiserror::Error)]
#[error("{status} {reason}")]
pub struct Refused {
    pub status: u16,
    pub reason: String,
}

impl Refused {
    fn new(reason: impl Into<String>) -> Self {
        Self { status: 0, reason: reason.into() }
    }
}

/// The signalling of one server.
#[derive(Clone, Debug)]
pub struct Page {
    client: Client,
    base: Url,
    webrtc: WebRtc,
    admin: Option<String>,
}

/// A call that was answered.
pub struct Placed {
    pub line: Line,
    pub data: Data,
    page: Page,
    location: Url,
    token: String,
}

impl Page {
    /// `base`: `http://host:port/` of the server. Sound leaves from `bind`.
    pub fn open(base: &str, bind: IpAddr) -> Result<Self, Refused> {
        let base = Url::parse(base).map_err(|_| Refused::new("http://HOST[:PORT]/ is wanted"))?;
        // The client wants a crypto provider, though it may speak in the clear. One may be there already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client =
            Client::builder().no_proxy().timeout(PATIENCE).build().map_err(|_| Refused::new("no HTTP client"))?;
        let plan = WebRtcPlan { bind: vec![bind], ..WebRtcPlan::default() };
        let webrtc = WebRtc::start(plan).map_err(|fault| Refused::new(fault.to_string()))?;
        Ok(Self { client, base, webrtc, admin: std::env::var(TOKEN).ok().filter(|token| !token.is_empty()) })
    }

    /// Asks with the API's token, whatever the environment says.
    pub fn with_token(self, admin: &str) -> Self {
        Self { admin: Some(admin.to_owned()), ..self }
    }

    /// Calls a bot. A token of one's own is asked for first.
    pub async fn call(&self, bot: &str) -> Result<Placed, Refused> {
        let token = self.session(bot).await?;
        let offered = self.webrtc.offer().await.map_err(|fault| Refused::new(fault.to_string()))?;
        let request = self.client.post(self.url("api/v1/widget/calls")?).header(CONTENT_TYPE, "application/sdp");
        let answer = self.send(request.bearer_auth(&token).body(offered.sdp.clone())).await?;
        let location =
            answer.headers().get(LOCATION).and_then(|l| l.to_str().ok()).and_then(|l| self.base.join(l).ok());
        let location = location.ok_or_else(|| Refused::new("the answer names no Location"))?;
        let sdp = answer.text().await.map_err(|_| Refused::new("the answer broke off"))?;
        let answered = offered.accept(&sdp).await.map_err(|fault| Refused::new(fault.to_string()))?;
        Ok(Placed { line: answered.line, data: answered.data, page: self.clone(), location, token })
    }

    async fn session(&self, bot: &str) -> Result<String, Refused> {
        let origin = self.base.origin().ascii_serialization();
        let mut request =
            self.client.post(self.url("api/v1/widget/sessions")?).json(&json!({ "bot": bot, "origin": origin }));
        if let Some(admin) = &self.admin {
            request = request.header(AUTHORIZATION, format!("Bearer {admin}"));
        }
        let session: Value =
            self.send(request).await?.json().await.map_err(|_| Refused::new("the session is not JSON"))?;
        session["token"].as_str().map(str::to_owned).ok_or_else(|| Refused::new("the session holds no token"))
    }

    fn url(&self, path: &str) -> Result<Url, Refused> {
        self.base.join(path).map_err(|_| Refused::new("http://HOST[:PORT]/ is wanted"))
    }

    /// As a page of this server's own would.
    async fn send(&self, request: RequestBuilder) -> Result<Response, Refused> {
        let request = request.header(ORIGIN, self.base.origin().ascii_serialization());
        let answer = request.send().await;
        let answer = answer.map_err(|_| Refused::new(format!("nothing answers HTTP at {}", self.base)))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let (status, later) = (answer.status().as_u16(), later(answer.headers()));
        let problem: Value = answer.json().await.unwrap_or_default();
        let said = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or("refused");
        Err(Refused { status, reason: format!("{said}{later}") })
    }
}

fn later(headers: &HeaderMap) -> String {
    let wait = headers.get(RETRY_AFTER).and_then(|wait| wait.to_str().ok());
    wait.map_or(String::new(), |wait| format!(" (again in {wait} s)"))
}

impl Placed {
    /// Ends the call over HTTP too, as a page does; the line ends it by itself where that fails.
    pub async fn leave(self) {
        self.page.client.delete(self.location).bearer_auth(self.token).send().await.ok();
    }

    /// What the bot says, as its captions tell; the oldest 64 that nobody has read yet.
    pub fn captions(&mut self) -> mpsc::Receiver<String> {
        let (said, captions) = mpsc::channel(64);
        let (_, closed) = mpsc::channel(1);
        let mut inbox = std::mem::replace(&mut self.data.inbox, closed);
        tokio::spawn(async move {
            while let Some(message) = inbox.recv().await {
                if let Message::Text(text) = message
                    && let Some(text) = caption(&text)
                {
                    said.try_send(text).ok();
                }
            }
        });
        captions
    }
}

/// The words of a `bot` message.
fn caption(message: &str) -> Option<String> {
    let message: Value = serde_json::from_str(message).ok()?;
    let text = (message["type"] == "bot").then(|| message["text"].as_str()).flatten()?;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_bot_says_is_a_caption() {
        assert_eq!(caption(r#"{"type":"bot","say":1,"text":"Hello"}"#).as_deref(), Some("Hello"));
        for other in [r#"{"type":"caption","text":"book"}"#, r#"{"type":"bot"}"#, "nonsense", "[]"] {
            assert_eq!(caption(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let page = Page::open(&format!("http://{closed}/"), closed.ip()).unwrap();
        let refused = page.call("booking.en").await.err().unwrap();
        assert!(refused.reason.contains("nothing answers HTTP") && refused.status == 0, "{refused}");
    }
}

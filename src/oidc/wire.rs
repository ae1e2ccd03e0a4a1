//! Requests to a provider: bounded in time and in size, and without redirects.
use super::fault::OidcFault;
use super::jws::plain;
use crate::web_client::{self, BodyFault};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use std::error::Error;
use std::time::Duration;

/// The longest answer that is read.
const LONGEST: usize = 256 * 1024;

/// The status of an answer, and what it holds.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

/// Asks for something that is JSON.
pub(super) async fn json(request: RequestBuilder, patience: Duration) -> Result<Reply, OidcFault> {
    let asking = async {
        let answer = request.header("accept", "application/json").send().await.map_err(|why| down(&why))?;
        let status = answer.status();
        let bytes = web_client::body(answer, LONGEST).await.map_err(|fault| match fault {
            BodyFault::TooLong => OidcFault::Wrong(format!("its answer is longer than {LONGEST} bytes")),
            BodyFault::Broken(why) => down(&why),
        })?;
        Ok::<_, OidcFault>((status, bytes))
    };
    let seconds = patience.as_secs_f32();
    let asked = tokio::time::timeout(patience, asking).await;
    let (status, bytes) = asked.map_err(|_| OidcFault::Down(format!("it took longer than {seconds:.0} seconds")))??;
    if status.is_server_error() {
        return Err(OidcFault::Down(format!("it answers with status {status}")));
    }
    match serde_json::from_slice(&bytes) {
        Ok(body) => Ok(Reply { status, body }),
        Err(_) if status.is_success() => Err(OidcFault::Wrong("its answer is no JSON".into())),
        Err(_) => Ok(Reply { status, body: Value::Null }),
    }
}

/// Why nothing came, without the address, which may hold a secret.
fn down(why: &reqwest::Error) -> OidcFault {
    let mut root: &dyn Error = why;
    while let Some(source) = root.source() {
        root = source;
    }
    OidcFault::Down(plain(&root.to_string()))
}

//! HTTP requests of tools: an address that may be asked, secrets read as they are sent, an answer of bounded size.
use crate::config::{Tools, key};
use crate::security::Secret;
use crate::web_client::reach::{self, ReachFault};
use crate::web_client::{self, BodyFault};
use dialog::bot::{HeaderValue, HttpTool, SecretSource};
use dialog::tool::{HttpRequest, Method, ToolFault};
use reqwest::{Client, RequestBuilder, Url};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A larger answer is no answer.
pub const MOST: usize = 256 * 1024;

/// The header by which a service knows a request that it has done already (draft-ietf-httpapi-idempotency-key-header).
const ONCE: &str = "idempotency-key";

/// So many hosts keep connections for the next request.
const MOST_CLIENTS: usize = 64;

/// Asks hosts by addresses that were judged.
#[derive(Default)]
pub struct HttpTools {
    /// By scheme, host and port: the addresses that were found last, and the client that knows no others.
    clients: Mutex<BTreeMap<String, (Vec<SocketAddr>, Client)>>,
}

impl HttpTools {
    /// Asks by a tool of a bot's file.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask(&self, plan: &Tools, tool: &HttpTool, arguments: &Value, key: &str) -> Result<Value, ToolFault> {
        let request = tool.request(arguments);
        let client = self.client(plan, &request.url).await?;
        let mut builder = builder(&client, &request, key);
        for (name, value) in &tool.headers {
            let value = header(value).map_err(|why| {
                tracing::error!(why, "a tool's header field cannot be sent");
                ToolFault::NotAllowed("a secret of its header fields cannot be read")
            })?;
            builder = builder.header(name, value);
        }
        let answer = answer(builder).await?;
        // An answer that lacks what the tool is for gives nothing.
        Ok(tool.result(&answer).cloned().unwrap_or_default())
    }

    /// The client for an address that may be asked.
    async fn client(&self, plan: &Tools, url: &str) -> Result<Client, ToolFault> {
        let refused = |why: &dyn std::fmt::Display, fault| {
            tracing::warn!(%why, "a tool was not asked");
            Err(fault)
        };
        let Ok(url) = Url::parse(url) else { return Err(ToolFault::Unknown) };
        let host = url.host_str().unwrap_or_default();
        if !plan.allows(host) {
            let why = format!("{host} is not in tools.hosts");
            return refused(&why, ToolFault::NotAllowed("its host is not listed"));
        }
        let (host, mut addresses) = match reach::addresses(&url, &plan.networks).await {
            Ok(found) => found,
            Err(why @ ReachFault::NotPublic(_)) => {
                return refused(&why, ToolFault::NotAllowed("its address is not public, and not listed"));
            }
            Err(why) => return refused(&why, ToolFault::Unreachable),
        };
        addresses.sort();
        let name = url.origin().ascii_serialization();
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        match clients.get(&name) {
            Some((known, client)) if *known == addresses => Ok(client.clone()),
            _ => {
                if clients.len() >= MOST_CLIENTS {
                    clients.clear();
                }
                let client = web_client::pinned(&host, &addresses);
                clients.insert(name, (addresses, client.clone()));
                Ok(client)
            }
        }
    }
}

/// Asks by a request that stands in a task of a bot's file, to whatever host that names.
///
/// # Errors
/// Why there is no answer.
pub async fn ask(request: &HttpRequest, key: &str) -> Result<Value, ToolFault> {
    answer(builder(web_client::client(), request, key)).await
}

fn builder(client: &Client, request: &HttpRequest, key: &str) -> RequestBuilder {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    };
    let builder = client.request(method, &request.url).header(ONCE, format!("\"{key}\""));
    match &request.body {
        Some(body) => builder.json(body),
        None => builder,
    }
}

/// What a header field holds. A secret is read each time: a token that was renewed is the one that is sent.
fn header(value: &HeaderValue) -> Result<reqwest::header::HeaderValue, String> {
    let (text, is_secret) = match value {
        HeaderValue::Text(text) => (text.clone(), false),
        HeaderValue::Secret { before, of } => {
            let secret = match of {
                SecretSource::Env(name) => key(None, Some(name))?,
                SecretSource::File(path) => key(Some(Path::new(path)), None)?,
            };
            (format!("{before}{}", secret.as_ref().map(Secret::reveal).unwrap_or_default()), true)
        }
    };
    let mut value = reqwest::header::HeaderValue::from_str(&text).map_err(|_| "it holds what a header field cannot")?;
    value.set_sensitive(is_secret);
    Ok(value)
}

/// The faults of header fields that cannot be sent as things are.
pub fn header_faults(headers: &[(String, HeaderValue)]) -> Vec<String> {
    let fault = |(name, value): &(String, HeaderValue)| Some(format!("headers.{name}: {}", header(value).err()?));
    headers.iter().filter_map(fault).collect()
}

async fn answer(request: RequestBuilder) -> Result<Value, ToolFault> {
    let fault = |why: reqwest::Error| {
        if why.is_connect() || why.is_builder() { ToolFault::Unreachable } else { ToolFault::Broken }
    };
    let response = request.send().await.map_err(fault)?;
    if !response.status().is_success() {
        return Err(ToolFault::Status(response.status().as_u16()));
    }
    let body = web_client::body(response, MOST).await.map_err(|fault| match fault {
        BodyFault::TooLong => ToolFault::NotJson,
        BodyFault::Broken(_) => ToolFault::Broken,
    })?;
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&body).map_err(|_| ToolFault::NotJson)
}

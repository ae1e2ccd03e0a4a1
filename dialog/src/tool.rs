//! `ToolCall`: what a bot has done by others, by name and arguments. Who runs a tool, and how, is not known here.
use serde_json::Value as Json;
use std::time::Duration;

pub mod arguments;
mod builtin;
mod definition;
pub mod ledger;

pub use builtin::BuiltIn;
pub use definition::{ConfirmedBy, ToolDefinition};

/// The number of one call of a tool, by which its outcome is told; numbers are never used twice in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolId(pub u64);

/// One call of a tool. Any number of them may run at once, each to its own outcome.
#[derive(Clone, PartialEq)]
pub struct ToolCall {
    pub id: ToolId,
    pub name: String,
    pub arguments: Json,
    pub effect: Effect,
    /// How long it may take; without an outcome by then it has failed as [`ToolFault::Late`].
    pub limit: Duration,
}

/// The arguments hold what a caller said: they stay out of logs.
impl std::fmt::Debug for ToolCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ToolCall { id, name, effect, limit, .. } = self;
        write!(f, "ToolCall {{ id: {}, name: {name:?}, effect: {effect:?}, limit: {limit:?} }}", id.0)
    }
}

/// What a call of a tool does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It asks for something and changes nothing.
    Reads,
    /// It changes something: doing it twice is not the same as doing it once.
    Acts,
}

/// Why a tool gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolFault {
    #[error("no answer in time")]
    Late,
    /// Nothing was sent.
    #[error("cannot be reached")]
    Unreachable,
    /// It was asked, and the connection broke off before the answer.
    #[error("connection broke off before the answer")]
    Broken,
    #[error("answered with status {0}")]
    Status(u16),
    #[error("answer is not JSON")]
    NotJson,
    #[error("there is no such tool, or not with these arguments")]
    Unknown,
    /// It was not called: its schema does not allow these arguments.
    #[error("arguments do not fit")]
    Invalid(FaultText),
    /// It was not called: the server's configuration does not let it be asked.
    #[error("not allowed: {0}")]
    NotAllowed(&'static str),
    /// It says itself that it failed.
    #[error("says that it failed")]
    Failed(FaultText),
    /// Whoever called it does not want its outcome any more.
    #[error("cancelled")]
    Cancelled,
}

impl ToolFault {
    /// Whether the tool did nothing for certain, so that the same call may run later.
    pub const fn never_ran(&self) -> bool {
        matches!(self, ToolFault::Unreachable | ToolFault::Unknown | ToolFault::Invalid(_) | ToolFault::NotAllowed(_))
    }
}

/// What is wrong, in words for who has to correct it. They may repeat what a caller said: they stay out of logs.
#[derive(Clone, PartialEq, Eq)]
pub struct FaultText(pub String);

impl std::fmt::Debug for FaultText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FaultText")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub const ALL: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];

    /// As it stands in a request (RFC 9110 section 9).
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// Whether its requests have a body.
    pub const fn has_body(self) -> bool {
        matches!(self, Method::Post | Method::Put | Method::Patch)
    }
}

/// A call of a tool before it has a number.
#[derive(Clone, PartialEq)]
pub struct ToolRequest {
    pub name: String,
    pub arguments: Json,
}

/// The arguments hold what a caller said: they stay out of logs.
impl std::fmt::Debug for ToolRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ToolRequest({:?})", self.name)
    }
}

impl ToolRequest {
    pub fn call(self, id: ToolId, effect: Effect, limit: Duration) -> ToolCall {
        ToolCall { id, name: self.name, arguments: self.arguments, effect, limit }
    }
}

impl From<HttpRequest> for ToolRequest {
    fn from(request: HttpRequest) -> Self {
        let mut arguments = serde_json::json!({ "method": request.method.name(), "url": request.url });
        if let Some(body) = request.body {
            arguments["body"] = body;
        }
        ToolRequest { name: HttpRequest::TOOL.to_owned(), arguments }
    }
}

/// The arguments of the tool [`HttpRequest::TOOL`]: one request, whose answer is JSON.
#[derive(Clone, PartialEq)]
pub struct HttpRequest {
    pub method: Method,
    pub url: String,
    pub body: Option<Json>,
}

/// Address and body hold what a caller said: they stay out of logs.
impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpRequest({:?})", self.method)
    }
}

impl HttpRequest {
    pub const TOOL: &str = "http";

    pub fn call(self, id: ToolId, effect: Effect, limit: Duration) -> ToolCall {
        ToolRequest::from(self).call(id, effect, limit)
    }

    /// The request of a call; `None` for another tool.
    pub fn of(call: &ToolCall) -> Option<HttpRequest> {
        let argument = |name: &str| call.arguments.get(name);
        let text = |name: &str| argument(name).and_then(Json::as_str);
        let method = Method::ALL.into_iter().find(|method| text("method") == Some(method.name()))?;
        let url = text("url").filter(|_| call.name == Self::TOOL)?.to_owned();
        Some(HttpRequest { method, url, body: argument("body").cloned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_the_same_when_it_is_read_from_its_arguments() {
        for (method, body, effect) in [
            (Method::Get, None, Effect::Reads),
            (Method::Post, Some(serde_json::json!({ "pin": "4821" })), Effect::Reads),
            (Method::Post, Some(Json::Null), Effect::Acts),
        ] {
            let request = HttpRequest { method, url: "http://127.0.0.1:1/4821".into(), body };
            let call = request.clone().call(ToolId(7), effect, Duration::from_secs(8));
            assert_eq!((call.id, call.effect, HttpRequest::of(&call)), (ToolId(7), effect, Some(request.clone())));
            assert!(!format!("{call:?} {request:?}").contains("4821"));
            let other = ToolCall { name: "calendar".into(), ..call };
            assert_eq!(HttpRequest::of(&other), None);
        }
    }
}

//! `Problem`: how the API says what went wrong (RFC 9457, `application/problem+json`).
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

const TYPE: &str = "application/problem+json";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    /// A word for programs, where the status does not tell enough.
    code: Option<&'static str>,
    /// Seconds after which it may go better.
    later: Option<u64>,
}

impl Problem {
    /// `detail`: what is wrong and what to do.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), code: None, later: None }
    }

    /// The same with Retry-After.
    pub(super) fn later(self, seconds: u64) -> Self {
        Self { later: Some(seconds), ..self }
    }

    /// The same with a word for programs.
    pub(super) fn coded(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    pub(super) fn no_call() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is no call with this id")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("error");
        let body = super::wire::ProblemDocument {
            kind: "about:blank".into(),
            title: title.into(),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code.map(str::to_owned),
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(TYPE));
        if let Some(seconds) = self.later {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Gives every error the one shape, also those that axum makes (a wrong method, a body that is no JSON).
pub(super) async fn shape(response: Response) -> Response {
    let status = response.status();
    let plain =
        response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let error = status.is_client_error() || status.is_server_error();
    if !error || !plain || status == StatusCode::RANGE_NOT_SATISFIABLE {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let words = to_bytes(body, 4096).await.ok().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    let detail = words.filter(|words| !words.is_empty()).unwrap_or_else(|| match status {
        StatusCode::METHOD_NOT_ALLOWED => "this address does not take that method; see the Allow header".into(),
        StatusCode::PAYLOAD_TOO_LARGE => format!("the body is longer than {} bytes", super::BODY),
        status => status.canonical_reason().unwrap_or("error").to_lowercase(),
    });
    let (shaped, body) = Problem::new(status, detail).into_response().into_parts();
    // What is not about the body stays: Allow, WWW-Authenticate.
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(shaped.headers);
    Response::from_parts(parts, Body::new(body))
}

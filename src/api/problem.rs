//! `Problem`: how the API says what went wrong (RFC 9457, `application/problem+json`).
use crate::security::{AccessFault, Right};
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
    /// The right that is missing.
    right: Option<Right>,
}

impl Problem {
    /// `detail`: what is wrong and what to do.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), code: None, later: None, right: None }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn code(&self) -> Option<&'static str> {
        self.code
    }

    /// The same with Retry-After.
    pub(super) fn later(self, seconds: u64) -> Self {
        Self { later: Some(seconds), ..self }
    }

    /// The same with a word for programs.
    pub(super) fn coded(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The same for want of a right.
    pub(super) fn lacking(self, right: Right) -> Self {
        Self { code: Some("right_missing"), right: Some(right), ..self }
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
            right: self.right,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(TYPE));
        if let Some(seconds) = self.later {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A fault of users, sessions, tokens or the audit, as the API tells it.
impl From<AccessFault> for Problem {
    fn from(fault: AccessFault) -> Self {
        use AccessFault as F;
        let words = fault.to_string();
        match fault {
            F::Database(_) | F::Content(_) | F::AuditFull => {
                tracing::error!(%fault, "the database of users and of the audit does not answer the API");
                let words = "the database of users and of the audit does not answer at present; try again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, words).later(2)
            }
            // Already in the log.
            F::AuditUnwritten(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, words).later(2).coded("audit_unwritten"),
            F::Random | F::Hash(_) => {
                tracing::error!(%fault, "a password or a secret cannot be made");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server cannot make secrets; see its log")
            }
            F::Name
            | F::ShortPassword
            | F::LongPassword
            | F::TokenName
            | F::TokenChain
            | F::NoRights
            | F::TokenEnd(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, words),
            F::UserExists | F::TokenExists | F::LastAdmin => Self::new(StatusCode::CONFLICT, words),
            F::NoUser | F::NoToken => Self::new(StatusCode::NOT_FOUND, words),
            F::BeyondMaker(_) => Self::new(StatusCode::FORBIDDEN, words),
            F::WrongPassword => Self::new(StatusCode::UNAUTHORIZED, words).coded("wrong_password"),
            F::TooMany(seconds) => Self::new(StatusCode::TOO_MANY_REQUESTS, words).later(seconds).coded("too_many"),
            F::NotInvited(_) => Self::new(StatusCode::FORBIDDEN, words).coded("not_invited"),
            F::NameTaken(_) => Self::new(StatusCode::FORBIDDEN, words).coded("name_taken"),
            F::ProviderName(_) => Self::new(StatusCode::FORBIDDEN, words).coded("no_name"),
            F::UserDisabled => Self::new(StatusCode::FORBIDDEN, words).coded("user_disabled"),
            F::Link => Self::new(StatusCode::FORBIDDEN, words).coded("link_over"),
        }
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

//! Signing in by the provider: what the sign-in page offers, the way to the provider, and back.
use super::auth::{Browser, cookie_named};
use super::session::{begun, set_cookie, unstored};
use super::wire::{ProblemDocument, ProviderAnswer, ProviderDocument, SessionRights, SignInWays, WayToProvider};
use super::{Problem, SharedState};
use crate::oidc::{Answer, OidcFault, Provider};
use crate::security::WebOrigin;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Holds, in the browser that has begun a sign-in, what shows that it is the one.
const COOKIE: &str = "switchboard_sign_in";
const TLS_COOKIE: &str = "__Host-switchboard_sign_in";
/// The page that the provider sends browsers back to.
const BACK: &str = "/console/";

fn cookie_name(https: bool) -> &'static str {
    if https { TLS_COOKIE } else { COOKIE }
}

fn provider(state: &super::ApiState) -> Result<&Provider, Problem> {
    let words = "no sign-in provider is configured: oidc.issuer names one";
    state.app.provider.as_deref().ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, words).coded("no_provider"))
}

/// By what somebody can sign in.
#[utoipa::path(get, path = "/api/v1/sign-in", operation_id = "read_sign_in", tag = "session", security(()), responses(
    (status = OK, body = SignInWays),
    (status = FORBIDDEN, body = ProblemDocument, content_type = "application/problem+json", description = "From a page of another site"),
))]
pub(super) async fn ways(State(state): SharedState) -> Json<SignInWays> {
    let provider = state.app.provider.as_ref().map(|provider| ProviderDocument { name: provider.name().to_owned() });
    Json(SignInWays { password: state.app.password_sign_in, provider })
}

/// Begins a sign-in by the provider: the browser goes to `address`, and comes back to the console with what `POST /api/v1/oidc/session` asks
/// for, within ten minutes.
#[utoipa::path(post, path = "/api/v1/oidc", operation_id = "begin_sign_in_by_provider", tag = "session", security(()), responses(
    (status = OK, body = WayToProvider, description = "Set-Cookie: the same browser has to end it"),
    (status = FORBIDDEN, body = ProblemDocument, content_type = "application/problem+json", description = "From a page of another site"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "There is no provider (`code` is `no_provider`)"),
    (status = TOO_MANY_REQUESTS, body = ProblemDocument, content_type = "application/problem+json", description = "With Retry-After"),
    (status = BAD_GATEWAY, body = ProblemDocument, content_type = "application/problem+json", description = "The provider cannot be used (`code` is `provider_wrong`)"),
))]
pub(super) async fn begin(
    State(state): SharedState,
    browser: Browser,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let provider = provider(&state)?;
    state.app.access.admit_provider_sign_in(browser.address)?;
    let own = match &state.app.console_address {
        Some(address) => address.clone(),
        None => origin(&headers, browser.https)?,
    };
    let begun = provider.begin(browser.address, format!("{}{BACK}", own.as_str())).await?;
    let mut response = Json(WayToProvider { address: begun.address }).into_response();
    set_cookie(&mut response, &browser, cookie_name(browser.https), &begun.secret, "; Max-Age=600");
    Ok(unstored(response))
}

/// How the browser calls this server.
fn origin(headers: &HeaderMap, https: bool) -> Result<WebOrigin, Problem> {
    let scheme = if https { "https" } else { "http" };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    WebOrigin::parse(&format!("{scheme}://{host}")).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "the header `Host` names no host: set oidc.address to how browsers call this server",
        )
    })
}

/// Ends a sign-in by the provider with what the browser came back with; the answer's cookie is the session, as of `POST /api/v1/session`.
/// A `state` is good for one try.
#[utoipa::path(post, path = "/api/v1/oidc/session", operation_id = "end_sign_in_by_provider", tag = "session", security(()), request_body = ProviderAnswer, responses(
    (status = OK, body = SessionRights, description = "Signed in; Set-Cookie"),
    (status = FORBIDDEN, body = ProblemDocument, content_type = "application/problem+json", description = "`code`: `sign_in_over`, `provider_refused`, `token_wrong`, `no_name`, `no_role`, `not_invited`, `name_taken`, `user_disabled`, `other_origin`"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "There is no provider (`code` is `no_provider`)"),
    (status = TOO_MANY_REQUESTS, body = ProblemDocument, content_type = "application/problem+json", description = "With Retry-After"),
    (status = BAD_GATEWAY, body = ProblemDocument, content_type = "application/problem+json", description = "The provider cannot be used (`code` is `provider_wrong`)"),
))]
pub(super) async fn end(
    State(state): SharedState,
    browser: Browser,
    headers: HeaderMap,
    Json(answer): Json<ProviderAnswer>,
) -> Result<Response, Problem> {
    let provider = provider(&state)?;
    let access = &state.app.access;
    access.admit_provider_sign_in(browser.address)?;
    let ProviderAnswer { state: of, code, error, iss } = answer;
    let answer = Answer { state: of, code, error, issuer: iss };
    let name = cookie_name(browser.https);
    let secret = cookie_named(&headers, name).unwrap_or_default();
    let signed_in = match provider.finish(answer, secret).await {
        Ok(identity) => access.sign_in_by_provider(&identity, browser.address).await?,
        Err(fault) => {
            let name = if let OidcFault::NoRole { name } = &fault { Some(name.as_str()) } else { None };
            access.provider_sign_in_failed(name, fault.code(), browser.address).await?;
            return Err(fault.into());
        }
    };
    let mut response = begun(&browser, signed_in);
    set_cookie(&mut response, &browser, name, "", "; Max-Age=0");
    Ok(response)
}

impl From<OidcFault> for Problem {
    fn from(fault: OidcFault) -> Self {
        let status = match &fault {
            OidcFault::Down(_) => StatusCode::SERVICE_UNAVAILABLE,
            OidcFault::Busy => StatusCode::TOO_MANY_REQUESTS,
            OidcFault::Wrong(_) => StatusCode::BAD_GATEWAY,
            OidcFault::Random => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::FORBIDDEN,
        };
        let problem = Self::new(status, fault.to_string()).coded(fault.code());
        match fault {
            OidcFault::Down(_) => problem.later(10),
            OidcFault::Busy => problem.later(2),
            _ => problem,
        }
    }
}

//! Sessions: signing in and out, and the first admin.
use super::auth::{self, Browser};
use super::wire::{NewPassword, ProblemDocument, SessionRights, SignIn, WelcomeForm};
use super::{ApiState, Problem, SharedState};
use crate::security::{Principal, SignedIn, csrf, session_cookie};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Signs a user in: the answer's cookie, `switchboard_session` (by TLS `__Host-switchboard_session`), is the session. After many wrong
/// passwords from one source, or while many others are checked, it has to wait.
#[utoipa::path(post, path = "/api/v1/session", operation_id = "sign_in", tag = "session", security(()), request_body = SignIn, responses(
    (status = OK, body = SessionRights, description = "Signed in; Set-Cookie"),
    (status = UNAUTHORIZED, body = ProblemDocument, content_type = "application/problem+json", description = "Name or password is wrong, or the user is disabled"),
    (status = FORBIDDEN, body = ProblemDocument, content_type = "application/problem+json", description = "From a page of another site, or users sign in by the provider alone (`code` is `password_off`)"),
    (status = TOO_MANY_REQUESTS, body = ProblemDocument, content_type = "application/problem+json", description = "With Retry-After"),
))]
pub(super) async fn sign_in(
    State(state): SharedState,
    browser: Browser,
    Json(SignIn { name, password }): Json<SignIn>,
) -> Result<Response, Problem> {
    passwords(&state)?;
    Ok(begun(&browser, state.app.access.sign_in(&name, &password, browser.address).await?))
}

/// Makes the first admin, by the one-time link that the server prints as long as it has no user, and signs them in.
#[utoipa::path(post, path = "/api/v1/welcome", operation_id = "make_first_admin", tag = "session", security(()), request_body = WelcomeForm, responses(
    (status = OK, body = SessionRights, description = "Signed in; Set-Cookie"),
    (status = FORBIDDEN, body = ProblemDocument, content_type = "application/problem+json", description = "The link is not good (`code` is `link_over`), or this came from a page of another site"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "Name or password is not as it should be"),
    (status = TOO_MANY_REQUESTS, body = ProblemDocument, content_type = "application/problem+json", description = "With Retry-After"),
))]
pub(super) async fn welcome(
    State(state): SharedState,
    browser: Browser,
    Json(form): Json<WelcomeForm>,
) -> Result<Response, Problem> {
    passwords(&state)?;
    let WelcomeForm { link, name, password } = form;
    Ok(begun(&browser, state.app.access.accept_welcome(&link, &name, &password, browser.address).await?))
}

/// Who asks, and what that one may do.
#[utoipa::path(get, path = "/api/v1/session", operation_id = "read_session", tag = "session", responses((status = OK, body = SessionRights)))]
pub(super) async fn read(principal: Principal, browser: Browser, headers: HeaderMap) -> Response {
    // A bearer comes before a cookie.
    let by_cookie = principal.kind == crate::security::PrincipalKind::Session;
    let secret = auth::session(&headers, browser.https).filter(|_| by_cookie);
    unstored(Json(SessionRights::of(&principal, secret.map(csrf))).into_response())
}

/// Sets another password for the user of this session, who is signed out everywhere else; the answer's cookie is a new session.
#[utoipa::path(patch, path = "/api/v1/session", operation_id = "change_own_password", tag = "session", request_body = NewPassword, responses(
    (status = OK, body = SessionRights, description = "Done; Set-Cookie"),
    (status = UNAUTHORIZED, body = ProblemDocument, content_type = "application/problem+json", description = "The password of now is another (`code` is `wrong_password`), or there is no session"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "A token asks: it has no password"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "The new password is too short or too long"),
    (status = TOO_MANY_REQUESTS, body = ProblemDocument, content_type = "application/problem+json", description = "With Retry-After"),
))]
pub(super) async fn change_password(
    State(state): SharedState,
    principal: Principal,
    browser: Browser,
    Json(NewPassword { current, password }): Json<NewPassword>,
) -> Result<Response, Problem> {
    match state.app.access.change_password(&principal, &current, &password, browser.address).await? {
        Some(signed_in) => Ok(begun(&browser, signed_in)),
        None => {
            Err(Problem::new(StatusCode::CONFLICT, "a token has no password; its owner changes theirs in a session"))
        }
    }
}

/// Signs out: the session is over, and so are its WebSockets.
#[utoipa::path(delete, path = "/api/v1/session", operation_id = "sign_out", tag = "session", responses(
    (status = NO_CONTENT, description = "Signed out; Set-Cookie takes the cookie away"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "A token asks: revoke it instead"),
))]
pub(super) async fn sign_out(
    State(state): SharedState,
    principal: Principal,
    browser: Browser,
) -> Result<Response, Problem> {
    if !state.app.access.sign_out(&principal).await? {
        let words = "only a session is signed out; a token is revoked by DELETE /api/v1/tokens/{id}";
        return Err(Problem::new(StatusCode::CONFLICT, words));
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &browser, session_cookie(browser.https), "", "; Max-Age=0");
    Ok(response)
}

/// Refuses a password where users sign in by the provider alone.
fn passwords(state: &ApiState) -> Result<(), Problem> {
    if state.app.password_sign_in {
        return Ok(());
    }
    let words = "users sign in by the provider here, not by a password (oidc.password_sign_in)";
    Err(Problem::new(StatusCode::FORBIDDEN, words).coded("password_off"))
}

pub(super) fn begun(browser: &Browser, SignedIn { principal, secret }: SignedIn) -> Response {
    let mut response = Json(SessionRights::of(&principal, Some(csrf(&secret)))).into_response();
    set_cookie(&mut response, browser, session_cookie(browser.https), &secret, "");
    unstored(response)
}

/// RFC 6265bis: no script reads it, no page of another site makes the browser send it.
pub(super) fn set_cookie(response: &mut Response, browser: &Browser, name: &str, secret: &str, more: &str) {
    let secure = if browser.https { "; Secure" } else { "" };
    let text = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict{secure}{more}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// What holds a secret is kept by no cache.
pub(super) fn unstored(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

//! Who may use the API: those who know its token.
//!
//! `Authorization: Bearer TOKEN` (RFC 6750 section 2.1). A browser cannot set that header for a WebSocket: it offers the
//! subprotocols `switchboard` and `bearer.TOKEN` instead, and the server chooses the first. Not in the address: addresses end up in logs.
use super::{ApiState, Problem};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The subprotocol that the server chooses.
pub(super) const PROTOCOL: &str = "switchboard";

pub(super) async fn check(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/health/") {
        return next.run(request).await;
    }
    let offered = token(request.headers());
    if offered.is_some_and(|offered| state.app.token.is(offered)) {
        return next.run(request).await;
    }
    let words = match offered {
        None => "this address asks for `Authorization: Bearer` and the token in admin.token",
        Some(_) => "the token is not the one in admin.token",
    };
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, words).into_response();
    let scheme = if offered.is_some() { "Bearer error=\"invalid_token\"" } else { "Bearer" };
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    response
}

fn token(headers: &HeaderMap) -> Option<&str> {
    if headers.contains_key(header::AUTHORIZATION) {
        return bearer(headers);
    }
    let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).find_map(|offer| offer.trim().strip_prefix("bearer."))
}

/// The token of an `Authorization: Bearer` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

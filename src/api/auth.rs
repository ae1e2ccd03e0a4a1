//! Who asks: a token, or the session of a browser; and whether that one may do what is asked.
//!
//! `Authorization: Bearer TOKEN` (RFC 6750 section 2.1). A browser cannot set that header for a WebSocket: it offers the
//! subprotocols `switchboard` and `bearer.TOKEN` instead, and the server chooses the first. Not in the address: addresses end up in
//! logs. A browser that signed in sends its cookie; whatever changes something then carries `x-csrf-token`, and comes, as far as the
//! browser says, from a page of this server.
use super::{ApiState, Problem};
use crate::api::serve::Peer;
use crate::security::{Principal, Right, Secret, WebOrigin, csrf, session_cookie};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

/// The subprotocol that the server chooses.
pub(super) const PROTOCOL: &str = "switchboard";

/// What a request by cookie carries to show that its page may read this server's answers.
const CSRF: &str = "x-csrf-token";

/// Lets those through whom the server knows, and adds the [`Principal`] to the request.
pub(super) async fn check(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if path.starts_with("/health/") {
        return next.run(request).await;
    }
    if is_open(request.method(), path) {
        // A page of another site signs nobody in here.
        let https = by_tls(&state, request.extensions(), request.headers());
        return match same_origin(request.headers(), https) {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response(),
        };
    }
    let (mut parts, body) = request.into_parts();
    match known(&state, &parts).await {
        Ok(principal) => {
            parts.extensions.insert(principal);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refused) => refused,
    }
}

/// The addresses at which somebody becomes known.
pub(super) fn is_open(method: &Method, path: &str) -> bool {
    const POSTED: [&str; 4] = ["/api/v1/session", "/api/v1/welcome", "/api/v1/oidc", "/api/v1/oidc/session"];
    method == Method::POST && POSTED.contains(&path) || method == Method::GET && path == "/api/v1/sign-in"
}

async fn known(state: &ApiState, parts: &Parts) -> Result<Principal, Response> {
    let (access, Parts { method, headers, extensions, .. }) = (&state.app.access, parts);
    let fault = |fault| Problem::from(fault).into_response();
    if let Some(offered) = token(headers) {
        let known = access.by_bearer(offered).await.map_err(fault)?;
        return known.ok_or_else(|| unknown("the token is none of this server's, or it is over", true));
    }
    let https = by_tls(state, extensions, headers);
    let Some(secret) = session(headers, https) else {
        let words = "this address asks for `Authorization: Bearer` with an API token or the one in admin.token, or for a session";
        return Err(unknown(words, false));
    };
    let principal = access.by_session(secret).await.map_err(fault)?;
    let principal = principal.ok_or_else(|| unknown("the session is over: sign in again", false))?;
    by_cookie(method, headers, secret, https).map_err(IntoResponse::into_response)?;
    Ok(principal)
}

fn unknown(words: &str, invalid: bool) -> Response {
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, words).into_response();
    let scheme = if invalid { "Bearer error=\"invalid_token\"" } else { "Bearer" };
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    response
}

/// What is asked of a request beside its cookie, for the browser sends that whichever page asks.
fn by_cookie(method: &Method, headers: &HeaderMap, secret: &str, https: bool) -> Result<(), Problem> {
    let websocket = headers.contains_key(header::SEC_WEBSOCKET_KEY);
    if matches!(*method, Method::GET | Method::HEAD) && !websocket {
        return Ok(());
    }
    same_origin(headers, https)?;
    if websocket {
        // A page cannot set headers of a WebSocket; every browser sends where it comes from.
        let named = headers.contains_key(header::ORIGIN);
        return if named { Ok(()) } else { Err(foreign("a WebSocket by session names its origin")) };
    }
    let offered = headers.get(CSRF).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if Secret::new(csrf(secret)).is(offered) {
        return Ok(());
    }
    let words = "a request by session that changes something carries `x-csrf-token`: `csrf` of GET /api/v1/session";
    Err(Problem::new(StatusCode::FORBIDDEN, words).coded("csrf"))
}

/// Refuses what a browser says is of a page from elsewhere. Others say nothing of it. A page that came without TLS is from elsewhere where
/// the request came by TLS: whoever is on the way can write it.
fn same_origin(headers: &HeaderMap, https: bool) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(foreign("this is answered to pages of this server alone"));
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().ok().and_then(WebOrigin::parse);
    let own = origin.as_ref().and_then(|origin| {
        let (scheme, _) = origin.as_str().split_once("://").filter(|(scheme, _)| !https || *scheme == "https")?;
        WebOrigin::parse(&format!("{scheme}://{}", text("host")?))
    });
    if origin.is_some() && origin == own {
        return Ok(());
    }
    Err(foreign("this is answered to pages of this server alone; a proxy before it passes on `Host` as it came"))
}

fn foreign(words: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, words).coded("other_origin")
}

fn token(headers: &HeaderMap) -> Option<&str> {
    if headers.contains_key(header::AUTHORIZATION) {
        return Some(bearer(headers).unwrap_or_default());
    }
    let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).find_map(|offer| offer.trim().strip_prefix("bearer."))
}

/// The token of an `Authorization: Bearer` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The secret in the cookie of sessions (RFC 6265 section 5.4), as it is called with or without TLS.
pub(super) fn session(headers: &HeaderMap, https: bool) -> Option<&str> {
    cookie_named(headers, session_cookie(https))
}

pub(super) fn cookie_named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, secret)| secret)
}

/// The address that a request is from: what a trusted proxy says, else the connection's.
pub(super) fn visitor(state: &ApiState, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    state.app.page_access.visitor(peer(extensions), lines.into_iter())
}

/// A router that no listener serves (a test's) is asked from this machine.
fn peer(extensions: &Extensions) -> IpAddr {
    extensions.get::<Peer>().map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.address)
}

/// Whether a request came by TLS, here or at a trusted proxy that says so.
pub(super) fn by_tls(state: &ApiState, extensions: &Extensions, headers: &HeaderMap) -> bool {
    let forwarded = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    state.app.https || forwarded && state.app.page_access.is_proxy(peer(extensions))
}

/// Where a request comes from, as cookies and limits need it.
pub(super) struct Browser {
    pub(super) address: IpAddr,
    pub(super) https: bool,
}

impl FromRequestParts<ApiState> for Browser {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Self::Rejection> {
        let Parts { extensions, headers, .. } = parts;
        Ok(Self { address: visitor(state, extensions, headers), https: by_tls(state, extensions, headers) })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let words = "this address asks who you are, and does not know it";
        parts.extensions.get().cloned().ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, words))
    }
}

/// Refuses what `principal` may not do: with calls of `bot`, or, where none is named, at all.
pub(super) fn need(principal: &Principal, right: Right, bot: Option<&str>) -> Result<(), Problem> {
    if principal.may(right, bot) {
        return Ok(());
    }
    let Principal { name, role, .. } = principal;
    let words = match bot.filter(|bot| !principal.reaches(bot)) {
        Some(bot) => {
            let bot: String = bot.chars().take(64).collect();
            format!("this asks for the right `{right}` for the bot `{bot}`, and the bots of {name} are others")
        }
        None => format!("this asks for the right `{right}`, which {name} ({role}) does not have"),
    };
    Err(Problem::new(StatusCode::FORBIDDEN, words).lacking(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_browser_that_comes_from_elsewhere_is_refused_and_a_program_says_nothing() {
        for right in [
            &[][..],
            &[("host", "pbx.example"), ("origin", "https://pbx.example")],
            &[("host", "pbx.example:8080"), ("origin", "http://PBX.example:8080"), ("sec-fetch-site", "same-origin")],
            &[("host", "[::1]:8080"), ("origin", "http://[::1]:8080")],
            &[("host", "pbx.example:443"), ("origin", "https://pbx.example")],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(same_origin(&headers(right), false).is_ok(), "{right:?}");
        }
        for wrong in [
            &[("host", "pbx.example"), ("origin", "https://evil.example")][..],
            &[("host", "pbx.example"), ("origin", "null")],
            &[("origin", "https://pbx.example")],
            &[("host", "pbx.example"), ("origin", "https://pbx.example:8443")],
            &[("host", "pbx.example"), ("origin", "https://pbx.example.evil.example")],
            &[("host", "pbx.example"), ("origin", "https://pbx.example"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
        ] {
            for https in [false, true] {
                assert!(same_origin(&headers(wrong), https).is_err(), "{wrong:?}");
            }
        }
        // Who is on the way of a page without TLS could write it.
        let (plain, tls) = (
            [("host", "pbx.example"), ("origin", "http://pbx.example")],
            [("host", "pbx.example"), ("origin", "https://pbx.example")],
        );
        assert!(same_origin(&headers(&plain), true).is_err() && same_origin(&headers(&tls), true).is_ok());
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        for (line, found) in [
            ("switchboard_session=abc", Some("abc")),
            ("a=b; switchboard_session=abc; c=d", Some("abc")),
            ("xswitchboard_session=abc", None),
            ("a=b", None),
        ] {
            assert_eq!(session(&headers(&[("cookie", line)]), false), found, "{line}");
            assert_eq!(session(&headers(&[("cookie", line)]), true), None, "{line}");
        }
        let line = "switchboard_session=planted; __Host-switchboard_session=abc";
        assert_eq!(session(&headers(&[("cookie", line)]), true), Some("abc"));
    }

    #[test]
    fn a_cookie_alone_reads_and_changes_nothing() {
        let good = csrf("secret");
        let with = |pairs: &[(&'static str, &str)]| headers(pairs);
        assert!(by_cookie(&Method::GET, &with(&[]), "secret", false).is_ok());
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(by_cookie(&method, &with(&[(CSRF, good.as_str())]), "secret", false).is_ok());
            for wrong in ["", "secret", &csrf("other")] {
                assert!(by_cookie(&method, &with(&[(CSRF, wrong)]), "secret", false).is_err(), "{method} {wrong}");
            }
        }
        let own = [("sec-websocket-key", "x"), ("host", "here"), ("origin", "http://here")];
        assert!(by_cookie(&Method::GET, &with(&own), "secret", false).is_ok());
        assert!(by_cookie(&Method::GET, &with(&own[..2]), "secret", false).is_err());
        let other = [("sec-websocket-key", "x"), ("host", "here"), ("origin", "http://there")];
        assert!(by_cookie(&Method::GET, &with(&other), "secret", false).is_err());
    }
}

//! Calls from web pages: tokens, and signalling as WHIP does it (RFC 9725) with trickled candidates (RFC 8840).
//!
//! The only routes that do not ask for the API's token, so each asks for another right: an origin that is allowed, or the token
//! of a session. CORS (fetch.spec.whatwg.org) answers with the page's own origin or not at all, and never allows credentials; it
//! is laid around all of them ([`share`]), so that a page can read whatever refuses it.
use super::auth::{bearer, need, visitor};
use super::wire::{IceServer, NewSession, NewVisitor, ProblemDocument, PublicBot, PublicBots, SessionDocument};
use super::{ApiState, Problem, SharedState};
use crate::bots::BotStatus;
use crate::call::{PageAnswer, PageFault, PageOffer};
use crate::config::ECHO;
use crate::security::{Principal, Right, WebOrigin};
use crate::widget::{Refused, Server, Session, TokenClaims, Visitor};
use axum::Json;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use media::Language;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub(super) const SDP: &str = "application/sdp";
pub(super) const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// Where a request comes from: its origin, as it wrote it, and its address.
pub(super) struct Requester {
    origin: Option<String>,
    visitor: IpAddr,
    /// Whether pages of that origin may read what is answered.
    allowed: bool,
}

impl FromRequestParts<ApiState> for Requester {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Self::Rejection> {
        let visitor = visitor(state, &parts.extensions, &parts.headers);
        let origin = parts.headers.get(header::ORIGIN).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let parsed = origin.as_deref().and_then(WebOrigin::parse);
        let allowed = parsed.is_some_and(|origin| state.app.page_access.may_read(unix(), &origin, visitor));
        Ok(Self { origin, visitor, allowed })
    }
}

/// Lets the page read the answer, whatever it says, where its origin is allowed.
pub(super) async fn share(State(state): SharedState, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(requester) = Requester::from_request_parts(&mut parts, &state).await;
    let preflight = parts.method == Method::OPTIONS;
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if requester.allowed
        && let Some(Ok(origin)) = requester.origin.as_deref().map(HeaderValue::from_str)
    {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if !preflight {
            let shown = HeaderValue::from_static("Location, ETag, Link, Retry-After");
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, shown);
        }
    }
    response
}

/// Refuses all but preflights where pages may not call: their page could not read why.
pub(super) async fn enabled(State(state): SharedState, request: Request, next: Next) -> Response {
    if state.app.page_access.enabled() || request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    Refused::Off.into_response()
}

impl Requester {
    /// The answer to a preflight: `methods` for allowed origins, nothing for others.
    fn preflight(&self, methods: &'static str) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        if self.allowed {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
            let allowed = HeaderValue::from_static("Authorization, Content-Type, If-Match");
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
        response
    }
}

fn unix() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

pub(super) fn is(headers: &HeaderMap, kind: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(kind)
}

pub(super) fn wants(kind: &str) -> Response {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("the body must be {kind}")).into_response()
}

/// Bots that pages may call.
#[utoipa::path(get, path = "/api/v1/widget/bots", operation_id = "list_public_bots", tag = "widget", security(()), responses((status = OK, body = PublicBots)))]
pub(super) async fn bots(State(state): SharedState) -> Json<PublicBots> {
    let statuses = state.app.bots.list().into_iter().filter(|status| state.app.page_access.is_public(&status.name));
    let bots = statuses.filter_map(|status| {
        let BotStatus { name, language, titles, .. } = status;
        let language = language?;
        let title = titles.get(&language).or(titles.values().next()).cloned().unwrap_or_else(|| title(&name));
        Some(PublicBot { name, title, titles, language })
    });
    Json(PublicBots { bots: bots.collect() })
}

/// `booking.en` is "Booking".
fn title(name: &str) -> String {
    let name = name.rsplit_once('.').map_or(name, |(name, _)| name).replace(['_', '-'], " ");
    let mut chars = name.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[utoipa::path(options, path = "/api/v1/widget/bots", operation_id = "may_list_public_bots", tag = "widget", security(()), responses((status = NO_CONTENT)))]
pub(super) async fn bots_preflight(requester: Requester) -> Response {
    requester.preflight("GET")
}

/// A token for one call. With the API's token, or one that has the right `dial`, from your server: for any bot, and for the origin in `origin`. Without one, from a
/// page: for a bot in `widget.public`, and for the origin the browser names.
#[utoipa::path(post, path = "/api/v1/widget/sessions", operation_id = "make_session", tag = "widget", security(("bearer" = []), ()), request_body = NewSession, responses(
    (status = CREATED, body = SessionDocument),
    (status = UNAUTHORIZED, body = ProblemDocument, content_type = "application/problem+json", description = "A bearer that is not the API's token"),
    (status = FORBIDDEN, body = ProblemDocument, content_type = "application/problem+json", description = "Not from this origin, or not this bot; `code` is `widget_off` where no page may call"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "No such bot, or no origin"),
    (status = TOO_MANY_REQUESTS, body = ProblemDocument, content_type = "application/problem+json", description = "With Retry-After"),
))]
pub(super) async fn session(
    State(state): SharedState,
    requester: Requester,
    headers: HeaderMap,
    Json(new): Json<NewSession>,
) -> Response {
    let page_access = &state.app.page_access;
    let status = state.app.bots.list().into_iter().find(|status| status.name == new.bot);
    // The line test is no bot: it speaks no language, and its page is in English.
    let (language, titles) = match status {
        _ if new.bot == ECHO => (Some(Language::En.code().to_owned()), BTreeMap::new()),
        status => status.map_or_else(Default::default, |status| (status.language, status.titles)),
    };
    let server = match server(&state, &headers, &new.bot).await {
        Ok(server) => server,
        Err(problem) => return problem.into_response(),
    };
    let asked = match (server, headers.contains_key(header::AUTHORIZATION)) {
        (Some(_), _) => match new.origin.as_deref().and_then(WebOrigin::parse) {
            Some(_) if language.is_none() => return Problem::from(PageFault::Bot).into_response(),
            Some(origin) => match visitor_of(new.visitor.as_ref(), &origin) {
                Ok(visitor) => page_access.issue_for_server(unix(), &new.bot, &origin, visitor.as_ref()),
                Err(problem) => return problem.into_response(),
            },
            None => {
                let words = "`origin` names the page's origin as its browser does: https://shop.example";
                return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words).into_response();
            }
        },
        (_, true) => Err(Refused::Forged),
        // Whoever holds no token of this API may not say who they are.
        (None, false) if new.visitor.is_some() => {
            let words = "`visitor` is named by your server, with an API token: a page may not say it";
            return Problem::new(StatusCode::FORBIDDEN, words).into_response();
        }
        (None, false) => match requester.origin.as_deref().and_then(WebOrigin::parse) {
            Some(origin) => page_access.ask(Instant::now(), unix(), requester.visitor, &new.bot, &origin),
            None => Err(Refused::Origin),
        },
    };
    // After the right: a stranger learns nothing of the bots there are.
    match (asked, language) {
        (Err(refused), _) => refused.into_response(),
        (Ok(_), None) => Problem::from(PageFault::Bot).into_response(),
        (Ok(session), Some(language)) => {
            (StatusCode::CREATED, Json(SessionDocument { titles, ..document(session, new.bot, language) }))
                .into_response()
        }
    }
}

/// The visitor that a page's server names.
fn visitor_of(new: Option<&NewVisitor>, origin: &WebOrigin) -> Result<Option<Visitor>, Problem> {
    let refused = |words: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words);
    match new {
        None => Ok(None),
        Some(NewVisitor { number: Some(number), id: None }) => Visitor::of_number(number)
            .map(Some)
            .ok_or_else(|| refused("`visitor.number` is + and 6 to 15 figures: +84912345678")),
        Some(NewVisitor { number: None, id: Some(id) }) => Visitor::of_id(id, origin)
            .map(Some)
            .ok_or_else(|| refused("`visitor.id` has 1 to 64 letters, figures, `.`, `_` and `-`")),
        Some(_) => Err(refused("`visitor` has a `number` or an `id`")),
    }
}

/// The server that asks for a page's token, if a token of this API comes with the request.
async fn server(state: &ApiState, headers: &HeaderMap, bot: &str) -> Result<Option<Principal>, Problem> {
    let Some(token) = bearer(headers) else { return Ok(None) };
    let Some(principal) = state.app.access.by_bearer(token).await? else { return Ok(None) };
    need(&principal, Right::Dial, Some(bot))?;
    Ok(Some(principal))
}

fn document(session: Session, bot: String, language: String) -> SessionDocument {
    let Session { token, expires, servers, grace } = session;
    SessionDocument {
        token,
        expires_at: jiff::Timestamp::from_second(expires as i64).unwrap_or_default(),
        bot,
        language,
        titles: BTreeMap::new(),
        protocol: crate::call::page::VERSION,
        ice_servers: servers.into_iter().map(Into::into).collect(),
        grace_ms: grace.as_millis() as u64,
    }
}

impl From<Server> for IceServer {
    fn from(Server { urls, user }: Server) -> Self {
        let (username, credential) = user.unzip();
        Self { urls, username, credential }
    }
}

#[utoipa::path(options, path = "/api/v1/widget/sessions", operation_id = "may_make_session", tag = "widget", security(()), responses((status = NO_CONTENT)))]
pub(super) async fn session_preflight(requester: Requester) -> Response {
    requester.preflight("POST")
}

/// Begins a call: an SDP offer for its answer.
#[utoipa::path(post, path = "/api/v1/widget/calls", operation_id = "begin_page_call", tag = "widget", security(("session" = [])),
    request_body(content = String, content_type = "application/sdp"), responses(
    (status = CREATED, body = String, content_type = "application/sdp", description = "The answer; Location, ETag (the ICE session) and Link (TURN servers) with it"),
    (status = UNAUTHORIZED, body = ProblemDocument, content_type = "application/problem+json", description = "No token, or one that is used or expired"),
    (status = FORBIDDEN, body = ProblemDocument, content_type = "application/problem+json", description = "The token is for another origin; `code` is `widget_off` where no page may call"),
    (status = UNSUPPORTED_MEDIA_TYPE, body = ProblemDocument, content_type = "application/problem+json"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "An offer that cannot be answered"),
    (status = TOO_MANY_REQUESTS, body = ProblemDocument, content_type = "application/problem+json", description = "The address has its calls; with Retry-After"),
    (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json", description = "Stopping or full; with Retry-After"),
))]
pub(super) async fn call(
    State(state): SharedState,
    requester: Requester,
    headers: HeaderMap,
    offer: String,
) -> Response {
    let Some(token) = bearer(&headers) else { return Refused::NoToken.into_response() };
    if !is(&headers, SDP) {
        return wants(SDP);
    }
    // Said before the token is used up: it is good for another try.
    if state.app.calls.is_draining() {
        return Problem::from(PageFault::Draining).into_response();
    }
    if state.app.calls.is_busy() {
        metrics::counter!("switchboard_speech_refused_total").increment(1);
        return Problem::from(PageFault::Busy).into_response();
    }
    let now = unix();
    let (claims, slot) = match state.app.page_access.redeem(now, requester.visitor, token, requester.origin.as_deref())
    {
        Ok(redeemed) => redeemed,
        Err(refused) => return refused.into_response(),
    };
    let PageAnswer { id, etag, sdp } = match state.app.pages.answer(PageOffer { claims, sdp: offer, slot }).await {
        Ok(answer) => answer,
        Err(fault) => return Problem::from(fault).into_response(),
    };
    begun(&state, &format!("/api/v1/widget/calls/{id}"), etag, sdp)
}

/// The answer to an offer, the address of what it began, the ICE session, and the servers for its connection (RFC 9725 section 4.2).
pub(super) fn begun(state: &ApiState, location: &str, etag: u32, sdp: String) -> Response {
    let mut response = (StatusCode::CREATED, [(header::CONTENT_TYPE, SDP)], sdp).into_response();
    let headers = response.headers_mut();
    put(headers, header::LOCATION, location);
    put(headers, header::ETAG, &format!("\"{etag}\""));
    put(headers, HeaderName::from_static("accept-patch"), FRAGMENT);
    link(headers, state.app.page_access.servers(unix()));
    response
}

/// Our half of an ICE restart, and the new session.
pub(super) fn restarted(state: &ApiState, fragment: String, etag: u32) -> Response {
    let heads = [(header::CONTENT_TYPE, FRAGMENT.to_owned()), (header::ETAG, format!("\"{etag}\""))];
    let mut response = (heads, fragment).into_response();
    // The credentials that came with the call may have run out by now.
    link(response.headers_mut(), state.app.page_access.servers(unix()));
    response
}

/// Which ICE session a fragment is for, by If-Match.
pub(super) enum IceMatch {
    Restart,
    Session(u32),
    /// What stands there is no ETag of ours.
    Unknown,
}

impl IceMatch {
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let matched = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).map(str::trim);
        let etag = |text: &str| text.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
        match matched {
            None => {
                let words = "If-Match holds the ETag of the ICE session, or * for a restart";
                Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, words))
            }
            Some("*") => Ok(Self::Restart),
            Some(text) => Ok(etag(text).map_or(Self::Unknown, Self::Session)),
        }
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.append(name, value);
    }
}

/// Names TURN servers as WHIP does (RFC 9725 section 4.6).
fn link(headers: &mut HeaderMap, servers: Vec<Server>) {
    for Server { urls, user } in servers {
        let user = user.map_or_else(String::new, |(user, word)| {
            format!("; username=\"{user}\"; credential=\"{word}\"; credential-type=\"password\"")
        });
        urls.iter().for_each(|url| put(headers, header::LINK, &format!("<{url}>; rel=\"ice-server\"{user}")));
    }
}

#[utoipa::path(options, path = "/api/v1/widget/calls", operation_id = "may_begin_page_call", tag = "widget", security(()), responses((status = NO_CONTENT)))]
pub(super) async fn call_preflight(requester: Requester) -> Response {
    let mut response = requester.preflight("POST");
    response.headers_mut().insert("accept-post", HeaderValue::from_static(SDP));
    response
}

/// What concerns a call that has begun: its own token, from its own origin.
fn own(state: &ApiState, requester: &Requester, headers: &HeaderMap) -> Result<TokenClaims, Refused> {
    let token = bearer(headers).ok_or(Refused::NoToken)?;
    state.app.page_access.claims_of(token, requester.origin.as_deref())
}

/// Candidates (`If-Match: "ETag"`), or an ICE restart (`If-Match: *`).
#[utoipa::path(patch, path = "/api/v1/widget/calls/{id}", operation_id = "change_page_call", tag = "widget", security(("session" = [])), params(("id" = String, Path)),
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"), responses(
    (status = NO_CONTENT, description = "The candidates are taken"),
    (status = OK, body = String, content_type = "application/trickle-ice-sdpfrag", description = "ICE restarts: our half, and the new ETag; Link with fresh credentials for TURN servers"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = PRECONDITION_FAILED, body = ProblemDocument, content_type = "application/problem+json", description = "Of another ICE session"),
    (status = UNAUTHORIZED, body = ProblemDocument, content_type = "application/problem+json", description = "No token, or one that is forged"),
    (status = FORBIDDEN, body = ProblemDocument, content_type = "application/problem+json", description = "The token is for another origin; `code` is `widget_off` where no page may call"),
    (status = PRECONDITION_REQUIRED, body = ProblemDocument, content_type = "application/problem+json", description = "Without If-Match"),
))]
pub(super) async fn patch(
    State(state): SharedState,
    Path(id): Path<String>,
    requester: Requester,
    headers: HeaderMap,
    body: String,
) -> Response {
    let token = match own(&state, &requester, &headers) {
        Ok(claims) => claims.id,
        Err(refused) => return refused.into_response(),
    };
    if !is(&headers, FRAGMENT) {
        return wants(FRAGMENT);
    }
    let pages = &state.app.pages;
    let done = match IceMatch::of(&headers) {
        Err(problem) => return problem.into_response(),
        Ok(IceMatch::Restart) => {
            pages.restart(&id, token, &body).await.map(|(fragment, etag)| restarted(&state, fragment, etag))
        }
        Ok(IceMatch::Session(etag)) => {
            pages.trickle(&id, token, etag, &body).await.map(|()| StatusCode::NO_CONTENT.into_response())
        }
        Ok(IceMatch::Unknown) => Err(PageFault::Stale),
    };
    done.unwrap_or_else(|fault| Problem::from(fault).into_response())
}

/// Ends the call.
#[utoipa::path(delete, path = "/api/v1/widget/calls/{id}", operation_id = "leave_page_call", tag = "widget", security(("session" = [])), params(("id" = String, Path)), responses(
    (status = OK),
    (status = UNAUTHORIZED, body = ProblemDocument, content_type = "application/problem+json", description = "No token, or one that is forged"),
    (status = FORBIDDEN, body = ProblemDocument, content_type = "application/problem+json", description = "The token is for another origin; `code` is `widget_off` where no page may call"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn end(
    State(state): SharedState,
    Path(id): Path<String>,
    requester: Requester,
    headers: HeaderMap,
) -> Response {
    match own(&state, &requester, &headers) {
        Ok(claims) => match state.app.pages.hang_up(&id, claims.id) {
            Ok(()) => StatusCode::OK.into_response(),
            Err(fault) => Problem::from(fault).into_response(),
        },
        Err(refused) => refused.into_response(),
    }
}

#[utoipa::path(options, path = "/api/v1/widget/calls/{id}", operation_id = "may_change_page_call", tag = "widget", security(()), params(("id" = String, Path)), responses((status = NO_CONTENT)))]
pub(super) async fn patch_preflight(requester: Requester) -> Response {
    requester.preflight("PATCH, DELETE")
}

fn later(response: &mut Response, seconds: u64) {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        metrics::counter!("switchboard_widget_refused_total", "reason" => self.name()).increment(1);
        let status = match self {
            Self::NoToken | Self::Forged | Self::Expired | Self::Used => StatusCode::UNAUTHORIZED,
            Self::Off | Self::Origin | Self::Private | Self::OtherOrigin => StatusCode::FORBIDDEN,
            Self::RateLimited(_) | Self::TooManyCallsFromAddress => StatusCode::TOO_MANY_REQUESTS,
            Self::TooManyCalls | Self::TokenTableFull => StatusCode::SERVICE_UNAVAILABLE,
        };
        let problem = Problem::new(status, self.to_string());
        let problem = if self == Self::Off { problem.coded("widget_off") } else { problem };
        let mut response = problem.into_response();
        match self {
            Self::RateLimited(seconds) => later(&mut response, seconds),
            Self::TooManyCallsFromAddress | Self::TooManyCalls | Self::TokenTableFull => later(&mut response, 15),
            Self::NoToken => {
                drop(response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            _ if status == StatusCode::UNAUTHORIZED => {
                let scheme = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            }
            _ => {}
        }
        response
    }
}

impl From<PageFault> for Problem {
    fn from(fault: PageFault) -> Self {
        let status = match fault {
            PageFault::Draining | PageFault::NoVoice | PageFault::Broken | PageFault::NoPort | PageFault::Busy => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            PageFault::Off => StatusCode::FORBIDDEN,
            PageFault::Bot | PageFault::Offer(_) => StatusCode::UNPROCESSABLE_ENTITY,
            PageFault::Fragment(_) => StatusCode::BAD_REQUEST,
            PageFault::Stale => StatusCode::PRECONDITION_FAILED,
            PageFault::Gone => StatusCode::NOT_FOUND,
        };
        let problem = Self::new(status, fault.to_string());
        let problem = if fault == PageFault::Off { problem.coded("widget_off") } else { problem };
        if status == StatusCode::SERVICE_UNAVAILABLE { problem.later(15) } else { problem }
    }
}

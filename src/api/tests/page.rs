//! Calls from pages over real HTTP: every refusal, the preflights, and a call from its token to its end.
use super::*;
use crate::call::{PageAnswer, PageCalls, PageFault, PageOffer};
use crate::security::WebOrigin;
use crate::widget::{OwnPageClients, PageAccessPlan, Relay, TokenId};
use reqwest::Response;
use std::collections::HashMap;

const SHOP: &str = "https://shop.example";

pub(super) fn plan() -> PageAccessPlan {
    let origin = |text| WebOrigin::parse(text).unwrap();
    let relay =
        Relay { urls: vec!["turn:t.example".into()], secret: Secret::new("north"), ttl: Duration::from_secs(60) };
    PageAccessPlan {
        enabled: true,
        origins: vec![origin(SHOP)],
        own: vec![(origin("http://127.0.0.1:8080"), OwnPageClients::Local)],
        public: vec!["booking.en".into(), "new".into()],
        ttl: Duration::from_secs(60),
        grace: Duration::from_secs(20),
        calls: 3,
        calls_per_address: 2,
        sessions_per_minute: 5,
        proxies: telephony::address::Network::LOOPBACK.to_vec(),
        stun: vec!["stun:s.example".into()],
        turn: Some(relay),
    }
}

/// Calls without a line: an offer `v=0…` is answered, ETags rise with each restart.
#[derive(Default)]
pub(super) struct Peers(Mutex<HashMap<String, (PageOffer, u32)>>);

impl Peers {
    fn of<T>(&self, id: &str, token: TokenId, then: impl FnOnce(&mut u32) -> T) -> Result<T, PageFault> {
        let mut all = self.0.lock().unwrap();
        let known = all.get_mut(id).filter(|(offer, _)| offer.claims.id == token);
        known.map(|(_, etag)| then(etag)).ok_or(PageFault::Gone)
    }
}

impl PageCalls for Peers {
    fn answer(&self, offer: PageOffer) -> BoxFuture<'_, Result<PageAnswer, PageFault>> {
        let begun = if offer.sdp.starts_with("v=0") {
            let id = Store::new_id();
            assert_eq!(offer.host(), "shop.example");
            self.0.lock().unwrap().insert(id.clone(), (offer, 1));
            Ok(PageAnswer { id, etag: 1, sdp: "v=0\r\nanswer".into() })
        } else {
            Err(PageFault::Offer("it has no sound".into()))
        };
        Box::pin(std::future::ready(begun))
    }

    fn trickle<'a>(
        &'a self,
        id: &'a str,
        token: TokenId,
        etag: u32,
        _: &'a str,
    ) -> BoxFuture<'a, Result<(), PageFault>> {
        let now = self.of(id, token, |etag| *etag);
        Box::pin(std::future::ready(now.and_then(|now| if now == etag { Ok(()) } else { Err(PageFault::Stale) })))
    }

    fn restart<'a>(
        &'a self,
        id: &'a str,
        token: TokenId,
        fragment: &'a str,
    ) -> BoxFuture<'a, Result<(String, u32), PageFault>> {
        let next = self.of(id, token, |etag| {
            *etag += 1;
            *etag
        });
        let answer = match fragment.contains("ice-ufrag") {
            true => next.map(|etag| ("a=ice-ufrag:ours".into(), etag)),
            false => Err(PageFault::Fragment("a restart brings a new ice-ufrag and ice-pwd")),
        };
        Box::pin(std::future::ready(answer))
    }

    fn hang_up(&self, id: &str, token: TokenId) -> Result<(), PageFault> {
        self.of(id, token, |_| ())?;
        self.0.lock().unwrap().remove(id);
        Ok(())
    }
}

impl Site {
    async fn mint(&self, origin: &str) -> String {
        let body = json!({"bot": "booking.en", "origin": origin});
        let made = self.ask(Method::POST, "/api/v1/widget/sessions").json(&body).send().await.unwrap();
        assert_eq!(made.status(), 201);
        made.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned()
    }

    fn page(&self, method: Method, path: &str, origin: &str) -> RequestBuilder {
        self.bare(method, path).header("origin", origin)
    }

    fn offer(&self, token: &str) -> RequestBuilder {
        let call = self.page(Method::POST, "/api/v1/widget/calls", SHOP).bearer_auth(token);
        call.header("content-type", "application/sdp").body("v=0\r\noffer")
    }

    fn fragment(&self, place: &str, token: &str, matched: &str, body: &'static str) -> RequestBuilder {
        let patch = self.page(Method::PATCH, place, SHOP).bearer_auth(token).header("if-match", matched);
        patch.header("content-type", "application/trickle-ice-sdpfrag").body(body)
    }
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_page_calls_trickles_restarts_and_hangs_up() {
    let site = Site::open("widget-call").await;
    let new = json!({"bot": "booking.en"});
    let made = site.page(Method::POST, "/api/v1/widget/sessions", SHOP).json(&new).send().await.unwrap();
    assert_eq!((made.status().as_u16(), header(&made, "access-control-allow-origin")), (201, SHOP));
    assert_eq!((header(&made, "cache-control"), header(&made, "vary")), ("no-store", "Origin"));
    let session: Value = made.json().await.unwrap();
    assert_eq!(
        (&session["bot"], &session["language"], &session["protocol"]),
        (&json!("booking.en"), &json!("en"), &json!(1))
    );
    assert_eq!(session["titles"], json!({"en": "Rooms"}));
    assert_eq!(
        (&session["grace_ms"], &session["ice_servers"][0]),
        (&json!(20_000), &json!({"urls": ["stun:s.example"]}))
    );
    assert!(session["ice_servers"][1]["credential"].is_string());
    session["expires_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let token = session["token"].as_str().unwrap();
    let call = site.offer(token).send().await.unwrap();
    assert_eq!((call.status().as_u16(), header(&call, "content-type")), (201, "application/sdp"));
    assert_eq!(header(&call, "accept-patch"), "application/trickle-ice-sdpfrag");
    assert!(header(&call, "access-control-expose-headers").contains("Location, ETag, Link"));
    let links: Vec<&str> = call.headers().get_all("link").iter().map(|link| link.to_str().unwrap()).collect();
    assert!(
        links[0] == "<stun:s.example>; rel=\"ice-server\"" && links[1].contains("credential-type=\"password\""),
        "{links:?}"
    );
    let (place, etag) = (header(&call, "location").to_owned(), header(&call, "etag").to_owned());
    assert_eq!(call.text().await.unwrap(), "v=0\r\nanswer");
    let send = async |matched: &str, body| site.fragment(&place, token, matched, body).send().await.unwrap();
    assert_eq!(send(&etag, "a=candidate:1").await.status(), 204);
    let restarted = send("*", "a=ice-ufrag:x").await;
    let fresh =
        restarted.headers().get_all("link").iter().filter(|link| link.to_str().unwrap().contains("username=")).count();
    assert_eq!(fresh, 1, "the relay's credentials are made anew");
    assert_eq!((restarted.status().as_u16(), header(&restarted, "etag")), (200, "\"2\""));
    assert_eq!(header(&restarted, "content-type"), "application/trickle-ice-sdpfrag");
    assert_eq!(send(&etag, "a=candidate:1").await.status(), 412, "of the session before");
    assert_eq!(send("nonsense", "a=candidate:1").await.status(), 412);
    assert_eq!(send("*", "a=candidate:1").await.status(), 400);
    let bare = site.page(Method::PATCH, &place, SHOP).bearer_auth(token);
    assert_eq!(site.problem(bare.try_clone().unwrap().header("content-type", "text/plain")).await.0, 415);
    assert_eq!(site.problem(bare.header("content-type", "application/trickle-ice-sdpfrag")).await.0, 428);
    // Another page's token opens nothing here, nor does another origin.
    let other = site.mint(SHOP).await;
    assert_eq!(site.problem(site.fragment(&place, &other, "*", "a=ice-ufrag:x")).await.0, 404);
    assert_eq!(site.problem(site.page(Method::DELETE, &place, SHOP).bearer_auth(&other)).await.0, 404);
    assert_eq!(site.problem(site.page(Method::DELETE, &place, "https://o.example").bearer_auth(token)).await.0, 403);
    assert_eq!(site.problem(site.page(Method::DELETE, &place, SHOP)).await.0, 401);
    let bye = || site.page(Method::DELETE, &place, SHOP).bearer_auth(token);
    assert_eq!(bye().send().await.unwrap().status(), 200);
    assert_eq!(site.problem(bye()).await.0, 404);
    assert_eq!(site.problem(site.fragment(&place, token, "\"2\"", "")).await.0, 404);
}

#[tokio::test]
async fn tokens_are_for_allowed_pages_and_public_bots_or_for_servers() {
    let site = Site::open("widget-sessions").await;
    let ask = async |request: RequestBuilder, body: Value| site.problem(request.json(&body)).await.0;
    let from = |origin| site.page(Method::POST, "/api/v1/widget/sessions", origin);
    assert_eq!(ask(from("https://evil.example"), json!({"bot": "booking.en", "origin": SHOP})).await, 403);
    assert_eq!(ask(from("null"), json!({"bot": "booking.en"})).await, 403);
    assert_eq!(ask(site.bare(Method::POST, "/api/v1/widget/sessions"), json!({"bot": "booking.en"})).await, 403);
    assert_eq!(
        ask(from(SHOP), json!({"bot": "places.vi"})).await,
        403,
        "not public, and nobody learns whether it exists"
    );
    assert_eq!(ask(from(SHOP), json!({"bot": "new"})).await, 422, "no version of it has worked");
    assert_eq!(ask(from(SHOP).bearer_auth("wrong"), json!({"bot": "booking.en"})).await, 401);
    assert_eq!(ask(from(SHOP), json!({"bot": "booking.en", "x": 1})).await, 422);
    let server = || site.ask(Method::POST, "/api/v1/widget/sessions");
    assert_eq!(ask(server(), json!({"bot": "booking.en"})).await, 422, "no origin");
    assert_eq!(ask(server(), json!({"bot": "no.such", "origin": SHOP})).await, 422);
    let named = |visitor: Value| json!({"bot": "booking.en", "origin": SHOP, "visitor": visitor});
    for visitor in [json!({"number": "+84912345678"}), json!({"id": "customer-17"})] {
        assert_eq!(server().json(&named(visitor.clone())).send().await.unwrap().status(), 201);
        assert_eq!(ask(from(SHOP), named(visitor.clone())).await, 403, "a page does not say who calls");
        assert_eq!(ask(from(SHOP).bearer_auth("wrong"), named(visitor)).await, 401);
    }
    for odd in [json!({}), json!({"number": "12"}), json!({"id": "a b"}), json!({"number": "+84912345678", "id": "a"})]
    {
        assert_eq!(ask(server(), named(odd.clone())).await, 422, "{odd}");
    }
    let far = from("http://127.0.0.1:8080").header("x-forwarded-for", "203.0.113.5");
    assert_eq!(ask(far, json!({"bot": "booking.en"})).await, 403, "this machine's page, from elsewhere");
    assert_eq!(from("http://127.0.0.1:8080").json(&json!({"bot": "booking.en"})).send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_call_needs_a_fresh_token_of_its_origin_and_an_offer() {
    let site = Site::open("widget-refusals").await;
    let bare = site.page(Method::POST, "/api/v1/widget/calls", SHOP).header("content-type", "application/sdp");
    assert_eq!(site.problem(bare.body("v=0")).await.0, 401);
    assert_eq!(site.problem(site.offer("forged")).await.0, 401);
    assert_eq!(site.problem(site.offer(TOKEN)).await.0, 401, "the API's token is no session's");
    let elsewhere = site.mint("https://other.example").await;
    assert_eq!(site.problem(site.offer(&elsewhere)).await.0, 403);
    let token = site.mint(SHOP).await;
    let wrong = site.page(Method::POST, "/api/v1/widget/calls", SHOP).bearer_auth(&token).json(&json!({}));
    assert_eq!(site.problem(wrong).await.0, 415);
    site.calls.health.lock().unwrap().draining = true;
    let draining = site.offer(&token).send().await.unwrap();
    assert_eq!((draining.status().as_u16(), header(&draining, "retry-after")), (503, "15"));
    site.calls.health.lock().unwrap().draining = false;
    // The token is good for another try.
    site.calls.health.lock().unwrap().busy = true;
    let busy = site.offer(&token).send().await.unwrap();
    assert_eq!((busy.status().as_u16(), header(&busy, "retry-after")), (503, "15"));
    site.calls.health.lock().unwrap().busy = false;
    assert_eq!(site.offer(&token).send().await.unwrap().status(), 201, "none of that used it up");
    let (status, problem) = site.problem(site.offer(&token)).await;
    assert!(status == 401 && problem["detail"].as_str().unwrap().contains("used"), "{problem}");
    let token = site.mint(SHOP).await;
    let bad = site.page(Method::POST, "/api/v1/widget/calls", SHOP).bearer_auth(&token);
    assert_eq!(site.problem(bad.header("content-type", "application/sdp").body("hello")).await.0, 422);
    let long = site
        .page(Method::POST, "/api/v1/widget/calls", SHOP)
        .bearer_auth(&token)
        .header("content-type", "application/sdp");
    assert_eq!(site.problem(long.body("v".repeat(70_000))).await.0, 413);
}

#[tokio::test]
async fn an_address_has_so_many_calls_and_tokens_and_is_told_when_to_come_again() {
    let site = Site::open("widget-flood").await;
    for _ in 0..2 {
        let token = site.mint(SHOP).await;
        assert_eq!(site.offer(&token).send().await.unwrap().status(), 201);
    }
    let token = site.mint(SHOP).await;
    let third = site.offer(&token).send().await.unwrap();
    assert_eq!((third.status().as_u16(), header(&third, "retry-after")), (429, "15"));
    let third = site.offer(&token).header("x-forwarded-for", "2001:db8::1").send().await.unwrap();
    assert_eq!(third.status(), 201, "the token is still good, from where there is state");
    let full = site.offer(&site.mint(SHOP).await).header("x-forwarded-for", "2001:db8:1::1").send().await.unwrap();
    assert_eq!((full.status().as_u16(), header(&full, "retry-after")), (503, "15"));
    let mut last = 0;
    for n in 0..6 {
        let ask = site
            .page(Method::POST, "/api/v1/widget/sessions", SHOP)
            .header("x-forwarded-for", format!("2001:db8::{n}"));
        let asked = ask.json(&json!({"bot": "booking.en"})).send().await.unwrap();
        last = asked.status().as_u16();
        assert_eq!(last == 429, n == 5);
        assert_eq!(header(&asked, "retry-after").is_empty(), n < 5);
        assert_eq!(header(&asked, "access-control-allow-origin"), SHOP, "the page may read why");
    }
    assert_eq!(last, 429);
    let text = site.ask(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    assert!(text.contains("switchboard_widget_refused_total{reason=\"flood\"}"), "{text}");
}

#[tokio::test]
async fn preflights_name_what_is_allowed_to_whom_and_never_everybody() {
    let site = Site::open("widget-cors").await;
    for (path, methods) in [
        ("/api/v1/widget/bots", "GET"),
        ("/api/v1/widget/sessions", "POST"),
        ("/api/v1/widget/calls", "POST"),
        ("/api/v1/widget/calls/x", "PATCH, DELETE"),
    ] {
        let ask = async |origin: &str| site.page(Method::OPTIONS, path, origin).send().await.unwrap();
        let allowed = ask(SHOP).await;
        assert_eq!((allowed.status().as_u16(), header(&allowed, "access-control-allow-origin")), (204, SHOP));
        assert_eq!(header(&allowed, "access-control-allow-methods"), methods);
        assert_eq!(header(&allowed, "access-control-allow-headers"), "Authorization, Content-Type, If-Match");
        assert_eq!(header(&allowed, "vary"), "Origin");
        assert!(!allowed.headers().contains_key("access-control-allow-credentials"));
        for origin in ["https://evil.example", "null", "https://shop.example.evil.example", "http://shop.example"] {
            let refused = ask(origin).await;
            let told = refused.headers().keys().any(|name| name.as_str().starts_with("access-control"));
            assert!(!told && header(&refused, "vary") == "Origin", "{path} {origin}");
        }
    }
    // The API itself is no page's.
    let api = site.page(Method::OPTIONS, "/api/v1/calls", SHOP).send().await.unwrap();
    assert!(!api.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_page_can_read_every_refusal_whoever_makes_it() {
    let site = Site::open("widget-readable").await;
    let (sessions, calls) = ("/api/v1/widget/sessions", "/api/v1/widget/calls");
    let token = site.mint(SHOP).await;
    let post = |path: &str, kind: &str, body: Vec<u8>| {
        let request = site.page(Method::POST, path, SHOP).bearer_auth(&token);
        request.header("content-type", kind.to_owned()).body(body)
    };
    let page = |method, path: &str| site.page(method, path, SHOP);
    let cases = [
        (413, post(sessions, "application/json", vec![b' '; BODY + 1])),
        (413, post(calls, "application/sdp", vec![b' '; BODY + 1])),
        (415, page(Method::POST, sessions).header("content-type", "text/plain").body("{}")),
        (400, page(Method::POST, sessions).header("content-type", "application/json").body("{")),
        (422, page(Method::POST, sessions).json(&json!({"bot": 1}))),
        (400, post(calls, "application/sdp", vec![0xFF, 0xFE])),
        (415, post(calls, "text/plain", b"v=0".to_vec())),
        (405, page(Method::PUT, calls)),
        (405, page(Method::GET, sessions)),
    ];
    for (wanted, request) in cases {
        let (client, request) = request.build_split();
        let request = request.unwrap();
        let what = format!("{} {}", request.method(), request.url().path());
        let answer = client.execute(request).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "access-control-allow-origin")),
            (wanted, SHOP),
            "{what}"
        );
        assert_eq!((header(&answer, "content-type"), header(&answer, "vary")), ("application/problem+json", "Origin"));
        let problem: Value = answer.json().await.unwrap();
        assert!(problem["status"] == wanted && problem["detail"].as_str().is_some_and(|d| d.len() > 5), "{problem}");
    }
}

#[tokio::test]
async fn a_page_that_a_server_vouches_for_calls_without_being_in_the_configuration() {
    let site = Site::open("widget-guest").await;
    let guest = "https://guest.example";
    let ask = |method, path: &str| site.page(method, path, guest).send();
    let allowed = |answer: &Response| header(answer, "access-control-allow-origin") == guest;
    assert!(!allowed(&ask(Method::OPTIONS, "/api/v1/widget/calls").await.unwrap()));
    let token = site.mint(guest).await;
    for path in ["/api/v1/widget/calls", "/api/v1/widget/calls/x"] {
        let preflight = ask(Method::OPTIONS, path).await.unwrap();
        assert!(allowed(&preflight) && header(&preflight, "access-control-allow-headers").contains("Authorization"));
    }
    // It reads why it may not ask for a token itself.
    let own = site.page(Method::POST, "/api/v1/widget/sessions", guest).json(&json!({"bot": "booking.en"}));
    let own = own.send().await.unwrap();
    assert!(own.status() == 403 && allowed(&own));
    let offer = site.page(Method::POST, "/api/v1/widget/calls", guest).bearer_auth(&token);
    let answer = offer.header("content-type", "application/sdp").body("hello").send().await.unwrap();
    assert!(answer.status() == 422 && allowed(&answer), "the token was taken; it is the offer that is none");
    assert!(!allowed(
        &site.page(Method::OPTIONS, "/api/v1/widget/calls", "https://other.example").send().await.unwrap()
    ));
}

#[tokio::test]
async fn pages_see_the_public_bots_alone() {
    let site = Site::open("widget-bots").await;
    let bots: Value = site.bare(Method::GET, "/api/v1/widget/bots").send().await.unwrap().json().await.unwrap();
    assert_eq!(
        bots,
        json!({"bots": [{"name": "booking.en", "title": "Rooms", "titles": {"en": "Rooms"}, "language": "en"}]})
    );
}

#[tokio::test]
async fn mutated_bodies_are_answered_with_what_is_wrong() {
    let site = Site::open("widget-mutated").await;
    let mut seed = 11u32;
    let mut dice = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below.max(1)
    };
    for round in 0..400 {
        let mut body = json!({"bot": "booking.en", "origin": SHOP}).to_string().into_bytes();
        for _ in 0..=dice(3) {
            let at = dice(body.len());
            match dice(3) {
                0 => body[at] = dice(256) as u8,
                1 => body.truncate(at),
                _ => body.extend_from_within(..at),
            }
        }
        let kind = ["application/json", "text/plain", "application/sdp", ""][round % 4];
        let request = site.ask(Method::POST, "/api/v1/widget/sessions").header("content-type", kind).body(body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        assert!(status == 201 || (400..500).contains(&status), "{status}");
        if status != 201 {
            assert_eq!(header(&answer, "content-type"), "application/problem+json");
        }
    }
}

#[tokio::test]
async fn who_begins_a_body_and_stops_is_let_go() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let site = Site::open("widget-slow").await;
    let mut stream = tokio::net::TcpStream::connect(site.address).await.unwrap();
    let head = "POST /api/v1/widget/sessions HTTP/1.1\r\nHost: x\r\nOrigin: https://shop.example\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(12), stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "held open");
    assert!(answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn where_no_page_may_call_every_route_of_pages_says_so_in_a_way_that_a_page_can_read() {
    let site = Site::with("widget-off", PageAccessPlan { enabled: false, ..plan() }).await;
    let json = json!({"bot": "booking.en", "origin": SHOP});
    let session = || site.page(Method::POST, "/api/v1/widget/sessions", SHOP).json(&json);
    for request in [
        site.page(Method::GET, "/api/v1/widget/bots", SHOP),
        session(),
        session().bearer_auth(TOKEN),
        site.offer("whatever"),
        site.fragment("/api/v1/widget/calls/x", "whatever", "*", ""),
        site.page(Method::DELETE, "/api/v1/widget/calls/x", SHOP),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "access-control-allow-origin")), (403, SHOP));
        assert_eq!(header(&answer, "retry-after"), "", "to come again is of no use");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "widget_off");
        assert!(problem["detail"].as_str().unwrap().contains("widget.enabled"), "{problem}");
    }
    // Other refusals carry no code, and the rest of the server goes on.
    let (status, problem) = site.problem(site.ask(Method::GET, "/api/v1/calls/none")).await;
    assert!(status == 404 && problem.get("code").is_none(), "{problem}");
    let preflight = site.page(Method::OPTIONS, "/api/v1/widget/sessions", SHOP).send().await.unwrap();
    assert_eq!((preflight.status().as_u16(), header(&preflight, "access-control-allow-origin")), (204, SHOP));
}

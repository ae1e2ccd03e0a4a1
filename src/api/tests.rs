//! The API over real HTTP on loopback.
use super::places::{EACH, WATCHERS};
use super::*;
use crate::call::approvals::queue::ApprovalQueue;
use crate::call::{CallHealth, DialOrder};
use crate::security::{AccessPlan, NewToken, Principal, Rights, Secret, SessionLimits};
use crate::store::{
    Blame, Call, CallEvent, Direction, End, Latency, Mark, Private, Reason, Speaker, Started, TimelineEvent, Turn,
};
use axum::http::Method;
use futures::future::BoxFuture;
use futures::{SinkExt, StreamExt};
use media::record::Vault;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

mod agents;
mod alerts;
mod approvals;
mod bots;
mod notes;
mod numbers;
mod oidc;
mod page;
mod recording;
mod rights;
mod seats;
mod session;
mod wall;

const TOKEN: &str = "a-token-of-forty-three-characters-for-tests";

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Calls without a line: dialling starts one in the store, hanging up ends it.
struct Switch {
    store: Store,
    health: Mutex<CallHealth>,
}

impl CallControl for Switch {
    fn dial(&self, dial: DialOrder) -> BoxFuture<'_, Result<String, DialFault>> {
        Box::pin(async move {
            if self.health().draining {
                return Err(DialFault::Draining);
            }
            if !dial.to.starts_with("sip:") {
                return Err(DialFault::from(outbound::Fault::Address("a SIP URI begins with sip:")));
            }
            Ok(begin(&self.store, &dial.to))
        })
    }

    fn hang_up(&self, id: &str) -> bool {
        let live = self.store.live(id).is_some();
        self.store.note(id, CallEvent::Ended(Reason::Operator.into()));
        live
    }

    fn pause_recording(&self, id: &str, paused: bool) -> bool {
        let name = if paused { "recording_paused" } else { "recording_resumed" };
        self.store.note(id, CallEvent::Mark(Mark { name: name.into(), data: Private(json!({})) }));
        self.store.live(id).is_some_and(|call| call.is_recording())
    }

    fn health(&self) -> CallHealth {
        self.health.lock().unwrap().clone()
    }

    fn gauges(&self) -> Vec<(&'static str, f64)> {
        vec![("switchboard_media_missed_ticks_total", 7.0)]
    }
}

fn begin(store: &Store, to: &str) -> String {
    begin_with(store, to, "booking.en")
}

fn begin_with(store: &Store, to: &str, bot: &str) -> String {
    let id = Store::new_id();
    let started = Started {
        direction: Direction::Outbound,
        via: "open".into(),
        from: "sip:bot@here.test".into(),
        to: to.into(),
        bot: bot.into(),
        language: "en".into(),
        headers: [("X-Customer".to_owned(), Private::from("4711"))].into(),
    };
    store.note(&id, CallEvent::Started(started));
    id
}

/// What a caller said.
fn spoken() -> Turn {
    Turn {
        speaker: Speaker::Caller,
        text: "two people".into(),
        heard: "two people".into(),
        interrupted: false,
        started_ms: 900,
        ended_ms: 1_700,
        confidence: Some(0.5),
        by: Some(crate::store::AnswerMethod::Voice),
    }
}

struct Site {
    address: SocketAddr,
    client: Client,
    store: Store,
    access: Arc<Access>,
    calls: Arc<Switch>,
    supervisors: Arc<seats::Table>,
    desk: Arc<agents::Desk>,
    approvals: ApprovalQueue,
    /// Serves as long as it is held.
    _web: serve::Web,
}

impl Site {
    async fn open(name: &str) -> Self {
        Self::with(name, page::plan()).await
    }

    async fn with(name: &str, page_access: crate::widget::PageAccessPlan) -> Self {
        Self::signing_in(name, page_access, None, true).await
    }

    /// With a provider by which users sign in, and with or without passwords.
    async fn signing_in(
        name: &str,
        page_access: crate::widget::PageAccessPlan,
        provider: Option<crate::oidc::ProviderPlan>,
        password_sign_in: bool,
    ) -> Self {
        // Twice is an error that means: another test did it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = crate::testdir(name);
        let store = Store::open(&dir).await.unwrap();
        let health = crate::plans::health(&crate::config::Config::default());
        let alerting = Arc::new(Alerting::start(store.clone(), health, dir.join("alerts.toml")).unwrap());
        let calls = Arc::new(Switch { store: store.clone(), health: Mutex::default() });
        let supervisors = Arc::<seats::Table>::default();
        let desk = Arc::<agents::Desk>::default();
        let approvals = ApprovalQueue::default();
        let metrics = observe::metrics::install();
        observe::metrics::follow(&store);
        let sessions = SessionLimits { idle: Duration::from_secs(3600), longest: Duration::from_secs(43_200) };
        let plan = AccessPlan { token: Secret::new(TOKEN), sessions };
        let access = Arc::new(Access::new(store.access(), plan));
        let app = App {
            store: store.clone(),
            calls: calls.clone(),
            bots: Arc::new(bots::Pair),
            recording_policy: RecordingPolicy::Encrypted(Arc::new(Vault::parse(KEY).unwrap())),
            access: access.clone(),
            https: false,
            provider: provider.map(|plan| Arc::new(crate::oidc::Provider::new(plan))),
            password_sign_in,
            console_address: None,
            metrics,
            health,
            alerting,
            page_access: Arc::new(PageAccess::new(page_access).unwrap()),
            pages: Arc::new(page::Peers::default()),
            supervisors: supervisors.clone(),
            approvals: approvals.clone(),
            agents: desk.clone(),
        };
        let at = "127.0.0.1:0".parse().unwrap();
        let web = serve::Web::open(at, router(app), serve::WebPlan::default(), None).await.unwrap();
        Self {
            address: web.address(),
            client: Client::new(),
            store,
            access,
            calls,
            supervisors,
            approvals,
            desk,
            _web: web,
        }
    }

    fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(TOKEN)
    }

    async fn json(&self, path: &str) -> Value {
        self.ask(Method::GET, path).send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    /// The status and the problem document of a request that must fail.
    async fn problem(&self, request: RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{status}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["status"], status);
        assert!(
            body["detail"].as_str().is_some_and(|words| !words.is_empty()) && body["type"] == "about:blank",
            "{body}"
        );
        (status, body)
    }

    async fn socket(
        &self,
        path: &str,
        token: &str,
    ) -> Result<WebSocketStream<tokio::net::TcpStream>, tungstenite::Error> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", format!("switchboard, bearer.{token}").parse()?);
        let stream = tokio::net::TcpStream::connect(self.address).await?;
        Ok(client_async(request, stream).await?.0)
    }
}

/// The next message of the server's own.
async fn next(socket: &mut WebSocketStream<tokio::net::TcpStream>) -> Value {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(5), socket.next()).await.unwrap().unwrap().unwrap();
        if let Message::Text(text) = message {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

/// Every route of the description, with an id in its path.
fn routes() -> Vec<(Method, String)> {
    let api: Value = serde_json::from_str(&description()).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            routes.push((method.to_uppercase().parse::<Method>().unwrap(), path.replace("{id}", "x")));
        }
    }
    assert_eq!(routes.len(), 73);
    routes
}

#[tokio::test]
async fn every_route_but_health_asks_for_the_token() {
    let site = Site::open("api-token").await;
    for (method, path) in routes() {
        let bare = site.bare(method.clone(), &path);
        if path.starts_with("/api/v1/widget/") || auth::is_open(&method, &path) {
            continue;
        }
        if path.starts_with("/health/") {
            assert!(bare.send().await.unwrap().status().is_success(), "{path}");
            continue;
        }
        let response = bare.try_clone().unwrap().send().await.unwrap();
        assert_eq!(response.headers()["www-authenticate"], "Bearer", "{path}");
        assert_eq!(site.problem(bare).await.0, 401, "{path}");
        for wrong in ["", "wrong", &TOKEN[1..], &format!("{TOKEN}x")] {
            assert_eq!(site.problem(site.bare(method.clone(), &path).bearer_auth(wrong)).await.0, 401, "{path}");
        }
        let basic = site.bare(method.clone(), &path).header("authorization", format!("Basic {TOKEN}"));
        assert_eq!(site.problem(basic).await.0, 401, "{path}");
    }
}

#[tokio::test]
async fn every_route_refuses_a_query_parameter_that_it_does_not_take() {
    let site = Site::open("api-query").await;
    for (method, path) in routes() {
        let ask = |query: &str| site.ask(method.clone(), &format!("{path}?{query}"));
        if method == Method::OPTIONS {
            assert_eq!(ask("no_such=1").send().await.unwrap().status(), 204, "{path}");
            continue;
        }
        for query in ["no_such=1", "no_such", "&no%5Fsuch=", "limi=1&no_such=1"] {
            let (status, body) = site.problem(ask(query)).await;
            let detail = body["detail"].as_str().unwrap();
            let name = if query.starts_with("limi") { "`limi`" } else { "`no_such`" };
            assert!(status == 400 && detail.starts_with(name), "{method} {path}?{query}: {status} {detail}");
        }
        // A name as long as a request's head allows is not repeated in whole.
        let (_, body) = site.problem(ask(&"n".repeat(2000))).await;
        assert!(body["detail"].to_string().len() < 200, "{method} {path}");
    }
    let stranger = site.bare(Method::GET, "/api/v1/bots?no_such=1");
    assert_eq!(site.problem(stranger).await.0, 401, "the token is asked for first");
    assert_eq!(site.bare(Method::HEAD, "/health/live?no_such=1").send().await.unwrap().status(), 400);
    assert_eq!(site.problem(site.ask(Method::PUT, "/api/v1/calls?no_such=1")).await.0, 405);
    for path in ["/api/v1/bots?", "/api/v1/calls?state=live&limit=1", "/health/live?&"] {
        assert_eq!(site.ask(Method::GET, path).send().await.unwrap().status(), 200, "{path}");
    }
    let (_, body) = site.problem(site.ask(Method::GET, "/api/v1/calls?stat=live")).await;
    assert!(body["detail"].as_str().unwrap().ends_with("which takes `state`, `limit`, `before`"), "{body}");
}

#[tokio::test]
async fn the_description_lists_every_route_of_the_issue() {
    let site = Site::open("api-openapi").await;
    let api = site.json("/api/v1/openapi.json").await;
    let listed: Vec<String> = api["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}")))
        .collect();
    for route in [
        "get /api/v1/calls",
        "post /api/v1/calls",
        "get /api/v1/calls/{id}",
        "delete /api/v1/calls/{id}",
        "get /api/v1/calls/{id}/recording",
        "put /api/v1/calls/{id}/recording",
        "get /api/v1/events",
        "get /api/v1/wall",
        "get /api/v1/calls/{id}/live",
        "get /api/v1/bots",
        "post /api/v1/bots/reload",
        "get /health/live",
        "get /health/ready",
        "get /metrics",
        "get /api/v1/widget/bots",
        "post /api/v1/widget/sessions",
        "post /api/v1/widget/calls",
        "patch /api/v1/widget/calls/{id}",
        "delete /api/v1/widget/calls/{id}",
    ] {
        assert!(listed.iter().any(|one| one == route), "{route} is missing in {listed:?}");
    }
    assert!(api["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer");
    let properties = api["components"]["schemas"]["Call"]["properties"].as_object().unwrap();
    for key in ["id", "direction", "started_at", "slots", "turns", "silences", "latency", "end"] {
        assert!(properties.contains_key(key), "{key}");
    }
    assert_eq!(properties["started_at"]["format"], "date-time");
    let schemas = api["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas["TimelineEvent"]["oneOf"].as_array().unwrap().len(), 10);
    assert_eq!(schemas["TimelineEvent"]["discriminator"]["mapping"]["turn"], "#/components/schemas/TurnEvent");
    let reasons: Vec<&str> =
        schemas["Reason"]["enum"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert_eq!(reasons, Reason::ALL.iter().map(|reason| reason.text()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_call_is_placed_followed_and_ended() {
    let site = Site::open("api-call").await;
    let new = json!({"to": "sip:100@peer.test", "bot": "booking.en"});
    let response = site.ask(Method::POST, "/api/v1/calls").json(&new).send().await.unwrap();
    assert_eq!(response.status(), 202);
    let place = response.headers()["location"].to_str().unwrap().to_owned();
    let id = response.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(place, format!("/api/v1/calls/{id}"));
    site.store.note(&id, CallEvent::Answered);
    site.store.note(&id, CallEvent::Turn(spoken()));
    site.store.note(&id, CallEvent::Latency(Latency::of(1, [200, 4, 1, 120, 18])));
    let live = site.json(&place).await;
    assert_eq!(live["state"], "live");
    assert_eq!(
        (&live["to"], &live["via"], &live["bot"]),
        (&json!("sip:100@peer.test"), &json!("open"), &json!("booking.en"))
    );
    let keys: Vec<&String> = live.as_object().unwrap().keys().collect();
    for key in
        "id direction via from to bot language state started_at answered_at ended_at end slots turns silences latency"
            .split(' ')
    {
        assert!(keys.iter().any(|one| *one == key), "{key}");
    }
    let turn = json!({"speaker": "caller", "text": "two people", "heard": "two people", "interrupted": false,
        "started_ms": 900, "ended_ms": 1700, "confidence": 0.5, "by": "voice"});
    assert_eq!(live["turns"], json!([turn]));
    assert_eq!(live["latency"][0]["total_ms"], 343);
    assert_eq!(site.ask(Method::DELETE, &place).send().await.unwrap().status(), 202);
    let over = site.json(&place).await;
    assert_eq!(over["state"], "ended");
    assert_eq!(over["end"], json!({"blame": "nobody", "reason": "ended by operator"}));
    assert_eq!(site.problem(site.ask(Method::DELETE, &place)).await.0, 409);
    site.store.flush().await.unwrap();
    let detail = site.json(&format!("{place}?timeline=true")).await;
    let timeline: Vec<TimelineEvent> = serde_json::from_value(detail["timeline"].clone()).unwrap();
    assert_eq!(timeline.len(), 5);
    assert_eq!(detail["timeline"][0]["event"], "started");
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let site = Site::open("api-list").await;
    let ids: Vec<String> = (0..5).map(|_| begin(&site.store, "sip:a@b.test")).collect();
    site.store.note(&ids[0], CallEvent::Ended(End::new(Blame::RemoteParty, Reason::HungUp)));
    let live = site.json("/api/v1/calls?state=live").await;
    assert_eq!((live["calls"].as_array().unwrap().len(), &live["before"]), (4, &Value::Null));
    let ended = site.json("/api/v1/calls?state=ended").await;
    assert_eq!(ended["calls"][0]["id"], ids[0].as_str());
    let (mut read, mut before) = (Vec::new(), String::new());
    loop {
        let page = site.json(&format!("/api/v1/calls?limit=2{before}")).await;
        read.extend(page["calls"].as_array().unwrap().iter().map(|call| call["id"].as_str().unwrap().to_owned()));
        match page["before"].as_str() {
            Some(id) => before = format!("&before={id}"),
            None => break,
        }
    }
    assert_eq!(read.iter().collect::<std::collections::BTreeSet<_>>().len(), 5);
    assert_eq!(read.len(), 5);
    for wrong in ["?limit=0", "?limit=201", "?limit=many", "?state=ringing", "?stat=live", "?before=x"] {
        assert_eq!(site.problem(site.ask(Method::GET, &format!("/api/v1/calls{wrong}"))).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_in_a_problem_document() {
    let site = Site::open("api-problem").await;
    let post = |body: Value| site.ask(Method::POST, "/api/v1/calls").json(&body);
    let raw = |body: &'static str| {
        site.ask(Method::POST, "/api/v1/calls").header("content-type", "application/json").body(body)
    };
    for (status, request) in [
        (404, site.ask(Method::GET, "/api/v1/calls/none")),
        (404, site.ask(Method::DELETE, "/api/v1/calls/none")),
        (404, site.ask(Method::GET, "/api/v1/calls/none/recording")),
        (404, site.ask(Method::GET, &format!("/api/v1/calls?before={}", Store::new_id()))),
        (404, site.ask(Method::GET, "/nothing/here")),
        (405, site.ask(Method::PUT, "/api/v1/calls")),
        (400, site.ask(Method::GET, "/api/v1/calls/%ff")),
        (400, raw("{\"to\":")),
        (422, post(json!({"to": "sip:a@b.test"}))),
        (422, post(json!({"to": "sip:a@b.test", "bot": "booking.en", "secret": 1}))),
        (422, post(json!({"to": "sip:a@b.test", "bot": "nobody"}))),
        (422, post(json!({"to": "sip:a@b.test", "bot": "new"}))),
        (400, post(json!({"to": "tel", "bot": "booking.en"}))),
        (400, post(json!({"to": "sip:a@b.test\r\nVia: x", "bot": "booking.en"}))),
        (400, post(json!({"to": "sip:a@b.test", "bot": "booking.en", "from": ""}))),
        (400, post(json!({"to": format!("sip:{}@b.test", "a".repeat(300)), "bot": "booking.en"}))),
        (415, site.ask(Method::POST, "/api/v1/calls").body("x")),
        (413, post(json!({"to": "a".repeat(BODY), "bot": "b"}))),
    ] {
        assert_eq!(site.problem(request).await.0, status);
    }
    let response = site.ask(Method::PUT, "/api/v1/calls").send().await.unwrap();
    assert!(response.headers()["allow"].to_str().unwrap().contains("POST"));
    assert_eq!(site.store.health().live, 0, "nothing was dialled");
}

#[tokio::test]
async fn a_watcher_gets_the_live_calls_and_then_every_event() {
    let site = Site::open("api-watch").await;
    let (first, other) = (begin(&site.store, "sip:a@b.test"), begin(&site.store, "sip:c@d.test"));
    let mut all = site.socket("/api/v1/events", TOKEN).await.unwrap();
    let mut one = site.socket(&format!("/api/v1/events?call={first}"), TOKEN).await.unwrap();
    let snapshot = next(&mut all).await;
    assert_eq!((&snapshot["event"], snapshot["calls"].as_array().unwrap().len()), (&json!("snapshot"), 2));
    assert_eq!(next(&mut one).await["calls"].as_array().unwrap().len(), 1);
    all.send(Message::Text("hello".into())).await.unwrap();
    for id in [&other, &first] {
        site.store.note(id, CallEvent::Answered);
    }
    let event = next(&mut all).await;
    assert_eq!((&event["event"], &event["call"]), (&json!("answered"), &json!(other)));
    assert_eq!(next(&mut all).await["call"], json!(first));
    assert_eq!(next(&mut one).await["call"], json!(first));
    let refused = site.socket("/api/v1/events", "wrong").await;
    assert!(matches!(refused, Err(tungstenite::Error::Http(response)) if response.status() == 401));
}

#[tokio::test]
async fn a_watcher_too_slow_is_told_how_much_it_missed() {
    let site = Site::open("api-slow").await;
    let id = begin(&site.store, "sip:a@b.test");
    let mut socket = site.socket("/api/v1/events", TOKEN).await.unwrap();
    assert_eq!(next(&mut socket).await["event"], "snapshot");
    // One thread runs server and test: nothing leaves between these notes.
    let marks = crate::store::WATCH + 30;
    for _ in 0..marks {
        site.store.note(&id, CallEvent::Answered);
    }
    assert_eq!(next(&mut socket).await, json!({"event": "missed", "count": 30}));
    assert_eq!(next(&mut socket).await["event"], "answered");
}

#[tokio::test]
async fn only_so_many_watch_at_once() {
    let site = Site::open("api-watchers").await;
    let expires_at = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
    let mut tokens = vec![TOKEN.to_owned()];
    for name in ["one", "two", "three", "four"] {
        let new = NewToken { name, rights: Rights::all(), bots: None, expires_at };
        tokens.push(site.access.make_token(&Principal::admin_token(), new).await.unwrap().secret);
    }
    let refused = async |token: &str, words: &str| match site.socket("/api/v1/events", token).await {
        Err(tungstenite::Error::Http(answer)) => {
            let body = String::from_utf8_lossy(answer.body().as_deref().unwrap_or_default()).into_owned();
            answer.status() == 503 && body.contains(words)
        }
        _ => false,
    };
    let mut sockets = Vec::new();
    for token in &tokens[..WATCHERS / EACH] {
        for _ in 0..EACH {
            sockets.push(site.socket("/api/v1/events", token).await.unwrap());
        }
        if sockets.len() < WATCHERS {
            assert!(refused(token, "close one of them").await, "nobody takes all places");
        }
    }
    assert!(refused(&tokens[4], "as many watchers as allowed").await);
    drop(sockets.pop());
    let start = std::time::Instant::now();
    while site.socket("/api/v1/events", &tokens[4]).await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(5), "a place that is left is free again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn readiness_tells_draining_and_illness_apart() {
    let site = Site::open("api-ready").await;
    let ready = async || {
        let response = site.bare(Method::GET, "/health/ready").send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    assert_eq!(ready().await, (200, json!({"status": "ready", "reasons": []})));
    site.calls.health.lock().unwrap().faults.push("pocketsphinx hangs".into());
    assert_eq!(ready().await, (200, json!({"status": "degraded", "reasons": ["pocketsphinx hangs"]})));
    site.calls.health.lock().unwrap().draining = true;
    let (status, body) = ready().await;
    assert_eq!((status, &body["status"], body["reasons"].as_array().unwrap().len()), (503, &json!("draining"), 2));
    let new = json!({"to": "sip:a@b.test", "bot": "booking.en"});
    assert_eq!(site.problem(site.ask(Method::POST, "/api/v1/calls").json(&new)).await.0, 503);
}

#[tokio::test]
async fn metrics_count_calls_and_time_responses() {
    let site = Site::open("api-metrics").await;
    let id = begin(&site.store, "sip:a@b.test");
    site.store.note(&id, CallEvent::Latency(Latency::of(1, [200, 4, 1, 120, 18])));
    site.store.note(&id, CallEvent::Ended(End::new(Blame::RemoteParty, Reason::HungUp)));
    observe::metrics::refused("full", 3);
    let text = site.ask(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    for part in [
        "switchboard_calls_live 0",
        "switchboard_calls_started_total{direction=\"outbound\"}",
        "switchboard_calls_ended_total{blame=\"caller\"}",
        "switchboard_sip_refused_total{reason=\"full\"}",
        "switchboard_response_seconds_bucket{le=\"0.45\"}",
        "switchboard_response_part_seconds_bucket{part=\"endpoint\",le=\"0.2\"}",
        "switchboard_media_missed_ticks_total 7",
        "switchboard_store_ill 0",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains(&id) && !text.contains("a@b.test"));
}

#[test]
fn a_dial_hides_whom_it_calls() {
    let dial = DialOrder { to: "sip:100@peer.test".into(), bot: "b".into(), from: Some("sip:200@here.test".into()) };
    let text = format!("{dial:?}");
    assert!(text.contains("\"b\"") && !text.contains("100") && !text.contains("200"), "{text}");
}

#[tokio::test]
async fn a_call_reads_back_as_the_stores_own_type() {
    let site = Site::open("api-type").await;
    let id = begin(&site.store, "sip:a@b.test");
    let call: Call = serde_json::from_value(site.json(&format!("/api/v1/calls/{id}")).await).unwrap();
    assert_eq!(Some(call), site.store.call(&id).await.unwrap());
}

//! The API's description against the server that gives it: every route is asked in every way that can be wrong, and each answer's
//! status, type and body must be what the description says. A validator that is not ours judges both (tests/openapi/check.py).
use crate::routes::exchange;
use crate::server::Server;
use crate::testbed::{HERE, beside_others, pause, root, seconds, until};
use futures::StreamExt;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Arc, Mutex};
use telephony::webrtc::{Answered, Message, WebRtc, WebRtcPlan};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, http::Uri};

mod access;
mod alerts;
mod notes;
mod rare;
mod supervision;

const EVENTS: &str = "/api/v1/events";
const LIVE: &str = "/api/v1/calls/{id}/live";

/// Whoever asks, and what was answered.
struct Walk<'a> {
    server: &'a Server,
    document: Value,
    /// JSON bodies, each with the schema that it must fit.
    answers: Vec<Value>,
    seen: BTreeSet<String>,
}

/// An answer that was as described.
struct Answer {
    status: u16,
    location: String,
    etag: String,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|why| panic!("{why}: {}", self.text))
    }
}

fn pointer(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

impl<'a> Walk<'a> {
    async fn new(server: &'a Server) -> Self {
        let document = server.get("/api/v1/openapi.json").await;
        Self { server, document, answers: Vec::new(), seen: BTreeSet::new() }
    }

    /// Sends `request`, which is one of `route`, and holds the answer against the description.
    async fn ask(&mut self, method: &Method, route: &str, request: RequestBuilder) -> Answer {
        // A connection that the server closed after a body too long may be taken once more by the client.
        let again = request.try_clone();
        let answer = match (request.send().await, again) {
            (Err(_), Some(again)) => again.send().await,
            (answer, _) => answer,
        };
        let answer = answer.unwrap_or_else(|why| panic!("{method} {route}: {why}"));
        self.hold(method, route, answer).await
    }

    async fn hold(&mut self, method: &Method, route: &str, answer: Response) -> Answer {
        let status = answer.status().as_u16();
        let header = |name: &str| {
            answer.headers().get(name).map_or_else(String::new, |value| value.to_str().expect("text").to_owned())
        };
        let (location, etag, kind) = (header("location"), header("etag"), header("content-type"));
        let text = String::from_utf8_lossy(&answer.bytes().await.expect("a body")).into_owned();
        let of = format!("{method} {route} {status}");
        let kind = kind.split(';').next().unwrap_or_default().to_owned();
        self.describe(&of, &kind, &text);
        Answer { status, location, etag, text }
    }

    fn describe(&mut self, of: &str, kind: &str, text: &str) {
        let [method, route, status] = of.split(' ').collect::<Vec<_>>()[..] else { panic!("{of}") };
        let method = method.to_lowercase();
        let at = format!("/paths/{}/{method}/responses/{status}", pointer(route));
        let described = self.document.pointer(&at).unwrap_or_else(|| panic!("{of} is not described: {text}"));
        match described["content"].as_object() {
            None => assert!(text.is_empty(), "{of}: a body is not described: {text}"),
            Some(kinds) => assert!(kinds.contains_key(kind), "{of}: {kind:?} is not described: {text}"),
        }
        if kind.ends_with("json") {
            let schema = format!("#{at}/content/{}/schema", pointer(kind));
            let body: Value = serde_json::from_str(text).unwrap_or_else(|why| panic!("{of}: {why}: {text}"));
            self.answers.push(json!({"of": of, "schema": schema, "body": body}));
        }
        self.seen.insert(of.to_owned());
    }

    /// A message of the WebSocket.
    fn message(&mut self, text: &str) {
        let body: Value = serde_json::from_str(text).expect("JSON");
        let kind = match body["event"].as_str() {
            Some("snapshot") => "Snapshot",
            Some("missed") => "Missed",
            Some("wall") => "WallSnapshot",
            Some("rows") => "WallChanges",
            Some("call") => "CallSnapshot",
            Some("live") => "LiveEvent",
            Some("alert") => "AlertMessage",
            Some("approvals") => "WallApprovals",
            Some("queue") => "QueueNews",
            Some("offers") => "OfferNews",
            _ => "TimelineEvent",
        };
        let schema = format!("#/components/schemas/{kind}");
        self.answers.push(json!({"of": format!("event {}", body["event"]), "schema": schema, "body": body}));
    }

    fn operations(&self) -> Vec<(Method, String, Value)> {
        let paths = self.document["paths"].as_object().expect("paths");
        let all = paths.iter().flat_map(|(route, methods)| {
            let methods = methods.as_object().expect("methods");
            methods.iter().map(move |(method, operation)| {
                (method.to_uppercase().parse().expect("a method"), route.clone(), operation.clone())
            })
        });
        all.collect()
    }

    /// What can be wrong with a request to any route.
    async fn wrongs(&mut self) {
        for (method, route, operation) in self.operations() {
            let (server, pages) = (self.server, route.starts_with("/api/v1/widget/"));
            let path = route.replace("{id}", "none").replace("{name}", "none").replace("{seat}", "2");
            // Where somebody becomes known, nobody has to be.
            let doors = ["/api/v1/session", "/api/v1/welcome", "/api/v1/oidc", "/api/v1/oidc/session"];
            let open = method == Method::POST && doors.contains(&route.as_str()) || route == "/api/v1/sign-in";
            let with = |path: &str| {
                let request =
                    if pages { server.request(method.clone(), path) } else { server.authorised(method.clone(), path) };
                if pages { request.header("origin", format!("http://{}", server.http)) } else { request }
            };
            if method == Method::OPTIONS {
                self.ask(&method, &route, with(&path)).await;
                continue;
            }
            if !pages && !open && !route.starts_with("/health/") {
                assert_eq!(self.ask(&method, &route, server.request(method.clone(), &path)).await.status, 401);
                let stranger = server.request(method.clone(), &path).bearer_auth("stranger");
                assert_eq!(self.ask(&method, &route, stranger).await.status, 401);
            }
            if route.contains('{') && !pages {
                let path = route.replace("{id}", "%ff").replace("{name}", "%ff").replace("{seat}", "2");
                assert_eq!(self.ask(&method, &route, with(&path)).await.status, 400);
            }
            assert_eq!(self.ask(&method, &route, with(&format!("{path}?no_such=1"))).await.status, 400);
            if !operation["requestBody"]["content"]["application/json"].is_null() {
                let json = |body: String| with(&path).header("content-type", "application/json").body(body);
                for (status, request) in [
                    (415, with(&path).body("{}")),
                    (400, json("{".into())),
                    (422, json(r#"{"no_such": 1}"#.into())),
                    (413, json(format!("\"{}\"", "x".repeat(70_000)))),
                ] {
                    assert_eq!(self.ask(&method, &route, request).await.status, status, "{method} {route}");
                }
            }
        }
    }

    /// A call from a page that books by typing; returns its id when it has ended.
    async fn page(&mut self) -> String {
        const CALLS: &str = "/api/v1/widget/calls";
        const ONE: &str = "/api/v1/widget/calls/{id}";
        const SESSIONS: &str = "/api/v1/widget/sessions";
        let (server, origin) = (self.server, format!("http://{}", self.server.http));
        let page = |method, path: &str| server.request(method, path).header("origin", &origin);
        self.ask(&Method::GET, "/api/v1/widget/bots", page(Method::GET, "/api/v1/widget/bots")).await;
        let new = json!({"bot": "booking.en"});
        let made = self.ask(&Method::POST, SESSIONS, page(Method::POST, SESSIONS).json(&new)).await;
        let token = made.json()["token"].as_str().expect("a token").to_owned();
        let forged = page(Method::POST, SESSIONS).bearer_auth("stranger").json(&new);
        assert_eq!(self.ask(&Method::POST, SESSIONS, forged).await.status, 401);
        let strange = server.request(Method::POST, SESSIONS).header("origin", "https://elsewhere.example").json(&new);
        assert_eq!(self.ask(&Method::POST, SESSIONS, strange).await.status, 403);
        let authorised = server.authorised(Method::POST, SESSIONS).json(&json!({"bot": "none", "origin": origin}));
        assert_eq!(self.ask(&Method::POST, SESSIONS, authorised).await.status, 422);
        let stack = WebRtc::start(WebRtcPlan { bind: vec![HERE.into()], ..WebRtcPlan::default() }).expect("WebRTC");
        let offered = stack.offer().await.expect("an offer");
        let sdp = offered.sdp.clone();
        let offer = || page(Method::POST, CALLS).header("content-type", "application/sdp").body(sdp.clone());
        for (status, request) in [
            (401, offer()),
            (401, offer().bearer_auth("forged")),
            (403, server.request(Method::POST, CALLS).bearer_auth(&token).header("content-type", "application/sdp")),
            (415, page(Method::POST, CALLS).bearer_auth(&token).body("v=0")),
            (413, page(Method::POST, CALLS).bearer_auth(&token).body("x".repeat(70_000))),
            (400, page(Method::POST, CALLS).bearer_auth(&token).body(vec![0xff, 0xfe])),
        ] {
            assert_eq!(self.ask(&Method::POST, CALLS, request).await.status, status);
        }
        let begun = self.ask(&Method::POST, CALLS, offer().bearer_auth(&token)).await;
        assert_eq!((begun.status, begun.location.is_empty()), (201, false), "{}", begun.text);
        let Answered { peer, data, line, .. } = offered.accept(&begun.text).await.expect("accepted");
        let told = Told::of(data.inbox);
        let words = ["book a room", "mountain view", "tomorrow at two thirty p m for half an hour", "two people"];
        let again = self.ask(&Method::POST, CALLS, offer().bearer_auth(&token)).await;
        assert_eq!(again.status, 401, "it is used");
        for _ in 0..30 {
            let flood = self.ask(&Method::POST, SESSIONS, page(Method::POST, SESSIONS).json(&new)).await;
            if flood.status == 429 {
                break;
            }
        }
        let unanswerable =
            self.server.authorised(Method::POST, SESSIONS).json(&json!({"bot": "booking.en", "origin": origin}));
        let fresh = self.ask(&Method::POST, SESSIONS, unanswerable).await.json();
        let nonsense = page(Method::POST, CALLS).bearer_auth(fresh["token"].as_str().expect("a token"));
        let nonsense = nonsense.header("content-type", "application/sdp").body("nonsense");
        assert_eq!(self.ask(&Method::POST, CALLS, nonsense).await.status, 422);
        // The disclosure is heard to its end: no supervisor takes part before, and what is typed would cut it.
        pause(10_000).await;
        // The conversation.
        for (turns, text) in words.into_iter().enumerate() {
            data.outbox.send(json!({"type": "text", "text": text}).to_string()).await.expect("a channel");
            told.turns(turns + 1).await;
        }
        // What a page asks of its call.
        let fragment = peer.renew().await.expect("a fragment");
        let patch = |matched: Option<&str>, body: &str| {
            let request = page(Method::PATCH, &begun.location).bearer_auth(&token).body(body.to_owned());
            let request = request.header("content-type", "application/trickle-ice-sdpfrag");
            matched.into_iter().fold(request, |request, etag| request.header("if-match", etag))
        };
        for (status, request) in [
            (428, patch(None, "")),
            (412, patch(Some("\"77\""), &fragment)),
            (400, patch(Some("*"), "nonsense")),
            (204, patch(Some(&begun.etag), "a=end-of-candidates\r\n")),
            (200, patch(Some("*"), &fragment)),
            (401, page(Method::PATCH, &begun.location).body("")),
            (415, page(Method::PATCH, &begun.location).bearer_auth(&token).body("")),
            (413, patch(Some("*"), &"x".repeat(70_000))),
            (
                403,
                server
                    .request(Method::PATCH, &begun.location)
                    .bearer_auth(&token)
                    .header("origin", "https://e.example"),
            ),
            (
                404,
                page(Method::PATCH, &begun.location.replace(|c: char| c.is_ascii_digit(), "0"))
                    .bearer_auth(&token)
                    .header("content-type", "application/trickle-ice-sdpfrag")
                    .header("if-match", "*")
                    .body(fragment.clone()),
            ),
        ] {
            let answer = self.ask(&Method::PATCH, ONE, request).await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
        let id = server.live().await;
        self.live(&id).await;
        let bye = || page(Method::DELETE, &begun.location);
        let elsewhere = server.request(Method::DELETE, &begun.location).header("origin", "https://e.example");
        for (status, request) in [
            (401, bye()),
            (403, elsewhere.bearer_auth(&token)),
            (400, page(Method::DELETE, "/api/v1/widget/calls/%ff").bearer_auth(&token)),
            (200, bye().bearer_auth(&token)),
        ] {
            assert_eq!(self.ask(&Method::DELETE, ONE, request).await.status, status);
        }
        drop(line);
        server.ended(1).await;
        // The call's task is the last to go.
        while self.ask(&Method::DELETE, ONE, bye().bearer_auth(&token)).await.status != 404 {
            pause(20).await;
        }
        id
    }

    /// What is asked of a call that lives.
    async fn live(&mut self, id: &str) {
        let (one, recording) = ("/api/v1/calls/{id}", "/api/v1/calls/{id}/recording");
        let server = self.server;
        let path = format!("/api/v1/calls/{id}");
        self.ask(&Method::GET, one, server.authorised(Method::GET, &format!("{path}?timeline=true"))).await;
        for paused in [true, false] {
            let pause = server.authorised(Method::PUT, &format!("{path}/recording")).json(&json!({"paused": paused}));
            assert_eq!(self.ask(&Method::PUT, recording, pause).await.status, 204);
        }
        self.ask(&Method::GET, "/api/v1/calls", server.authorised(Method::GET, "/api/v1/calls?state=live&limit=1"))
            .await;
        self.supervises(id).await;
    }

    /// What is asked of a call that has ended.
    async fn over(&mut self, id: &str) {
        let server = self.server;
        let (get, path) = (Method::GET, format!("/api/v1/calls/{id}"));
        let whole = until(seconds(5), "the recording to be closed", || async {
            let call = server.get(&path).await;
            (call["recorded"] == "whole").then_some(call)
        });
        let call = whole.await;
        assert!(call["slots"].as_object().is_some_and(|slots| slots.len() >= 4), "{call:#}");
        let read = self
            .ask(&get, "/api/v1/calls/{id}", server.authorised(Method::GET, &format!("{path}?timeline=true")))
            .await;
        let timeline = read.json()["timeline"].as_array().expect("a timeline").len();
        assert!(timeline > 20, "{timeline} events");
        let sound = format!("{path}/recording");
        let parts = [(200, "", None), (206, "", Some("bytes=0-99")), (416, "", Some("bytes=999999999-"))];
        for (status, of, range) in parts.into_iter().chain([(200, "?of=people", None), (400, "?of=bot", None)]) {
            let asked = server.authorised(Method::GET, &format!("{sound}{of}"));
            let asked = range.into_iter().fold(asked, |asked, range| asked.header("range", range));
            assert_eq!(self.ask(&get, "/api/v1/calls/{id}/recording", asked).await.status, status);
        }
        let pause = server.authorised(Method::PUT, &sound).json(&json!({"paused": true}));
        assert_eq!(self.ask(&Method::PUT, "/api/v1/calls/{id}/recording", pause).await.status, 409);
        assert_eq!(
            self.ask(&Method::DELETE, "/api/v1/calls/{id}", server.authorised(Method::DELETE, &path)).await.status,
            409
        );
        let seats = server.authorised(Method::GET, &format!("{path}/seats"));
        assert_eq!(self.ask(&get, "/api/v1/calls/{id}/seats", seats).await.status, 409);
        let guide = server.authorised(Method::POST, &format!("{path}/guidance")).json(&json!({"task": "book"}));
        assert_eq!(self.ask(&Method::POST, "/api/v1/calls/{id}/guidance", guide).await.status, 409);
        for (method, route) in [
            (Method::GET, "/api/v1/calls/{id}"),
            (Method::DELETE, "/api/v1/calls/{id}"),
            (Method::GET, "/api/v1/calls/{id}/recording"),
        ] {
            let none = server.authorised(method.clone(), &route.replace("{id}", "none"));
            assert_eq!(self.ask(&method, route, none).await.status, 404);
        }
        let none = server.authorised(Method::PUT, "/api/v1/calls/none/recording").json(&json!({"paused": true}));
        assert_eq!(self.ask(&Method::PUT, "/api/v1/calls/{id}/recording", none).await.status, 404);
    }

    /// The routes that only read, and lists.
    async fn reads(&mut self, id: &str) {
        let server = self.server;
        let nobody = uuid::Uuid::now_v7();
        for (status, route, query) in [
            (200, "/api/v1/calls", String::new()),
            (200, "/api/v1/calls", format!("?before={id}&limit=200")),
            (400, "/api/v1/calls", "?limit=0".into()),
            (400, "/api/v1/calls", "?before=yesterday".into()),
            (404, "/api/v1/calls", format!("?before={nobody}")),
            (200, "/api/v1/bots", String::new()),
            (200, "/api/v1/numbers", String::new()),
            (400, "/api/v1/numbers", "?since=yesterday".into()),
            (200, "/health/live", String::new()),
            (200, "/health/ready", String::new()),
            (200, "/metrics", String::new()),
            (200, "/api/v1/openapi.json", String::new()),
            (400, "/api/v1/events", String::new()),
            (400, "/api/v1/wall", String::new()),
        ] {
            let answer =
                self.ask(&Method::GET, route, server.authorised(Method::GET, &format!("{route}{query}"))).await;
            assert_eq!(answer.status, status, "{route}{query}: {}", answer.text);
        }
        let reload = server.authorised(Method::POST, "/api/v1/bots/reload");
        assert_eq!(self.ask(&Method::POST, "/api/v1/bots/reload", reload).await.status, 200);
    }

    /// Places calls: one that is taken, one that cannot be.
    async fn dials(&mut self) {
        let (server, post, route) = (self.server, Method::POST, "/api/v1/calls");
        let gone = format!("sip:x@127.0.0.1:{}", crate::testbed::port());
        for (status, to, bot) in [
            (202, gone.as_str(), "booking.en"),
            (422, &gone, "none"),
            (422, "0912345678", "booking.en"),
            (400, "call me", "booking.en"),
            (400, "sip:100@127.0.0.1:99999", "booking.en"),
        ] {
            let dial = server.authorised(Method::POST, route).json(&json!({"to": to, "bot": bot}));
            let answer = self.ask(&post, route, dial).await;
            assert_eq!(answer.status, status, "{}", answer.text);
            if status == 202 {
                let path = answer.location;
                assert_eq!(
                    self.ask(&Method::DELETE, "/api/v1/calls/{id}", server.authorised(Method::DELETE, &path))
                        .await
                        .status,
                    202
                );
            }
        }
    }

    /// A call of a trunk's that brings header fields. All that is told of a call is described.
    async fn brings(&mut self) {
        let server = self.server;
        let peer =
            crate::peer::Peer::call_bringing(server.sip, "echo", "X-Customer: 4711\r\n").await.expect("answered");
        let list = self.ask(&Method::GET, "/api/v1/calls", server.authorised(Method::GET, "/api/v1/calls?state=live"));
        let list = list.await.json();
        let call = list["calls"][0].as_object().expect("a call");
        assert_eq!(call["headers"], json!({"X-Customer": "4711"}));
        let described = self.document["components"]["schemas"]["Call"]["properties"].as_object().expect("a schema");
        let silent: Vec<&String> = call.keys().filter(|key| !described.contains_key(*key)).collect();
        assert!(silent.is_empty(), "not described: {silent:?}");
        peer.hang_up().await;
    }

    /// WebSockets: their messages, and who is refused.
    async fn watch(&self, path: &str) -> Result<Socket, tungstenite::Error> {
        self.watch_by(path, &self.server.token()).await
    }

    async fn watch_by(&self, path: &str, token: &str) -> Result<Socket, tungstenite::Error> {
        let address: Uri = format!("ws://{}{path}", self.server.http).parse().expect("an address");
        let mut request = address.into_client_request()?;
        let token = format!("Bearer {token}");
        request.headers_mut().insert("authorization", token.parse().expect("a header"));
        tokio_tungstenite::connect_async(request).await.map(|(socket, _)| socket)
    }

    async fn refused(&mut self, route: &str, path: &str) -> u16 {
        let token = self.server.token();
        self.refused_of(route, path, &token).await
    }

    async fn refused_of(&mut self, route: &str, path: &str, token: &str) -> u16 {
        let Err(tungstenite::Error::Http(answer)) = self.watch_by(path, token).await else { panic!("{path}: taken") };
        let (head, body) = answer.into_parts();
        let text = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
        let kind = head.headers["content-type"].to_str().expect("text").to_owned();
        self.describe(&format!("GET {route} {}", head.status.as_u16()), &kind, &text);
        head.status.as_u16()
    }

    /// One live call, to the word that is being said.
    async fn live_to_the_word(&mut self) {
        let peer = crate::peer::Peer::call(self.server.sip, "booking").await.expect("answered");
        let id = self.server.live().await;
        let mut socket = self.watch(&LIVE.replace("{id}", &id)).await.expect("a watcher");
        self.seen.insert(format!("GET {LIVE} 101"));
        let mut kinds = BTreeSet::new();
        while !["call", "live", "rows", "mark"].iter().all(|kind| kinds.contains(*kind)) {
            let message = tokio::time::timeout(seconds(10), socket.next()).await.expect("in time").expect("open");
            if let tungstenite::Message::Text(text) = message.expect("a message") {
                let body: Value = serde_json::from_str(&text).expect("JSON");
                kinds.insert(body["event"].as_str().expect("a kind").to_owned());
                self.message(&text);
            }
        }
        peer.hang_up().await;
        until(seconds(5), "the call to be over", || async {
            let calls = self.server.get("/api/v1/calls?state=live").await;
            calls["calls"].as_array().is_some_and(Vec::is_empty).then_some(())
        })
        .await;
    }

    /// What a validator that is not ours finds.
    fn judge(&self) {
        let judge = root().join("tests/openapi");
        if !judge.join("site/.installed").is_file() {
            return eprintln!("skipped: no foreign validator in tests/openapi/site (scripts/setup.sh test fetches it)");
        }
        let file = self.server.dir.join("answers.json");
        std::fs::write(&file, json!({"document": self.document, "answers": self.answers}).to_string())
            .expect("written");
        let out = Command::new("python3").arg(judge.join("check.py")).arg(&file).output().expect("python3");
        let said = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
        println!("{said}");
    }

    /// Statuses that are described and did not come.
    fn unseen(&self) -> Vec<String> {
        let described = self.operations().into_iter().flat_map(|(method, route, operation)| {
            let statuses: Vec<String> = operation["responses"].as_object().expect("answers").keys().cloned().collect();
            statuses.into_iter().map(move |status| format!("{method} {route} {status}"))
        });
        described.filter(|one| !self.seen.contains(one)).collect()
    }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// What a page was told. It is read as it comes: a page that does not read is hung up on.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Value>>>);

impl Told {
    fn of(mut inbox: tokio::sync::mpsc::Receiver<Message>) -> Self {
        let told = Self::default();
        let reader = told.clone();
        tokio::spawn(async move {
            while let Some(message) = inbox.recv().await {
                if let Message::Text(text) = message {
                    reader.0.lock().expect("no panic").push(serde_json::from_str(&text).expect("JSON"));
                }
            }
        });
        told
    }

    /// Waits for so many turns of the caller's to have been taken.
    async fn turns(&self, many: usize) {
        let taken = |message: &&Value| message["type"] == "caption" && message["final"] == true;
        until(seconds(20), &format!("{many} turns"), || async {
            let turns = self.0.lock().expect("no panic").iter().filter(taken).count();
            (turns >= many).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_every_route_is_as_the_description_says() {
    let _machine = beside_others().await;
    let mut server = Server::with("openapi", exchange).await;
    let mut walk = Walk::new(&server).await;
    let mut socket = walk.watch(EVENTS).await.expect("a watcher");
    let mut wall = walk.watch("/api/v1/wall").await.expect("a watcher");
    walk.seen.extend([format!("GET {EVENTS} 101"), "GET /api/v1/wall 101".into()]);
    walk.wrongs().await;
    walk.access().await;
    walk.alert_rules().await;
    let id = walk.page().await;
    walk.alerts().await;
    walk.over(&id).await;
    walk.reads(&id).await;
    let unknown = uuid::Uuid::now_v7();
    for (status, route, path) in [
        (400, EVENTS, format!("{EVENTS}?call=x")),
        (404, EVENTS, format!("{EVENTS}?call={unknown}")),
        (404, LIVE, LIVE.replace("{id}", "none")),
        (409, LIVE, LIVE.replace("{id}", &id)),
    ] {
        assert_eq!(walk.refused(route, &path).await, status, "{path}");
    }
    walk.live_to_the_word().await;
    walk.dials().await;
    walk.brings().await;
    let mut ends = 0;
    while ends < 3 {
        let message = tokio::time::timeout(seconds(10), socket.next()).await.expect("in time").expect("open");
        if let tungstenite::Message::Text(text) = message.expect("a message") {
            ends += usize::from(text.contains("\"ended\""));
            walk.message(&text);
        }
    }
    for _ in 0..4 {
        let message = tokio::time::timeout(seconds(10), wall.next()).await.expect("in time").expect("open");
        if let tungstenite::Message::Text(text) = message.expect("a message") {
            walk.message(&text);
        }
    }
    // While it stops: a watcher's call goes on, and nothing new is taken.
    let peer = crate::peer::Peer::call(server.sip, "echo").await.expect("answered");
    server.signal("TERM");
    until(seconds(5), "the drain", || async {
        let answer = server.request(Method::GET, "/health/ready").send().await.expect("an answer");
        (answer.status() == 503).then_some(())
    })
    .await;
    walk.ask(&Method::GET, "/health/ready", server.request(Method::GET, "/health/ready")).await;
    walk.notes(&id).await;
    let dial =
        server.authorised(Method::POST, "/api/v1/calls").json(&json!({"to": "sip:x@127.0.0.1", "bot": "booking.en"}));
    assert_eq!(walk.ask(&Method::POST, "/api/v1/calls", dial).await.status, 503);
    let token = json!({"bot": "booking.en", "origin": "https://shop.example"});
    let token = walk.ask(
        &Method::POST,
        "/api/v1/widget/sessions",
        server.authorised(Method::POST, "/api/v1/widget/sessions").json(&token),
    );
    let token = token.await.json()["token"].as_str().expect("a token").to_owned();
    let offer = server.request(Method::POST, "/api/v1/widget/calls").header("origin", "https://shop.example");
    let offer = offer.bearer_auth(token).header("content-type", "application/sdp").body("v=0");
    assert_eq!(walk.ask(&Method::POST, "/api/v1/widget/calls", offer).await.status, 503);
    walk.judge();
    let unseen = walk.unseen();
    let wishful: Vec<&String> = unseen.iter().filter(|one| !rare::is_rare(one)).collect();
    assert!(wishful.is_empty(), "described, and never seen: {wishful:#?}");
    peer.hang_up().await;
    assert!(server.exited(8).await.success());
}

//! Who may do what over HTTP: every role at every route of the description, and what each sees of a call.
use super::*;
use crate::security::{NewUser, Principal, Reach, Right, Role, UserChange};
use futures::future::join_all;
use std::collections::BTreeSet;

pub(super) const PASSWORD: &str = "correct horse battery";

/// What a route asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Asks {
    /// Nothing of this API's own: health, signing in, pages.
    Nothing,
    /// To be known.
    Known,
    Right(Right),
}

/// Every route, and what it asks for. Where a path has an id, it is that of a live call of `booking.en`.
const ROUTES: [(&str, &str, Asks); 73] = [
    ("GET", "/health/live", Asks::Nothing),
    ("GET", "/health/ready", Asks::Nothing),
    ("GET", "/metrics", Asks::Right(Right::ReadMetrics)),
    ("GET", "/api/v1/openapi.json", Asks::Known),
    ("POST", "/api/v1/session", Asks::Nothing),
    ("GET", "/api/v1/session", Asks::Known),
    ("PATCH", "/api/v1/session", Asks::Known),
    ("DELETE", "/api/v1/session", Asks::Known),
    ("POST", "/api/v1/welcome", Asks::Nothing),
    ("GET", "/api/v1/sign-in", Asks::Nothing),
    ("POST", "/api/v1/oidc", Asks::Nothing),
    ("POST", "/api/v1/oidc/session", Asks::Nothing),
    ("GET", "/api/v1/users", Asks::Right(Right::ManageUsers)),
    ("POST", "/api/v1/users", Asks::Right(Right::ManageUsers)),
    ("PATCH", "/api/v1/users/{name}", Asks::Right(Right::ManageUsers)),
    ("DELETE", "/api/v1/users/{name}", Asks::Right(Right::ManageUsers)),
    ("GET", "/api/v1/tokens", Asks::Right(Right::ManageUsers)),
    ("POST", "/api/v1/tokens", Asks::Right(Right::ManageUsers)),
    ("DELETE", "/api/v1/tokens/{id}", Asks::Right(Right::ManageUsers)),
    ("GET", "/api/v1/audit", Asks::Right(Right::ReadAudit)),
    ("GET", "/api/v1/bots", Asks::Right(Right::SeeCalls)),
    ("POST", "/api/v1/bots/reload", Asks::Right(Right::ManageBots)),
    ("GET", "/api/v1/calls", Asks::Right(Right::SeeCalls)),
    ("POST", "/api/v1/calls", Asks::Right(Right::Dial)),
    ("GET", "/api/v1/calls/{id}", Asks::Right(Right::SeeCalls)),
    ("DELETE", "/api/v1/calls/{id}", Asks::Right(Right::EndCalls)),
    ("GET", "/api/v1/calls/{id}/recording", Asks::Right(Right::HearRecordings)),
    ("PUT", "/api/v1/calls/{id}/recording", Asks::Right(Right::PauseRecording)),
    ("GET", "/api/v1/calls/{id}/rehearsal", Asks::Right(Right::SeeTranscripts)),
    ("GET", "/api/v1/calls/{id}/notes", Asks::Right(Right::SeeTranscripts)),
    ("POST", "/api/v1/calls/{id}/notes", Asks::Right(Right::Annotate)),
    ("PUT", "/api/v1/calls/{id}/tags", Asks::Right(Right::Annotate)),
    ("GET", "/api/v1/calls/{id}/memory", Asks::Right(Right::SeeTranscripts)),
    ("DELETE", "/api/v1/calls/{id}/memory", Asks::Right(Right::Erase)),
    ("POST", "/api/v1/calls/{id}/shares", Asks::Right(Right::Export)),
    // To know the secret of a link.
    ("POST", "/api/v1/shares", Asks::Nothing),
    ("DELETE", "/api/v1/callers/{id}", Asks::Right(Right::Erase)),
    ("GET", "/api/v1/events", Asks::Right(Right::SeeCalls)),
    ("GET", "/api/v1/numbers", Asks::Right(Right::SeeCalls)),
    ("GET", "/api/v1/wall", Asks::Right(Right::SeeCalls)),
    ("GET", "/api/v1/alerts", Asks::Right(Right::SeeCalls)),
    ("PUT", "/api/v1/alerts/{id}/seen", Asks::Right(Right::Monitor)),
    ("GET", "/api/v1/webhooks/deliveries", Asks::Right(Right::ManageBots)),
    ("POST", "/api/v1/webhooks/deliveries/{id}/replay", Asks::Right(Right::ManageBots)),
    ("POST", "/api/v1/webhooks/{name}/replay", Asks::Right(Right::ManageBots)),
    ("GET", "/api/v1/calls/{id}/live", Asks::Right(Right::SeeCalls)),
    ("GET", "/api/v1/calls/{id}/seats", Asks::Right(Right::Monitor)),
    ("POST", "/api/v1/calls/{id}/seats", Asks::Right(Right::Monitor)),
    ("POST", "/api/v1/calls/{id}/seats/phone", Asks::Right(Right::Monitor)),
    ("POST", "/api/v1/calls/{id}/seats/dial-in", Asks::Right(Right::Monitor)),
    ("PATCH", "/api/v1/calls/{id}/seats/{seat}", Asks::Right(Right::Monitor)),
    ("DELETE", "/api/v1/calls/{id}/seats/{seat}", Asks::Right(Right::Monitor)),
    ("POST", "/api/v1/calls/{id}/handback", Asks::Right(Right::TakeOver)),
    ("POST", "/api/v1/calls/{id}/guidance", Asks::Right(Right::Guide)),
    ("PUT", "/api/v1/agents/me", Asks::Right(Right::Answer)),
    ("GET", "/api/v1/agents", Asks::Right(Right::Answer)),
    ("GET", "/api/v1/queue", Asks::Right(Right::SeeCalls)),
    ("GET", "/api/v1/offers", Asks::Right(Right::Answer)),
    ("POST", "/api/v1/offers/{id}", Asks::Right(Right::Answer)),
    ("DELETE", "/api/v1/offers/{id}", Asks::Right(Right::Answer)),
    ("GET", "/api/v1/callbacks", Asks::Right(Right::SeeCalls)),
    ("PUT", "/api/v1/callbacks/{id}/done", Asks::Right(Right::Answer)),
    ("GET", "/api/v1/approvals", Asks::Right(Right::Approve)),
    ("POST", "/api/v1/approvals/{id}", Asks::Right(Right::Approve)),
    ("GET", "/api/v1/widget/bots", Asks::Nothing),
    ("OPTIONS", "/api/v1/widget/bots", Asks::Nothing),
    ("POST", "/api/v1/widget/sessions", Asks::Nothing),
    ("OPTIONS", "/api/v1/widget/sessions", Asks::Nothing),
    ("POST", "/api/v1/widget/calls", Asks::Nothing),
    ("OPTIONS", "/api/v1/widget/calls", Asks::Nothing),
    ("PATCH", "/api/v1/widget/calls/{id}", Asks::Nothing),
    ("DELETE", "/api/v1/widget/calls/{id}", Asks::Nothing),
    ("OPTIONS", "/api/v1/widget/calls/{id}", Asks::Nothing),
];

/// A browser that signed in.
#[derive(Clone)]
pub(super) struct Browser {
    pub(super) cookie: String,
    pub(super) csrf: String,
}

impl Site {
    pub(super) async fn user(&self, name: &str, role: Role, bots: Option<&[&str]>) -> Browser {
        let bots = bots.map(|bots| bots.iter().map(|bot| (*bot).to_owned()).collect());
        let new = NewUser { name, password: PASSWORD, role, bots };
        self.access.add_user(&Principal::command(), new).await.unwrap();
        self.sign_in(name).await
    }

    pub(super) async fn sign_in(&self, name: &str) -> Browser {
        let form = json!({"name": name, "password": PASSWORD});
        let answer = self.bare(Method::POST, "/api/v1/session").json(&form).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        Browser::of(answer).await.0
    }

    pub(super) fn by(&self, browser: &Browser, method: Method, path: &str) -> RequestBuilder {
        let request = self.bare(method, path).header("cookie", &browser.cookie);
        request.header("x-csrf-token", &browser.csrf).header("origin", format!("http://{}", self.address))
    }

    pub(super) async fn socket_by(
        &self,
        browser: &Browser,
        path: &str,
        origin: Option<&str>,
    ) -> Result<WebSocketStream<tokio::net::TcpStream>, tungstenite::Error> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request()?;
        request.headers_mut().insert("cookie", browser.cookie.parse()?);
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse()?);
        }
        let stream = tokio::net::TcpStream::connect(self.address).await?;
        Ok(client_async(request, stream).await?.0)
    }

    async fn is_signed_in(&self, browser: &Browser) -> bool {
        self.by(browser, Method::GET, "/api/v1/session").send().await.unwrap().status() == 200
    }

    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Status and body of a request to a route by a user; a WebSocket where the route is one.
    async fn cell(&self, browser: &Browser, method: &str, path: &str) -> (u16, Value) {
        if is_socket(path) {
            return match self.socket_by(browser, path, Some(&self.origin())).await {
                Ok(_) => (101, Value::Null),
                Err(tungstenite::Error::Http(answer)) => {
                    let body = answer.body().as_deref().unwrap_or_default();
                    (answer.status().as_u16(), serde_json::from_slice(body).unwrap_or_default())
                }
                Err(why) => panic!("{why}"),
            };
        }
        let request = self.by(browser, method.parse().unwrap(), path);
        let request = match body(method, path) {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }
}

impl Browser {
    /// Out of the answer to signing in.
    pub(super) async fn of(answer: reqwest::Response) -> (Self, Value) {
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let body: Value = answer.json().await.unwrap();
        (Self { cookie, csrf: body["csrf"].as_str().unwrap().to_owned() }, body)
    }
}

/// Whether a route is a WebSocket.
fn is_socket(path: &str) -> bool {
    matches!(path, "/api/v1/events" | "/api/v1/wall") || path.ends_with("/live") && path.starts_with("/api/")
}

/// A body that the route can read.
fn body(method: &str, path: &str) -> Option<Value> {
    let end = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
    Some(match (method, path) {
        ("POST", "/api/v1/calls") => json!({"to": "sip:a@b.test", "bot": "booking.en"}),
        ("POST", path) if path.ends_with("/handback") => json!({}),
        ("DELETE", path) if path.starts_with("/api/v1/offers/") => json!({"why": "busy"}),
        ("PUT", "/api/v1/agents/me") => json!({"available": false}),
        ("POST", path) if path.starts_with("/api/v1/approvals/") => json!({"decision": "decline"}),
        ("POST", path) if path.ends_with("/guidance") => json!({"task": "book"}),
        ("PATCH", path) if path.contains("/seats/") => json!({"mode": "monitor"}),
        ("POST", path) if path.ends_with("/notes") => json!({"text": "called back"}),
        ("POST", path) if path.ends_with("/shares") => {
            if path == "/api/v1/shares" {
                json!({"secret": "x"})
            } else {
                json!({})
            }
        }
        ("PUT", path) if path.ends_with("/tags") => json!({"tags": ["later"]}),
        ("PUT", _) => json!({"paused": true}),
        ("POST", "/api/v1/webhooks/nobody/replay") => json!({"since": end}),
        ("POST", "/api/v1/users") => json!({"name": "somebody", "password": PASSWORD, "role": "viewer"}),
        ("PATCH", "/api/v1/session") => json!({"current": PASSWORD, "password": PASSWORD}),
        ("PATCH", path) if path.starts_with("/api/v1/users/") => json!({"role": "viewer"}),
        ("POST", "/api/v1/tokens") => json!({"name": "x", "rights": ["see_calls"], "expires_at": end}),
        ("POST", "/api/v1/session") => json!({"name": "nobody", "password": "no password at all"}),
        ("POST", "/api/v1/welcome") => json!({"link": "x", "name": "nobody", "password": PASSWORD}),
        _ => return None,
    })
}

#[test]
fn the_table_holds_every_route_of_the_description() {
    let api: Value = serde_json::from_str(&description()).unwrap();
    let described: BTreeSet<(String, String)> = api["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let listed: BTreeSet<_> =
        ROUTES.into_iter().map(|(method, path, _)| (method.to_owned(), path.to_owned())).collect();
    assert_eq!(listed, described, "left: this table; right: the description");
}

#[tokio::test]
async fn every_role_may_at_every_route_what_the_table_of_rights_says() {
    let site = Site::open("api-rights").await;
    for role in Role::ALL {
        let name = format!("a-{role}");
        let mut standing = site.user(&name, role, None).await;
        for (method, route, asks) in ROUTES {
            // Two of these end sessions: the others' is then a new one.
            if route == "/api/v1/session" || !site.is_signed_in(&standing).await {
                standing = site.sign_in(&name).await;
            }
            let id = begin(&site.store, "sip:a@b.test");
            let path = route.replace("{id}", &id).replace("{name}", "nobody").replace("{seat}", "2");
            let (status, body) = site.cell(&standing, method, &path).await;
            let cell = format!("{role}: {method} {route}: {status} {body}");
            match asks {
                Asks::Nothing => assert_ne!(body["code"], "right_missing", "{cell}"),
                Asks::Known => assert!(status < 300, "{cell}"),
                Asks::Right(right) if role.rights().contains(right) => {
                    assert!(status != 401 && status != 403 && status < 500, "{cell}");
                }
                Asks::Right(right) => {
                    assert_eq!((status, &body["right"]), (403, &json!(right.name())), "{cell}");
                    assert_eq!(body["code"], "right_missing", "{cell}");
                    let detail = body["detail"].as_str().unwrap();
                    assert!(detail.contains(&format!("`{right}`")) && detail.contains(role.name()), "{cell}");
                }
            }
        }
    }
    // A viewer and an agent ended nothing, dialled nothing, made nobody.
    let users = site.access.users().await.unwrap();
    assert_eq!(users.iter().filter(|user| !user.name.starts_with("a-")).count(), 1, "the admin made one");
}

#[tokio::test]
async fn every_right_by_itself_opens_its_routes_and_no_others_to_a_token() {
    let site = Site::open("api-scopes").await;
    for right in Right::ALL {
        let expires_at = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        let form = json!({"name": right.name(), "rights": [right.name()], "expires_at": expires_at});
        let answer = site.ask(Method::POST, "/api/v1/tokens").json(&form).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let token = answer.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
        for (method, route, asks) in ROUTES.into_iter().filter(|(_, route, _)| !is_socket(route)) {
            let Asks::Right(asked) = asks else { continue };
            let id = begin(&site.store, "sip:a@b.test");
            let path = route.replace("{id}", &id).replace("{name}", "nobody").replace("{seat}", "2");
            let request = site.bare(method.parse().unwrap(), &path).bearer_auth(&token);
            let request = match body(method, &path) {
                Some(body) => request.json(&body),
                None => request,
            };
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
            // A token that manages users makes none with rights that it has not: another refusal.
            let missing = body["code"] == "right_missing";
            assert_eq!(missing, asked != right, "{right}: {method} {route}: {status} {body}");
            assert!(status != 401 && (!missing || status == 403), "{right}: {method} {route}: {status}");
        }
    }
}

#[tokio::test]
async fn who_is_restricted_to_a_bot_has_nothing_to_do_with_the_calls_of_others() {
    let site = Site::open("api-per-bot").await;
    let admin = site.user("restricted", Role::Admin, Some(&["places.vi"])).await;
    for (method, route, asks) in ROUTES {
        let Asks::Right(right) = asks else { continue };
        let id = begin(&site.store, "sip:a@b.test");
        let path = route.replace("{id}", &id).replace("{name}", "nobody").replace("{seat}", "2");
        let (status, body) = site.cell(&admin, method, &path).await;
        // Lists and events leave out what is not theirs.
        let whole = matches!(route, "/api/v1/calls" if method == "GET")
            || matches!(route, "/api/v1/events" | "/api/v1/wall" | "/api/v1/numbers" | "/api/v1/bots")
            // An id of no alert: there is nothing to refuse (`api/tests/alerts.rs` asks for one that is).
            || matches!(route, "/api/v1/alerts" | "/api/v1/alerts/{id}/seen" | "/api/v1/approvals")
            // Offers are those of who asks.
            || matches!(route, "/api/v1/agents" | "/api/v1/agents/me" | "/api/v1/queue")
            || route.starts_with("/api/v1/offers")
            // The call is none of which somebody is to be called back (`api/tests/agents.rs`).
            || route.starts_with("/api/v1/callbacks");
        let refused = !whole || right.reach() == Reach::Server;
        assert_eq!(status == 403, refused, "{method} {route}: {status} {body}");
    }
    let other = begin(&site.store, "sip:a@b.test");
    let own = begin_with(&site.store, "sip:c@d.test", "places.vi");
    let list: Value = site.by(&admin, Method::GET, "/api/v1/calls").send().await.unwrap().json().await.unwrap();
    let ids: Vec<_> = list["calls"].as_array().unwrap().iter().map(|call| call["id"].clone()).collect();
    assert_eq!(ids, [json!(own)]);
    let (status, _) = site.cell(&admin, "GET", &format!("/api/v1/calls/{own}")).await;
    assert_eq!(status, 200);
    let bots: Value = site.by(&admin, Method::GET, "/api/v1/bots").send().await.unwrap().json().await.unwrap();
    assert_eq!(bots, json!({"bots": []}), "booking.en and new are others'");
    let watched = format!("/api/v1/events?call={other}");
    let refused = site.socket_by(&admin, &watched, Some(&site.origin())).await;
    assert!(matches!(refused, Err(tungstenite::Error::Http(answer)) if answer.status() == 403));
    let mut events = site.socket_by(&admin, "/api/v1/events", Some(&site.origin())).await.unwrap();
    let snapshot = next(&mut events).await;
    assert_eq!(snapshot["calls"].as_array().unwrap().len(), 1);
    let late = begin_with(&site.store, "sip:e@f.test", "places.vi");
    for id in [&other, &own, &late] {
        site.store.note(id, CallEvent::Answered);
        site.store.note(id, CallEvent::Ended(End::new(Blame::RemoteParty, Reason::HungUp)));
    }
    let mut seen = Vec::new();
    for _ in 0..5 {
        let event = next(&mut events).await;
        seen.push((event["event"].as_str().unwrap().to_owned(), event["call"].as_str().unwrap().to_owned()));
    }
    assert!(seen.iter().all(|(_, id)| *id != other), "{seen:?}");
    let of = |event: &str| seen.iter().filter(|(name, _)| name == event).count();
    assert_eq!((of("started"), of("answered"), of("ended")), (1, 2, 2));
}

#[tokio::test]
async fn pages_of_a_restricted_users_calls_are_full() {
    let site = Site::open("api-per-bot-pages").await;
    let user = site.user("ada", Role::Viewer, Some(&["places.vi"])).await;
    for number in 0..30 {
        let bot = if number % 3 == 0 { "places.vi" } else { "booking.en" };
        let id = begin_with(&site.store, "sip:a@b.test", bot);
        if number % 2 == 0 {
            site.store.note(&id, CallEvent::Ended(End::new(Blame::RemoteParty, Reason::HungUp)));
        }
    }
    site.store.flush().await.unwrap();
    let (mut read, mut before) = (0, String::new());
    loop {
        let path = format!("/api/v1/calls?limit=4{before}");
        let page: Value = site.by(&user, Method::GET, &path).send().await.unwrap().json().await.unwrap();
        read += page["calls"].as_array().unwrap().len();
        match page["before"].as_str() {
            Some(id) => {
                assert_eq!(page["calls"].as_array().unwrap().len(), 4);
                before = format!("&before={id}");
            }
            None => break,
        }
    }
    assert_eq!(read, 10);
}

/// A caller's number, words and slot, each of which shows nowhere to whom it is not for.
const SECRETS: [&str; 5] = ["4412345678", "two people", "Lovelace", "4711", "5551234"];

async fn talk(site: &Site) -> String {
    let id = begin(&site.store, "sip:+4412345678@b.test");
    site.store.note(&id, CallEvent::Turn(spoken()));
    let slot = crate::store::Slot { name: "name".into(), value: Some(Private(json!("Lovelace"))), confirmed: true };
    site.store.note(&id, CallEvent::Slot(slot));
    let data = Private(json!({"ms": 5, "keys": "5551234"}));
    site.store.note(&id, CallEvent::Mark(Mark { name: "keys".into(), data }));
    id
}

#[tokio::test]
async fn a_viewer_sees_that_calls_go_on_and_neither_numbers_nor_words_anywhere() {
    let site = Site::open("api-masked").await;
    let viewer = site.user("eve", Role::Viewer, None).await;
    let agent = site.user("ada", Role::Agent, None).await;
    let mut sockets = Vec::new();
    for browser in [&viewer, &agent] {
        let mut socket = site.socket_by(browser, "/api/v1/events", Some(&site.origin())).await.unwrap();
        assert_eq!(next(&mut socket).await["event"], "snapshot");
        sockets.push(socket);
    }
    let id = talk(&site).await;
    site.store.flush().await.unwrap();
    let detail = format!("/api/v1/calls/{id}?timeline=true");
    let texts = async |browser: &Browser, socket: &mut WebSocketStream<tokio::net::TcpStream>| {
        let get = |path: &str| site.by(browser, Method::GET, path).send();
        let mut texts = Vec::new();
        for path in ["/api/v1/calls", detail.as_str()] {
            texts.push(get(path).await.unwrap().text().await.unwrap());
        }
        let mut events = String::new();
        for _ in 0..4 {
            events += &next(socket).await.to_string();
        }
        texts.push(events);
        let mut late = site.socket_by(browser, "/api/v1/events", Some(&site.origin())).await.unwrap();
        texts.push(next(&mut late).await.to_string());
        texts
    };
    let [masked, open] = &mut sockets[..] else { panic!() };
    for text in texts(&viewer, masked).await {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(text.contains(&id) && text.contains("•••78") && text.contains("booking.en"), "{text}");
    }
    let (all, kinds) = (texts(&agent, open).await, ["list", "detail", "events", "snapshot"]);
    for (text, kind) in all.iter().zip(kinds) {
        // Marks are no part of a list or of a snapshot; the header came with the call's start.
        let there = SECRETS.iter().filter(|secret| text.contains(**secret)).count();
        assert_eq!(there, if matches!(kind, "list" | "snapshot") { 4 } else { 5 }, "{kind}: {text}");
    }
}

#[tokio::test]
async fn who_changes_in_rights_or_signs_out_loses_open_websockets() {
    let site = Site::open("api-revoked").await;
    let by = Principal::command();
    for name in ["out", "changed", "removed", "other"] {
        site.user(name, Role::Supervisor, None).await;
    }
    let browsers = join_all(["out", "changed", "removed", "other"].map(|name| site.sign_in(name))).await;
    let mut sockets = Vec::new();
    for browser in &browsers {
        let mut socket = site.socket_by(browser, "/api/v1/events", Some(&site.origin())).await.unwrap();
        assert_eq!(next(&mut socket).await["event"], "snapshot");
        sockets.push(socket);
    }
    let left = site.by(&browsers[0], Method::DELETE, "/api/v1/session").send().await.unwrap();
    assert_eq!(left.status(), 204);
    assert!(left.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    let viewer = UserChange { role: Some(Role::Viewer), ..UserChange::default() };
    site.access.change_user(&by, "changed", viewer).await.unwrap();
    site.access.remove_user(&by, "removed").await.unwrap();
    for socket in &mut sockets[..3] {
        let message = tokio::time::timeout(Duration::from_secs(5), socket.next()).await.unwrap().unwrap().unwrap();
        assert!(matches!(&message, Message::Close(Some(frame)) if u16::from(frame.code) == 1008), "{message:?}");
    }
    for browser in &browsers[..3] {
        assert_eq!(site.problem(site.by(browser, Method::GET, "/api/v1/calls")).await.0, 401);
    }
    let id = begin(&site.store, "sip:a@b.test");
    assert_eq!(next(&mut sockets[3]).await["call"], json!(id), "whom nothing happened to watches on");
}

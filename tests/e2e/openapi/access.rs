//! Users, sessions, tokens and the audit, held against the description.
use super::Walk;
use crate::testbed::{seconds, until};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

impl Walk<'_> {
    /// The first admin, by the link that the start printed; and what is done with users, tokens and the audit.
    pub(super) async fn access(&mut self) {
        let viewer = self.sign_ins().await;
        self.users().await;
        self.tokens().await;
        for (status, query) in [(200, ""), (200, "?limit=2&before=5"), (400, "?limit=0"), (400, "?before=x")] {
            let path = format!("/api/v1/audit{query}");
            let answer = self.ask(&Method::GET, "/api/v1/audit", self.server.authorised(Method::GET, &path)).await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
        self.agents().await;
        self.refusals(&viewer).await;
        self.own_password(&viewer).await;
        self.waits().await;
    }

    pub(super) fn form(&self, method: Method, path: &str, body: &Value) -> RequestBuilder {
        self.server.authorised(method, path).json(body)
    }

    /// A viewer's cookie and word against forgery.
    async fn sign_ins(&mut self) -> (String, String) {
        const SESSION: &str = "/api/v1/session";
        const WELCOME: &str = "/api/v1/welcome";
        let (server, post) = (self.server, Method::POST);
        let log = || async { Some(server.log()).filter(|log| log.contains("#welcome=")) };
        let said = until(seconds(5), "the link of the first admin", log).await;
        let (_, link) = said.split_once("#welcome=").expect("the start prints a link");
        let link = link.split_whitespace().next().expect("a secret").to_owned();
        let accept = |link: &str, password: &str| {
            let form = json!({"link": link, "name": "admin", "password": password});
            server.request(Method::POST, WELCOME).json(&form)
        };
        for (status, request) in [
            (403, accept("wrong", PASSWORD)),
            (403, accept(&link, PASSWORD).header("origin", "https://evil.example")),
            (422, accept(&link, "short")),
            (200, accept(&link, PASSWORD)),
            (403, accept(&link, PASSWORD)),
        ] {
            assert_eq!(self.ask(&post, WELCOME, request).await.status, status);
        }
        let ways = self.ask(&Method::GET, "/api/v1/sign-in", server.request(Method::GET, "/api/v1/sign-in")).await;
        assert_eq!(ways.json()["provider"], Value::Null);
        let foreign = server.request(Method::GET, "/api/v1/sign-in").header("sec-fetch-site", "cross-site");
        assert_eq!(self.ask(&Method::GET, "/api/v1/sign-in", foreign).await.status, 403);
        for (route, form) in [("/api/v1/oidc", json!({})), ("/api/v1/oidc/session", json!({"state": "x"}))] {
            let bare = || server.request(Method::POST, route).json(&form);
            assert_eq!(self.ask(&post, route, bare()).await.status, 404, "{route}");
            let foreign = bare().header("sec-fetch-site", "cross-site");
            assert_eq!(self.ask(&post, route, foreign).await.status, 403, "{route}");
        }
        let new = json!({"name": "viewer", "password": PASSWORD, "role": "viewer"});
        let made = self.ask(&post, "/api/v1/users", self.form(Method::POST, "/api/v1/users", &new)).await;
        assert_eq!(made.status, 201);
        let sign_in = |password: &str| {
            server.request(Method::POST, SESSION).json(&json!({"name": "viewer", "password": password}))
        };
        for (status, request) in [
            (401, sign_in("wrong horse battery")),
            (403, sign_in(PASSWORD).header("sec-fetch-site", "cross-site")),
            (200, sign_in(PASSWORD)),
        ] {
            assert_eq!(self.ask(&post, SESSION, request).await.status, status);
        }
        let cookies = [sign_in(PASSWORD).send().await, sign_in(PASSWORD).send().await].map(|answer| {
            let answer = answer.expect("an answer");
            let cookie = answer.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair");
            (cookie.to_owned(), answer)
        });
        let mut browsers = Vec::new();
        for (cookie, answer) in cookies {
            let body: Value = answer.json().await.expect("JSON");
            browsers.push((cookie, body["csrf"].as_str().expect("a word").to_owned()));
        }
        let (cookie, csrf) = browsers.remove(0);
        let by = |method| server.request(method, SESSION).header("cookie", &cookie);
        let read = self.ask(&Method::GET, SESSION, by(Method::GET)).await;
        assert_eq!((read.status, read.json()["user"]["name"].clone()), (200, json!("viewer")));
        for (status, request) in [
            (409, server.authorised(Method::DELETE, SESSION)),
            (403, by(Method::DELETE)),
            (204, by(Method::DELETE).header("x-csrf-token", csrf)),
            (401, by(Method::DELETE)),
        ] {
            assert_eq!(self.ask(&Method::DELETE, SESSION, request).await.status, status);
        }
        let by_token = self.ask(&Method::GET, SESSION, server.authorised(Method::GET, SESSION)).await;
        assert_eq!(by_token.json()["csrf"], Value::Null);
        browsers.remove(0)
    }

    async fn users(&mut self) {
        const ONE: &str = "/api/v1/users/{name}";
        let users = "/api/v1/users";
        let new = |name: &str, password: &str| json!({"name": name, "password": password, "role": "agent", "bots": ["booking.en"]});
        for (status, body) in [
            (201, new("ada", PASSWORD)),
            (409, new("ADA", PASSWORD)),
            (422, new("a b", PASSWORD)),
            (422, new("eve", "short")),
        ] {
            let answer = self.ask(&Method::POST, users, self.form(Method::POST, users, &body)).await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
        assert_eq!(self.ask(&Method::GET, users, self.server.authorised(Method::GET, users)).await.status, 200);
        for (status, name, body) in [
            (200, "ada", json!({"role": "supervisor", "bots": null})),
            (422, "ada", json!({"password": "short"})),
            (404, "nobody", json!({})),
            (409, "admin", json!({"disabled": true})),
        ] {
            let request = self.form(Method::PATCH, &format!("{users}/{name}"), &body);
            assert_eq!(self.ask(&Method::PATCH, ONE, request).await.status, status, "{name}");
        }
        for (status, name) in [(204, "ada"), (404, "ada"), (409, "admin")] {
            let request = self.server.authorised(Method::DELETE, &format!("{users}/{name}"));
            assert_eq!(self.ask(&Method::DELETE, ONE, request).await.status, status, "{name}");
        }
    }

    async fn tokens(&mut self) {
        const ONE: &str = "/api/v1/tokens/{id}";
        let (tokens, soon) = ("/api/v1/tokens", jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1));
        let body = |rights: Value| json!({"name": "crm", "rights": rights, "expires_at": soon});
        let made = self.ask(&Method::POST, tokens, self.form(Method::POST, tokens, &body(json!(["erase"])))).await;
        let (id, token) = (made.json()["id"].clone(), made.json()["token"].clone());
        let again = self.form(Method::POST, tokens, &body(json!(["erase"])));
        assert_eq!(self.ask(&Method::POST, tokens, again).await.status, 409, "its name is taken");
        let none = self.form(Method::POST, tokens, &body(json!([])));
        assert_eq!((made.status, self.ask(&Method::POST, tokens, none).await.status), (201, 422));
        assert_eq!(self.ask(&Method::GET, tokens, self.server.authorised(Method::GET, tokens)).await.status, 200);
        // It may nothing that is read.
        for route in [
            "/api/v1/calls",
            "/api/v1/calls/{id}",
            "/api/v1/calls/{id}/recording",
            "/api/v1/numbers",
            "/api/v1/bots",
            "/api/v1/queue",
            "/api/v1/callbacks",
            "/api/v1/audit",
            "/api/v1/alerts",
            "/api/v1/webhooks/deliveries",
        ] {
            let request = self.server.request(Method::GET, route).bearer_auth(token.as_str().expect("a token"));
            let answer = self.ask(&Method::GET, route, request).await;
            assert_eq!((answer.status, answer.json()["code"].clone()), (403, json!("right_missing")), "{route}");
        }
        for (route, path) in
            [(super::EVENTS, super::EVENTS), ("/api/v1/wall", "/api/v1/wall"), (super::LIVE, "/api/v1/calls/none/live")]
        {
            assert_eq!(self.refused_of(route, path, token.as_str().expect("a token")).await, 403, "{path}");
        }
        let path = format!("{tokens}/{}", id.as_str().expect("an id"));
        for status in [204, 404] {
            let request = self.server.authorised(Method::DELETE, &path);
            assert_eq!(self.ask(&Method::DELETE, ONE, request).await.status, status);
        }
    }

    /// An agent without calls.
    async fn agents(&mut self) {
        const ME: &str = "/api/v1/agents/me";
        const ONE: &str = "/api/v1/offers/{id}";
        for (status, body) in [
            (200, json!({"available": true, "skills": ["billing"]})),
            (422, json!({"available": true, "skills": [""]})),
            (200, json!({"available": false})),
        ] {
            assert_eq!(self.ask(&Method::PUT, ME, self.form(Method::PUT, ME, &body)).await.status, status);
        }
        for route in ["/api/v1/agents", "/api/v1/queue", "/api/v1/offers"] {
            assert_eq!(self.ask(&Method::GET, route, self.server.authorised(Method::GET, route)).await.status, 200);
        }
        const DONE: &str = "/api/v1/callbacks/{id}/done";
        for (status, query) in [(200, ""), (200, "?open=true&limit=2"), (400, "?limit=0"), (400, "?open=x")] {
            let path = format!("/api/v1/callbacks{query}");
            let asked = self.server.authorised(Method::GET, &path);
            assert_eq!(self.ask(&Method::GET, "/api/v1/callbacks", asked).await.status, status, "{query}");
        }
        let done = self.server.authorised(Method::PUT, "/api/v1/callbacks/none/done");
        assert_eq!(self.ask(&Method::PUT, DONE, done).await.status, 404);
        let server = self.server;
        let offer = |kind: &str| {
            let request = server.authorised(Method::POST, "/api/v1/offers/7");
            request.header("content-type", kind).body("v=0")
        };
        let long = offer("application/sdp").body("x".repeat(70_000));
        for (status, request) in [(404, offer("application/sdp")), (415, offer("text/plain")), (413, long)] {
            assert_eq!(self.ask(&Method::POST, ONE, request).await.status, status);
        }
        for (status, why) in [(404, "busy".to_owned()), (422, "x".repeat(201))] {
            let request = self.form(Method::DELETE, "/api/v1/offers/7", &json!({"why": why}));
            assert_eq!(self.ask(&Method::DELETE, ONE, request).await.status, status);
        }
    }

    /// What a viewer may not do.
    async fn refusals(&mut self, (cookie, csrf): &(String, String)) {
        for (method, route, body) in [
            ("GET", "/metrics", None),
            ("GET", "/api/v1/users", None),
            ("POST", "/api/v1/users", Some(json!({"name": "eve", "password": PASSWORD, "role": "admin"}))),
            ("PATCH", "/api/v1/users/{name}", Some(json!({"role": "admin"}))),
            ("DELETE", "/api/v1/users/{name}", None),
            ("GET", "/api/v1/tokens", None),
            (
                "POST",
                "/api/v1/tokens",
                Some(json!({"name": "x", "rights": ["dial"], "expires_at": "2999-01-01T00:00:00Z"})),
            ),
            ("DELETE", "/api/v1/tokens/{id}", None),
            ("POST", "/api/v1/bots/reload", None),
            ("POST", "/api/v1/calls", Some(json!({"to": "sip:x@127.0.0.1", "bot": "booking.en"}))),
            ("DELETE", "/api/v1/calls/{id}", None),
            ("PUT", "/api/v1/calls/{id}/recording", Some(json!({"paused": true}))),
            ("GET", "/api/v1/calls/{id}/seats", None),
            ("POST", "/api/v1/calls/{id}/seats", None),
            ("POST", "/api/v1/calls/{id}/seats/phone", None),
            ("POST", "/api/v1/calls/{id}/seats/dial-in", None),
            ("PATCH", "/api/v1/calls/{id}/seats/{seat}", Some(json!({"mode": "monitor"}))),
            ("DELETE", "/api/v1/calls/{id}/seats/{seat}", None),
            ("POST", "/api/v1/calls/{id}/handback", Some(json!({}))),
            ("POST", "/api/v1/calls/{id}/guidance", Some(json!({"task": "book"}))),
            ("PUT", "/api/v1/agents/me", Some(json!({"available": true}))),
            ("GET", "/api/v1/agents", None),
            ("GET", "/api/v1/offers", None),
            ("POST", "/api/v1/offers/{id}", None),
            ("DELETE", "/api/v1/offers/{id}", Some(json!({"why": "busy"}))),
            ("PUT", "/api/v1/callbacks/{id}/done", None),
            ("GET", "/api/v1/calls/{id}/rehearsal", None),
            ("GET", "/api/v1/calls/{id}/notes", None),
            ("POST", "/api/v1/calls/{id}/notes", Some(json!({"text": "x"}))),
            ("PUT", "/api/v1/calls/{id}/tags", Some(json!({"tags": []}))),
            ("GET", "/api/v1/calls/{id}/memory", None),
            ("DELETE", "/api/v1/calls/{id}/memory", None),
            ("POST", "/api/v1/calls/{id}/shares", Some(json!({}))),
            ("DELETE", "/api/v1/callers/{id}", None),
            ("GET", "/api/v1/approvals", None),
            ("POST", "/api/v1/approvals/{id}", Some(json!({"decision": "decline"}))),
            ("PUT", "/api/v1/alerts/{id}/seen", None),
            ("POST", "/api/v1/webhooks/deliveries/{id}/replay", None),
            ("POST", "/api/v1/webhooks/{name}/replay", Some(json!({"since": "2020-01-01T00:00:00Z"}))),
        ] {
            let method: Method = method.parse().expect("a method");
            let request = self.server.request(method.clone(), &route.replace("{seat}", "2")).header("cookie", cookie);
            let request = request.header("x-csrf-token", csrf);
            let request = body.into_iter().fold(request, |request, body| request.json(&body));
            let answer = self.ask(&method, route, request).await;
            assert_eq!(
                (answer.status, answer.json()["code"].clone()),
                (403, json!("right_missing")),
                "{method} {route}"
            );
        }
        // A link is opened by whoever is known; by a cookie from this server's own pages alone.
        const SHARES: &str = "/api/v1/shares";
        let bare = self.server.request(Method::POST, SHARES).header("cookie", cookie).json(&json!({"secret": "x"}));
        let answer = self.ask(&Method::POST, SHARES, bare).await;
        assert_eq!((answer.status, answer.json()["code"].clone()), (403, json!("csrf")));
    }

    /// A viewer's password: of another session than the one given, which ends.
    async fn own_password(&mut self, (cookie, csrf): &(String, String)) {
        const SESSION: &str = "/api/v1/session";
        let server = self.server;
        let form = |current: &str, password: &str| json!({"current": current, "password": password});
        let by = |body: Value| server.request(Method::PATCH, SESSION).header("cookie", cookie).json(&body);
        let with = |body: Value| by(body).header("x-csrf-token", csrf);
        let wrong = "wrong horse battery";
        for (status, request) in [
            (403, by(form(PASSWORD, PASSWORD))),
            (409, server.authorised(Method::PATCH, SESSION).json(&form(PASSWORD, PASSWORD))),
            (422, with(form(PASSWORD, "short"))),
            (200, with(form(PASSWORD, PASSWORD))),
            (401, with(form(PASSWORD, PASSWORD))),
        ] {
            assert_eq!(self.ask(&Method::PATCH, SESSION, request).await.status, status);
        }
        // A new session, and so many wrong passwords that it has to wait.
        let new = server.request(Method::POST, SESSION).json(&json!({"name": "viewer", "password": PASSWORD}));
        let new = new.send().await.expect("an answer");
        let cookie = new.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
        let body: Value = new.json().await.expect("JSON");
        let csrf = body["csrf"].as_str().expect("a word").to_owned();
        let mut last = 0;
        for _ in 0..11 {
            let request =
                server.request(Method::PATCH, SESSION).header("cookie", &cookie).header("x-csrf-token", &csrf);
            last = self.ask(&Method::PATCH, SESSION, request.json(&form(wrong, PASSWORD))).await.status;
        }
        assert_eq!(last, 429);
    }

    /// Wrong passwords and links until they have to wait.
    async fn waits(&mut self) {
        for (route, body) in [
            ("/api/v1/session", json!({"name": "nobody", "password": "wrong horse battery"})),
            ("/api/v1/welcome", json!({"link": "wrong", "name": "eve", "password": PASSWORD})),
        ] {
            let mut last = 0;
            for _ in 0..25 {
                last =
                    self.ask(&Method::POST, route, self.server.request(Method::POST, route).json(&body)).await.status;
                if last == 429 {
                    break;
                }
            }
            assert_eq!(last, 429, "{route}");
        }
    }
}

//! Notes, tags, links to calls, and erasing a caller, held against the description.
use super::Walk;
use reqwest::Method;
use serde_json::{Value, json};

impl Walk<'_> {
    /// Of a call that is over; another is live. The call is erased.
    pub(super) async fn notes(&mut self, id: &str) {
        const NOTES: &str = "/api/v1/calls/{id}/notes";
        const TAGS: &str = "/api/v1/calls/{id}/tags";
        const SHARES: &str = "/api/v1/calls/{id}/shares";
        const REHEARSAL: &str = "/api/v1/calls/{id}/rehearsal";
        const OPEN: &str = "/api/v1/shares";
        const CALLERS: &str = "/api/v1/callers/{id}";
        let mut secret = Value::Null;
        for (method, route, of, body, status) in [
            (Method::POST, NOTES, id, json!({"text": "asks about breakfast", "at_ms": 1200}), 201),
            (Method::POST, NOTES, id, json!({"text": "  "}), 422),
            (Method::POST, NOTES, "none", json!({"text": "x"}), 404),
            (Method::PUT, TAGS, id, json!({"tags": ["breakfast", "later", "later"]}), 200),
            (Method::PUT, TAGS, id, json!({"tags": [""]}), 422),
            (Method::PUT, TAGS, "none", json!({"tags": []}), 404),
            (Method::POST, SHARES, id, json!({"hours": 1, "at_ms": 1200}), 201),
            (Method::POST, SHARES, id, json!({"hours": 0}), 422),
            (Method::POST, SHARES, "none", json!({}), 404),
        ] {
            let request = self.server.authorised(method.clone(), &route.replace("{id}", of)).json(&body);
            let answer = self.ask(&method, route, request).await;
            assert_eq!(answer.status, status, "{method} {route} {body}");
            if answer.status == 201 && route == SHARES {
                secret = answer.json()["secret"].clone();
            }
        }
        let get = |of: &str| self.server.authorised(Method::GET, &NOTES.replace("{id}", of));
        let (known, none) = (get(id), get("none"));
        let written = self.ask(&Method::GET, NOTES, known).await.json();
        assert_eq!(written["tags"], json!(["breakfast", "later"]));
        assert_eq!(written["notes"][0]["text"], "asks about breakfast");
        assert_eq!(self.ask(&Method::GET, NOTES, none).await.status, 404);
        const MEMORY: &str = "/api/v1/calls/{id}/memory";
        for (method, of, status) in [
            (Method::GET, id, 200),
            (Method::GET, "none", 404),
            (Method::DELETE, id, 200),
            (Method::DELETE, "none", 404),
        ] {
            let request = self.server.authorised(method.clone(), &MEMORY.replace("{id}", of));
            assert_eq!(self.ask(&method, MEMORY, request).await.status, status, "{method} {of}");
        }
        for (status, secret) in [(200, secret), (404, json!("none"))] {
            let request = self.server.authorised(Method::POST, OPEN).json(&json!({"secret": secret}));
            assert_eq!(self.ask(&Method::POST, OPEN, request).await.status, status);
        }
        let live = self.server.get("/api/v1/calls?state=live").await;
        let live = live["calls"][0]["id"].as_str().expect("a live call").to_owned();
        for (of, status) in [(id, 200), (live.as_str(), 409), ("none", 404)] {
            let request = self.server.authorised(Method::GET, &REHEARSAL.replace("{id}", of));
            assert_eq!(self.ask(&Method::GET, REHEARSAL, request).await.status, status, "{of}");
        }
        for (of, status) in [(live.as_str(), 409), (id, 200), (id, 404)] {
            let request = self.server.authorised(Method::DELETE, &CALLERS.replace("{id}", of));
            assert_eq!(self.ask(&Method::DELETE, CALLERS, request).await.status, status, "{of}");
        }
    }
}

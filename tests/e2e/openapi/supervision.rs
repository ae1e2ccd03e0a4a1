//! What is asked of supervisors' routes.
use super::Walk;
use crate::testbed::{HERE, seconds, until};
use reqwest::Method;
use serde_json::{Value, json};
use telephony::webrtc::{Answered, WebRtc, WebRtcPlan};

impl Walk<'_> {
    /// Supervisors of a live call, whose bot asks whether all is right.
    pub(super) async fn supervises(&mut self, id: &str) {
        let (seats, one) = ("/api/v1/calls/{id}/seats", "/api/v1/calls/{id}/seats/{seat}");
        let server = self.server;
        let at = |rest: &str| format!("/api/v1/calls/{id}/{rest}");
        let stack = WebRtc::start(WebRtcPlan { bind: vec![HERE.into()], ..WebRtcPlan::default() }).expect("WebRTC");
        let join = |mode: &str, sdp: &str| {
            let request = server.authorised(Method::POST, &at(&format!("seats?mode={mode}")));
            request.header("content-type", "application/sdp").body(sdp.to_owned())
        };
        let first = stack.offer().await.expect("an offer");
        let taken = self.ask(&Method::POST, seats, join("takeover", &first.sdp)).await;
        assert_eq!(taken.status, 201, "{}", taken.text);
        let sdp = stack.offer().await.expect("an offer").sdp;
        let bare = server.authorised(Method::POST, &at("seats"));
        for (status, request) in [
            (409, join("takeover", &sdp)),
            (422, join("monitor", "nonsense")),
            (415, bare.body("v=0")),
            (413, join("monitor", &"x".repeat(70_000))),
            (
                404,
                server.authorised(Method::POST, "/api/v1/calls/none/seats").header("content-type", "application/sdp"),
            ),
        ] {
            assert_eq!(self.ask(&Method::POST, seats, request).await.status, status);
        }
        let second = self.ask(&Method::POST, seats, join("monitor", &sdp)).await;
        assert_eq!(second.status, 201, "{}", second.text);
        let Answered { peer, line: _line, .. } = first.accept(&taken.text).await.expect("accepted");
        // Nobody takes part before the caller has heard that others may listen.
        until(seconds(20), "the supervisor's connection", || async {
            let seat = &server.get(&at("seats")).await["seats"][0];
            (seat["connected"] == true && seat["waits"].is_null()).then_some(())
        })
        .await;
        for (status, path) in [(200, at("seats")), (404, "/api/v1/calls/none/seats".into())] {
            assert_eq!(self.ask(&Method::GET, seats, server.authorised(Method::GET, &path)).await.status, status);
        }
        // The operator's token has no telephone, and nobody dials in here.
        for by in ["phone", "dial-in"] {
            let route = format!("/api/v1/calls/{{id}}/seats/{by}");
            for (status, path) in [(409, at(&format!("seats/{by}"))), (404, format!("/api/v1/calls/none/seats/{by}"))] {
                let request = server.authorised(Method::POST, &path);
                assert_eq!(self.ask(&Method::POST, &route, request).await.status, status, "{path}");
            }
        }
        let fragment = peer.renew().await.expect("a fragment");
        let patch = |path: &str, matched: Option<&str>, body: &str| {
            let request = server.authorised(Method::PATCH, path).body(body.to_owned());
            let request = request.header("content-type", "application/trickle-ice-sdpfrag");
            matched.into_iter().fold(request, |request, etag| request.header("if-match", etag))
        };
        let mode = |path: &str, mode: &str| server.authorised(Method::PATCH, path).json(&json!({"mode": mode}));
        for (status, request) in [
            (204, mode(&second.location, "barge")),
            (409, mode(&second.location, "takeover")),
            (422, mode(&second.location, "shout")),
            (404, mode(&at("seats/7"), "monitor")),
            (428, patch(&taken.location, None, "")),
            (412, patch(&taken.location, Some("\"77\""), &fragment)),
            (204, patch(&taken.location, Some(&taken.etag), "a=end-of-candidates\r\n")),
            (200, patch(&taken.location, Some("*"), &fragment)),
        ] {
            let answer = self.ask(&Method::PATCH, one, request).await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
        let (back, guide) = ("/api/v1/calls/{id}/handback", "/api/v1/calls/{id}/guidance");
        let given = |what: &str, body: Value| server.authorised(Method::POST, &at(what)).json(&body);
        for (status, body) in [
            (422, json!({"slots": {"people": 99}})),
            (200, json!({"slots": {"people": 3}, "promise": "a window"})),
            (409, json!({})),
        ] {
            let answer = self.ask(&Method::POST, back, given("handback", body)).await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
        for (status, body) in [(202, json!({"slots": {"people": "four"}})), (422, json!({}))] {
            let answer = self.ask(&Method::POST, guide, given("guidance", body)).await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
        for (route, what) in [(back, "handback"), (guide, "guidance")] {
            let none = server.authorised(Method::POST, &format!("/api/v1/calls/none/{what}"));
            let none = none.json(&json!({"task": "book"}));
            assert_eq!(self.ask(&Method::POST, route, none).await.status, 404);
        }
        let (list, one_of) = ("/api/v1/approvals", "/api/v1/approvals/{id}");
        assert_eq!(self.ask(&Method::GET, list, server.authorised(Method::GET, list)).await.status, 200);
        for (approval, body, status) in [
            (format!("{id}.99"), json!({"decision": "approve"}), 404),
            (format!("{id}.99"), json!({"decision": "perhaps"}), 422),
            ("none".to_owned(), json!({"decision": "approve"}), 404),
        ] {
            let request = server.authorised(Method::POST, &format!("{list}/{approval}")).json(&body);
            let answer = self.ask(&Method::POST, one_of, request).await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
        for status in [200, 404] {
            let leave = server.authorised(Method::DELETE, &second.location);
            assert_eq!(self.ask(&Method::DELETE, one, leave).await.status, status);
        }
    }
}

//! What is asked of the routes of alerts and webhooks.
use super::Walk;
use crate::testbed::{seconds, until};
use reqwest::Method;
use serde_json::{Value, json};

/// Any answered call sets it off.
const RULES: &str = "[[rule]]\nname = 'any'\nwhen = 'long_call'\ncall_ms = 1\nseverity = 'info'\ncooldown_s = 3600\n";
/// Nobody listens there, and there is no secret.
const WEBHOOK: &str =
    "[[webhook]]\nname = 'desk'\nurl = 'http://127.0.0.1:9/'\non = ['alert']\nsecret_env = 'NO_SUCH_SECRET'\n";

impl Walk<'_> {
    async fn rules(&mut self, text: &str) -> u16 {
        const RELOAD: &str = "/api/v1/bots/reload";
        std::fs::write(self.server.dir.join("alerts.toml"), text).expect("written");
        self.ask(&Method::POST, RELOAD, self.server.authorised(Method::POST, RELOAD)).await.status
    }

    /// Before the calls that they are about.
    pub(super) async fn alert_rules(&mut self) {
        assert_eq!(self.rules("rules = 1").await, 422);
        assert_eq!(self.rules(&format!("{RULES}{WEBHOOK}")).await, 200);
    }

    pub(super) async fn alerts(&mut self) {
        const LIST: &str = "/api/v1/alerts";
        const SEEN: &str = "/api/v1/alerts/{id}/seen";
        const DELIVERIES: &str = "/api/v1/webhooks/deliveries";
        const ONE: &str = "/api/v1/webhooks/deliveries/{id}/replay";
        const ALL: &str = "/api/v1/webhooks/{name}/replay";
        let server = self.server;
        let first = |list: &Value, of: &str| list[of][0]["id"].as_str().map(str::to_owned);
        let find =
            async |path: &str, of: &str| until(seconds(5), of, || async { first(&server.get(path).await, of) }).await;
        let (alert, delivery) = (find(LIST, "alerts").await, find(DELIVERIES, "deliveries").await);
        for (status, route, query) in [
            (200, LIST, "?limit=1&rule=any"),
            (400, LIST, "?limit=0"),
            (200, DELIVERIES, "?webhook=desk&limit=1"),
            (400, DELIVERIES, "?state=lost"),
        ] {
            let request = server.authorised(Method::GET, &format!("{route}{query}"));
            assert_eq!(self.ask(&Method::GET, route, request).await.status, status, "{route}{query}");
        }
        for (status, id) in [(200, alert.as_str()), (404, "none")] {
            let request = server.authorised(Method::PUT, &SEEN.replace("{id}", id));
            assert_eq!(self.ask(&Method::PUT, SEEN, request).await.status, status, "{id}");
        }
        let again = |id: &str| server.authorised(Method::POST, &ONE.replace("{id}", id));
        for (status, id) in [(202, delivery.as_str()), (404, "none")] {
            assert_eq!(self.ask(&Method::POST, ONE, again(id)).await.status, status, "{id}");
        }
        for (status, name) in [(202, "desk"), (409, "none")] {
            let request =
                self.form(Method::POST, &ALL.replace("{name}", name), &json!({"since": "2020-01-01T00:00:00Z"}));
            assert_eq!(self.ask(&Method::POST, ALL, request).await.status, status, "{name}");
        }
        assert_eq!(self.rules(RULES).await, 200);
        assert_eq!(self.ask(&Method::POST, ONE, again(&delivery)).await.status, 409);
    }
}

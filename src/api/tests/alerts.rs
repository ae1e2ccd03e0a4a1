//! Alerts over HTTP: who sees which, who has seen one, who is told at once; and what was told to webhooks.
use super::*;
use crate::security::Role;

const RULES: &str = "[[rule]]\nname = 'person'\nwhen = 'person'\ncount = 1\nseverity = 'warning'\ncooldown_s = 0\n\
    [[rule]]\nname = 'words'\nwhen = 'words'\nby = 'caller'\nen = ['lawyer']\nseverity = 'critical'\ncooldown_s = 0\n";

fn said(text: &str, started_ms: u64) -> CallEvent {
    CallEvent::Turn(Turn { text: text.into(), started_ms, ended_ms: started_ms + 800, ..spoken() })
}

impl Site {
    /// Reads these rules, as an operator has them read.
    async fn rules(&self, text: &str) -> reqwest::Response {
        std::fs::write(self.store.dir().join("alerts.toml"), text).unwrap();
        self.ask(Method::POST, "/api/v1/bots/reload").send().await.unwrap()
    }

    async fn alerts(&self, query: &str) -> Vec<Value> {
        self.json(&format!("/api/v1/alerts{query}")).await["alerts"].as_array().unwrap().clone()
    }

    /// The list, once so many are stored.
    async fn alerts_of(&self, many: usize) -> Vec<Value> {
        for _ in 0..500 {
            let alerts = self.alerts("").await;
            if alerts.len() >= many {
                return alerts;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{many} alerts do not come");
    }
}

async fn next_alert(socket: &mut WebSocketStream<tokio::net::TcpStream>) -> Value {
    loop {
        let message = next(socket).await;
        if message["event"] == "alert" {
            return message["alert"].clone();
        }
    }
}

#[tokio::test]
async fn an_alert_is_told_at_once_kept_with_its_moment_and_seen_by_the_first() {
    let site = Site::open("api-alerts").await;
    assert_eq!(site.rules(RULES).await.status(), 200);
    let eve = site.user("eve", Role::Viewer, None).await;
    let ada = site.user("ada", Role::Supervisor, None).await;
    let other = site.user("other", Role::Supervisor, Some(&["places.vi"])).await;
    let mut sockets = Vec::new();
    for browser in [&eve, &ada, &other] {
        let mut socket = site.socket_by(browser, "/api/v1/wall", Some(&site.origin())).await.unwrap();
        assert_eq!(next(&mut socket).await["event"], "wall");
        sockets.push(socket);
    }
    let id = begin(&site.store, "sip:+4412345678@b.test");
    site.store.note(&id, CallEvent::Answered);
    site.store.note(&id, said("I will call my lawyer", 2_000));
    let told = next_alert(&mut sockets[1]).await;
    assert_eq!(
        (&told["rule"], &told["severity"], &told["kind"]),
        (&json!("words"), &json!("critical"), &json!("words"))
    );
    assert_eq!((&told["call"], &told["bot"], &told["seen"]), (&json!(id), &json!("booking.en"), &Value::Null));
    assert_eq!((&told["from_ms"], &told["to_ms"]), (&json!(2_000), &json!(2_800)));
    assert_eq!(told["turn"], json!({"speaker": "caller", "started_ms": 2_000}));
    assert_eq!(told["reason"], json!({"code": "words", "word": "lawyer", "by": "caller"}));
    assert_eq!(next_alert(&mut sockets[0]).await["reason"]["word"], "•••", "a viewer sees no words");
    let kept = site.alerts_of(1).await;
    assert_eq!(kept[0], told);
    // It is in the call's record.
    let timeline = site.json(&format!("/api/v1/calls/{id}?timeline=true")).await["timeline"].clone();
    let mark = timeline.as_array().unwrap().iter().find(|event| event["name"] == "alert").unwrap().clone();
    assert_eq!((&mark["data"]["id"], &mark["data"]["ms"]), (&told["id"], &json!(2_800)));
    // Who has seen it.
    let path = format!("/api/v1/alerts/{}/seen", told["id"].as_str().unwrap());
    for (browser, status) in [(&eve, 403), (&other, 403), (&ada, 200)] {
        assert_eq!(site.by(browser, Method::PUT, &path).send().await.unwrap().status(), status);
    }
    let seen: Value = site.ask(Method::PUT, &path).send().await.unwrap().json().await.unwrap();
    assert_eq!(seen["seen"]["by"], "ada", "the first one stays");
    assert_eq!(next_alert(&mut sockets[1]).await["seen"]["by"], "ada");
    let audit = site.json(&format!("/api/v1/audit?call={id}")).await;
    let record = audit["records"].as_array().unwrap().iter().find(|record| record["name"] == "ada").unwrap();
    assert!(record["action"] == "alert_seen" && record["detail"].as_str().unwrap().contains("words"), "{record}");
    // Whose bots are others sees none of it.
    let none: Value = site.by(&other, Method::GET, "/api/v1/alerts").send().await.unwrap().json().await.unwrap();
    assert_eq!(none, json!({"alerts": [], "before": null}));
    let metrics = site.ask(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("switchboard_alerts_total{rule=\"words\",severity=\"critical\"}"), "{metrics}");
}

#[tokio::test]
async fn alerts_are_found_by_call_rule_and_time_page_by_page() {
    let site = Site::open("api-alert-pages").await;
    site.rules(RULES).await;
    let (one, two) = (begin(&site.store, "sip:a@b.test"), begin(&site.store, "sip:c@d.test"));
    for (id, ms) in [(&one, 1_000), (&one, 3_000), (&two, 1_000)] {
        site.store.note(id, said("let me talk to a human", ms));
    }
    site.store.note(&two, said("or to my lawyer", 5_000));
    let all = site.alerts_of(4).await;
    assert!(all.windows(2).all(|pair| pair[0]["id"].as_str() > pair[1]["id"].as_str()), "newest first");
    assert_eq!(
        all.iter().map(|alert| alert["reason"]["value"].clone()).collect::<Vec<_>>()[1..],
        [json!(1.0), json!(2.0), json!(1.0)]
    );
    assert_eq!(site.alerts(&format!("?call={one}")).await.len(), 2);
    assert_eq!(site.alerts("?rule=words").await.len(), 1);
    let at = all[0]["at"].as_str().unwrap();
    assert_eq!(site.alerts(&format!("?since={at}")).await.len(), 1);
    assert_eq!(site.alerts("?since=2099-01-01T00:00:00Z").await.len(), 0);
    let page = site.json("/api/v1/alerts?limit=3").await;
    let rest = site.json(&format!("/api/v1/alerts?limit=3&before={}", page["before"].as_str().unwrap())).await;
    assert_eq!((rest["alerts"].as_array().unwrap().len(), &rest["before"]), (1, &Value::Null));
    for query in ["?limit=0", "?since=yesterday", "?bot=x"] {
        assert_eq!(site.problem(site.ask(Method::GET, &format!("/api/v1/alerts{query}"))).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn rules_that_cannot_be_read_leave_those_before_in_force_and_say_why() {
    let site = Site::open("api-alert-rules").await;
    site.rules(RULES).await;
    let refused =
        site.rules("[[rule]]\nname = 'x'\nwhen = 'person'\nseverity = 'info'\ncooldown_s = 1\ncounts = 2").await;
    assert_eq!(refused.status(), 422);
    let problem: Value = refused.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("counts"), "{problem}");
    let id = begin(&site.store, "sip:a@b.test");
    site.store.note(&id, said("let me talk to a human", 1_000));
    assert_eq!(site.alerts_of(1).await[0]["rule"], "person");
}

#[tokio::test]
async fn what_webhooks_were_told_is_listed_and_replayed() {
    let site = Site::open("api-deliveries").await;
    let hook = "[[webhook]]\nname = 'desk'\nurl = 'http://127.0.0.1:9/'\non = ['alert', 'call.ended']\nsecret_env = 'NO_SUCH_SECRET'\n";
    site.rules(&format!("{RULES}{hook}")).await;
    let id = begin(&site.store, "sip:+4412345678@b.test");
    site.store.note(&id, said("let me talk to a human", 1_000));
    site.store.note(&id, CallEvent::Ended(End::new(Blame::RemoteParty, Reason::HungUp)));
    let list =
        async || site.json("/api/v1/webhooks/deliveries?webhook=desk").await["deliveries"].as_array().unwrap().clone();
    let mut deliveries = Vec::new();
    for _ in 0..500 {
        deliveries = list().await;
        if deliveries.len() == 2 && deliveries.iter().all(|one| one["tries"] == 1) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let of = |event: &str| deliveries.iter().find(|one| one["event"] == event).unwrap().clone();
    let (alert, ended) = (of("alert"), of("call.ended"));
    assert_eq!((&ended["about"], &ended["state"]), (&json!(id), &json!("waiting")));
    assert!(alert["why"].as_str().unwrap().contains("NO_SUCH_SECRET") && alert["next_at"].is_string(), "{alert}");
    let replay = format!("/api/v1/webhooks/deliveries/{}/replay", alert["id"].as_str().unwrap());
    let again = site.ask(Method::POST, &replay).send().await.unwrap();
    assert_eq!(again.status(), 202);
    assert_eq!(again.json::<Value>().await.unwrap()["id"], alert["id"]);
    for (status, path) in [
        (404, "/api/v1/webhooks/deliveries/none/replay"),
        (409, "/api/v1/webhooks/none/replay"),
        (202, "/api/v1/webhooks/desk/replay"),
    ] {
        let answer = site.ask(Method::POST, path).json(&json!({"since": "2020-01-01T00:00:00Z"})).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    assert_eq!(site.problem(site.ask(Method::GET, "/api/v1/webhooks/deliveries?state=lost")).await.0, 400);
    // A webhook that is not in the file any more.
    site.rules(RULES).await;
    assert_eq!(site.problem(site.ask(Method::POST, &replay)).await.0, 409);
    let audit = site.json("/api/v1/audit").await;
    let count =
        audit["records"].as_array().unwrap().iter().filter(|record| record["action"] == "webhook_replayed").count();
    assert_eq!(count, 2);
}

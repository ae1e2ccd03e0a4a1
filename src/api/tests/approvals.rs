//! Approvals over HTTP: the queue, decisions, who sees what of it, and the push on the wall.
use super::*;
use crate::security::Role;
use dialog::approval::{ApprovalCall, Decision, ShownValue};
use tokio::task::JoinHandle;

fn asked() -> ApprovalCall {
    ApprovalCall {
        task: "refund".into(),
        action: "Refund 40 dollars".into(),
        values: vec![ShownValue { slot: "order_number".into(), label: "order number".into(), text: "4711".into() }],
        limit: Duration::from_secs(60),
        default: Decision::Decline,
    }
}

/// A call of this bot that waits for an approval: the call's id, and what it comes to.
async fn waiting(site: &Site, bot: &str) -> (String, JoinHandle<Value>) {
    let call = begin_with(&site.store, "sip:a@b.test", bot);
    let (queue, id, bot) = (site.approvals.clone(), call.clone(), bot.to_owned());
    let before = site.approvals.list().len();
    let verdict = tokio::spawn(async move { queue.ask(&id, &bot, asked(), 3).await.record() });
    while site.approvals.list().len() == before {
        tokio::task::yield_now().await;
    }
    (call, verdict)
}

async fn decide(site: &Site, browser: &rights::Browser, id: &str, body: Value) -> (u16, Value) {
    let request = site.by(browser, Method::POST, &format!("/api/v1/approvals/{id}")).json(&body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn list(site: &Site, browser: &rights::Browser) -> Value {
    let answer = site.by(browser, Method::GET, "/api/v1/approvals").send().await.unwrap();
    answer.json::<Value>().await.unwrap()["approvals"].clone()
}

#[tokio::test]
async fn the_first_of_two_supervisors_decides_and_the_other_is_told_who() {
    let site = Site::open("api-approvals").await;
    let ada = site.user("ada", Role::Supervisor, None).await;
    let ben = site.user("ben", Role::Admin, None).await;
    let (call, verdict) = waiting(&site, "booking.en").await;
    let id = format!("{call}.3");
    let all = list(&site, &ada).await;
    let one = &all[0];
    assert_eq!((&one["id"], &one["call"], &one["bot"]), (&json!(id), &json!(call), &json!("booking.en")));
    assert_eq!((&one["action"], &one["default"]), (&json!("Refund 40 dollars"), &json!("decline")));
    assert_eq!(one["values"], json!([{"slot": "order_number", "label": "order number", "text": "4711"}]));
    assert!(one["asked_at"].is_string() && one["until"].is_string());

    let long = "x".repeat(501);
    let (status, _) = decide(&site, &ada, &id, json!({"decision": "approve", "note": long})).await;
    assert_eq!(status, 422);
    let (status, receipt) = decide(&site, &ada, &id, json!({"decision": "approve", "note": "a good customer"})).await;
    assert_eq!((status, receipt), (200, json!({"id": id, "decision": "approve", "by": "ada"})));
    let (status, problem) = decide(&site, &ben, &id, json!({"decision": "decline"})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("decided")));
    assert_eq!(problem["detail"], "ada has approved this already");
    let record = json!({"decision": "approve", "by": "ada", "why": "decided", "note": "a good customer"});
    assert_eq!(verdict.await.unwrap(), record);
    assert_eq!(list(&site, &ben).await, json!([]));
    let (status, _) = decide(&site, &ben, &format!("{call}.4"), json!({"decision": "decline"})).await;
    assert_eq!(status, 404);
    let audit: Value = site.by(&ben, Method::GET, "/api/v1/audit").send().await.unwrap().json().await.unwrap();
    let noted = audit["records"].as_array().unwrap().iter().filter(|record| record["action"] == "approved");
    let noted: Vec<_> = noted.map(|record| (record["name"].clone(), record["call"].clone())).collect();
    assert_eq!(noted, [(json!("ada"), json!(call))], "{audit}");
}

#[tokio::test]
async fn each_sees_and_decides_what_is_of_their_bots() {
    let site = Site::open("api-approvals-bots").await;
    let own = site.user("own", Role::Supervisor, Some(&["places.vi"])).await;
    let (others, _a) = waiting(&site, "booking.en").await;
    let (call, verdict) = waiting(&site, "places.vi").await;
    let all = list(&site, &own).await;
    assert_eq!((all.as_array().unwrap().len(), &all[0]["call"]), (1, &json!(call)));
    let (status, problem) = decide(&site, &own, &format!("{others}.3"), json!({"decision": "decline"})).await;
    assert_eq!((status, &problem["code"]), (403, &json!("right_missing")));
    // A call that ends takes its question back.
    verdict.abort();
    while site.approvals.list().len() == 2 {
        tokio::task::yield_now().await;
    }
    let (status, problem) = decide(&site, &own, &format!("{call}.3"), json!({"decision": "approve"})).await;
    assert_eq!(status, 409);
    assert!(problem["detail"].as_str().unwrap().contains("withdrawn"));
}

#[tokio::test]
async fn who_may_decide_is_told_on_the_wall_and_others_are_not() {
    let site = Site::open("api-approvals-wall").await;
    let token = |rights: &[&str]| {
        let expires_at = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        json!({"name": rights.join("-"), "rights": rights, "expires_at": expires_at})
    };
    let made = site.ask(Method::POST, "/api/v1/tokens").json(&token(&["see_calls", "approve"])).send().await.unwrap();
    let blind = made.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let made = site.ask(Method::POST, "/api/v1/tokens").json(&token(&["see_calls"])).send().await.unwrap();
    let viewer = made.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let mut all = site.socket("/api/v1/wall", TOKEN).await.unwrap();
    let mut masked = site.socket("/api/v1/wall", &blind).await.unwrap();
    let mut none = site.socket("/api/v1/wall", &viewer).await.unwrap();
    for socket in [&mut all, &mut masked, &mut none] {
        assert_eq!(next(socket).await["event"], "wall");
    }
    let began = std::time::Instant::now();
    let (call, _verdict) = waiting(&site, "booking.en").await;
    let told = until(&mut all, "approvals").await;
    assert!(began.elapsed() < Duration::from_millis(300), "{:?}", began.elapsed());
    assert_eq!(
        (&told["approvals"][0]["call"], &told["approvals"][0]["values"][0]["text"]),
        (&json!(call), &json!("4711"))
    );
    let told = until(&mut masked, "approvals").await;
    let shown = &told["approvals"][0];
    assert_eq!((&shown["values"][0]["text"], &shown["action"]), (&json!("•••"), &json!("•••")));
    let verdict = crate::call::approvals::Verdict {
        decision: Decision::Decline,
        reason: crate::call::approvals::Reason::Decided { by: "ada".into(), note: None },
    };
    site.approvals.decide(&format!("{call}.3"), verdict).unwrap();
    assert_eq!(until(&mut all, "approvals").await["approvals"], json!([]));
    // One who comes later is told at once.
    let (_later, _verdict) = waiting(&site, "booking.en").await;
    let mut late = site.socket("/api/v1/wall", TOKEN).await.unwrap();
    assert_eq!(until(&mut late, "approvals").await["approvals"].as_array().unwrap().len(), 1);
    site.store.note(&call, CallEvent::Answered);
    let (mut rows, mut approvals) = (0, 0);
    while rows == 0 {
        match next(&mut none).await["event"].as_str() {
            Some("rows") => rows += 1,
            _ => approvals += 1,
        }
    }
    assert_eq!(approvals, 0, "a viewer decides nothing");
}

/// The next message of this kind.
async fn until(socket: &mut WebSocketStream<tokio::net::TcpStream>, event: &str) -> Value {
    loop {
        let message = next(socket).await;
        if message["event"] == event {
            return message;
        }
    }
}

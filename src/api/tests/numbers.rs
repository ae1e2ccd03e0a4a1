//! Numbers of the calls since a moment.
use super::*;
use crate::security::Role;

/// A call of `bot` that was answered after so many milliseconds each time, and ended so.
fn call(site: &Site, bot: &str, answers: &[u32], reason: Reason) {
    let id = begin_with(&site.store, "sip:a@b.test", bot);
    site.store.note(&id, CallEvent::Answered);
    for (turn, ms) in answers.iter().enumerate() {
        let latency = Latency::of(turn as u32, [*ms, 0, 0, 0, 0]);
        site.store.note(&id, CallEvent::Latency(latency));
        site.store.note(&id, CallEvent::Mark(Mark { name: "recognised".into(), data: Private(json!({"ms": 1})) }));
    }
    site.store.note(&id, CallEvent::Mark(Mark { name: "not_understood".into(), data: Private(json!({"ms": 2})) }));
    site.store.note(&id, CallEvent::Ended(reason.into()));
}

#[tokio::test]
async fn calls_since_a_moment_are_counted_by_bot_and_by_how_they_ended() {
    let site = Site::open("api-numbers").await;
    begin(&site.store, "sip:live@b.test");
    call(&site, "booking.en", &[100, 200, 300], Reason::Done);
    call(&site, "booking.en", &[400], Reason::HungUp);
    call(&site, "booking.en", &[], Reason::Person);
    call(&site, "places.vi", &[900], Reason::NoRtp);
    call(&site, "places.vi", &[], Reason::NotUnderstood);
    site.store.flush().await.unwrap();

    let numbers = site.json("/api/v1/numbers").await;
    assert_eq!(numbers["live"], 1);
    let of = |bot: &str, keys: [&str; 7]| keys.map(|key| numbers["bots"][bot][key].as_u64().unwrap());
    let keys = ["ended", "answered", "contained", "transferred", "abandoned", "given_up", "failed"];
    assert_eq!(of("booking.en", keys), [3, 3, 1, 1, 1, 0, 0]);
    assert_eq!(of("places.vi", keys), [2, 2, 0, 0, 0, 1, 1]);
    let all = &numbers["all"];
    assert_eq!(keys.map(|key| all[key].as_u64().unwrap()), [5, 5, 1, 1, 1, 1, 1]);
    assert_eq!([&all["understood"], &all["not_understood"]], [&json!(5), &json!(5)]);
    assert_eq!([&all["median_answer_ms"], &all["p95_answer_ms"]], [&json!(300), &json!(900)]);
    assert_eq!(numbers["bots"]["booking.en"]["median_answer_ms"], 200);
    assert_eq!(all["hours"].as_array().unwrap().iter().map(|hour| hour.as_u64().unwrap()).sum::<u64>(), 5);
    assert!(all["mean_ms"].is_u64());

    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let none = site.json(&format!("/api/v1/numbers?since={later}")).await;
    assert_eq!((&none["all"]["ended"], &none["all"]["median_answer_ms"]), (&json!(0), &Value::Null));
    assert_eq!(site.problem(site.ask(Method::GET, "/api/v1/numbers?since=yesterday")).await.0, 400);
    let days = |days: i64| jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
    let (status, body) = site.problem(site.ask(Method::GET, &format!("/api/v1/numbers?since={}", days(32)))).await;
    assert!(status == 400 && body["detail"].as_str().unwrap().contains("31 days"), "{body}");
    assert_eq!(site.json(&format!("/api/v1/numbers?since={}", days(30))).await["all"]["ended"], 5);
    assert!(site.store.numbers(days(1), None, 5).await.is_ok());
    let fault = site.store.numbers(days(1), None, 4).await.unwrap_err();
    let refused = Problem::from(fault).into_response();
    assert_eq!(refused.status(), 400);

    let browser = site.user("lan", Role::Viewer, Some(&["places.vi"])).await;
    let own: Value = site.by(&browser, Method::GET, "/api/v1/numbers").send().await.unwrap().json().await.unwrap();
    assert_eq!((&own["all"]["ended"], &own["live"]), (&json!(2), &json!(0)), "those of another bot do not count");
    assert_eq!(own["bots"].as_object().unwrap().len(), 1);
}

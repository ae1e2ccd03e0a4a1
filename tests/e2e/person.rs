//! A caller who is put through to a person.
use crate::baresip;
use crate::peer::Peer;
use crate::server::Server;
use crate::speech::Timeline;
use crate::testbed::{HERE, beside_others, pause, seconds, until};
use reqwest::Method;
use serde_json::{Value, json};
use switchboard::config::{Config, Destination};
use telephony::webrtc::{Answered, WebRtc, WebRtcPlan};

/// A server whose booking bot puts callers through to `destination`.
async fn server(name: &str, destination: Destination) -> Server {
    let edit = move |config: &mut Config| {
        let file = config.bots.dir.join("booking.en.toml");
        let bot = std::fs::read_to_string(&file).expect("a bot");
        std::fs::write(&file, format!("person = \"front-desk\"\n{bot}")).expect("written");
        config.destinations.insert("front-desk".into(), destination.clone());
    };
    Server::with(name, edit).await
}

/// The marks of the only call's timeline, once this one is among them.
async fn marks_until(server: &Server, name: &str) -> Vec<String> {
    until(seconds(30), name, || async {
        let call = server.call().await;
        let marks = call["timeline"].as_array()?.iter().filter(|event| event["event"] == "mark");
        let names: Vec<String> = marks.filter_map(|mark| mark["name"].as_str().map(str::to_owned)).collect();
        names.contains(&name.to_owned()).then_some(names)
    })
    .await
}

fn ended(call: &Value) -> &Value {
    &call["end"]["reason"]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_leads_to_a_telephone_that_is_not_ours_and_the_call_ends_with_it() {
    let _machine = beside_others().await;
    let phone = baresip::answering(&Timeline::new(9000));
    let server = server("person-phone", Destination { sip: Some(phone.uri.clone()), ..Destination::default() }).await;
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    pause(1_500).await;
    peer.press("0");
    let marks = marks_until(&server, "taken_over").await;
    let place = |name: &str| marks.iter().position(|mark| mark == name).unwrap_or_else(|| panic!("{name}: {marks:?}"));
    assert!(place("person_wanted") < place("transfer_started") && place("transfer_started") < place("person_joined"));
    let heard = phone.finish().await;
    let spoken: usize = heard.sound.spans(-45.0, 300).iter().map(|span| span.length()).sum();
    assert!((500..6_000).contains(&spoken), "the person heard a brief and no more: {spoken} ms\n{}", heard.log);
    let call = server.ended(1).await.swap_remove(0);
    assert_eq!(ended(&call), &json!("the person hung up"), "{call:#}");
    until(seconds(5), "the caller to be told", || async { peer.is_over().then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_in_a_browser_is_offered_the_call_speaks_with_the_caller_and_is_free_again() {
    let _machine = beside_others().await;
    let queue = Destination { queue: Some(Vec::new()), ..Destination::default() };
    let server = server("person-agent", queue).await;
    const ME: &str = "/api/v1/agents/me";
    let here = server.authorised(Method::PUT, ME).json(&json!({"available": true})).send().await.expect("an answer");
    assert_eq!(here.status(), 200);
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    pause(1_500).await;
    peer.press("0");
    let offer = until(seconds(30), "an offer", || async {
        let offers = server.get("/api/v1/offers").await;
        offers["offers"].get(0).cloned()
    })
    .await;
    assert_eq!((&offer["bot"], &offer["why"]), (&json!("booking.en"), &json!("asked for a person")), "{offer}");
    assert!(offer["summary"][0]["text"].as_str().is_some_and(|text| text.contains("automated")), "{offer}");
    let stack = WebRtc::start(WebRtcPlan { bind: vec![HERE.into()], ..WebRtcPlan::default() }).expect("WebRTC");
    let ours = stack.offer().await.expect("an offer");
    let accept = server.authorised(Method::POST, &format!("/api/v1/offers/{}", offer["id"]));
    let accept = accept.header("content-type", "application/sdp").body(ours.sdp.clone());
    let answer = accept.send().await.expect("an answer");
    assert_eq!(answer.status(), 201);
    let seat = answer.headers()["location"].to_str().expect("text").to_owned();
    let sdp = answer.text().await.expect("a description");
    let Answered { peer: _agent, line: _line, .. } = ours.accept(&sdp).await.expect("accepted");
    let marks = marks_until(&server, "taken_over").await;
    assert!(marks.iter().any(|mark| mark == "person_offered"), "{marks:?}");
    let agents = server.get("/api/v1/agents").await;
    assert_eq!(agents["agents"][0]["call"], offer["call"], "{agents}");
    let left = server.authorised(Method::DELETE, &seat).send().await.expect("an answer");
    assert_eq!(left.status(), 200);
    let call = server.ended(1).await.swap_remove(0);
    assert_eq!(ended(&call), &json!("the person hung up"), "{call:#}");
    until(seconds(5), "the agent to be free", || async {
        let agents = server.get("/api/v1/agents").await;
        agents["agents"][0]["call"].is_null().then_some(())
    })
    .await;
    drop(peer);
}

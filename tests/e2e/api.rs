//! The API beside real calls: JSON, ranges, events, calls placed and ended.
use crate::baresip;
use crate::peer::Peer;
use crate::server::Server;
use crate::speech::Timeline;
use crate::testbed::{beside_others, pause, seconds, until};
use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

#[tokio::test(flavor = "multi_thread")]
async fn every_route_but_health_asks_for_the_token() {
    let _machine = beside_others().await;
    let server = Server::start("token").await;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(server.request(Method::GET, path).send().await.expect("an answer").status(), 200, "{path}");
    }
    let id = "/api/v1/calls/x";
    for (method, path) in [
        (Method::GET, "/api/v1/calls"),
        (Method::POST, "/api/v1/calls"),
        (Method::GET, id),
        (Method::DELETE, id),
        (Method::GET, "/api/v1/calls/x/recording"),
        (Method::GET, "/api/v1/events"),
        (Method::GET, "/api/v1/bots"),
        (Method::POST, "/api/v1/bots/reload"),
        (Method::GET, "/metrics"),
        (Method::GET, "/api/v1/openapi.json"),
    ] {
        let none = server.request(method.clone(), path).send().await.expect("an answer").status();
        let wrong =
            server.request(method.clone(), path).bearer_auth("x".repeat(43)).send().await.expect("an answer").status();
        assert_eq!((none.as_u16(), wrong.as_u16()), (401, 401), "{method} {path}");
    }
    use std::os::unix::fs::PermissionsExt;
    let file = server.dir.join("data/admin.token");
    assert_eq!(std::fs::metadata(file).expect("the file").permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recording_is_served_whole_and_in_parts() {
    let _machine = beside_others().await;
    let server = Server::start("ranges").await;
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    pause(2500).await;
    peer.hang_up().await;
    let call = server.ended(1).await.swap_remove(0);
    until(seconds(5), "the recording to be closed", || async {
        (server.call().await["recorded"] == "whole").then_some(())
    })
    .await;
    let path = format!("/api/v1/calls/{}/recording", call["id"].as_str().expect("an id"));
    let about = server.authorised(Method::HEAD, &path).send().await.expect("an answer");
    assert_eq!(about.headers()["x-recording-whole"], "true");
    let whole = server.recording(call["id"].as_str().expect("an id")).await;
    assert!(whole.starts_with(b"RIFF") && whole.len() > 2 * 2 * 8000, "{}", whole.len());
    let ask = async |range: &str| {
        let answer = server.authorised(Method::GET, &path).header("range", range).send().await.expect("an answer");
        let about = answer.headers().get("content-range").map(|value| value.to_str().expect("text").to_owned());
        (answer.status().as_u16(), about, answer.bytes().await.expect("bytes").to_vec())
    };
    let len = whole.len();
    assert_eq!(ask("bytes=100-199").await, (206, Some(format!("bytes 100-199/{len}")), whole[100..200].to_vec()));
    assert_eq!(
        ask("bytes=-50").await,
        (206, Some(format!("bytes {}-{}/{len}", len - 50, len - 1)), whole[len - 50..].to_vec())
    );
    assert_eq!(ask(&format!("bytes={len}-")).await.0, 416);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_call_come_in_order_while_it_happens() {
    let _machine = beside_others().await;
    let server = Server::start("events").await;
    let mut request = format!("ws://{}/api/v1/events", server.http).into_client_request().expect("a request");
    let token = format!("Bearer {}", server.token());
    request.headers_mut().insert("authorization", token.parse().expect("a header"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("connected");
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    let id = server.live().await;
    peer.hears_out(peer.answered, seconds(20)).await;
    peer.press("2");
    pause(500).await;
    peer.hears_out(std::time::Instant::now(), seconds(20)).await;
    peer.hang_up().await;
    let mut events: Vec<Value> = Vec::new();
    while events.last().is_none_or(|event| event["event"] != "ended") {
        let message =
            tokio::time::timeout(seconds(5), socket.next()).await.expect("in time").expect("open").expect("a message");
        if let Message::Text(text) = message {
            events.push(serde_json::from_str(&text).expect("JSON"));
        }
    }
    socket.close(None).await.ok();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().expect("a name")).collect();
    assert_eq!(names[0], "snapshot");
    let first = |name: &str| names.iter().position(|other| *other == name);
    assert_eq!(first("started"), Some(1), "{names:?}");
    assert!(first("answered").is_some() && first("answered") < first("turn"), "{names:?}");
    assert!(events[1..].iter().all(|event| event["call"] == id.as_str()), "{events:#?}");
    let at: Vec<u64> = events[1..].iter().map(|event| event["at_ms"].as_u64().expect("ms")).collect();
    assert!(at.is_sorted(), "{at:?}");
    let turns: Vec<(&str, &str)> = events
        .iter()
        .filter(|event| event["event"] == "turn")
        .map(|turn| (turn["speaker"].as_str().expect("who"), turn["text"].as_str().expect("what")))
        .collect();
    assert!(matches!(turns[..], [("bot", _), ("caller", "2"), ("bot", _)]), "{turns:#?}");
    assert!(names.contains(&"silence") && names.contains(&"latency") && names.contains(&"recording"), "{names:?}");
    // The same events are kept; the database has them within a second.
    server.ended(1).await;
    let kept = until(seconds(2), "the whole timeline", || async {
        let kept = server.call().await["timeline"].as_array().expect("a timeline").clone();
        // The recording may close before the end or after it.
        let has = |what: &dyn Fn(&Value) -> bool| kept.iter().any(what);
        (has(&|event| event["closed"] == true) && has(&|event| event["event"] == "ended")).then_some(kept)
    })
    .await;
    let kept: Vec<&str> = kept.iter().map(|event| event["event"].as_str().expect("a name")).collect();
    assert_eq!(kept[..names.len() - 1], names[1..]);
    assert!(kept[names.len() - 1..].iter().all(|name| *name == "recording"), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_ends_a_call() {
    let _machine = beside_others().await;
    let server = Server::start("delete").await;
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    let path = format!("/api/v1/calls/{}", server.live().await);
    pause(1000).await;
    let answer = server.authorised(Method::DELETE, &path).send().await.expect("an answer");
    assert_eq!(answer.status(), 202);
    until(seconds(3), "the phone to be told", || async { peer.is_over().then_some(()) }).await;
    let call = server.ended(1).await.swap_remove(0);
    assert_eq!(call["end"]["blame"], "nobody", "{}", call["end"]);
    assert_eq!(server.authorised(Method::DELETE, &path).send().await.expect("an answer").status(), 409);
    let list = server.get("/api/v1/calls?state=ended").await;
    assert_eq!(list["calls"].as_array().map(Vec::len), Some(1));
    assert_eq!(server.get("/api/v1/calls?state=live").await["calls"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_places_a_call_and_the_bot_speaks_there() {
    let _machine = beside_others().await;
    let server = Server::start("outbound").await;
    let phone = baresip::answering(&Timeline::new(9000));
    pause(700).await;
    let new = json!({ "to": phone.uri, "bot": "booking.en" });
    let answer = server.authorised(Method::POST, "/api/v1/calls").json(&new).send().await.expect("an answer");
    assert_eq!(answer.status(), 202);
    let heard = phone.finish().await;
    let spoken: usize = heard.sound.spans(-45.0, 300).iter().map(|span| span.length()).sum();
    assert!(spoken > 4000, "the phone heard the bot for {spoken} ms\n{}", heard.log);
    let call = server.ended(1).await.swap_remove(0);
    assert_eq!((&call["direction"], &call["bot"]), (&json!("outbound"), &json!("booking.en")));
    assert!(call["to"].as_str().expect("a party").contains("441632960123"), "{}", call["to"]);
    assert!(call["turns"][0]["text"].as_str().expect("a text").contains("automated assistant"));
    // Nobody there, and no such bot.
    let gone = json!({ "to": format!("sip:x@127.0.0.1:{}", crate::testbed::port()), "bot": "booking.en" });
    let answer = server.authorised(Method::POST, "/api/v1/calls").json(&gone).send().await.expect("an answer");
    assert_eq!(answer.status(), 202);
    let answer = server
        .authorised(Method::POST, "/api/v1/calls")
        .json(&json!({ "to": "sip:x@127.0.0.1", "bot": "nobody" }))
        .send()
        .await;
    assert_eq!(answer.expect("an answer").status(), 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_bot_file_keeps_the_old_bot_running() {
    let _machine = beside_others().await;
    let server = Server::start("reload").await;
    let file = server.dir.join("bots/booking.en.toml");
    let good = std::fs::read_to_string(&file).expect("a bot");
    std::fs::write(&file, good.replace("language = \"en\"", "langauge = \"en\"")).expect("written");
    server.signal("HUP");
    let fault = until(seconds(5), "the bot to be read again", || async {
        let bots = server.get("/api/v1/bots").await;
        let bots = bots["bots"].as_array().expect("a list").clone();
        bots.into_iter().find(|bot| bot["name"] == "booking.en")?["fault"].as_str().map(str::to_owned)
    })
    .await;
    assert!(fault.contains("langauge"), "{fault}");
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    peer.hears_out(peer.answered, seconds(20)).await;
    peer.hang_up().await;
    std::fs::write(&file, good.replace("this is the room booking line", "this is another line")).expect("written");
    let answer = server.authorised(Method::POST, "/api/v1/bots/reload").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    peer.hears_out(peer.answered, seconds(20)).await;
    peer.hang_up().await;
    let calls = server.ended(2).await;
    let greeting = |call: &Value| call["turns"][0]["text"].as_str().expect("a text").to_owned();
    assert!(greeting(&calls[0]).contains("room booking line") && greeting(&calls[1]).contains("another line"));
}

//! The keypad: as telephone-events, by SIP INFO, and from sipp's own recordings.
use crate::peer::{Events, Peer};
use crate::server::Server;
use crate::sipp::plays;
use crate::sound::Sound;
use crate::testbed::{beside_others, pause, seconds};
use serde_json::{Value, json};
use std::time::Instant;

fn entries(call: &Value) -> Vec<&str> {
    let turns = call["turns"].as_array().expect("turns");
    turns.iter().filter(|turn| turn["speaker"] == "caller").map(|turn| turn["text"].as_str().expect("keys")).collect()
}

/// Presses `keys` and hears the answer out.
async fn press(peer: &Peer, keys: &str) {
    peer.press(keys);
    // The keys are sent at 240 ms each, with their pauses.
    pause(240 * keys.len() as u64).await;
    peer.hears_out(Instant::now(), seconds(40)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_booked_by_keypad() {
    let _machine = beside_others().await;
    let server = Server::start("keypad").await;
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    pause(1500).await;
    for keys in ["1", "1", "1231", "1430", "30#", "2#", "1"] {
        press(&peer, keys).await;
    }
    let call = server.ended(1).await.swap_remove(0);
    let year = jiff::Zoned::now().year();
    let slots = json!({
        "place": "mountain view", "date": format!("{year}-12-31"), "time": "14:30", "duration": "PT30M", "people": 2
    });
    assert_eq!(call["slots"], slots, "{call:#?}");
    assert_eq!(entries(&call), ["1", "1", "1231", "1430", "30", "2", "1"]);
    assert_eq!(call["end"]["blame"], "nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_found_by_keypad_alone() {
    let _machine = beside_others().await;
    let server = Server::start("places").await;
    let peer = Peer::call(server.sip, "places").await.expect("answered");
    peer.hears_out(peer.answered, seconds(60)).await;
    press(&peer, "2").await;
    press(&peer, "1").await;
    let call = server.ended(1).await.swap_remove(0);
    assert_eq!(call["slots"], json!({ "place": "khách sạn" }), "{call:#?}");
    assert_eq!((&call["end"]["blame"], entries(&call)), (&json!("nobody"), vec!["2", "1"]), "{call:#?}");
    let first = call["turns"][0]["text"].as_str().expect("a text");
    assert!(first.contains("phím"), "the bot says that the keypad works: {first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_counts_once_and_hushes_the_bot() {
    let _machine = beside_others().await;
    let server = Server::start("each-key").await;
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    pause(1500).await;
    press(&peer, "2").await;
    press(&peer, "1223").await;
    let call = server.call().await;
    assert_eq!(call["slots"], json!({ "code": "1223" }), "{call:#?}");
    assert_eq!(entries(&call), ["2", "1223"]);
    let greeting = &call["turns"][0];
    assert_eq!(greeting["interrupted"], true, "{greeting}");
    assert!(greeting["heard"].as_str().expect("a text").len() < greeting["text"].as_str().expect("a text").len());
    // The greeting falls silent with the key, not when its sentence is over.
    let (silent, key) =
        (greeting["ended_ms"].as_u64().expect("ms"), call["turns"][1]["started_ms"].as_u64().expect("ms"));
    assert!(silent <= key + 60, "{call:#?}");
    peer.hang_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_by_info_count_as_well() {
    let _machine = beside_others().await;
    let server = Server::start("info").await;
    let mut peer = Peer::call(server.sip, "booking").await.expect("answered");
    pause(1500).await;
    for keys in ["2", "1223"] {
        for key in keys.chars() {
            peer.press_by_info(key).await;
        }
        peer.hears_out(Instant::now(), seconds(20)).await;
    }
    let call = server.call().await;
    assert_eq!(call["slots"], json!({ "code": "1223" }), "{call:#?}");
    assert_eq!(entries(&call), ["2", "1223"]);
    peer.hang_up().await;
}

/// These keys as tones of 80 ms with pauses of 80.
fn tones(keys: &str) -> Sound {
    let rows = ["123", "456", "789", "*0#"];
    let mut pcm = Vec::new();
    for key in keys.chars() {
        let row = rows.iter().position(|row| row.contains(key)).expect("a key");
        let column = rows[row].find(key).expect("a key");
        let (low, high) = ([697.0, 770.0, 852.0, 941.0][row], [1209.0, 1336.0, 1477.0][column]);
        pcm.extend((0..640).map(|n| {
            let t = f64::from(n) / 8000.0 * std::f64::consts::TAU;
            (5000.0 * ((low * t).sin() + (high * t).sin())) as i16
        }));
        pcm.extend([0; 640]);
    }
    Sound(pcm)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_tones_alone_count_once_also_when_info_tells_them_too() {
    let _machine = beside_others().await;
    let server = Server::start("tones").await;
    let mut peer = Peer::call_with(server.sip, "booking", Events::Unknown).await.expect("answered");
    pause(1500).await;
    peer.say(&tones("2")).await;
    peer.press_by_info('2').await;
    peer.hears_out(Instant::now(), seconds(20)).await;
    peer.say(&tones("1223")).await;
    pause(160 * 4).await;
    peer.hears_out(Instant::now(), seconds(20)).await;
    let call = server.call().await;
    assert_eq!(call["slots"], json!({ "code": "1223" }), "{call:#?}");
    assert_eq!(entries(&call), ["2", "1223"]);
    peer.hang_up().await;
    // How the line went stays with the call.
    let call = server.ended(1).await.swap_remove(0);
    let line = &call["lines"][0];
    assert_eq!((&line["seat"], line["mos"].as_f64().is_some_and(|mos| mos > 4.0)), (&json!("caller"), true), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_keys_of_another_make_are_understood() {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() != 0) {
        return eprintln!("skipped: sipp plays recorded packets for root only");
    }
    let _machine = beside_others().await;
    let server = Server::start("recorded-keys").await;
    plays(server.sip, "keys", &["-s", "booking"]).await;
    let call = server.ended(1).await.swap_remove(0);
    assert_eq!(entries(&call), ["2", "3456"], "{call:#?}");
    assert_eq!(call["slots"], json!({ "code": "3456" }));
}

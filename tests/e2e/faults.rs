//! Engines that hang: callers hear something fitting all the same.
use crate::peer::{Peer, VOICE};
use crate::server::{BOTS, Inside, shipped};
use crate::speech::{CALLER, say};
use crate::testbed::{alone, pause, seconds};
use media::asr::scripted::{Act, Scripted as Ear, Trouble};
use media::tts::scripted::{Manner, Scripted as Voice};
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchboard::config::Ms;

const CALLS: usize = 10;
/// The longest a caller waits for something to hear.
const PATIENCE: Duration = Duration::from_millis(1500);

/// When `peer` first hears somebody after `since`; `None` after five seconds.
async fn first_sound(peer: &Peer, since: Instant) -> Option<Duration> {
    while since.elapsed() < seconds(5) {
        let heard = peer.heard();
        let from = heard.place(since);
        if let Some(span) = heard.sound.spans(VOICE, 100).into_iter().find(|span| span.to > from + 20) {
            return Some(Duration::from_millis(span.from.saturating_sub(from) as u64));
        }
        pause(20).await;
    }
    None
}

/// Ten callers in a call whose recogniser and first voice block for ever; each says something after the greeting.
async fn ten_callers(name: &str, ear: Ear) {
    let _machine = alone().await;
    let voices: Vec<Arc<dyn media::tts::Synthesiser>> =
        vec![Arc::new(Voice::new(Manner::Hang)), Arc::new(Voice::new(Manner::Prompt))];
    let inside = Inside::start(name, vec![Arc::new(ear)], voices, |config| {
        config.bots.dir = bots(config);
        (config.speech.listen_limit_ms, config.speech.speak_limit_ms) = (Ms(700), Ms(600));
    })
    .await;
    let clip = say(CALLER, "book a room");
    let mut peers = Vec::new();
    for _ in 0..CALLS {
        peers.push(Peer::call(inside.sip, "booking").await.expect("answered"));
    }
    let waits = futures::future::join_all(peers.iter().map(|peer| first_sound(peer, peer.answered))).await;
    println!("greeted after {waits:?}");
    assert!(waits.iter().all(|wait| wait.is_some_and(|wait| wait <= PATIENCE)), "greeted after {waits:?}");
    let waits = futures::future::join_all(peers.iter().map(async |peer| {
        peer.hears_out(peer.answered, seconds(30)).await;
        let stopped = peer.say(&clip).await + Duration::from_millis(clip.ms() as u64);
        pause(clip.ms() as u64).await;
        first_sound(peer, stopped).await
    }))
    .await;
    println!("answered after {waits:?}");
    assert!(waits.iter().all(|wait| wait.is_some_and(|wait| wait <= PATIENCE)), "answered after {waits:?}");
    // The keypad takes over: one books a room.
    let peer = &peers[0];
    peer.hears_out(Instant::now() - seconds(1), seconds(40)).await;
    peer.press("1");
    pause(400).await;
    peer.hears_out(Instant::now(), seconds(40)).await;
    let calls = inside.calls().await;
    assert!(calls.iter().all(|call| call["state"] == "live"), "no call ends for it: {calls:#?}");
    let asked = calls[0]["turns"].as_array().expect("turns").last().expect("a turn")["text"]
        .as_str()
        .expect("a text")
        .to_owned();
    assert!(asked.contains("In which city"), "{calls:#?}");
    for peer in peers {
        peer.hang_up().await;
    }
    inside.ended(CALLS).await;
    inside.server.stop().await;
}

/// The booking bot without a disclosure, and with little to say: scripted voices take their time.
fn bots(config: &switchboard::config::Config) -> std::path::PathBuf {
    let dir = config.bots.dir.clone();
    for name in BOTS {
        let text = shipped(name);
        let short = text.lines().map(|line| match line.split_once(" = ") {
            Some(("greeting", _)) => "greeting = \"Hello.\"",
            Some(("disclosure", _)) => "disclosure = \"\"",
            _ => line,
        });
        std::fs::write(dir.join(name), short.collect::<Vec<_>>().join("\n")).expect("written");
    }
    dir
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_callers_are_answered_while_a_recogniser_hangs_on_their_words_and_a_voice_hangs() {
    ten_callers("hung-words", Ear::new([Act::Hang])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_callers_are_answered_while_a_recogniser_hangs_on_their_sound_and_a_voice_hangs() {
    ten_callers("hung-sound", Ear::new([Act::Refuse]).with(Trouble::HangOnSound)).await;
}

//! The caller's voice over the bot's: what the caller hears, by the clock of the wire, and what the record says.
use crate::peer::{Heard, Peer, VOICE};
use crate::server::Server;
use crate::sound::{PER_MS, Sound};
use crate::speech::{CALLER, cough, say};
use crate::testbed::{alone, pause, seconds};
use serde_json::Value;
use std::time::{Duration, Instant};

/// By then the bot is past its disclosure, which nobody can interrupt, and in the middle of its greeting.
const INTO_THE_GREETING: Duration = Duration::from_millis(6_200);

/// Calls, listens to the bot for a while, says `clip` over it, and hears it out. Gives the moment the clip's sound began.
async fn over_the_greeting(server: &Server, into: Duration, clip: &Sound) -> (Heard, Instant, Value) {
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    while peer.heard().sound.spans(VOICE, 700).is_empty() {
        pause(10).await;
    }
    let heard = peer.heard();
    let first = heard.began + Duration::from_millis(heard.sound.spans(VOICE, 700)[0].from as u64);
    pause((first + into).saturating_duration_since(Instant::now()).as_millis() as u64).await;
    let left = peer.say(clip).await;
    let onset = left + Duration::from_millis(clip.spans(-40.0, 100)[0].from as u64);
    peer.hears_out(onset + Duration::from_millis(1500), seconds(20)).await;
    let call = server.call().await;
    (peer.hang_up().await, onset, call)
}

/// The greeting as it sounds when nobody interrupts.
async fn undisturbed(server: &Server) -> Sound {
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    peer.hears_out(peer.answered, seconds(20)).await;
    peer.hang_up().await.sound
}

fn bot_turns(call: &Value) -> Vec<&Value> {
    call["turns"].as_array().expect("turns").iter().filter(|turn| turn["speaker"] == "bot").collect()
}

/// How much lower than in `reference` the bot sounds, in dB for each 20 ms from `from` on; `None` where the reference is
/// quiet itself. The voice is the same in every call, so the two are laid upon each other by what comes before `from`.
fn lowered(heard: &Sound, reference: &Sound, from: usize) -> Vec<Option<f64>> {
    const BEFORE: usize = 800;
    let pattern = &heard.0[(from - BEFORE) * PER_MS..from * PER_MS];
    let alike = |at: usize| -> f64 {
        reference.0[at..at + pattern.len()].iter().zip(pattern).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let places = ((from - BEFORE).saturating_sub(1500)) * PER_MS..(from - BEFORE + 1500) * PER_MS;
    let best =
        places.filter(|at| at + pattern.len() < reference.0.len()).max_by(|a, b| alike(*a).total_cmp(&alike(*b)));
    let same = best.expect("a place") + pattern.len();
    let now = Sound(heard.0[from * PER_MS..].to_vec()).levels();
    let then = Sound(reference.0[same..].to_vec()).levels();
    now.iter().zip(then).map(|(now, then)| (then > -40.0).then_some(then - now)).collect()
}

/// The place of the first of two blocks in a row (of those in which the bot would speak) that are lowered by `db`.
fn first_lowered(blocks: &[Option<f64>], db: f64) -> Option<usize> {
    let spoken: Vec<(usize, f64)> = blocks.iter().enumerate().filter_map(|(at, by)| by.map(|by| (at, by))).collect();
    spoken.windows(2).find(|pair| pair.iter().all(|(_, by)| *by >= db)).map(|pair| pair[0].0 * 20)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_yields_when_the_caller_speaks() {
    let _machine = alone().await;
    let server = Server::start("interruption").await;
    let reference = undisturbed(&server).await;
    let calls = server.ended(1).await;
    let whole = bot_turns(&calls[0])[0]["text"].as_str().expect("a text").to_owned();
    let server = Server::start("interruption").await;
    let (heard, onset, call) =
        over_the_greeting(&server, INTO_THE_GREETING, &say(CALLER, "i want to book a room please")).await;
    let blocks = lowered(&heard.sound, &reference, heard.place(onset));
    let (ducked, silent) = (first_lowered(&blocks, 5.0), first_lowered(&blocks, 25.0));
    println!("ducked {ducked:?} ms, silent {silent:?} ms after the caller's onset");
    assert!(ducked.is_some_and(|ms| ms <= 300), "ducked after {ducked:?} ms: {blocks:?}");
    assert!(silent.is_some_and(|ms| ms <= 900), "silent after {silent:?} ms: {blocks:?}");
    let greeting = bot_turns(&call)[0];
    assert_eq!(greeting["interrupted"], true, "{call:#?}");
    let (text, heard) = (greeting["text"].as_str().expect("a text"), greeting["heard"].as_str().expect("a text"));
    assert_eq!(text, whole);
    assert!(
        heard.len() < text.len() && text.starts_with(heard) && heard.contains("call is recorded"),
        "{heard:?} of {text:?}"
    );
    let caller = call["turns"].as_array().expect("turns").iter().find(|turn| turn["speaker"] == "caller");
    assert!(
        caller.is_some_and(|turn| turn["text"].as_str().is_some_and(|text| text.contains("book a room"))),
        "{call:#?}"
    );
    let next = bot_turns(&call)[1]["text"].as_str().expect("a text");
    assert!(next.contains("In which city"), "the words over the greeting were understood: {next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cough_does_not_interrupt() {
    let _machine = alone().await;
    let server = Server::start("cough").await;
    let reference = undisturbed(&server).await;
    server.ended(1).await;
    let server = Server::start("cough").await;
    let (heard, _, call) = over_the_greeting(&server, INTO_THE_GREETING, &cough()).await;
    let bot = bot_turns(&call);
    assert_eq!(bot.len(), 1, "{call:#?}");
    assert_eq!((&bot[0]["interrupted"], &bot[0]["heard"]), (&Value::Bool(false), &bot[0]["text"]), "{call:#?}");
    let spoken = |sound: &Sound| sound.spans(VOICE, 200).iter().map(|span| span.length()).sum::<usize>();
    let (with, without) = (spoken(&heard.sound), spoken(&reference));
    assert!(with.abs_diff(without) < 600, "all of it was heard: {with} ms, undisturbed {without} ms");
    assert!(call["turns"].as_array().expect("turns").iter().all(|turn| turn["speaker"] == "bot"), "{call:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_in_the_bots_first_second_is_in_the_record_and_answered() {
    let _machine = alone().await;
    for into_ms in [100, 500, 800] {
        let server = Server::start("first-second").await;
        let clip = say(CALLER, "i want to book a room please");
        let (_, _, call) = over_the_greeting(&server, Duration::from_millis(into_ms), &clip).await;
        let turns = call["turns"].as_array().expect("turns");
        let said = |turn: &Value, speaker: &str, words: &str| {
            turn["speaker"] == speaker && turn["text"].as_str().is_some_and(|text| text.contains(words))
        };
        let heard = turns.iter().position(|turn| said(turn, "caller", "book a room"));
        assert!(heard.is_some(), "{into_ms} ms: {call:#?}");
        assert!(turns.iter().any(|turn| said(turn, "bot", "In which city")), "{into_ms} ms: {call:#?}");
    }
}

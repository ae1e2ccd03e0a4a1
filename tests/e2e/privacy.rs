//! No log line holds a caller's number or words, at any level.
use crate::peer::Peer;
use crate::server::Server;
use crate::speech::{CALLER, say};
use crate::testbed::{beside_others, pause, seconds};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_a_caller_is_or_says_is_in_the_log_at_level_trace() {
    let _machine = beside_others().await;
    let server = Server::with("privacy", |config| config.log.level = "trace".into()).await;
    // What was logged before is about configuration: the bots' own texts and words.
    let before = server.log().len();
    let mut peer = Peer::call(server.sip, "booking").await.expect("answered");
    peer.hears_out(peer.answered, seconds(20)).await;
    for (words, understood) in [("book a room", 1), ("mountain view", 2), ("at two thirty p m for half an hour", 3)] {
        // Twice where a busy machine was too slow for the first: this test is about the log.
        for _ in 0..2 {
            let clip = say(CALLER, words);
            let began = peer.say(&clip).await;
            peer.hears_out(began + Duration::from_millis(clip.ms() as u64), seconds(40)).await;
            let call = server.call().await;
            let turns = call["turns"].as_array().expect("turns");
            if turns.iter().filter(|turn| turn["speaker"] == "caller").count() >= understood {
                break;
            }
        }
    }
    peer.press("1231");
    pause(1000).await;
    peer.hears_out(Instant::now(), seconds(15)).await;
    peer.press_by_info('7').await;
    pause(4500).await;
    let call = server.call().await;
    assert!(call["slots"].as_object().is_some_and(|slots| slots.len() >= 4), "{call:#?}");
    peer.hang_up().await;
    server.ended(1).await;
    let log = server.log()[before..].to_lowercase();
    assert!(log.contains(call["id"].as_str().expect("an id")), "the call is in the log: {log}");
    let mut secret: Vec<String> = [
        "ada",
        "lovelace",
        "441632960123",
        "mountain",
        "two thirty",
        "half an hour",
        "14:30",
        "pt30m",
        "1231",
        "12-31",
    ]
    .map(str::to_owned)
    .into();
    // What the bot read back, in pieces of three words.
    for turn in call["turns"].as_array().expect("turns") {
        let words: Vec<&str> = turn["text"].as_str().expect("a text").split_whitespace().collect();
        secret.extend(words.windows(3).map(|three| three.join(" ").to_lowercase()));
    }
    for word in secret {
        let told: Vec<&str> = log.lines().filter(|line| line.contains(&word)).collect();
        // Times and ids are numbers too: a number counts where it stands by itself.
        let alone = |line: &&&str| {
            !word.bytes().all(|b| b.is_ascii_digit())
                || line.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part == word)
        };
        let told: Vec<_> = told.iter().filter(alone).collect();
        assert!(told.is_empty(), "{word:?} is in the log: {told:#?}");
    }
}

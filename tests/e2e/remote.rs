//! Whole calls that a recogniser of another machine hears and a voice of another machine speaks, and what becomes of one when that machine
//! is lost in the middle of it.
use crate::peer::Peer;
use crate::server::Inside;
use crate::speech::{CALLER, say};
use crate::speech_servers::{KEY, Manner, SpeechServer};
use crate::testbed::{alone, seconds, until};
use media::Language;
use media::asr::scripted::Scripted as Ear;
use media::tts::scripted::{Manner as Near, Scripted as Voice};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use switchboard::config::{
    Ms, Recogniser, RecogniserProtocol, RemoteRecogniser, RemoteVoice, Synthesiser, VoiceProtocol,
};

/// A server whose English is heard by Deepgram's protocol and spoken by OpenAI's, both at `server`, with scripted engines behind them.
async fn start(name: &str, server: &SpeechServer, near_words: &str) -> Inside {
    let ears: Vec<Arc<dyn media::asr::Recogniser>> = vec![Arc::new(Ear::always(near_words))];
    let voices: Vec<Arc<dyn media::tts::Synthesiser>> = vec![Arc::new(Voice::new(Near::Prompt))];
    Inside::start(name, ears, voices, |config| {
        let key = config.store.dir.join("speech.key");
        std::fs::write(&key, KEY).expect("written");
        let speech = &mut config.speech;
        speech.recognisers[Language::En].insert(0, Recogniser::Remote("far-ear".into()));
        speech.voices[Language::En].insert(0, Synthesiser::Remote("far-voice".into()));
        speech.remote_recogniser.push(RemoteRecogniser {
            name: "far-ear".into(),
            protocol: RecogniserProtocol::Deepgram,
            url: server.socket(),
            model: "nova-3".into(),
            key_file: Some(key.clone()),
            key_env: None,
            patience_ms: Ms(2_000),
        });
        speech.remote_voice.push(RemoteVoice {
            name: "far-voice".into(),
            protocol: VoiceProtocol::OpenAi,
            url: server.web(),
            model: "tts-1".into(),
            voice: "alloy".into(),
            key_file: Some(key),
            key_env: None,
            patience_ms: Ms(2_000),
        });
        let problems = config.problems();
        assert!(problems.is_empty(), "{problems:?}");
        let bot = std::fs::read_to_string(config.bots.dir.join("booking.en.toml")).expect("a bot");
        let short = bot.lines().map(|line| match line.split_once(" = ") {
            Some(("greeting", _)) => "greeting = \"Hello.\"",
            Some(("disclosure", _)) => "disclosure = \"\"",
            _ => line,
        });
        std::fs::write(config.bots.dir.join("booking.en.toml"), short.collect::<Vec<_>>().join("\n")).expect("written");
    })
    .await
}

fn texts(call: &Value, speaker: &str) -> Vec<String> {
    let turns = call["turns"].as_array().into_iter().flatten().filter(|turn| turn["speaker"] == speaker);
    turns.filter_map(|turn| turn["text"].as_str().map(str::to_owned)).collect()
}

/// Says something once the bot is quiet, hears its answer out, and waits until the record has these words of the caller and that answer.
async fn says(inside: &Inside, peer: &Peer, words: &str, answer: &str) {
    peer.hears_out(peer.answered, seconds(30)).await;
    let clip = say(CALLER, "two people please");
    let stopped = peer.say(&clip).await + Duration::from_millis(clip.ms() as u64);
    peer.hears_out(stopped, seconds(30)).await;
    until(seconds(20), &format!("{words:?} and {answer:?}"), || async {
        let call = inside.call().await;
        let is_heard = texts(&call, "caller").iter().any(|text| text == words);
        (is_heard && texts(&call, "bot").iter().any(|text| text.contains(answer))).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_heard_and_spoken_by_another_machine() {
    let _machine = alone().await;
    let server = SpeechServer::start(Manner::Good, &["Book a room.", "Boston.", "Tomorrow."]).await;
    let inside = start("remote", &server, "cancel a booking").await;
    let failed = inside.metric("switchboard_remote_failures_total").await;
    let peer = Peer::call(inside.sip, "booking").await.expect("answered");
    says(&inside, &peer, "book a room", "In which city").await;
    says(&inside, &peer, "boston", "For which day").await;
    says(&inside, &peer, "tomorrow", "At what time").await;
    assert!(inside.metric("switchboard_remote_done_total").await >= 7.0, "three utterances, four clauses");
    assert_eq!(inside.metric("switchboard_remote_failures_total").await, failed);
    for what in ["/v1/listen?model=nova-3&language=en", "\"input\":\"Hello.\"", "\"input\":\"In which city"] {
        assert!(server.got(what), "{what}: {:#?}", server.log());
    }
    peer.hang_up().await;
    inside.ended(1).await;
    inside.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_when_the_other_machine_is_lost_in_the_middle() {
    let _machine = alone().await;
    let mut server = SpeechServer::start(Manner::Good, &["Book a room."]).await;
    let inside = start("remote-lost", &server, "boston").await;
    let failed = inside.metric("switchboard_remote_failures_total").await;
    let peer = Peer::call(inside.sip, "booking").await.expect("answered");
    says(&inside, &peer, "book a room", "In which city").await;
    server.kill();
    // The engines of this machine hear and say the rest.
    says(&inside, &peer, "boston", "For which day").await;
    assert!(inside.metric("switchboard_remote_failures_total").await >= failed + 2.0, "an utterance and a clause");
    let call = inside.call().await;
    assert_eq!(call["state"], "live", "{call:#?}");
    peer.hang_up().await;
    inside.ended(1).await;
    inside.server.stop().await;
}

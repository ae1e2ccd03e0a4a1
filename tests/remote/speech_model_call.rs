//! Whole calls with a language model that hears and speaks: from a telephone's packets to the endpoint and back.
use crate::peer::{Peer, VOICE};
use crate::server::Inside;
use crate::sound::PER_MS;
use crate::speech::{CALLER, say};
use crate::speech_model_servers::{KEY, Manner, SpeechModelServer, Spoken};
use crate::testbed::{alone, pause, seconds, until};
use axum::Router;
use axum::routing::get;
use media::asr::scripted::Scripted as Ear;
use media::tts::flite::Flite;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use switchboard::config::{LanguageModel, LanguageModelKind};

const TONE: f64 = 700.0;
const KINDS: [LanguageModelKind; 2] = [LanguageModelKind::OpenaiRealtime, LanguageModelKind::GeminiLive];

const BOT: &str = r#"
name = "bistro"
language = "en"
voice = "kal16"
greeting = "Hello."
closing = "Goodbye."
[turn]
words_ms = 4000
[model]
use = ["far"]
instructions = "You answer the telephone of a restaurant."
first_ms = 3000
patience_ms = 4000
[tools.free_tables]
description = "Which tables are free."
url = "http://TOOL/free"
[tools.free_tables.parameters]
people = { type = "integer" }
"#;

/// A service that tools ask, and how often it was.
async fn tables() -> (SocketAddr, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let free = move || {
        counted.fetch_add(1, Ordering::AcqRel);
        async { axum::Json(json!({ "free": ["seven o'clock"] })) }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/free", get(free));
    tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
    (address, asked)
}

async fn start(kind: LanguageModelKind, server: &SpeechModelServer, tool: SocketAddr) -> Inside {
    let ears: Vec<Arc<dyn media::asr::Recogniser>> = vec![Arc::new(Ear::always("have you got a table for two"))];
    let voices: Vec<Arc<dyn media::tts::Synthesiser>> = vec![Arc::new(Flite::load())];
    Inside::start(&format!("speech-model-{kind:?}").to_lowercase(), ears, voices, |config| {
        let key = config.store.dir.join("model.key");
        std::fs::write(&key, KEY).expect("written");
        let base = server.url();
        let url = if kind == LanguageModelKind::OpenaiRealtime { format!("{base}/v1") } else { base };
        let (model, voice) = ("far-model".to_owned(), Some("marin".to_owned()));
        let far = LanguageModel { kind, url, model, voice, key_file: Some(key), ..LanguageModel::local() };
        config.language_models.insert("far".into(), far);
        config.tools.networks = vec!["127.0.0.0/8".parse().expect("a network")];
        // Where something is masked, the endpoint is told words and no sound.
        config.privacy.mask.clear();
        let problems = config.problems();
        assert!(problems.is_empty(), "{problems:?}");
        let bot = BOT.replace("TOOL", &tool.to_string());
        std::fs::write(config.bots.dir.join("booking.en.toml"), bot).expect("written");
    })
    .await
}

fn texts(call: &Value, speaker: &str) -> Vec<String> {
    let turns = call["turns"].as_array().into_iter().flatten().filter(|turn| turn["speaker"] == speaker);
    turns.filter_map(|turn| turn["text"].as_str().map(str::to_owned)).collect()
}

fn spoken(text: &'static str, ms: usize, tool: Option<(&'static str, Value)>) -> Spoken {
    Spoken { text, ms, hz: TONE, tool }
}

/// Calls, hears the greeting, and says something; gives the moment at which that ended.
async fn ask(inside: &Inside) -> (Peer, Instant) {
    let peer = Peer::call(inside.sip, "booking").await.expect("answered");
    peer.hears_out(peer.answered, seconds(30)).await;
    let clip = say(CALLER, "have you got a table for two");
    let stopped = peer.say(&clip).await + Duration::from_millis(clip.ms() as u64);
    (peer, stopped)
}

/// Milliseconds of the endpoint's own sound that a caller has heard since a moment.
fn tone_since(peer: &Peer, since: Instant) -> usize {
    let heard = peer.heard();
    let sound = heard.sound.part(heard.place(since).min(heard.sound.ms()), heard.sound.ms());
    let block = 50;
    let is_tone = |from: &usize| {
        let part = sound.part(*from, *from + block);
        part.level() > VOICE && part.share_of_tone(TONE) > 0.8
    };
    (0..sound.0.len() / PER_MS / block).map(|at| at * block).filter(is_tone).count() * block
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_hears_the_endpoint_s_own_voice_and_its_tool_is_called_once() {
    let _machine = alone().await;
    for kind in KINDS {
        let (tool, asked) = tables().await;
        let server = SpeechModelServer::start(&[
            spoken("One moment, I look it up.", 1_500, Some(("free_tables", json!({ "people": 2 })))),
            spoken("There is a table for two at seven.", 2_000, None),
        ]);
        let inside = start(kind, &server, tool).await;
        let (peer, stopped) = ask(&inside).await;
        let call = until(seconds(30), "the answer in the record", || async {
            let call = inside.call().await;
            let all = texts(&call, "bot").join(" ");
            all.contains("One moment, I look it up. There is a table for two at seven.").then_some(call)
        })
        .await;
        assert_eq!(texts(&call, "caller"), ["have you got a table for two"], "{kind:?}");
        assert_eq!(asked.load(Ordering::Acquire), 1, "{kind:?}");
        let tone = tone_since(&peer, stopped);
        assert!((3_200..=3_600).contains(&tone), "{kind:?}: {tone} ms of 3,500");
        assert!(server.refused().is_empty(), "{kind:?}: {:?}", server.refused());
        let turns = server.turns();
        assert!(turns.iter().any(|(samples, level)| *samples > 16_000 && *level > 300.0), "{kind:?}: {turns:?}");
        peer.hang_up().await;
        inside.ended(1).await;
        inside.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_interrupts_is_heard_and_the_endpoint_knows_how_much_they_heard() {
    let _machine = alone().await;
    let (tool, _) = tables().await;
    let long =
        "We have a table by the window and one by the door and one in the garden and one under the roof for you today.";
    let server = SpeechModelServer::start(&[spoken(long, 9_000, None), spoken("By the window, then.", 1_200, None)]);
    // The first answer stays until it is heard: an answer that was asked for ahead of the end of the turn may not have been it.
    let inside = start(LanguageModelKind::OpenaiRealtime, &server, tool).await;
    let (peer, stopped) = ask(&inside).await;
    until(seconds(20), "two seconds of the answer", || async { (tone_since(&peer, stopped) >= 2_000).then_some(()) })
        .await;
    let clip = say(CALLER, "have you got a table for two");
    peer.say(&clip).await;
    until(seconds(20), "what was heard", || async {
        (!server.got("conversation.item.truncate").is_empty()).then_some(())
    })
    .await;
    pause(300).await;
    let tone = tone_since(&peer, stopped);
    let told = server.got("conversation.item.truncate");
    let ms = told[0]["audio_end_ms"].as_u64().expect("milliseconds") as usize;
    assert!(ms.abs_diff(tone) <= 400, "told {ms}, heard {tone}");
    assert!(tone < 5_000, "it has stopped: {tone}");
    assert!(server.refused().is_empty(), "{:?}", server.refused());
    until(seconds(20), "the next answer", || async {
        texts(&inside.call().await, "bot").iter().any(|text| text.contains("By the window, then.")).then_some(())
    })
    .await;
    peer.hang_up().await;
    inside.ended(1).await;
    inside.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_says_nothing_leaves_no_dead_air() {
    let _machine = alone().await;
    let (tool, _) = tables().await;
    for manner in [Manner::Silent, Manner::Refuses(401)] {
        let server = SpeechModelServer::start(&[spoken("Yes.", 400, None)]);
        server.set(manner);
        let inside = start(LanguageModelKind::OpenaiRealtime, &server, tool).await;
        let (peer, stopped) = ask(&inside).await;
        let sound = until(seconds(20), "a word of the bot's", || async {
            let heard = peer.heard();
            let span = heard.sound.spans(VOICE, 200).into_iter().find(|span| span.from >= heard.place(stopped))?;
            Some(heard.began + Duration::from_millis(span.from as u64))
        })
        .await;
        let waited = sound.saturating_duration_since(stopped);
        assert!(waited < Duration::from_millis(3_500), "{manner:?}: {waited:?} on a machine that others use too");
        let calls = inside.ended(1).await;
        assert_eq!(calls[0]["end"]["reason"], "language model failed", "{manner:?}: {}", calls[0]["end"]);
        inside.server.stop().await;
    }
}

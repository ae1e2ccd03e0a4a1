//! Whole calls with a bot that thinks with a language model: a server that writes its answers at the pace of real ones, over a real socket.
use crate::peer::{Peer, VOICE};
use crate::server::Inside;
use crate::speech::{CALLER, say};
use crate::testbed::{alone, beside_others, pause, seconds, until};
use media::asr::scripted::Scripted as Ear;
use media::tts::flite::Flite;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use switchboard::config::LanguageModel;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

/// How long a server thinks before its first word.
const FIRST: Duration = Duration::from_millis(800);

/// Answers as servers write them: common words are one token each.
const ANSWERS: [&str; 4] = [
    "We have noodle soup with beef today, and rice with grilled pork. Both come with tea.",
    "Yes, of course, we are open until ten this evening. Shall I keep a table for you?",
    "You can park behind the house without any charge, and the entrance is on the left side.",
    "The garden is open when it does not rain. There are heaters beside most of the tables.",
];

/// Chat completions over SSE, as fast as a test wants.
struct ModelServer {
    url: String,
    /// When each token of the latest answer was written.
    written: Arc<Mutex<Vec<(Instant, String)>>>,
    /// Answers wait for it after their first sentence.
    go_on: Arc<Notify>,
}

#[derive(Clone, Copy)]
enum Pace {
    /// So long for each token.
    Tokens(Duration),
    /// At once, but for what follows the first sentence: that waits for a sign.
    SentenceThenSign,
}

impl ModelServer {
    async fn start(pace: Pace) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let (written, go_on) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let (log, sign) = (written.clone(), go_on.clone());
        tokio::spawn(async move {
            for answer in ANSWERS.iter().cycle() {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(write(stream, answer, pace, log.clone(), sign.clone()));
            }
        });
        Self { url, written, go_on }
    }

    fn written(&self) -> Vec<(Instant, String)> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Pieces of up to six letters with the space before a word, about as tokenisers cut.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for c in text.chars() {
        match tokens.last_mut() {
            Some(token) if !matches!(c, ' ' | ',' | '.' | '?') && token.trim().len() < 6 => token.push(c),
            _ => tokens.push(c.to_string()),
        }
    }
    tokens
}

async fn write(
    mut stream: TcpStream,
    answer: &'static str,
    pace: Pace,
    written: Arc<Mutex<Vec<(Instant, String)>>>,
    sign: Arc<Notify>,
) {
    let mut request = [0; 65_536];
    // A request of these tests comes in few pieces, and its end is not needed to answer it.
    if stream.read(&mut request).await.is_err() || stream.write_all(HEAD.as_bytes()).await.is_err() {
        return;
    }
    written.lock().unwrap_or_else(PoisonError::into_inner).clear();
    // The first word comes when the caller's turn has ended, though it was asked for ahead of that.
    let mut next = tokio::time::Instant::now() + FIRST;
    let mut said = String::new();
    for token in tokens(answer) {
        match pace {
            Pace::Tokens(each) => {
                tokio::time::sleep_until(next).await;
                next += each;
            }
            Pace::SentenceThenSign if said.ends_with('.') => sign.notified().await,
            Pace::SentenceThenSign => {}
        }
        said.push_str(&token);
        let piece = serde_json::json!({ "choices": [{ "index": 0, "delta": { "content": token } }] });
        written.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), token));
        if stream.write_all(format!("data: {piece}\n\n").as_bytes()).await.is_err() {
            return;
        }
    }
    let end = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let _ = stream.write_all(end.as_bytes()).await;
}

const BOT: &str = r#"
name = "bistro"
language = "en"
voice = "kal16"
greeting = "Hello."
closing = "Goodbye."
[turn]
words_ms = 4000
[model]
use = ["paced"]
instructions = "You answer the telephone of a restaurant."
filler_ms = 9000
"#;

async fn start(name: &str, url: &str) -> Inside {
    let ears: Vec<Arc<dyn media::asr::Recogniser>> = vec![Arc::new(Ear::always("what else can you tell me about it"))];
    let voices: Vec<Arc<dyn media::tts::Synthesiser>> = vec![Arc::new(Flite::load())];
    Inside::start(name, ears, voices, |config| {
        let model = LanguageModel { url: url.to_owned(), ..LanguageModel::local() };
        config.language_models.insert("paced".into(), model);
        std::fs::write(config.bots.dir.join("booking.en.toml"), BOT).expect("written");
    })
    .await
}

/// The first sound of the bot behind this moment, if there is one by now.
fn sound_since(peer: &Peer, since: Instant) -> Option<Instant> {
    let heard = peer.heard();
    let place = heard.place(since);
    let span = heard.sound.spans(VOICE, 200).into_iter().find(|span| span.from >= place)?;
    Some(heard.began + Duration::from_millis(span.from as u64))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sentence_is_heard_while_the_rest_is_not_written_yet() {
    let _machine = beside_others().await;
    let model = ModelServer::start(Pace::SentenceThenSign).await;
    let inside = start("language-model", &model.url).await;
    let peer = Peer::call(inside.sip, "booking").await.expect("answered");
    let greeted = peer.hears_out(peer.answered, seconds(30)).await;
    let clip = say(CALLER, "what else can you tell me");
    let stopped = peer.say(&clip).await + Duration::from_millis(clip.ms() as u64);
    assert!(stopped > greeted);
    until(seconds(20), "the first sentence", || async { sound_since(&peer, stopped) }).await;
    let so_far: String = model.written().into_iter().map(|(_, token)| token).collect();
    assert_eq!(so_far, "We have noodle soup with beef today, and rice with grilled pork.");
    model.go_on.notify_one();
    until(seconds(20), "the whole answer", || async {
        let call = inside.call().await;
        let turns = call["turns"].as_array().cloned().unwrap_or_default();
        turns.iter().any(|turn| turn["text"].as_str() == Some(ANSWERS[0])).then_some(())
    })
    .await;
    peer.hang_up().await;
    inside.ended(1).await;
    inside.server.stop().await;
}

/// A llama.cpp server with a real model, where SWITCHBOARD_LLAMA names its address ("http://127.0.0.1:8080/v1").
#[tokio::test(flavor = "multi_thread")]
async fn a_real_model_is_heard_and_stops_when_the_caller_speaks() {
    let Ok(url) = std::env::var("SWITCHBOARD_LLAMA") else {
        eprintln!("skipped: SWITCHBOARD_LLAMA names no llama.cpp server");
        return;
    };
    let _machine = alone().await;
    let inside = start("language-model-real", &url).await;
    let peer = Peer::call(inside.sip, "booking").await.expect("answered");
    peer.hears_out(peer.answered, seconds(30)).await;
    let clip = say(CALLER, "what else can you tell me");
    let stopped = peer.say(&clip).await + Duration::from_millis(clip.ms() as u64);
    let sound = until(seconds(60), "an answer", || async { sound_since(&peer, stopped) }).await;
    println!("first sound {} ms after the caller's last word", sound.saturating_duration_since(stopped).as_millis());
    // It is interrupted, and asked again.
    let stopped = peer.say(&clip).await + Duration::from_millis(clip.ms() as u64);
    until(seconds(60), "another answer", || async { sound_since(&peer, stopped) }).await;
    // The answer that was broken off is in the record; the other may go on for long.
    until(seconds(30), "both turns of the caller's, and the answer between them", || async {
        let call = inside.call().await;
        let turns = call["turns"].as_array().cloned().unwrap_or_default();
        let of = |who: &str| turns.iter().filter(|turn| turn["speaker"] == who).count();
        (of("caller") >= 2 && of("bot") >= 2).then_some(())
    })
    .await;
    peer.hang_up().await;
    inside.ended(1).await;
    inside.server.stop().await;
}

/// `cargo test --workspace --test e2e -- --ignored --nocapture figures_of_language_models`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures: make conversation"]
async fn figures_of_language_models() {
    let _machine = alone().await;
    println!(
        "| tokens a second | answers | first token → sound, ms: median (all) | whole first clause → sound, ms: median (all) |"
    );
    println!("|---|---|---|---|");
    for rate in [40, 10] {
        let model = ModelServer::start(Pace::Tokens(Duration::from_secs(1) / rate)).await;
        let inside = start(&format!("language-model-{rate}"), &model.url).await;
        let peer = Peer::call(inside.sip, "booking").await.expect("answered");
        peer.hears_out(peer.answered, seconds(30)).await;
        let clip = say(CALLER, "what else can you tell me");
        let (mut of_token, mut of_clause) = (Vec::new(), Vec::new());
        for _ in 0..8 {
            let stopped = peer.say(&clip).await + Duration::from_millis(clip.ms() as u64);
            let sound = until(seconds(20), "sound", || async { sound_since(&peer, stopped) }).await;
            let written = until(seconds(30), "the whole answer", || async {
                let written = model.written();
                let text: String = written.iter().map(|(_, token)| token.as_str()).collect();
                ANSWERS.contains(&text.as_str()).then_some(written)
            })
            .await;
            peer.hears_out(Instant::now(), seconds(30)).await;
            pause(1_000).await;
            let Some((first, _)) = written.first() else { continue };
            of_token.push(sound.saturating_duration_since(*first));
            // A clause is whole with the token behind its mark, where there is one before the sound.
            let mut text = String::new();
            let whole = written.iter().find(|(_, token)| {
                let is_whole = text.len() >= 20 && text.ends_with([',', '.', '?']);
                text.push_str(token);
                is_whole
            });
            if let Some((at, _)) = whole.filter(|(at, _)| *at < sound) {
                of_clause.push(sound.saturating_duration_since(*at));
            }
        }
        println!("| {rate} | {} | {} | {} |", of_token.len(), figures(of_token), figures(of_clause));
        peer.hang_up().await;
        inside.server.stop().await;
    }
}

fn figures(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let all: Vec<String> = times.iter().map(|time| time.as_millis().to_string()).collect();
    let median = times.get(times.len() / 2).map_or_else(|| "none".to_owned(), |time| time.as_millis().to_string());
    format!("{median} ({})", all.join(", "))
}

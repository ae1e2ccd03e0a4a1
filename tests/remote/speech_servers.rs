//! Speech services on loopback that keep to their published protocols, and what such services do wrong. One that is killed closes all its
//! sockets at once, as a machine does that loses its process.
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::stream;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

/// Waits until something is so; `false` where it is not within a time that no machine needs.
pub async fn becomes(is_so: impl Fn() -> bool) -> bool {
    for _ in 0..4_000 {
        if is_so() {
            return true;
        }
        sleep(Duration::from_millis(5)).await;
    }
    false
}

/// The key that services ask for.
pub const KEY: &str = "a-key-of-the-tests";

/// How a service behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Good,
    /// 401 to everybody.
    RefusesKey,
    /// After the first sound it has got or given.
    ClosesInTheMiddle,
    SaysNothing,
    /// Every answer comes after this.
    Slow(Duration),
    SaysGarbage,
    /// Partial words and no others (so a `Finalize` has no answer); a first piece of sound and no other.
    BeginsAndStops,
}

struct Inside {
    manner: Manner,
    /// What is said, one by one; the last one stays.
    words: VecDeque<String>,
    /// What reached the service.
    log: Vec<String>,
}

#[derive(Clone)]
struct Shared(Arc<Mutex<Inside>>);

impl Shared {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn manner(&self) -> Manner {
        self.inside().manner
    }

    fn note(&self, what: impl Into<String>) {
        self.inside().log.push(what.into());
    }

    fn words(&self) -> String {
        let mut inside = self.inside();
        if inside.words.len() > 1 { inside.words.pop_front() } else { inside.words.front().cloned() }
            .unwrap_or_default()
    }
}

pub struct SpeechServer {
    address: SocketAddr,
    shared: Shared,
    runtime: Option<Runtime>,
}

impl SpeechServer {
    /// Every protocol on one port. `words`: what recognisers hear.
    pub async fn start(manner: Manner, words: &[&str]) -> Self {
        let words = words.iter().map(|words| (*words).to_owned()).collect();
        let shared = Shared(Arc::new(Mutex::new(Inside { manner, words, log: Vec::new() })));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let router = Router::new()
            .route("/", get(vosk))
            .route("/v1/listen", get(deepgram))
            .route("/v2/listen", get(flux))
            .route("/v1/audio/transcriptions", post(transcription))
            .route("/v1/audio/speech", post(speech))
            .route("/v1/text-to-speech/{voice}/multi-stream-input", get(elevenlabs))
            .route("/tts/websocket", get(cartesia))
            .with_state(shared.clone());
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, router).await.expect("served");
        });
        Self { address, shared, runtime: Some(runtime) }
    }

    pub fn socket(&self) -> String {
        format!("ws://{}", self.address)
    }

    pub fn web(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub fn set(&self, manner: Manner) {
        self.shared.inside().manner = manner;
    }

    pub fn log(&self) -> Vec<String> {
        self.shared.inside().log.clone()
    }

    /// Whether something that holds `what` has reached it.
    pub fn got(&self, what: &str) -> bool {
        self.log().iter().any(|line| line.contains(what))
    }

    pub fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for SpeechServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether the request shows the key as this service wants it; what it is answered if not.
fn refusal(shared: &Shared, request: &Request, header: &str, scheme: &str) -> Option<Response> {
    shared.note(format!("{} {}", request.method(), request.uri()));
    let shown = request.headers().get(header).and_then(|value| value.to_str().ok());
    let known = header.is_empty() || shown == Some(&format!("{scheme}{KEY}"));
    (!known || shared.manner() == Manner::RefusesKey).then(|| StatusCode::UNAUTHORIZED.into_response())
}

/// One WebSocket.
struct Line {
    socket: WebSocket,
    shared: Shared,
}

/// The client has gone, or the service means to.
struct Over;

impl Line {
    async fn next(&mut self) -> Result<Message, Over> {
        match self.socket.recv().await {
            Some(Ok(Message::Close(_))) | Some(Err(_)) | None => Err(Over),
            Some(Ok(message)) => {
                if let Message::Text(text) = &message {
                    self.shared.note(text.as_str());
                }
                Ok(message)
            }
        }
    }

    /// Says it as the service's manner is. `is_part`: partial words, or a first piece of sound.
    async fn say(&mut self, value: Value, is_part: bool) -> Result<(), Over> {
        let text = match self.shared.manner() {
            Manner::SaysNothing => return Ok(()),
            Manner::BeginsAndStops if !is_part => return Ok(()),
            Manner::ClosesInTheMiddle if !is_part => return Err(Over),
            Manner::SaysGarbage => "{\"oops".to_owned(),
            Manner::Slow(pause) => {
                sleep(pause).await;
                value.to_string()
            }
            _ => value.to_string(),
        };
        self.socket.send(Message::Text(text.into())).await.map_err(|_| Over)?;
        if self.shared.manner() == Manner::ClosesInTheMiddle { Err(Over) } else { Ok(()) }
    }
}

/// Takes a WebSocket to be served.
macro_rules! served {
    ($name:ident, $talk:ident, $header:literal, $scheme:literal) => {
        async fn $name(State(shared): State<Shared>, upgrade: WebSocketUpgrade, request: Request) -> Response {
            if let Some(refused) = refusal(&shared, &request, $header, $scheme) {
                return refused;
            }
            upgrade.on_upgrade(move |socket| async move {
                let _ = $talk(Line { socket, shared }).await;
            })
        }
    };
}

served!(vosk, talk_vosk, "", "");
served!(deepgram, talk_deepgram, "authorization", "Token ");
served!(flux, talk_flux, "authorization", "Token ");
served!(elevenlabs, talk_elevenlabs, "xi-api-key", "");
served!(cartesia, talk_cartesia, "x-api-key", "");

/// A reply to each message but the configuration.
async fn talk_vosk(mut line: Line) -> Result<(), Over> {
    loop {
        let words = match line.next().await? {
            Message::Text(text) if text.as_str() == "{\"eof\" : 1}" => String::new(),
            Message::Text(text) if text.as_str() == "{\"reset\" : 1}" => line.shared.words(),
            Message::Text(text) if text.contains("config") => continue,
            Message::Binary(_) => {
                line.say(json!({ "partial": "so" }), true).await?;
                continue;
            }
            _ => return Err(Over),
        };
        let result: Vec<Value> = words.split(' ').map(|word| json!({ "conf": 1.0, "word": word })).collect();
        line.say(json!({ "result": result, "text": words }), false).await?;
    }
}

/// Interim results every five messages of sound, the words when they are asked for.
async fn talk_deepgram(mut line: Line) -> Result<(), Over> {
    let (mut messages, mut seconds, mut covered) = (0, 0.0, 0.0);
    let results = |text: &str, start: f64, end: f64, is_last: bool| {
        let best = json!({ "transcript": text, "confidence": 0.97, "words": [] });
        json!({
            "type": "Results", "channel_index": [0, 1], "start": start, "duration": end - start, "is_final": is_last,
            "speech_final": false, "from_finalize": is_last, "channel": { "alternatives": [best] },
        })
    };
    loop {
        match line.next().await? {
            Message::Binary(sound) => {
                (messages, seconds) = (messages + 1, seconds + sound.len() as f64 / 32_000.0);
                if messages % 5 == 1 {
                    line.say(results("so", covered, seconds, false), true).await?;
                }
            }
            Message::Text(text) if text.contains("\"Finalize\"") => {
                let words = line.shared.words();
                line.say(results(&words, covered, seconds, true), false).await?;
                covered = seconds;
            }
            Message::Text(text) if text.contains("\"CloseStream\"") => {
                return line.say(json!({ "type": "Metadata", "duration": seconds }), false).await;
            }
            _ => {}
        }
    }
}

async fn talk_flux(mut line: Line) -> Result<(), Over> {
    line.say(json!({ "type": "Connected", "request_id": "r", "sequence_id": 0 }), true).await?;
    let (mut begun, mut turn) = (false, 0);
    let info = |event: &str, turn: i32, text: &str| {
        let words: Vec<Value> = text.split(' ').map(|word| json!({ "word": word, "confidence": 0.9 })).collect();
        json!({ "type": "TurnInfo", "event": event, "turn_index": turn, "transcript": text, "words": words,
            "end_of_turn_confidence": 0.3 })
    };
    loop {
        match line.next().await? {
            Message::Binary(_) if !begun => {
                begun = true;
                line.say(info("StartOfTurn", turn, "so"), true).await?;
            }
            // Without a turn it is ignored.
            Message::Text(text) if text.contains("\"ForceEndTurn\"") && begun => {
                let words = line.shared.words();
                line.say(info("EndOfTurn", turn, &words), false).await?;
                (begun, turn) = (false, turn + 1);
            }
            Message::Text(text) if text.contains("\"CloseStream\"") => return Ok(()),
            _ => {}
        }
    }
}

/// Milliseconds of a tone at this rate.
fn tone(hz: usize, ms: usize) -> Vec<u8> {
    let sample = |n: usize| ((n as f64 * 440.0 * std::f64::consts::TAU / hz as f64).sin() * 8_000.0) as i16;
    (0..hz * ms / 1000).flat_map(|n| sample(n).to_le_bytes()).collect()
}

/// How long a text lasts here.
fn lasts(text: &str) -> usize {
    text.chars().count() * 40
}

/// What is flushed is spoken, although its context closes; a context that is closed without it is silent.
async fn talk_elevenlabs(mut line: Line) -> Result<(), Over> {
    let mut text = String::new();
    loop {
        let Message::Text(message) = line.next().await? else { continue };
        let message: Value = serde_json::from_str(&message).map_err(|_| Over)?;
        let context = message["context_id"].clone();
        text.push_str(message["text"].as_str().unwrap_or_default());
        if message["flush"] == true {
            let said = std::mem::take(&mut text);
            for (n, letter) in said.chars().enumerate() {
                let audio = STANDARD.encode(tone(16_000, 40));
                let alignment =
                    json!({ "chars": [letter.to_string()], "charStartTimesMs": [0], "charDurationsMs": [40] });
                line.say(json!({ "audio": audio, "contextId": context, "alignment": alignment }), n == 0).await?;
            }
        }
        if message["close_context"] == true {
            line.say(json!({ "isFinal": true, "contextId": context }), false).await?;
        }
    }
}

async fn talk_cartesia(mut line: Line) -> Result<(), Over> {
    loop {
        let Message::Text(message) = line.next().await? else { continue };
        let message: Value = serde_json::from_str(&message).map_err(|_| Over)?;
        let (context, Some(text)) = (&message["context_id"], message["transcript"].as_str()) else { continue };
        let hz = message["output_format"]["sample_rate"].as_u64().ok_or(Over)? as usize;
        let words: Vec<&str> = text.split(' ').collect();
        let mut began = 0.0;
        for (n, word) in words.iter().enumerate() {
            let data = STANDARD.encode(tone(hz, lasts(word)));
            let chunk =
                json!({ "type": "chunk", "data": data, "done": false, "status_code": 206, "context_id": context });
            line.say(chunk, n == 0).await?;
            let ended = began + lasts(word) as f64 / 1000.0;
            let times = json!({ "words": [word], "start": [began], "end": [ended] });
            began = ended;
            line.say(json!({ "type": "timestamps", "context_id": context, "word_timestamps": times }), n == 0).await?;
        }
        line.say(json!({ "type": "done", "done": true, "context_id": context }), false).await?;
    }
}

async fn transcription(State(shared): State<Shared>, request: Request) -> Response {
    if let Some(refused) = refusal(&shared, &request, "authorization", "Bearer ") {
        return refused;
    }
    let Ok(form) = axum::body::to_bytes(request.into_body(), 8 << 20).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let has = |part: &[u8]| form.windows(part.len()).any(|window| window == part);
    if !has(b"name=\"model\"") || !has(b"name=\"file\"; filename=") || !has(b"RIFF") || !has(b"WAVEfmt ") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let answer = json!({ "text": shared.words() }).to_string();
    match shared.manner() {
        Manner::SaysNothing | Manner::BeginsAndStops => std::future::pending().await,
        Manner::SaysGarbage => "{\"oops".into_response(),
        Manner::ClosesInTheMiddle => broken(answer[..4].to_owned().into()).into_response(),
        Manner::Slow(pause) => {
            sleep(pause).await;
            answer.into_response()
        }
        Manner::Good | Manner::RefusesKey => answer.into_response(),
    }
}

/// An answer that breaks off.
fn broken(part: Bytes) -> Body {
    let parts = [Ok(part), Err(std::io::Error::other("told to break off"))];
    Body::from_stream(stream::iter(parts))
}

/// Notes that a request ended before its answer did.
struct Ending {
    shared: Shared,
    is_whole: bool,
}

impl Ending {
    fn whole(mut self) {
        self.is_whole = true;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.is_whole {
            self.shared.note("the request ended early");
        }
    }
}

/// Samples at 24 kHz, 100 ms at a time, twice as fast as they are played.
async fn speech(State(shared): State<Shared>, request: Request) -> Response {
    if let Some(refused) = refusal(&shared, &request, "authorization", "Bearer ") {
        return refused;
    }
    let Ok(body) = axum::body::to_bytes(request.into_body(), 1 << 20).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    shared.note(asked.to_string());
    let Some(text) = asked["input"].as_str().filter(|_| asked["response_format"] == "pcm") else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let manner = shared.manner();
    match manner {
        Manner::SaysNothing => std::future::pending().await,
        // Half a sample and no more is no sound.
        Manner::SaysGarbage => return Body::from(vec![7_u8]).into_response(),
        Manner::ClosesInTheMiddle => return broken(tone(24_000, 100).into()).into_response(),
        Manner::Slow(pause) => sleep(pause).await,
        Manner::Good | Manner::RefusesKey | Manner::BeginsAndStops => {}
    }
    let sound = tone(24_000, lasts(text));
    let pieces: VecDeque<Bytes> = sound.chunks(4_800).map(Bytes::copy_from_slice).collect();
    let ending = Ending { shared, is_whole: false };
    let answer = stream::unfold((pieces, ending, 0), move |(mut pieces, ending, n)| async move {
        if n > 0 && manner == Manner::BeginsAndStops {
            std::future::pending::<()>().await;
        }
        if n > 0 {
            sleep(Duration::from_millis(50)).await;
        }
        let Some(piece) = pieces.pop_front() else {
            ending.whole();
            return None;
        };
        Some((Ok::<_, std::io::Error>(piece), (pieces, ending, n + 1)))
    });
    Body::from_stream(answer).into_response()
}

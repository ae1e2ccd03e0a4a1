//! Speech-to-speech services on loopback that keep to their published protocols (OpenAI Realtime, Gemini Live), and what such services do wrong.
//! They make sound faster than it is played, in pieces, and refuse what the real ones refuse.
use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep_until};

/// The key that services ask for.
pub const KEY: &str = "a-key-of-the-tests";
/// Of all sound that is made.
const HZ: usize = 24_000;
/// Sound is made in pieces of 100 ms, each so much later than the one before.
const PACE: Duration = Duration::from_millis(25);
/// From a question to the first piece of its answer.
const FIRST: Duration = Duration::from_millis(200);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Good,
    /// To everybody, with this status.
    Refuses(u16),
    /// Words without sound.
    Mute,
    /// Nothing at all.
    Silent,
    /// After so many pieces of sound the connection is gone.
    Breaks(usize),
    /// An error in place of an answer.
    Errs,
    Garbage,
}

/// What is answered to a turn.
#[derive(Clone)]
pub struct Spoken {
    pub text: &'static str,
    /// How long it sounds, and at which frequency.
    pub ms: usize,
    pub hz: f64,
    /// A tool that is called behind it, with its arguments.
    pub tool: Option<(&'static str, Value)>,
}

#[derive(Default)]
struct Inside {
    manner: Option<Manner>,
    answers: VecDeque<Spoken>,
    /// What reached the service, without sound.
    log: Vec<Value>,
    /// The caller's turns: samples, and their mean level.
    turns: Vec<(usize, f64)>,
    /// What was refused, as the real service would.
    refused: Vec<String>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Inside>>);

impl Shared {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn manner(&self) -> Manner {
        self.inside().manner.unwrap_or(Manner::Good)
    }

    /// To what a tool came to, the last; to a turn the next, where it calls no tool: that is called whenever it is asked.
    fn answer(&self, after_tool: bool) -> Spoken {
        let mut inside = self.inside();
        let answers = &mut inside.answers;
        let calls = answers.front().is_some_and(|answer| answer.tool.is_some());
        let answer = match () {
            () if after_tool => answers.back().cloned(),
            () if calls || answers.len() == 1 => answers.front().cloned(),
            () => answers.pop_front(),
        };
        answer.expect("an answer")
    }
}

pub struct SpeechModelServer {
    address: SocketAddr,
    shared: Shared,
    runtime: Option<Runtime>,
}

impl SpeechModelServer {
    /// Both protocols on one port. The last answer stays.
    pub fn start(answers: &[Spoken]) -> Self {
        let shared = Shared::default();
        shared.inside().answers = answers.iter().cloned().collect();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let gemini = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
        let router =
            Router::new().route("/v1/realtime", get(realtime)).route(gemini, get(live)).with_state(shared.clone());
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, router).await.expect("served");
        });
        Self { address, shared, runtime: Some(runtime) }
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    pub fn set(&self, manner: Manner) {
        self.shared.inside().manner = Some(manner);
    }

    pub fn log(&self) -> Vec<Value> {
        self.shared.inside().log.clone()
    }

    /// The messages of a type of OpenAI's, or with a key of Gemini's.
    pub fn got(&self, kind: &str) -> Vec<Value> {
        let is = |message: &Value| {
            message["type"] == kind || message.get(kind).is_some() || message["realtimeInput"].get(kind).is_some()
        };
        self.log().into_iter().filter(is).collect()
    }

    pub fn turns(&self) -> Vec<(usize, f64)> {
        self.shared.inside().turns.clone()
    }

    pub fn refused(&self) -> Vec<String> {
        self.shared.inside().refused.clone()
    }
}

impl Drop for SpeechModelServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn refusal(shared: &Shared, request: &Request, header: &str, key: &str) -> Option<Response> {
    if let Manner::Refuses(status) = shared.manner() {
        return Some(StatusCode::from_u16(status).expect("a status").into_response());
    }
    let shown = request.headers().get(header).and_then(|value| value.to_str().ok());
    (shown != Some(key)).then(|| StatusCode::UNAUTHORIZED.into_response())
}

async fn realtime(State(shared): State<Shared>, upgrade: WebSocketUpgrade, request: Request) -> Response {
    if let Some(refused) = refusal(&shared, &request, "authorization", &format!("Bearer {KEY}")) {
        return refused;
    }
    assert_eq!(request.uri().query(), Some("model=far-model"));
    upgrade.on_upgrade(move |socket| serve(socket, OpenAi { shared, ..OpenAi::new() }))
}

async fn live(State(shared): State<Shared>, upgrade: WebSocketUpgrade, request: Request) -> Response {
    match refusal(&shared, &request, "x-goog-api-key", KEY) {
        Some(refused) => refused,
        None => upgrade.on_upgrade(move |socket| serve(socket, Gemini { shared, ..Gemini::new() })),
    }
}

/// What is still to be sent, each so long after the one before.
type Queue = VecDeque<(Duration, Value)>;

trait WireProtocol: Send {
    fn shared(&self) -> &Shared;
    /// What is sent when the connection opens.
    fn greeting(&self) -> Option<Value>;
    /// A message: what is sent at once, and what of the answer follows.
    fn take(&mut self, message: &Value, now: &mut Vec<Value>, later: &mut Queue);
    /// It leaves the service.
    fn leaves(&mut self, message: &Value);
    fn is_sound(&self, message: &Value) -> bool;
    fn frame(&self, message: &Value) -> Message;
}

async fn serve(mut socket: WebSocket, mut service: impl WireProtocol) {
    let (mut later, mut due, mut pieces) = (Queue::new(), Instant::now(), 0);
    if let Some(greeting) = service.greeting()
        && socket.send(service.frame(&greeting)).await.is_err()
    {
        return;
    }
    loop {
        let waits = later.front().map(|(after, _)| due + *after);
        let wait = async {
            match waits {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            message = socket.recv() => {
                let Some(Ok(message)) = message else { return };
                let text = match message {
                    Message::Text(text) => text.as_str().to_owned(),
                    Message::Close(_) => return,
                    _ => continue,
                };
                let message: Value = serde_json::from_str(&text).expect("JSON");
                let (mut now, was) = (Vec::new(), later.len());
                service.take(&message, &mut now, &mut later);
                if was == 0 {
                    due = Instant::now();
                }
                for message in now {
                    if socket.send(service.frame(&message)).await.is_err() {
                        return;
                    }
                }
            }
            () = wait => {
                due = Instant::now();
                let Some((_, message)) = later.pop_front() else { continue };
                let manner = service.shared().manner();
                let frame = if manner == Manner::Garbage { Message::Text("{\"oops".into()) } else { service.frame(&message) };
                service.leaves(&message);
                if socket.send(frame).await.is_err() {
                    return;
                }
                pieces += usize::from(service.is_sound(&message));
                if matches!(manner, Manner::Breaks(after) if pieces >= after) {
                    return;
                }
            }
        }
    }
}

fn tone(spoken: &Spoken, from_ms: usize) -> String {
    let step = std::f64::consts::TAU * spoken.hz / HZ as f64;
    let (from, to) = (from_ms * HZ / 1_000, (from_ms + 100).min(spoken.ms) * HZ / 1_000);
    let bytes: Vec<u8> =
        (from..to).flat_map(|at| (((step * at as f64).sin() * 9_000.0) as i16).to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

/// The pieces of an answer: words come three times as fast as their sound, as the services send them.
fn pieces(spoken: &Spoken, words: impl Fn(&str) -> Value, sound: impl Fn(String) -> Value, is_mute: bool) -> Queue {
    let texts: Vec<&str> = spoken.text.split_inclusive(' ').collect();
    let steps = spoken.ms.div_ceil(100).max(1);
    let mut queue = Queue::new();
    let mut said = 0;
    for step in 0..steps {
        let upto = (3 * texts.len() * (step + 1)).div_ceil(steps).min(texts.len());
        for text in &texts[said..upto.max(said)] {
            queue.push_back((Duration::ZERO, words(text)));
        }
        said = upto.max(said);
        if !is_mute && spoken.ms > 0 {
            queue.push_back((PACE, sound(tone(spoken, step * 100))));
        }
    }
    if let Some((after, _)) = queue.front_mut() {
        *after = FIRST;
    }
    queue
}

/// How long the sound of a turn is, and its mean level.
fn heard(bytes: &[u8]) -> (usize, f64) {
    let samples: Vec<f64> =
        bytes.chunks_exact(2).map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]]))).collect();
    let level = (samples.iter().map(|sample| sample * sample).sum::<f64>() / samples.len().max(1) as f64).sqrt();
    (samples.len(), level)
}

struct OpenAi {
    shared: Shared,
    buffer: Vec<u8>,
    answers: usize,
    /// The response that is being made.
    active: Option<String>,
    /// Milliseconds of sound that each item has sent.
    items: BTreeMap<String, usize>,
    calls: Vec<String>,
    /// A tool has answered since the last response.
    after_tool: bool,
}

impl OpenAi {
    fn new() -> Self {
        let (shared, buffer, items, calls) = (Shared::default(), Vec::new(), BTreeMap::new(), Vec::new());
        Self { shared, buffer, answers: 0, active: None, items, calls, after_tool: false }
    }

    fn refuse(&self, message: &Value, code: &str, now: &mut Vec<Value>) {
        self.shared.inside().refused.push(code.to_owned());
        let error = json!({ "type": "invalid_request_error", "code": code, "event_id": message.get("event_id") });
        now.push(json!({ "type": "error", "event_id": "event_e", "error": error }));
    }

    fn respond(&mut self, later: &mut Queue) {
        self.answers += 1;
        let (id, item) = (format!("resp_{}", self.answers), format!("item_{}", self.answers));
        self.active = Some(id.clone());
        let manner = self.shared.manner();
        later.push_back((Duration::ZERO, json!({ "type": "response.created", "response": { "id": id } })));
        match manner {
            Manner::Silent => return,
            Manner::Errs => {
                let details = json!({ "type": "failed", "error": { "type": "server_error", "code": "server_error" } });
                let response = json!({ "id": id, "status": "failed", "status_details": details });
                return later.push_back((FIRST, json!({ "type": "response.done", "response": response })));
            }
            _ => {}
        }
        let spoken = self.shared.answer(std::mem::take(&mut self.after_tool));
        let delta = |kind: &str, delta: &str| json!({ "type": kind, "response_id": id, "item_id": item, "output_index": 0, "content_index": 0, "delta": delta });
        later.extend(pieces(
            &spoken,
            |text| delta("response.output_audio_transcript.delta", text),
            |audio| delta("response.output_audio.delta", &audio),
            manner == Manner::Mute,
        ));
        if let Some((name, arguments)) = &spoken.tool {
            let call = format!("call_{}", self.answers);
            let item = json!({
                "id": format!("fc_{}", self.answers), "type": "function_call", "call_id": call, "name": name,
                "arguments": arguments.to_string()
            });
            self.calls.push(call);
            later.push_back((PACE, json!({ "type": "response.output_item.done", "response_id": id, "item": item })));
        }
        later.push_back((PACE, json!({ "type": "response.done", "response": { "id": id, "status": "completed" } })));
    }
}

impl WireProtocol for OpenAi {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn greeting(&self) -> Option<Value> {
        Some(json!({ "type": "session.created", "session": { "type": "realtime" } }))
    }

    fn take(&mut self, message: &Value, now: &mut Vec<Value>, later: &mut Queue) {
        let kind = message["type"].as_str().unwrap_or_default();
        if kind == "input_audio_buffer.append" {
            let sound = STANDARD.decode(message["audio"].as_str().expect("sound")).expect("base64");
            return self.buffer.extend(sound);
        }
        self.shared.inside().log.push(message.clone());
        match kind {
            "session.update" => {
                let session = &message["session"];
                let is_right = session["type"] == "realtime"
                    && session["audio"]["input"]["format"] == json!({ "type": "audio/pcm", "rate": HZ })
                    && session["audio"]["input"].get("turn_detection") == Some(&Value::Null);
                match is_right {
                    true => now.push(json!({ "type": "session.updated", "session": session })),
                    false => self.refuse(message, "invalid_value", now),
                }
            }
            "input_audio_buffer.commit" if self.buffer.len() < HZ / 10 * 2 => {
                self.refuse(message, "input_audio_buffer_commit_empty", now);
            }
            "input_audio_buffer.commit" => {
                let turn = heard(&std::mem::take(&mut self.buffer));
                self.shared.inside().turns.push(turn);
                now.push(json!({ "type": "input_audio_buffer.committed", "item_id": "item_u" }));
            }
            "input_audio_buffer.clear" => self.buffer.clear(),
            "conversation.item.create" => {
                let item = &message["item"];
                self.after_tool |= item["type"] == "function_call_output";
                let is_known = match item["type"].as_str() {
                    Some("function_call_output") => self.calls.iter().any(|call| item["call_id"] == call.as_str()),
                    Some("message") => {
                        let wanted = if item["role"] == "assistant" { "output_text" } else { "input_text" };
                        item["content"][0]["type"] == wanted
                    }
                    _ => false,
                };
                if !is_known {
                    self.refuse(message, "invalid_item", now);
                }
            }
            "conversation.item.truncate" => {
                let ms = message["audio_end_ms"].as_u64().unwrap_or(u64::MAX);
                let sent = self.items.get(message["item_id"].as_str().unwrap_or_default());
                if sent.is_none_or(|sent| ms > *sent as u64) {
                    self.refuse(message, "invalid_truncate", now);
                }
            }
            "response.create" if self.active.is_some() => {
                self.refuse(message, "conversation_already_has_active_response", now);
            }
            "response.create" => self.respond(later),
            "response.cancel" => match self.active.take() {
                Some(id) => {
                    later.clear();
                    let response = json!({ "id": id, "status": "cancelled" });
                    later.push_back((PACE, json!({ "type": "response.done", "response": response })));
                    // It is active until it is told to be over.
                    self.active = Some(id);
                }
                None => self.refuse(message, "response_cancel_not_active", now),
            },
            _ => self.refuse(message, "unknown", now),
        }
    }

    fn leaves(&mut self, message: &Value) {
        match message["type"].as_str() {
            Some("response.done") => self.active = None,
            Some("response.output_audio.delta") => {
                let bytes = message["delta"].as_str().unwrap_or_default().len() * 3 / 4;
                let item = message["item_id"].as_str().unwrap_or_default().to_owned();
                *self.items.entry(item).or_default() += bytes / (HZ / 500);
            }
            _ => {}
        }
    }

    fn is_sound(&self, message: &Value) -> bool {
        message["type"] == "response.output_audio.delta"
    }

    fn frame(&self, message: &Value) -> Message {
        Message::Text(message.to_string().into())
    }
}

struct Gemini {
    shared: Shared,
    is_set_up: bool,
    is_active: bool,
    buffer: Vec<u8>,
    calls: Vec<String>,
    answers: usize,
}

impl Gemini {
    fn new() -> Self {
        let (shared, buffer, calls) = (Shared::default(), Vec::new(), Vec::new());
        Self { shared, is_set_up: false, is_active: false, buffer, calls, answers: 0 }
    }

    fn respond(&mut self, after_tool: bool, later: &mut Queue) {
        self.answers += 1;
        let manner = self.shared.manner();
        match manner {
            Manner::Silent => return,
            Manner::Errs => {
                let error = json!({ "code": 500, "status": "INTERNAL" });
                return later.push_back((FIRST, json!({ "error": error })));
            }
            _ => {}
        }
        let spoken = self.shared.answer(after_tool);
        let content = |content: Value| json!({ "serverContent": content });
        let blob = |audio: String| json!({ "inlineData": { "mimeType": "audio/pcm;rate=24000", "data": audio } });
        later.extend(pieces(
            &spoken,
            |text| content(json!({ "outputTranscription": { "text": text } })),
            |audio| content(json!({ "modelTurn": { "parts": [blob(audio)] } })),
            manner == Manner::Mute,
        ));
        if let Some((name, arguments)) = &spoken.tool {
            let id = format!("function-call-{}", self.answers);
            self.calls.push(id.clone());
            let call = json!({ "id": id, "name": name, "args": arguments });
            return later.push_back((PACE, json!({ "toolCall": { "functionCalls": [call] } })));
        }
        later.push_back((PACE, content(json!({ "generationComplete": true }))));
        // It believes that its sound is heard first.
        later.push_back((Duration::from_millis(spoken.ms as u64), content(json!({ "turnComplete": true }))));
    }
}

impl WireProtocol for Gemini {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn greeting(&self) -> Option<Value> {
        None
    }

    fn take(&mut self, message: &Value, now: &mut Vec<Value>, later: &mut Queue) {
        let input = &message["realtimeInput"];
        if let Some(audio) = input.get("audio") {
            assert_eq!(audio["mimeType"], "audio/pcm;rate=16000");
            if !self.is_active {
                self.shared.inside().refused.push("sound outside of an activity".into());
            }
            let sound = STANDARD.decode(audio["data"].as_str().expect("sound")).expect("base64");
            return self.buffer.extend(sound);
        }
        self.shared.inside().log.push(message.clone());
        if message.get("setup").is_none() && !self.is_set_up {
            self.shared.inside().refused.push("it is not set up".into());
        }
        if let Some(setup) = message.get("setup") {
            let is_right = setup["model"] == "models/far-model"
                && setup["realtimeInputConfig"]["automaticActivityDetection"]["disabled"] == true;
            if !is_right {
                self.shared.inside().refused.push("setup".into());
            }
            self.is_set_up = true;
            now.push(json!({ "setupComplete": {} }));
        } else if input.get("activityStart").is_some() {
            if std::mem::replace(&mut self.is_active, true) {
                self.shared.inside().refused.push("an activity within another".into());
            }
            if !later.is_empty() {
                later.clear();
                now.push(json!({ "serverContent": { "interrupted": true } }));
                now.push(json!({ "serverContent": { "turnComplete": true } }));
            }
        } else if input.get("activityEnd").is_some() {
            if !std::mem::replace(&mut self.is_active, false) {
                self.shared.inside().refused.push("the end of no activity".into());
            }
            if !self.buffer.is_empty() {
                let turn = heard(&std::mem::take(&mut self.buffer));
                self.shared.inside().turns.push(turn);
            }
            self.respond(false, later);
        } else if let Some(responses) = message.pointer("/toolResponse/functionResponses").and_then(Value::as_array) {
            for response in responses {
                if !self.calls.iter().any(|call| response["id"] == call.as_str()) {
                    self.shared.inside().refused.push("an answer to no call".into());
                }
            }
            self.respond(true, later);
        }
    }

    fn leaves(&mut self, _: &Value) {}

    fn is_sound(&self, message: &Value) -> bool {
        message.pointer("/serverContent/modelTurn").is_some()
    }

    /// The service sends its JSON as bytes.
    fn frame(&self, message: &Value) -> Message {
        Message::Binary(message.to_string().into_bytes().into())
    }
}

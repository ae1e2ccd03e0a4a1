//! Google's Gemini Live API (ai.google.dev, «Live API, WebSockets API reference», `BidiGenerateContent`). Who speaks when is told by
//! `activityStart` and `activityEnd`: the endpoint's own detection is off.
use super::dialogue::{HEARD_HZ, Item, News, Setup, SpeechDialogue, decoded, encoded, json, named};
use dialog::model::language_model::{ModelFault, ToolPart};
use media::remote::{Message, Received, RemoteFault};
use serde_json::{Value as Json, json as object};

/// Of its own sound, unless it names another.
const HZ: u32 = 24_000;

pub struct GeminiLive {
    model: String,
    voice: String,
    /// The caller's activity has begun, and not ended.
    is_open: bool,
    state: State,
    /// Calls of tools in the answer so far.
    calls: u64,
    /// Calls that the endpoint waits for, by their ids.
    waits: Vec<String>,
}

/// What comes of the endpoint now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// An answer was asked for. `begun`: something of it has come.
    Answers {
        begun: bool,
    },
    /// The answer is made. Words of it may still come; its turn ends when the endpoint believes that it was heard.
    Made,
    /// The answer was stopped, and what comes of it is dropped until the endpoint says so.
    Stopped,
}

impl GeminiLive {
    pub fn new(model: String, voice: String) -> Self {
        Self { model, voice, is_open: false, state: State::Idle, calls: 0, waits: Vec::new() }
    }

    fn open(&mut self, out: &mut Vec<Message>) {
        if !std::mem::replace(&mut self.is_open, true) {
            out.push(realtime(object!({ "activityStart": {} })));
        }
    }

    fn content(&mut self, content: &Json, news: &mut Vec<News>) -> Result<(), RemoteFault> {
        let is = |key: &str| content.get(key).and_then(Json::as_bool).unwrap_or_default();
        let wanted = matches!(self.state, State::Answers { .. } | State::Made);
        let before = news.len();
        if let Some(text) = content.pointer("/outputTranscription/text").and_then(Json::as_str).filter(|_| wanted) {
            news.push(News::Text(text.to_owned()));
        }
        let parts = content.pointer("/modelTurn/parts").and_then(Json::as_array).into_iter().flatten();
        for part in parts.filter(|_| wanted) {
            let Some(blob) = part.get("inlineData") else { continue };
            let kind = blob.get("mimeType").and_then(Json::as_str).unwrap_or("audio/pcm");
            if !kind.starts_with("audio/pcm") || rate_of(kind).is_some_and(|rate| rate != HZ) {
                return Err(RemoteFault::Garbled);
            }
            let pcm = decoded(blob.get("data").unwrap_or(&Json::Null))?;
            news.push(News::Sound { item: String::new(), pcm });
        }
        if news.len() > before && self.state == (State::Answers { begun: false }) {
            self.state = State::Answers { begun: true };
        }
        if is("interrupted") {
            if self.state == (State::Answers { begun: true }) {
                news.push(News::Failed(ModelFault::Broken));
            }
            // An answer that is only asked for is not meant: it follows what was interrupted.
            if self.state != (State::Answers { begun: false }) {
                self.state = State::Idle;
            }
        } else if is("generationComplete") && self.state == (State::Answers { begun: true }) {
            news.push(News::Ending);
            self.state = State::Made;
        }
        if is("turnComplete") {
            match self.state {
                State::Answers { begun: true } | State::Made => {
                    news.push(News::End);
                    self.state = State::Idle;
                }
                State::Stopped => self.state = State::Idle,
                // The end of a turn before.
                State::Answers { begun: false } | State::Idle => {}
            }
        }
        Ok(())
    }

    fn called(&mut self, call: &Json, news: &mut Vec<News>) {
        if !matches!(self.state, State::Answers { .. }) {
            return;
        }
        let text = |key: &str| call.get(key).and_then(Json::as_str).map(str::to_owned);
        let id = text("id").unwrap_or_else(|| format!("call-{}", self.calls));
        let arguments = call.get("args").map_or_else(|| "{}".to_owned(), Json::to_string);
        self.waits.push(id.clone());
        news.push(News::Tool(ToolPart { index: Some(self.calls), id: Some(id), name: text("name"), arguments }));
        self.calls += 1;
    }
}

fn realtime(input: Json) -> Message {
    Message::Text(object!({ "realtimeInput": input }).to_string())
}

/// The rate in "audio/pcm;rate=24000".
fn rate_of(kind: &str) -> Option<u32> {
    kind.split(';').find_map(|part| part.trim().strip_prefix("rate=")?.parse().ok())
}

/// What the endpoint is told as text in its turn of the caller's.
fn line(item: &Item) -> Option<String> {
    match item {
        Item::Caller(text) => Some(format!("Caller: {}", Json::from(text.as_str()))),
        Item::Bot(text) => Some(format!("You said: {}", Json::from(text.as_str()))),
        Item::Context(text) => Some(text.clone()),
        Item::Output { name, output, .. } => Some(format!("State: the tool {name} answered {output}")),
        Item::Sound => None,
    }
}

impl SpeechDialogue for GeminiLive {
    fn hz(&self) -> u32 {
        HZ
    }

    fn opening(&mut self, setup: &Setup) -> Vec<Message> {
        let mut generation = object!({ "responseModalities": ["AUDIO"] });
        if !self.voice.is_empty() {
            generation["speechConfig"] =
                object!({ "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": self.voice } } });
        }
        let model = if self.model.contains('/') { self.model.clone() } else { format!("models/{}", self.model) };
        let mut body = object!({
            "model": model,
            "generationConfig": generation,
            "systemInstruction": { "parts": [{ "text": setup.instructions }] },
            "realtimeInputConfig": {
                "automaticActivityDetection": { "disabled": true },
                "activityHandling": "START_OF_ACTIVITY_INTERRUPTS"
            },
            "outputAudioTranscription": {}
        });
        if !setup.tools.is_empty() {
            let declared = setup.tools.iter().map(|tool| {
                object!({
                    "name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters
                })
            });
            body["tools"] = object!([{ "functionDeclarations": declared.collect::<Vec<_>>() }]);
        }
        vec![Message::Text(object!({ "setup": body }).to_string())]
    }

    fn change(&mut self, _: &Setup) -> Option<Vec<Message>> {
        None
    }

    fn history(&mut self, items: &[Item]) -> Vec<Message> {
        let turns: Vec<Json> = items
            .iter()
            .filter_map(|item| match item {
                Item::Bot(text) => Some(object!({ "role": "model", "parts": [{ "text": text }] })),
                item => line(item).map(|text| object!({ "role": "user", "parts": [{ "text": text }] })),
            })
            .collect();
        if turns.is_empty() {
            return Vec::new();
        }
        vec![Message::Text(object!({ "clientContent": { "turns": turns, "turnComplete": false } }).to_string())]
    }

    fn takes_sound(&self) -> bool {
        // The beginning of an activity ends the answer that is being made.
        self.is_open || !self.is_busy()
    }

    fn sound(&mut self, pcm: &[i16]) -> Vec<Message> {
        let mut out = Vec::new();
        self.open(&mut out);
        let audio = object!({ "mimeType": format!("audio/pcm;rate={HEARD_HZ}"), "data": encoded(pcm) });
        out.push(realtime(object!({ "audio": audio })));
        out
    }

    fn forget_sound(&mut self) -> Vec<Message> {
        Vec::new()
    }

    fn answer(&mut self, items: &[Item]) -> Vec<Message> {
        let mut out = Vec::new();
        let (outputs, rest): (Vec<&Item>, Vec<&Item>) =
            items.iter().partition(|item| matches!(item, Item::Output { id, .. } if self.waits.contains(id)));
        let responses: Vec<Json> = outputs
            .iter()
            .filter_map(|item| match item {
                Item::Output { id, name, output } => {
                    let output = serde_json::from_str(output).unwrap_or_else(|_| Json::from(output.as_str()));
                    Some(object!({ "id": id, "name": name, "response": { "output": output } }))
                }
                _ => None,
            })
            .collect();
        self.waits.clear();
        (self.calls, self.state) = (0, State::Answers { begun: false });
        let is_turn = rest.iter().any(|item| matches!(item, Item::Sound | Item::Caller(_)));
        if !responses.is_empty() {
            out.push(Message::Text(object!({ "toolResponse": { "functionResponses": responses } }).to_string()));
            if !is_turn {
                // The answer goes on by itself.
                return out;
            }
        }
        self.open(&mut out);
        out.extend(rest.into_iter().filter_map(line).map(|text| realtime(object!({ "text": text }))));
        self.is_open = false;
        out.push(realtime(object!({ "activityEnd": {} })));
        out
    }

    fn is_busy(&self) -> bool {
        matches!(self.state, State::Answers { .. } | State::Stopped)
    }

    fn stop(&mut self) -> Vec<Message> {
        let mut out = Vec::new();
        match self.state {
            State::Answers { .. } => {
                self.state = State::Stopped;
                self.open(&mut out);
            }
            State::Made => self.state = State::Idle,
            State::Idle | State::Stopped => {}
        }
        out
    }

    fn heard(&mut self, _: &str, _: u64) -> Option<Message> {
        None
    }

    fn learns_what_was_heard(&self) -> bool {
        false
    }

    fn received(&mut self, received: &Received) -> Result<Vec<News>, RemoteFault> {
        let event = json(received)?;
        if !event.is_object() {
            return Err(RemoteFault::Garbled);
        }
        let mut news = Vec::new();
        if event.get("setupComplete").is_some() {
            news.push(News::Ready);
        }
        if let Some(error) = event.get("error") {
            let word = error.get("status").and_then(Json::as_str).unwrap_or_default();
            news.push(News::Failed(named(word)));
            self.state = State::Idle;
        }
        if let Some(content) = event.get("serverContent") {
            self.content(content, &mut news)?;
        }
        let calls = event.pointer("/toolCall/functionCalls").and_then(Json::as_array);
        if let Some(calls) = calls.filter(|calls| !calls.is_empty()) {
            let before = news.len();
            calls.iter().for_each(|call| self.called(call, &mut news));
            if news.len() > before {
                // It waits for what they come to.
                self.state = State::Idle;
                news.push(News::End);
            }
        }
        let cancelled = event.pointer("/toolCallCancellation/ids").and_then(Json::as_array);
        for id in cancelled.into_iter().flatten().filter_map(Json::as_str) {
            self.waits.retain(|waits| waits != id);
        }
        Ok(news)
    }
}

#[cfg(test)]
mod tests;

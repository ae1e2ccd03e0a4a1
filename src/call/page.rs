//! `Page`: the messages of a web page's data channel, both ways (docs/widget.md). A core: it is told the time and gives messages as
//! text. Messages from before the channel opens are not queued: when it opens, also again after a lost connection, the page is sent
//! the present state of everything.
use super::end::End;
use super::transcript::Change;
use crate::store::{AnswerMethod, Latency};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;
use telephony::bucket::{Rate, TokenBucket};

/// The protocol's version.
pub const VERSION: u32 = 1;
/// The longest typed turn, in characters.
const TEXT: usize = 500;
/// Messages a second, on average and at once.
const RATE: Rate = Rate { per_second: 20.0, burst: 20.0 };
/// Messages too many or unreadable that end the call.
const MAX_OFFENCES: u32 = 100;

/// What comes over the channel.
#[derive(Clone, PartialEq, Eq)]
pub enum Incoming {
    Opened,
    Text(String),
    /// Binary, too long, or not UTF-8.
    Bad,
}

/// Without the text, which is a caller's words.
impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Opened => "Opened",
            Self::Text(_) => "Text(..)",
            Self::Bad => "Bad",
        })
    }
}

/// What a message of the page asks for.
#[derive(PartialEq, Eq)]
pub enum PageRequest {
    /// The channel is open: [`Page::greet`].
    Greet,
    Type(String),
    Key(char),
    HangUp,
    /// It has sent so many unreadable or too frequent messages that the call ends.
    TooManyMessages,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageState {
    Listening,
    #[default]
    Thinking,
    Speaking,
}

pub struct Page {
    hello: Value,
    open: bool,
    state: PageState,
    keys: bool,
    secret: bool,
    slots: BTreeMap<String, Value>,
    /// From the first message on.
    allowance: Option<TokenBucket>,
    offences: u32,
    out: VecDeque<String>,
}

impl Page {
    pub fn new(call: &str, bot: &str, language: &str) -> Self {
        let hello = json!({"type": "hello", "version": VERSION, "call": call, "bot": bot, "language": language});
        Self {
            hello,
            open: false,
            state: PageState::default(),
            keys: false,
            secret: false,
            slots: BTreeMap::new(),
            allowance: None,
            offences: 0,
            out: VecDeque::new(),
        }
    }

    /// The next message to send. It is never queued for a page that does not read: the leg ends such a call.
    pub fn poll(&mut self) -> Option<String> {
        self.out.pop_front()
    }

    pub fn receive(&mut self, now: Instant, incoming: Incoming) -> Option<PageRequest> {
        let text = match incoming {
            Incoming::Opened => return Some(PageRequest::Greet),
            _ if !self.spend(now) => return self.offend("too_fast", "at most 20 messages a second are read"),
            Incoming::Bad => return self.offend("bad_message", "a message is text of at most 4096 bytes"),
            Incoming::Text(text) => text,
        };
        let Ok(message) = serde_json::from_str::<Map<String, Value>>(&text) else {
            return self.offend("bad_message", "a message is one JSON object");
        };
        let field = |name: &str| message.get(name).and_then(Value::as_str);
        match field("type") {
            Some("text") => {
                match field("text").map(str::trim).filter(|text| !text.is_empty() && text.chars().count() <= TEXT) {
                    Some(text) => Some(PageRequest::Type(text.chars().filter(|c| !c.is_control()).collect())),
                    None => self.offend("bad_message", "`text` has 1 to 500 characters"),
                }
            }
            Some("key") => match field("key").map(|key| (key.len(), key.chars().next())) {
                Some((1, Some(key @ ('0'..='9' | '*' | '#')))) => Some(PageRequest::Key(key)),
                _ => self.offend("bad_message", "`key` is one of 0-9, * and #"),
            },
            Some("bye") => Some(PageRequest::HangUp),
            Some(_) => self.offend("unknown_type", "this server knows text, key and bye"),
            None => self.offend("bad_message", "a message has a `type`"),
        }
    }

    fn spend(&mut self, now: Instant) -> bool {
        self.allowance.get_or_insert_with(|| TokenBucket::full(RATE, now)).take(now).is_ok()
    }

    fn offend(&mut self, code: &str, words: &str) -> Option<PageRequest> {
        self.offences += 1;
        // A page that sends very many messages is not answered as often.
        if self.offences <= 10 {
            self.error(code, words);
        }
        (self.offences >= MAX_OFFENCES).then_some(PageRequest::TooManyMessages)
    }

    /// Tells a page whose channel has opened how things stand; `unheard`: what the transcript tells an observer who comes late.
    pub fn greet(&mut self, unheard: &[Change]) {
        self.open = true;
        self.send(self.hello.clone());
        self.send(expect(self.keys, self.secret));
        let slots: Vec<Value> = self.slots.values().cloned().collect();
        slots.into_iter().for_each(|slot| self.send(slot));
        unheard.iter().for_each(|change| self.change(change));
        self.send(state(self.state));
    }

    /// The transcript of the call has changed.
    pub fn change(&mut self, change: &Change) {
        self.send(match change {
            Change::Clause { say, turn, text } => json!({"type": "bot", "say": say.0, "turn": turn, "text": text}),
            Change::Heard { say, chars, done } => json!({"type": "spoken", "say": say.0, "chars": chars, "done": done}),
            Change::Interrupted { say, chars } => json!({"type": "interrupted", "say": say.0, "chars": chars}),
            Change::Partial { turn, text, secret } => caption(*turn, Some(text), None, *secret),
            Change::Withdrawn { turn } => caption(*turn, None, Some(None), false),
            Change::Taken { turn, text, by, secret } => caption(*turn, Some(text), Some(Some((*by).into())), *secret),
        });
    }

    pub fn state(&mut self, now: PageState) {
        if std::mem::replace(&mut self.state, now) != now {
            self.send(state(now));
        }
    }

    /// `value` is masked where it is secret.
    pub fn slot(&mut self, name: &str, value: Option<&Value>, confirmed: bool) {
        let message = json!({"type": "slot", "name": name, "value": value, "confirmed": confirmed});
        match value {
            Some(_) => drop(self.slots.insert(name.into(), message.clone())),
            None => drop(self.slots.remove(name)),
        }
        self.send(message);
    }

    pub fn expect(&mut self, keys: bool, secret: bool) {
        if (self.keys, self.secret) != (keys, secret) {
            (self.keys, self.secret) = (keys, secret);
            self.send(expect(keys, secret));
        }
    }

    pub fn latency(&mut self, latency: &Latency) {
        if let Ok(Value::Object(parts)) = serde_json::to_value(latency) {
            let mut message = Map::from_iter([("type".to_owned(), "latency".into())]);
            message.extend(parts);
            self.send(Value::Object(message));
        }
    }

    pub fn error(&mut self, code: &str, words: &str) {
        self.send(json!({"type": "error", "code": code, "message": words}));
    }

    pub fn end(&mut self, end: End) {
        self.send(json!({"type": "end", "blame": end.blame.name(), "reason": end.reason.text()}));
    }

    fn send(&mut self, message: Value) {
        // `end` is sent although the channel may still be opening.
        if self.open || message["type"] == "end" {
            self.out.push_back(text(message));
        }
    }
}

/// As JSON with `type` first.
fn text(mut message: Value) -> String {
    let kind = message.as_object_mut().and_then(|fields| fields.remove("type")).unwrap_or_default();
    let rest = message.to_string();
    match rest.strip_prefix('{').filter(|rest| *rest != "}") {
        Some(rest) => format!("{{\"type\":{kind},{rest}"),
        None => format!("{{\"type\":{kind}}}"),
    }
}

fn expect(keys: bool, secret: bool) -> Value {
    json!({"type": "expect", "keys": keys, "secret": secret})
}

fn state(state: PageState) -> Value {
    let name = match state {
        PageState::Listening => "listening",
        PageState::Thinking => "thinking",
        PageState::Speaking => "speaking",
    };
    json!({"type": "state", "state": name})
}

/// `by`: none while the words are not final; then how they were given, if they were a turn.
fn caption(turn: u32, text: Option<&str>, by: Option<Option<AnswerMethod>>, secret: bool) -> Value {
    let mut message = json!({"type": "caption", "turn": turn, "text": text, "final": by.is_some()});
    if let Some(by) = by.flatten() {
        message["by"] = json!(by);
    }
    if secret {
        message["secret"] = true.into();
    }
    message
}

#[cfg(test)]
mod tests;

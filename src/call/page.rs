//! `Page`: the messages of a web page's data channel, both ways (docs/widget.md). A core: it is told the time and gives messages as
//! text. Messages from before the channel opens are not queued: when it opens, also again after a lost connection, the page is sent
//! the present state of everything.
use super::end::End;
use crate::store::{Latency, Means};
use dialog::conversation::MASK;
use dialog::say::written::Written;
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

/// A clause that was announced and has not been heard to its end.
struct Clause {
    say: u64,
    turn: u32,
    text: String,
    /// Its text for readers, where that differs from the text for the synthesiser.
    written: Option<Written>,
    /// How many characters of `text` have been heard.
    chars: u32,
    /// Cut off; the playout has not reported yet how much of it was heard.
    hushed: bool,
}

pub struct Page {
    hello: Value,
    open: bool,
    state: PageState,
    keys: bool,
    secret: bool,
    slots: BTreeMap<String, Value>,
    clauses: Vec<Clause>,
    /// Clauses said while an earlier one was being cut off. They are announced after the interruption, because a page removes every
    /// clause that follows the interrupted one.
    waiting: Vec<Clause>,
    /// The caption of the caller's words so far.
    partial: Option<(u32, String)>,
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
            clauses: Vec::new(),
            waiting: Vec::new(),
            partial: None,
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
            Incoming::Opened => {
                self.greet();
                return None;
            }
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

    fn greet(&mut self) {
        self.open = true;
        self.send(self.hello.clone());
        self.send(expect(self.keys, self.secret));
        let slots: Vec<Value> = self.slots.values().cloned().collect();
        let clauses: Vec<[Value; 2]> =
            self.clauses.iter().map(|c| [c.announce(), spoken(c.say, c.heard(), false)]).collect();
        slots.into_iter().chain(clauses.into_iter().flatten()).for_each(|message| self.send(message));
        self.send(state(self.state));
    }

    pub fn state(&mut self, now: PageState) {
        if std::mem::replace(&mut self.state, now) != now {
            self.send(state(now));
        }
    }

    /// The caller's words so far; a secret is shown as a mask.
    pub fn heard(&mut self, turn: u32, text: &str) {
        let shown = if self.secret { MASK } else { text };
        if self.partial.as_ref().is_some_and(|(t, s)| *t == turn && s == shown) {
            return;
        }
        self.withdraw(Some(turn));
        self.partial = Some((turn, shown.into()));
        self.send(caption(turn, Some(shown), None, self.secret));
    }

    /// The caller's turn is taken. `text` is masked where it is secret.
    pub fn taken(&mut self, turn: u32, text: &str, by: Means, secret: bool) {
        self.withdraw(Some(turn));
        self.partial = None;
        self.send(caption(turn, Some(text), Some(Some(by)), secret));
    }

    /// The words so far did not become a turn.
    pub fn nothing(&mut self) {
        self.withdraw(None);
    }

    fn withdraw(&mut self, but: Option<u32>) {
        if let Some((turn, _)) = self.partial.take_if(|(turn, _)| Some(*turn) != but) {
            self.send(caption(turn, None, Some(None), false));
        }
    }

    /// The bot is going to say a clause.
    pub fn clause(&mut self, say: u64, turn: u32, text: &str, written: Option<Written>) {
        let clause = Clause { say, turn, text: text.into(), written, chars: 0, hushed: false };
        if self.clauses.iter().any(|clause| clause.hushed) {
            self.waiting.push(clause);
        } else {
            self.announce(clause);
        }
    }

    fn announce(&mut self, clause: Clause) {
        self.send(clause.announce());
        self.clauses.push(clause);
    }

    /// `chars` characters of a clause have been heard; `done`: nothing more of it will be.
    pub fn spoken(&mut self, say: u64, chars: u32, done: bool) {
        if self.waiting.iter().any(|clause| clause.say == say) {
            // The playout goes on with the next clause and does not report the one that was cut off.
            self.settle();
        }
        let Some(at) = self.clauses.iter().position(|clause| clause.say == say && !clause.hushed) else { return };
        let clause = &mut self.clauses[at];
        if chars > clause.chars || done {
            clause.chars = clause.chars.max(chars);
            let message = spoken(say, clause.heard(), done);
            if done {
                self.clauses.remove(at);
            }
            self.send(message);
        }
    }

    /// No clause below `floor` is played any more. `sounding`: the clause of which the playout will report how much was heard.
    pub fn hushed(&mut self, floor: u64, sounding: Option<u64>) {
        self.clauses.iter_mut().filter(|clause| clause.say < floor).for_each(|clause| clause.hushed = true);
        self.waiting.retain(|clause| clause.say >= floor);
        if sounding.is_none_or(|say| !self.clauses.iter().any(|clause| clause.hushed && clause.say == say)) {
            self.settle();
        }
    }

    /// The playout stopped in the midst of a clause.
    pub fn cut(&mut self, say: u64, chars: u32) {
        if let Some(clause) = self.clauses.iter_mut().find(|clause| clause.say == say) {
            clause.hushed = true;
            clause.chars = clause.chars.max(chars);
            self.settle();
        }
    }

    /// Announces an interruption, then the clauses that were said after it.
    fn settle(&mut self) {
        if let Some(first) = self.clauses.iter().find(|clause| clause.hushed) {
            let message = json!({"type": "interrupted", "say": first.say, "chars": first.heard()});
            self.send(message);
            self.clauses.retain(|clause| !clause.hushed);
        }
        std::mem::take(&mut self.waiting).into_iter().for_each(|clause| self.announce(clause));
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

impl Clause {
    fn announce(&self) -> Value {
        let text = self.written.as_ref().map_or(&self.text, |written| &written.text);
        json!({"type": "bot", "say": self.say, "turn": self.turn, "text": text})
    }

    /// Heard characters of the text that was announced.
    fn heard(&self) -> u32 {
        self.written.as_ref().map_or(self.chars, |written| written.heard(self.chars))
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

fn spoken(say: u64, chars: u32, done: bool) -> Value {
    json!({"type": "spoken", "say": say, "chars": chars, "done": done})
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
fn caption(turn: u32, text: Option<&str>, by: Option<Option<Means>>, secret: bool) -> Value {
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

//! `Page`: what a browser's caller is told over the data channel, and what they tell us (docs/widget.md). Told the time; it gives
//! messages as text. What it is told before the channel opens is not queued but summed up when it does, so that a channel that
//! opens anew after a lost connection finds everything as it stands.
use super::end::End;
use crate::store::{Latency, Means};
use dialog::conversation::MASK;
use dialog::say::written::Written;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// The protocol's version.
pub const VERSION: u32 = 1;
/// The longest typed turn, in characters.
const TEXT: usize = 500;
/// Messages a second, on average and at once.
const RATE: f64 = 20.0;
/// Messages too many or unreadable that end the call.
const PATIENCE: u32 = 100;

/// What comes over the channel.
#[derive(Clone, PartialEq, Eq)]
pub enum Incoming {
    Opened,
    Text(String),
    /// Binary, too long, or not UTF-8.
    Bad,
}

/// A message holds words.
impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Opened => "Opened",
            Self::Text(_) => "Text(..)",
            Self::Bad => "Bad",
        })
    }
}

/// What the page wants.
#[derive(PartialEq, Eq)]
pub enum Wish {
    Type(String),
    Key(char),
    Bye,
    /// It does nothing but make noise.
    Enough,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    Listening,
    #[default]
    Thinking,
    Speaking,
}

/// A clause that has been announced and not been heard whole.
struct Clause {
    say: u64,
    turn: u32,
    text: String,
    /// As it is read, where it is not read as it is said.
    written: Option<Written>,
    /// Heard of it as it is said.
    chars: u32,
    /// Cut off: how much was heard of it is yet to be told by the playout.
    hushed: bool,
}

pub struct Page {
    hello: Value,
    open: bool,
    state: State,
    keys: bool,
    secret: bool,
    slots: BTreeMap<String, Value>,
    clauses: Vec<Clause>,
    /// Clauses that came while one before them was being cut: they are announced after it, for an interruption strikes out
    /// whatever stands behind it.
    waiting: Vec<Clause>,
    /// The caption that is not final.
    partial: Option<(u32, String)>,
    allowance: Option<(f64, Instant)>,
    offences: u32,
    out: VecDeque<String>,
}

impl Page {
    pub fn new(call: &str, bot: &str, language: &str) -> Self {
        let hello = json!({"type": "hello", "version": VERSION, "call": call, "bot": bot, "language": language});
        Self {
            hello,
            open: false,
            state: State::default(),
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

    /// The next message to send. The actor sends it or ends the call: nothing waits for a page that does not read.
    pub fn poll(&mut self) -> Option<String> {
        self.out.pop_front()
    }

    pub fn take(&mut self, now: Instant, incoming: Incoming) -> Option<Wish> {
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
                    Some(text) => Some(Wish::Type(text.chars().filter(|c| !c.is_control()).collect())),
                    None => self.offend("bad_message", "`text` has 1 to 500 characters"),
                }
            }
            Some("key") => match field("key").map(|key| (key.len(), key.chars().next())) {
                Some((1, Some(key @ ('0'..='9' | '*' | '#')))) => Some(Wish::Key(key)),
                _ => self.offend("bad_message", "`key` is one of 0-9, * and #"),
            },
            Some("bye") => Some(Wish::Bye),
            Some(_) => self.offend("unknown_type", "this server knows text, key and bye"),
            None => self.offend("bad_message", "a message has a `type`"),
        }
    }

    fn spend(&mut self, now: Instant) -> bool {
        let (left, at) = self.allowance.unwrap_or((RATE, now));
        let left =
            (left + now.saturating_duration_since(at).min(Duration::from_secs(9)).as_secs_f64() * RATE).min(RATE);
        self.allowance = Some((if left < 1.0 { left } else { left - 1.0 }, now));
        left >= 1.0
    }

    fn offend(&mut self, code: &str, words: &str) -> Option<Wish> {
        self.offences += 1;
        // Whoever floods is not answered with a flood.
        if self.offences <= 10 {
            self.error(code, words);
        }
        (self.offences >= PATIENCE).then_some(Wish::Enough)
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

    pub fn state(&mut self, now: State) {
        if std::mem::replace(&mut self.state, now) != now {
            self.send(state(now));
        }
    }

    /// The caller's words so far. Of a secret only that there are some is shown.
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

    /// What was heard so far was no turn.
    pub fn nothing(&mut self) {
        self.withdraw(None);
    }

    fn withdraw(&mut self, but: Option<u32>) {
        if let Some((turn, _)) = self.partial.take_if(|(turn, _)| Some(*turn) != but) {
            self.send(caption(turn, None, Some(None), false));
        }
    }

    /// A clause is going to be said.
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

    /// So much of a clause has been heard; `done`: all that ever will be.
    pub fn spoken(&mut self, say: u64, chars: u32, done: bool) {
        if self.waiting.iter().any(|clause| clause.say == say) {
            // The playout has gone on without a word about what was cut.
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

    /// Nothing below `floor` is heard any more. `sounding`: the clause of which the playout will say how much was heard.
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

    /// Tells of an interruption, and then of what came after it.
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
        // The last word is said to a channel that is still opening too.
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

    /// Of the text that was announced.
    fn heard(&self) -> u32 {
        self.written.as_ref().map_or(self.chars, |written| written.heard(self.chars))
    }
}

/// With `type` first, as people read it.
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

fn state(state: State) -> Value {
    let name = match state {
        State::Listening => "listening",
        State::Thinking => "thinking",
        State::Speaking => "speaking",
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

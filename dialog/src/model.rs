//! What the bot thinks. `flow` is the default: a frame of slots, filled in any order; it needs no language model.
pub mod flow;
pub mod frame;
pub mod pad;

use crate::conversation::ToolCall;
use serde_json::Value as Json;

/// What a thought comes to: sentences, news of slots, and what happens next.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub say: Vec<Sentence>,
    pub slots: Vec<SlotNews>,
    pub next: Next,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Sentence {
    pub text: String,
    pub interruptible: bool,
}

/// A sentence may read a caller's words back: it stays out of logs.
impl std::fmt::Debug for Sentence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sentence({} bytes)", self.text.len())
    }
}

/// A slot was filled, confirmed or cleared (no value; a secret never has one).
#[derive(Clone, PartialEq)]
pub struct SlotNews {
    pub slot: usize,
    pub value: Option<Json>,
    pub confirmed: bool,
}

impl std::fmt::Debug for SlotNews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SlotNews({}, filled: {}, confirmed: {})", self.slot, self.value.is_some(), self.confirmed)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// The caller's turn.
    Listen,
    /// The caller's turn, and they asked for time.
    Wait,
    Run(ToolCall),
    HangUp(&'static str),
}

/// Why a conversation ends, as it stands in the call's record.
pub mod reason {
    pub const DONE: &str = "done";
    pub const PERSON: &str = "asked for a person";
    pub const GOODBYE: &str = "caller said goodbye";
    pub const NO_INPUT: &str = "no input";
    pub const NO_MATCH: &str = "not understood";
    pub const TOOL: &str = "tool failed";
    pub const DEAF: &str = "cannot hear";
    pub const MUTE: &str = "cannot speak";
    pub const TURNS: &str = "too many turns";
}

/// A part of a tool's answer, as it is said.
pub(crate) fn spoken_json(value: Option<&Json>) -> String {
    match value {
        Some(Json::String(text)) => text.clone(),
        None | Some(Json::Null) => String::new(),
        Some(Json::Array(all)) => all.iter().map(|v| spoken_json(Some(v))).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}

//! `Reply`: what a flow comes to from one input.
use crate::knowledge::Citation;
use crate::memory::MemoryNews;
use crate::model::handed::HandedOn;
use crate::model::thought::{HangUpReason, SlotNews};
use crate::person::PersonOrder;
use crate::tool::{ToolCall, ToolId};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub say: Vec<Sentence>,
    pub slots: Vec<SlotNews>,
    pub next: Next,
    /// The answer of this tool lacks something that the bot needs.
    pub incomplete: Option<ToolId>,
    /// Where what is said stands in the bot's documents.
    pub cited: Option<Citation>,
    /// What becomes of the search for a person.
    pub person: Option<PersonOrder>,
    /// What is to be remembered of the caller, or no more.
    pub memory: Vec<MemoryNews>,
    /// Another bot goes on with the call.
    pub hand_on: Option<HandedOn>,
}

impl Reply {
    pub fn new(say: Vec<Sentence>, next: Next) -> Reply {
        Reply {
            say,
            slots: Vec::new(),
            next,
            incomplete: None,
            cited: None,
            person: None,
            memory: Vec::new(),
            hand_on: None,
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    pub text: String,
    pub interruptible: bool,
}

impl Sentence {
    pub fn new(text: &str) -> Sentence {
        Sentence { text: text.to_string(), interruptible: true }
    }
}

/// A sentence may read a caller's words back: it stays out of logs.
impl std::fmt::Debug for Sentence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sentence({} bytes)", self.text.len())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// Nothing changes.
    Nothing,
    /// The caller's turn.
    Listen,
    /// The caller's turn, and they asked for time.
    Wait,
    Run(ToolCall),
    Person(PersonOrder),
    /// A tool runs, and the caller may speak meanwhile.
    Await(ToolCall),
    HangUp(HangUpReason),
}

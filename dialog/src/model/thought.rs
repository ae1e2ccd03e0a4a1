//! `Thought`: one piece of what a brain comes to. Pieces arrive one by one, so that the first clause is spoken while the rest is
//! still to come.
use crate::expect::Expect;
use crate::knowledge::Citation;
use crate::memory::MemoryNews;
use crate::model::handed::HandedOn;
use crate::model::language_model::{ModelReport, ModelRequest, RequestId};
use crate::person::PersonOrder;
use crate::tool::{ToolCall, ToolId};
use serde_json::Value as Json;

#[derive(Clone, PartialEq)]
pub enum Thought {
    Say {
        text: String,
        interruptible: bool,
    },
    Slot(SlotNews),
    /// The caller may answer, and this is listened for. It comes before the question that asks for it, so that an early answer is
    /// understood.
    Listen(Expect),
    /// The caller asked for time: until they speak, a longer silence than usual is allowed.
    GiveTime,
    /// Run this tool. The caller is not listened to while it runs, unless a [`Thought::Listen`] follows.
    Run(ToolCall),
    /// The outcome of this tool is not wanted any more.
    Cancel(ToolId),
    /// Ask a language model this.
    Ask(ModelRequest),
    /// The answer to this request is not wanted any more.
    StopAsking(RequestId),
    /// How a request went, for the call's record.
    Asked(ModelReport),
    /// The answer of this tool lacks something that the bot needs.
    Incomplete(ToolId),
    /// What is said stands there in the bot's documents.
    Cited(Citation),
    /// The caller is put through to a person, or is not any more. They are not listened to while one is looked for, unless a
    /// [`Thought::Listen`] follows.
    Person(PersonOrder),
    /// The caller does not want to be recorded.
    NotRecorded,
    /// The caller was told that a machine speaks.
    MachineTold,
    /// What is to be remembered of the caller, or no more.
    Memory(MemoryNews),
    /// Another bot goes on with the call, when all that was said has been heard.
    HandOn(HandedOn),
    /// Something was refused, and the caller is told so.
    Refused(Refusal),
    /// End the call when all that was said has been heard.
    HangUp(HangUpReason),
}

/// A thought may hold a caller's words: they stay out of logs.
impl std::fmt::Debug for Thought {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Thought::Say { text, interruptible } => {
                write!(f, "Say {{ bytes: {}, interruptible: {interruptible} }}", text.len())
            }
            Thought::Slot(news) => write!(f, "{news:?}"),
            Thought::Listen(_) => f.write_str("Listen(..)"),
            Thought::GiveTime => f.write_str("GiveTime"),
            Thought::Run(call) => write!(f, "Run({call:?})"),
            Thought::Cancel(id) => write!(f, "Cancel({})", id.0),
            Thought::Ask(request) => write!(f, "{request:?}"),
            Thought::StopAsking(id) => write!(f, "StopAsking({})", id.0),
            Thought::Asked(report) => write!(f, "{report:?}"),
            Thought::Incomplete(id) => write!(f, "Incomplete({})", id.0),
            Thought::Cited(citation) => write!(f, "{citation:?}"),
            Thought::Person(order) => write!(f, "Person({order:?})"),
            Thought::NotRecorded => f.write_str("NotRecorded"),
            Thought::MachineTold => f.write_str("MachineTold"),
            Thought::Memory(news) => write!(f, "Memory({news:?})"),
            Thought::HandOn(handed) => write!(f, "HandOn({handed:?})"),
            Thought::Refused(refusal) => write!(f, "{refusal:?}"),
            Thought::HangUp(reason) => write!(f, "HangUp({reason:?})"),
        }
    }
}

/// What is refused, for the call's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A subject that the bot does not speak about, by its name in the bot's file. `by_model`: a model wanted to, else the caller did.
    Subject { name: String, by_model: bool },
    /// A tool that a model wanted to call, by its name, and why it may not.
    Tool { name: String, why: String },
}

/// A slot, by its index, was filled, confirmed or cleared (no value). A secret one has a mask for its value.
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

/// What stands in a record for a secret.
pub const MASK: &str = "****";

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident: $text:literal;)*) => {
        /// Why a conversation ends.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum HangUpReason { $($(#[$doc])* $name,)* }

        impl HangUpReason {
            pub const ALL: &[HangUpReason] = &[$(HangUpReason::$name,)*];

            /// As it stands in the call's record.
            pub const fn text(self) -> &'static str {
                match self { $(HangUpReason::$name => $text,)* }
            }
        }
    };
}

reasons! {
    Done: "done";
    Person: "asked for a person";
    /// The caller did not wait for a person, and is to be called back.
    CallBack: "to be called back";
    Goodbye: "caller said goodbye";
    NoInput: "no input";
    NotUnderstood: "not understood";
    ToolFailed: "tool failed";
    /// No language model answers, and nothing else of the bot can help.
    ModelFailed: "language model failed";
    /// No recogniser works, and keys cannot answer.
    CannotHear: "cannot hear";
    /// No voice works.
    CannotSpeak: "cannot speak";
    TooManyTurns: "too many turns";
}

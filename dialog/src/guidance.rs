//! `Guidance`: what somebody who supervises a call gives its bot: a task, values, a sentence.
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The caller hears nothing of it but what the bot comes to by it.
#[derive(Clone, Default, PartialEq)]
pub struct Guidance {
    /// The name of the task that is under way from now on.
    pub task: Option<String>,
    /// Values by slot: as they stand in a call's record, or in words as a caller writes them. `null` empties the slot.
    pub slots: BTreeMap<String, Json>,
    /// A sentence to say in the bot's voice.
    pub say: Option<String>,
}

/// The values and the sentence may be a caller's words: they stay out of logs.
impl std::fmt::Debug for Guidance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Guidance { task, slots, say } = self;
        write!(f, "Guidance {{ task: {task:?}, slots: {}, say: {} }}", slots.len(), say.is_some())
    }
}

impl Guidance {
    /// Whether it names a task or a slot.
    pub fn has_values(&self) -> bool {
        self.task.is_some() || !self.slots.is_empty()
    }
}

/// A value in words that people said to each other while one of them spoke with the caller in the bot's place.
#[derive(Clone, PartialEq)]
pub struct SpokenValue {
    pub slot: String,
    /// As it stands in a call's record.
    pub value: Json,
    /// The words leave no doubt.
    pub sure: bool,
}

/// Without the value, which is a caller's.
impl std::fmt::Debug for SpokenValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SpokenValue {{ slot: {:?}, sure: {} }}", self.slot, self.sure)
    }
}

/// Why a bot cannot follow. No variant holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuidanceFault {
    #[error("this bot has no task `{0}`")]
    Task(String),
    #[error("no task is under way: name one in `task`")]
    NoTask,
    #[error("the task `{task}` has no slot `{slot}`")]
    Slot { task: String, slot: String },
    #[error(
        "slot `{0}`: this is no value that it takes; write it as a caller would, or as it stands in the call's record"
    )]
    Value(String),
    #[error("the bot waits for the answer of a tool, or has it to tell: hand the call back without values")]
    Busy,
    #[error("the bot has said goodbye: it follows nothing any more; hand the call back without values")]
    Over,
    #[error("as much guidance as can wait does already: the bot follows it when nobody speaks")]
    Full,
    #[error("nobody speaks with the caller in the bot's place: there is nothing to hand back")]
    NotTakenOver,
    #[error("this call has no bot that could follow")]
    NoBot,
}

impl GuidanceFault {
    /// The slot that it is about.
    pub fn slot(&self) -> Option<&str> {
        match self {
            GuidanceFault::Slot { slot, .. } | GuidanceFault::Value(slot) => Some(slot),
            _ => None,
        }
    }
}

//! `HandOver`: a caller is to be put through to a person: where to, what that person is told, and how it ends.
use serde_json::Value as Json;
use std::time::Duration;

/// A wish that the caller be put through.
#[derive(Clone, PartialEq)]
pub struct HandOver {
    /// The name of a destination, as the bot's file has it.
    pub to: String,
    /// Why the bot does not go on itself.
    pub why: &'static str,
    /// Some five words for the person's ear.
    pub brief: String,
    /// The task under way.
    pub task: Option<String>,
    /// What the caller has given so far; nothing of a secret.
    pub slots: Vec<GivenSlot>,
    /// The slot that would be asked for next.
    pub next: Option<String>,
}

#[derive(Clone, PartialEq)]
pub struct GivenSlot {
    pub name: String,
    pub value: Json,
}

/// The values are a caller's words: they stay out of logs.
impl std::fmt::Debug for HandOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let HandOver { to, why, task, slots, .. } = self;
        write!(f, "HandOver {{ to: {to:?}, why: {why:?}, task: {task:?}, slots: {} }}", slots.len())
    }
}

/// What a bot wants of whoever finds persons.
#[derive(Clone, Debug, PartialEq)]
pub enum PersonOrder {
    /// Put the caller through when all that was said has been heard.
    Find(Box<HandOver>),
    /// The caller does not want it any more.
    Stop,
    /// The caller does not wait, and wants to be called back.
    CallBack,
}

/// What a bot is told while a person is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonNews {
    /// The caller waits in a queue, at this place (from 1) and for about so long, where that can be told.
    Waiting { place: u32, wait: Option<Duration> },
    /// Nobody was found: the call is the bot's.
    Failed(PersonFault),
}

/// Why no person speaks with the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PersonFault {
    #[error("busy")]
    Busy,
    #[error("declined")]
    Declined,
    #[error("no answer")]
    NoAnswer,
    #[error("nobody available")]
    Nobody,
    #[error("waited too long")]
    TooLong,
    /// Nothing leads there.
    #[error("not possible")]
    NotPossible,
    /// Nobody told how it ended.
    #[error("unknown outcome")]
    Unknown,
}

impl PersonFault {
    pub const ALL: [Self; 7] =
        [Self::Busy, Self::Declined, Self::NoAnswer, Self::Nobody, Self::TooLong, Self::NotPossible, Self::Unknown];
}

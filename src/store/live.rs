//! `LiveChange`: what changes in a live call from moment to moment. Who watches is told; nothing of it is kept.
use super::event::{AnswerMethod, Private};
use super::mood::NextStep;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose turn it is to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Floor {
    /// The bot speaks.
    Bot,
    /// The caller speaks.
    Caller,
    /// The bot prepares its answer.
    #[default]
    Thinking,
    /// Nobody speaks; the caller has been asked something.
    Waiting,
}

/// One change. Texts and characters are those of what people read; a secret is masked.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum LiveChange {
    Floor {
        floor: Floor,
    },
    /// The bot listens, for this slot where it asks for one; `keys`: they can answer.
    Asked {
        slot: Option<String>,
        keys: bool,
    },
    /// What a supervisor could do next, the best first.
    Next {
        steps: Vec<NextStep>,
    },
    /// The bot is going to say a clause. `say` numbers the clauses of a call.
    Clause {
        say: u64,
        turn: u32,
        #[schema(value_type = String)]
        text: Private<String>,
    },
    /// So much of a clause has been heard; `done`: nothing more of it will be.
    Heard {
        say: u64,
        chars: u32,
        done: bool,
    },
    /// The bot was cut off: so much of this clause was heard, and nothing of those after it.
    Interrupted {
        say: u64,
        chars: u32,
    },
    /// How loud the caller, and what the caller hears, are now: 0 (60 dB below full scale, or less) to 100. Of calls that are recorded.
    Levels {
        caller: u8,
        bot: u8,
    },
    /// What the caller has said so far.
    Partial {
        turn: u32,
        #[schema(value_type = String)]
        text: Private<String>,
        secret: bool,
    },
    /// What the caller has said so far does not become this turn.
    Withdrawn {
        turn: u32,
    },
    /// The caller's turn is complete.
    Taken {
        turn: u32,
        #[schema(value_type = String)]
        text: Private<String>,
        by: AnswerMethod,
        secret: bool,
    },
}

/// A change of one call, as it is sent to watchers.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "event", rename = "live")]
pub struct LiveEvent {
    pub call: String,
    #[serde(flatten)]
    pub change: LiveChange,
}

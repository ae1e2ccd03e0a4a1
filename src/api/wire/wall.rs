//! The JSON of the wall: live calls as rows.
use crate::insight::health::{Concern, Health};
use crate::insight::wall::{Row, SlotState, TakenSeat};
use crate::store::{Alert, CurrentBot, Direction, Floor, LiveChange, Mood, NextStep, Private, Started, TimelineEvent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A live call.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WallRow {
    pub id: String,
    pub bot: String,
    pub language: String,
    /// The bot that speaks, where another one than `bot` has gone on with the call.
    pub current_bot: Option<CurrentBot>,
    pub direction: Direction,
    pub via: String,
    /// Masked for who may not see numbers.
    pub from: String,
    pub to: String,
    pub started_at: jiff::Timestamp,
    pub answered_at: Option<jiff::Timestamp>,
    pub floor: Floor,
    pub floor_since: jiff::Timestamp,
    /// What was said last; `•••` for who may not see words.
    pub caller_words: Option<String>,
    pub bot_words: Option<String>,
    /// What the caller is being helped with, by its name in the bot's file; `null`: nothing yet, or a bot without tasks.
    pub task: Option<String>,
    pub slots: BTreeMap<String, WallSlot>,
    /// Mean opinion score of what is heard of the caller.
    pub mos: Option<f32>,
    /// Supervisors and agents who take part; names are `•••` for who may not see words.
    pub seats: Vec<WallSeat>,
    pub health: WallHealth,
    /// How the caller seems to feel, and why; `null` while they have said nothing.
    pub mood: Option<Mood>,
    /// What a supervisor could do next, the best first.
    pub next: Vec<NextStep>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WallSeat {
    pub name: String,
    /// `monitor`, `whisper`, `barge` or `takeover`; `agent`: the person whom the bot put the caller through to.
    pub mode: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WallSlot {
    #[schema(value_type = Value)]
    pub value: serde_json::Value,
    pub confirmed: bool,
}

/// 100: nothing to worry about; 0: look at this call first.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WallHealth {
    pub score: u32,
    /// The heaviest first.
    pub concerns: Vec<WallConcern>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WallConcern {
    /// `person_wanted`, `not_understood`, `silence`, `dead_air`, `slow_answers`, `no_sound`, `poor_line`, `interruptions`, `failures`,
    /// `long_call` or `upset`.
    pub reason: String,
    /// A count, milliseconds, or a mean opinion score.
    pub value: f64,
    /// How many of the hundred points it costs.
    pub points: u32,
}

/// The first message: every live call.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename = "wall")]
pub struct WallSnapshot {
    /// The server's clock, by which the other times are read.
    pub now: jiff::Timestamp,
    pub calls: Vec<WallRow>,
}

/// Rows that have changed and calls that have ended, at most every 100 ms.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename = "rows")]
pub struct WallChanges {
    pub now: jiff::Timestamp,
    pub calls: Vec<WallRow>,
    pub ended: Vec<String>,
}

/// Something that a rule is about has happened, or somebody has seen the alert.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename = "alert")]
pub struct AlertMessage {
    pub alert: Alert,
}

/// The first message to a watcher of one live call.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename = "call")]
pub struct CallSnapshot {
    pub now: jiff::Timestamp,
    pub row: WallRow,
    /// All that has happened so far.
    pub timeline: Vec<TimelineEvent>,
    /// The turns under way.
    pub under_way: Vec<LiveChange>,
}

impl From<Row> for WallRow {
    fn from(row: Row) -> Self {
        let Row {
            id,
            about,
            current_bot,
            started_at,
            answered_at,
            floor,
            floor_since,
            task,
            slots,
            mos,
            seats,
            health,
            mood,
            next,
            ..
        } = row;
        let Started { direction, via, from, to, bot, language, .. } = about;
        let slot = |SlotState { value: Private(value), confirmed }: SlotState| WallSlot { value, confirmed };
        Self {
            id,
            bot,
            language,
            current_bot,
            direction,
            via,
            from: from.0,
            to: to.0,
            started_at,
            answered_at,
            floor,
            floor_since,
            caller_words: row.caller_words.map(|Private(words)| words),
            bot_words: row.bot_words.map(|Private(words)| words),
            task,
            slots: slots.into_iter().map(|(name, state)| (name, slot(state))).collect(),
            mos,
            seats: seats.into_values().map(|TakenSeat { name, mode }| WallSeat { name, mode }).collect(),
            health: WallHealth::of(&health),
            mood,
            next,
        }
    }
}

impl WallHealth {
    fn of(health: &Health) -> Self {
        let concern = |Concern { reason, value, points }: &Concern| WallConcern {
            reason: reason.name().into(),
            value: *value,
            points: *points,
        };
        Self { score: health.score, concerns: health.concerns.iter().map(concern).collect() }
    }
}

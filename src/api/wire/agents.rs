//! The JSON of agents, of callers who wait, and of offers.
use crate::store::Mood;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};

/// Whether who asks takes calls from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AvailabilityDocument {
    pub available: bool,
    /// Not given: calls of every destination.
    pub skills: Option<BTreeSet<String>>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AgentDocument {
    pub name: String,
    pub available: bool,
    /// `null`: calls of every destination.
    pub skills: Option<BTreeSet<String>>,
    /// The offer that they have to answer.
    pub offer: Option<u64>,
    /// The call that they speak in.
    pub call: Option<String>,
    pub since: Option<jiff::Timestamp>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AgentsDocument {
    pub agents: Vec<AgentDocument>,
}

/// A caller who waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueueRowDocument {
    pub call: String,
    pub bot: String,
    pub destination: String,
    /// Among the callers of the destination, from 1.
    pub position: u32,
    pub since: jiff::Timestamp,
    pub waited_s: u64,
    /// By how fast callers of the destination were taken lately; `null`: nothing is known.
    pub expected_s: Option<u64>,
    pub skills: BTreeSet<String>,
    pub offered_to: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct QueueDocument {
    pub queue: Vec<QueueRowDocument>,
}

/// A call that is offered to an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OfferDocument {
    pub id: u64,
    pub call: String,
    pub bot: String,
    pub destination: String,
    /// Why the bot does not go on itself: `asked for a person`, `not understood`, `cannot hear`.
    pub why: String,
    pub waited_s: u64,
    /// What was said last; empty for who may not see words.
    pub summary: Vec<SummaryLine>,
    pub task: Option<String>,
    pub slots: Vec<OfferSlot>,
    /// The slot that would be asked for next.
    pub next: Option<String>,
    /// The mood of the caller, where it is known.
    pub mood: Option<Mood>,
    /// Then it goes to another.
    pub until: jiff::Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SummaryLine {
    /// `caller` or `bot`.
    pub speaker: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OfferSlot {
    pub name: String,
    #[schema(value_type = Value)]
    pub value: serde_json::Value,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OffersDocument {
    pub offers: Vec<OfferDocument>,
}

/// Why a call is not taken.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineDocument {
    pub why: Option<String>,
}

/// On the wall's WebSocket: the callers who wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename = "queue")]
pub struct QueueNews {
    pub queue: Vec<QueueRowDocument>,
}

/// On the wall's WebSocket: what is offered to who watches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename = "offers")]
pub struct OfferNews {
    pub offers: Vec<OfferDocument>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallbackQuery {
    /// `true`: only those that nobody has done.
    #[serde(default)]
    pub open: bool,
    /// 1 to 1000; not given: 100.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// Only calls before this one: the `before` of the page read last.
    pub before: Option<String>,
}

/// A caller who did not wait for a person and wants to be called back.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CallbackDocument {
    pub call: String,
    pub bot: String,
    pub language: String,
    /// Where they were to be put through.
    pub destination: Option<String>,
    /// Masked for who may not see numbers.
    pub caller: String,
    pub at: jiff::Timestamp,
    /// When they want to be called; `null`: as soon as possible.
    pub due_at: Option<jiff::Timestamp>,
    pub done_at: Option<jiff::Timestamp>,
    pub done_by: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CallbacksDocument {
    pub callbacks: Vec<CallbackDocument>,
    /// For the next page; `null`: this was the last.
    pub before: Option<String>,
}

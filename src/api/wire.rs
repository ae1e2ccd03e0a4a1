//! The shapes of the API's JSON that are not the store's own.
mod access;

pub use access::{
    AuditPage, AuditQuery, AuditRow, NewPassword, NewTokenDocument, NewUserDocument, ProviderAnswer, ProviderDocument,
    SessionRights, SessionUser, SignIn, SignInWays, TokenDocument, TokenMade, Tokens, UserDocument, UserPatch, Users,
    WayToProvider, WelcomeForm,
};

use crate::bots::{BotStatus, SlotOutline, TaskTitle};
use crate::insight::score::{Criterion, Score};
use crate::security::Right;
use crate::store::{Call, CallState, TimelineEvent};
use media::hears::Supervision;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

pub mod agents;
pub mod alerts;
pub mod approvals;
pub mod memory;
pub mod notes;
pub mod numbers;
pub mod wall;

/// An error (RFC 9457).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemDocument {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What is wrong and what to do.
    pub detail: String,
    /// A word for programs, where the status does not tell enough: `widget_off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The right that is missing, of a 403 for want of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Right>,
}

/// A call to place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCall {
    /// A SIP URI, or a number for a trunk.
    #[schema(example = "sip:100@192.0.2.7")]
    pub to: String,
    /// The bot that talks.
    #[schema(example = "booking.en")]
    pub bot: String,
    /// What the called party sees; not given: the trunk's user.
    pub from: Option<String>,
}

/// A call that is being placed.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Placed {
    pub id: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// `live` or `ended`; not given: both.
    #[param(inline)]
    pub state: Option<CallState>,
    /// 1 to 200; not given: 50.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
    /// Only calls before this one: the `before` of the page read last.
    #[param(format = "uuid")]
    pub before: Option<String>,
}

/// Calls, newest first.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Calls {
    pub calls: Vec<Call>,
    /// Give this as `before` to read on; `null` at the end.
    pub before: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Depth {
    /// `true` adds everything that happened in the call, in order.
    #[serde(default)]
    pub timeline: bool,
}

/// A call, with its timeline if that was asked for.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Detail {
    #[serde(flatten)]
    pub call: Call,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Vec<TimelineEvent>>,
    /// How well it went; with the timeline, of a call that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<ScoreDocument>,
}

/// How well a call went, with the moments that show it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ScoreDocument {
    /// 0 to 100, of what could be judged.
    pub percent: u32,
    pub criteria: Vec<CriterionDocument>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct CriterionDocument {
    /// `goal`, `understood`, `quick`, `heard_out`, `no_dead_air`, `tools_work` or `clear_line`.
    pub name: String,
    pub points: u32,
    pub most: u32,
    /// What was counted, or measured in ms (`quick`, `no_dead_air`) or as a MOS (`clear_line`).
    pub value: Option<f64>,
    /// Since the start of the call, in ms; at most eight.
    pub moments: Vec<u64>,
}

impl From<Score> for ScoreDocument {
    fn from(Score { percent, criteria }: Score) -> Self {
        let criterion = |Criterion { name, points, most, value, moments }: Criterion| CriterionDocument {
            name: name.to_owned(),
            points,
            most,
            value,
            moments,
        };
        Self { percent, criteria: criteria.into_iter().map(criterion).collect() }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecordedQuery {
    /// Not given: `call`.
    #[serde(default)]
    #[param(inline)]
    pub of: RecordedOf,
}

/// Whom a file of a recording is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordedOf {
    /// The caller, and what the caller heard: the bot, and people who spoke with the caller.
    #[default]
    Call,
    /// The agent, and supervisors, as far as somebody heard them. The same sample is the same moment as in the other file.
    People,
}

/// Whether a recording keeps silence for now.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    pub paused: bool,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Watch {
    /// Only events of this call.
    #[param(format = "uuid")]
    pub call: Option<String>,
}

/// The first message to a watcher: the calls that are live now. An event of the same moment may follow although it is in here already.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename = "snapshot")]
pub struct Snapshot {
    pub calls: Vec<Call>,
}

/// A watcher was too slow for this many events; read the calls again.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename = "missed")]
pub struct Missed {
    pub count: u64,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Bot {
    /// The name of its file without `.toml`.
    pub name: String,
    /// `null` while no version of the file has worked.
    pub language: Option<String>,
    /// In the order of its file.
    pub tasks: Vec<BotTask>,
    /// What it asks for, in the order of its file; without what is secret.
    pub slots: Vec<BotSlot>,
    /// Why the file as it is now cannot be used; an earlier version answers calls, if there was one.
    pub fault: Option<String>,
}

/// Something that a bot does for callers.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BotTask {
    pub name: String,
    /// What the bot calls it, in its language.
    pub title: String,
    /// The names of the slots it fills, in the order in which they are asked; without those whose values are secret.
    pub slots: Vec<String>,
}

/// Something that a bot asks for.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BotSlot {
    pub name: String,
    /// The `type` of the bot's file.
    pub kind: String,
    /// The names of what may be chosen; empty where it is no choice.
    pub choices: Vec<String>,
}

impl From<BotStatus> for Bot {
    fn from(BotStatus { name, language, tasks, slots, fault, .. }: BotStatus) -> Self {
        let tasks = tasks.into_iter().map(|TaskTitle { name, title, slots }| BotTask { name, title, slots }).collect();
        let slot = |SlotOutline { name, kind, choices }| BotSlot { name, kind: kind.to_owned(), choices };
        Self { name, language, tasks, slots: slots.into_iter().map(slot).collect(), fault }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Bots {
    pub bots: Vec<Bot>,
}

/// Whether new calls can be taken, and if not, why.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// `ready`, `degraded` (calls go on, something is ill) or `draining` (no new calls).
    pub status: ServerState,
    pub reasons: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServerState {
    Ready,
    Degraded,
    Draining,
}

/// A call from a page that is to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    #[schema(example = "booking.en")]
    pub bot: String,
    /// With the API's token: the origin of the page it is for. From a page it is not looked at.
    #[schema(example = "https://shop.example")]
    pub origin: Option<String>,
    /// With the API's token: who calls. What bots remember of them is read and kept as of a caller by telephone. A page may not say it.
    pub visitor: Option<NewVisitor>,
}

/// Who calls from a page: one of both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVisitor {
    /// Their telephone number: they are the caller who calls from it.
    #[schema(example = "+84912345678")]
    pub number: Option<String>,
    /// What your server calls them: letters, figures, `.`, `_` and `-`, 64 at most. Known to pages of this origin alone.
    #[schema(example = "customer-17")]
    pub id: Option<String>,
}

/// What a page needs for one call.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SessionDocument {
    /// The bearer of `POST /api/v1/widget/calls`: good once, and afterwards for that call's own address.
    pub token: String,
    pub expires_at: jiff::Timestamp,
    pub bot: String,
    pub language: String,
    /// What the bot is called, by the language of the page, where its file says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub titles: BTreeMap<String, String>,
    /// Of the messages on the data channel.
    pub protocol: u32,
    pub ice_servers: Vec<IceServer>,
    /// How long the call waits for a lost page.
    pub grace_ms: u64,
}

/// As RTCPeerConnection takes it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct IceServer {
    pub urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct PublicBot {
    pub name: String,
    /// In the bot's own language; out of its name where its file says nothing.
    pub title: String,
    /// By the language of the page, where its file says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub titles: BTreeMap<String, String>,
    /// `en` or `vi`.
    pub language: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct PublicBots {
    pub bots: Vec<PublicBot>,
}

/// How a supervisor takes part in a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeatMode {
    /// Hears all, and is heard by nobody.
    #[default]
    Monitor,
    /// Is heard by human agents and by the bot's own ear for whispers, never by the caller.
    Whisper,
    /// Is heard by all; the bot goes on.
    Barge,
    /// Speaks with the caller in the bot's place.
    Takeover,
}

impl SeatMode {
    pub fn name(self) -> &'static str {
        crate::call::seat::mode_name(self.into())
    }
}

impl From<SeatMode> for Supervision {
    fn from(mode: SeatMode) -> Self {
        match mode {
            SeatMode::Monitor => Self::Monitor,
            SeatMode::Whisper => Self::Whisper,
            SeatMode::Barge => Self::Barge,
            SeatMode::Takeover => Self::TakeOver,
        }
    }
}

impl From<Supervision> for SeatMode {
    fn from(mode: Supervision) -> Self {
        match mode {
            Supervision::Absent | Supervision::Monitor => Self::Monitor,
            Supervision::Whisper => Self::Whisper,
            Supervision::Barge => Self::Barge,
            Supervision::TakeOver => Self::Takeover,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JoinQuery {
    /// Not given: `monitor`.
    #[param(inline)]
    pub mode: Option<SeatMode>,
}

/// How a supervisor wants to take part from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatModeDocument {
    pub mode: SeatMode,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct SeatDocument {
    /// From 2 on: those before are the caller's and an agent's.
    pub seat: u8,
    pub name: String,
    pub mode: SeatMode,
    /// Whether its line is connected: until then nothing is heard there.
    pub connected: bool,
    /// Why it neither hears nor is heard although its line is connected; null where it takes part.
    #[schema(required)]
    pub waits: Option<SeatWaits>,
}

/// What a supervisor's seat waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeatWaits {
    /// The caller has not heard to its end that others may listen.
    Disclosure,
    /// Nobody has pressed 1 at its telephone.
    Key,
}

/// The seat that a supervisor's telephone takes when it is answered.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PhoneSeatDocument {
    pub seat: u8,
}

/// How a supervisor dials in, and the seat that their telephone takes then.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DialInDocument {
    pub seat: u8,
    /// The number to dial.
    pub dial: String,
    /// The digits to enter then.
    pub pin: String,
    /// For so many seconds the call is expected.
    pub seconds: u64,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct SeatsDocument {
    pub seats: Vec<SeatDocument>,
}

/// What was agreed with the caller while a person spoke with them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandBackDocument {
    /// Values by slot: as they stand in the call's `slots`, or in words as a caller would write them; `null` empties the slot.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"time": "15:00"}))]
    pub slots: BTreeMap<String, serde_json::Value>,
    /// The task that is under way from now on, where it is another, or none was.
    #[serde(default)]
    pub task: Option<String>,
    /// What was promised to the caller, in words, for the record.
    #[serde(default)]
    pub promise: Option<String>,
}

/// What a supervisor gives the bot.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuidanceDocument {
    /// A sentence to say in the bot's voice.
    #[serde(default)]
    #[schema(example = "We have a free room by the river.")]
    pub say: Option<String>,
    /// Values by slot, as in a hand-back.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"place": "boston"}))]
    pub slots: BTreeMap<String, serde_json::Value>,
    /// The task that is under way from now on.
    #[serde(default)]
    pub task: Option<String>,
}

/// By this number the call's timeline tells what became of it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct GuidanceReceipt {
    pub id: u64,
}

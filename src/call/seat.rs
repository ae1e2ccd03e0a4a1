//! What a supervisor's seat in a call is ordered, and what the call's core is told of it.
use crate::store::{CallEvent, Mark, Private};
use dialog::guidance::{Guidance, GuidanceFault};
use media::Wire;
use media::hears::Supervision;
use media::leg::LegPlan;
use media::room::Seat;
use serde_json::json;
use std::fmt;
use tokio::sync::oneshot;

/// An order that concerns one seat.
#[derive(Debug)]
pub struct SeatOrder {
    pub seat: Seat,
    /// Who sits there.
    pub name: String,
    pub change: SeatChange,
    pub reply: SeatReply,
}

/// Tells who gave an order whether the call's room has taken it. Dropped unused, it says that it has not.
#[derive(Debug, Default)]
pub struct SeatReply(Option<oneshot::Sender<bool>>);

impl SeatReply {
    pub fn new() -> (Self, oneshot::Receiver<bool>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Some(sender)), receiver)
    }

    /// Whoever waits no longer is told nothing.
    pub fn send(self, taken: bool) {
        self.0.into_iter().for_each(|sender| _ = sender.send(taken));
    }
}

pub enum SeatChange {
    /// A connected line takes the seat.
    Join {
        wire: Box<dyn Wire>,
        plan: LegPlan,
        mode: Supervision,
    },
    Mode(Supervision, SeatWhy),
    /// Its connection is lost, or back. The seat stays.
    Lost(bool),
    Leave(SeatWhy),
}

/// Why a seat changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatWhy {
    /// Its supervisor wants it.
    Asked,
    /// Its connection is lost, or has ended.
    ConnectionLost,
    /// Its supervisor has signed out, or may not take part any more.
    NotAllowed,
}

impl SeatWhy {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::ConnectionLost => "connection lost",
            Self::NotAllowed => "not allowed any more",
        }
    }
}

impl fmt::Debug for SeatChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Join { mode, .. } => write!(f, "Join({mode:?})"),
            Self::Mode(mode, why) => write!(f, "Mode({mode:?}, {why:?})"),
            Self::Lost(lost) => write!(f, "Lost({lost})"),
            Self::Leave(why) => write!(f, "Leave({why:?})"),
        }
    }
}

/// What happened to a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatNews {
    pub seat: Seat,
    pub name: String,
    pub event: SeatEvent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatEvent {
    /// It is to take part like this once the caller has heard that others may listen; until then it hears nothing.
    Waits(Supervision),
    Joined(Supervision),
    Mode(Supervision, SeatWhy),
    /// The room has not taken the order: who wanted to join has not, who wanted another mode has it not.
    Refused(Supervision),
    Lost(bool),
    Left(SeatWhy),
}

impl SeatNews {
    /// As it stands in the call's record, `ms` after the call began.
    pub fn mark(&self, ms: u64) -> CallEvent {
        let (seat, name) = (self.seat.0, &self.name);
        let (event, data) = match self.event {
            SeatEvent::Waits(mode) => {
                let mode = mode_name(mode);
                ("seat_waits", json!({ "ms": ms, "seat": seat, "name": name, "mode": mode, "why": "disclosure" }))
            }
            SeatEvent::Joined(mode) => {
                ("seat_joined", json!({ "ms": ms, "seat": seat, "name": name, "mode": mode_name(mode) }))
            }
            SeatEvent::Mode(mode, why) => {
                let mode = mode_name(mode);
                ("seat_mode", json!({ "ms": ms, "seat": seat, "name": name, "mode": mode, "why": why.text() }))
            }
            SeatEvent::Refused(mode) => {
                ("seat_refused", json!({ "ms": ms, "seat": seat, "name": name, "mode": mode_name(mode) }))
            }
            SeatEvent::Lost(true) => ("seat_lost", json!({ "ms": ms, "seat": seat, "name": name })),
            SeatEvent::Lost(false) => ("seat_found", json!({ "ms": ms, "seat": seat, "name": name })),
            SeatEvent::Left(why) => ("seat_left", json!({ "ms": ms, "seat": seat, "name": name, "why": why.text() })),
        };
        CallEvent::Mark(Mark { name: event.into(), data: Private(data) })
    }
}

/// As records and the API name a mode.
pub const fn mode_name(mode: Supervision) -> &'static str {
    match mode {
        Supervision::Absent => "absent",
        Supervision::Monitor => "monitor",
        Supervision::Whisper => "whisper",
        Supervision::Barge => "barge",
        Supervision::TakeOver => "takeover",
    }
}

/// Where a supervisor waits for whether the bot can follow: the number of what was given.
#[derive(Debug)]
pub struct GuidanceReply(oneshot::Sender<Result<u64, GuidanceFault>>);

impl GuidanceReply {
    pub fn new() -> (Self, oneshot::Receiver<Result<u64, GuidanceFault>>) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), receiver)
    }

    /// Whoever waits no longer is told nothing.
    pub fn send(self, result: Result<u64, GuidanceFault>) {
        self.0.send(result).ok();
    }
}

/// Who has taken a call over gives it back to the bot.
#[derive(Debug)]
pub struct HandBack {
    pub seat: Seat,
    pub by: String,
    /// What they have agreed with the caller.
    pub guidance: Guidance,
    /// What they have promised, in their own words, for the record.
    pub promise: Option<String>,
    pub reply: GuidanceReply,
}

/// A supervisor guides the bot.
#[derive(Debug)]
pub struct Guide {
    pub by: String,
    pub guidance: Guidance,
    pub reply: GuidanceReply,
}

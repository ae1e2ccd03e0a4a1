//! What a call orders of its room, and how the room learns of it.
use super::tick::RoomOrder;
use crate::ear::EarPlan;
use crate::leg::LegPlan;
use crate::packet::Wire;
use crate::room::Seat;
use std::sync::atomic::{AtomicU8, Ordering};

pub(super) enum Command {
    Join { seat: Seat, wire: Box<dyn Wire>, plan: LegPlan, ear: Option<EarPlan> },
    Leave(Seat),
    Room(RoomOrder),
}

/// What a room must look at, in one word: a tick of a room that nobody wants anything of reads this and nothing else.
#[derive(Debug, Default)]
pub(super) struct RoomFlags(AtomicU8);

impl RoomFlags {
    /// Something lies in a queue.
    const POSTED: u8 = 1;
    /// The room is to end once its queues are empty.
    const CLOSING: u8 = 2;

    pub(super) fn set_posted(&self) {
        self.0.fetch_or(Self::POSTED, Ordering::Release);
    }

    /// The room ends, or has ended.
    pub(super) fn close(&self) {
        self.0.fetch_or(Self::CLOSING, Ordering::Release);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.0.load(Ordering::Acquire) & Self::CLOSING != 0
    }

    /// Whether the queues hold something, which the caller now takes, and whether the room is to end after that.
    pub(super) fn take_posted(&self) -> (bool, bool) {
        let said = self.0.load(Ordering::Acquire);
        if said & Self::POSTED != 0 {
            self.0.fetch_and(!Self::POSTED, Ordering::AcqRel);
        }
        (said & Self::POSTED != 0, said & Self::CLOSING != 0)
    }
}

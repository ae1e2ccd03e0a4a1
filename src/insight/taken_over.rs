//! `TakenOver`: which people speak with the caller in the bot's place. How it goes with the bot is no concern then, and that it fell silent for
//! them no interruption by the caller.
use crate::store::{AGENT_MODE, SeatMark};
use std::collections::BTreeSet;

/// Their seats; there may be several.
#[derive(Clone, Debug, Default)]
pub struct TakenOver(BTreeSet<u8>);

/// What a seat's mark changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Comes,
    Leaves,
}

impl TakenOver {
    pub fn note(&mut self, mark: &SeatMark) -> Option<Change> {
        let (seat, speaks) = match mark {
            SeatMark::Taken { seat, mode, .. } => (*seat, matches!(mode.as_str(), "takeover" | AGENT_MODE)),
            SeatMark::Left { seat } => (*seat, false),
        };
        if speaks {
            self.0.insert(seat);
            Some(Change::Comes)
        } else {
            self.0.remove(&seat).then_some(Change::Leaves)
        }
    }

    pub fn is_now(&self) -> bool {
        !self.0.is_empty()
    }
}

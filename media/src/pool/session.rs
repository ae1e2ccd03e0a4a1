//! What the workers do: pieces of work of many sessions.
use super::worker::Lease;
use std::sync::Arc;
use std::time::Instant;

/// How urgent a session's next piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A caller waits for it: a final, a clause.
    Urgent,
    /// Partial words, opening and closing engines.
    Later,
}

/// For whom a worker works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Call,
    /// A probe of an ill engine.
    Probe,
}

/// One ear's turn, one call's voice, or one probe, as the workers see it.
pub(super) trait Session: Send + Sync {
    /// The call that the processor time is charged to.
    fn call(&self) -> u64;
    fn purpose(&self) -> Purpose {
        Purpose::Call
    }
    /// Does a bounded piece of the session's work, if there is any and no other worker has it. Returns what is left to do.
    fn step(self: Arc<Self>, class: Class, lease: &Lease) -> Option<Class>;
    /// The worker that had this session is given up. Returns what is left to do.
    fn abandoned(&self, now: Instant) -> Option<Class>;
    /// Sends what waits for room; whether something still waits.
    fn retry(&self) -> bool;
    /// Whether a worker is inside an engine that has fallen ill since the worker entered it.
    fn is_in_ill_engine(&self) -> bool {
        false
    }
    /// What there is to do now that something has been sent.
    fn resumed(&self) -> Option<Class> {
        None
    }
    /// No worker is left: the session fails with `Busy`.
    fn refuse(&self);
}

/// A session that has nothing to do.
#[cfg(test)]
pub(super) struct Idle(pub u64);

#[cfg(test)]
impl Session for Idle {
    fn call(&self) -> u64 {
        self.0
    }
    fn step(self: Arc<Self>, _: Class, _: &Lease) -> Option<Class> {
        None
    }
    fn abandoned(&self, _: Instant) -> Option<Class> {
        None
    }
    fn retry(&self) -> bool {
        false
    }
    fn refuse(&self) {}
}

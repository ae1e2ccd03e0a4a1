//! Whether an ill engine is well again: tried with a sound or a word of our own, which nobody waits for.
use super::listening::{blames_engine, guarded};
use super::{Class, Session, Ticket, now};
use crate::{asr, tts};
use std::ops::ControlFlow::{Break, Continue};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// It takes turns with the calls as if it were one.
const CALL: u64 = u64::MAX;

pub(super) enum Probing {
    Ear(asr::fallback::Probe),
    Voice(tts::fallback::Probe),
}

impl Probing {
    pub fn ear(probe: asr::fallback::Probe) -> Arc<dyn Session> {
        Arc::new(Self::Ear(probe))
    }

    pub fn voice(probe: tts::fallback::Probe) -> Arc<dyn Session> {
        Arc::new(Self::Voice(probe))
    }

    /// How long it may take.
    fn limit(&self, ticket: &Ticket) -> Duration {
        let plan = &ticket.shared.plan;
        match self {
            Self::Ear(probe) => plan.listen_limit.max(probe.patience()),
            Self::Voice(_) => plan.speak_limit,
        }
    }

    /// Whether the engine did what it was asked.
    fn try_out(&self, ticket: &Ticket) -> bool {
        match self {
            Self::Ear(probe) => guarded(|| probe.run()).err().is_none_or(|fault| !blames_engine(&fault)),
            Self::Voice(probe) => {
                let limit = self.limit(ticket);
                let mut sink = |_: tts::Chunk<'_>| if ticket.enter(limit) { Continue(()) } else { Break(()) };
                let spoken = catch_unwind(AssertUnwindSafe(|| probe.run(&mut sink)));
                spoken.is_ok_and(|spoken| !matches!(spoken, Err(tts::Fault::Engine(_) | tts::Fault::Late)))
            }
        }
    }

    fn tell(&self, healed: bool, now: Instant) {
        let engine = match self {
            Self::Ear(probe) => probe.tell(healed, now),
            Self::Voice(probe) => probe.tell(healed, now),
        };
        if healed {
            tracing::info!(engine, "an engine is well again");
        } else {
            tracing::warn!(engine, "an engine is still ill");
        }
    }
}

impl Session for Probing {
    fn call(&self) -> u64 {
        CALL
    }

    fn step(self: Arc<Self>, _: Class, ticket: &Ticket) -> Option<Class> {
        if ticket.enter(self.limit(ticket)) {
            let healed = self.try_out(ticket);
            if ticket.out() {
                self.tell(healed, now());
                ticket.shared.rouse();
            }
        }
        None
    }

    fn abandoned(&self, now: Instant) -> Option<Class> {
        self.tell(false, now);
        None
    }

    fn retry(&self) -> bool {
        false
    }

    fn refuse(&self) {}
}

#[cfg(test)]
mod tests;

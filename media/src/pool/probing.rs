//! Probes of unhealthy engines, with generated sound or a fixed word. No caller waits for them.
use super::listening::{blames_engine, guarded};
use super::shared::{Class, Lease, Purpose, Session, State};
use super::{PoolPlan, now};
use crate::asr::{self, Recogniser};
use crate::chain::{ChainEngine, Probe};
use crate::health::Probed;
use crate::tts::{self, Synthesiser};
use std::ops::ControlFlow::{Break, Continue};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// The call that probes are charged to, so that they take turns with calls.
const CALL: u64 = u64::MAX;

pub(super) enum Probing {
    Recogniser(Probe<dyn Recogniser>),
    Synthesiser(Probe<dyn Synthesiser>),
}

/// The probes that are due.
pub(super) fn due(state: &mut State, plan: &PoolPlan, now: Instant) -> Vec<Arc<dyn Session>> {
    let Some((pace, free)) = state.probing(plan) else { return Vec::new() };
    let recognisers = state.recognisers.iter().filter_map(Weak::upgrade);
    let synthesisers = state.synthesisers.iter().filter_map(Weak::upgrade);
    let recognisers = recognisers.filter_map(|chain| chain.probe(now, pace)).map(Probing::Recogniser);
    let synthesisers = synthesisers.filter_map(|chain| chain.probe(now, pace)).map(Probing::Synthesiser);
    let probes = recognisers.chain(synthesisers).take(free);
    let due: Vec<Arc<dyn Session>> = probes.map(|probe| Arc::new(probe) as Arc<dyn Session>).collect();
    state.probes.extend(due.iter().map(Arc::downgrade));
    due
}

impl Probing {
    /// The time limit.
    fn limit(&self, lease: &Lease) -> Duration {
        let plan = &lease.shared.plan;
        match self {
            Self::Recogniser(probe) => plan.listen_limit.max(probe.engine().patience(asr::PROBE)),
            Self::Synthesiser(_) => plan.speak_limit,
        }
    }

    /// Runs the probe.
    fn run(&self, lease: &Lease) -> Probed {
        let works = match self {
            Self::Recogniser(probe) => {
                guarded(|| probe.engine().probe(&probe.job)).err().is_none_or(|fault| !blames_engine(&fault))
            }
            Self::Synthesiser(probe) => {
                let limit = self.limit(lease);
                let mut sink = |_: tts::Chunk<'_>| if lease.enter_engine(limit) { Continue(()) } else { Break(()) };
                let spoken = catch_unwind(AssertUnwindSafe(|| probe.engine().probe(&probe.job, &mut sink)));
                spoken.is_ok_and(|spoken| !matches!(spoken, Err(tts::TtsFault::Engine(_) | tts::TtsFault::Late)))
            }
        };
        if works { Probed::Works } else { Probed::Fails }
    }

    fn report(&self, outcome: Probed, now: Instant) {
        let engine = match self {
            Self::Recogniser(probe) => {
                probe.report(outcome, now);
                ChainEngine::name(probe.engine())
            }
            Self::Synthesiser(probe) => {
                probe.report(outcome, now);
                ChainEngine::name(probe.engine())
            }
        };
        match outcome {
            Probed::Works => tracing::info!(engine, "an engine works again"),
            Probed::Fails => tracing::warn!(engine, "an engine still fails"),
            Probed::NotRun => tracing::debug!(engine, "no worker could probe an engine"),
        }
    }
}

impl Session for Probing {
    fn call(&self) -> u64 {
        CALL
    }

    fn purpose(&self) -> Purpose {
        Purpose::Probe
    }

    fn step(self: Arc<Self>, _: Class, lease: &Lease) -> Option<Class> {
        if lease.enter_engine(self.limit(lease)) {
            let outcome = self.run(lease);
            if lease.leave_engine() {
                self.report(outcome, now());
                lease.shared.wake_watchdog();
            }
        }
        None
    }

    fn abandoned(&self, now: Instant) -> Option<Class> {
        self.report(Probed::Fails, now);
        None
    }

    fn retry(&self) -> bool {
        false
    }

    fn refuse(&self) {
        self.report(Probed::NotRun, now());
    }
}

#[cfg(test)]
mod tests;

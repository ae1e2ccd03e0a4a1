//! What the workers, the watchdog and the sessions of a pool share: the queue, and what a session is to a worker.
use super::deadline::{Deadline, ThreadTimes};
use super::queue_delay::QueueDelay;
use super::shares::{FairQueue, Shares};
use super::{PoolPlan, now};
use crate::health::ProbePace;
use crate::{asr, tts};
use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

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

/// A piece of work under way.
pub(super) struct Step {
    pub session: Arc<dyn Session>,
    /// When the worker is given up; `None` while it is not inside an engine.
    pub deadline: Option<Deadline>,
    pub times: Arc<ThreadTimes>,
}

#[derive(Default)]
pub(super) struct State {
    pub urgent: FairQueue<Arc<dyn Session>>,
    pub later: FairQueue<Arc<dyn Session>>,
    pub shares: Shares,
    pub delay: QueueDelay,
    /// What each worker is doing.
    pub steps: HashMap<u64, Step>,
    /// Workers that were given up and have not come back.
    pub abandoned: HashMap<u64, Purpose>,
    pub abandoned_ever: u64,
    /// Sessions that wait for room in a channel.
    pub retries: Vec<Arc<dyn Session>>,
    pub recognisers: Vec<Weak<asr::Chain>>,
    pub synthesisers: Vec<Weak<tts::Chain>>,
    /// Probes that wait, run or hang: each holds a thread or may come to hold one.
    pub probes: Vec<Weak<dyn Session>>,
    pub sessions: usize,
    pub workers: usize,
    pub next_worker: u64,
    /// The watchdog sleeps until it is woken.
    pub watchdog_idle: bool,
    pub stopping: bool,
}

impl State {
    /// How long jobs wait, and whether that leaves no room for another call.
    pub fn delay(&mut self, now: Instant, limit: Duration) -> (Duration, bool) {
        let wait = self.delay.wait(now, self.urgent.since());
        // Where every worker is lost or hung nothing waits, and nothing is done.
        (wait, self.workers == 0 || self.delay.is_full(wait, limit))
    }

    /// The session whose turn it is, its class, and since when it has waited.
    pub fn pop(&mut self, now: Instant) -> Option<(Arc<dyn Session>, Class, Instant)> {
        let urgent = self.urgent.pop(&self.shares, now).map(|(session, since)| (session, Class::Urgent, since));
        urgent.or_else(|| self.later.pop(&self.shares, now).map(|(session, since)| (session, Class::Later, since)))
    }

    /// Threads lost to hung engines in work of this purpose.
    pub fn abandoned_by(&self, purpose: Purpose) -> usize {
        self.abandoned.values().filter(|lost| **lost == purpose).count()
    }

    /// How soon ill engines may be probed, and how many probes may be begun now.
    pub fn probing(&mut self, plan: &PoolPlan) -> Option<(ProbePace, usize)> {
        self.probes.retain(|probe| probe.strong_count() > 0);
        let free = plan.abandoned.checked_sub(self.probes.len()).filter(|free| *free > 0 && self.workers > 0)?;
        Some((if free * 2 > plan.abandoned { ProbePace::Rest } else { ProbePace::Slowest }, free))
    }

    /// When the next ill engine is to be probed.
    pub fn next_probe(&mut self, plan: &PoolPlan) -> Option<Instant> {
        let (pace, _) = self.probing(plan)?;
        let recognisers = self.recognisers.iter().filter_map(Weak::upgrade).filter_map(|chain| chain.next_probe(pace));
        let synthesisers = self.synthesisers.iter().filter_map(Weak::upgrade);
        recognisers.chain(synthesisers.filter_map(|chain| chain.next_probe(pace))).min()
    }
}

/// Keeps a chain in mind for its probes, as long as somebody uses it.
pub(super) fn remember<T>(known: &mut Vec<Weak<T>>, chain: &Arc<T>) {
    known.retain(|one| one.strong_count() > 0);
    if !known.iter().any(|one| one.as_ptr() == Arc::as_ptr(chain)) {
        known.push(Arc::downgrade(chain));
    }
}

pub(super) struct Shared {
    pub plan: PoolPlan,
    pub state: Mutex<State>,
    /// Something waits for a worker.
    pub work: Condvar,
    /// The watchdog is to look again.
    pub watch: Condvar,
}

impl Shared {
    pub fn new(plan: PoolPlan) -> Self {
        Self { plan, state: Mutex::default(), work: Condvar::new(), watch: Condvar::new() }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a new session in; `None` when there is no room for it.
    pub fn open_session(&self, enter: impl FnOnce(&mut State)) -> Option<()> {
        let mut state = self.lock();
        if state.sessions >= self.plan.sessions || state.workers == 0 || state.stopping {
            return None;
        }
        state.sessions += 1;
        enter(&mut state);
        Some(())
    }

    pub fn close_session(&self) {
        let mut state = self.lock();
        state.sessions = state.sessions.saturating_sub(1);
    }

    /// The session waits for a worker.
    pub fn push(&self, session: Arc<dyn Session>, class: Class) {
        let mut state = self.lock();
        if state.workers == 0 {
            drop(state);
            self.refuse(session);
            return;
        }
        match class {
            Class::Urgent => state.urgent.push(session.call(), session, now()),
            Class::Later => state.later.push(session.call(), session, now()),
        }
        drop(state);
        self.work.notify_one();
    }

    fn refuse(&self, session: Arc<dyn Session>) {
        session.refuse();
        if session.retry() {
            self.retry_later(session);
        }
    }

    /// With no worker left nobody would ever come for the sessions that wait.
    pub fn refuse_all_without_workers(&self) {
        let waiting: Vec<_> = {
            let mut state = self.lock();
            if state.workers > 0 {
                return;
            }
            std::iter::from_fn(|| state.pop(now())).collect()
        };
        waiting.into_iter().for_each(|(session, ..)| self.refuse(session));
    }

    /// Sends what waits for room; whether something still waits. A session that waited for that has work again.
    pub fn retry(&self, session: &Arc<dyn Session>) -> bool {
        let waits = session.retry();
        if let Some(class) = session.resumed() {
            self.push(session.clone(), class);
        }
        waits
    }

    /// Something of this session, news or sound, waits for room.
    pub fn retry_later(&self, session: Arc<dyn Session>) {
        let mut state = self.lock();
        if !state.retries.iter().any(|one| Arc::ptr_eq(one, &session)) {
            state.retries.push(session);
        }
        self.wake_watchdog_if_idle(&mut state);
    }

    /// More finals and clauses wait than there are workers.
    pub fn is_behind(&self) -> bool {
        let state = self.lock();
        state.urgent.len() > state.workers
    }

    /// The watchdog has a new deadline to wait for.
    pub fn wake_watchdog_if_idle(&self, state: &mut State) {
        if mem::take(&mut state.watchdog_idle) {
            self.watch.notify_one();
        }
    }

    /// An engine has fallen ill or was probed, or a thread has come back: the time of the next probe may be another one.
    pub fn wake_watchdog(&self) {
        self.lock().watchdog_idle = false;
        self.watch.notify_one();
    }
}

/// A worker's right to go on with a session: it ends when the worker is given up.
pub(super) struct Lease<'a> {
    pub shared: &'a Arc<Shared>,
    pub id: u64,
}

impl Lease<'_> {
    /// The worker is about to enter an engine (or has had sound from it) and must be heard of again within `limit`.
    /// `false`: it has been given up and must not touch the session again.
    pub fn enter_engine(&self, limit: Duration) -> bool {
        self.mark(Some(limit))
    }

    /// The worker is out of the engine; same answer.
    pub fn leave_engine(&self) -> bool {
        self.mark(None)
    }

    fn mark(&self, limit: Option<Duration>) -> bool {
        let mut state = self.shared.lock();
        let Some(step) = state.steps.get_mut(&self.id) else { return false };
        step.deadline = limit.map(|limit| Deadline::new(now(), limit, &step.times));
        if limit.is_some() {
            self.shared.wake_watchdog_if_idle(&mut state);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session that has nothing to do.
    struct Idle;

    impl Session for Idle {
        fn call(&self) -> u64 {
            0
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

    #[test]
    fn probes_that_hang_slow_probing_down_and_end_it_only_while_every_thread_for_probes_is_lost() {
        let (plan, mut state) = (PoolPlan { abandoned: 8, ..PoolPlan::default() }, State::default());
        state.workers = 2;
        // What calls have lost leaves the probes their threads.
        state.abandoned.extend((0..8).map(|id| (id, Purpose::Call)));
        let mut hanging: Vec<Arc<dyn Session>> = Vec::new();
        let paces: Vec<_> = (0..=8)
            .map(|_| {
                let pace = state.probing(&plan);
                let probe: Arc<dyn Session> = Arc::new(Idle);
                state.probes.push(Arc::downgrade(&probe));
                hanging.push(probe);
                pace
            })
            .collect();
        let expected = (0..=8).map(|n| match n {
            0..4 => Some((ProbePace::Rest, 8 - n)),
            4..8 => Some((ProbePace::Slowest, 8 - n)),
            _ => None,
        });
        assert_eq!(paces, expected.collect::<Vec<_>>());
        // One of these threads comes back.
        hanging.truncate(7);
        assert_eq!(state.probing(&plan), Some((ProbePace::Slowest, 1)));
        state.workers = 0;
        assert_eq!(state.probing(&plan), None);
    }
}

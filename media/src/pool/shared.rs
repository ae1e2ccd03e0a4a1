//! State shared by the workers, the watchdog and the sessions of a pool: queues, and the interface of a session.
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
    /// A final or a clause: a caller waits for it.
    Urgent,
    /// Partial words, opening and closing engines.
    Later,
}

/// What a worker's job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Call,
    /// A probe of an unhealthy engine.
    Probe,
}

/// A listening session, a speaking session or a probe, as the workers see it.
pub(super) trait Session: Send + Sync {
    /// The call that the processor time is charged to.
    fn call(&self) -> u64;
    fn purpose(&self) -> Purpose {
        Purpose::Call
    }
    /// Does a bounded piece of the session's work, unless there is none or another worker has it. Returns the class of the rest.
    fn step(self: Arc<Self>, class: Class, lease: &Lease) -> Option<Class>;
    /// The worker that had this session is abandoned. Returns the class of the work that is left.
    fn abandoned(&self, now: Instant) -> Option<Class>;
    /// Sends what waits for room. Returns whether something still waits.
    fn retry(&self) -> bool;
    /// Whether a worker is inside an engine that has become unhealthy since it was entered.
    fn is_in_unhealthy_engine(&self) -> bool {
        false
    }
    /// The class of work that became possible because something was sent.
    fn resumed(&self) -> Option<Class> {
        None
    }
    /// No worker is left: the session fails with `Busy`.
    fn refuse(&self);
}

/// A piece of work in progress.
pub(super) struct Step {
    pub session: Arc<dyn Session>,
    /// When the worker is abandoned; `None` while it is not inside an engine.
    pub deadline: Option<Deadline>,
    pub times: Arc<ThreadTimes>,
}

#[derive(Default)]
pub(super) struct State {
    pub urgent: FairQueue<Arc<dyn Session>>,
    pub later: FairQueue<Arc<dyn Session>>,
    pub shares: Shares,
    pub delay: QueueDelay,
    /// The present work of each worker.
    pub steps: HashMap<u64, Step>,
    /// Workers that were abandoned and have not returned.
    pub abandoned: HashMap<u64, Purpose>,
    pub abandoned_ever: u64,
    /// Sessions that wait for room in a channel.
    pub retries: Vec<Arc<dyn Session>>,
    pub recognisers: Vec<Weak<asr::RecogniserChain>>,
    pub synthesisers: Vec<Weak<tts::VoiceChain>>,
    /// Probes that wait, run or hang: each may hold a thread.
    pub probes: Vec<Weak<dyn Session>>,
    pub sessions: usize,
    pub workers: usize,
    pub next_worker: u64,
    /// The watchdog sleeps until it is woken.
    pub watchdog_idle: bool,
    pub stopping: bool,
}

impl State {
    /// How long jobs wait, and whether the pool is full.
    pub fn delay(&mut self, now: Instant, limit: Duration) -> (Duration, bool) {
        let wait = self.delay.wait(now, self.urgent.since());
        // Without workers no job is done, so there are no waiting times.
        (wait, self.workers == 0 || self.delay.is_full(wait, limit))
    }

    /// The next session, its class, and when it was queued.
    pub fn pop(&mut self, now: Instant) -> Option<(Arc<dyn Session>, Class, Instant)> {
        let urgent = self.urgent.pop(&self.shares, now).map(|(session, since)| (session, Class::Urgent, since));
        urgent.or_else(|| self.later.pop(&self.shares, now).map(|(session, since)| (session, Class::Later, since)))
    }

    /// Threads that hang in work of this purpose.
    pub fn abandoned_by(&self, purpose: Purpose) -> usize {
        self.abandoned.values().filter(|lost| **lost == purpose).count()
    }

    /// The pace of probes, and how many may begin now.
    pub fn probing(&mut self, plan: &PoolPlan) -> Option<(ProbePace, usize)> {
        self.probes.retain(|probe| probe.strong_count() > 0);
        let free = plan.abandoned.checked_sub(self.probes.len()).filter(|free| *free > 0 && self.workers > 0)?;
        Some((if free * 2 > plan.abandoned { ProbePace::Rest } else { ProbePace::Slowest }, free))
    }

    /// When the next probe is due.
    pub fn next_probe(&mut self, plan: &PoolPlan) -> Option<Instant> {
        let (pace, _) = self.probing(plan)?;
        let recognisers = self.recognisers.iter().filter_map(Weak::upgrade).filter_map(|chain| chain.next_probe(pace));
        let synthesisers = self.synthesisers.iter().filter_map(Weak::upgrade);
        recognisers.chain(synthesisers.filter_map(|chain| chain.next_probe(pace))).min()
    }
}

/// Registers a chain for probes, as long as it is in use.
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
    /// Wakes the watchdog.
    pub watch: Condvar,
}

impl Shared {
    pub fn new(plan: PoolPlan) -> Self {
        Self { plan, state: Mutex::default(), work: Condvar::new(), watch: Condvar::new() }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a new session; `None` when the pool has no room for it.
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

    /// Queues a session.
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

    /// Refuses all queued sessions if there is no worker left.
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

    /// Sends what waits for room and queues a session that can go on because of it. Returns whether something still waits.
    pub fn retry(&self, session: &Arc<dyn Session>) -> bool {
        let waits = session.retry();
        if let Some(class) = session.resumed() {
            self.push(session.clone(), class);
        }
        waits
    }

    /// Registers a session whose events or sound wait for room.
    pub fn retry_later(&self, session: Arc<dyn Session>) {
        let mut state = self.lock();
        if !state.retries.iter().any(|one| Arc::ptr_eq(one, &session)) {
            state.retries.push(session);
        }
        self.wake_watchdog_if_idle(&mut state);
    }

    /// Whether more finals and clauses wait than there are workers.
    pub fn is_behind(&self) -> bool {
        let state = self.lock();
        state.urgent.len() > state.workers
    }

    /// Whether a worker is free, so that work which nobody waits for yet holds nobody up.
    pub fn has_idle_worker(&self) -> bool {
        let state = self.lock();
        state.steps.len() < state.workers && state.urgent.len() == 0
    }

    /// Wakes the watchdog for a new deadline.
    pub fn wake_watchdog_if_idle(&self, state: &mut State) {
        if mem::take(&mut state.watchdog_idle) {
            self.watch.notify_one();
        }
    }

    /// Wakes the watchdog because the time of the next probe may have changed.
    pub fn wake_watchdog(&self) {
        self.lock().watchdog_idle = false;
        self.watch.notify_one();
    }
}

/// A worker's permission to work on a session: it ends when the worker is abandoned.
pub(super) struct Lease<'a> {
    pub shared: &'a Arc<Shared>,
    pub id: u64,
}

impl Lease<'_> {
    /// Sets a deadline before an engine is entered, and at each sound from it. `false`: the worker is abandoned and must not use the
    /// session any more.
    pub fn enter_engine(&self, limit: Duration) -> bool {
        self.mark(Some(limit))
    }

    /// Clears the deadline after the engine returned. `false` as above.
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
        // Threads of calls that hang do not count.
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
        // One of these threads returns.
        hanging.truncate(7);
        assert_eq!(state.probing(&plan), Some((ProbePace::Slowest, 1)));
        state.workers = 0;
        assert_eq!(state.probing(&plan), None);
    }
}

//! The watchdog: abandons workers that hang in an engine, starts probes of unhealthy engines, and retries what waits for room.
use super::shared::{Class, Session, Shared, State, Step};
use super::{now, probing, worker};
use std::mem;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

/// The interval at which waiting events and sound are retried.
const RETRY: Duration = Duration::from_millis(20);
/// How long a job may still take in an engine that has just become unhealthy.
const GRACE: Duration = Duration::from_millis(100);
/// A watchdog that wakes this much too late was stopped with the whole process (a suspended or starved machine).
const STALL: Duration = Duration::from_millis(100);

pub(super) fn run(shared: &Arc<Shared>) {
    let mut asked: Option<Instant> = None;
    loop {
        let mut state = shared.lock();
        if state.stopping {
            return;
        }
        let now = now();
        let late = asked.take().map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let overdue = overdue(&mut state, now, late > STALL);
        if !overdue.is_empty() {
            abandon(shared, state, &overdue, now);
            continue;
        }
        let probes = probing::due(&mut state, &shared.plan, now);
        if !probes.is_empty() {
            drop(state);
            probes.into_iter().for_each(|probe| shared.push(probe, Class::Urgent));
            continue;
        }
        let waiting = mem::take(&mut state.retries);
        if !waiting.is_empty() {
            drop(state);
            let waiting: Vec<_> = waiting.into_iter().filter(|session| shared.retry(session)).collect();
            state = shared.lock();
            state.retries.extend(waiting);
        }
        let probe = state.next_probe(&shared.plan);
        let deadlines = state.steps.values().filter_map(|step| Some(step.deadline?.at));
        let next = deadlines.chain(probe).min().map(|at| at.saturating_duration_since(now));
        let pause = match (next, state.retries.is_empty()) {
            (next, true) => next,
            (Some(next), false) => Some(next.min(RETRY)),
            (None, false) => Some(RETRY),
        };
        match pause {
            Some(pause) => {
                let pause = pause.max(Duration::from_millis(1));
                asked = Some(now + pause);
                drop(shared.watch.wait_timeout(state, pause));
            }
            None => {
                state.watchdog_idle = true;
                drop(shared.watch.wait(state));
            }
        }
    }
}

/// Workers past their deadline. `stalled`: the whole process was stopped, so deadlines are renewed.
fn overdue(state: &mut State, now: Instant, stalled: bool) -> Vec<u64> {
    let mut overdue = Vec::new();
    for (id, step) in &mut state.steps {
        let Some(deadline) = &mut step.deadline else { continue };
        if stalled {
            deadline.renew(now);
        }
        if deadline.is_over(now, &step.times) {
            overdue.push(*id);
        }
    }
    overdue
}

/// Abandons workers and starts others in their place, as many as the plan allows; the sessions continue on those.
fn abandon(shared: &Arc<Shared>, mut state: MutexGuard<'_, State>, workers: &[u64], now: Instant) {
    let mut abandoned: Vec<Step> = Vec::new();
    let mut replaced = 0;
    for id in workers {
        let Some(step) = state.steps.remove(id) else { continue };
        let purpose = step.session.purpose();
        replaced += usize::from(state.abandoned_by(purpose) < shared.plan.abandoned);
        state.abandoned.insert(*id, purpose);
        state.abandoned_ever += 1;
        state.workers -= 1;
        abandoned.push(step);
    }
    drop(state);
    for _ in 0..replaced {
        if let Err(error) = worker::start(shared) {
            tracing::error!(%error, "a speech worker could not be replaced");
        }
    }
    shared.refuse_all_without_workers();
    // All failures are reported to the engines' health before any session continues.
    let left: Vec<_> = abandoned.iter().map(|step| step.session.abandoned(now)).collect();
    shorten_deadlines(shared, now);
    for (step, class) in abandoned.into_iter().zip(left) {
        // Events and sound may be waiting for room.
        if step.session.retry() {
            shared.retry_later(step.session.clone());
        }
        if let Some(class) = class {
            shared.push(step.session, class);
        }
    }
}

/// Shortens the deadlines of workers in engines that have just become unhealthy to [`LAST`].
fn shorten_deadlines(shared: &Shared, now: Instant) {
    let working: Vec<_> = shared.lock().steps.iter().map(|(id, step)| (*id, step.session.clone())).collect();
    let unhealthy: Vec<(u64, Arc<dyn Session>)> =
        working.into_iter().filter(|(_, session)| session.is_in_unhealthy_engine()).collect();
    let mut state = shared.lock();
    for (id, session) in unhealthy {
        if let Some(step) = state.steps.get_mut(&id)
            && Arc::ptr_eq(&step.session, &session)
            && let Some(deadline) = &mut step.deadline
        {
            deadline.at = deadline.at.min(now + GRACE);
        }
    }
}

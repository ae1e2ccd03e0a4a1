//! The watchdog: gives workers up that an engine does not let go of, has ill engines probed, and tries again what waits for room.
use super::shared::{Class, Session, Shared, State, Step};
use super::{now, probing, worker};
use std::mem;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

/// How often waiting news is tried again.
const RETRY: Duration = Duration::from_millis(20);
/// How long a job may still take on an engine that has just fallen ill.
const LAST: Duration = Duration::from_millis(100);
/// A watchdog that wakes later than it asked to by this much has stood still, and its process with it (a suspended or
/// starved machine).
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
            give_up(shared, state, &overdue, now);
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

/// Workers whose engine has had its time. `stalled`: the whole process stood still, and every engine with it.
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

/// Gives workers up and starts others in their place, as many as the plan allows; their sessions go on with those.
fn give_up(shared: &Arc<Shared>, mut state: MutexGuard<'_, State>, workers: &[u64], now: Instant) {
    let mut given_up: Vec<Step> = Vec::new();
    let mut replaced = 0;
    for id in workers {
        let Some(step) = state.steps.remove(id) else { continue };
        let purpose = step.session.purpose();
        replaced += usize::from(state.abandoned_by(purpose) < shared.plan.abandoned);
        state.abandoned.insert(*id, purpose);
        state.abandoned_ever += 1;
        state.workers -= 1;
        given_up.push(step);
    }
    drop(state);
    for _ in 0..replaced {
        if let Err(error) = worker::start(shared) {
            tracing::error!(%error, "a speech worker could not be replaced");
        }
    }
    shared.refuse_all_without_workers();
    // All have told what they know of their engines before any goes on.
    let left: Vec<_> = given_up.iter().map(|step| step.session.abandoned(now)).collect();
    hurry_in_ill_engines(shared, now);
    for (step, class) in given_up.into_iter().zip(left) {
        // What waits for room has to be tried again.
        if step.session.retry() {
            shared.retry_later(step.session.clone());
        }
        if let Some(class) = class {
            shared.push(step.session, class);
        }
    }
}

/// Engines may have fallen ill just now: workers that are inside them are given up in [`LAST`] at the latest.
fn hurry_in_ill_engines(shared: &Shared, now: Instant) {
    let working: Vec<_> = shared.lock().steps.iter().map(|(id, step)| (*id, step.session.clone())).collect();
    let ill: Vec<(u64, Arc<dyn Session>)> =
        working.into_iter().filter(|(_, session)| session.is_in_ill_engine()).collect();
    let mut state = shared.lock();
    for (id, session) in ill {
        if let Some(step) = state.steps.get_mut(&id)
            && Arc::ptr_eq(&step.session, &session)
            && let Some(deadline) = &mut step.deadline
        {
            deadline.at = deadline.at.min(now + LAST);
        }
    }
}

//! The worker threads.
use super::deadline::{Deadline, ThreadTimes};
use super::now;
use super::session::Class;
use super::shared::{Shared, Step};
use std::io;
use std::sync::{Arc, PoisonError};
use std::thread::Builder;
use std::time::Duration;

/// Starts one more worker.
pub(super) fn start(shared: &Arc<Shared>) -> io::Result<()> {
    let id = {
        let mut state = shared.lock();
        state.workers += 1;
        state.next_worker += 1;
        state.next_worker
    };
    let worker = shared.clone();
    let started = Builder::new().name(format!("speech-{id}")).spawn(move || run(&worker, id));
    if started.is_err() {
        shared.lock().workers -= 1;
    }
    started.map(drop)
}

fn run(shared: &Arc<Shared>, id: u64) {
    lower_priority(shared.plan.nice);
    let lease = Lease { shared, id };
    let times = Arc::new(ThreadTimes::of_this_thread());
    loop {
        let (session, class, since) = {
            let mut state = shared.lock();
            loop {
                if state.stopping {
                    return;
                }
                if let Some(next) = state.pop(now()) {
                    break next;
                }
                state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        };
        let step = Step { session: session.clone(), deadline: None, times: times.clone() };
        shared.lock().steps.insert(id, step);
        let (began, before) = (now(), times.read());
        let left = session.clone().step(class, &lease);
        let (ended, after) = (now(), times.read());
        let mut state = shared.lock();
        state.shares.charge(session.call(), ended, after.ran.saturating_sub(before.ran));
        if class == Class::Urgent {
            let starved = after.waited.saturating_sub(before.waited);
            state.delay.note(ended, began.saturating_duration_since(since) + starved);
        }
        if state.abandoned.remove(&id).is_some() {
            // It was slow, not dead. It serves again if no other has taken its place.
            let replaced = state.workers >= shared.plan.threads.max(1);
            if !replaced {
                state.workers += 1;
            }
            drop(state);
            drop(session);
            shared.wake_watchdog();
            if replaced {
                return;
            }
            continue;
        }
        state.steps.remove(&id);
        drop(state);
        if let Some(class) = left {
            shared.push(session, class);
        }
    }
}

/// A worker's right to go on with a session: it ends when the worker is given up.
pub(super) struct Lease<'a> {
    pub shared: &'a Arc<Shared>,
    id: u64,
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

#[cfg(target_os = "linux")]
pub(super) fn lower_priority(nice: i32) {
    // SAFETY: both calls take plain numbers; 0 means the calling thread, which on Linux has a priority of its own.
    if unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) } != 0 {
        tracing::debug!("a speech worker keeps its priority");
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn lower_priority(_: i32) {}

//! The worker threads.
use super::deadline::ThreadTimes;
use super::now;
use super::shared::{Class, Lease, Shared, Step};
use std::io;
use std::sync::{Arc, PoisonError};
use std::thread::Builder;

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
            // The engine returned after all. The worker goes on unless it has been replaced.
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

/// Gives the calling thread this niceness.
#[cfg(target_os = "linux")]
pub fn lower_priority(nice: i32) {
    // SAFETY: both calls take plain numbers; 0 means the calling thread, which on Linux has a priority of its own.
    if unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) } != 0 {
        tracing::debug!("a thread keeps its priority");
    }
}

#[cfg(not(target_os = "linux"))]
pub fn lower_priority(_: i32) {}

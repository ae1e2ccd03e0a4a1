//! The speech workers: recognition and synthesis of all calls on a few threads, with a watchdog.
//!
//! The pool is a driver: it reads the clock for recognisers and synthesisers. Its locks are held briefly and never while an engine
//! works, and no lock of a session is held together with the pool's.
//!
//! A session (one turn of an ear, or one call's voice) with work to do is queued once, in its call's queue. Urgent work (finals,
//! speech) goes before later work (partial words). Within each class, calls that have used less processor time lately go first, and
//! calls with about equal use take turns. Limits: [`PoolPlan::backlog`], [`PoolPlan::clauses`], [`PoolPlan::sessions`],
//! [`PoolPlan::abandoned`], [`PoolPlan::full_wait`].
pub mod clauses;
mod deadline;
mod listening;
mod pace;
mod plan;
mod probing;
mod queue_delay;
mod shared;
mod shares;
mod speaking;
#[cfg(test)]
mod tests;
pub mod utterance;
mod watchdog;
mod worker;

use crate::asr::{self, Ask, Heard};
use crate::tts::{self, Spoken, Voice};
pub use listening::{Listener, ListeningSetup};
pub use plan::{PoolPlan, PoolReport};
use shared::{Shared, remember};
pub use speaking::Speaker;
use std::io;
use std::sync::{Arc, Weak};
use std::thread::Builder;
use std::time::Instant;
use tokio::sync::mpsc;
use utterance::Utterance;
pub use worker::lower_priority;

pub struct Pool {
    shared: Arc<Shared>,
}

impl Pool {
    pub fn start(plan: PoolPlan) -> io::Result<Arc<Self>> {
        let threads = plan.threads.max(1);
        let shared = Arc::new(Shared::new(plan));
        let pool = Arc::new(Self { shared: shared.clone() });
        for _ in 0..threads {
            worker::start(&shared)?;
        }
        Builder::new().name("speech-watch".into()).spawn(move || watchdog::run(&shared))?;
        Ok(pool)
    }

    /// Opens a listening session for one ask; its words go to `out`. Dropping the listener ends it.
    ///
    /// When `out` is full, partial words are dropped; a final or a failure is kept until there is room, a newer final in
    /// place of an older one.
    pub fn listen(
        &self,
        call: u64,
        engines: Arc<asr::RecogniserChain>,
        ask: Ask,
        out: mpsc::Sender<Heard>,
    ) -> Result<Listener, asr::AsrFault> {
        self.take_over(ListeningSetup { call, engines, ask, out }, Utterance::default())
    }

    /// Opens a listening session for an utterance that an engine outside of the pool has begun to hear: it is heard from its beginning.
    pub fn take_over(&self, setup: ListeningSetup, utterance: Utterance) -> Result<Listener, asr::AsrFault> {
        let opened = self.shared.open_session(|state| remember(&mut state.recognisers, &setup.engines));
        opened.ok_or(asr::AsrFault::Busy)?;
        Ok(Listener::open(self.shared.clone(), setup, utterance))
    }

    /// Opens a call's voice: clauses are synthesised strictly in order, one at a time; sound goes to `sink`, events to `out`.
    ///
    /// When `out` is full, up to 64 events wait; then the oldest is dropped.
    pub fn speaker(
        &self,
        call: u64,
        engines: Arc<tts::VoiceChain>,
        voice: Voice,
        sink: Box<dyn tts::Sink>,
        out: mpsc::Sender<Spoken>,
    ) -> Speaker {
        let admitted = self.shared.open_session(|state| remember(&mut state.synthesisers, &engines)).is_some();
        Speaker::open(self.shared.clone(), admitted, speaking::Setup { call, engines, voice, out }, sink)
    }

    /// Whether the pool has no capacity for another call.
    pub fn is_full(&self) -> bool {
        self.shared.lock().delay(now(), self.shared.plan.full_wait).1
    }

    pub fn report(&self) -> PoolReport {
        let mut state = self.shared.lock();
        let (wait, full) = state.delay(now(), self.shared.plan.full_wait);
        let recognisers = state.recognisers.iter().filter_map(Weak::upgrade).flat_map(|chain| chain.unhealthy());
        let synthesisers = state.synthesisers.iter().filter_map(Weak::upgrade).flat_map(|chain| chain.unhealthy());
        PoolReport {
            workers: state.workers,
            working: state.steps.len(),
            urgent: state.urgent.len(),
            later: state.later.len(),
            sessions: state.sessions,
            abandoned: state.abandoned.len(),
            abandoned_ever: state.abandoned_ever,
            unhealthy: recognisers.chain(synthesisers).collect(),
            wait,
            full,
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.work.notify_all();
        self.shared.watch.notify_all();
    }
}

/// The pool's clock.
fn now() -> Instant {
    Instant::now()
}

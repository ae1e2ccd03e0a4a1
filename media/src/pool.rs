//! The speech workers: recognition and synthesis of all calls on a few threads, with a watchdog.
//!
//! The pool is a driver: it alone reads the clock on behalf of recognisers and synthesisers. Its locks are held for
//! moments and never while an engine works, and no lock of a session is held together with the pool's.
//!
//! A session (one ear's turn, one call's voice) has work or has none; one that has some stands in the queue once, behind
//! its own call's place. Urgent work (finals, speech) goes before later work (partial words); within each, calls that have
//! used little of the workers lately go before those that have used much, and take turns. What full means:
//! [`PoolPlan::backlog`], [`PoolPlan::clauses`], [`PoolPlan::sessions`], [`PoolPlan::abandoned`], [`PoolPlan::full_wait`].
mod listening;
mod probing;
mod shares;
mod speaking;
mod starved;
mod strain;
#[cfg(test)]
mod tests;

use crate::asr::{self, Ask, Heard};
use crate::tts::{self, Spoken, Voice};
pub use listening::Listener;
use probing::Probing;
use shares::{Ring, Shares};
pub use speaking::Speaker;
use starved::{Account, Deadline};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{Builder, available_parallelism};
use std::time::{Duration, Instant};
use std::{io, mem};
use strain::Strain;
use tokio::sync::mpsc;

#[derive(Clone, Debug)]
pub struct PoolPlan {
    /// Worker threads: one less than the cores, but two at least, so that a long clause never delays an answer.
    pub threads: usize,
    /// One call into a recogniser may take this long, or as long as the engine asks for ([`asr::Recogniser::patience`]);
    /// then its worker is given up and the next engine of the chain hears the utterance from its beginning.
    pub listen_limit: Duration,
    /// A synthesiser's first sound, and each further one, may take this long; then the next engine of the chain says
    /// what is left.
    pub speak_limit: Duration,
    /// How far a listening session may fall behind its caller; beyond that it fails with [`asr::Fault::Busy`]. More than the five
    /// seconds that an ear may be given at once after a stall of the network.
    pub backlog: Duration,
    /// The longest utterance; sound beyond it is not heard.
    pub utterance: Duration,
    /// Open sessions, ears and voices together; more are refused with `Busy`.
    pub sessions: usize,
    /// Clauses waiting per voice (text alone: sound is made clause by clause); more are refused with `Busy`.
    pub clauses: usize,
    /// Threads that may be lost to hung engines at a time; at this number no worker is replaced and no ill engine probed.
    pub abandoned: usize,
    /// Once nine of ten answers and clauses of the last ten seconds had to wait up to this long for a worker and its
    /// processor, there is no room for another call, until it is half of that. Zero: there always is.
    pub full_wait: Duration,
    /// How much lower than the media threads the workers' priority is (`nice`).
    pub nice: i32,
}

impl Default for PoolPlan {
    fn default() -> Self {
        Self {
            threads: available_parallelism().map_or(1, usize::from).saturating_sub(1).max(2),
            listen_limit: Duration::from_millis(700),
            speak_limit: Duration::from_millis(600),
            backlog: Duration::from_secs(9),
            utterance: Duration::from_secs(30),
            sessions: 2048,
            clauses: 1024,
            abandoned: 8,
            full_wait: Duration::from_millis(400),
            nice: 5,
        }
    }
}

/// How the pool is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolReport {
    /// Workers that serve.
    pub workers: usize,
    /// Of these, at work now.
    pub working: usize,
    /// Sessions waiting for a final or for speech, and for partial words.
    pub urgent: usize,
    pub later: usize,
    pub sessions: usize,
    /// Threads lost to hung engines at this moment, and since the start.
    pub abandoned: usize,
    pub abandoned_ever: u64,
    /// Engines that rest after a hang or failure.
    pub ill: Vec<&'static str>,
    /// What nine of ten answers and clauses lately did not wait longer than, and whether that leaves no room for a call.
    pub wait: Duration,
    pub full: bool,
}

pub struct Pool {
    shared: Arc<Shared>,
}

impl Pool {
    pub fn start(plan: PoolPlan) -> io::Result<Arc<Pool>> {
        let threads = plan.threads.max(1);
        let shared = Arc::new(Shared { plan, state: Mutex::default(), work: Condvar::new(), watch: Condvar::new() });
        let pool = Arc::new(Pool { shared: shared.clone() });
        for _ in 0..threads {
            shared.hire()?;
        }
        Builder::new().name("speech-watch".into()).spawn(move || shared.keep_watch())?;
        Ok(pool)
    }

    /// A listening session for one ask; its words go to `out`. Dropping the listener ends it.
    ///
    /// When `out` is full, partial words are dropped; a final or a failure is kept until there is room, a newer final in
    /// place of an older one.
    pub fn listen(
        &self,
        call: u64,
        engines: Arc<asr::Chain>,
        ask: Ask,
        out: mpsc::Sender<Heard>,
    ) -> Result<Listener, asr::Fault> {
        self.shared.admit(|state| remember(&mut state.ears, &engines)).ok_or(asr::Fault::Busy)?;
        Ok(Listener::open(self.shared.clone(), call, engines, ask, out))
    }

    /// A call's voice: clauses are spoken strictly in order, one at a time; sound goes to `sink`, news to `out`.
    ///
    /// When `out` is full, the news waits, up to 64 pieces; then the oldest is dropped.
    pub fn speaker(
        &self,
        call: u64,
        engines: Arc<tts::Chain>,
        voice: Voice,
        sink: Box<dyn tts::Sink>,
        out: mpsc::Sender<Spoken>,
    ) -> Speaker {
        let admitted = self.shared.admit(|state| remember(&mut state.voices, &engines)).is_some();
        Speaker::open(self.shared.clone(), admitted, speaking::Errand { call, engines, voice, out }, sink)
    }

    /// Whether there is no room for another call: answers come late as it is.
    pub fn is_full(&self) -> bool {
        self.shared.lock().strain(now(), self.shared.plan.full_wait).1
    }

    pub fn report(&self) -> PoolReport {
        let mut state = self.shared.lock();
        let (wait, full) = state.strain(now(), self.shared.plan.full_wait);
        let ears = state.ears.iter().filter_map(Weak::upgrade).flat_map(|chain| chain.sick());
        let voices = state.voices.iter().filter_map(Weak::upgrade).flat_map(|chain| chain.sick());
        PoolReport {
            workers: state.workers,
            working: state.steps.len(),
            urgent: state.urgent.len(),
            later: state.later.len(),
            sessions: state.sessions,
            abandoned: state.lost.len(),
            abandoned_ever: state.abandoned_ever,
            ill: ears.chain(voices).collect(),
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

fn remember<T>(known: &mut Vec<Weak<T>>, chain: &Arc<T>) {
    known.retain(|one| one.strong_count() > 0);
    if !known.iter().any(|one| one.as_ptr() == Arc::as_ptr(chain)) {
        known.push(Arc::downgrade(chain));
    }
}

/// The clock of the sessions.
fn now() -> Instant {
    Instant::now()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Urgent,
    Later,
}

/// One ear's turn or one call's voice, as the workers see it.
trait Session: Send + Sync {
    fn call(&self) -> u64;
    /// Does a bounded piece of the session's work, if there is any and no other worker has it. Returns what is left to do.
    fn step(self: Arc<Self>, class: Class, ticket: &Ticket) -> Option<Class>;
    /// The worker that had this session is given up. Returns what is left to do.
    fn abandoned(&self, now: Instant) -> Option<Class>;
    /// Sends what waits for room; whether something still waits.
    fn retry(&self) -> bool;
    /// Whether a worker is inside an engine that has fallen ill since it went in.
    fn is_lost(&self) -> bool {
        false
    }
    /// What there is to do now that something has been sent.
    fn resumed(&self) -> Option<Class> {
        None
    }
    /// No worker is left: the session fails with `Busy`.
    fn refuse(&self);
}

struct Step {
    session: Arc<dyn Session>,
    /// When the worker is given up; `None` while it is not inside an engine.
    deadline: Option<Deadline>,
    account: Arc<Account>,
}

#[derive(Default)]
struct State {
    urgent: Ring,
    later: Ring,
    shares: Shares,
    strain: Strain,
    steps: HashMap<u64, Step>,
    lost: HashSet<u64>,
    retries: Vec<Arc<dyn Session>>,
    ears: Vec<Weak<asr::Chain>>,
    voices: Vec<Weak<tts::Chain>>,
    sessions: usize,
    workers: usize,
    next_worker: u64,
    abandoned_ever: u64,
    watch_rests: bool,
    stopping: bool,
}

impl State {
    fn strain(&mut self, now: Instant, limit: Duration) -> (Duration, bool) {
        let wait = self.strain.wait(now, self.urgent.since());
        // Where every worker is lost or hung nothing waits, and nothing is done.
        (wait, self.workers == 0 || self.strain.is_full(wait, limit))
    }

    /// The session whose turn it is, its class, and since when it has waited.
    fn pop(&mut self, now: Instant) -> Option<(Arc<dyn Session>, Class, Instant)> {
        let urgent = self.urgent.pop(&self.shares, now).map(|(session, since)| (session, Class::Urgent, since));
        urgent.or_else(|| self.later.pop(&self.shares, now).map(|(session, since)| (session, Class::Later, since)))
    }

    /// When the next ill engine is to be probed.
    fn next_probe(&self) -> Option<Instant> {
        let ears = self.ears.iter().filter_map(Weak::upgrade).filter_map(|chain| chain.next_probe());
        ears.chain(self.voices.iter().filter_map(Weak::upgrade).filter_map(|chain| chain.next_probe())).min()
    }

    fn due_probes(&self, now: Instant) -> Vec<Arc<dyn Session>> {
        let ears = self.ears.iter().filter_map(Weak::upgrade);
        let voices = self.voices.iter().filter_map(Weak::upgrade);
        let ears = ears.filter_map(|chain| chain.probe(now)).map(Probing::ear);
        ears.chain(voices.filter_map(|chain| chain.probe(now)).map(Probing::voice)).collect()
    }
}

struct Shared {
    plan: PoolPlan,
    state: Mutex<State>,
    work: Condvar,
    watch: Condvar,
}

/// How often waiting news is tried again.
const RETRY: Duration = Duration::from_millis(20);
/// How long a job may still take on an engine that has just fallen ill.
const LAST: Duration = Duration::from_millis(100);
/// How long an engine that is due is left alone while too many threads are lost.
const LATER: Duration = Duration::from_secs(1);
/// A watchdog that wakes later than it asked to by this much has stood still, and its process with it (a suspended or
/// starved machine).
const STALL: Duration = Duration::from_millis(100);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, enter: impl FnOnce(&mut State)) -> Option<()> {
        let mut state = self.lock();
        if state.sessions >= self.plan.sessions || state.workers == 0 || state.stopping {
            return None;
        }
        state.sessions += 1;
        enter(&mut state);
        Some(())
    }

    fn leave(&self) {
        let mut state = self.lock();
        state.sessions = state.sessions.saturating_sub(1);
    }

    fn push(&self, session: Arc<dyn Session>, class: Class) {
        let mut state = self.lock();
        if state.workers == 0 {
            drop(state);
            session.refuse();
            if session.retry() {
                self.retry_later(session);
            }
            return;
        }
        match class {
            Class::Urgent => state.urgent.push(session, now()),
            Class::Later => state.later.push(session, now()),
        }
        drop(state);
        self.work.notify_one();
    }

    /// Sends what waits for room; whether something still waits. A session that waited for that has work again.
    fn retry(&self, session: &Arc<dyn Session>) -> bool {
        let waits = session.retry();
        if let Some(class) = session.resumed() {
            self.push(session.clone(), class);
        }
        waits
    }

    /// Something of this session, news or sound, waits for room.
    fn retry_later(&self, session: Arc<dyn Session>) {
        let mut state = self.lock();
        if !state.retries.iter().any(|one| Arc::ptr_eq(one, &session)) {
            state.retries.push(session);
        }
        self.wake_watch(&mut state);
    }

    /// More finals and clauses wait than there are workers.
    fn is_behind(&self) -> bool {
        let state = self.lock();
        state.urgent.len() > state.workers
    }

    fn wake_watch(&self, state: &mut State) {
        if mem::take(&mut state.watch_rests) {
            self.watch.notify_one();
        }
    }

    /// An engine has fallen ill: the watchdog is to know when it is due.
    fn rouse(&self) {
        let mut state = self.lock();
        self.wake_watch(&mut state);
    }

    fn hire(self: &Arc<Self>) -> io::Result<()> {
        let id = {
            let mut state = self.lock();
            state.workers += 1;
            state.next_worker += 1;
            state.next_worker
        };
        let shared = self.clone();
        let hired = Builder::new().name(format!("speech-{id}")).spawn(move || shared.serve(id));
        if hired.is_err() {
            self.lock().workers -= 1;
        }
        hired.map(drop)
    }

    /// A worker's life.
    fn serve(self: Arc<Self>, id: u64) {
        lower_priority(self.plan.nice);
        let ticket = Ticket { shared: &self, id };
        let account = Arc::new(Account::of_this_thread());
        loop {
            let (session, class, since) = {
                let mut state = self.lock();
                loop {
                    if state.stopping {
                        return;
                    }
                    if let Some(next) = state.pop(now()) {
                        break next;
                    }
                    state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            };
            let step = Step { session: session.clone(), deadline: None, account: account.clone() };
            self.lock().steps.insert(id, step);
            let (began, before) = (now(), account.read());
            let left = session.clone().step(class, &ticket);
            let (ended, after) = (now(), account.read());
            let mut state = self.lock();
            state.shares.charge(session.call(), ended, after.ran.saturating_sub(before.ran));
            if class == Class::Urgent {
                let starved = after.waited.saturating_sub(before.waited);
                state.strain.note(ended, began.saturating_duration_since(since) + starved);
            }
            if state.lost.remove(&id) {
                // It was slow, not dead. It serves again if nobody has taken its place.
                if state.workers >= self.plan.threads.max(1) {
                    return;
                }
                state.workers += 1;
                continue;
            }
            state.steps.remove(&id);
            drop(state);
            if let Some(class) = left {
                self.push(session, class);
            }
        }
    }

    /// With no worker left nobody would ever come for the sessions that wait.
    fn refuse_all_if_alone(&self) {
        let waiting: Vec<_> = {
            let mut state = self.lock();
            if state.workers > 0 {
                return;
            }
            std::iter::from_fn(|| state.pop(now())).collect()
        };
        for (session, ..) in waiting {
            session.refuse();
            if session.retry() {
                self.retry_later(session);
            }
        }
    }

    /// Engines may have fallen ill just now: sessions that are inside them wait no longer than [`LAST`].
    fn give_up_lost(&self, now: Instant) {
        let working: Vec<_> = self.lock().steps.iter().map(|(id, step)| (*id, step.session.clone())).collect();
        let lost: Vec<_> = working.into_iter().filter(|(_, session)| session.is_lost()).collect();
        let mut state = self.lock();
        for (id, session) in lost {
            if let Some(step) = state.steps.get_mut(&id)
                && Arc::ptr_eq(&step.session, &session)
                && let Some(deadline) = &mut step.deadline
            {
                deadline.at = deadline.at.min(now + LAST);
            }
        }
    }

    fn keep_watch(self: Arc<Self>) {
        let mut asked = None;
        loop {
            let mut state = self.lock();
            if state.stopping {
                return;
            }
            let now = now();
            let slept: Duration = asked.take().map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
            let mut overdue: Vec<u64> = Vec::new();
            for (id, step) in &mut state.steps {
                let Some(deadline) = &mut step.deadline else { continue };
                if slept > STALL {
                    deadline.renew(now);
                }
                if deadline.is_over(now, &step.account) {
                    overdue.push(*id);
                }
            }
            if !overdue.is_empty() {
                let given_up: Vec<_> = overdue.iter().filter_map(|id| state.steps.remove(id)).collect();
                state.lost.extend(&overdue);
                state.abandoned_ever += overdue.len() as u64;
                state.workers -= overdue.len();
                let room = self.plan.abandoned.saturating_sub(state.lost.len() - overdue.len());
                drop(state);
                for _ in 0..overdue.len().min(room) {
                    if let Err(error) = self.hire() {
                        tracing::error!(%error, "a speech worker could not be replaced");
                    }
                }
                self.refuse_all_if_alone();
                // All have told what they know of their engines before any goes on.
                let left: Vec<_> = given_up.iter().map(|step| step.session.abandoned(now)).collect();
                self.give_up_lost(now);
                for (step, class) in given_up.into_iter().zip(left) {
                    // What waits for room has to be tried again.
                    if step.session.retry() {
                        self.retry_later(step.session.clone());
                    }
                    if let Some(class) = class {
                        self.push(step.session, class);
                    }
                }
                continue;
            }
            // Probes that hang cost threads: some are kept for callers.
            let may_probe = state.lost.len() * 2 < self.plan.abandoned;
            let probes = if may_probe { state.due_probes(now) } else { Vec::new() };
            if !probes.is_empty() {
                drop(state);
                probes.into_iter().for_each(|probe| self.push(probe, Class::Urgent));
                continue;
            }
            let waiting = mem::take(&mut state.retries);
            if !waiting.is_empty() {
                drop(state);
                let waiting: Vec<_> = waiting.into_iter().filter(|session| self.retry(session)).collect();
                state = self.lock();
                state.retries.extend(waiting);
            }
            let probe = state.next_probe().map(|at| if may_probe { at } else { at.max(now + LATER) });
            let next = state.steps.values().filter_map(|step| Some(step.deadline?.at)).chain(probe).min();
            let pause = match (next, state.retries.is_empty()) {
                (Some(at), true) => Some(at.saturating_duration_since(now)),
                (Some(at), false) => Some(at.saturating_duration_since(now).min(RETRY)),
                (None, false) => Some(RETRY),
                (None, true) => None,
            };
            match pause {
                Some(pause) => {
                    let pause = pause.max(Duration::from_millis(1));
                    asked = Some(now + pause);
                    drop(self.watch.wait_timeout(state, pause));
                }
                None => {
                    state.watch_rests = true;
                    drop(self.watch.wait(state));
                }
            }
        }
    }
}

/// A worker's right to go on with a session.
struct Ticket<'a> {
    shared: &'a Arc<Shared>,
    id: u64,
}

impl Ticket<'_> {
    /// The worker is about to enter an engine (or has had sound from it) and must be heard of again within `limit`.
    /// `false`: it has been given up and must not touch the session again.
    fn enter(&self, limit: Duration) -> bool {
        self.mark(Some(limit))
    }

    /// The worker is out of the engine; same answer.
    fn out(&self) -> bool {
        self.mark(None)
    }

    fn mark(&self, limit: Option<Duration>) -> bool {
        let mut state = self.shared.lock();
        let Some(step) = state.steps.get_mut(&self.id) else { return false };
        step.deadline = limit.map(|limit| Deadline::new(now(), limit, &step.account));
        if limit.is_some() {
            self.shared.wake_watch(&mut state);
        }
        true
    }
}

#[cfg(target_os = "linux")]
fn lower_priority(nice: i32) {
    // SAFETY: both calls take plain numbers; 0 means the calling thread, which on Linux has a priority of its own.
    if unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) } != 0 {
        tracing::debug!("a speech worker keeps its priority");
    }
}

#[cfg(not(target_os = "linux"))]
fn lower_priority(_: i32) {}

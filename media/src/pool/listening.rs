//! A listening session: one turn of an ear, recognised by the engines of a chain.
use super::now;
use super::shared::{Class, Lease, Session, Shared};
use super::utterance::{self, EngineWork, Pause, Utterance, UtteranceLimits};
use crate::asr::{Ask, AsrFault, Cue, Heard, Hearing, Hypothesis, Listen, RecogniserChain};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc::{self, error::TrySendError};

/// An ear's handle of its listening session. Dropping it ends the session.
pub struct Listener {
    shared: Arc<Shared>,
    session: Arc<Listening>,
}

impl Listener {
    pub(super) fn open(shared: Arc<Shared>, setup: ListeningSetup, utterance: Utterance) -> Self {
        let state = Mutex::new(State { utterance, ..State::default() });
        let listener = Self { shared, session: Arc::new(Listening { setup, state }) };
        // Opens an engine before the first word: compiling a grammar takes time.
        listener.schedule(|state| state.enlist());
        listener
    }

    fn schedule(&self, change: impl FnOnce(&mut State) -> Option<Class>) {
        let class = change(&mut self.session.lock());
        if let Some(class) = class {
            self.shared.push(self.session.clone(), class);
        }
    }
}

impl Listen for Listener {
    fn cue(&mut self, cue: Cue) {
        let plan = &self.shared.plan;
        let limits = UtteranceLimits { length: plan.utterance, backlog: plan.backlog };
        let mut overrun = false;
        self.schedule(|state| {
            if !state.over
                && let Err(fault) = state.utterance.cue(now(), cue, limits)
            {
                overrun = true;
                state.fail(fault);
            }
            state.enlist()
        });
        if overrun && self.session.retry() {
            self.shared.retry_later(self.session.clone());
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.close_session();
        // A worker closes the engine, not the thread of the ear.
        self.schedule(|state| {
            state.over = true;
            state.closed = true;
            state.waiting = None;
            state.utterance.abort().raise();
            state.enlist()
        });
    }
}

/// What a listening session is opened with.
#[derive(Clone)]
pub struct ListeningSetup {
    /// In the pool's queues.
    pub call: u64,
    pub engines: Arc<RecogniserChain>,
    pub ask: Ask,
    pub out: mpsc::Sender<Heard>,
}

pub(super) struct Listening {
    setup: ListeningSetup,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    utterance: Utterance,
    hearing: Option<Box<dyn Hearing>>,
    /// The present engine's place in the chain.
    place: Option<usize>,
    /// How often an engine was late with this utterance. The first time counts as a failure of the engine, and a new worker tries again;
    /// the second time the utterance is given up as not understood.
    late: u32,
    /// A bit for each engine that failed this session.
    tried: u32,
    why: Option<AsrFault>,
    running: bool,
    queued: [bool; 2],
    /// A final or a failure that found `out` full.
    waiting: Option<Heard>,
    /// The session has ended; `closed`: its listener is gone.
    over: bool,
    closed: bool,
}

enum Action {
    Open,
    Feed(Vec<i16>),
    LookAhead,
    Finish(Pause),
    /// The engine begins anew: this hearing has had sound that was not the caller's.
    Renew(Option<Box<dyn Hearing>>),
    Close(Option<Box<dyn Hearing>>),
    Rest,
}

impl State {
    /// The class of the most urgent work.
    fn due(&self) -> Option<Class> {
        match () {
            () if self.over => self.hearing.is_some().then_some(Class::Later),
            () if self.utterance.is_final_due() => Some(Class::Urgent),
            () if self.hearing.is_none() || self.utterance.has_unfed() => Some(Class::Later),
            () if self.utterance.is_look_ahead_due() => Some(Class::Later),
            () => None,
        }
    }

    /// Marks the session as queued and returns its class, unless it is queued already or a worker has it.
    fn enlist(&mut self) -> Option<Class> {
        let class = self.due()?;
        if self.running || self.queued[class as usize] {
            return None;
        }
        self.queued[class as usize] = true;
        Some(class)
    }

    fn action(&mut self) -> Action {
        if self.over {
            return Action::Close(self.hearing.take());
        }
        if self.hearing.is_none() {
            return Action::Open;
        }
        match self.utterance.work() {
            EngineWork::Rest => Action::Rest,
            EngineWork::Feed(pcm) => Action::Feed(pcm),
            EngineWork::LookAhead => Action::LookAhead,
            EngineWork::Anew => {
                self.utterance.restart();
                Action::Renew(self.hearing.take())
            }
            EngineWork::Finish(pause) => Action::Finish(pause),
        }
    }

    fn fail(&mut self, fault: AsrFault) {
        self.over = true;
        self.utterance.drop_sound();
        self.waiting = Some(Heard::Failed(fault));
    }

    /// Drops the present engine; the next one gets the utterance from its beginning.
    fn fall_back(&mut self, fault: AsrFault) {
        if let Some(place) = self.place.take() {
            self.tried |= 1 << place;
        }
        self.hearing = None;
        self.utterance.restart();
        self.why = Some(fault);
    }
}

/// Whether a fault counts as a failure of the engine and not of the ask.
pub(super) fn blames_engine(fault: &AsrFault) -> bool {
    matches!(fault, AsrFault::Engine(_) | AsrFault::Model(_) | AsrFault::Late)
}

pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, AsrFault>) -> Result<T, AsrFault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(AsrFault::Engine("it panicked".into())))
}

impl Listening {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, state: &mut State, heard: Heard) {
        match self.setup.out.try_send(heard) {
            Ok(()) => {}
            Err(TrySendError::Full(Heard::Partial { .. })) => {}
            Err(TrySendError::Full(heard)) => state.waiting = Some(heard),
            Err(TrySendError::Closed(_)) => state.over = true,
        }
    }

    /// Opens the first engine of the chain that accepts the ask. `None`: the worker is abandoned.
    fn open(&self, lease: &Lease) -> Option<()> {
        let limit = lease.shared.plan.listen_limit;
        loop {
            let tried = self.lock().tried;
            let Some((place, engine)) = self.setup.engines.pick(&self.setup.ask, tried) else {
                let mut state = self.lock();
                let why =
                    state.why.take().unwrap_or_else(|| AsrFault::Language(format!("{:?}", self.setup.ask.language)));
                state.fail(why);
                return Some(());
            };
            self.lock().place = Some(place);
            if !lease.enter_engine(limit) {
                return None;
            }
            let opened = guarded(|| engine.open(&self.setup.ask));
            if !lease.leave_engine() {
                return None;
            }
            match opened {
                Ok(mut hearing) => {
                    let mut state = self.lock();
                    hearing.abort_by(state.utterance.abort());
                    state.hearing = Some(hearing);
                    return Some(());
                }
                Err(fault) => {
                    self.note(lease, place, &fault);
                    self.lock().fall_back(fault);
                }
            }
        }
    }

    /// Drops an engine that has become unhealthy since it was opened.
    fn leave_unhealthy_engine(&self, state: &mut State) {
        let unhealthy = state.place.is_some_and(|place| self.setup.engines.is_unhealthy(place));
        if unhealthy && !state.over && state.hearing.is_some() {
            state.fall_back(AsrFault::Late);
        }
    }

    fn note(&self, lease: &Lease, place: usize, fault: &AsrFault) {
        if blames_engine(fault) {
            let rests = self.setup.engines.failed(place, &self.setup.ask, now());
            tracing::warn!(engine = self.setup.engines.name(place), rests, "a recogniser failed");
            lease.shared.wake_watchdog();
        }
    }

    /// Runs `work` on the session's engine after `heard` samples of sound. `None`: the worker is abandoned.
    fn with_engine<T>(
        &self,
        lease: &Lease,
        heard: usize,
        work: impl FnOnce(&mut dyn Hearing) -> Result<T, AsrFault>,
    ) -> Option<Result<T, AsrFault>> {
        let (place, hearing) = {
            let mut state = self.lock();
            (state.place, state.hearing.take())
        };
        let (Some(place), Some(mut hearing)) = (place, hearing) else {
            return Some(Err(AsrFault::Engine("it is closed".into())));
        };
        let utterance = utterance::duration(heard);
        if !lease.enter_engine(lease.shared.plan.listen_limit.max(self.setup.engines.patience(place, utterance))) {
            return None;
        }
        let result = guarded(|| work(hearing.as_mut()));
        if !lease.leave_engine() {
            return None;
        }
        match &result {
            Ok(_) | Err(AsrFault::Aborted) => self.lock().hearing = Some(hearing),
            Err(fault) => {
                self.note(lease, place, fault);
                self.lock().fall_back(fault.clone());
            }
        }
        Some(result)
    }

    /// Works until the step is done. `None`: the worker is abandoned.
    fn work(&self, class: Class, lease: &Lease) -> Option<()> {
        loop {
            let action = {
                let mut state = self.lock();
                self.leave_unhealthy_engine(&mut state);
                state.action()
            };
            match action {
                Action::Rest => return Some(()),
                Action::Close(hearing) => {
                    drop(hearing);
                    return Some(());
                }
                Action::Renew(hearing) => drop(hearing),
                Action::Open => self.open(lease)?,
                Action::Feed(pcm) => {
                    // No partial words before a final, or while other sessions wait for finals.
                    let (so_far, is_speaking) = {
                        let state = self.lock();
                        (state.utterance.fed() + pcm.len(), state.utterance.is_speaking())
                    };
                    let hurry = class == Class::Urgent || !is_speaking || lease.shared.is_behind();
                    let heard = self.with_engine(lease, so_far, |engine| {
                        if hurry { engine.keep(&pcm).map(|()| None) } else { engine.sound(&pcm) }
                    })?;
                    let mut state = self.lock();
                    if let Ok(partial) = heard {
                        state.utterance.feed(pcm.len());
                        if let Some(text) = partial
                            && state.utterance.is_speaking()
                        {
                            self.send(&mut state, Heard::Partial { text });
                        }
                    }
                    if class == Class::Later {
                        return Some(());
                    }
                }
                Action::LookAhead => {
                    if lease.shared.has_idle_worker() {
                        let so_far = self.lock().utterance.fed();
                        _ = self.with_engine(lease, so_far, |engine| engine.look_ahead())?;
                    }
                    return Some(());
                }
                Action::Finish(pause) => {
                    let above = self.lock().utterance.above();
                    let finish = |engine: &mut dyn Hearing| {
                        above.into_iter().for_each(|db| engine.rises_above(db));
                        engine.finish()
                    };
                    match self.with_engine(lease, pause.mark(), finish)? {
                        Ok(hypothesis) => {
                            self.finished(hypothesis, pause);
                            return Some(());
                        }
                        // The caller went on, or the call ended: what is left is less urgent.
                        Err(AsrFault::Aborted) => return Some(()),
                        Err(_) => {}
                    }
                }
            }
        }
    }

    /// Drops the utterance so far; later sound is recognised. In a pause it is reported as speech that was not understood.
    fn give_up_utterance(&self, state: &mut State, place: usize, now: Instant) {
        state.late = 0;
        let not_understood = state.utterance.give_up(now, self.setup.engines.name(place));
        if let Some(heard) = not_understood.filter(|_| !state.over) {
            state.waiting = None;
            self.send(state, heard);
        }
    }

    fn finished(&self, hypothesis: Hypothesis, pause: Pause) {
        let mut state = self.lock();
        let Some(place) = state.place else { return };
        self.setup.engines.succeeded(place);
        state.late = 0;
        if state.over {
            return;
        }
        if let Some(heard) = state.utterance.answer(now(), pause, hypothesis, self.setup.engines.name(place)) {
            state.waiting = None;
            self.send(&mut state, heard);
        }
    }
}

impl Session for Listening {
    fn call(&self) -> u64 {
        self.setup.call
    }

    fn step(self: Arc<Self>, class: Class, lease: &Lease) -> Option<Class> {
        {
            let mut state = self.lock();
            state.queued[class as usize] = false;
            if state.running {
                return None;
            }
            state.running = true;
        }
        self.work(class, lease)?;
        if self.retry() {
            lease.shared.retry_later(self.clone());
        }
        let mut state = self.lock();
        state.running = false;
        state.enlist()
    }

    fn abandoned(&self, now: Instant) -> Option<Class> {
        let mut state = self.lock();
        let place = state.place;
        let mut rests = true;
        if let Some(place) = place {
            rests = if state.late == 0 {
                self.setup.engines.failed(place, &self.setup.ask, now)
            } else {
                self.setup.engines.is_unhealthy(place)
            };
            tracing::warn!(
                engine = self.setup.engines.name(place),
                rests,
                "a recogniser hangs; its thread is abandoned"
            );
        }
        state.utterance.renew_abort();
        state.fall_back(AsrFault::Late);
        state.late += 1;
        if let (Some(place), false) = (place, rests)
            && !self.setup.engines.has_other(&self.setup.ask, state.tried)
        {
            state.tried &= !(1 << place);
            if state.late > 1 {
                self.give_up_utterance(&mut state, place, now);
            }
        }
        state.running = false;
        state.enlist()
    }

    fn is_in_unhealthy_engine(&self) -> bool {
        let state = self.lock();
        state.running && state.place.is_some_and(|place| self.setup.engines.is_unhealthy(place))
    }

    fn retry(&self) -> bool {
        let mut state = self.lock();
        if let Some(heard) = state.waiting.take() {
            self.send(&mut state, heard);
        }
        state.waiting.is_some()
    }

    fn refuse(&self) {
        let mut state = self.lock();
        if !state.over {
            state.fail(AsrFault::Busy);
        }
    }
}

#[cfg(test)]
mod tests;

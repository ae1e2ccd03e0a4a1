//! A speaking session: clauses in, sound into the playout, one clause at a time and in order.
use super::now;
use super::shared::{Class, Lease, Session, Shared};
use crate::Rate;
use crate::tts::{Chain, Chunk, Sink, Sound, Spoken, TtsFault, Unsent, UtteranceId, Voice};
use std::collections::VecDeque;
use std::ops::ControlFlow::{self, Break, Continue};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc::{self, error::TrySendError};

/// A call's handle of its speaking session. Dropping it ends the session.
pub struct Speaker {
    shared: Arc<Shared>,
    session: Arc<Speaking>,
    admitted: bool,
}

/// The most events that wait for room; then the oldest is dropped.
const EVENTS: usize = 64;

pub(super) struct Setup {
    pub call: u64,
    pub engines: Arc<Chain>,
    pub voice: Voice,
    pub out: mpsc::Sender<Spoken>,
}

impl Speaker {
    pub(super) fn open(shared: Arc<Shared>, admitted: bool, setup: Setup, sink: Box<dyn Sink>) -> Self {
        let state = State {
            sink,
            unsent: VecDeque::new(),
            rate: setup.voice.rate,
            clauses: VecDeque::new(),
            current: None,
            floor: UtteranceId(0),
            running: false,
            queued: false,
            over: false,
            events: VecDeque::new(),
        };
        Self { shared, session: Arc::new(Speaking { setup, state: Mutex::new(state) }), admitted }
    }

    /// Queues `text` (normalised, one clause) after the clauses before it.
    ///
    /// # Errors
    /// [`TtsFault::Busy`] when too many clauses wait, or when the pool had no room for this session.
    pub fn say(&self, utterance: UtteranceId, text: String, interruptible: bool) -> Result<(), TtsFault> {
        let wanted = {
            let mut state = self.session.lock();
            if !self.admitted || state.over || state.clauses.len() >= self.shared.plan.clauses {
                return Err(TtsFault::Busy);
            }
            if utterance < state.floor {
                return Ok(());
            }
            let rate = state.rate;
            state.clauses.push_back(Clause { utterance, text, interruptible, rate, said: 0, tried: 0, place: None });
            state.enlist()
        };
        if let Some(class) = wanted {
            self.shared.push(self.session.clone(), class);
        }
        Ok(())
    }

    /// Sets the line's rate for clauses that have not begun.
    pub fn tune(&self, rate: Rate) {
        let mut state = self.session.lock();
        state.rate = rate;
        for clause in &mut state.clauses {
            clause.rate = rate;
        }
    }

    /// Drops clauses below `floor`; one in progress stops at its next chunk. Hushed clauses have no further events.
    pub fn hush(&self, floor: UtteranceId) {
        let mut state = self.session.lock();
        state.floor = state.floor.max(floor);
        let floor = state.floor;
        state.clauses.retain(|clause| clause.utterance >= floor);
        state.unsent.retain(|sound| sound.utterance >= floor);
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        if self.admitted {
            self.shared.close_session();
        }
        let mut state = self.session.lock();
        state.over = true;
        state.clauses.clear();
        state.unsent.clear();
        state.events.clear();
    }
}

pub(super) struct Speaking {
    setup: Setup,
    state: Mutex<State>,
}

#[derive(Clone)]
struct Clause {
    utterance: UtteranceId,
    text: String,
    interruptible: bool,
    /// The rate of its sound.
    rate: Rate,
    /// Characters whose sound was sent to the playout: where another engine continues.
    said: u32,
    /// A bit for each engine that failed on it.
    tried: u32,
    /// The engine that works on it.
    place: Option<usize>,
}

struct State {
    sink: Box<dyn Sink>,
    /// Sound that the sink had no room for. The next clause does not begin before it is sent, so it is never more than one clause.
    unsent: VecDeque<Sound>,
    /// Of the line.
    rate: Rate,
    clauses: VecDeque<Clause>,
    current: Option<Clause>,
    floor: UtteranceId,
    running: bool,
    queued: bool,
    over: bool,
    events: VecDeque<Spoken>,
}

impl State {
    fn enlist(&mut self) -> Option<Class> {
        let due = self.current.is_some() || !self.clauses.is_empty();
        if !due || self.running || self.queued || !self.unsent.is_empty() {
            return None;
        }
        self.queued = true;
        Some(Class::Urgent)
    }

    fn wanted(&self, utterance: UtteranceId) -> bool {
        !self.over && utterance >= self.floor
    }

    /// Sends sound to the sink, or keeps it until there is room. `Break`: the call is gone.
    fn send(&mut self, sound: Sound) -> ControlFlow<()> {
        self.unsent.push_back(sound);
        self.send_rest()
    }

    fn send_rest(&mut self) -> ControlFlow<()> {
        while let Some(sound) = self.unsent.pop_front() {
            match self.sink.sound(sound) {
                Ok(()) => {}
                Err(Unsent::Full(sound)) => {
                    self.unsent.push_front(sound);
                    return Continue(());
                }
                Err(Unsent::Gone) => {
                    self.over = true;
                    self.unsent.clear();
                    return Break(());
                }
            }
        }
        Continue(())
    }

    fn tell(&mut self, out: &mpsc::Sender<Spoken>, spoken: Spoken) {
        if self.events.len() >= EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(spoken);
        self.flush(out);
    }

    fn flush(&mut self, out: &mpsc::Sender<Spoken>) {
        while let Some(spoken) = self.events.pop_front() {
            match out.try_send(spoken) {
                Ok(()) => {}
                Err(TrySendError::Full(spoken)) => {
                    self.events.push_front(spoken);
                    return;
                }
                Err(TrySendError::Closed(_)) => {
                    self.over = true;
                    self.events.clear();
                }
            }
        }
    }

    /// Ends the present clause at the playout.
    fn end(&mut self, clause: &Clause) {
        let chars = clause.text.chars().count() as u32;
        let last = Sound {
            utterance: clause.utterance,
            pcm: Vec::new(),
            rate: clause.rate,
            upto_char: clause.said.min(chars),
            interruptible: clause.interruptible,
            last: true,
        };
        if self.wanted(clause.utterance) {
            _ = self.send(last);
        }
        self.current = None;
    }
}

/// The outcome of one engine's attempt at a clause.
enum Outcome {
    Done,
    Failed(TtsFault),
    Abandoned,
}

impl Speaking {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Synthesises the present clause, with as many engines as needed. `None`: the worker is abandoned.
    fn say(&self, lease: &Lease) -> Option<()> {
        let mut why = None;
        loop {
            let Some(clause) = self.next() else { return Some(()) };
            let chain = &self.setup.engines;
            let picked = chain.pick(&self.setup.voice, clause.tried);
            let Some((place, engine)) = picked else {
                let late = if clause.tried == 0 { None } else { Some(TtsFault::Late) };
                let none = || TtsFault::Language(format!("{:?}", self.setup.voice.language));
                let fault = why.take().or(late).unwrap_or_else(none);
                let mut state = self.lock();
                state.end(&clause);
                if state.wanted(clause.utterance) {
                    state.tell(&self.setup.out, Spoken::Failed { utterance: clause.utterance, fault });
                }
                return Some(());
            };
            if let Some(current) = &mut self.lock().current {
                current.place = Some(place);
            }
            let started = clause.said > 0;
            let mut attempt = Attempt { session: self, lease, engine: engine.name(), base: clause.said, started };
            let voice = Voice { rate: clause.rate, ..self.setup.voice.clone() };
            match attempt.run(&clause, |rest, sink| engine.speak(&voice, rest, sink)) {
                Outcome::Abandoned => return None,
                Outcome::Done => {
                    chain.succeeded(place);
                    let mut state = self.lock();
                    let Some(clause) = state.current.clone() else { return Some(()) };
                    let wanted = state.wanted(clause.utterance);
                    state.end(&clause);
                    if wanted {
                        state.tell(&self.setup.out, Spoken::Done { utterance: clause.utterance });
                    }
                    return Some(());
                }
                Outcome::Failed(fault) => {
                    if matches!(fault, TtsFault::Engine(_) | TtsFault::Late) {
                        let rests = chain.failed(place, &self.setup.voice, now());
                        tracing::warn!(engine = chain.name(place), rests, "a synthesiser failed");
                        lease.shared.wake_watchdog();
                    }
                    why = Some(fault);
                    if let Some(current) = &mut self.lock().current {
                        current.tried |= 1 << place;
                    }
                }
            }
        }
    }

    /// The present or next clause.
    fn next(&self) -> Option<Clause> {
        let mut state = self.lock();
        if state.current.as_ref().is_some_and(|clause| !state.wanted(clause.utterance)) {
            state.current = None;
        }
        if state.current.is_none() {
            state.current = state.clauses.pop_front();
        }
        state.current.clone().filter(|_| !state.over)
    }
}

/// One engine's attempt at one clause.
struct Attempt<'a> {
    session: &'a Speaking,
    lease: &'a Lease<'a>,
    engine: &'static str,
    /// Characters that other engines have synthesised.
    base: u32,
    started: bool,
}

type Speak<'a> = dyn FnMut(Chunk<'_>) -> ControlFlow<()> + 'a;

impl Attempt<'_> {
    fn run(&mut self, clause: &Clause, speak: impl FnOnce(&str, &mut Speak<'_>) -> Result<(), TtsFault>) -> Outcome {
        let rest = clause.text.char_indices().nth(self.base as usize).map_or("", |(at, _)| &clause.text[at..]);
        if rest.trim().is_empty() {
            return Outcome::Done;
        }
        if !self.lease.enter_engine(self.lease.shared.plan.speak_limit) {
            return Outcome::Abandoned;
        }
        let lease = self.lease;
        let mut take = |chunk: Chunk<'_>| self.take(clause, chunk);
        let spoken = catch_unwind(AssertUnwindSafe(|| speak(rest, &mut take)));
        if !lease.leave_engine() {
            return Outcome::Abandoned;
        }
        match spoken {
            Ok(Ok(())) => Outcome::Done,
            Ok(Err(fault)) => Outcome::Failed(fault),
            Err(_) => Outcome::Failed(TtsFault::Engine("it panicked".into())),
        }
    }

    fn take(&mut self, clause: &Clause, chunk: Chunk<'_>) -> ControlFlow<()> {
        let &Clause { utterance, interruptible, rate, .. } = clause;
        if !self.lease.enter_engine(self.lease.shared.plan.speak_limit) {
            return Break(());
        }
        let mut state = self.session.lock();
        if !state.wanted(utterance) {
            return Break(());
        }
        if chunk.pcm.is_empty() {
            return Continue(());
        }
        let upto_char = self.base + chunk.upto_char;
        let sound = Sound { utterance, pcm: chunk.pcm.to_vec(), rate, upto_char, interruptible, last: false };
        if state.send(sound).is_break() {
            return Break(());
        }
        if let Some(current) = &mut state.current {
            current.said = upto_char;
        }
        if !self.started {
            self.started = true;
            let started = Spoken::Started { utterance, engine: self.engine, at: now() };
            state.tell(&self.session.setup.out, started);
        }
        Continue(())
    }
}

impl Session for Speaking {
    fn call(&self) -> u64 {
        self.setup.call
    }

    fn step(self: Arc<Self>, _: Class, lease: &Lease) -> Option<Class> {
        {
            let mut state = self.lock();
            state.queued = false;
            if state.running {
                return None;
            }
            state.running = true;
        }
        if self.lock().unsent.is_empty() {
            self.say(lease)?;
        }
        if self.retry() {
            lease.shared.retry_later(self.clone());
        }
        let mut state = self.lock();
        state.running = false;
        state.enlist()
    }

    fn abandoned(&self, now: Instant) -> Option<Class> {
        let mut state = self.lock();
        if let Some(clause) = &mut state.current
            && let Some(place) = clause.place.take()
        {
            let rests = self.setup.engines.failed(place, &self.setup.voice, now);
            tracing::warn!(
                engine = self.setup.engines.name(place),
                rests,
                "a synthesiser hangs; its thread is abandoned"
            );
            clause.tried |= 1 << place;
        }
        state.running = false;
        state.enlist()
    }

    fn is_in_unhealthy_engine(&self) -> bool {
        let state = self.lock();
        let clause = state.current.as_ref().filter(|_| state.running);
        clause.and_then(|clause| clause.place).is_some_and(|place| self.setup.engines.is_unhealthy(place))
    }

    fn retry(&self) -> bool {
        let mut state = self.lock();
        _ = state.send_rest();
        state.flush(&self.setup.out);
        !state.events.is_empty() || !state.unsent.is_empty()
    }

    fn resumed(&self) -> Option<Class> {
        self.lock().enlist()
    }

    fn refuse(&self) {
        let mut state = self.lock();
        state.queued = false;
        let waiting: Vec<_> = state.current.take().into_iter().collect();
        let waiting: Vec<_> = waiting.into_iter().chain(std::mem::take(&mut state.clauses)).collect();
        for clause in waiting {
            state.end(&clause);
            let failed = Spoken::Failed { utterance: clause.utterance, fault: TtsFault::Busy };
            state.tell(&self.setup.out, failed);
        }
    }
}

//! A speaking session: clauses in, sound into the playout, one clause at a time and in order.
use super::clauses::{Clause, ClauseQueue};
use super::now;
use super::pace::Pace;
use super::shared::{Class, Lease, Session, Shared};
use crate::Rate;
use crate::tts::delivery::{ClauseText, Delivery};
use crate::tts::{Chunk, Sink, Speak, Spoken, TakeChunk, TtsFault, UtteranceId, Voice, VoiceChain};
use std::collections::VecDeque;
use std::ops::ControlFlow::{self, Break, Continue};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
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
    pub engines: Arc<VoiceChain>,
    pub voice: Voice,
    pub out: mpsc::Sender<Spoken>,
}

impl Speaker {
    pub(super) fn open(shared: Arc<Shared>, admitted: bool, setup: Setup, sink: Box<dyn Sink>) -> Self {
        let queue = ClauseQueue::new(sink, setup.voice.rate);
        let state =
            State { queue, running: false, queued: false, events: VecDeque::new(), plays_until: None, hurries: false };
        Self { shared, session: Arc::new(Speaking { setup, state: Mutex::new(state) }), admitted }
    }

    /// Says the rest of a clause that another voice has begun, after the clauses before it.
    ///
    /// # Errors
    /// As those of [`Speak::say`].
    pub fn go_on(&self, clause: Clause) -> Result<(), TtsFault> {
        self.queue(|queue, limit| queue.push_begun(clause, limit))
    }

    fn queue(&self, push: impl FnOnce(&mut ClauseQueue, usize) -> Result<(), TtsFault>) -> Result<(), TtsFault> {
        let wanted = {
            let mut state = self.session.lock();
            if !self.admitted {
                return Err(TtsFault::Busy);
            }
            push(&mut state.queue, self.shared.plan.clauses)?;
            state.enlist()
        };
        if let Some(class) = wanted {
            self.shared.push(self.session.clone(), class);
        }
        Ok(())
    }
}

impl Speak for Speaker {
    fn say(&self, utterance: UtteranceId, text: ClauseText, interruptible: bool) -> Result<(), TtsFault> {
        self.queue(|queue, limit| queue.push(utterance, text, interruptible, limit))
    }

    fn tune(&self, rate: Rate) {
        self.session.lock().queue.tune(rate);
    }

    fn hurry(&self, hurries: bool) {
        self.session.lock().hurries = hurries;
    }

    fn hush(&self, floor: UtteranceId) {
        let mut state = self.session.lock();
        state.queue.hush(floor);
        state.plays_until = None;
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        if self.admitted {
            self.shared.close_session();
        }
        let mut state = self.session.lock();
        state.queue.close();
        state.events.clear();
    }
}

pub(super) struct Speaking {
    setup: Setup,
    state: Mutex<State>,
}

struct State {
    queue: ClauseQueue,
    running: bool,
    queued: bool,
    events: VecDeque<Spoken>,
    /// When the sound that was sent so far will have been played, were the playout never held; `None`: nothing was.
    plays_until: Option<Instant>,
    /// Answers come too late.
    hurries: bool,
}

impl State {
    /// So much sound leaves for the playout now.
    fn plays(&mut self, now: Instant, sound: Duration) {
        self.plays_until = Some(self.plays_until.map_or(now, |until| until.max(now)) + sound);
    }

    fn enlist(&mut self) -> Option<Class> {
        if self.running || self.queued || !self.queue.is_due() {
            return None;
        }
        self.queued = true;
        Some(Class::Urgent)
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
                    self.queue.close();
                    self.events.clear();
                }
            }
        }
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
            let Some(clause) = self.lock().queue.next_clause() else { return Some(()) };
            let chain = &self.setup.engines;
            let hurries = self.lock().hurries;
            let picked = chain.pick_voice(&self.setup.voice, clause.tried, hurries);
            let Some((place, engine)) = picked else {
                let late = if clause.tried == 0 { None } else { Some(TtsFault::Late) };
                let none = || TtsFault::Language(format!("{:?}", self.setup.voice.language));
                let fault = why.take().or(late).unwrap_or_else(none);
                let mut state = self.lock();
                state.queue.end();
                if state.queue.is_wanted(clause.utterance) {
                    state.tell(&self.setup.out, Spoken::Failed { utterance: clause.utterance, fault });
                }
                return Some(());
            };
            if let Some(current) = self.lock().queue.current_mut() {
                current.place = Some(place);
            }
            let started = clause.said > 0;
            let has_other = chain.has_other(&self.setup.voice, clause.tried | 1 << place);
            let pace = Pace::begun(now(), self.lock().plays_until);
            let (engine_name, base, first) = (engine.name(), clause.said, FirstSound::new(place));
            let mut attempt =
                Attempt { session: self, lease, engine: engine_name, base, started, has_other, pace, first };
            let voice = Voice { rate: clause.rate, ..self.setup.voice.clone() };
            match attempt.run(&clause, |rest, delivery, sink| engine.deliver(&voice, rest, delivery, sink)) {
                Outcome::Abandoned => return None,
                Outcome::Done => {
                    chain.succeeded(place);
                    let mut state = self.lock();
                    let Some(utterance) = state.queue.current().map(|clause| clause.utterance) else {
                        return Some(());
                    };
                    let wanted = state.queue.is_wanted(utterance);
                    state.queue.end();
                    if wanted {
                        state.tell(&self.setup.out, Spoken::Done { utterance });
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
                    if let Some(current) = self.lock().queue.current_mut() {
                        current.tried |= 1 << place;
                    }
                }
            }
        }
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
    /// Another engine could go on with the clause.
    has_other: bool,
    pace: Pace,
    first: FirstSound,
}

/// A clause that is kept comes sooner than one that is made, and tells nothing of its engine.
const KEPT: Duration = Duration::from_millis(10);

/// How long an engine takes to the first sound of a clause.
struct FirstSound {
    place: usize,
    begun: Instant,
    is_noted: bool,
}

impl FirstSound {
    fn new(place: usize) -> Self {
        Self { place, begun: now(), is_noted: false }
    }

    /// It is there now, or is not waited for any longer.
    fn note(&mut self, chain: &VoiceChain, now: Instant) {
        let took = now.saturating_duration_since(self.begun);
        if !std::mem::replace(&mut self.is_noted, true) && took >= KEPT {
            chain.note_first_result(self.place, took);
        }
    }
}

impl Attempt<'_> {
    fn run(
        &mut self,
        clause: &Clause,
        speak: impl FnOnce(&str, &Delivery, &mut TakeChunk<'_>) -> Result<(), TtsFault>,
    ) -> Outcome {
        let rest = clause.text.char_indices().nth(self.base as usize).map_or("", |(at, _)| &clause.text[at..]);
        if rest.trim().is_empty() {
            return Outcome::Done;
        }
        if !self.lease.enter_engine(self.lease.shared.plan.speak_limit) {
            return Outcome::Abandoned;
        }
        let lease = self.lease;
        let delivery = clause.delivery.behind(self.base);
        let mut take = |chunk: Chunk<'_>| self.take(clause, chunk);
        let spoken = catch_unwind(AssertUnwindSafe(|| speak(rest, &delivery, &mut take)));
        if !lease.leave_engine() {
            return Outcome::Abandoned;
        }
        match spoken {
            // The machine is short of time: a faster engine says the rest.
            Ok(Ok(())) if self.pace.is_behind && self.has_other => Outcome::Failed(TtsFault::Late),
            Ok(Ok(())) => Outcome::Done,
            Ok(Err(fault)) => Outcome::Failed(fault),
            Err(_) => Outcome::Failed(TtsFault::Engine("it panicked".into())),
        }
    }

    fn take(&mut self, clause: &Clause, chunk: Chunk<'_>) -> ControlFlow<()> {
        if !self.lease.enter_engine(self.lease.shared.plan.speak_limit) {
            return Break(());
        }
        let mut state = self.session.lock();
        state.queue.send(clause, self.base, chunk)?;
        if chunk.pcm.is_empty() {
            self.pace.wait(now());
            if self.pace.is_behind && self.has_other {
                self.first.note(&self.session.setup.engines, now());
                return Break(());
            }
            return Continue(());
        }
        self.first.note(&self.session.setup.engines, now());
        if !self.started {
            self.started = true;
            let started = Spoken::Started { utterance: clause.utterance, engine: self.engine, at: now() };
            state.tell(&self.session.setup.out, started);
        }
        let (now, sound) = (now(), Duration::from_secs_f64(chunk.pcm.len() as f64 / f64::from(clause.rate.hz())));
        self.pace.note(now, sound);
        state.plays(now, sound);
        if self.pace.is_behind && self.has_other { Break(()) } else { Continue(()) }
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
        if !self.lock().queue.has_unsent() {
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
        if let Some(clause) = state.queue.current_mut()
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
        let clause = state.queue.current().filter(|_| state.running);
        clause.and_then(|clause| clause.place).is_some_and(|place| self.setup.engines.is_unhealthy(place))
    }

    fn retry(&self) -> bool {
        let mut state = self.lock();
        _ = state.queue.send_rest();
        state.flush(&self.setup.out);
        !state.events.is_empty() || state.queue.has_unsent()
    }

    fn resumed(&self) -> Option<Class> {
        self.lock().enlist()
    }

    fn refuse(&self) {
        let mut state = self.lock();
        state.queued = false;
        for clause in state.queue.take_all() {
            let utterance = clause.utterance;
            state.queue.end_taken(clause);
            let failed = Spoken::Failed { utterance, fault: TtsFault::Busy };
            state.tell(&self.setup.out, failed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pool;
    use super::super::tests::{SOON, Tape, quick, tones, voice, wait};
    use super::*;
    use crate::Language;
    use crate::tts::Synthesiser;
    use crate::tts::delivery::Phonemes;
    use crate::tts::scripted::Manner;

    /// Says that it is at work, and has no sound for long.
    struct AtWork(Duration);

    impl Synthesiser for AtWork {
        fn name(&self) -> &'static str {
            "at work"
        }

        fn speaks(&self, _: Language) -> bool {
            true
        }

        fn speak(&self, _: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
            let begun = now();
            while now() < begun + self.0 {
                if sink(Chunk { pcm: &[], upto_char: 0 }).is_break() {
                    return Ok(());
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            _ = sink(Chunk { pcm: &[1; 160], upto_char: text.chars().count() as u32 });
            Ok(())
        }
    }

    #[test]
    fn in_a_hurry_a_voice_that_takes_long_to_its_first_sound_gives_way_to_a_quicker_one() {
        let pool = Pool::start(quick()).unwrap();
        let slow = Arc::new(AtWork(Duration::from_millis(600))) as Arc<dyn Synthesiser>;
        let other = Arc::new(crate::tts::scripted::Scripted::new(Manner::Prompt)) as Arc<dyn Synthesiser>;
        let (tape, (out, mut news)) = (Tape::default(), mpsc::channel(16));
        let speaker = pool.speaker(1, Arc::new(VoiceChain::new(vec![slow, other])), voice(), Box::new(tape), out);
        for (number, hurries, heard) in [(1, true, "at work"), (2, false, "at work"), (3, true, "scripted")] {
            speaker.hurry(hurries);
            speaker.say(UtteranceId(number), "hello".into(), true).unwrap();
            match wait(&mut news, SOON) {
                Some(Spoken::Started { engine, .. }) => assert_eq!(engine, heard, "clause {number}"),
                other => panic!("{other:?}"),
            }
            assert!(matches!(wait(&mut news, SOON), Some(Spoken::Done { .. })));
        }
    }

    #[test]
    fn a_voice_at_work_without_a_sound_leaves_the_clause_to_the_next_and_alone_it_is_waited_for() {
        let pool = Pool::start(quick()).unwrap();
        let slow = || Arc::new(AtWork(Duration::from_millis(1_400))) as Arc<dyn Synthesiser>;
        let quick: Arc<dyn Synthesiser> = Arc::new(crate::tts::scripted::Scripted::new(Manner::Prompt));
        for (engines, heard) in [(vec![slow(), quick], "scripted"), (vec![slow()], "at work")] {
            let (tape, (out, mut news)) = (Tape::default(), mpsc::channel(16));
            let speaker = pool.speaker(1, Arc::new(VoiceChain::new(engines)), voice(), Box::new(tape), out);
            speaker.say(UtteranceId(1), "hello".into(), true).unwrap();
            match wait(&mut news, SOON) {
                Some(Spoken::Started { engine, .. }) => assert_eq!(engine, heard),
                other => panic!("{other:?}"),
            }
            assert!(matches!(wait(&mut news, SOON), Some(Spoken::Done { .. })));
        }
    }

    /// Notes the deliveries that it is asked for.
    struct Noting(Mutex<Vec<(String, Delivery)>>);

    impl Synthesiser for Noting {
        fn name(&self) -> &'static str {
            "noting"
        }

        fn speaks(&self, _: Language) -> bool {
            true
        }

        fn speak(&self, _: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
            _ = sink(Chunk { pcm: &[1; 160], upto_char: text.chars().count() as u32 });
            Ok(())
        }

        fn deliver(
            &self,
            voice: &Voice,
            text: &str,
            delivery: &Delivery,
            sink: &mut TakeChunk<'_>,
        ) -> Result<(), TtsFault> {
            self.0.lock().unwrap().push((text.to_owned(), delivery.clone()));
            self.speak(voice, text, sink)
        }
    }

    #[test]
    fn a_clause_is_delivered_as_asked_and_its_rest_by_the_next_engine_too() {
        let pool = Pool::start(quick()).unwrap();
        let noting = Arc::new(Noting(Mutex::default()));
        let engines: Vec<Arc<dyn Synthesiser>> = vec![
            Arc::new(crate::tts::scripted::Scripted::new(Manner::HangAfter(Duration::from_millis(170)))),
            noting.clone(),
        ];
        let (tape, (out, mut news)) = (Tape::default(), mpsc::channel(16));
        let speaker = pool.speaker(1, Arc::new(VoiceChain::new(engines)), voice(), Box::new(tape), out);
        let phonemes = |chars| Phonemes { chars, ipa: "a".into() };
        let delivery = Delivery::new(120, [phonemes(0..1), phonemes(6..8)]);
        speaker.say(UtteranceId(1), ClauseText { text: "0123456789".into(), delivery }, true).unwrap();
        assert!(matches!(wait(&mut news, SOON), Some(Spoken::Started { .. })));
        assert!(matches!(wait(&mut news, SOON), Some(Spoken::Done { .. })));
        let noted = noting.0.lock().unwrap().clone();
        let said = 10 - noted[0].0.chars().count() as u32;
        assert!((1..6).contains(&said), "{noted:?}");
        assert_eq!(noted[0].1, Delivery::new(120, [phonemes(6 - said..8 - said)]));
    }

    #[test]
    fn a_voice_that_is_slower_than_its_sound_is_played_leaves_the_rest_to_the_next() {
        let pool = Pool::start(quick()).unwrap();
        // Two clauses of ten characters, of 480 samples each.
        let spoken = |chain: Arc<VoiceChain>| {
            let (tape, (out, mut news)) = (Tape::default(), mpsc::channel(16));
            let speaker = pool.speaker(1, chain, voice(), Box::new(tape.clone()), out);
            for number in 1..=2 {
                speaker.say(UtteranceId(number), "0123456789".into(), true).unwrap();
            }
            for _ in 1..=2 {
                assert!(matches!(wait(&mut news, SOON), Some(Spoken::Started { .. })));
                assert!(matches!(wait(&mut news, SOON), Some(Spoken::Done { .. })));
            }
            [1, 2].map(|number| tape.samples(number))
        };
        // 20 ms of sound every 80 ms: after six of them the caller has waited for 300 ms. A character of which the first voice has said
        // a part is not begun again.
        let slow = Manner::Slow(Duration::from_millis(80));
        let chain = tones(&[slow, Manner::Prompt]);
        let sound = spoken(chain.clone());
        assert!(sound.iter().all(|samples| (8 * 480..=10 * 480).contains(samples)), "{sound:?}");
        assert_eq!(chain.unhealthy(), ["scripted"], "it has failed twice, and rests");
        // Alone it goes on: sound with gaps is better than none.
        let alone = tones(&[slow]);
        assert_eq!((spoken(alone.clone()), alone.unhealthy().len()), ([10 * 480; 2], 0));
    }
}

//! `Utterance`: what a listening session has of its caller: the sound so far, the pause after it, and how much of it an engine has
//! had. A core: it is told the time. The speech workers go through it, and so do the golden calls of `tests/sim`, which have no
//! workers.
use crate::SamplePos;
use crate::asr::{Abort, AsrFault, Cue, Heard, Hypothesis, Lull};
use std::time::{Duration, Instant};

/// The most sound given to an engine in one step: 320 ms.
const MAX_FEED: usize = 5_120;
const HZ: u128 = 16_000;

fn samples(time: Duration) -> usize {
    (time.as_millis() * HZ / 1000) as usize
}

/// How long so many samples last.
pub(super) fn duration(samples: usize) -> Duration {
    Duration::from_millis((samples as u128 * 1000 / HZ) as u64)
}

/// How much an utterance may hold.
#[derive(Clone, Copy, Debug)]
pub struct UtteranceLimits {
    /// Sound beyond this is not heard.
    pub length: Duration,
    /// How much sound may wait for an engine.
    pub backlog: Duration,
}

/// A pause of the caller, after which the words so far are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    at: SamplePos,
    /// The final covers this many samples of the utterance.
    mark: usize,
    pub noticed: Instant,
}

impl Pause {
    /// How much sound the final covers.
    pub const fn mark(&self) -> usize {
        self.mark
    }
}

/// What an engine is to do with an utterance.
#[derive(Debug, PartialEq, Eq)]
pub enum EngineWork {
    /// Nothing.
    Rest,
    Feed(Vec<i16>),
    /// What has been fed so far was not the caller's. An engine that can begin again does, and calls [`Utterance::restart`].
    Anew,
    /// All sound has been fed, and the caller has been quiet for a moment: what a pause would need may be worked on. Once in each lull.
    LookAhead,
    /// All sound up to the pause has been fed: the words of it.
    Finish(Pause),
}

#[derive(Debug, Default)]
pub struct Utterance {
    /// Where the speech began; `None` before it has.
    from: Option<SamplePos>,
    pause: Option<Pause>,
    /// The sound so far, for an engine that has to take over.
    kept: Vec<i16>,
    /// Samples the present engine has had, and the most any engine has had.
    fed: usize,
    reached: usize,
    /// The quiet at the end of the sound so far, and whether it has been worked ahead in.
    lull: Lull,
    looked_ahead: bool,
    /// The engine has had sound that was not the caller's.
    anew: bool,
    /// How far the speech rises above what is around it, in dB.
    above: Option<f32>,
    /// Raised where what the engine works on is not wanted any more.
    abort: Abort,
}

impl Utterance {
    /// Takes what the ear says.
    ///
    /// # Errors
    /// [`AsrFault::Busy`] when more sound waits for an engine than `limits` allow.
    pub fn cue(&mut self, now: Instant, cue: Cue, limits: UtteranceLimits) -> Result<(), AsrFault> {
        match cue {
            Cue::Begin { at } => {
                self.from.get_or_insert(at);
                // The caller goes on: the final of that pause, if it is not out yet, is no longer wanted.
                if self.pause.take().is_some() {
                    self.abort.raise();
                }
            }
            Cue::Sound(pcm) => {
                let room = samples(limits.length).saturating_sub(self.kept.len());
                let pcm = &pcm[..pcm.len().min(room)];
                self.kept.extend_from_slice(pcm);
                let may_have_paused = self.lull.may_be_a_pause();
                if self.lull.push(pcm) && may_have_paused {
                    // It was no pause: what was worked ahead is not wanted.
                    self.looked_ahead = false;
                    self.abort.raise();
                }
                if self.kept.len() - self.reached > samples(limits.backlog) {
                    return Err(AsrFault::Busy);
                }
            }
            Cue::Anew { at, keep } => {
                let others = self.kept.len().saturating_sub(keep);
                self.kept.drain(..others);
                (self.fed, self.reached) = (self.fed.saturating_sub(others), self.reached.saturating_sub(others));
                (self.from, self.pause, self.looked_ahead, self.anew) = (Some(at), None, false, true);
                self.lull = Lull::default();
                self.lull.push(&self.kept);
                self.abort.raise();
            }
            Cue::Above { db } => self.above = Some(db),
            Cue::Pause { at } => {
                self.pause = Some(Pause { at, mark: self.kept.len(), noticed: now });
                // Partial words in the making would hold up the final.
                self.abort.hurry();
            }
        }
        Ok(())
    }

    /// An engine that was given up is told to stop, and the next one has a flag of its own.
    pub(super) fn renew_abort(&mut self) {
        std::mem::take(&mut self.abort).raise();
    }

    /// The flag for the engine of this utterance.
    pub fn abort(&self) -> &Abort {
        &self.abort
    }

    /// How far the caller's speech rises above noise and others who speak, in dB, where that is known.
    pub const fn above(&self) -> Option<f32> {
        self.above
    }

    /// Whether a caller waits for the words of a pause.
    pub fn is_final_due(&self) -> bool {
        self.from.is_some() && self.pause.is_some()
    }

    /// Whether sound waits for the engine.
    pub fn has_unfed(&self) -> bool {
        self.from.is_some() && (self.anew || self.fed < self.kept.len())
    }

    /// Whether an engine may work ahead.
    pub fn is_look_ahead_due(&self) -> bool {
        let is_lull = self.lull.may_be_a_pause() && self.pause.is_none();
        is_lull && !self.looked_ahead && self.from.is_some() && !self.has_unfed()
    }

    /// Whether the caller speaks, as far as is known: partial words are of use.
    pub fn is_speaking(&self) -> bool {
        self.pause.is_none()
    }

    /// What is to be done next; as it is handed out, it is wanted.
    pub fn work(&mut self) -> EngineWork {
        self.abort.lower();
        if self.from.is_none() {
            return EngineWork::Rest;
        }
        if std::mem::take(&mut self.anew) {
            return EngineWork::Anew;
        }
        let end = self.pause.map_or(self.kept.len(), |pause| pause.mark);
        match self.pause {
            _ if self.fed < end => EngineWork::Feed(self.kept[self.fed..end.min(self.fed + MAX_FEED)].to_vec()),
            Some(pause) => EngineWork::Finish(pause),
            None if self.is_look_ahead_due() => {
                self.looked_ahead = true;
                EngineWork::LookAhead
            }
            None => EngineWork::Rest,
        }
    }

    /// How much sound the present engine has had.
    pub fn fed(&self) -> usize {
        self.fed
    }

    /// The present engine has had so many samples more.
    pub fn feed(&mut self, samples: usize) {
        if self.anew {
            // What it has had is not of this utterance.
            return;
        }
        self.fed += samples;
        self.reached = self.reached.max(self.fed);
    }

    /// Another engine, or the same one anew, hears the utterance from its beginning.
    pub fn restart(&mut self) {
        (self.fed, self.anew) = (0, false);
    }

    /// The sound is not needed any more.
    pub fn drop_sound(&mut self) {
        self.kept = Vec::new();
    }

    /// The words of a pause, for the call; `None` where the caller went on while the engine worked: they come with the next pause.
    pub fn answer(&mut self, now: Instant, of: Pause, hypothesis: Hypothesis, engine: &'static str) -> Option<Heard> {
        let from = self.from?;
        let pause = self.pause.take_if(|pause| pause.mark == of.mark)?;
        Some(heard(now, from, pause, hypothesis, engine))
    }

    /// What has been said so far is given up: what comes next is an utterance of its own. If the caller pauses, the answer says that
    /// somebody spoke and was not understood.
    pub fn give_up(&mut self, now: Instant, engine: &'static str) -> Option<Heard> {
        (self.kept, self.reached, self.lull) = (Vec::new(), 0, Lull::default());
        let (pause, from) = (self.pause.take()?, self.from.take()?);
        Some(heard(now, from, pause, Hypothesis { text: None, confidence: 0.0 }, engine))
    }
}

fn heard(now: Instant, from: SamplePos, pause: Pause, hypothesis: Hypothesis, engine: &'static str) -> Heard {
    let took = now.saturating_duration_since(pause.noticed);
    Heard::Final { hypothesis, from, to: pause.at, engine, took, done_at: now }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: UtteranceLimits = UtteranceLimits { length: Duration::from_secs(3), backlog: Duration::from_secs(1) };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn sound(time: Duration) -> Cue {
        Cue::Sound(vec![7; samples(time)])
    }

    fn fed(utterance: &mut Utterance) -> usize {
        let mut fed = 0;
        while let EngineWork::Feed(pcm) = utterance.work() {
            assert!(pcm.len() <= MAX_FEED);
            fed += pcm.len();
            utterance.feed(pcm.len());
        }
        fed
    }

    fn hypothesis() -> Hypothesis {
        Hypothesis { text: Some("yes".into()), confidence: 0.9 }
    }

    #[test]
    fn all_sound_up_to_a_pause_is_fed_before_its_words_are_asked_for() {
        let (mut utterance, now) = (Utterance::default(), Instant::now());
        utterance.cue(now, sound(ms(100)), LIMITS).unwrap();
        assert_eq!(utterance.work(), EngineWork::Rest, "nobody has begun to speak");
        for cue in [Cue::Begin { at: SamplePos(3) }, sound(ms(700)), Cue::Pause { at: SamplePos(9) }] {
            utterance.cue(now, cue, LIMITS).unwrap();
        }
        assert!(utterance.is_final_due());
        assert_eq!(fed(&mut utterance), samples(ms(800)));
        let EngineWork::Finish(pause) = utterance.work() else { panic!("{:?}", utterance.work()) };
        let answer = utterance.answer(now + ms(40), pause, hypothesis(), "e");
        let expected = Heard::Final {
            hypothesis: hypothesis(),
            from: SamplePos(3),
            to: SamplePos(9),
            engine: "e",
            took: ms(40),
            done_at: now + ms(40),
        };
        assert_eq!(answer, Some(expected));
        assert_eq!((utterance.is_final_due(), utterance.work()), (false, EngineWork::Rest));
    }

    #[test]
    fn words_of_a_pause_after_which_the_caller_went_on_are_dropped_and_the_next_cover_all() {
        let (mut utterance, now) = (Utterance::default(), Instant::now());
        for cue in [Cue::Begin { at: SamplePos(3) }, sound(ms(300)), Cue::Pause { at: SamplePos(9) }] {
            utterance.cue(now, cue, LIMITS).unwrap();
        }
        fed(&mut utterance);
        let EngineWork::Finish(first) = utterance.work() else { panic!("{:?}", utterance.work()) };
        utterance.cue(now, Cue::Begin { at: SamplePos(20) }, LIMITS).unwrap();
        assert_eq!(utterance.answer(now, first, hypothesis(), "e"), None, "the caller speaks");
        for cue in [sound(ms(200)), Cue::Pause { at: SamplePos(40) }] {
            utterance.cue(now, cue, LIMITS).unwrap();
        }
        assert_eq!(utterance.answer(now, first, hypothesis(), "e"), None, "another pause");
        assert_eq!(fed(&mut utterance), samples(ms(200)), "an engine goes on where it was");
        let EngineWork::Finish(second) = utterance.work() else { panic!("{:?}", utterance.work()) };
        let answer = utterance.answer(now, second, hypothesis(), "e");
        assert!(matches!(answer, Some(Heard::Final { from: SamplePos(3), to: SamplePos(40), .. })), "{answer:?}");
    }

    #[test]
    fn an_engine_is_told_when_the_caller_goes_on_or_pauses_while_it_works() {
        let (mut utterance, now) = (Utterance::default(), Instant::now());
        let abort = utterance.abort().clone();
        for cue in [Cue::Begin { at: SamplePos(3) }, sound(ms(300))] {
            utterance.cue(now, cue, LIMITS).unwrap();
        }
        assert!(matches!(utterance.work(), EngineWork::Feed(_)) && !abort.is_raised());
        utterance.cue(now, Cue::Pause { at: SamplePos(9) }, LIMITS).unwrap();
        assert!(abort.is_hurried() && !abort.is_raised(), "partial words are not wanted any more");
        fed(&mut utterance);
        assert!(matches!(utterance.work(), EngineWork::Finish(_)) && !abort.is_raised());
        utterance.cue(now, sound(ms(20)), LIMITS).unwrap();
        assert!(!abort.is_raised());
        utterance.cue(now + ms(500), Cue::Begin { at: SamplePos(20) }, LIMITS).unwrap();
        assert!(abort.is_raised(), "the final is not wanted any more");
        assert!(matches!(utterance.work(), EngineWork::Feed(_)) && !abort.is_raised());
    }

    #[test]
    fn a_lull_is_worked_ahead_in_once_and_that_work_ends_where_the_caller_goes_on_and_not_where_they_pause() {
        let (mut utterance, now) = (Utterance::default(), Instant::now());
        let abort = utterance.abort().clone();
        let quiet = |time| Cue::Sound(vec![0; samples(time)]);
        for cue in [Cue::Begin { at: SamplePos(3) }, sound(ms(300)), quiet(ms(90))] {
            utterance.cue(now, cue, LIMITS).unwrap();
        }
        fed(&mut utterance);
        assert_eq!(utterance.work(), EngineWork::Rest);
        utterance.cue(now, quiet(ms(20)), LIMITS).unwrap();
        assert!(matches!(utterance.work(), EngineWork::Feed(_)), "all sound is fed before");
        fed(&mut utterance);
        assert!(!utterance.is_look_ahead_due(), "it has been handed out");
        utterance.cue(now, sound(ms(20)), LIMITS).unwrap();
        assert!(abort.is_raised(), "it was no pause");
        fed(&mut utterance);
        utterance.cue(now, quiet(ms(120)), LIMITS).unwrap();
        while matches!(utterance.work(), EngineWork::Feed(_)) {
            utterance.feed(utterance.kept.len() - utterance.fed());
        }
        utterance.cue(now, Cue::Pause { at: SamplePos(9) }, LIMITS).unwrap();
        assert!(abort.is_hurried() && !abort.is_raised());
        assert!(matches!(utterance.work(), EngineWork::Finish(_)), "a pause needs no work ahead");
    }

    #[test]
    fn an_utterance_that_begins_anew_holds_nothing_of_what_was_before_the_caller() {
        let (mut utterance, now) = (Utterance::default(), Instant::now());
        for cue in [Cue::Begin { at: SamplePos(3) }, sound(ms(800))] {
            utterance.cue(now, cue, LIMITS).unwrap();
        }
        let EngineWork::Feed(pcm) = utterance.work() else { panic!("there is sound") };
        let abort = utterance.abort().clone();
        utterance.cue(now, Cue::Anew { at: SamplePos(60), keep: samples(ms(150)) }, LIMITS).unwrap();
        assert!(abort.is_raised(), "what the engine works on is not wanted");
        utterance.feed(pcm.len());
        assert!(utterance.has_unfed() && utterance.work() == EngineWork::Anew);
        utterance.restart();
        for cue in [sound(ms(100)), Cue::Pause { at: SamplePos(90) }] {
            utterance.cue(now, cue, LIMITS).unwrap();
        }
        assert_eq!(fed(&mut utterance), samples(ms(250)));
        let EngineWork::Finish(pause) = utterance.work() else { panic!("{:?}", utterance.work()) };
        let answer = utterance.answer(now, pause, hypothesis(), "e");
        assert!(matches!(answer, Some(Heard::Final { from: SamplePos(60), to: SamplePos(90), .. })), "{answer:?}");
    }

    #[test]
    fn an_engine_that_cannot_begin_anew_gets_no_sound_twice() {
        let (mut utterance, now) = (Utterance::default(), Instant::now());
        for cue in [Cue::Begin { at: SamplePos(3) }, sound(ms(800))] {
            utterance.cue(now, cue, LIMITS).unwrap();
        }
        assert_eq!(fed(&mut utterance), samples(ms(800)));
        utterance.cue(now, Cue::Anew { at: SamplePos(60), keep: samples(ms(150)) }, LIMITS).unwrap();
        assert_eq!(utterance.work(), EngineWork::Anew);
        utterance.cue(now, sound(ms(100)), LIMITS).unwrap();
        assert_eq!(fed(&mut utterance), samples(ms(100)));
    }

    #[test]
    fn another_engine_hears_it_from_the_beginning() {
        let (mut utterance, now) = (Utterance::default(), Instant::now());
        for cue in [Cue::Begin { at: SamplePos(3) }, sound(ms(500))] {
            utterance.cue(now, cue, LIMITS).unwrap();
        }
        assert_eq!(fed(&mut utterance), samples(ms(500)));
        utterance.restart();
        assert_eq!(fed(&mut utterance), samples(ms(500)));
    }

    #[test]
    fn what_an_engine_lags_behind_and_what_an_utterance_holds_is_limited() {
        let (mut utterance, now) = (Utterance::default(), Instant::now());
        utterance.cue(now, Cue::Begin { at: SamplePos(0) }, LIMITS).unwrap();
        assert_eq!(utterance.cue(now, sound(ms(1_000)), LIMITS), Ok(()));
        assert_eq!(fed(&mut utterance), samples(ms(1_000)));
        // What a second engine has to hear again is no backlog of the caller's.
        utterance.restart();
        assert_eq!(utterance.cue(now, sound(ms(1_000)), LIMITS), Ok(()));
        assert_eq!(utterance.cue(now, sound(ms(100)), LIMITS), Err(AsrFault::Busy));
        fed(&mut utterance);
        utterance.cue(now, sound(ms(1_000)), LIMITS).unwrap();
        fed(&mut utterance);
        assert_eq!(utterance.fed(), samples(LIMITS.length));
    }

    #[test]
    fn an_utterance_given_up_in_a_pause_was_not_understood_and_the_next_is_heard() {
        let (mut utterance, now) = (Utterance::default(), Instant::now());
        utterance.cue(now, Cue::Begin { at: SamplePos(3) }, LIMITS).unwrap();
        assert_eq!(utterance.give_up(now, "e"), None, "the caller speaks on");
        for cue in [sound(ms(200)), Cue::Pause { at: SamplePos(9) }] {
            utterance.cue(now, cue, LIMITS).unwrap();
        }
        let answer = utterance.give_up(now, "e");
        assert!(matches!(&answer, Some(Heard::Final { hypothesis: Hypothesis { text: None, .. }, .. })), "{answer:?}");
        utterance.restart();
        for cue in [Cue::Begin { at: SamplePos(50) }, sound(ms(100)), Cue::Pause { at: SamplePos(60) }] {
            utterance.cue(now, cue, LIMITS).unwrap();
        }
        assert_eq!(fed(&mut utterance), samples(ms(100)));
    }
}

//! Two recognisers on one utterance: one that hears a grammar at once, and one that is asked where the first is not sure.
use super::{ASKED, Abort, Ask, AsrFault, Caps, Hearing, Hypothesis, NOISY_DB, Recogniser};
use crate::Language;
use std::sync::Arc;
use std::time::Duration;

/// The confidence from which the first recogniser's words are taken at once: from here on 135 of 157 right answers of PocketSphinx and 3
/// of 6 wrong ones (docs/media.md). What lies below is asked of the second one.
const SURE: f32 = 0.97;
/// Utterances longer than this (3 s at 16 kHz) are not worked ahead in: the first one's decode cannot be broken off.
const AHEAD: usize = 3 * 16_000;

/// `first` answers where it is sure, `second` decides what it is not sure of.
pub struct Fused {
    name: &'static str,
    first: Arc<dyn Recogniser>,
    second: Arc<dyn Recogniser>,
}

impl Fused {
    pub fn new(name: &'static str, first: Arc<dyn Recogniser>, second: Arc<dyn Recogniser>) -> Self {
        Self { name, first, second }
    }
}

impl Recogniser for Fused {
    fn name(&self) -> &'static str {
        self.name
    }

    fn caps(&self, language: Language) -> Option<Caps> {
        let (first, second) = (self.first.caps(language)?, self.second.caps(language)?);
        Some(Caps { needs_grammar: first.needs_grammar || second.needs_grammar, partials: first.partials })
    }

    fn check(&self, ask: &Ask) -> Result<(), AsrFault> {
        self.first.check(ask)?;
        self.second.check(ask)
    }

    fn open(&self, ask: &Ask) -> Result<Box<dyn Hearing>, AsrFault> {
        Ok(Box::new(FusedUtterance {
            first: self.first.open(ask)?,
            second: self.second.open(ask)?,
            heard: 0,
            noisy: false,
        }))
    }

    fn patience(&self, utterance: Duration) -> Duration {
        self.first.patience(utterance) + self.second.patience(utterance)
    }
}

struct FusedUtterance {
    first: Box<dyn Hearing>,
    second: Box<dyn Hearing>,
    /// Samples so far.
    heard: usize,
    /// The speech does not rise far above what is around it.
    noisy: bool,
}

impl Hearing for FusedUtterance {
    fn sound(&mut self, pcm: &[i16]) -> Result<Option<String>, AsrFault> {
        self.heard += pcm.len();
        self.second.keep(pcm)?;
        self.first.sound(pcm)
    }

    fn keep(&mut self, pcm: &[i16]) -> Result<(), AsrFault> {
        self.heard += pcm.len();
        self.second.keep(pcm)?;
        self.first.keep(pcm)
    }

    fn rises_above(&mut self, db: f32) {
        self.noisy = db < NOISY_DB;
        self.first.rises_above(db);
        self.second.rises_above(db);
    }

    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        let first = self.first.finish()?;
        if is_sure(&first) && !self.noisy {
            return Ok(first);
        }
        match self.second.finish() {
            Ok(second) => Ok(decide(first, second)),
            Err(fault) if first.text.is_none() || fault == AsrFault::Aborted => Err(fault),
            Err(fault) => {
                tracing::warn!(%fault, "the second recogniser failed; the first one's words are asked about");
                Ok(Hypothesis { confidence: first.confidence.min(ASKED), ..first })
            }
        }
    }

    /// The second one works ahead where it is going to be asked.
    fn look_ahead(&mut self) -> Result<(), AsrFault> {
        if self.heard > AHEAD {
            return Ok(());
        }
        let first = self.first.finish()?;
        if is_sure(&first) { Ok(()) } else { self.second.look_ahead() }
    }

    fn abort_by(&mut self, abort: &Abort) {
        self.first.abort_by(abort);
        self.second.abort_by(abort);
    }
}

fn is_sure(first: &Hypothesis) -> bool {
    first.text.is_some() && first.confidence >= SURE
}

/// What two recognisers heard of one utterance, the first one being unsure.
fn decide(first: Hypothesis, second: Hypothesis) -> Hypothesis {
    match (&first.text, &second.text) {
        (Some(a), Some(b)) if a == b => {
            let confidence = 1.0 - (1.0 - first.confidence) * (1.0 - second.confidence);
            Hypothesis { confidence, ..first }
        }
        (None, Some(_)) => second,
        (_, Some(_)) if second.confidence >= ASKED => second,
        _ => Hypothesis { confidence: first.confidence.min(ASKED), ..first },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asr::scripted::{Act, Scripted};
    use crate::asr::{Expect, Lexicon};
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    fn scripted(result: Result<Hypothesis, AsrFault>) -> Arc<dyn Recogniser> {
        Arc::new(Scripted::new([Act::Return(result)]))
    }

    fn said(text: &str, confidence: f32) -> Result<Hypothesis, AsrFault> {
        Ok(Hypothesis { text: (!text.is_empty()).then(|| text.to_owned()), confidence })
    }

    fn heard(
        first: Result<Hypothesis, AsrFault>,
        second: Result<Hypothesis, AsrFault>,
    ) -> Result<Hypothesis, AsrFault> {
        let fused = Fused::new("both", scripted(first), scripted(second));
        let ask = Ask { language: Language::En, expect: Expect::Anything, lexicon: Lexicon::default() };
        let mut hearing = fused.open(&ask)?;
        hearing.sound(&[0; 320])?;
        hearing.finish()
    }

    #[test]
    fn the_first_answers_where_it_is_sure_and_the_second_decides_where_it_is_not() {
        let broken = || Err(AsrFault::Engine("broken".into()));
        assert_eq!(heard(said("yes", 0.99), broken()), said("yes", 0.99), "the second is not asked");
        assert_eq!(heard(said("book a room", 0.78), said("i want a human", 0.8)), said("i want a human", 0.8));
        assert_eq!(heard(said("", 0.2), said("two people", 0.6)), said("two people", 0.6));
        let both = heard(said("two people", 0.6), said("two people", 0.5)).unwrap();
        assert!(both.text.as_deref() == Some("two people") && both.confidence > 0.79, "{both:?}");
    }

    #[test]
    fn in_noise_the_second_is_asked_whatever_the_first_heard() {
        let heard = |db| {
            let fused = Fused::new("both", scripted(said("two p m", 0.99)), scripted(said("two thirty p m", 0.8)));
            let ask = Ask { language: Language::En, expect: Expect::Anything, lexicon: Lexicon::default() };
            let mut hearing = fused.open(&ask).unwrap();
            hearing.sound(&[0; 320]).unwrap();
            hearing.rises_above(db);
            hearing.finish()
        };
        assert_eq!(heard(NOISY_DB - 1.0), said("two thirty p m", 0.8));
        assert_eq!(heard(NOISY_DB + 1.0), said("two p m", 0.99));
    }

    #[test]
    fn what_one_alone_heard_is_asked_about() {
        assert_eq!(heard(said("boston", 0.9), said("", 0.1)), said("boston", ASKED));
        assert_eq!(heard(said("boston", 0.9), said("austin", 0.3)), said("boston", ASKED));
        assert_eq!(heard(said("boston", 0.9), Err(AsrFault::Late)), said("boston", ASKED));
        assert_eq!(heard(said("", 0.1), said("", 0.0)), said("", 0.1));
    }

    #[test]
    fn a_second_that_was_aborted_gives_no_words_of_the_first() {
        assert_eq!(heard(said("boston", 0.9), Err(AsrFault::Aborted)), Err(AsrFault::Aborted));
    }

    #[test]
    fn a_second_that_fails_where_the_first_heard_nothing_is_a_failure() {
        assert_eq!(heard(said("", 0.1), Err(AsrFault::Late)), Err(AsrFault::Late));
    }

    /// Counts how often it is told to work ahead.
    struct Ahead(Arc<AtomicUsize>);

    impl Hearing for Ahead {
        fn sound(&mut self, _: &[i16]) -> Result<Option<String>, AsrFault> {
            Ok(None)
        }
        fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
            said("two people", 0.9)
        }
        fn look_ahead(&mut self) -> Result<(), AsrFault> {
            self.0.fetch_add(1, Relaxed);
            Ok(())
        }
    }

    #[test]
    fn the_second_works_ahead_where_the_first_is_not_sure() {
        let ask = Ask { language: Language::En, expect: Expect::Anything, lexicon: Lexicon::default() };
        for (first, times) in [(said("yes", 0.99), 0), (said("yes", 0.9), 1), (said("", 0.1), 1)] {
            let count = Arc::new(AtomicUsize::new(0));
            let first = scripted(first).open(&ask).unwrap();
            let mut hearing = FusedUtterance { first, second: Box::new(Ahead(count.clone())), heard: 0, noisy: false };
            hearing.look_ahead().unwrap();
            assert_eq!(count.load(Relaxed), times);
        }
    }
}

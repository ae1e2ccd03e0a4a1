//! One caller's utterance at Whisper: the sound so far, partial words that two decodes agree on, and the whole at the end.
use super::Engine;
use super::decode::FreeText;
use super::parameters::LONGEST;
use super::score::{self, Scored};
use super::written_grammar::Grammar;
use crate::Language;
use crate::asr::{ASKED, Abort, AsrFault, Hearing, Hypothesis, Lull, NOISY_DB};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

pub(super) struct WhisperUtterance {
    engine: Arc<Engine>,
    language: Language,
    expected: Option<Arc<Grammar>>,
    sound: Vec<f32>,
    lull: Lull,
    /// Samples at the last decode for partial words, and the sure words it gave.
    looked: usize,
    last: Vec<String>,
    /// Words told so far.
    told: Vec<String>,
    /// The last whole decode and the samples it covered: it holds while only quiet follows.
    whole: Option<(usize, FreeText, Option<Scored>)>,
    /// The speech does not rise far above what is around it.
    noisy: bool,
    abort: Abort,
}

impl WhisperUtterance {
    pub(super) fn new(engine: Arc<Engine>, language: Language, expected: Option<Arc<Grammar>>) -> Self {
        let sound = Vec::with_capacity(4 * 16_000);
        let (last, told, lull, abort) = (Vec::new(), Vec::new(), Lull::default(), Abort::default());
        Self { engine, language, expected, sound, lull, looked: 0, last, told, whole: None, noisy: false, abort }
    }

    /// Enough new sound for partial words, and nothing else to do.
    fn is_time(&self) -> bool {
        let every = (self.engine.partial_every.as_micros() as usize * 16 / 1_000).max(self.looked / 4);
        self.engine.partials
            && self.sound.len() >= self.looked + every
            && self.sound.len() < LONGEST
            && self.engine.running.load(Relaxed) < self.engine.partials_up_to
    }
}

impl Hearing for WhisperUtterance {
    /// LocalAgreement-2 (Liu, Spanakis and Niehues, 2020): words are told once two decodes in a row begin with them.
    fn sound(&mut self, pcm: &[i16]) -> Result<Option<String>, AsrFault> {
        let pcm = &pcm[..pcm.len().min(LONGEST.saturating_sub(self.sound.len()))];
        self.sound.extend(pcm.iter().map(|sample| f32::from(*sample) / 32_768.0));
        self.lull.push(pcm);
        if !self.is_time() {
            return Ok(None);
        }
        self.looked = self.sound.len();
        let decoded = match self.engine.decode(&self.sound, self.language, None, &|| self.abort.is_hurried()) {
            Ok((decoded, _)) => decoded,
            Err(AsrFault::Aborted) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let words = &decoded.words[..decoded.sure];
        let agreed = self.last.iter().zip(words).take_while(|(before, now)| before == now).count();
        let words: Vec<String> = words.to_vec();
        let changed = agreed > 0 && words[..agreed] != self.told[..];
        if changed {
            self.told = words[..agreed].to_vec();
        }
        self.last = words;
        Ok(changed.then(|| self.told.join(" ")))
    }

    fn rises_above(&mut self, db: f32) {
        self.noisy = db < NOISY_DB;
    }

    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        let covered = self.sound.len();
        if covered == 0 {
            return Ok(Hypothesis { text: None, confidence: 0.0 });
        }
        let expected = self.expected.as_deref();
        let (decoded, scored) = match &self.whole {
            Some((samples, decoded, scored)) if covered - samples <= self.lull.samples().min(HOLDS) => {
                (decoded.clone(), scored.clone())
            }
            _ => {
                let aborted = || self.abort.is_raised();
                let (decoded, scored) = self.engine.decode(&self.sound, self.language, expected, &aborted)?;
                self.whole = Some((covered, decoded.clone(), scored.clone()));
                (decoded, scored)
            }
        };
        Ok(if expected.is_some() { weigh(decoded, scored, self.noisy) } else { free_text(decoded) })
    }

    fn look_ahead(&mut self) -> Result<(), AsrFault> {
        self.finish().map(drop)
    }

    fn abort_by(&mut self, abort: &Abort) {
        self.abort = abort.clone();
    }
}

/// So much quiet (0.5 s at 16 kHz) behind a decode changes nothing in it; in more there may be speech far softer than what was before.
const HOLDS: usize = 8_000;
/// The same as [`score::DOUBTED_GAP`], before the free text is taken in its place.
const REFUSED_GAP: f32 = 4.0;
/// In noise: the score against silence from which a sentence is asked about, and the mean per token from which it fits the sound.
const GUESSED: f32 = 2.0;
const FITTING: f32 = -2.0;
/// The confidence of a free text that stands against a sentence of the grammar.
const CLEAR: f32 = 0.6;

/// The sentence that was expected, where it is certain enough; else the free text, which is asked about: "ten of clubs" is no answer to
/// "how many people?", though a number is in it. In noise the expected sentence is asked about wherever it may have been said, since the free
/// text is less than what was said; and where it fits the sound badly, since then it may be a part of what was said ("two", of "two thirty").
fn weigh(free: FreeText, scored: Option<Scored>, noisy: bool) -> Hypothesis {
    if let Some(scored) = scored
        && let certainty = scored.certainty()
        && (certainty >= score::DOUBTED || noisy && scored.ratio >= GUESSED)
    {
        // Where Whisper is clear about other words, the expected ones are the best of a bad lot.
        let gap = free.confidence.max(1e-3).ln() - scored.mean;
        let other = free.confidence >= CLEAR && free.words.join(" ") != scored.text;
        let is_asked =
            certainty < score::DOUBTED || noisy && scored.mean < FITTING || other && gap > score::DOUBTED_GAP;
        if !(other && gap > REFUSED_GAP) {
            let most = if is_asked { ASKED } else { 1.0 };
            let least = if noisy { ASKED } else { 0.0 };
            return Hypothesis { text: Some(scored.text), confidence: certainty.clamp(least, most) };
        }
    }
    let other = free_text(free);
    Hypothesis { confidence: other.confidence.min(ASKED), ..other }
}

fn free_text(decoded: FreeText) -> Hypothesis {
    let text = (!decoded.words.is_empty()).then(|| decoded.words.join(" "));
    Hypothesis { text, confidence: decoded.confidence }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighed(free: (&str, f32), scored: (f32, f32, f32)) -> Hypothesis {
        weighed_in(false, free, scored)
    }

    fn weighed_in(noise: bool, free: (&str, f32), scored: (f32, f32, f32)) -> Hypothesis {
        let words: Vec<String> = free.0.split_whitespace().map(str::to_owned).collect();
        let (ratio, margin, mean) = scored;
        let scored = Scored { text: "book a room".into(), ratio, margin, mean };
        weigh(FreeText { sure: words.len(), words, confidence: free.1 }, Some(scored), noise)
    }

    #[test]
    fn what_was_expected_is_taken_where_it_is_certain_and_asked_about_where_other_words_are_clearer() {
        let text = |heard: &Hypothesis| heard.text.clone().unwrap_or_default();
        let sure = weighed(("book a room", 0.9), (20.0, 8.0, -0.3));
        assert!(text(&sure) == "book a room" && sure.confidence > 0.9, "{sure:?}");
        let asked = weighed(("look at the moon", 0.8), (12.0, 6.0, -3.0));
        assert!(text(&asked) == "book a room" && asked.confidence < 0.5, "{asked:?}");
        for other in [
            weighed(("look at the moon", 0.8), (12.0, 6.0, -6.0)),
            weighed(("look at the moon", 0.8), (1.0, 6.0, -1.0)),
            weighed(("look at the moon", 0.8), (9.0, 0.2, -1.0)),
        ] {
            assert!(text(&other) == "look at the moon" && other.confidence <= ASKED, "{other:?}");
        }
        // Where the free text was not asked for, none could have changed it.
        let alone = Scored { text: "book a room".into(), ratio: 20.0, margin: 8.0, mean: -2.4 };
        for free in [FreeText::default(), FreeText { words: vec!["other".into()], sure: 1, confidence: 1.0 }] {
            assert!(alone.stands_alone() && weigh(free, Some(alone.clone()), false).confidence > 0.9);
        }
        // Nobody is clear about anything: the expected words stand, by their own certainty.
        let unclear = weighed(("u o", 0.45), (9.0, 4.0, -5.0));
        assert!(text(&unclear) == "book a room" && unclear.confidence > 0.5, "{unclear:?}");
    }

    #[test]
    fn in_noise_what_was_expected_is_asked_about_where_it_may_have_been_said_and_where_it_fits_badly() {
        let text = |heard: &Hypothesis| heard.text.clone().unwrap_or_default();
        // Two ways to say the same are no margin.
        let (free, scored) = (("look at the rum", 0.4), (9.0, 0.2, -1.5));
        assert_eq!(text(&weighed(free, scored)), "look at the rum");
        let asked = weighed_in(true, free, scored);
        assert_eq!(asked, Hypothesis { text: Some("book a room".into()), confidence: ASKED });
        assert_eq!(weighed_in(true, free, (12.0, 6.0, -2.5)), asked);
        assert!(weighed(free, (12.0, 6.0, -2.5)).confidence > 0.9);
        assert_eq!(text(&weighed_in(true, free, (0.5, 0.2, -4.0))), "look at the rum");
        assert_eq!(text(&weighed_in(true, ("look at the moon", 0.8), (9.0, 0.2, -6.0))), "look at the moon");
        let certain = weighed_in(true, free, (20.0, 8.0, -0.3));
        assert!(text(&certain) == "book a room" && certain.confidence > 0.9, "{certain:?}");
    }
}

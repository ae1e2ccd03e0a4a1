//! Which of the sentences that a grammar allows was said, scored by Whisper's decoder.
//!
//! Free decoding takes the likeliest next token and cannot go back; where only some sentences are expected it is better to
//! ask how likely each of them is. The tokens that the grammar allows are followed depth first (the decoder keeps what it
//! has read up to a token, and forgets what came after), the likeliest first, and what falls behind is pruned.
//!
//! A sentence's score is the sum of its tokens' log-probabilities given the sound, minus the same sum given silence: what
//! Whisper likes to write whatever it hears ("okay", "dạ") has no advantage. The difference to the second best sentence
//! and the score itself say how certain it is (see [`Scored::certainty`]).
use super::Engine;
use super::reader::{Next, Reader, Silence};
use super::vocabulary::Token;
use super::written_grammar::{Grammar, Position, WrittenGrammar};
use crate::Language;
use crate::asr::AsrFault;
use std::cell::Cell;
use std::sync::{MutexGuard, PoisonError};

/// Tokens tried at a sentence's first place, and at each one after it.
const FIRST: usize = 12;
const LATER: usize = 3;
/// Tokens tried at the first place where Whisper is at a loss; capital letters alone, as a text begins with.
const FIRST_AT_A_LOSS: usize = 16;
/// The most steps of the decoder (7 ms each for Whisper base) for one utterance, and the most besides where Whisper is at a loss.
const MOST_STEPS: usize = 60;
const MOST_STEPS_AT_A_LOSS: usize = 120;
/// How much of its log-probability given silence counts against a prefix while Whisper is at a loss.
const AGAINST_SILENCE: f32 = 0.65;
/// Tokens less likely than this (natural logarithm) are not looked at.
const LEAST_LIKELY: f32 = -16.0;
/// A prefix this much less likely than the best sentence, or than the third best, is pruned.
const BEHIND_BEST: f32 = 10.0;
/// The same for prefixes that were deferred at first.
const BEHIND_LATER: f32 = 6.0;
const BEHIND_THIRD: f32 = 3.0;
/// Where a sentence may end, what goes on is at most this much less likely than the end.
const PAST_END: f32 = 1.0;
/// A first token that silence makes likelier than the sound does, by this much, is not followed.
const AGAINST: f32 = 3.0;
/// How much of a grammar's weights (as logarithms) counts. They are made for acoustic scores, which are larger.
const WEIGHT: f32 = 0.3;

/// Whisper is at a loss where each sentence found is less likely than this for each of its tokens (natural logarithm, given the sound). Never
/// in English, which even `base` knows well: the further search finds more there that was not said than what was.
const fn at_a_loss(language: Language) -> Option<f32> {
    match language {
        Language::En => None,
        Language::Vi => Some(-2.8),
    }
}

/// The best of the grammar's sentences.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scored {
    pub text: String,
    /// Natural logarithms: the score against silence, how far ahead of the next sentence it is, and the mean per token of
    /// its probability given the sound.
    pub ratio: f32,
    pub margin: f32,
    pub mean: f32,
}

/// The margin of a sentence without a rival.
const MOST_MARGIN: f32 = 20.0;
/// The certainty below which a sentence is not taken for said.
pub(super) const DOUBTED: f32 = 0.3;
/// How much less probable per token (natural logarithm) a sentence of the grammar may be than a free text that says something else, before
/// it is asked about.
pub(super) const DOUBTED_GAP: f32 = 2.5;

impl Scored {
    /// From 0 to 1: 0.3 where the sentence may have been said, 0.5 where it is likely, 0.9 and more where it is beyond doubt.
    pub fn certainty(&self) -> f32 {
        // Points of the piecewise linear maps of the two measures.
        let rise = |value: f32, points: [(f32, f32); 4]| {
            let at = points.windows(2).find(|pair| value < pair[1].0).unwrap_or(&points[2..]);
            let ((x0, y0), (x1, y1)) = (at[0], at[1]);
            (y0 + (y1 - y0) * (value - x0) / (x1 - x0)).clamp(0.0, 0.99)
        };
        let ratio = rise(self.ratio, [(0.0, 0.0), (2.0, 0.3), (4.0, 0.5), (10.0, 0.95)]);
        let margin = rise(self.margin, [(0.0, 0.0), (1.0, 0.3), (2.0, 0.5), (5.0, 0.95)]);
        ratio.min(margin)
    }

    /// Whether no free text can be so much more probable that the sentence would be doubted for it.
    pub fn stands_alone(&self) -> bool {
        self.certainty() >= DOUBTED && self.mean >= -DOUBTED_GAP
    }
}

/// A sentence of the grammar that the sound may be.
struct Candidate {
    text: String,
    /// The log-probability of its likeliest way of writing it, given the sound.
    sum: f32,
    /// The way of writing it with the best score against silence: that score, and its tokens, the end among them.
    ratio: f32,
    tokens: usize,
}

/// The search for the sentences that the sound may be.
struct Search<'a> {
    engine: &'a Engine,
    language: Language,
    reader: &'a mut Reader,
    written: WrittenGrammar<'a>,
    candidates: Vec<Candidate>,
    /// Prefixes that were seen and not followed yet.
    deferred: Vec<Prefix>,
    /// See [`at_a_loss`].
    at_a_loss: bool,
    /// Steps of the decoder on silence. They are counted apart: what is kept of them costs none.
    silent_steps: Cell<usize>,
    aborted: &'a dyn Fn() -> bool,
}

/// The beginning of a text that the grammar allows.
struct Prefix {
    text: Vec<Token>,
    at: Vec<Position>,
    /// Its log-probability given the sound.
    sum: f32,
    /// And given silence, where Whisper is at a loss; else 0.
    on_silence: f32,
}

impl Prefix {
    /// How promising it is while Whisper is at a loss: what was said gains on silence with each token.
    fn promise(&self) -> f32 {
        self.sum - AGAINST_SILENCE * self.on_silence
    }
}

impl Search<'_> {
    /// As Whisper would write first; where it writes no sentence with conviction, by what was said rather than by what it likes to write.
    fn run(&mut self) -> Result<(), AsrFault> {
        self.by_likelihood()?;
        if let Some(loss) = at_a_loss(self.language)
            && self.candidates.iter().all(|found| found.sum < loss * found.tokens as f32)
        {
            self.at_a_loss = true;
            self.by_promise()?;
        }
        Ok(())
    }

    /// The most promising prefix first.
    fn by_promise(&mut self) -> Result<(), AsrFault> {
        let (most, most_silent) =
            (self.reader.steps + MOST_STEPS_AT_A_LOSS, self.silent_steps.get() + MOST_STEPS_AT_A_LOSS);
        let mut open = self.follow_start(FIRST_AT_A_LOSS)?;
        open.retain(|prefix| prefix.sum - prefix.on_silence > -AGAINST);
        while self.reader.steps < most
            && self.silent_steps.get() < most_silent
            && let Some(best) = (0..open.len()).max_by(|a, b| open[*a].promise().total_cmp(&open[*b].promise()))
        {
            let prefix = open.swap_remove(best);
            if !self.candidates.iter().any(|found| prefix.sum < found.sum - BEHIND_BEST) {
                open.extend(self.follow(prefix, LATER)?);
            }
        }
        Ok(())
    }

    /// Follows the likeliest first tokens to where they lead, then the deferred prefixes, the likeliest first.
    fn by_likelihood(&mut self) -> Result<(), AsrFault> {
        let first = self.follow_start(FIRST)?;
        let silence = self.engine.silence().after(self.engine, self.language, &[])?;
        for prefix in first.into_iter().filter(|prefix| prefix.sum > silence.token(prefix.text[0]) - AGAINST) {
            self.follow_to_its_end(prefix, BEHIND_BEST)?;
        }
        while let Some(next) =
            (0..self.deferred.len()).max_by(|a, b| self.deferred[*a].sum.total_cmp(&self.deferred[*b].sum))
        {
            let prefix = self.deferred.swap_remove(next);
            if self.reader.steps >= MOST_STEPS || self.is_behind(prefix.sum, BEHIND_LATER) {
                break;
            }
            self.follow_to_its_end(prefix, BEHIND_LATER)?;
        }
        Ok(())
    }

    fn follow_start(&mut self, width: usize) -> Result<Vec<Prefix>, AsrFault> {
        let at = self.written.start();
        self.follow(Prefix { text: Vec::new(), at, sum: 0.0, on_silence: 0.0 }, width)
    }

    /// Takes the likeliest token at each place; the others are deferred.
    fn follow_to_its_end(&mut self, prefix: Prefix, behind: f32) -> Result<(), AsrFault> {
        let mut now = Some(prefix);
        while let Some(prefix) = now {
            if self.reader.steps >= MOST_STEPS || self.is_behind(prefix.sum, behind) {
                break;
            }
            let mut next = self.follow(prefix, LATER)?.into_iter();
            now = next.next();
            self.deferred.extend(next);
        }
        Ok(())
    }

    /// Notes the sentences that end behind a text, and gives the likeliest continuations.
    fn follow(&mut self, prefix: Prefix, width: usize) -> Result<Vec<Prefix>, AsrFault> {
        if (self.aborted)() {
            return Err(AsrFault::Aborted);
        }
        let next = self.reader.after(self.engine, self.language, &prefix.text)?;
        let mut least = LEAST_LIKELY;
        for sentence in self.written.sentences(&prefix.at) {
            let end = next.end(&self.engine.vocabulary, sentence.ends_in_figures);
            let sum = prefix.sum + end;
            let ratio = sum - self.on_silence(&prefix.text, sentence.ends_in_figures)?;
            let ratio = ratio + WEIGHT * sentence.weight.ln() as f32;
            self.note(Candidate { text: sentence.text, sum, ratio, tokens: prefix.text.len() + 1 });
            least = least.max(end - PAST_END);
        }
        let mut continuations = Vec::new();
        let mut tokens = self.written.tokens(&prefix.at);
        tokens.retain(|token| next.token(*token) > least);
        let silence = match self.at_a_loss {
            true => Some(self.after_on_silence(&prefix.text)?),
            false => None,
        };
        let on_silence = |token: Token| silence.as_ref().map_or(0.0, |silence| silence.token(token));
        if self.at_a_loss && prefix.text.is_empty() {
            tokens.retain(|token| !self.engine.vocabulary.begins_small(*token));
        }
        let promise = |token: Token| next.token(token) - AGAINST_SILENCE * on_silence(token);
        tokens.sort_unstable_by(|a, b| promise(*b).total_cmp(&promise(*a)));
        for token in tokens {
            let at = self.written.behind(&prefix.at, token);
            if !at.is_empty() {
                let text = prefix.text.iter().copied().chain([token]).collect();
                let on_silence = prefix.on_silence + on_silence(token);
                continuations.push(Prefix { text, at, sum: prefix.sum + next.token(token), on_silence });
            }
            if continuations.len() == width {
                break;
            }
        }
        Ok(continuations)
    }

    /// What comes after a text, given silence.
    fn after_on_silence(&self, text: &[Token]) -> Result<Next, AsrFault> {
        if (self.aborted)() {
            return Err(AsrFault::Aborted);
        }
        let mut silence = self.engine.silence();
        let before = silence.steps();
        let next = silence.after(self.engine, self.language, text)?;
        self.silent_steps.set(self.silent_steps.get() + silence.steps() - before);
        Ok(next)
    }

    /// The log-probability of a whole text, given silence.
    fn on_silence(&self, text: &[Token], ends_in_figures: bool) -> Result<f32, AsrFault> {
        let mut sum = 0.0;
        for (at, token) in text.iter().enumerate() {
            sum += self.after_on_silence(&text[..at])?.token(*token);
        }
        let end = self.after_on_silence(text)?;
        Ok(sum + end.end(&self.engine.vocabulary, ends_in_figures))
    }

    /// Keeps one candidate of each sentence.
    fn note(&mut self, candidate: Candidate) {
        match self.candidates.iter_mut().find(|known| known.text == candidate.text) {
            Some(known) => {
                known.sum = known.sum.max(candidate.sum);
                if candidate.ratio > known.ratio {
                    (known.ratio, known.tokens) = (candidate.ratio, candidate.tokens);
                }
            }
            None => self.candidates.push(candidate),
        }
    }

    /// Whether a prefix is too far behind what was found: its log-probability only falls as it goes on.
    fn is_behind(&self, sum: f32, behind_best: f32) -> bool {
        let mut best: Vec<f32> = self.candidates.iter().map(|candidate| candidate.sum).collect();
        best.sort_unstable_by(|a, b| b.total_cmp(a));
        best.first().is_some_and(|first| sum < first - behind_best)
            || best.get(2).is_some_and(|third| sum < third - BEHIND_THIRD)
    }
}

/// Whether a text has another in it, by whole words.
fn holds(text: &str, part: &str) -> bool {
    text.len() > part.len() && format!(" {text} ").contains(&format!(" {part} "))
}

impl Engine {
    /// The likeliest sentence of a grammar in the sound that the reader's state has encoded. `None`: nothing it allows came near.
    ///
    /// # Errors
    /// [`AsrFault::Engine`] where whisper.cpp fails, [`AsrFault::Aborted`] where `aborted`, which is asked at each step, says so.
    pub(super) fn score(
        &self,
        reader: &mut Reader,
        grammar: &Grammar,
        aborted: &dyn Fn() -> bool,
    ) -> Result<Option<Scored>, AsrFault> {
        let written = WrittenGrammar::new(grammar, &self.vocabulary);
        let mut search = Search {
            engine: self,
            language: grammar.language(),
            reader,
            written,
            candidates: Vec::new(),
            deferred: Vec::new(),
            at_a_loss: false,
            silent_steps: Cell::new(0),
            aborted,
        };
        search.run()?;
        tracing::trace!(steps = search.reader.steps, sentences = search.candidates.len(), "a grammar was scored");
        // Where a sentence holds a likelier one, Whisper itself would have ended before, or begun later.
        let candidates = &search.candidates;
        let longer = |candidate: &Candidate| {
            candidates.iter().any(|part| holds(&candidate.text, &part.text) && candidate.sum < part.sum)
        };
        let mut best: Vec<&Candidate> = candidates.iter().filter(|candidate| !longer(candidate)).collect();
        best.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
        let Some((first, rest)) = best.split_first() else { return Ok(None) };
        let ahead = |other: &Candidate| {
            let part = holds(&first.text, &other.text) || holds(&other.text, &first.text);
            if part { first.sum - other.sum } else { first.ratio - other.ratio }
        };
        let margin = rest.iter().map(|other| ahead(other)).fold(MOST_MARGIN, f32::min);
        Ok(Some(Scored {
            margin: margin.max(0.0),
            ratio: first.ratio,
            mean: first.sum / first.tokens as f32,
            text: first.text.clone(),
        }))
    }

    /// Makes ready, while the caller still speaks, what the beginning of every sentence takes.
    ///
    /// # Errors
    /// [`AsrFault::Engine`] where whisper.cpp fails.
    pub(super) fn prepare(&self, grammar: &Grammar) -> Result<(), AsrFault> {
        WrittenGrammar::new(grammar, &self.vocabulary).start();
        self.silence().after(self, grammar.language(), &[]).map(|_| ())
    }

    /// What Whisper writes after silence; held while it is read, a few milliseconds for each token that is new.
    fn silence(&self) -> MutexGuard<'_, Silence> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

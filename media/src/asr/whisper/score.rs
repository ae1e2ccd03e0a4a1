//! Which of the sentences that a grammar allows was said, scored by Whisper's decoder.
//!
//! Free decoding takes the likeliest next token and cannot go back; where only some sentences are expected it is better to
//! ask how likely each of them is. The tokens that the grammar allows are followed depth first (the decoder keeps what it
//! has read up to a token, and forgets what came after), the likeliest first, and what falls behind is left.
//!
//! A sentence's score is the sum of its tokens' log-probabilities given the sound, minus the same sum given silence: what
//! Whisper likes to write whatever it hears ("okay", "dạ") has no advantage. The difference to the second best sentence
//! and the score itself say how certain it is (see [`Scored::certainty`]).
use super::vocabulary::{Token, Vocabulary};
use super::writing::{Position, Writing};
use super::{Engine, parameters};
use crate::Language;
use crate::asr::AsrFault;
use crate::asr::jsgf::Automaton;
use std::collections::HashMap;
use std::sync::PoisonError;
use whisper_rs::WhisperState;

/// Tokens tried at a sentence's first place, and at each one after it.
const FIRST: usize = 12;
const LATER: usize = 3;
/// The most steps of the decoder (7 ms each for Whisper base) for one utterance.
const MOST_STEPS: usize = 60;
/// Tokens less likely than this (natural logarithm) are not looked at.
const LEAST_LIKELY: f32 = -16.0;
/// A beginning this much less likely than the best sentence, or than the third best, is left.
const BEHIND_BEST: f32 = 10.0;
/// The same for beginnings that were passed by at first.
const BEHIND_LATER: f32 = 6.0;
const BEHIND_THIRD: f32 = 3.0;
/// Where a sentence may end, what goes on is at most this much less likely than the end.
const PAST_END: f32 = 1.0;
/// A first token that silence makes likelier than the sound does, by this much, is not followed.
const AGAINST: f32 = 3.0;
/// How much of a grammar's weights (as logarithms) counts. They are made for acoustic scores, which are larger.
const WEIGHT: f32 = 0.3;
/// Prefixes whose tokens' probabilities on silence are kept.
const MOST_PREFIXES: usize = 4_000;

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
}

/// A sentence of the grammar that the sound may be.
struct Hit {
    text: String,
    /// The log-probability of its likeliest way of writing, given the sound.
    sum: f32,
    /// The way of writing it that speaks most for it: its score against silence, and its tokens, the end among them.
    ratio: f32,
    tokens: usize,
}

/// The next token's log-probabilities.
struct Next(Vec<f32>);

impl Next {
    fn of(state: &WhisperState) -> Result<Self, AsrFault> {
        let logits = state.get_logits().map_err(|why| AsrFault::Engine(format!("Whisper: {why}")))?;
        let most = logits.iter().copied().fold(f32::MIN, f32::max);
        let sum: f32 = logits.iter().map(|logit| (logit - most).exp()).sum();
        let norm = most + sum.ln();
        Ok(Self(logits.iter().map(|logit| logit - norm).collect()))
    }

    fn token(&self, token: Token) -> f32 {
        self.0.get(token as usize).copied().unwrap_or(f32::NEG_INFINITY)
    }

    /// The text ends here.
    fn end(&self, vocabulary: &Vocabulary, behind_figures: bool) -> f32 {
        vocabulary.ends(behind_figures).iter().map(|end| self.token(*end).exp()).sum::<f32>().ln()
    }
}

/// The decoder of a state that has heard a sound, at some place in a text.
struct Reader<'a> {
    engine: &'a Engine,
    state: &'a mut WhisperState,
    /// Start of text, language, task, no time stamps.
    header: [Token; 4],
    read: Vec<Token>,
    begun: bool,
    steps: usize,
}

impl<'a> Reader<'a> {
    fn new(engine: &'a Engine, state: &'a mut WhisperState, language: Language) -> Self {
        let context = &engine.context;
        let id = whisper_rs::get_lang_id(language.code()).unwrap_or_default();
        let header = [context.token_sot(), context.token_lang(id), context.token_transcribe(), context.token_not()];
        Self { engine, state, header, read: Vec::new(), begun: false, steps: 0 }
    }

    /// What comes after `text`. What the decoder has read of it already is not read again.
    fn after(&mut self, text: &[Token]) -> Result<Next, AsrFault> {
        let failed = |why| AsrFault::Engine(format!("Whisper: {why}"));
        let mut kept = self.read.iter().zip(text).take_while(|(a, b)| a == b).count();
        if !self.begun || text.is_empty() {
            // `get_logits` gives the first row alone: the last token is read by itself.
            let last = self.header.len() - 1;
            self.state.decode(&self.header[..last], 0, 1).map_err(failed)?;
            self.state.decode(&self.header[last..], last, 1).map_err(failed)?;
            (self.begun, kept) = (true, 0);
        } else if kept == text.len() {
            kept -= 1;
        }
        self.read.truncate(kept);
        for &token in &text[kept..] {
            self.state.decode(&[token], self.header.len() + self.read.len(), 1).map_err(failed)?;
            self.read.push(token);
            self.steps += 1;
        }
        Next::of(self.state)
    }
}

/// The decoder's log-probabilities on silence, computed as they are needed and kept.
#[derive(Default)]
pub(super) struct Silence {
    /// A state that has heard silence.
    state: Option<WhisperState>,
    /// What its decoder has read, and for which language.
    begun: Option<Language>,
    read: Vec<Token>,
    /// By language and beginning of a text: what was asked about the next token.
    known: HashMap<(Language, Vec<Token>), HashMap<Token, f32>>,
}

/// Stand for the end of a text among tokens: behind words, and behind figures.
const END: [Token; 2] = [-1, -2];

impl Silence {
    /// The log-probabilities of `asked` (tokens, and the two ends) behind each text, given silence.
    fn after(
        &mut self,
        engine: &Engine,
        language: Language,
        text: &[Token],
        asked: &[Token],
    ) -> Result<Vec<f32>, AsrFault> {
        let key = (language, text.to_vec());
        if let Some(known) = self.known.get(&key)
            && let Some(values) = asked.iter().map(|token| known.get(token).copied()).collect::<Option<Vec<f32>>>()
        {
            return Ok(values);
        }
        let state = match &mut self.state {
            Some(state) => state,
            none => none.insert(engine.silent_state(language)?),
        };
        let mut reader = Reader::new(engine, state, language);
        reader.begun = self.begun == Some(language);
        reader.read = std::mem::take(&mut self.read);
        let next = reader.after(text);
        self.begun = reader.begun.then_some(language);
        self.read = std::mem::take(&mut reader.read);
        let next = next?;
        if self.known.len() >= MOST_PREFIXES {
            self.known.clear();
        }
        let known = self.known.entry(key).or_default();
        let value = |token: &Token| match END.iter().position(|end| end == token) {
            Some(behind) => next.end(&engine.vocabulary, behind == 1),
            None => next.token(*token),
        };
        Ok(asked.iter().map(|token| *known.entry(*token).or_insert_with(|| value(token))).collect())
    }
}

/// The search for the sentences that the sound may be.
struct Search<'a, 'g> {
    reader: Reader<'a>,
    language: Language,
    writing: Writing<'g>,
    hits: Vec<Hit>,
    /// Beginnings that were seen and not followed yet.
    agenda: Vec<Begun>,
}

/// A text that the grammar allows, as far as it is written.
struct Begun {
    text: Vec<Token>,
    at: Vec<Position>,
    /// Its log-probability given the sound, and given silence.
    sum: f32,
    silence: f32,
}

impl Search<'_, '_> {
    /// Follows the likeliest first tokens to where they lead, then what was passed by, the likeliest first.
    fn run(&mut self) -> Result<(), AsrFault> {
        let at = self.writing.start();
        let first = self.follow(Begun { text: Vec::new(), at, sum: 0.0, silence: 0.0 }, FIRST)?;
        for begun in first.into_iter().filter(|begun| begun.sum > begun.silence - AGAINST) {
            self.follow_to_its_end(begun, BEHIND_BEST)?;
        }
        while let Some(next) = (0..self.agenda.len()).max_by(|a, b| self.agenda[*a].sum.total_cmp(&self.agenda[*b].sum))
        {
            let begun = self.agenda.swap_remove(next);
            if self.reader.steps >= MOST_STEPS || self.is_behind(begun.sum, BEHIND_LATER) {
                break;
            }
            self.follow_to_its_end(begun, BEHIND_LATER)?;
        }
        Ok(())
    }

    /// Takes the likeliest token at each place; the others go to the agenda.
    fn follow_to_its_end(&mut self, begun: Begun, behind: f32) -> Result<(), AsrFault> {
        let mut now = Some(begun);
        while let Some(begun) = now {
            if self.reader.steps >= MOST_STEPS || self.is_behind(begun.sum, behind) {
                break;
            }
            let mut next = self.follow(begun, LATER)?.into_iter();
            now = next.next();
            self.agenda.extend(next);
        }
        Ok(())
    }

    /// Notes the sentences that end behind a text, and gives the likeliest ways to go on.
    fn follow(&mut self, begun: Begun, width: usize) -> Result<Vec<Begun>, AsrFault> {
        let next = self.reader.after(&begun.text)?;
        let engine = self.reader.engine;
        let tokens = self.writing.tokens(&begun.at);
        let asked: Vec<Token> = tokens.iter().map(|(token, _)| *token).chain(END).collect();
        let silence = {
            let mut silence = engine.silence.lock().unwrap_or_else(PoisonError::into_inner);
            silence.after(engine, self.language, &begun.text, &asked)?
        };
        let (ends, silences) = (&silence[tokens.len()..], &silence[..tokens.len()]);
        let mut least = LEAST_LIKELY;
        for sentence in self.writing.sentences(&begun.at) {
            let end = next.end(&engine.vocabulary, sentence.ends_in_figures);
            let (sum, silence) = (begun.sum + end, begun.silence + ends[usize::from(sentence.ends_in_figures)]);
            let ratio = sum - silence + WEIGHT * sentence.weight.ln() as f32;
            self.note(Hit { text: sentence.text, sum, ratio, tokens: begun.text.len() + 1 });
            least = least.max(end - PAST_END);
        }
        let all = tokens.into_iter().zip(silences);
        let mut ways: Vec<Begun> = all
            .filter(|((token, _), _)| next.token(*token) > least)
            .map(|((token, at), silence)| {
                let text = begun.text.iter().copied().chain([token]).collect();
                Begun { text, at, sum: begun.sum + next.token(token), silence: begun.silence + silence }
            })
            .collect();
        ways.sort_by(|a, b| b.sum.total_cmp(&a.sum));
        ways.truncate(width);
        Ok(ways)
    }

    /// Keeps one hit of each sentence.
    fn note(&mut self, hit: Hit) {
        match self.hits.iter_mut().find(|known| known.text == hit.text) {
            Some(known) => {
                known.sum = known.sum.max(hit.sum);
                if hit.ratio > known.ratio {
                    (known.ratio, known.tokens) = (hit.ratio, hit.tokens);
                }
            }
            None => self.hits.push(hit),
        }
    }

    /// Whether a beginning is too far behind what was found: its log-probability only falls as it goes on.
    fn is_behind(&self, sum: f32, behind_best: f32) -> bool {
        let mut best: Vec<f32> = self.hits.iter().map(|hit| hit.sum).collect();
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
    /// The likeliest sentence of a grammar in the sound that `state` has encoded. `None`: nothing it allows came near.
    ///
    /// # Errors
    /// [`AsrFault::Engine`] where whisper.cpp fails.
    pub(super) fn score(
        &self,
        state: &mut WhisperState,
        ways: &[(f64, Automaton)],
        language: Language,
    ) -> Result<Option<Scored>, AsrFault> {
        let reader = Reader::new(self, state, language);
        let writing = Writing::new(ways, language, &self.vocabulary);
        let mut search = Search { reader, language, writing, hits: Vec::new(), agenda: Vec::new() };
        search.run()?;
        // Where a sentence holds a likelier one, Whisper itself would have ended before, or begun later.
        let hits = &search.hits;
        let longer = |hit: &Hit| hits.iter().any(|part| holds(&hit.text, &part.text) && hit.sum < part.sum);
        let mut best: Vec<&Hit> = hits.iter().filter(|hit| !longer(hit)).collect();
        best.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
        let Some((first, rest)) = best.split_first() else { return Ok(None) };
        let ahead = |other: &Hit| {
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

    /// A state that has heard a second and a half of silence.
    fn silent_state(&self, language: Language) -> Result<WhisperState, AsrFault> {
        let mut state = self.take_state()?;
        let sound = vec![0.0; 24_000];
        state
            .full(parameters::parameters(sound.len(), language), &sound)
            .map_err(|why| AsrFault::Engine(format!("Whisper: {why}")))?;
        Ok(state)
    }
}

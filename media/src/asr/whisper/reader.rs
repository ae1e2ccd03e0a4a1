//! Whisper's decoder, asked how likely each token is to come next: given a sound, and given silence.
use super::vocabulary::{Token, Vocabulary};
use super::{Engine, parameters};
use crate::Language;
use crate::asr::AsrFault;
use std::collections::HashMap;
use std::sync::Arc;
use whisper_rs::WhisperState;

/// The next token's log-probabilities (natural logarithm).
#[derive(Clone)]
pub(super) struct Next(Vec<f32>);

impl Next {
    fn of(state: &WhisperState) -> Result<Self, AsrFault> {
        let logits = state.get_logits().map_err(failed)?;
        let most = logits.iter().copied().fold(f32::MIN, f32::max);
        let sum: f32 = logits.iter().map(|logit| (logit - most).exp()).sum();
        let norm = most + sum.ln();
        Ok(Self(logits.iter().map(|logit| logit - norm).collect()))
    }

    pub fn token(&self, token: Token) -> f32 {
        self.0.get(token as usize).copied().unwrap_or(f32::NEG_INFINITY)
    }

    /// The likeliest of the tokens that may be written, and its probability among those and the end; `None`: the end.
    pub fn likeliest(&self, vocabulary: &Vocabulary) -> Option<(Token, f32)> {
        let end = vocabulary.ends(true)[0];
        let allowed = vocabulary.written().iter().copied().chain([end]);
        let mut sum = 0.0;
        let best = allowed
            .inspect(|token| sum += self.token(*token).exp())
            .fold(end, |best, token| if self.token(token) > self.token(best) { token } else { best });
        (best != end).then(|| (best, self.token(best).exp() / sum))
    }

    /// The text ends here.
    pub fn end(&self, vocabulary: &Vocabulary, behind_figures: bool) -> f32 {
        vocabulary.ends(behind_figures).iter().map(|end| self.token(*end).exp()).sum::<f32>().ln()
    }

    /// In tenths, of at most 25.5.
    fn rounded(&self) -> Arc<[u8]> {
        self.0.iter().map(|value| (value * -10.0).round().clamp(0.0, 255.0) as u8).collect()
    }

    fn restored(rounded: &[u8]) -> Self {
        Self(rounded.iter().map(|tenths| f32::from(*tenths) / -10.0).collect())
    }
}

/// A state that has encoded a sound, and how far its decoder has read.
pub(super) struct Reader {
    state: WhisperState,
    /// The language that the text's header names, and what comes after the header; `None` while it has not been read.
    start: Option<(Language, Next)>,
    read: Vec<Token>,
    /// Tokens of text read so far, those read again included.
    pub steps: usize,
}

impl Reader {
    pub fn new(state: WhisperState) -> Self {
        Self { state, start: None, read: Vec::new(), steps: 0 }
    }

    pub fn into_state(self) -> WhisperState {
        self.state
    }

    /// What comes after `text`. The decoder keeps what it has read up to where two texts part.
    ///
    /// # Errors
    /// [`AsrFault::Engine`] where whisper.cpp fails.
    pub fn after(&mut self, engine: &Engine, language: Language, text: &[Token]) -> Result<Next, AsrFault> {
        let context = &engine.context;
        let id = whisper_rs::get_lang_id(language.code()).unwrap_or_default();
        // Start of text, then language and task where a model knows several, no time stamps.
        let header = match context.is_multilingual() {
            true => vec![context.token_sot(), context.token_lang(id), context.token_transcribe(), context.token_not()],
            false => vec![context.token_sot(), context.token_not()],
        };
        if self.start.as_ref().is_none_or(|(of, _)| *of != language) {
            // `get_logits` gives the first row alone: the last token is read by itself.
            let last = header.len() - 1;
            self.start = None;
            self.state.decode(&header[..last], 0, 1).map_err(failed)?;
            self.state.decode(&header[last..], last, 1).map_err(failed)?;
            self.read.clear();
            self.start = Some((language, Next::of(&self.state)?));
        }
        if let Some((_, start)) = self.start.as_ref().filter(|_| text.is_empty()) {
            return Ok(start.clone());
        }
        let mut kept = self.read.iter().zip(text).take_while(|(a, b)| a == b).count();
        if kept == text.len() {
            kept -= 1;
        }
        self.read.truncate(kept);
        for &token in &text[kept..] {
            self.state.decode(&[token], header.len() + self.read.len(), 1).map_err(failed)?;
            self.read.push(token);
            self.steps += 1;
        }
        Next::of(&self.state)
    }
}

/// The decoder's log-probabilities on a second and a half of silence, read as they are needed and kept.
pub(super) struct Silence {
    reader: Reader,
    /// What comes after newer texts, and after those before them. 52 kB each.
    kept: [NextTokens; 2],
}

/// By language and text: the log-probabilities of the next token, rounded.
type NextTokens = HashMap<(Language, Vec<Token>), Arc<[u8]>>;

/// Texts in the newer half of what is kept.
const KEPT: usize = 500;

impl Silence {
    /// # Errors
    /// [`AsrFault::Engine`] where whisper.cpp fails.
    pub fn new(mut state: WhisperState, language: Language) -> Result<Self, AsrFault> {
        let sound = vec![0.0; parameters::HZ * 3 / 2];
        state.full(parameters::parameters(sound.len(), language), &sound).map_err(failed)?;
        Ok(Self { reader: Reader::new(state), kept: Default::default() })
    }

    /// Tokens of text read so far: what is kept is not read again.
    pub fn steps(&self) -> usize {
        self.reader.steps
    }

    /// What comes after `text`.
    ///
    /// # Errors
    /// [`AsrFault::Engine`] where whisper.cpp fails.
    pub fn after(&mut self, engine: &Engine, language: Language, text: &[Token]) -> Result<Next, AsrFault> {
        let key = (language, text.to_vec());
        let kept = self.kept.iter().find_map(|half| half.get(&key)).cloned();
        let rounded = match kept {
            Some(rounded) => rounded,
            None => self.reader.after(engine, language, text)?.rounded(),
        };
        let next = Next::restored(&rounded);
        if self.kept[0].len() >= KEPT {
            self.kept.swap(0, 1);
            self.kept[0].clear();
        }
        self.kept[0].insert(key, rounded);
        Ok(next)
    }
}

fn failed(why: whisper_rs::WhisperError) -> AsrFault {
    AsrFault::Engine(format!("Whisper: {why}"))
}

//! One decode: a whole utterance through Whisper, and the guards against phrases that nobody said.
use super::Engine;
use super::parameters::{HZ, LONGEST, SHORTEST, most_tokens, parameters};
use super::reader::Reader;
use super::score::Scored;
use super::vocabulary::{Token, Vocabulary};
use super::written_grammar::Grammar;
use crate::Language;
use crate::asr::AsrFault;
use crate::asr::text::normalise;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use whisper_rs::WhisperState;

/// Mean probability of a text's tokens below which it is taken for hallucinated. Speech is hardly ever below 0.5, words that
/// come out of noise hardly ever above 0.05. (whisper.cpp's own `no_speech_prob` is that of the decode before.)
const LEAST_SURE: f32 = 0.4;
/// Nobody speaks more letters in a second; Whisper, hallucinating, does.
const LETTERS_PER_SECOND: f32 = 32.0;
/// Entropy (nats) of the tokens of a long text below which it repeats itself in a loop: whisper.cpp's `entropy_thold`.
const LOOP_ENTROPY: f32 = 2.4;
const LOOP_TOKENS: usize = 32;

/// A text of so few words is refused where a token of its words is less probable than this. Measured with Whisper base over
/// µ-law: speech is at 0.25 and above, noise at 0.16 and below.
const FEW_WORDS: usize = 3;
const LEAST_GUESS: f32 = 0.2;

/// What one decode gives; no words where a guard refuses them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct FreeText {
    /// Normalised words.
    pub words: Vec<String>,
    /// How many of them, from the first, are sure (each token above the limit).
    pub sure: usize,
    /// Geometric mean of the text's token probabilities.
    pub confidence: f32,
}

impl Engine {
    /// Decodes an utterance whole, on this thread; where a grammar is expected, its sentences are scored first, and the free text is left out
    /// where it could change nothing. `aborted` is asked before and after the encoder, and at each step of the decoder.
    ///
    /// # Errors
    /// [`AsrFault::Engine`] where whisper.cpp fails, [`AsrFault::Aborted`] where `aborted` said so.
    pub(super) fn decode(
        &self,
        sound: &[f32],
        language: Language,
        expected: Option<&Grammar>,
        aborted: &dyn Fn() -> bool,
    ) -> Result<(FreeText, Option<Scored>), AsrFault> {
        if aborted() {
            return Err(AsrFault::Aborted);
        }
        let samples = sound.len().min(LONGEST);
        let mut padded;
        let pcm = if samples < SHORTEST {
            padded = sound[..samples].to_vec();
            padded.resize(SHORTEST, 0.0);
            &padded[..]
        } else {
            &sound[..samples]
        };
        let _running = Running::new(&self.running);
        let mut state = self.take_state()?;
        encode(&mut state, pcm, language)?;
        let mut reader = Reader::new(state);
        let read = self.read(&mut reader, language, expected, aborted, samples);
        // The next decode begins anew on the same state.
        if !matches!(read, Err(AsrFault::Engine(_))) {
            self.put_state(reader.into_state());
        }
        read
    }

    /// What the decoder makes of a sound of so many samples that its state has encoded.
    fn read(
        &self,
        reader: &mut Reader,
        language: Language,
        expected: Option<&Grammar>,
        aborted: &dyn Fn() -> bool,
        samples: usize,
    ) -> Result<(FreeText, Option<Scored>), AsrFault> {
        if aborted() {
            return Err(AsrFault::Aborted);
        }
        let scored = expected.map(|grammar| self.score(reader, grammar, aborted)).transpose()?.flatten();
        if scored.as_ref().is_some_and(Scored::stands_alone) {
            return Ok((FreeText::default(), scored));
        }
        let (mut text, mut said, mut bytes, mut marks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        while text.len() < most_tokens(samples.max(SHORTEST)) && !repeats(&text, &self.vocabulary) {
            if aborted() {
                return Err(AsrFault::Aborted);
            }
            let next = reader.after(self, language, &text)?.likeliest(&self.vocabulary);
            let Some((token, probability)) = next else { break };
            text.push(token);
            said.push((token, probability));
            bytes.extend_from_slice(self.vocabulary.bytes(token));
            marks.push((bytes.len(), probability));
        }
        Ok((judge(&said, &bytes, &marks, samples as f32 / HZ as f32), scored))
    }
}

/// The encoder alone. `full` makes the spectrum, takes the length of the encoder's window, and is stopped before the encoder.
fn encode(state: &mut WhisperState, pcm: &[f32], language: Language) -> Result<(), AsrFault> {
    let failed = |why| AsrFault::Engine(format!("Whisper: {why}"));
    let mut parameters = parameters(pcm.len(), language);
    // SAFETY: the callback touches nothing.
    unsafe { parameters.set_start_encoder_callback(Some(not_now)) };
    state.full(parameters, pcm).map_err(failed)?;
    state.encode(0, 1).map_err(failed)?;
    Ok(())
}

/// # Safety
/// It touches nothing.
unsafe extern "C" fn not_now<Context, State>(_: *mut Context, _: *mut State, _: *mut c_void) -> bool {
    false
}

/// Whether a text has said the same six times and nothing else (callers say a word three times and go on): Whisper has fallen into a
/// loop, of which one period is kept. Figures may be repeated.
fn repeats(text: &[Token], vocabulary: &Vocabulary) -> bool {
    const TIMES: usize = 6;
    let length = text.len() / TIMES;
    let is_loop = length > 0 && text.len() == TIMES * length && text[..text.len() - length] == text[length..];
    is_loop && !text.iter().any(|token| vocabulary.bytes(*token).iter().any(u8::is_ascii_digit))
}

/// Counts a decode while it runs.
struct Running<'a>(&'a AtomicUsize);

impl<'a> Running<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// `marks`: where each token ends in `bytes`, and its probability.
fn judge(tokens: &[(i32, f32)], bytes: &[u8], marks: &[(usize, f32)], seconds: f32) -> FreeText {
    let text = String::from_utf8_lossy(bytes);
    let written = normalise(&text);
    let length = written.len();
    let words = once(written);
    let letters: usize = words.iter().map(|word| word.chars().count() + 1).sum();
    if words.is_empty() || tokens.is_empty() {
        return FreeText::default();
    }
    let mean = tokens.iter().map(|(_, p)| p.max(1e-6).ln()).sum::<f32>() / tokens.len() as f32;
    let confidence = mean.exp();
    let too_fast = letters as f32 > LETTERS_PER_SECOND * seconds.max(0.5);
    let in_a_loop = tokens.len() > LOOP_TOKENS && entropy(&tokens[tokens.len() - LOOP_TOKENS..]) < LOOP_ENTROPY;
    // One that is the whole text has been cut to what it says once.
    let is_loop = in_a_loop && words.len() == length && length > LOOP_TOKENS / 4;
    // What comes out of noise is short, and one of its tokens is a guess.
    let (mut from, mut least) = (0, 1.0_f32);
    for (end, p) in marks {
        if bytes[from..*end].iter().any(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80) {
            least = least.min(*p);
        }
        from = *end;
    }
    let guessed = words.len() <= FEW_WORDS && least < LEAST_GUESS;
    if confidence < LEAST_SURE || too_fast || is_loop || guessed {
        return FreeText { words: Vec::new(), sure: 0, confidence };
    }
    let doubtful = marks.iter().position(|(_, p)| *p < LEAST_SURE);
    let sure = doubtful.map_or(words.len(), |index| {
        let before = index.checked_sub(1).map_or(0, |index| marks[index].0);
        // The word that the doubtful token belongs to is not sure either.
        let kept = String::from_utf8_lossy(&bytes[..before]).into_owned();
        let begun = bytes.get(before).is_some_and(|byte| *byte != b' ');
        normalise(&kept).len().saturating_sub(usize::from(begun && !kept.is_empty()))
    });
    FreeText { sure: sure.min(words.len()), words, confidence }
}

/// A text without what it says over and over: Whisper writes short sounds down in a loop. Words may be doubled, and
/// figures be anything.
fn once(words: Vec<String>) -> Vec<String> {
    let again = |length: &usize| {
        let repeated = words.iter().zip(&words[*length..]).all(|(word, later)| word == later);
        let times = words.len() / length;
        repeated && times >= if *length == 1 { 3 } else { 2 }
    };
    let has_figures = words.iter().any(|word| word.chars().any(char::is_numeric));
    match (1..=words.len() / 2).find(again) {
        Some(length) if !has_figures => words[..length].to_vec(),
        _ => words,
    }
}

fn entropy(tokens: &[(i32, f32)]) -> f32 {
    let mut counts = BTreeMap::new();
    tokens.iter().for_each(|(id, _)| *counts.entry(*id).or_insert(0u32) += 1);
    let share = |count: &u32| *count as f32 / tokens.len() as f32;
    -counts.values().map(|count| share(count) * share(count).ln()).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &[(&str, f32)], seconds: f32) -> FreeText {
        let (mut bytes, mut marks, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (piece, p)) in text.iter().enumerate() {
            bytes.extend_from_slice(piece.as_bytes());
            marks.push((bytes.len(), *p));
            tokens.push((index as i32, *p));
        }
        judge(&tokens, &bytes, &marks, seconds)
    }

    #[test]
    fn unsure_words_are_taken_for_hallucinated() {
        assert!(judged(&[(" Thank", 0.1), (" you", 0.3)], 2.0).words.is_empty());
        let decoded = judged(&[(" Book", 0.9), (" a", 0.8), (" ro", 0.9), ("om", 0.3)], 2.0);
        assert_eq!((decoded.words.join(" ").as_str(), decoded.sure), ("book a room", 2));
        assert!(decoded.confidence > 0.6 && decoded.confidence < 0.75);
    }

    #[test]
    fn more_words_than_anybody_can_say_are_taken_for_hallucinated() {
        let phrase = [(" Thank", 0.9), (" you", 0.9), (" for", 0.9), (" watching", 0.9)];
        assert!(judged(&phrase, 0.4).words.is_empty());
        assert_eq!(judged(&phrase, 1.4).words.len(), 4);
    }

    #[test]
    fn a_text_in_a_loop_is_cut_to_what_it_says_once() {
        for (text, said) in [
            ("book a room book a room book a", "book a room"),
            ("today today today", "today"),
            ("no no", "no no"),
            ("mountain view mountain view", "mountain view"),
            ("4 4 4 4", "4 4 4 4"),
            ("yes please", "yes please"),
        ] {
            assert_eq!(once(normalise(text)).join(" "), said);
        }
        // So is a whole sentence.
        let sentence = " Breakfast is included in the price and so is the parking.";
        let tokens: Vec<(i32, f32)> = (0..72).map(|index| (index % 12, 0.9)).collect();
        let said = judge(&tokens, sentence.repeat(6).as_bytes(), &[(sentence.len() * 6, 0.9)], 5.0);
        assert_eq!(said.words, normalise(sentence));
        // A loop that begins late is refused.
        let tokens: Vec<(i32, f32)> = (0..60).map(|index| (index % 4, 0.9)).collect();
        let bytes = format!(" well{}", " and on and on".repeat(15));
        assert!(judge(&tokens, bytes.as_bytes(), &[(bytes.len(), 0.9)], 20.0).words.is_empty());
    }

    #[test]
    fn a_short_text_with_a_guessed_word_is_taken_for_noise() {
        assert!(judged(&[(" Thank", 0.9), (" you", 0.15), (".", 0.9)], 2.0).words.is_empty());
        assert_eq!(judged(&[(" Thank", 0.9), (" you", 0.8), (".", 0.1)], 2.0).words.len(), 2);
    }
}

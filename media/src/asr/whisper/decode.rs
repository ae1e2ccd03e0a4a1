//! One decode: a whole utterance through Whisper, and the guards against phrases that nobody said.
use super::Engine;
use super::text::normalise;
use crate::Language;
use crate::asr::AsrFault;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use whisper_rs::{FullParams, SamplingStrategy};

const HZ: usize = 16_000;
/// Whisper's window is 30 s; what an utterance holds beyond this is not heard.
pub(super) const LONGEST: usize = 29 * HZ;
/// Whisper gives nothing for sound shorter than a second: silence is added.
const SHORTEST: usize = HZ * 11 / 10;
/// Mean probability of a text's tokens below which it is taken for invented. Speech is hardly ever below 0.5, words that
/// come out of noise hardly ever above 0.05. (whisper.cpp's own `no_speech_prob` is that of the decode before.)
const LEAST_SURE: f32 = 0.4;
/// Nobody speaks more letters in a second; Whisper, inventing, does.
const LETTERS_PER_SECOND: f32 = 32.0;
/// Entropy (nats) of the tokens of a long text below which it repeats itself in a loop: whisper.cpp's `entropy_thold`.
const LOOP_ENTROPY: f32 = 2.4;
const LOOP_TOKENS: usize = 32;

/// What one decode gives; no words where a guard refuses them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Decoded {
    /// Normalised words.
    pub words: Vec<String>,
    /// How many of them, from the first, are sure (each token above the limit).
    pub sure: usize,
    /// Geometric mean of the text's token probabilities.
    pub confidence: f32,
}

/// Whisper's code of a language (ISO 639-1).
pub(super) fn code(language: Language) -> &'static str {
    match language {
        Language::En => "en",
        Language::Vi => "vi",
    }
}

/// Frames (20 ms) the encoder looks at: the sound and some silence after it, at least 5 s, in steps of 64.
fn audio_ctx(samples: usize) -> i32 {
    ((samples * 50).div_ceil(HZ) + 128).max(256).next_multiple_of(64).min(1_500) as i32
}

/// Most tokens a text of this length can have: Vietnamese takes up to 14 in a second.
fn most_tokens(samples: usize) -> i32 {
    (16 + samples * 14 / HZ).min(220) as i32
}

impl Engine {
    /// Decodes an utterance whole, on this thread.
    ///
    /// # Errors
    /// [`AsrFault::Engine`] where whisper.cpp fails.
    pub(super) fn decode(&self, sound: &[f32], language: Language) -> Result<Decoded, AsrFault> {
        let samples = sound.len().min(LONGEST);
        let mut padded;
        let pcm = if samples < SHORTEST {
            padded = sound[..samples].to_vec();
            padded.resize(SHORTEST, 0.0);
            &padded[..]
        } else {
            &sound[..samples]
        };
        let mut state = self.take_state()?;
        self.running.fetch_add(1, Relaxed);
        let done = state.full(parameters(pcm.len(), language), pcm);
        self.running.fetch_sub(1, Relaxed);
        done.map_err(|why| AsrFault::Engine(format!("Whisper: {why}")))?;

        let text_ends = self.context.token_eot();
        let (mut tokens, mut bytes, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        for segment in state.as_iter() {
            for index in 0..segment.n_tokens() {
                // Beyond the end-of-text token lie only marks: language, task, time.
                if let Some(token) = segment.get_token(index).filter(|token| token.token_id() < text_ends) {
                    let probability = token.token_probability();
                    tokens.push((token.token_id(), probability));
                    bytes.extend_from_slice(token.to_bytes().unwrap_or_default());
                    marks.push((bytes.len(), probability));
                }
            }
        }
        self.put_state(state);
        Ok(judge(&tokens, &bytes, &marks, samples as f32 / HZ as f32))
    }
}

fn parameters(samples: usize, language: Language) -> FullParams<'static, 'static> {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_n_threads(1);
    parameters.set_language(Some(code(language)));
    parameters.set_audio_ctx(audio_ctx(samples));
    parameters.set_max_tokens(most_tokens(samples));
    parameters.set_single_segment(true);
    parameters.set_no_timestamps(true);
    parameters.set_no_context(true);
    // One pass: a second one at another temperature would come too late.
    parameters.set_temperature(0.0);
    parameters.set_temperature_inc(0.0);
    // Lets the end of the text be its first token: silence gives nothing.
    parameters.set_suppress_blank(false);
    parameters.set_suppress_nst(true);
    // Stale in whisper.cpp, so it must never decide.
    parameters.set_no_speech_thold(f32::INFINITY);
    parameters.set_print_special(false);
    parameters.set_print_progress(false);
    parameters.set_print_realtime(false);
    parameters.set_print_timestamps(false);
    parameters
}

/// `marks`: where each token ends in `bytes`, and its probability.
fn judge(tokens: &[(i32, f32)], bytes: &[u8], marks: &[(usize, f32)], seconds: f32) -> Decoded {
    let text = String::from_utf8_lossy(bytes);
    let words = normalise(&text);
    let letters: usize = words.iter().map(|word| word.chars().count() + 1).sum();
    if words.is_empty() || tokens.is_empty() {
        return Decoded::default();
    }
    let mean = tokens.iter().map(|(_, p)| p.max(1e-6).ln()).sum::<f32>() / tokens.len() as f32;
    let confidence = mean.exp();
    let too_fast = letters as f32 > LETTERS_PER_SECOND * seconds.max(0.5);
    let in_a_loop = tokens.len() > LOOP_TOKENS && entropy(&tokens[tokens.len() - LOOP_TOKENS..]) < LOOP_ENTROPY;
    if confidence < LEAST_SURE || too_fast || in_a_loop {
        return Decoded { words: Vec::new(), sure: 0, confidence };
    }
    let doubtful = marks.iter().position(|(_, p)| *p < LEAST_SURE);
    let sure = doubtful.map_or(words.len(), |index| {
        let before = index.checked_sub(1).map_or(0, |index| marks[index].0);
        // The word that the doubtful token belongs to is not sure either.
        let kept = String::from_utf8_lossy(&bytes[..before]).into_owned();
        let begun = bytes.get(before).is_some_and(|byte| *byte != b' ');
        normalise(&kept).len().saturating_sub(usize::from(begun && !kept.is_empty()))
    });
    Decoded { sure: sure.min(words.len()), words, confidence }
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

    fn judged(text: &[(&str, f32)], seconds: f32) -> Decoded {
        let (mut bytes, mut marks, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (piece, p)) in text.iter().enumerate() {
            bytes.extend_from_slice(piece.as_bytes());
            marks.push((bytes.len(), *p));
            tokens.push((index as i32, *p));
        }
        judge(&tokens, &bytes, &marks, seconds)
    }

    #[test]
    fn unsure_words_are_taken_for_invented() {
        assert!(judged(&[(" Thank", 0.1), (" you", 0.3)], 2.0).words.is_empty());
        let decoded = judged(&[(" Book", 0.9), (" a", 0.8), (" ro", 0.9), ("om", 0.3)], 2.0);
        assert_eq!((decoded.words.join(" ").as_str(), decoded.sure), ("book a room", 2));
        assert!(decoded.confidence > 0.6 && decoded.confidence < 0.75);
    }

    #[test]
    fn more_words_than_anybody_can_say_are_taken_for_invented() {
        let phrase = [(" Thank", 0.9), (" you", 0.9), (" for", 0.9), (" watching", 0.9)];
        assert!(judged(&phrase, 0.4).words.is_empty());
        assert_eq!(judged(&phrase, 1.4).words.len(), 4);
    }

    #[test]
    fn a_text_in_a_loop_is_refused() {
        let tokens: Vec<(i32, f32)> = (0..60).map(|index| (index % 4, 0.9)).collect();
        let bytes = " and on and on".repeat(15);
        assert!(judge(&tokens, bytes.as_bytes(), &[(bytes.len(), 0.9)], 20.0).words.is_empty());
    }

    #[test]
    fn the_encoder_looks_at_the_utterance_and_little_more() {
        assert_eq!([1, 2, 4, 10, 29].map(|s| audio_ctx(s * HZ)), [256, 256, 384, 640, 1_500]);
    }
}

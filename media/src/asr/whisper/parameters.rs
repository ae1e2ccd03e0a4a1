//! What Whisper is told for a decode.
use crate::Language;
use whisper_rs::{FullParams, SamplingStrategy};

pub(super) const HZ: usize = 16_000;
/// Whisper's window is 30 s; what an utterance holds beyond this is not heard.
pub(super) const LONGEST: usize = 29 * HZ;
/// Whisper gives nothing for sound shorter than a second: silence is added.
pub(super) const SHORTEST: usize = HZ * 11 / 10;

/// Frames (20 ms) the encoder looks at: the sound and some silence after it, at least 3.8 s, in steps of 64.
fn audio_ctx(samples: usize) -> i32 {
    ((samples * 50).div_ceil(HZ) + 128).max(192).next_multiple_of(64).min(1_500) as i32
}

/// Most tokens a text of this length can have: Vietnamese takes up to 14 in a second.
pub(super) fn most_tokens(samples: usize) -> usize {
    (16 + samples * 14 / HZ).min(220)
}

pub(super) fn parameters(samples: usize, language: Language) -> FullParams<'static, 'static> {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_n_threads(1);
    parameters.set_language(Some(language.code()));
    parameters.set_audio_ctx(audio_ctx(samples));
    parameters.set_max_tokens(most_tokens(samples) as i32);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoder_looks_at_the_utterance_and_little_more() {
        assert_eq!([1, 2, 4, 10, 29].map(|s| audio_ctx(s * HZ)), [192, 256, 384, 640, 1_500]);
    }
}

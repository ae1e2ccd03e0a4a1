//! A synthesiser that follows a script: a tone per text, for demonstrations and tests.
use super::{Chunk, Synthesiser, TakeChunk, TtsFault, Voice};
use crate::Language;
use std::f32::consts::TAU;
use std::thread::{park, sleep};
use std::time::Duration;

/// How a scripted voice behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// All sound as fast as the sink takes it.
    Prompt,
    /// With this delay before each chunk of 20 ms.
    Slow(Duration),
    Fail,
    /// Never returns, without a sample.
    Hang,
    /// Hangs after this much sound.
    HangAfter(Duration),
}

/// Speaks each text as a tone of its own: see [`tone_of`]; 60 ms for each character.
pub struct Scripted {
    manner: Manner,
}

impl Scripted {
    pub const PER_CHAR: Duration = Duration::from_millis(60);

    pub fn new(manner: Manner) -> Self {
        Self { manner }
    }
}

/// The frequency of a text, 300–3300 Hz in steps of 50, the same in every run.
pub fn tone_of(text: &str) -> f32 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    300.0 + (hash % 61) as f32 * 50.0
}

impl Synthesiser for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn speaks(&self, _: Language) -> bool {
        true
    }

    fn speak(&self, voice: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
        let (tick, step) = (voice.rate.per_tick(), TAU * tone_of(text) / voice.rate.hz() as f32);
        let chars = text.chars().count() as u32;
        let (mut at, mut pcm) = (0_usize, vec![0_i16; tick]);
        for char in 1..=chars {
            for _ in 0..Self::PER_CHAR.as_millis() / 20 {
                match self.manner {
                    Manner::Prompt => {}
                    Manner::Slow(pause) => sleep(pause),
                    Manner::Fail => return Err(TtsFault::Engine("told to fail".into())),
                    Manner::Hang => hang(),
                    Manner::HangAfter(after) if at >= (after.as_secs_f32() * voice.rate.hz() as f32) as usize => hang(),
                    Manner::HangAfter(_) => {}
                }
                for sample in &mut pcm {
                    *sample = ((at as f32 * step).sin() * 8_000.0) as i16;
                    at += 1;
                }
                if sink(Chunk { pcm: &pcm, upto_char: char }).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn hang() -> ! {
    loop {
        park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rate;

    #[test]
    fn each_text_has_its_tone_and_its_length() {
        let voice = Voice { language: Language::En, name: String::new(), rate: Rate::Hz8000 };
        let mut chunks = Vec::new();
        Scripted::new(Manner::Prompt)
            .speak(&voice, "abc", &mut |chunk| {
                chunks.push((chunk.pcm.len(), chunk.upto_char));
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(chunks, [(160, 1), (160, 1), (160, 1), (160, 2), (160, 2), (160, 2), (160, 3), (160, 3), (160, 3)]);
        assert_ne!(tone_of("hello"), tone_of("goodbye"));
        assert!((300.0..=3300.0).contains(&tone_of("x")));
    }
}

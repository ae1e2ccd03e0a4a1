//! `Music`: what a caller hears who waits: a slow broken chord, made here sample by sample, at any rate.
use crate::Rate;
use std::f32::consts::TAU;

/// Hertz, one after the other: a major chord and back.
const NOTES: [f32; 8] = [220.0, 277.18, 329.63, 440.0, 554.37, 440.0, 329.63, 277.18];
/// From one note to the next, in seconds.
const STEP: f32 = 0.6;
/// The loudest of a note, of 32768; some 20 dB below a voice at its peaks.
const LEVEL: f32 = 1_400.0;
/// In how many seconds a note has come, and by how much of itself it is weaker a second later.
const ATTACK: f32 = 0.02;
const DECAY: f32 = 0.08;

#[derive(Clone, Debug)]
pub(crate) struct Music {
    rate: Rate,
    note: usize,
    /// Samples of the present note so far.
    at: u32,
    phase: f32,
    level: f32,
}

impl Music {
    pub fn new(rate: Rate) -> Self {
        Self { rate, note: 0, at: 0, phase: 0.0, level: LEVEL }
    }

    /// Adds what comes next.
    pub fn add(&mut self, rate: Rate, pcm: &mut [i16]) {
        if rate != self.rate {
            *self = Self::new(rate);
        }
        let hz = rate.hz() as f32;
        let (length, attack) = ((STEP * hz) as u32, ATTACK * hz);
        let fade = DECAY.powf(1.0 / hz);
        for out in pcm {
            if self.at >= length {
                (self.note, self.at, self.level) = ((self.note + 1) % NOTES.len(), 0, LEVEL);
            }
            let rise = (self.at as f32 / attack).min(1.0);
            // The last part of a note gives way to the next without a step.
            let fall = ((length - self.at) as f32 / attack).min(1.0);
            let sample = (self.phase * TAU).sin() * self.level * rise * fall;
            *out = out.saturating_add(sample as i16);
            self.phase = (self.phase + NOTES[self.note] / hz).fract();
            self.level *= fade;
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_soft_without_steps_and_the_same_music_at_every_rate() {
        for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
            let mut music = Music::new(rate);
            let mut pcm = Vec::new();
            for _ in 0..300 {
                let mut frame = vec![0; rate.hz() as usize / 50];
                music.add(rate, &mut frame);
                pcm.extend(frame);
            }
            let loudest = pcm.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!((1_000..=1_400).contains(&loudest), "{rate:?}: {loudest}");
            let highest = NOTES.iter().copied().fold(0.0, f32::max);
            let step = (TAU * highest / rate.hz() as f32 * LEVEL * 1.5) as i32 + 2;
            assert!(pcm.windows(2).all(|two| (i32::from(two[1]) - i32::from(two[0])).abs() <= step), "{rate:?}");
            let quiet = pcm.chunks(rate.hz() as usize / 2).filter(|half| half.iter().all(|s| s.unsigned_abs() < 100));
            assert_eq!(quiet.count(), 0, "{rate:?}: it goes on");
        }
    }

    #[test]
    fn a_line_that_changes_its_rate_hears_it_begin_anew() {
        let mut music = Music::new(Rate::Hz8000);
        music.add(Rate::Hz8000, &mut [0; 800]);
        let (mut first, mut other) = ([0; 320], [0; 320]);
        music.add(Rate::Hz16000, &mut first);
        Music::new(Rate::Hz16000).add(Rate::Hz16000, &mut other);
        assert_eq!(first, other);
    }
}

//! `DelayTrack`: the delay of an echo from window to window. Phones stretch and drop sound, which moves it by milliseconds at once.
//!
//! The most likely sequence of delays with a penalty for each jump (Viterbi, 1967).
use super::spectra::{Spectra, WINDOW_MS};

/// Bins (220 Hz to 3.4 kHz) that are compared.
const BINS: std::ops::Range<usize> = 7..108;
/// The search range to either side of the present delay: 5 ms.
const REACH_MS: usize = 5;
/// The penalty of a jump, in log-likelihood.
const JUMP: f32 = 40.0;
/// How often overlapping windows count the same sound.
pub(super) const OVERLAP: f32 = 1.5;
/// Magnitude at which a sent bin has half weight in the first pass.
const FAINT: f32 = 2_000.0;

pub(super) struct DelayTrack {
    lag: i64,
    /// Offsets to `lag`, window by window.
    offsets: Vec<i64>,
}

impl DelayTrack {
    pub(super) fn new(lag: usize, frames: usize) -> Self {
        Self { lag: lag as i64, offsets: vec![0; frames] }
    }

    /// The delay in samples at a window.
    pub(super) fn delay(&self, frame: usize) -> i64 {
        self.lag + self.offsets.get(frame).or(self.offsets.last()).copied().unwrap_or(0)
    }

    /// Follows the delay through the received sound. `sent`: the sent sound delayed by the present estimate; `echo`: its fitted echo, if
    /// known; `noise`: the power of all other sound.
    pub(super) fn follow(&mut self, received: &Spectra, sent: &Spectra, echo: Option<&Spectra>, noise: &[Vec<f32>]) {
        let size = 2 * received.bins();
        let reach = (size / WINDOW_MS * REACH_MS) as i64;
        let shifts = -reach..=reach;
        let turns: Vec<Vec<(f32, f32)>> = (shifts.clone())
            .map(|shift| {
                let turn = |bin: usize| std::f32::consts::TAU * bin as f32 * shift as f32 / size as f32;
                BINS.map(|bin| (turn(bin).cos(), turn(bin).sin())).collect()
            })
            .collect();
        let mut scores = vec![0.0f32; turns.len()];
        let mut before: Vec<Vec<usize>> = Vec::with_capacity(received.frames());
        for (frame, noise) in noise.iter().enumerate() {
            let cross: Vec<(f32, f32)> = (BINS.filter(|bin| *bin < received.bins()))
                .map(|bin| {
                    let (near, far) = (received.at(frame, bin), echo.unwrap_or(sent).at(frame, bin));
                    let weight = match echo {
                        Some(_) => 1.0 / (OVERLAP * noise[bin]),
                        None => {
                            let loud = far.power().sqrt();
                            0.5 / (near.power().sqrt() * loud).max(1.0) * loud / (loud + FAINT)
                        }
                    };
                    let cross = near.times_conjugate(far).scaled(weight);
                    (cross.re, cross.im)
                })
                .collect();
            let best = (0..scores.len()).fold(0, |best, at| if scores[at] > scores[best] { at } else { best });
            let jumped = scores[best] - JUMP;
            before.push(scores.iter().enumerate().map(|(at, score)| if jumped > *score { best } else { at }).collect());
            for (score, turns) in scores.iter_mut().zip(&turns) {
                let alike: f32 = cross.iter().zip(turns).map(|(cross, turn)| cross.0 * turn.0 - cross.1 * turn.1).sum();
                *score = score.max(jumped) + alike;
            }
        }
        let mut at = (0..scores.len()).fold(0, |best, at| if scores[at] > scores[best] { at } else { best });
        for (offset, before) in self.offsets.iter_mut().zip(&before).rev() {
            *offset += at as i64 - reach;
            at = before[at];
        }
    }
}

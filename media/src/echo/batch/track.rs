//! `DelayTrack`: how late an echo comes from window to window: phones stretch and drop sound, which moves it by some milliseconds at once.
//!
//! The likeliest course of delays, where each jump has its price (Viterbi, 1967).
use super::spectra::{Spectra, WINDOW_MS};

/// Bins (220 Hz to 3.4 kHz) that tell delays apart.
const BINS: std::ops::Range<usize> = 7..108;
/// How far a delay is looked for from where it was: 5 ms.
const REACH_MS: usize = 5;
/// What a jump costs, as logarithm of its likelihood.
const JUMP: f32 = 40.0;
/// Overlapping windows tell of the same sound so many times.
pub(super) const OVERLAP: f32 = 1.5;
/// Magnitude at which a bin of what was sent counts half, before anything is known of the path.
const FAINT: f32 = 2_000.0;

pub(super) struct DelayTrack {
    lag: i64,
    /// What is added to it, window by window.
    offsets: Vec<i64>,
}

impl DelayTrack {
    pub(super) fn new(lag: usize, frames: usize) -> Self {
        Self { lag: lag as i64, offsets: vec![0; frames] }
    }

    /// The delay in samples about a window.
    pub(super) fn delay(&self, frame: usize) -> i64 {
        self.lag + self.offsets.get(frame).or(self.offsets.last()).copied().unwrap_or(0)
    }

    /// Follows the delay through what came: `sent` is what was sent as late as it is taken to come, `echo` what is known to come of it,
    /// and `noise` the power of all else.
    pub(super) fn follow(&mut self, came: &Spectra, sent: &Spectra, echo: Option<&Spectra>, noise: &[Vec<f32>]) {
        let size = 2 * came.bins();
        let reach = (size / WINDOW_MS * REACH_MS) as i64;
        let shifts = -reach..=reach;
        let turns: Vec<Vec<(f32, f32)>> = (shifts.clone())
            .map(|shift| {
                let turn = |bin: usize| std::f32::consts::TAU * bin as f32 * shift as f32 / size as f32;
                BINS.map(|bin| (turn(bin).cos(), turn(bin).sin())).collect()
            })
            .collect();
        let mut scores = vec![0.0f32; turns.len()];
        let mut before: Vec<Vec<usize>> = Vec::with_capacity(came.frames());
        for (frame, noise) in noise.iter().enumerate() {
            let cross: Vec<(f32, f32)> = (BINS.filter(|bin| *bin < came.bins()))
                .map(|bin| {
                    let (near, far) = (came.at(frame, bin), echo.unwrap_or(sent).at(frame, bin));
                    let weight = match echo {
                        Some(_) => 1.0 / (OVERLAP * noise[bin]),
                        None => {
                            let loud = far.power().sqrt();
                            0.5 / (near.power().sqrt() * loud).max(1.0) * loud / (loud + FAINT)
                        }
                    };
                    let cross = near.against(far).times(weight);
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

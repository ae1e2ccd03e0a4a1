//! `Fit`: whether what arrives can be our own sound coming back: how well it fits what was sent, whatever its delay.
//!
//! An echo repeats what was sent: for one delay, its levels (dB) over 0.4 s lie a constant of each band away from those that were sent,
//! and nothing that was sent before has failed to come back. A caller's do for no delay: voices differ by 10 dB and more from
//! one moment to the next. So one number tells an echo alone (1 to 5 dB) from a caller alone and from a caller in an echo
//! (7 dB and more), before anything is known of the way.
use super::bands::{COUNT, Spectrum};
use std::collections::VecDeque;

/// Levels per band in dB.
type Levels = [f32; COUNT];

/// Ticks of the longest way, in steps of half a tick.
const DELAYS: usize = 37;
/// Ticks (0.4 s) whose sound must fit, and ticks (0.7 s) in which nothing that fits may have failed to come back.
pub const NEWEST: usize = 20;
pub const SPAN: usize = 35;
/// What an electric path and a small room keep of their power from tick to tick. A dry echo is as sharp as what was sent, and stops
/// with it: laid over a room's tail it fits no delay.
const KEPT: [f32; 2] = [0.0, 0.3];
/// What was sent is laid over what came at steps of half a tick, dry and with a tail.
const READINGS: usize = 2 * KEPT.len();
/// Power that is added to what was sent: a band's silence.
const SILENCE: f32 = 60.0;
/// The noise of the line in a band: the least mean of three ticks in a second, and what the least is below the mean (dB).
const CALM: usize = 50;
const BIAS_DB: f32 = 2.0;
const LOWEST_DB: f32 = 18.0;
/// Ticks after which a mean of three holds nothing from before the line began.
const SETTLED: usize = 4;
/// What came counts where it rises so far above the line's noise, and lies within so much of the loudest.
const ABOVE_DB: f32 = 8.0;
const RANGE_DB: f32 = 25.0;
/// Fewer points (bands of ticks) than this say nothing.
const ENOUGH: f32 = 24.0;
/// A band's gain is that of all bands and as much of its own as so many points outweigh.
const PRIOR: f32 = 3.0;
/// No way is louder than this over all bands (dB).
const LOUDEST_DB: f32 = 3.0;
/// What may be missing of an echo (dB): phones have gates.
const MISSING_DB: f32 = 10.0;
/// Where fewer points than this were heard, what is missing of an echo weighs as if these had been: in a few points no band's gain is
/// known well, and much may seem to be missing.
const FEW: f32 = 72.0;
/// One point tells no more than this (dB).
const MOST_DB: f32 = 20.0;

/// The levels of a line, both ways.
pub struct Fit {
    /// What was sent, newest first: as it comes back dry, in that tick and half a tick earlier, and the same with a small room's tail.
    sent: Vec<[Levels; READINGS]>,
    tails: [Spectrum; KEPT.len()],
    came: VecDeque<Came>,
    /// The newest two spectra that came, and means of three in a row, newest last.
    last: [Spectrum; 2],
    calm: VecDeque<Spectrum>,
}

#[derive(Clone, Copy)]
struct Came {
    levels: Levels,
    /// 1 for bands in which somebody may be heard.
    heard: Levels,
    /// Whether the tick came from the line at all.
    known: bool,
}

impl Fit {
    pub fn new() -> Self {
        let silence = [decibels(SILENCE); COUNT];
        Self {
            sent: vec![[silence; READINGS]; DELAYS + SPAN],
            tails: [[0.0; COUNT]; KEPT.len()],
            came: VecDeque::with_capacity(SPAN + 1),
            last: [[0.0; COUNT]; 2],
            calm: VecDeque::with_capacity(CALM + 1),
        }
    }

    /// One tick: what was sent, and what came; `None` where nothing did but what a jitter buffer made up.
    pub fn push(&mut self, sent: &Spectrum, came: Option<&Spectrum>) {
        let before = self.tails;
        for (tail, kept) in self.tails.iter_mut().zip(KEPT) {
            *tail = std::array::from_fn(|band| sent[band] + kept * tail[band]);
        }
        self.sent.rotate_right(1);
        self.sent[0] = std::array::from_fn(|reading| {
            let (newer, older) = (&self.tails[reading / 2], &before[reading / 2]);
            let half = 0.5 * (reading % 2) as f32;
            std::array::from_fn(|band| decibels((1.0 - half) * newer[band] + half * older[band] + SILENCE))
        });
        let came = came.map_or(Came { levels: [0.0; COUNT], heard: [0.0; COUNT], known: false }, |came| {
            let mean = std::array::from_fn(|band| (came[band] + self.last[0][band] + self.last[1][band]) / 3.0);
            self.last = [*came, self.last[0]];
            if self.came.len() < SETTLED {
                self.calm.clear();
            }
            self.calm.push_back(mean);
            if self.calm.len() > CALM {
                self.calm.pop_front();
            }
            let least = |band: usize| self.calm.iter().map(|mean| mean[band]).fold(f32::INFINITY, f32::min);
            let noise: Levels = std::array::from_fn(|band| (decibels(least(band) + 1.0) + BIAS_DB).max(LOWEST_DB));
            let levels: Levels = std::array::from_fn(|band| decibels(came[band] + 1.0).max(noise[band]));
            let heard = std::array::from_fn(|band| f32::from(u8::from(levels[band] > noise[band] + ABOVE_DB)));
            Came { levels, heard, known: true }
        });
        self.came.push_front(came);
        self.came.truncate(SPAN);
    }

    /// Whether somebody or something was heard so many ticks ago.
    pub fn was_heard(&self, ago: usize) -> bool {
        self.came.get(ago).is_some_and(|came| came.heard.iter().sum::<f32>() >= 2.0)
    }

    /// How far (dB, in the mean over what was heard) the newest sound is from any echo of what was sent; `None` where too
    /// little was heard.
    pub fn misfit(&self) -> Option<f32> {
        let newest = || self.came.iter().take(NEWEST);
        let loudest = newest().flat_map(|came| came.levels).fold(0.0, f32::max);
        let mut weights = [[0.0; COUNT]; NEWEST];
        for (weights, came) in weights.iter_mut().zip(newest()) {
            let loud = |band: usize| f32::from(u8::from(came.levels[band] > loudest - RANGE_DB));
            *weights = std::array::from_fn(|band| came.heard[band] * loud(band));
        }
        let per_band: Levels = std::array::from_fn(|band| weights.iter().map(|weights| weights[band]).sum());
        let points: f32 = per_band.iter().sum();
        if points < ENOUGH {
            return None;
        }
        let mut least = f32::INFINITY;
        for delay in 0..DELAYS {
            for reading in 0..READINGS {
                let sent = |ago: usize| &self.sent[delay + ago][reading];
                least = least.min(self.at(sent, (&weights, &per_band, points), least));
            }
        }
        Some(least / points)
    }

    /// The sum of what one delay does not explain; anything above `least` where it is more than that.
    fn at<'a>(
        &self,
        sent: impl Fn(usize) -> &'a Levels,
        (weights, per_band, points): (&[Levels; NEWEST], &Levels, f32),
        least: f32,
    ) -> f32 {
        let mut sums = [0.0; COUNT];
        for (ago, (came, weights)) in self.came.iter().zip(weights).enumerate() {
            let sent = sent(ago);
            for band in 0..COUNT {
                sums[band] += weights[band] * (came.levels[band] - sent[band]);
            }
        }
        let all = (sums.iter().sum::<f32>() / points).min(LOUDEST_DB);
        let gains: Levels =
            std::array::from_fn(|band| all + (sums[band] - all * per_band[band]) / (per_band[band] + PRIOR));
        let mut unexplained = [0.0; COUNT];
        for (ago, (came, weights)) in self.came.iter().zip(weights).enumerate() {
            let sent = sent(ago);
            for band in 0..COUNT {
                let off = (came.levels[band] - sent[band] - gains[band]).abs();
                unexplained[band] += weights[band] * off.min(MOST_DB);
            }
        }
        let mut sum: f32 = unexplained.iter().sum();
        let share = (points / FEW).min(1.0);
        for (ago, came) in self.came.iter().enumerate().filter(|(_, came)| came.known) {
            if sum > least {
                break;
            }
            // Sound that stops between two ticks is due in neither.
            let (sent, before) = (sent(ago), sent(ago + 1));
            let weights = weights.get(ago).unwrap_or(&[0.0; COUNT]);
            for band in 0..COUNT {
                let due = sent[band].min(before[band]) + gains[band];
                let missing = due - came.levels[band] - MISSING_DB;
                sum += share * (1.0 - weights[band]) * missing.clamp(0.0, MOST_DB);
            }
        }
        sum
    }
}

fn decibels(power: f32) -> f32 {
    10.0 * power.log10()
}

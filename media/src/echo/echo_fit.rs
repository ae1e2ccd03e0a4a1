//! `EchoFit`: how well the received sound fits an echo of what was sent, over all delays.
//!
//! At the delay of an echo, received levels (dB) over 0.4 s differ from sent levels by a constant for each band, and nothing sent is
//! missing. A caller's levels fit no delay: voices differ by 10 dB and more from one moment to the next. The misfit tells an echo alone
//! (1 to 5 dB) from a caller alone and from a caller over an echo (7 dB and more), before the echo path is known.
use super::bands::{COUNT, Spectrum};
use std::collections::VecDeque;

/// Levels per band in dB.
type Levels = [f32; COUNT];

/// Delays that are tried, in ticks; each also half a tick earlier.
const DELAYS: usize = 37;
/// Ticks (0.4 s) whose sound must fit, and ticks (0.7 s) in which nothing sent may be missing.
pub const NEWEST: usize = 20;
pub const SPAN: usize = 35;
/// Decay per tick, in power, of an electric path and of a small room. A dry echo stops with the sound that was sent: compared with a
/// reverberant one it fits no delay.
const DECAY: [f32; 2] = [0.0, 0.3];
/// Received sound is compared with four versions of each sent tick: at two half-tick offsets, dry and reverberant.
const READINGS: usize = 2 * DECAY.len();
/// Power added to each band of what was sent: the level of silence.
const SILENCE: f32 = 60.0;
/// The line's noise in a band: the least mean of three ticks within this many ticks (1 s), plus the bias of a minimum (dB), and at least
/// `LOWEST_DB`.
const CALM: usize = 50;
const BIAS_DB: f32 = 2.0;
const LOWEST_DB: f32 = 18.0;
/// Ticks after which a mean of three holds only sound of the line.
const SETTLED: usize = 4;
/// Received sound counts where it rises this far above the line's noise and lies within this range below the loudest.
const ABOVE_DB: f32 = 8.0;
const RANGE_DB: f32 = 25.0;
/// Fewer points (bands of ticks) than this say nothing.
const ENOUGH: f32 = 24.0;
/// Weight, in points, of the common gain of all bands against a band's own.
const PRIOR: f32 = 3.0;
/// The largest common gain (dB).
const LOUDEST_DB: f32 = 3.0;
/// How much of an echo may be missing (dB): phones have noise gates.
const MISSING_DB: f32 = 10.0;
/// Below this many points, missing echo counts in proportion to their number: gains from few points are inaccurate.
const FEW: f32 = 72.0;
/// The largest misfit of one point (dB).
const MOST_DB: f32 = 20.0;

/// The levels of a line in both directions.
pub struct EchoFit {
    /// What was sent, newest first, in its [`READINGS`] versions.
    sent: Vec<[Levels; READINGS]>,
    tails: [Spectrum; DECAY.len()],
    received: VecDeque<Received>,
    /// The last two received spectra, and means of three in a row, newest last.
    last: [Spectrum; 2],
    calm: VecDeque<Spectrum>,
}

#[derive(Clone, Copy)]
struct Received {
    levels: Levels,
    /// 1 for bands with sound above the noise, else 0.
    heard: Levels,
    /// Whether the sound received from the line, not from concealment.
    known: bool,
}

impl EchoFit {
    pub fn new() -> Self {
        let silence = [decibels(SILENCE); COUNT];
        Self {
            sent: vec![[silence; READINGS]; DELAYS + SPAN],
            tails: [[0.0; COUNT]; DECAY.len()],
            received: VecDeque::with_capacity(SPAN + 1),
            last: [[0.0; COUNT]; 2],
            calm: VecDeque::with_capacity(CALM + 1),
        }
    }

    /// Takes one tick: what was sent and what was received; `None` for concealment.
    pub fn push(&mut self, sent: &Spectrum, received: Option<&Spectrum>) {
        let before = self.tails;
        for (tail, decay) in self.tails.iter_mut().zip(DECAY) {
            *tail = std::array::from_fn(|band| sent[band] + decay * tail[band]);
        }
        self.sent.rotate_right(1);
        self.sent[0] = std::array::from_fn(|reading| {
            let (newer, older) = (&self.tails[reading / 2], &before[reading / 2]);
            let half = 0.5 * (reading % 2) as f32;
            std::array::from_fn(|band| decibels((1.0 - half) * newer[band] + half * older[band] + SILENCE))
        });
        let received =
            received.map_or(Received { levels: [0.0; COUNT], heard: [0.0; COUNT], known: false }, |received| {
                let mean = std::array::from_fn(|band| (received[band] + self.last[0][band] + self.last[1][band]) / 3.0);
                self.last = [*received, self.last[0]];
                if self.received.len() < SETTLED {
                    self.calm.clear();
                }
                self.calm.push_back(mean);
                if self.calm.len() > CALM {
                    self.calm.pop_front();
                }
                let least = |band: usize| self.calm.iter().map(|mean| mean[band]).fold(f32::INFINITY, f32::min);
                let noise: Levels = std::array::from_fn(|band| (decibels(least(band) + 1.0) + BIAS_DB).max(LOWEST_DB));
                let levels: Levels = std::array::from_fn(|band| decibels(received[band] + 1.0).max(noise[band]));
                let heard = std::array::from_fn(|band| f32::from(u8::from(levels[band] > noise[band] + ABOVE_DB)));
                Received { levels, heard, known: true }
            });
        self.received.push_front(received);
        self.received.truncate(SPAN);
    }

    /// Whether sound above the noise was received this many ticks ago.
    pub fn was_heard(&self, ago: usize) -> bool {
        self.received.get(ago).is_some_and(|received| received.heard.iter().sum::<f32>() >= 2.0)
    }

    /// The mean distance (dB) of the newest sound from the best-fitting echo; `None` where too little was received.
    pub fn misfit(&self) -> Option<f32> {
        let newest = || self.received.iter().take(NEWEST);
        let loudest = newest().flat_map(|received| received.levels).fold(0.0, f32::max);
        let mut weights = [[0.0; COUNT]; NEWEST];
        for (weights, received) in weights.iter_mut().zip(newest()) {
            let loud = |band: usize| f32::from(u8::from(received.levels[band] > loudest - RANGE_DB));
            *weights = std::array::from_fn(|band| received.heard[band] * loud(band));
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

    /// The summed misfit at one delay. It may stop early with any value above `least`.
    fn at<'a>(
        &self,
        sent: impl Fn(usize) -> &'a Levels,
        (weights, per_band, points): (&[Levels; NEWEST], &Levels, f32),
        least: f32,
    ) -> f32 {
        let mut sums = [0.0; COUNT];
        for (ago, (received, weights)) in self.received.iter().zip(weights).enumerate() {
            let sent = sent(ago);
            for band in 0..COUNT {
                sums[band] += weights[band] * (received.levels[band] - sent[band]);
            }
        }
        let all = (sums.iter().sum::<f32>() / points).min(LOUDEST_DB);
        let gains: Levels =
            std::array::from_fn(|band| all + (sums[band] - all * per_band[band]) / (per_band[band] + PRIOR));
        let mut unexplained = [0.0; COUNT];
        for (ago, (received, weights)) in self.received.iter().zip(weights).enumerate() {
            let sent = sent(ago);
            for band in 0..COUNT {
                let off = (received.levels[band] - sent[band] - gains[band]).abs();
                unexplained[band] += weights[band] * off.min(MOST_DB);
            }
        }
        let mut sum: f32 = unexplained.iter().sum();
        let share = (points / FEW).min(1.0);
        for (ago, received) in self.received.iter().enumerate().filter(|(_, received)| received.known) {
            if sum > least {
                break;
            }
            // Sound that stops between two ticks may be missing in either.
            let (sent, before) = (sent(ago), sent(ago + 1));
            let weights = weights.get(ago).unwrap_or(&[0.0; COUNT]);
            for band in 0..COUNT {
                let due = sent[band].min(before[band]) + gains[band];
                let missing = due - received.levels[band] - MISSING_DB;
                sum += share * (1.0 - weights[band]) * missing.clamp(0.0, MOST_DB);
            }
        }
        sum
    }
}

fn decibels(power: f32) -> f32 {
    10.0 * power.log10()
}

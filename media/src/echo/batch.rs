//! `BatchCanceller`: cancels the echo of a bot's first seconds in the sound of a whole utterance, once it has come.
//!
//! An adaptive canceller needs a second or two to find an echo and damps whoever speaks meanwhile, also where there is no echo; a
//! recogniser is thrown off by an echo 30 dB below a voice. So the sound of the first seconds is kept as it came, both ways. When an
//! utterance is handed on, the delay of the echo is the peak of the generalised cross-correlation with phase transform (Knapp and
//! Carter, 1976), [`DelayTrack`] follows it through its jumps, and [`filter`] fits the path to all that was kept and subtracts what comes
//! of it. Where no delay stands out, or what a path explains may be chance, the sound stays as it came.
mod filter;
mod spectra;
mod track;

use super::bands::{COUNT, EDGES_HZ};
use crate::frame::{Rate, SamplePos};
use crate::resample::Resampler;
use filter::Fitted;
use sonora_fft::fft4g::Fft4g;
use spectra::{Spectra, Stft};
use std::collections::VecDeque;
use track::DelayTrack;

/// Sound that is kept both ways: 4 s.
const KEPT_TICKS: usize = 200;
/// The longest delay of an echo, in ticks.
const LONGEST: usize = 36;
/// Root mean squares that sound is levelled from, tick by tick, before it is correlated: what is fainter counts for less.
const FAINT_NEAR: f32 = 30.0;
const FAINT_FAR: f32 = 64.0;
/// Lags (3 ms) over which a correlation is summed up: an echo's delay wobbles, and a room reflects.
const SPREAD_MS: usize = 3;
/// How far the correlation at the echo's delay stands above its mean over all delays.
const PEAK: f32 = 3.0;
/// How often the delay is followed and the path fitted: a second time by what the first has left.
const ROUNDS: usize = 2;
/// The rate of what a recogniser gets, and its samples per unit of [`SamplePos`].
const HZ: u32 = 16_000;
const POS_PER_SAMPLE: u64 = SamplePos::PER_SECOND / HZ as u64;

/// The newest sound of a line, both ways.
pub(super) struct BatchCanceller {
    rate: Rate,
    near: VecDeque<i16>,
    far: VecDeque<i16>,
    /// The place in the call that follows the newest sound.
    end: SamplePos,
}

/// Sound at 16 kHz, and where it begins in the call.
pub struct Cancelled {
    pub begins: SamplePos,
    pub pcm: Vec<i16>,
}

impl Cancelled {
    /// Puts this sound in the place of `pcm`, which begins at `from`, as far as it is kept.
    pub fn replace(&self, from: SamplePos, pcm: &mut [i16]) {
        let late = (from.0 as i64 - self.begins.0 as i64).div_euclid(POS_PER_SAMPLE as i64);
        for (n, sample) in pcm.iter_mut().enumerate() {
            let kept = usize::try_from(late + n as i64).ok().and_then(|at| self.pcm.get(at));
            *sample = kept.copied().unwrap_or(*sample);
        }
    }
}

impl BatchCanceller {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, near: VecDeque::new(), far: VecDeque::new(), end: SamplePos(0) }
    }

    /// The next tick: what came, as it came, with its place in the call; and what was sent.
    pub(super) fn push(&mut self, pos: SamplePos, near: &[i16], far: &[i16]) {
        if pos.0.abs_diff(self.end.0) > SamplePos::PER_TICK / 2 {
            self.near.clear();
            self.far.clear();
        }
        let excess = (self.near.len() + near.len()).saturating_sub(KEPT_TICKS * self.rate.per_tick());
        for (kept, new) in [(&mut self.near, near), (&mut self.far, far)] {
            kept.drain(..excess.min(kept.len()));
            kept.extend(new);
        }
        self.end = SamplePos(pos.0 + SamplePos::PER_TICK);
    }

    /// All that was kept of what came, without its echo.
    pub(super) fn whole(&self) -> Cancelled {
        let per_sample = SamplePos::PER_SECOND / u64::from(self.rate.hz());
        let begins = SamplePos(self.end.0.saturating_sub(self.near.len() as u64 * per_sample));
        let left = self.cancel();
        let (mut up, mut pcm) = (Resampler::new(self.rate.hz(), HZ), Vec::new());
        let late = (up.delay().as_secs_f64() * f64::from(HZ)).round() as usize;
        up.push(&left, &mut pcm);
        up.finish(&mut pcm);
        pcm.drain(..late.min(pcm.len()));
        Cancelled { begins, pcm }
    }

    /// The same at the line's rate.
    fn cancel(&self) -> Vec<i16> {
        let came: Vec<i16> = self.near.iter().copied().collect();
        let Some(lag) = self.lag() else { return came };
        let stft = Stft::new(self.rate);
        let near = Spectra::of(&stft, came.iter().map(|sample| f32::from(*sample)));
        let mut track = DelayTrack::new(lag, near.frames());
        let (mut left, mut fitted) = (near.clone(), None::<Fitted>);
        for _ in 0..ROUNDS {
            let noise = left.smooth();
            let echo = fitted.as_ref().map(|fitted| &fitted.echo);
            track.follow(&near, &self.sent(&stft, &track), echo, &noise);
            let fit = filter::fit(&near, &self.sent(&stft, &track), &noise);
            left = near.without(&fit.echo);
            fitted = Some(fit);
        }
        match fitted {
            Some(fitted) if fitted.is_proved => stft.sound(&left, came.len()),
            _ => came,
        }
    }

    /// What was sent, as late as its echo comes.
    fn sent(&self, stft: &Stft, track: &DelayTrack) -> Spectra {
        let hop = stft.hop();
        let at = |n: usize| usize::try_from(n as i64 - track.delay((n + hop / 2) / hop)).ok();
        Spectra::of(
            stft,
            (0..self.far.len()).map(|n| at(n).and_then(|n| self.far.get(n)).copied().map_or(0.0, f32::from)),
        )
    }

    /// The delay (samples) at which what came is most like what was sent.
    fn lag(&self) -> Option<usize> {
        let tick = self.rate.per_tick();
        let longest = LONGEST * tick;
        if self.near.len() < 10 * tick {
            return None;
        }
        let size = (self.near.len() + longest).next_power_of_two();
        let fft = Fft4g::new(size);
        let spectrum = |kept: &VecDeque<i16>, faint: f32| {
            let mut out = vec![0.0f32; size];
            for (n, sample) in kept.iter().enumerate() {
                out[n] = f32::from(*sample);
            }
            for piece in out[..kept.len()].chunks_mut(tick) {
                let power = piece.iter().map(|sample| sample * sample).sum::<f32>() / piece.len() as f32;
                let scale = 1.0 / (power.sqrt() + faint);
                piece.iter_mut().for_each(|sample| *sample *= scale);
            }
            fft.rdft(&mut out);
            out
        };
        let (near, far) = (spectrum(&self.near, FAINT_NEAR), spectrum(&self.far, FAINT_FAR));
        let bin = |hz: f32| (hz * size as f32 / self.rate.hz() as f32) as usize;
        let mut cross = vec![0.0f32; size];
        for k in bin(EDGES_HZ[0])..bin(EDGES_HZ[COUNT]) {
            let (a, b) = ((near[2 * k], near[2 * k + 1]), (far[2 * k], far[2 * k + 1]));
            let (re, im) = (a.0 * b.0 + a.1 * b.1, a.1 * b.0 - a.0 * b.1);
            let size = (re * re + im * im).sqrt().max(1e-9);
            (cross[2 * k], cross[2 * k + 1]) = (re / size, im / size);
        }
        fft.irdft(&mut cross);
        let spread = tick / 20 * SPREAD_MS;
        let energy: Vec<f32> = cross[..longest].iter().map(|r| r * r).collect();
        let mean = energy.iter().sum::<f32>() / longest as f32 * spread as f32;
        let (lag, most) = energy
            .windows(spread)
            .map(|window| window.iter().sum::<f32>())
            .enumerate()
            .fold((0, 0.0), |best, (lag, sum)| if sum > best.1 { (lag, sum) } else { best });
        // The middle of those that were summed up.
        (most > PEAK * mean).then_some(lag + spread / 2)
    }
}

#[cfg(test)]
mod tests;

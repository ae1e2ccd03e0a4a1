//! `BatchCanceller`: cancels the echo of a bot's first seconds in the sound of a whole utterance.
//!
//! An adaptive canceller needs a second or two to converge and damps speech meanwhile, also where there is no echo; and an echo 30 dB
//! below a voice disturbs recognition. Raw sound of both directions is therefore kept for the first seconds. When an utterance is
//! passed on, the delay of the echo is the peak of the generalised cross-correlation with phase transform (Knapp and Carter, 1976),
//! [`DelayTrack`] follows its jumps, and [`filter`] fits the echo path to all kept sound and subtracts the echo. Where no delay stands
//! out, or the fit may be chance, the sound stays raw.
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

/// Ticks of sound kept of each direction: 4 s.
const KEPT_TICKS: usize = 200;
/// The longest delay of an echo, in ticks.
const LONGEST: usize = 36;
/// Each tick is normalised by its root mean square plus this before correlation: fainter ticks count for less.
const FAINT_NEAR: f32 = 30.0;
const FAINT_FAR: f32 = 64.0;
/// Width (3 ms) over which the correlation is summed: an echo's delay varies, and rooms reflect.
const SPREAD_MS: usize = 3;
/// The least ratio of the correlation at an echo's delay to its mean over all delays.
const PEAK: f32 = 3.0;
/// Passes of delay tracking and fitting: the second uses the residual of the first.
const ROUNDS: usize = 2;
/// The recogniser's rate, and units of [`SamplePos`] per sample.
const HZ: u32 = 16_000;
const POS_PER_SAMPLE: u64 = SamplePos::PER_SECOND / HZ as u64;

/// The newest sound of a line in both directions.
pub(super) struct BatchCanceller {
    rate: Rate,
    near: VecDeque<i16>,
    far: VecDeque<i16>,
    /// The position in the call that follows the newest sound.
    end: SamplePos,
}

/// Sound at 16 kHz, and where it begins in the call.
pub struct Cancelled {
    pub begins: SamplePos,
    pub pcm: Vec<i16>,
}

impl Cancelled {
    /// Replaces `pcm`, which begins at `from`, as far as the sound is kept.
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

    /// Takes the next tick: the raw near-end sound with its position in the call, and the far-end sound.
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

    /// All kept near-end sound, echo cancelled.
    pub(super) fn cancelled(&self) -> Cancelled {
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
        let received: Vec<i16> = self.near.iter().copied().collect();
        let Some(lag) = self.lag() else { return received };
        let stft = Stft::new(self.rate);
        let near = Spectra::of(&stft, received.iter().map(|sample| f32::from(*sample)));
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
            Some(fitted) if fitted.is_proved => stft.sound(&left, received.len()),
            _ => received,
        }
    }

    /// The far-end sound, delayed as the echo is.
    fn sent(&self, stft: &Stft, track: &DelayTrack) -> Spectra {
        let hop = stft.hop();
        let at = |n: usize| usize::try_from(n as i64 - track.delay((n + hop / 2) / hop)).ok();
        Spectra::of(
            stft,
            (0..self.far.len()).map(|n| at(n).and_then(|n| self.far.get(n)).copied().map_or(0.0, f32::from)),
        )
    }

    /// The delay of the echo in samples, if one stands out.
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
        // The middle of the window that was summed.
        (most > PEAK * mean).then_some(lag + spread / 2)
    }
}

#[cfg(test)]
mod tests;

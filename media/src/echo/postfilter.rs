//! `Postfilter`: takes the echo out of a whole utterance once it has come, by spectral subtraction.
//!
//! A canceller needs a second or two to find an echo and damps whoever speaks meanwhile; a recogniser is thrown off by an echo 20 dB
//! below a voice. So the sound of the first seconds is kept both ways. When an utterance is handed on, the delay of the echo is the peak
//! of the generalised cross-correlation with phase transform (Knapp and Carter, 1976); how loud the echo comes back in each band is a
//! low quantile of what came over what was sent that much earlier, since a voice only adds to it. Power that this echo explains is
//! subtracted (Boll, 1979).
use super::bands::EDGES_HZ;
use crate::frame::{Rate, SamplePos};
use sonora_fft::fft4g::Fft4g;
use std::collections::VecDeque;

const BANDS: usize = EDGES_HZ.len() - 1;
/// Sound that is kept both ways: 3 s.
const KEPT_TICKS: usize = 150;
/// The longest delay of an echo, in ticks.
const LONGEST: usize = 36;
/// Spectra are of 32 ms, one each 10 ms; their bins are 31.25 Hz apart at every rate.
const WINDOW_MS: usize = 32;
const HOP_MS: usize = 10;
const BIN_HZ: f32 = 31.25;
/// Root mean squares that sound is levelled from, tick by tick, before it is correlated: what is fainter counts for less.
const FAINT_NEAR: f32 = 30.0;
const FAINT_FAR: f32 = 64.0;
/// Lags (3 ms at 8 kHz) over which a correlation is summed up: an echo's delay wobbles, and a room reflects.
const SPREAD_MS: usize = 3;
/// How far the correlation at the echo's delay stands above its mean over all delays.
const PEAK: f32 = 3.0;
/// An echo comes back about as loud in each band: the gains (dB) of a delay that is none lie further apart. None is louder than
/// this, and what is fainter throws no recogniser off.
const SPREAD_DB: f32 = 4.5;
const LOUDEST_DB: f32 = -4.0;
const FAINTEST_DB: f32 = -35.0;
/// What a room keeps of its power from spectrum to spectrum.
const TAIL: f32 = 0.5;
/// What was sent counts where it is within 15 dB of the loudest in its band, and at least so loud.
const RANGE: f32 = 0.03;
const SILENCE: f32 = 60.0;
const ENOUGH: usize = 8;
/// The quantile of what came over what was sent, and by how much an echo is louder than that says.
const QUANTILE: f32 = 0.3;
const BIAS: f32 = 1.5;
const LOUDEST: f32 = 2.0;
/// How much of the power that an echo explains is subtracted, and the least that is left of any.
const OVER: f32 = 2.0;
const FLOOR: f32 = 0.01;
/// Bins to either side over which power is smoothed.
const SMOOTH: usize = 2;

/// The newest sound of a line, both ways.
pub(super) struct Postfilter {
    rate: Rate,
    near: VecDeque<i16>,
    far: VecDeque<i16>,
    /// The place in the call that follows the newest sound.
    end: SamplePos,
}

/// An echo: its delay in samples of the line, and the share of power that comes back in each band.
pub(super) struct Found {
    lag: usize,
    gains: [f32; BANDS],
}

impl Postfilter {
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

    /// Takes the echo out of sound at 16 kHz that begins at `from`.
    pub(super) fn clean(&self, from: SamplePos, pcm: &mut [i16]) -> Option<Found> {
        let found = self.find()?;
        let hz = self.rate.hz() as usize;
        let (far, echo) =
            (Spectra::of(self.far.iter().copied(), hz), SamplePos::PER_SECOND / u64::from(self.rate.hz()));
        let begins = self.end.0.saturating_sub(self.near.len() as u64 * echo);
        // Where the utterance begins in what was kept, in samples of 16 kHz.
        let skip = (from.0 as i64 - begins as i64) / 3;
        let lag = (found.lag * 16_000 / hz) as i64;
        let hop = (HOP_MS * 16) as i64;
        let gain_at = |frame: usize| {
            // The utterance's spectra lie between those of what was sent: the nearest in time.
            let at = skip + frame as i64 * hop - lag;
            usize::try_from((at + hop / 2).div_euclid(hop)).ok().and_then(|at| far.tails.get(at))
        };
        subtract(pcm, |frame, bin| {
            gain_at(frame).map_or(0.0, |far| found.gains[band(bin)] * far.get(bin).copied().unwrap_or(0.0))
        });
        Some(found)
    }

    /// The echo, if there is one.
    pub(super) fn find(&self) -> Option<Found> {
        let hz = self.rate.hz() as usize;
        let lag = self.lag()?;
        let near = Spectra::of(self.near.iter().copied(), hz);
        let far = Spectra::of(self.far.iter().copied(), hz);
        let gains = gains(&near, &far, (lag + hz / 2_000 * HOP_MS) / (hz / 1_000 * HOP_MS));
        (spread(&gains) < SPREAD_DB).then_some(Found { lag, gains })
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
        for k in bin(EDGES_HZ[0])..bin(EDGES_HZ[BANDS]) {
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
        (most > PEAK * mean).then_some(lag)
    }
}

/// The share of power that comes back in each band so many spectra late.
fn gains(near: &Spectra, far: &Spectra, late: usize) -> [f32; BANDS] {
    std::array::from_fn(|band| {
        let sent: Vec<f32> = far.tails.iter().map(|tail| power(tail, band)).collect();
        let loudest = sent.iter().copied().fold(0.0, f32::max);
        let pairs = sent.iter().zip(near.powers.iter().skip(late));
        let loud = pairs.filter(|(sent, _)| **sent > (loudest * RANGE).max(SILENCE));
        let mut ratios: Vec<f32> = loud.map(|(sent, came)| power(came, band) / sent).collect();
        if ratios.len() < ENOUGH {
            return 0.0;
        }
        ratios.sort_by(f32::total_cmp);
        (BIAS * ratios[(ratios.len() as f32 * QUANTILE) as usize]).min(LOUDEST)
    })
}

/// How far (dB) the gains of bands lie apart: their standard deviation. Those of an echo too loud to be one, or too
/// faint to matter, lie infinitely far.
fn spread(gains: &[f32; BANDS]) -> f32 {
    let levels = gains.map(|gain: f32| 10.0 * gain.max(1e-6).log10());
    let mean = levels.iter().sum::<f32>() / BANDS as f32;
    if !(FAINTEST_DB..LOUDEST_DB).contains(&mean) {
        return f32::INFINITY;
    }
    (levels.iter().map(|level| (level - mean).powi(2)).sum::<f32>() / BANDS as f32).sqrt()
}

/// The band that a bin belongs to; what lies outside belongs to the outermost.
fn band(bin: usize) -> usize {
    let hz = bin as f32 * BIN_HZ;
    EDGES_HZ[1..BANDS].iter().filter(|edge| hz >= **edge).count()
}

fn power(spectrum: &[f32], band: usize) -> f32 {
    let at = |hz: f32| ((hz / BIN_HZ).round() as usize).min(spectrum.len());
    spectrum[at(EDGES_HZ[band])..at(EDGES_HZ[band + 1])].iter().sum()
}

/// Power of a sound bin by bin, each 10 ms, on the square of the 16-bit scale; and the same with a room's tail.
struct Spectra {
    powers: Vec<Vec<f32>>,
    tails: Vec<Vec<f32>>,
}

impl Spectra {
    fn of(pcm: impl Iterator<Item = i16>, hz: usize) -> Self {
        let pcm: Vec<f32> = pcm.map(f32::from).collect();
        let hop = hz / 1_000 * HOP_MS;
        let (stft, mut powers) = (Stft::new(hz), Vec::new());
        let mut buffer = vec![0.0; stft.size()];
        for at in (0..pcm.len()).step_by(hop) {
            stft.analyse(&pcm, at, &mut buffer);
            powers.push(stft.powers(&buffer));
        }
        let mut tail = vec![0.0f32; stft.size() / 2];
        let tails = powers.iter().map(|power| {
            tail.iter_mut().zip(power).for_each(|(tail, power)| *tail = TAIL * *tail + power);
            tail.clone()
        });
        let tails = tails.collect();
        Self { powers, tails }
    }
}

/// Windows of 32 ms about every 10 ms of a sound.
struct Stft {
    fft: Fft4g,
    window: Vec<f32>,
    scale: f32,
}

impl Stft {
    fn new(hz: usize) -> Self {
        let size = hz / 1_000 * WINDOW_MS;
        let phase = |n: usize| std::f32::consts::TAU * (n as f32 + 0.5) / size as f32;
        let window: Vec<f32> = (0..size).map(|n| 0.5 - 0.5 * phase(n).cos()).collect();
        let energy: f32 = window.iter().map(|w| w * w).sum();
        Self { fft: Fft4g::new(size), window, scale: 2.0 / (energy * size as f32) }
    }

    fn size(&self) -> usize {
        self.window.len()
    }

    /// The spectrum of the window whose middle is at `at`.
    fn analyse(&self, pcm: &[f32], at: usize, buffer: &mut [f32]) {
        let from = at as i64 - self.size() as i64 / 2;
        for (n, (out, window)) in buffer.iter_mut().zip(&self.window).enumerate() {
            let sample = usize::try_from(from + n as i64).ok().and_then(|at| pcm.get(at)).copied().unwrap_or(0.0);
            *out = sample * window;
        }
        self.fft.rdft(buffer);
    }

    fn powers(&self, spectrum: &[f32]) -> Vec<f32> {
        let pairs = spectrum.chunks_exact(2).enumerate();
        let raw: Vec<f32> =
            pairs.map(|(k, bin)| if k == 0 { 0.0 } else { (bin[0] * bin[0] + bin[1] * bin[1]) * self.scale }).collect();
        (0..raw.len())
            .map(|k| {
                let near = &raw[k.saturating_sub(SMOOTH)..(k + SMOOTH + 1).min(raw.len())];
                near.iter().sum::<f32>() / near.len() as f32
            })
            .collect()
    }
}

/// Subtracts from sound at 16 kHz the power that is `echo` in each spectrum and bin.
fn subtract(pcm: &mut [i16], echo: impl Fn(usize, usize) -> f32) {
    let sound: Vec<f32> = pcm.iter().map(|sample| f32::from(*sample)).collect();
    let (stft, hop) = (Stft::new(16_000), HOP_MS * 16);
    let size = stft.size();
    let (mut out, mut weight) = (vec![0.0f32; sound.len() + size], vec![0.0f32; sound.len() + size]);
    let mut buffer = vec![0.0; size];
    for (frame, at) in (0..sound.len() + hop).step_by(hop).enumerate() {
        stft.analyse(&sound, at, &mut buffer);
        for (bin, power) in stft.powers(&buffer).into_iter().enumerate() {
            let left = (1.0 - OVER * echo(frame, bin) / power.max(1e-3)).max(FLOOR).sqrt();
            buffer[2 * bin] *= left;
            if bin > 0 {
                buffer[2 * bin + 1] *= left;
            }
        }
        stft.fft.irdft(&mut buffer);
        for (n, (sample, window)) in buffer.iter().zip(&stft.window).enumerate() {
            // The output begins half a window before the sound.
            if let (Some(out), Some(weight)) = (out.get_mut(at + n), weight.get_mut(at + n)) {
                *out += sample * window * 2.0 / size as f32;
                *weight += window * window;
            }
        }
    }
    for (n, sample) in pcm.iter_mut().enumerate() {
        let at = n + size / 2;
        *sample = crate::noise::nearest(out[at] / weight[at].max(1e-3));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::rms;
    use crate::testkit::acoustics::{Acoustics, Place};
    use crate::testkit::voices;
    use std::time::Duration;

    const BEGINS: usize = 8_000;

    /// What is kept of a bot that speaks for 2 s into a room, and of somebody who begins to speak a second later than it; and what
    /// came of them alone.
    fn kept(number: usize, loss_db: f32, ms: u64) -> (Postfilter, Vec<i16>, Vec<i16>) {
        let place = Place { loss_db, delay: Duration::from_millis(ms), seed: 40 + number as u64, ..Place::default() };
        let (mut phone, mut alone) = (Acoustics::new(place), Acoustics::new(place));
        let (bot, voice) = (voices::talk(number, 2.0), voices::reply(number));
        let (mut postfilter, mut came, mut clean) = (Postfilter::new(Rate::Hz8000), Vec::new(), Vec::new());
        for tick in 0..130usize {
            let piece = |of: &[i16], begins: usize| -> Vec<i16> {
                (tick * 160..tick * 160 + 160)
                    .map(|n| n.checked_sub(begins).and_then(|n| of.get(n)).copied().unwrap_or(0))
                    .collect()
            };
            let (far, said) = (piece(&bot, 0), piece(&voice, BEGINS));
            let near = phone.tick(&far, &said);
            clean.extend(alone.tick(&[0; 160], &said));
            postfilter.push(SamplePos::of_tick(tick as u64), &near, &far);
            came.extend(near);
        }
        (postfilter, came, clean)
    }

    #[test]
    fn an_echo_is_found_at_its_delay_and_subtracted_and_a_voice_over_it_stays() {
        for (number, (loss_db, ms)) in [(20.0, 60), (15.0, 180), (15.0, 310), (10.0, 430)].into_iter().enumerate() {
            let (postfilter, came, clean) = kept(number, loss_db, ms);
            let found = postfilter.find().unwrap_or_else(|| panic!("no echo at {loss_db} dB, {ms} ms"));
            assert!((found.lag / 8).abs_diff(ms as usize) <= 12, "{} samples, {ms} ms", found.lag);
            let up = |pcm: &[i16]| -> Vec<i16> { pcm.iter().flat_map(|sample| [*sample, *sample]).collect() };
            let mut left = up(&came);
            postfilter.clean(SamplePos(0), &mut left);
            let before = BEGINS / 2 * 2..BEGINS * 2;
            let lower = 20.0 * (rms(&up(&came)[before.clone()]) / rms(&left[before])).log10();
            let said = BEGINS * 2..BEGINS * 2 + 16_000;
            let (voice, heard) = (&up(&clean)[said.clone()], &left[said]);
            let dot = |a: &[i16], b: &[i16]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
            let alike = dot(voice, heard) / (dot(voice, voice) * dot(heard, heard)).sqrt();
            println!("{loss_db} dB, {ms} ms: echo {lower:.1} dB lower, voice alike {alike:.3}");
            assert!(lower > 6.0 && alike > 0.95, "{loss_db} dB, {ms} ms: echo {lower} dB lower, voice alike {alike}");
        }
    }

    #[test]
    fn where_nothing_comes_back_a_voice_is_left_as_it_came() {
        let mut found = Vec::new();
        for number in 0..12 {
            let (postfilter, came, _) = kept(number, 60.0, 150);
            let mut left = came.clone();
            match postfilter.clean(SamplePos(0), &mut left) {
                None => assert_eq!(left, came),
                Some(_) => found.push(number),
            }
        }
        assert!(found.len() <= 1, "an echo where there is none: {found:?}");
    }

    #[test]
    fn any_sound_from_anywhere_is_cleaned_without_a_panic() {
        let mut dice = crate::noise::Dice::new(3);
        for rate in [Rate::Hz8000, Rate::Hz16000] {
            let mut postfilter = Postfilter::new(rate);
            postfilter.clean(SamplePos(7), &mut [1; 50]);
            for tick in 0..170 {
                let sound: Vec<i16> = (0..rate.per_tick()).map(|_| dice.roll() as i16).collect();
                postfilter.push(SamplePos::of_tick(if tick == 5 { 900 } else { tick }), &sound, &sound);
            }
            for (from, length) in [(0, 0), (0, 48_000), (3_000_000_000, 700), (96_000, 1), (100_000, 90_000)] {
                let mut pcm: Vec<i16> = (0..length).map(|_| dice.roll() as i16).collect();
                postfilter.clean(SamplePos(from), &mut pcm);
                assert_eq!(pcm.len(), length);
            }
        }
    }
}

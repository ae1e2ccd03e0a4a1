//! `Resampler`: changes the sampling rate of a stream of sound with a polyphase FIR filter.
//!
//! A Kaiser-windowed sinc (Oppenheim and Schafer, *Discrete-Time Signal Processing*, section 7.5) is cut into one short
//! filter per output phase, each scaled to unity at DC. Filters are computed once per pair of rates and shared. Where delay
//! matters more than phase, the same filter is made minimum-phase ([`phase`]).
mod phase;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Taps of one phase, counted at the lower of the two rates. Upsampling runs on every live frame of an ear: 32 taps delay
/// by 2 ms at 8 kHz (24 leave the image of 3.4 kHz only 51 dB down). In downsampling the transition band aliases into the
/// sound, so it is half as wide.
const TAPS_UP: usize = 32;
const TAPS_DOWN: usize = 48;
/// Design attenuation of images and aliases, and the Kaiser window's shape for it.
const ATTENUATION_DB: f64 = 63.0;
/// Where the filter is 6 dB down, as a share of the lower rate's Nyquist frequency.
const CUTOFF_UP: f64 = 1.0;
const CUTOFF_DOWN: f64 = 0.955;
/// Of a minimum-phase stream in either direction: its delay hardly grows with its length.
const TAPS_PROMPT: usize = 48;
const CUTOFF_PROMPT: f64 = 0.955;
/// Input is taken in blocks of this many samples, so that the history never grows.
const BLOCK: usize = 480;

/// The filters of one pair of rates: `phases` rows of `taps` coefficients, newest input sample last.
#[derive(Debug)]
struct Bank {
    taps: usize,
    /// Output rate over input rate in lowest terms is `phases / step`.
    phases: usize,
    step: usize,
    rows: Vec<f32>,
    /// In samples of the prototype.
    delay: f64,
}

/// Changes the rate of one stream: `push` sound in, collect what comes out. The sound that leaves is `delay` late.
///
/// It is flat (0.1 dB) to 0.425 of the lower rate (3.4 kHz of 8 kHz). Aliases of what lies above 0.525 of it are at least 60 dB
/// down, and so are the images of what lies below 0.425.
#[derive(Clone, Debug)]
pub struct Resampler {
    /// `None`: both rates are equal and sound passes untouched.
    bank: Option<Arc<Bank>>,
    from_hz: u32,
    to_hz: u32,
    /// The last `taps - 1` samples before the block, then the block.
    history: Vec<f32>,
    /// Input samples that the next output is ahead of the block's first, and its phase.
    ahead: usize,
    phase: usize,
}

impl Resampler {
    /// A stream from `from_hz` to `to_hz`. Rates with a small common ratio cost little memory (22050 to 8000: 85 kB, shared).
    pub fn new(from_hz: u32, to_hz: u32) -> Self {
        Self::with(from_hz, to_hz, Shape::Linear)
    }

    /// A stream between people who talk: as [`Self::new`] to the ear, but speech passes within half a millisecond. Frequencies
    /// near the edge of the band are delayed a little more, which is inaudible; waveforms do not keep their shape.
    pub fn prompt(from_hz: u32, to_hz: u32) -> Self {
        Self::with(from_hz, to_hz, Shape::Prompt)
    }

    fn with(from_hz: u32, to_hz: u32, shape: Shape) -> Self {
        let (from_hz, to_hz) = (from_hz.max(1), to_hz.max(1));
        let bank = (from_hz != to_hz).then(|| bank(from_hz, to_hz, shape));
        let history = bank.as_ref().map_or_else(Vec::new, |bank| vec![0.0; bank.taps - 1 + BLOCK]);
        Self { bank, from_hz, to_hz, history, ahead: 0, phase: 0 }
    }

    pub fn from_hz(&self) -> u32 {
        self.from_hz
    }

    pub fn to_hz(&self) -> u32 {
        self.to_hz
    }

    /// How much later a sound leaves than it came in (for [`Self::prompt`]: at low frequencies).
    pub fn delay(&self) -> Duration {
        self.bank.as_ref().map_or(Duration::ZERO, |bank| {
            Duration::from_secs_f64(bank.delay / (bank.phases as f64 * f64::from(self.from_hz)))
        })
    }

    /// Takes the next samples of the stream and appends what follows from them to `out`: exactly `input.len() · to / from`
    /// where that is whole, otherwise one more or less from time to time. No heap but what `out` lacks in capacity.
    pub fn push(&mut self, input: &[i16], out: &mut Vec<i16>) {
        let Some(bank) = &self.bank else {
            out.extend_from_slice(input);
            return;
        };
        let before = bank.taps - 1;
        for block in input.chunks(BLOCK) {
            for (slot, sample) in self.history[before..].iter_mut().zip(block) {
                *slot = f32::from(*sample);
            }
            let (mut at, mut phase) = (self.ahead, self.phase);
            while at < block.len() {
                let row = &bank.rows[phase * bank.taps..(phase + 1) * bank.taps];
                let y = dot(row, &self.history[at..at + bank.taps]);
                out.push((y + 0.5f32.copysign(y)) as i16);
                phase += bank.step;
                at += phase / bank.phases;
                phase %= bank.phases;
            }
            self.ahead = at - block.len();
            self.phase = phase;
            self.history.copy_within(block.len()..block.len() + before, 0);
        }
    }

    /// Ends the stream: appends what is still inside the filter (about `delay` of sound) and starts afresh.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        if let Some(bank) = &self.bank {
            let rest = bank.taps / 2;
            self.push(&[0; BLOCK][..rest.min(BLOCK)], out);
        }
        self.reset();
    }

    /// Forgets the stream so far.
    pub fn reset(&mut self) {
        self.history.fill(0.0);
        (self.ahead, self.phase) = (0, 0);
    }
}

/// Eight running sums, so that the compiler can use vector registers. Both slices are a multiple of eight long.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    (sums[0] + sums[4]) + (sums[1] + sums[5]) + (sums[2] + sums[6]) + (sums[3] + sums[7])
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Linear,
    Prompt,
}

fn bank(from_hz: u32, to_hz: u32, shape: Shape) -> Arc<Bank> {
    type Banks = BTreeMap<(u32, u32, Shape), Arc<Bank>>;
    static BANKS: OnceLock<Mutex<Banks>> = OnceLock::new();
    let mut banks = BANKS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let design = || Arc::new(Bank::design(from_hz, to_hz, shape));
    banks.entry((from_hz, to_hz, shape)).or_insert_with(design).clone()
}

impl Bank {
    fn design(from_hz: u32, to_hz: u32, shape: Shape) -> Self {
        let common = gcd(from_hz, to_hz);
        let (phases, step) = ((to_hz / common) as usize, (from_hz / common) as usize);
        let up = to_hz > from_hz;
        let (taps, cutoff) = match shape {
            Shape::Linear if up => (TAPS_UP, CUTOFF_UP),
            Shape::Linear => (TAPS_DOWN, CUTOFF_DOWN),
            Shape::Prompt => (TAPS_PROMPT, CUTOFF_PROMPT),
        };
        let taps = if up { taps } else { (taps * step).div_ceil(phases).next_multiple_of(8) };
        // Cutoff in cycles per sample of the prototype, which runs at `from · phases`.
        let cutoff = cutoff * 0.5 * f64::from(from_hz.min(to_hz)) / (f64::from(from_hz) * phases as f64);
        let beta = 0.1102 * (ATTENUATION_DB - 8.7);
        let length = taps * phases;
        let centre = (length - 1) as f64 / 2.0;
        let sinc = |n: usize| {
            let x = n as f64 - centre;
            let w = std::f64::consts::TAU * cutoff * x;
            let sinc = if x == 0.0 { 1.0 } else { w.sin() / w };
            sinc * bessel_i0(beta * (1.0 - (x / (centre + 0.5)).powi(2)).max(0.0).sqrt())
        };
        let mut prototype: Vec<f64> = (0..length).map(sinc).collect();
        if shape == Shape::Prompt {
            prototype = phase::minimum(&prototype);
        }
        // Group delay at DC: the centre of gravity.
        let sum: f64 = prototype.iter().sum();
        let delay = prototype.iter().enumerate().map(|(n, h)| n as f64 * h).sum::<f64>() / sum;
        let mut rows = vec![0.0f32; length];
        for phase in 0..phases {
            // Newest input last: tap 0 meets the oldest sample, which is `taps - 1` inputs back.
            let tap = |tap: usize| prototype[phase + (taps - 1 - tap) * phases];
            let unity = 1.0 / (0..taps).map(tap).sum::<f64>();
            for k in 0..taps {
                rows[phase * taps + k] = (tap(k) * unity) as f32;
            }
        }
        Self { taps, phases, step, rows, delay }
    }
}

/// Modified Bessel function of the first kind, order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn tone(hz: f64, rate: u32, seconds: f64) -> Vec<i16> {
        (0..(f64::from(rate) * seconds) as usize)
            .map(|n| ((TAU * hz * n as f64 / f64::from(rate)).sin() * 20_000.0).round() as i16)
            .collect()
    }

    fn through(from: u32, to: u32, input: &[i16], piece: usize) -> Vec<i16> {
        let (mut resampler, mut out) = (Resampler::new(from, to), Vec::new());
        input.chunks(piece).for_each(|piece| resampler.push(piece, &mut out));
        out
    }

    /// Amplitude of `hz` in `pcm` over a whole second, edges left out, by a Hann-windowed correlation.
    fn amplitude(pcm: &[i16], rate: u32, hz: f64) -> f64 {
        let pcm = &pcm[rate as usize / 4..rate as usize * 5 / 4];
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in pcm.iter().enumerate() {
            let hann = 1.0 - (TAU * n as f64 / pcm.len() as f64).cos();
            let (sin, cos) = (TAU * hz * n as f64 / f64::from(rate)).sin_cos();
            re += f64::from(*sample) * hann * cos;
            im += f64::from(*sample) * hann * sin;
        }
        2.0 * re.hypot(im) / pcm.len() as f64
    }

    /// Power of everything but `hz`, in dB below a full-level tone of the tests.
    fn residue_db(pcm: &[i16], rate: u32, hz: f64) -> f64 {
        let pcm = &pcm[rate as usize / 4..rate as usize * 5 / 4];
        let n = pcm.len() as f64;
        let (mut re, mut im, mut power) = (0.0, 0.0, 0.0);
        for (k, sample) in pcm.iter().enumerate() {
            let (sin, cos) = (TAU * hz * k as f64 / f64::from(rate)).sin_cos();
            re += f64::from(*sample) * cos;
            im += f64::from(*sample) * sin;
            power += f64::from(*sample).powi(2);
        }
        10.0 * ((power / n - 2.0 * (re / n).powi(2) - 2.0 * (im / n).powi(2)).max(1e-3) / 2e8).log10()
    }

    #[test]
    fn speech_band_stays_flat_and_images_stay_60_db_down() {
        for (from, to) in [(8_000, 16_000), (8_000, 48_000), (16_000, 48_000), (8_000, 24_000)] {
            let scale = f64::from(from) / 8_000.0;
            for hz in [100.0, 300.0, 1_000.0, 2_000.0, 3_000.0, 3_300.0, 3_400.0] {
                let hz = (hz * scale).round();
                let out = through(from, to, &tone(hz, from, 1.6), 160);
                let gain = 20.0 * (amplitude(&out, to, hz) / 20_000.0).log10();
                let residue = residue_db(&out, to, hz);
                println!("{from} to {to}, {hz} Hz: {gain:.3} dB, residue {residue:.1} dB");
                assert!(gain.abs() < 0.1, "{from} to {to}: {hz} Hz comes out at {gain:.2} dB");
                assert!(residue < -60.0, "{from} to {to}: {residue:.1} dB of images beside {hz} Hz");
            }
        }
    }

    #[test]
    fn nothing_above_the_lower_nyquist_folds_into_speech() {
        for (from, to) in [
            (16_000, 8_000),
            (48_000, 8_000),
            (48_000, 16_000),
            (22_050, 8_000),
            (22_050, 16_000),
            (24_000, 8_000),
            (24_000, 16_000),
        ] {
            let scale = f64::from(to) / 8_000.0;
            for hz in [200.0, 1_000.0, 3_000.0, 3_400.0] {
                let hz = (hz * scale).round();
                let out = through(from, to, &tone(hz, from, 1.6), 441);
                let gain = 20.0 * (amplitude(&out, to, hz) / 20_000.0).log10();
                let residue = residue_db(&out, to, hz);
                println!("{from} to {to}, {hz} Hz: {gain:.3} dB, residue {residue:.1} dB");
                assert!(
                    gain.abs() < 0.1 && residue < -60.0,
                    "{from} to {to}: {hz} Hz at {gain:.2} dB, residue {residue:.1} dB"
                );
            }
            for hz in [4_200.0, 4_600.0, 5_000.0, 6_000.0, 7_900.0, 10_000.0, 11_500.0, 20_000.0] {
                let hz: f64 = (hz * scale).round();
                if hz < f64::from(from) / 2.0 {
                    let out = through(from, to, &tone(hz, from, 1.6), 441);
                    let left = residue_db(&out, to, 1.0);
                    println!("{from} to {to}, {hz} Hz: {left:.1} dB left");
                    assert!(left < -60.0, "{from} to {to}: {hz} Hz leaves {left:.1} dB");
                }
            }
        }
    }

    #[test]
    fn a_prompt_stream_is_as_clean_and_passes_speech_within_half_a_millisecond() {
        for (from, to) in [(8_000, 16_000), (8_000, 48_000), (16_000, 48_000), (16_000, 8_000), (48_000, 8_000)] {
            let scale = f64::from(from.min(to)) / 8_000.0;
            let pass = |hz: f64| {
                let mut out = Vec::new();
                Resampler::prompt(from, to).push(&tone(hz, from, 1.6), &mut out);
                out
            };
            for hz in [100.0, 1_000.0, 2_000.0, 3_000.0, 3_400.0] {
                let hz = (hz * scale).round();
                let out = pass(hz);
                let gain = 20.0 * (amplitude(&out, to, hz) / 20_000.0).log10();
                let residue = residue_db(&out, to, hz);
                assert!(gain.abs() < 0.1 && residue < -60.0, "{from} to {to}: {hz} Hz at {gain:.2}, {residue:.1} dB");
            }
            for hz in [4_200.0, 5_000.0, 7_000.0] {
                let hz: f64 = (hz * scale).round();
                if hz < f64::from(from) / 2.0 && to < from {
                    let left = residue_db(&pass(hz), to, 1.0);
                    assert!(left < -60.0, "{from} to {to}: {hz} Hz leaves {left:.1} dB");
                }
            }
            let delay = Resampler::prompt(from, to).delay().as_secs_f64();
            assert!((5e-5..3e-4).contains(&delay), "{from} to {to}: {delay} s");
        }
    }

    #[test]
    fn the_way_a_stream_is_cut_changes_nothing() {
        let sound = tone(700.0, 22_050, 0.5);
        let whole = through(22_050, 8_000, &sound, usize::MAX);
        assert_eq!(whole, through(22_050, 8_000, &sound, 1));
        assert_eq!(whole, through(22_050, 8_000, &sound, 997));
        assert_eq!(whole.len(), 4_000);
    }

    #[test]
    fn every_tick_of_a_line_becomes_one_tick_of_the_ear() {
        for (from, to) in [(8_000u32, 16_000u32), (48_000, 16_000), (16_000, 16_000)] {
            let mut resampler = Resampler::new(from, to);
            for _ in 0..50 {
                let mut out = Vec::with_capacity(320);
                resampler.push(&vec![1_000; from as usize / 50], &mut out);
                assert_eq!((out.len(), out.capacity()), (320, 320));
            }
        }
    }

    #[test]
    fn a_click_leaves_after_the_stated_delay() {
        for (from, to) in [(8_000, 16_000), (16_000, 8_000), (22_050, 8_000), (48_000, 16_000)] {
            let mut sound = vec![0; from as usize / 5];
            let at = from as usize / 10;
            sound[at] = 30_000;
            let mut resampler = Resampler::new(from, to);
            let mut out = Vec::new();
            resampler.push(&sound, &mut out);
            let peak = (0..out.len()).max_by_key(|n| out[*n].unsigned_abs()).unwrap();
            let late = peak as f64 / f64::from(to) - at as f64 / f64::from(from);
            assert!((late - resampler.delay().as_secs_f64()).abs() < 1.0 / f64::from(to), "{from} to {to}: {late} s");
        }
    }

    #[test]
    fn the_end_of_a_sound_is_not_lost_in_the_filter() {
        let (mut resampler, mut out) = (Resampler::new(16_000, 8_000), Vec::new());
        let sound = [vec![0; 400], tone(1_000.0, 16_000, 0.1)].concat();
        resampler.push(&sound, &mut out);
        resampler.finish(&mut out);
        let after = resampler.delay().as_secs_f64() * 8_000.0;
        assert!(out.len() as f64 >= sound.len() as f64 / 2.0 + after - 1.0);
        let mut again = Vec::new();
        resampler.push(&sound, &mut again);
        assert_eq!(again[..], out[..again.len()], "a finished stream starts afresh");
    }

    #[test]
    fn loud_sound_is_clipped_not_wrapped() {
        let square: Vec<i16> = (0..1_600).map(|n| if n / 8 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let out = through(8_000, 16_000, &square, 160);
        assert!(out.windows(2).all(|pair| (i32::from(pair[0]) - i32::from(pair[1])).abs() < 60_000));
        assert!(out.contains(&i16::MAX));
    }
}

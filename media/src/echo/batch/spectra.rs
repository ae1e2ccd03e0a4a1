//! `Spectra`: a short-time Fourier transform with overlapping windows, and its inverse.
use crate::complex::Complex;
use crate::frame::Rate;
use sonora_fft::fft4g::Fft4g;

/// Windows are of 32 ms (Hann), one each 16 ms; their bins are 31.25 Hz apart at every rate.
pub(super) const WINDOW_MS: usize = 32;
/// Bins and windows to either side over which power is smoothed.
const BINS: usize = 2;
const FRAMES: usize = 1;
/// Level (root mean square on the 16-bit scale) of a quiet line's quantisation and noise, added to all smoothed power.
const FLOOR: f32 = 12.0;

/// Spectra, the oldest first.
#[derive(Clone)]
pub(super) struct Spectra {
    frames: Vec<Vec<Complex<f32>>>,
    /// Power added to each smoothed bin.
    floor: f32,
}

impl Spectra {
    pub(super) fn of(stft: &Stft, sound: impl Iterator<Item = f32>) -> Self {
        let sound: Vec<f32> = sound.collect();
        let frames = (0..=sound.len() / stft.hop()).map(|frame| stft.spectrum(&sound, frame * stft.hop())).collect();
        Self { frames, floor: FLOOR * FLOOR * stft.energy }
    }

    pub(super) fn frames(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn bins(&self) -> usize {
        self.frames.first().map_or(0, Vec::len)
    }

    pub(super) fn at(&self, frame: usize, bin: usize) -> Complex<f32> {
        self.frames[frame][bin]
    }

    pub(super) fn set(&mut self, frame: usize, bin: usize, value: Complex<f32>) {
        self.frames[frame][bin] = value;
    }

    /// Silence of the same size.
    pub(super) fn silence(&self) -> Self {
        Self { frames: vec![vec![Complex::default(); self.bins()]; self.frames()], floor: self.floor }
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        let mut left = self.clone();
        for (left, other) in left.frames.iter_mut().flatten().zip(other.frames.iter().flatten()) {
            *left = *left - *other;
        }
        left
    }

    /// Smoothed power around each bin of each window.
    pub(super) fn smooth(&self) -> Vec<Vec<f32>> {
        let mean = |of: &dyn Fn(usize) -> f32, at: usize, reach: usize, count: usize| {
            let (from, to) = (at.saturating_sub(reach), (at + reach + 1).min(count));
            (from..to).map(of).sum::<f32>() / (to - from) as f32
        };
        let (count, bins) = (self.frames(), self.bins());
        let over_bins: Vec<Vec<f32>> = (self.frames.iter())
            .map(|frame| (0..bins).map(|bin| mean(&|bin| frame[bin].power(), bin, BINS, bins)).collect())
            .collect();
        let over_frames = |frame: usize, bin: usize| mean(&|frame| over_bins[frame][bin], frame, FRAMES, count);
        (0..count).map(|frame| (0..bins).map(|bin| over_frames(frame, bin) + self.floor).collect()).collect()
    }
}

/// The transform and its inverse.
pub(super) struct Stft {
    fft: Fft4g,
    window: Vec<f32>,
    /// The energy of the window function.
    energy: f32,
}

impl Stft {
    pub(super) fn new(rate: Rate) -> Self {
        let size = (rate.hz() as usize / 1_000 * WINDOW_MS).next_power_of_two();
        let phase = |n: usize| std::f32::consts::TAU * (n as f32 + 0.5) / size as f32;
        let window: Vec<f32> = (0..size).map(|n| 0.5 - 0.5 * phase(n).cos()).collect();
        let energy = window.iter().map(|weight| weight * weight).sum();
        Self { fft: Fft4g::new(size), window, energy }
    }

    fn size(&self) -> usize {
        self.window.len()
    }

    pub(super) fn hop(&self) -> usize {
        self.size() / 2
    }

    /// The spectrum of the window centred at `at`, without DC.
    fn spectrum(&self, sound: &[f32], at: usize) -> Vec<Complex<f32>> {
        let from = at as i64 - self.hop() as i64;
        let sample = |n: usize| usize::try_from(from + n as i64).ok().and_then(|at| sound.get(at)).copied();
        let mut buffer: Vec<f32> =
            self.window.iter().enumerate().map(|(n, weight)| weight * sample(n).unwrap_or(0.0)).collect();
        self.fft.rdft(&mut buffer);
        buffer[..2].fill(0.0);
        buffer.chunks_exact(2).map(|bin| Complex { re: bin[0], im: -bin[1] }).collect()
    }

    /// The first `length` samples of the sound.
    pub(super) fn sound(&self, spectra: &Spectra, length: usize) -> Vec<i16> {
        let size = self.size();
        let (mut out, mut weights) = (vec![0.0f32; length + 2 * size], vec![0.0f32; length + 2 * size]);
        let mut buffer = vec![0.0; size];
        for (frame, spectrum) in spectra.frames.iter().enumerate() {
            for (pair, bin) in buffer.chunks_exact_mut(2).zip(spectrum) {
                (pair[0], pair[1]) = (bin.re, -bin.im);
            }
            self.fft.irdft(&mut buffer);
            // The output begins half a window before the sound.
            let at = frame * self.hop()..(frame * self.hop() + size).min(out.len());
            let places = out[at.clone()].iter_mut().zip(&mut weights[at]);
            for (((out, total), sample), weight) in places.zip(&buffer).zip(&self.window) {
                *out += sample * weight * 2.0 / size as f32;
                *total += weight * weight;
            }
        }
        let whole = out.iter().zip(&weights).skip(self.hop()).take(length);
        whole.map(|(out, total)| crate::noise::nearest(out / total.max(1e-6))).collect()
    }
}

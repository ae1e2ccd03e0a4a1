//! The front end of Sphinx models: 16-bit sound to mel-frequency cepstra (Davis and Mermelstein, 1980), and those to the
//! features that a model is trained on: cepstra, their slope and the slope's slope.
use super::files::Params;
use std::f64::consts::PI;

/// Cepstra per frame.
pub const CEPSTRA: usize = 13;
pub const FEATURES: usize = 3 * CEPSTRA;
/// Frames to either side that a feature depends on.
pub const REACH: usize = 3;

pub type Cepstrum = [f32; CEPSTRA];
pub type Feature = [f32; FEATURES];

#[derive(Clone, Copy, PartialEq)]
enum Transform {
    Legacy,
    Dct,
    Htk,
}

/// One band of the filter bank: its first point in the spectrum, and weights.
struct Band {
    first: usize,
    weights: Vec<f32>,
}

pub struct FrontEnd {
    /// Samples per frame and from frame to frame.
    size: usize,
    shift: usize,
    window: Vec<f32>,
    fft: Fft,
    bands: Vec<Band>,
    /// Cepstra from logarithms of bands, lifter and scale included.
    cosines: Vec<Cepstrum>,
    /// The mean a stream begins with.
    pub mean: Cepstrum,
    pub subtracts_mean: bool,
}

const PREEMPHASIS: f32 = 0.97;
/// Added to a band before its logarithm is taken.
const FLOOR: f32 = 1e-4;

impl FrontEnd {
    pub fn new(params: &Params, rate: f64) -> Result<Self, String> {
        let unsupported = |what: &str| Err(format!("feat.params: {what} is not supported"));
        let is = |name: &str, allowed: &[&str]| params.get(name).is_none_or(|value| allowed.contains(&value));
        if !is("feat", &["1s_c_d_dd"]) || params.number("ncep", 13.0)? != 13.0 {
            return unsupported("other than -feat 1s_c_d_dd with 13 cepstra");
        }
        if !is("agc", &["none"]) || !is("varnorm", &["no"]) {
            return unsupported("-agc or -varnorm");
        }
        let transform = match params.get("transform") {
            None | Some("legacy") => Transform::Legacy,
            Some("dct") => Transform::Dct,
            Some("htk") => Transform::Htk,
            Some(_) => return unsupported("such a -transform"),
        };
        if params.number("frate", 100.0)? != 100.0 {
            return unsupported("other than 100 frames a second");
        }
        let size = (params.number("wlen", 0.025625)? * rate + 0.5) as usize;
        let shift = (rate / 100.0 + 0.5) as usize;
        let points = params.number("nfft", 512.0)? as usize;
        if !points.is_power_of_two() || !(16..=4096).contains(&points) || size > points || size < shift {
            return unsupported("such a window");
        }
        let bands = bands(params, rate, points)?;
        let n = bands.len() as f64;
        let lifter = params.number("lifter", 0.0)?;
        let cosine = |i: usize, j: usize| {
            let cosine = (PI / n * i as f64 * (j as f64 + 0.5)).cos();
            let scaled = match transform {
                Transform::Legacy => cosine * if j == 0 { 0.5 } else { 1.0 } / n,
                Transform::Dct if i == 0 => cosine * (1.0 / n).sqrt(),
                Transform::Dct | Transform::Htk => cosine * (2.0 / n).sqrt(),
            };
            let lift = if lifter > 0.0 { 1.0 + lifter / 2.0 * (i as f64 * PI / lifter).sin() } else { 1.0 };
            (scaled * lift) as f32
        };
        let cosines = (0..bands.len()).map(|j| std::array::from_fn(|i| cosine(i, j))).collect();
        let window = (0..size).map(|i| (0.54 - 0.46 * (2.0 * PI * i as f64 / (size as f64 - 1.0)).cos()) as f32);
        let mut mean = [0.0; CEPSTRA];
        let given = params.get("cmninit").unwrap_or("40,3,-1");
        for (mean, value) in mean.iter_mut().zip(given.split(',')) {
            let number = value.trim().parse().ok().filter(|number: &f32| number.is_finite());
            *mean = number.ok_or_else(|| format!("feat.params: -cmninit {given} is no list of numbers"))?;
        }
        let subtracts_mean = !matches!(params.get("cmn"), Some("none"));
        Ok(Self { size, shift, window: window.collect(), fft: Fft::new(points), bands, cosines, mean, subtracts_mean })
    }

    /// The cepstra of one frame, whose samples follow `before`; missing ones are silence.
    fn frame(&self, before: i16, samples: &[i16], scratch: &mut Vec<f32>) -> Cepstrum {
        scratch.clear();
        let mut last = before;
        scratch.extend(samples.iter().zip(&self.window).map(|(&sample, window)| {
            let emphasised = f32::from(sample) - PREEMPHASIS * f32::from(last);
            last = sample;
            emphasised * window
        }));
        scratch.resize(self.fft.points, 0.0);
        self.fft.power(scratch);
        let mut out = [0.0; CEPSTRA];
        for (band, cosines) in self.bands.iter().zip(&self.cosines) {
            let power: f32 = scratch[band.first..].iter().zip(&band.weights).map(|(p, w)| p * w).sum();
            let log = (power + FLOOR).ln();
            out.iter_mut().zip(cosines).for_each(|(out, cosine)| *out += log * cosine);
        }
        out
    }
}

/// Triangular bands, evenly spaced in mel, each of unit area, with their corners on points of the spectrum.
fn bands(params: &Params, rate: f64, points: usize) -> Result<Vec<Band>, String> {
    let mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
    let hz = |mel: f64| 700.0 * (10f64.powf(mel / 2595.0) - 1.0);
    let (lowest, highest) = (params.number("lowerf", 133.33334)?, params.number("upperf", 6855.4976)?);
    let (low, high) = (mel(lowest), mel(highest));
    let count = params.number("nfilt", 40.0)? as usize;
    if count == 0 || count > 100 || lowest < 0.0 || highest > rate / 2.0 || highest <= lowest {
        return Err("feat.params: its filter bank does not fit the sampling rate".into());
    }
    let step = rate / points as f64;
    let width = (high - low) / (count as f64 + 1.0);
    (0..count)
        .map(|i| {
            let corner = |j: usize| (hz((i + j) as f64 * width + low) / step + 0.5).floor() * step;
            let [left, middle, right] = [0, 1, 2].map(corner);
            let first = (left / step).round() as usize;
            let last = ((right / step).round() as usize).min(points / 2 - 1);
            if middle <= left || right <= middle {
                return Err("feat.params: its filter bank is too fine for the window".to_owned());
            }
            let weight = |j: usize| {
                let hz = j as f64 * step;
                let slope = ((hz - left) / (middle - left)).min((right - hz) / (right - middle));
                (slope * 2.0 / (right - left)) as f32
            };
            Ok(Band { first, weights: (first..=last).map(weight).collect() })
        })
        .collect()
}

/// A real Fourier transform of a power of two, by a complex one of half the size.
struct Fft {
    points: usize,
    twiddles: Vec<(f32, f32)>,
}

impl Fft {
    fn new(points: usize) -> Self {
        let angle = |i: usize| -2.0 * PI * i as f64 / points as f64;
        let twiddles = (0..points / 2).map(|i| (angle(i).cos() as f32, angle(i).sin() as f32)).collect();
        Self { points, twiddles }
    }

    /// Replaces the first half of `sound` by the power spectrum.
    fn power(&self, sound: &mut [f32]) {
        let half = self.points / 2;
        let mut z: Vec<(f32, f32)> = sound.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let bits = half.trailing_zeros();
        for i in 0..half {
            let j = i.reverse_bits() >> (usize::BITS - bits);
            if i < j {
                z.swap(i, j);
            }
        }
        let mut size = 2;
        while size <= half {
            let stride = self.points / size;
            for block in z.chunks_exact_mut(size) {
                let (left, right) = block.split_at_mut(size / 2);
                for (k, (a, b)) in left.iter_mut().zip(right).enumerate() {
                    let (c, s) = self.twiddles[k * stride];
                    let turned = (b.0 * c - b.1 * s, b.0 * s + b.1 * c);
                    (*a, *b) = ((a.0 + turned.0, a.1 + turned.1), (a.0 - turned.0, a.1 - turned.1));
                }
            }
            size *= 2;
        }
        sound[0] = (z[0].0 + z[0].1).powi(2);
        for k in 1..half {
            let (a, b) = (z[k], z[half - k]);
            let (even, odd) = (((a.0 + b.0) / 2.0, (a.1 - b.1) / 2.0), ((a.1 + b.1) / 2.0, (b.0 - a.0) / 2.0));
            let (c, s) = self.twiddles[k];
            let x = (even.0 + odd.0 * c - odd.1 * s, even.1 + odd.0 * s + odd.1 * c);
            sound[k] = x.0 * x.0 + x.1 * x.1;
        }
    }
}

/// Computes the cepstra of one utterance as its sound arrives.
#[derive(Default)]
pub struct Stream {
    pending: Vec<i16>,
    before: i16,
    scratch: Vec<f32>,
}

impl Stream {
    /// Takes more sound and appends the cepstra of complete frames to `out`.
    pub fn push(&mut self, front: &FrontEnd, pcm: &[i16], out: &mut Vec<Cepstrum>) {
        self.pending.extend_from_slice(pcm);
        let mut at = 0;
        while let Some(frame) = self.pending.get(at..at + front.size) {
            out.push(front.frame(self.before, frame, &mut self.scratch));
            at += front.shift;
            self.before = self.pending[at - 1];
        }
        self.pending.drain(..at);
    }

    /// Ends the sound: the rest is the last frame.
    pub fn end(&mut self, front: &FrontEnd, out: &mut Vec<Cepstrum>) {
        if !self.pending.is_empty() {
            out.push(front.frame(self.before, &self.pending, &mut self.scratch));
        }
        *self = Self::default();
    }
}

/// The mean of an utterance, without frames of negative energy.
pub fn mean(cepstra: &[Cepstrum]) -> Cepstrum {
    let (mut sum, mut count) = ([0.0_f64; CEPSTRA], 0.0_f64);
    for cepstrum in cepstra.iter().filter(|cepstrum| cepstrum[0] >= 0.0) {
        sum.iter_mut().zip(cepstrum).for_each(|(sum, c)| *sum += f64::from(*c));
        count += 1.0;
    }
    sum.map(|sum| (sum / count.max(1.0)) as f32)
}

/// The feature of frame `at`. The first and the last frame are repeated beyond the ends.
pub fn feature(cepstra: &[Cepstrum], at: usize, mean: &Cepstrum) -> Feature {
    let last = cepstra.len() as isize - 1;
    let frame = |by: isize| &cepstra[(at as isize + by).clamp(0, last) as usize];
    let (far, near) = ([frame(3), frame(-3)], [frame(1), frame(-1)]);
    let (here, slope) = (frame(0), [frame(2), frame(-2)]);
    std::array::from_fn(|i| match (i / CEPSTRA, i % CEPSTRA) {
        (0, i) => here[i] - mean[i],
        (1, i) => slope[0][i] - slope[1][i],
        (_, i) => (far[0][i] - near[1][i]) - (near[0][i] - far[1][i]),
    })
}

//! Preparation of sound for a model: the model's rate, and a substitute for the upper band that a telephone lacks.
use std::f32::consts::PI;
use std::sync::OnceLock;

/// The rate an acoustic model was trained at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelRate {
    Hz8000,
    Hz16000,
}

impl ModelRate {
    pub fn hz(self) -> f64 {
        match self {
            Self::Hz8000 => 8_000.0,
            Self::Hz16000 => 16_000.0,
        }
    }
}

const TAPS: usize = 63;

/// A windowed-sinc low pass (Blackman) with its edge at `edge` of the sampling rate; unity gain.
fn low_pass(edge: f32) -> [f32; TAPS] {
    let mut taps = [0.0; TAPS];
    let middle = (TAPS / 2) as f32;
    for (i, tap) in taps.iter_mut().enumerate() {
        let (x, phase) = (i as f32 - middle, 2.0 * PI * i as f32 / (TAPS - 1) as f32);
        let sinc = if x == 0.0 { 2.0 * edge } else { (2.0 * PI * edge * x).sin() / (PI * x) };
        *tap = sinc * (0.42 - 0.5 * phase.cos() + 0.08 * (2.0 * phase).cos());
    }
    let sum: f32 = taps.iter().sum();
    taps.map(|tap| tap / sum)
}

fn at(pcm: &[i16], i: isize) -> f32 {
    usize::try_from(i).ok().and_then(|i| pcm.get(i)).map_or(0.0, |&s| f32::from(s))
}

fn filtered(pcm: &[i16], taps: &[f32; TAPS], i: usize) -> f32 {
    let first = i as isize - (TAPS / 2) as isize;
    match usize::try_from(first).ok().and_then(|first| pcm.get(first..first + TAPS)) {
        Some(window) => window.iter().zip(taps).map(|(&s, t)| f32::from(s) * t).sum(),
        None => taps.iter().enumerate().map(|(k, t)| at(pcm, first + k as isize) * t).sum(),
    }
}

/// 16 kHz to 8 kHz, in phase with the input.
pub fn halve(pcm: &[i16]) -> Vec<i16> {
    static TAPS_: OnceLock<[f32; TAPS]> = OnceLock::new();
    let taps = TAPS_.get_or_init(|| low_pass(0.225));
    (0..pcm.len()).step_by(2).map(|i| filtered(pcm, taps, i).round().clamp(-32768.0, 32767.0) as i16).collect()
}

/// Detects narrow-band sound: 16 kHz sound with next to no power above 4.5 kHz. Each sample is measured once.
#[derive(Default)]
pub struct Band {
    all: f64,
    high: f64,
    /// Samples summed in `all`, and the next sample at which `high` is measured.
    samples: usize,
    next: usize,
}

/// The power of the upper band is measured at every fifth sample.
const SPARSE: usize = 5;

impl Band {
    /// Measures the new part of `pcm`, the utterance so far.
    pub fn measure(&mut self, pcm: &[i16]) {
        static TAPS_: OnceLock<[f32; TAPS]> = OnceLock::new();
        // A low pass at 3 kHz, modulated by half the rate: a high pass.
        let taps = TAPS_.get_or_init(|| {
            let mut taps = low_pass(3_000.0 / 16_000.0);
            taps.iter_mut().enumerate().filter(|(i, _)| i % 2 == 1).for_each(|(_, tap)| *tap = -*tap);
            taps
        });
        self.all += pcm[self.samples..].iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>();
        self.samples = pcm.len();
        // The filter needs samples ahead.
        while self.next + TAPS / 2 < pcm.len() {
            self.high += f64::from(filtered(pcm, taps, self.next)).powi(2) * SPARSE as f64;
            self.next += SPARSE;
        }
    }

    pub fn is_narrow(&self) -> bool {
        self.high < (1e-5 * self.all).max(self.samples as f64)
    }
}

/// Level of the mirrored band: −20 dB. A louder one impairs high voices ("eighteen" for "two"); with a softer one the end of a
/// "yes" is lost.
const MIRROR: f32 = 0.1;
/// Peak of the noise that replaces digital silence, on which no model is trained.
const FLOOR: f32 = 8.0;

/// Prepares sound for a wide-band model. Digital silence becomes faint noise. In narrow-band sound the upper filters of a wide-band
/// model see a constant instead of fricatives; mirroring the lower band at 4 kHz (spectral folding: Makhoul and Berouti, 1979)
/// approximates speech there. `first`: the index of `pcm` in its utterance.
pub fn prepare(pcm: &[i16], first: usize, narrow: bool, out: &mut Vec<i16>) {
    for (i, &sample) in (first..).zip(pcm) {
        let mirror = if !narrow {
            0.0
        } else if i % 2 == 0 {
            MIRROR
        } else {
            -MIRROR
        };
        // The noise depends on the index alone, so that decoding again gives the same result.
        let noise = ((i as u32).wrapping_mul(0x9E37_79B1) ^ (i as u32 >> 3)).wrapping_mul(0x85EB_CA6B) >> 16;
        let noise = (noise as f32 / 32_768.0 - 1.0) * FLOOR;
        out.push((f32::from(sample) * (1.0 + mirror) + noise).clamp(-32768.0, 32767.0) as i16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32, rate: f32) -> Vec<i16> {
        (0..8000).map(|i| ((i as f32 * 2.0 * PI * hz / rate).sin() * 10_000.0) as i16).collect()
    }

    fn rms(pcm: &[i16]) -> f64 {
        (pcm.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / pcm.len() as f64).sqrt()
    }

    #[test]
    fn halving_keeps_the_voice_and_drops_what_would_fold_onto_it() {
        let full = rms(&tone(1000.0, 16_000.0));
        for hz in [100.0, 1000.0, 3000.0] {
            let kept = rms(&halve(&tone(hz, 16_000.0))[100..3900]) / full;
            assert!((0.98..1.02).contains(&kept), "{hz} Hz: {kept}");
        }
        for hz in [5000.0, 6000.0, 7900.0] {
            let left = rms(&halve(&tone(hz, 16_000.0))[100..3900]) / full;
            assert!(left < 0.001, "{hz} Hz: {left}");
        }
    }

    fn is_narrow(pcm: &[i16]) -> bool {
        let (mut whole, mut pieces) = (Band::default(), Band::default());
        whole.measure(pcm);
        (0..pcm.len()).step_by(700).for_each(|end| pieces.measure(&pcm[..end]));
        pieces.measure(pcm);
        assert_eq!(pieces.is_narrow(), whole.is_narrow());
        assert!((pieces.high - whole.high).abs() <= 1e-9 * whole.high);
        whole.is_narrow()
    }

    #[test]
    fn a_narrow_band_is_told_from_a_wide_one() {
        assert!(is_narrow(&tone(1000.0, 16_000.0)));
        assert!(is_narrow(&[0; 8000]));
        let wide: Vec<i16> =
            tone(1000.0, 16_000.0).iter().zip(tone(6000.0, 16_000.0)).map(|(a, b)| a / 2 + b / 50).collect();
        assert!(!is_narrow(&wide));
    }

    #[test]
    fn preparing_in_pieces_is_preparing_the_whole() {
        let pcm = tone(440.0, 16_000.0);
        let (mut whole, mut pieces) = (Vec::new(), Vec::new());
        prepare(&pcm, 0, true, &mut whole);
        for (i, piece) in pcm.chunks(321).enumerate() {
            prepare(piece, i * 321, true, &mut pieces);
        }
        assert_eq!(whole, pieces);
    }
}

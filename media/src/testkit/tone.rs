//! Tones, made and found: each voice in a test has its own, and a test asks which tones an ear hears.
use crate::Rate;
use std::f64::consts::TAU;

/// A sine of `hz` and this amplitude.
pub fn sine(hz: f32, rate: Rate, samples: usize, amplitude: i16) -> Vec<i16> {
    sine_from(hz, rate, 0, samples, amplitude)
}

/// The same from sample `from` on, so that stretches join.
pub fn sine_from(hz: f32, rate: Rate, from: u64, samples: usize, amplitude: i16) -> Vec<i16> {
    let step = TAU * f64::from(hz) / f64::from(rate.hz());
    (from..from + samples as u64).map(|n| ((n as f64 * step).sin() * f64::from(amplitude)).round() as i16).collect()
}

/// The amplitude of the sine of `hz` that is in `pcm` (Goertzel 1958).
pub fn amplitude(pcm: &[i16], hz: f32, rate: Rate) -> f32 {
    let w = TAU * f64::from(hz) / f64::from(rate.hz());
    let (mut a, mut b) = (0f64, 0f64);
    for &x in pcm {
        (a, b) = (f64::from(x) + 2.0 * w.cos() * a - b, a);
    }
    let power = (a * a + b * b - 2.0 * w.cos() * a * b).max(0.0);
    (2.0 * power.sqrt() / pcm.len().max(1) as f64) as f32
}

/// Whether a tone of at least -40 dBFS is in `pcm`.
pub fn has(pcm: &[i16], hz: f32, rate: Rate) -> bool {
    amplitude(pcm, hz, rate) > 328.0
}

/// The largest part of a tone's place that is not the tone: everything but `hz`, root mean square, in 5 ms pieces.
pub fn worst_residue(pcm: &[i16], hz: f32, rate: Rate) -> f32 {
    let piece = (rate.hz() / 200) as usize;
    let step = TAU * f64::from(hz) / f64::from(rate.hz());
    pcm.chunks_exact(piece * 4)
        .map(|chunk| {
            // Least squares fit of a sine and a cosine over 20 ms, then what is left.
            let (mut ss, mut sc, mut cc, mut xs, mut xc) = (0f64, 0f64, 0f64, 0f64, 0f64);
            for (n, &x) in chunk.iter().enumerate() {
                let (s, c) = (n as f64 * step).sin_cos();
                ss += s * s;
                sc += s * c;
                cc += c * c;
                xs += f64::from(x) * s;
                xc += f64::from(x) * c;
            }
            let det = ss * cc - sc * sc;
            let (a, b) = ((xs * cc - xc * sc) / det, (xc * ss - xs * sc) / det);
            let square: f64 = chunk
                .iter()
                .enumerate()
                .map(|(n, &x)| {
                    let (s, c) = (n as f64 * step).sin_cos();
                    (f64::from(x) - a * s - b * c).powi(2)
                })
                .sum();
            (square / chunk.len() as f64).sqrt() as f32
        })
        .fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_among_others_and_only_where_it_is() {
        let mut both = sine(440.0, Rate::Hz8000, 1600, 4000);
        for (x, y) in both.iter_mut().zip(sine(1000.0, Rate::Hz8000, 1600, 2000)) {
            *x += y;
        }
        assert!((amplitude(&both, 440.0, Rate::Hz8000) - 4000.0).abs() < 100.0);
        assert!(has(&both, 1000.0, Rate::Hz8000) && !has(&both, 700.0, Rate::Hz8000));
        assert!(worst_residue(&sine(440.0, Rate::Hz8000, 1600, 4000), 440.0, Rate::Hz8000) < 1.0);
    }
}

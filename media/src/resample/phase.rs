//! The minimum-phase version of a filter: the same magnitude response with the least delay.
use crate::complex::Complex;
use std::f64::consts::TAU;

/// Floor of the magnitude response against its peak (-100 dB): zeros have no logarithm.
const FLOOR: f64 = 1e-5;

/// By the folded cepstrum (Oppenheim and Schafer, *Discrete-Time Signal Processing*, section 13.5). As long as `filter`.
pub(super) fn minimum(filter: &[f64]) -> Vec<f64> {
    // Sixteen times as many points as taps, so that the cepstrum decays before it wraps around.
    let n = (filter.len() * 16).next_power_of_two();
    let mut points: Vec<Complex<f64>> = filter.iter().map(|&re| Complex { re, im: 0.0 }).collect();
    points.resize(n, Complex::default());
    transform(&mut points);
    let peak = points.iter().map(|p| p.re.hypot(p.im)).fold(0.0, f64::max);
    for point in &mut points {
        *point = Complex { re: point.re.hypot(point.im).max(peak * FLOOR).ln(), im: 0.0 };
    }
    // The logarithm is real and even, so the inverse transform differs from the transform by the length alone.
    transform(&mut points);
    for (k, point) in points.iter_mut().enumerate() {
        let fold = if k == 0 || k == n / 2 { 1.0 } else { f64::from(u8::from(k < n / 2)) * 2.0 };
        *point = Complex { re: point.re / n as f64 * fold, im: 0.0 };
    }
    transform(&mut points);
    for point in &mut points {
        let size = point.re.exp();
        // Conjugate: the inverse transform is the transform of the conjugate.
        *point = Complex { re: size * point.im.cos(), im: -size * point.im.sin() };
    }
    transform(&mut points);
    points[..filter.len()].iter().map(|point| point.re / n as f64).collect()
}

/// Fourier transform in place (Cooley and Tukey 1965); the length is a power of two.
fn transform(points: &mut [Complex<f64>]) {
    let n = points.len();
    let mut j = 0;
    for i in 1..n {
        let mut bit = n >> 1;
        while j & bit != 0 {
            j ^= bit;
            bit >>= 1;
        }
        j ^= bit;
        if i < j {
            points.swap(i, j);
        }
    }
    let mut length = 2;
    while length <= n {
        let half = length / 2;
        for k in 0..half {
            let (im, re) = (-TAU * k as f64 / length as f64).sin_cos();
            let twiddle = Complex { re, im };
            for start in (0..n).step_by(length) {
                let (a, b) = (points[start + k], points[start + k + half]);
                let turned = b * twiddle;
                points[start + k] = a + turned;
                points[start + k + half] = a - turned;
            }
        }
        length *= 2;
    }
}

//! The minimum-phase twin of a filter: the same response in every frequency, as early as it can be.
use std::f64::consts::TAU;

/// Nothing of the response counts below this share of its peak (-100 dB): the logarithm of a zero is none.
const FLOOR: f64 = 1e-5;

/// By the folded cepstrum (Oppenheim and Schafer, *Discrete-Time Signal Processing*, section 13.5). As long as `filter`.
pub(super) fn minimum(filter: &[f64]) -> Vec<f64> {
    // Sixteen times as many points as taps: the cepstrum dies away before it meets its own end.
    let n = (filter.len() * 16).next_power_of_two();
    let mut points: Vec<Complex> = filter.iter().map(|&re| Complex(re, 0.0)).collect();
    points.resize(n, Complex(0.0, 0.0));
    transform(&mut points);
    let peak = points.iter().map(|p| p.0.hypot(p.1)).fold(0.0, f64::max);
    for point in &mut points {
        *point = Complex(point.0.hypot(point.1).max(peak * FLOOR).ln(), 0.0);
    }
    // The logarithm is real and even, so that forward and back differ by the length alone.
    transform(&mut points);
    for (k, point) in points.iter_mut().enumerate() {
        let fold = if k == 0 || k == n / 2 { 1.0 } else { f64::from(u8::from(k < n / 2)) * 2.0 };
        *point = Complex(point.0 / n as f64 * fold, 0.0);
    }
    transform(&mut points);
    for point in &mut points {
        let size = point.0.exp();
        // Conjugate: the way back is the way forward of the conjugate.
        *point = Complex(size * point.1.cos(), -size * point.1.sin());
    }
    transform(&mut points);
    points[..filter.len()].iter().map(|point| point.0 / n as f64).collect()
}

#[derive(Clone, Copy)]
struct Complex(f64, f64);

/// Fourier transform in place (Cooley and Tukey 1965); the length is a power of two.
fn transform(points: &mut [Complex]) {
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
            let (sin, cos) = (-TAU * k as f64 / length as f64).sin_cos();
            for start in (0..n).step_by(length) {
                let (a, b) = (points[start + k], points[start + k + half]);
                let turned = Complex(b.0 * cos - b.1 * sin, b.0 * sin + b.1 * cos);
                points[start + k] = Complex(a.0 + turned.0, a.1 + turned.1);
                points[start + k + half] = Complex(a.0 - turned.0, a.1 - turned.1);
            }
        }
        length *= 2;
    }
}

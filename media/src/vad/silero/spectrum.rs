//! The network's first layer: magnitudes of a short-time Fourier transform with a periodic Hann window of 256 samples.
//!
//! The model holds it as a convolution with 258 filters; a fast transform gives the same for a fiftieth of the products. Eight
//! frames (the windows of two lines) are processed in parallel, one per lane.
use super::simd::{LANES, Lanes};
use std::f64::consts::TAU;

/// Samples per frame, samples between frames, frames per window, and values per frame.
pub(super) const FRAME: usize = 256;
pub(super) const HOP: usize = 128;
pub(super) const FRAMES: usize = 4;
pub(super) const BINS: usize = FRAME / 2 + 1;
/// Lines that share a pass.
pub(super) const PAIR: usize = 2;

const HALF: usize = FRAME / 2;
const _: () = assert!(LANES == PAIR * FRAMES);
/// One lane per frame, one row per sample or bin.
type Rows = [[f32; LANES]; HALF];

/// Tables.
pub(super) struct Spectrum {
    hann: [f32; FRAME],
    /// e^(-2πik/256).
    turn: [(f32, f32); HALF],
    /// Bit-reversed places of the half-length transform.
    place: [u8; HALF],
}

impl Spectrum {
    pub(super) fn new() -> Self {
        let angle = |n: usize| TAU * n as f64 / FRAME as f64;
        Self {
            hann: std::array::from_fn(|n| hann(n) as f32),
            turn: std::array::from_fn(|n| (angle(n).cos() as f32, -angle(n).sin() as f32)),
            place: std::array::from_fn(|n| (n as u8).reverse_bits() >> 1),
        }
    }

    /// Magnitudes of the frames of two windows: `signals` are the windows with what lies before and after them, and bin `k` of
    /// frame `f` goes to `out[f * BINS + k]`.
    #[inline(always)]
    pub(super) fn magnitudes<V: Lanes>(&self, signals: [&[f32]; PAIR], out: [&mut [f32]; PAIR]) {
        let (mut re, mut im): (Rows, Rows) = ([[0.0; LANES]; HALF], [[0.0; LANES]; HALF]);
        // Even samples are the real parts and odd ones the imaginary parts of a transform of half the length.
        for (line, signal) in signals.into_iter().enumerate() {
            for frame in 0..FRAMES {
                let sound = &signal[frame * HOP..][..FRAME];
                for n in 0..HALF {
                    let at = usize::from(self.place[n] & 0x7f);
                    re[at][line * FRAMES + frame] = sound[2 * n] * self.hann[2 * n];
                    im[at][line * FRAMES + frame] = sound[2 * n + 1] * self.hann[2 * n + 1];
                }
            }
        }
        let mut span = 1;
        while span < HALF {
            let step = HALF / span;
            for k in 0..span {
                let (c, s) = self.turn[(k * step) & (HALF - 1)];
                for low in (k..HALF).step_by(2 * span) {
                    let high = (low + span) & (HALF - 1);
                    butterfly::<V>(&mut re, &mut im, (low, high), (c, s));
                }
            }
            span *= 2;
        }
        let [first, second] = out;
        for k in 0..BINS {
            let (a, b) = (k & (HALF - 1), (HALF - k) & (HALF - 1));
            // e^(-2πik/256) at k = 128 is -1.
            let (c, s) = if k == HALF { (-1.0, 0.0) } else { self.turn[k] };
            let (c, s, half) = (V::splat(c), V::splat(s), V::splat(0.5));
            let (re_a, re_b, im_a, im_b) = (V::load(&re[a]), V::load(&re[b]), V::load(&im[a]), V::load(&im[b]));
            let (even_re, even_im) = (re_a.add(re_b), im_a.sub(im_b));
            let (odd_re, odd_im) = (im_a.add(im_b), re_b.sub(re_a));
            let x = half.mul(c.mul_add(odd_re, even_re).sub(s.mul(odd_im)));
            let y = half.mul(c.mul_add(odd_im, s.mul_add(odd_re, even_im)));
            let mut bin = [0.0; LANES];
            x.mul_add(x, y.mul(y)).sqrt().store(&mut bin);
            for frame in 0..FRAMES {
                first[frame * BINS + k] = bin[frame];
                second[frame * BINS + k] = bin[FRAMES + frame];
            }
        }
    }
}

#[inline(always)]
fn butterfly<V: Lanes>(re: &mut Rows, im: &mut Rows, (low, high): (usize, usize), (c, s): (f32, f32)) {
    let (c, s) = (V::splat(c), V::splat(s));
    let (low_re, low_im) = (V::load(&re[low]), V::load(&im[low]));
    let (high_re, high_im) = (V::load(&re[high]), V::load(&im[high]));
    let turned_re = c.mul(high_re).sub(s.mul(high_im));
    let turned_im = c.mul_add(high_im, s.mul(high_re));
    low_re.add(turned_re).store(&mut re[low]);
    low_im.add(turned_im).store(&mut im[low]);
    low_re.sub(turned_re).store(&mut re[high]);
    low_im.sub(turned_im).store(&mut im[high]);
}

fn hann(n: usize) -> f64 {
    0.5 - 0.5 * (TAU * n as f64 / FRAME as f64).cos()
}

/// Whether `basis` (258 filters of 256) is this transform: cosines, then negative sines.
pub(super) fn is_basis(basis: &[f32]) -> bool {
    basis.len() == 2 * BINS * FRAME
        && basis.iter().enumerate().all(|(index, value)| {
            let (row, n) = (index / FRAME, index % FRAME);
            let angle = TAU * (row % BINS * n % FRAME) as f64 / FRAME as f64;
            let wave = if row < BINS { angle.cos() } else { -angle.sin() };
            (f64::from(*value) - hann(n) * wave).abs() < 1e-5
        })
}

#[cfg(test)]
mod tests {
    use super::super::simd::Baseline;
    use super::*;

    #[test]
    fn the_transform_is_the_one_of_the_definition() {
        let mut seed = 5u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(seed >> 16) as f32 / 32_768.0 - 1.0
        };
        let signals: [Vec<f32>; 2] = std::array::from_fn(|_| (0..640).map(|_| noise()).collect());
        let (mut a, mut b) = (vec![0.0; FRAMES * BINS], vec![0.0; FRAMES * BINS]);
        let spectrum = Spectrum::new();
        spectrum.magnitudes::<Baseline>([&signals[0], &signals[1]], [&mut a, &mut b]);
        for (signal, got) in [(&signals[0], &a), (&signals[1], &b)] {
            for (frame, k) in (0..FRAMES).flat_map(|f| (0..BINS).map(move |k| (f, k))) {
                let (mut re, mut im) = (0.0, 0.0);
                for n in 0..FRAME {
                    let x = hann(n) * f64::from(signal[frame * HOP + n]);
                    let angle = TAU * (k * n % FRAME) as f64 / FRAME as f64;
                    re += x * angle.cos();
                    im -= x * angle.sin();
                }
                let off = f64::from(got[frame * BINS + k]) - re.hypot(im);
                assert!(off.abs() < 2e-5, "frame {frame}, bin {k}: off by {off}");
            }
        }
    }
}

//! An echo path, fitted by weighted least squares: in each bin, the received spectrum is modelled as a sum of sent windows, each times a
//! factor, plus near-end sound.
//!
//! Each window and bin is weighted by the inverse power of the near-end sound, so that a voice over the echo has little influence (the
//! maximum likelihood for a Gaussian source of varying power). A prior expects small factors, smaller for later windows: with little
//! data little is subtracted.
use super::spectra::Spectra;
use super::track::OVERLAP;
use crate::complex::Complex;

/// Sent windows that make up an echo: [`AHEAD`] later ones (for their overlap, and a delay estimate that is too long), and 0.11 s of
/// room response.
const TAPS: usize = 10;
const AHEAD: usize = 2;
/// The expected power of a factor, and its decay per window.
const EXPECTED: f32 = 0.1;
const DECAY: f32 = 0.7;
/// Power below which sent sound is silence.
const SILENCE: f32 = 1e4;
/// Bins at either end of the spectrum in which nothing is fitted.
const EDGE: usize = 3;

/// The least gain in log-likelihood per factor that proves an echo. Lines without an echo reach half of it by chance.
const PROVED: f32 = 1.0;

/// The result of a fit.
pub(super) struct Fitted {
    pub(super) echo: Spectra,
    /// Whether there is an echo.
    pub(super) is_proved: bool,
}

/// Fits the echo of `sent` in `received`. `noise`: the power of all other sound.
pub(super) fn fit(received: &Spectra, sent: &Spectra, noise: &[Vec<f32>]) -> Fitted {
    let (mut echo, mut evidence, mut count) = (received.silence(), 0.0f32, 0);
    let (frames, bins) = (received.frames(), received.bins());
    // The sent spectrum in one bin, real and imaginary parts, padded with silence at both ends.
    let (mut re, mut im) = (vec![0.0f32; frames + TAPS], vec![0.0f32; frames + TAPS]);
    for bin in EDGE..bins.saturating_sub(EDGE) {
        for frame in 0..frames {
            let sent = sent.at(frame, bin);
            (re[frame + TAPS - 1 - AHEAD], im[frame + TAPS - 1 - AHEAD]) = (sent.re, sent.im);
        }
        let taps = |frame: usize| -> ([f32; TAPS], [f32; TAPS]) {
            (std::array::from_fn(|tap| re[frame + tap]), std::array::from_fn(|tap| im[frame + tap]))
        };
        let mut equations = Equations::default();
        for (frame, noise) in noise.iter().enumerate() {
            let (re, im) = taps(frame);
            let power: f32 = re.iter().chain(&im).map(|part| part * part).sum();
            if power > SILENCE {
                equations.add(&re, &im, received.at(frame, bin), 1.0 / (OVERLAP * noise[bin]));
            }
        }
        let factors = equations.solve();
        evidence += equations.explained(&factors);
        count += TAPS;
        for frame in 0..frames {
            let (re, im) = taps(frame);
            let mut sum = Complex::default();
            for ((re, im), factor) in re.iter().zip(&im).zip(&factors) {
                sum.re += re * factor.re - im * factor.im;
                sum.im += re * factor.im + im * factor.re;
            }
            echo.set(frame, bin, sum);
        }
    }
    Fitted { echo, is_proved: evidence > PROVED * count as f32 }
}

/// Normal equations: a Hermitian matrix and a right-hand side.
#[derive(Default)]
struct Equations {
    re: [[f32; TAPS]; TAPS],
    im: [[f32; TAPS]; TAPS],
    right: [Complex<f32>; TAPS],
}

impl Equations {
    /// Adds one window: the sent taps, the received value, and its weight.
    fn add(&mut self, re: &[f32; TAPS], im: &[f32; TAPS], received: Complex<f32>, weight: f32) {
        for row in 0..TAPS {
            let sent = Complex { re: re[row], im: im[row] };
            let (row_re, row_im) = (sent.re * weight, sent.im * weight);
            self.right[row] = self.right[row] + received.times_conjugate(sent).scaled(weight);
            for column in 0..TAPS {
                self.re[row][column] += row_re * re[column] + row_im * im[column];
                self.im[row][column] += row_re * im[column] - row_im * re[column];
            }
        }
    }

    /// The gain in log-likelihood by these factors.
    fn explained(&self, factors: &[Complex<f32>; TAPS]) -> f32 {
        factors.iter().zip(&self.right).map(|(factor, right)| right.times_conjugate(*factor).re).sum()
    }

    /// The most likely factors, by Cholesky decomposition.
    fn solve(&self) -> [Complex<f32>; TAPS] {
        let mut lower = [[Complex::default(); TAPS]; TAPS];
        for row in 0..TAPS {
            // The last tap is the newest window.
            let late = (TAPS - 1 - AHEAD).abs_diff(row);
            let expected = EXPECTED * DECAY.powi(late as i32);
            for column in 0..=row {
                let mut sum = Complex { re: self.re[row][column], im: self.im[row][column] };
                for (a, b) in lower[row].iter().zip(&lower[column]).take(column) {
                    sum = sum - a.times_conjugate(*b);
                }
                lower[row][column] = if row == column {
                    Complex { re: (sum.re + 1.0 / expected).max(1e-9).sqrt(), im: 0.0 }
                } else {
                    sum.scaled(1.0 / lower[column][column].re)
                };
            }
        }
        let mut factors = self.right;
        for row in 0..TAPS {
            let rest = (0..row).fold(factors[row], |rest, at| rest - lower[row][at] * factors[at]);
            factors[row] = rest.scaled(1.0 / lower[row][row].re);
        }
        for row in (0..TAPS).rev() {
            let rest =
                (row + 1..TAPS).fold(factors[row], |rest, at| rest - factors[at].times_conjugate(lower[at][row]));
            factors[row] = rest.scaled(1.0 / lower[row][row].re);
        }
        factors
    }
}

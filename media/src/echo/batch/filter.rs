//! The path of an echo, fitted by least squares: in each bin, what came is so many windows of what was sent, each times a factor, and
//! whatever else was said.
//!
//! What else was said weighs each window and bin down by its power, so a voice over the echo teaches little (the maximum likelihood of
//! a Gaussian source whose power varies). Factors are expected to be small, and the smaller the later: where little was heard, little
//! is subtracted.
use super::spectra::{Complex, Spectra};
use super::track::OVERLAP;

/// Windows of what was sent that make up an echo: two that begin after it (their overlap, and a delay known too late) and 0.11 s of a
/// room before it.
const TAPS: usize = 10;
const AHEAD: usize = 2;
/// How much power a factor is expected to have, and what is left of that from window to window.
const EXPECTED: f32 = 0.1;
const DECAY: f32 = 0.7;
/// Power below which what was sent is silence.
const SILENCE: f32 = 1e4;
/// Bins at either end of the line's range in which nothing is fitted.
const EDGE: usize = 3;

/// How much likelier (logarithm, for each factor) a path makes what came. Chance alone gives half of this to lines without an echo.
const PROVED: f32 = 1.0;

/// What came back of what was sent.
pub(super) struct Fitted {
    pub(super) echo: Spectra,
    /// There is an echo at all.
    pub(super) is_proved: bool,
}

/// The echo of `sent`, where all else that `came` has this power (`noise`).
pub(super) fn fit(came: &Spectra, sent: &Spectra, noise: &[Vec<f32>]) -> Fitted {
    let (mut echo, mut evidence, mut count) = (came.silence(), 0.0f32, 0);
    let (frames, bins) = (came.frames(), came.bins());
    // What was sent in one bin, real and imaginary parts, with silence at both ends.
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
                equations.add(&re, &im, came.at(frame, bin), 1.0 / (OVERLAP * noise[bin]));
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
    right: [Complex; TAPS],
}

impl Equations {
    /// One window: what was sent, what came, and how much it counts.
    fn add(&mut self, re: &[f32; TAPS], im: &[f32; TAPS], came: Complex, weight: f32) {
        for row in 0..TAPS {
            let sent = Complex { re: re[row], im: im[row] };
            let (row_re, row_im) = (sent.re * weight, sent.im * weight);
            let right = came.against(sent).times(weight);
            self.right[row].re += right.re;
            self.right[row].im += right.im;
            for column in 0..TAPS {
                self.re[row][column] += row_re * re[column] + row_im * im[column];
                self.im[row][column] += row_re * im[column] - row_im * re[column];
            }
        }
    }

    /// How much likelier these factors make what came.
    fn explained(&self, factors: &[Complex; TAPS]) -> f32 {
        factors.iter().zip(&self.right).map(|(factor, right)| right.against(*factor).re).sum()
    }

    /// The likeliest factors, by Cholesky's decomposition.
    fn solve(&self) -> [Complex; TAPS] {
        let mut lower = [[Complex::default(); TAPS]; TAPS];
        for row in 0..TAPS {
            // The last tap is the newest window.
            let late = (TAPS - 1 - AHEAD).abs_diff(row);
            let expected = EXPECTED * DECAY.powi(late as i32);
            for column in 0..=row {
                let mut sum = Complex { re: self.re[row][column], im: self.im[row][column] };
                for (a, b) in lower[row].iter().zip(&lower[column]).take(column) {
                    let product = a.against(*b);
                    (sum.re, sum.im) = (sum.re - product.re, sum.im - product.im);
                }
                lower[row][column] = if row == column {
                    Complex { re: (sum.re + 1.0 / expected).max(1e-9).sqrt(), im: 0.0 }
                } else {
                    sum.times(1.0 / lower[column][column].re)
                };
            }
        }
        let mut factors = self.right;
        for row in 0..TAPS {
            let known = (0..row).map(|at| times(lower[row][at], factors[at]));
            factors[row] = minus(factors[row], known).times(1.0 / lower[row][row].re);
        }
        for row in (0..TAPS).rev() {
            let known = (row + 1..TAPS).map(|at| factors[at].against(lower[at][row]));
            factors[row] = minus(factors[row], known).times(1.0 / lower[row][row].re);
        }
        factors
    }
}

fn times(a: Complex, b: Complex) -> Complex {
    Complex { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re }
}

fn minus(from: Complex, known: impl Iterator<Item = Complex>) -> Complex {
    known.fold(from, |left, known| Complex { re: left.re - known.re, im: left.im - known.im })
}

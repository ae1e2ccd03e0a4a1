//! Silero v6.2: 32 ms windows of 16 kHz sound of many lines in, the log-odds of speech out.
//!
//! The network of `silero_vad_op18_ifless.onnx` (its 16 kHz half), computed here: magnitudes of four overlapping frames, four
//! convolutions with ReLU, one LSTM cell (Hochreiter and Schmidhuber, 1997; Gers et al., 2000), one weighted sum. All lines
//! that have a window due go through each layer together, so that the 0.9 MB of weights pass through the cache once. The result of
//! a line does not depend on the others.
mod dense;
mod onnx;
#[cfg(feature = "reference")]
pub mod reference;
mod simd;
mod spectrum;

use super::{VadFault, WINDOW};
use dense::{Columns, Dense, Then};
use simd::{LANES, Lanes};
use spectrum::{BINS, FRAMES, PAIR, Spectrum};
use std::collections::VecDeque;
use std::path::Path;

/// Samples of the previous window ahead of each window, and of its own end mirrored behind it.
const CONTEXT: usize = 64;
const SIGNAL: usize = CONTEXT + WINDOW + CONTEXT;
/// Size of the LSTM cell, and channels of the layers before it.
const CELL: usize = 128;
const WIDE: usize = 128;
const NARROW: usize = 64;
/// The most windows judged at once for a line: those that were skipped before the present one let the network adapt again.
const CATCH_UP: usize = 5;
/// Lines that go through the layers together, so that their values stay in the second-level cache.
const GROUP: usize = 24;
/// Log-odds are limited to ±9.2, like earshot's.
const LIMIT: f32 = 9.210_24;

/// The network; shared by all lines and threads.
pub struct Silero {
    spectrum: Spectrum,
    layers: [Dense; 4],
    cell: Dense,
    output: [f32; CELL],
    bias: f32,
    instructions: simd::Instructions,
}

/// One line's windows that wait for the network, its state in the network, and the last result.
pub struct SileroState {
    hidden: [f32; CELL],
    cell: [f32; CELL],
    /// The end of the previous window, and the window.
    sound: [f32; CONTEXT + WINDOW],
    /// Windows that are not judged yet.
    waiting: VecDeque<[i16; WINDOW]>,
    odds: f32,
}

impl SileroState {
    /// A new line.
    pub fn new() -> Self {
        let waiting = VecDeque::with_capacity(CATCH_UP);
        Self { hidden: [0.0; CELL], cell: [0.0; CELL], sound: [0.0; CONTEXT + WINDOW], waiting, odds: -LIMIT }
    }

    /// Takes the next window. The newest [`CATCH_UP`] are kept.
    pub fn push(&mut self, window: &[i16; WINDOW]) {
        if self.waiting.len() == CATCH_UP {
            self.waiting.pop_front();
        }
        self.waiting.push_back(*window);
    }

    /// Drops the windows that are not judged yet.
    pub fn cut(&mut self) {
        self.waiting.clear();
    }

    /// Moves to the oldest window that is not judged yet; `false` where there is none.
    fn next(&mut self) -> bool {
        let Some(window) = self.waiting.pop_front() else { return false };
        self.sound.copy_within(WINDOW.., 0);
        for (value, sample) in self.sound[CONTEXT..].iter_mut().zip(&window) {
            *value = f32::from(*sample) / 32_768.0;
        }
        true
    }

    /// Log-odds that the window last judged is speech.
    pub fn odds(&self) -> f32 {
        self.odds
    }
}

impl Default for SileroState {
    fn default() -> Self {
        Self::new()
    }
}

/// Buffers for the values between layers; they grow to the need of a group of lines (290 kB).
#[derive(Default)]
pub struct Scratch {
    signal: Vec<f32>,
    /// Four frames between two of zeros, then the outputs of the layers; the first of them behind one of zeros.
    frames: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    third: Vec<f32>,
    /// The fourth layer's outputs, and the previous output of the cell.
    joined: Vec<f32>,
    gates: Vec<f32>,
}

const PADDED: usize = (FRAMES + 2) * BINS;
const FIRST: usize = (1 + FRAMES) * WIDE;

impl Scratch {
    fn fit(&mut self, lines: usize) {
        let even = lines.next_multiple_of(PAIR);
        let fit = |values: &mut Vec<f32>, length: usize| values.resize(values.len().max(length), 0.0);
        fit(&mut self.signal, even * SIGNAL);
        fit(&mut self.frames, even * PADDED);
        fit(&mut self.first, lines * FIRST);
        fit(&mut self.second, lines * 2 * NARROW);
        fit(&mut self.third, lines * NARROW);
        fit(&mut self.joined, lines * 2 * CELL);
        fit(&mut self.gates, lines * 4 * CELL);
    }
}

impl Silero {
    /// Reads the weights from `silero_vad_op18_ifless.onnx` and tries them on one window of silence.
    ///
    /// # Errors
    /// [`VadFault::Missing`] and [`VadFault::Corrupt`] name the file.
    pub fn load(path: &Path) -> Result<Self, VadFault> {
        let data = std::fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => VadFault::Missing(path.into()),
            _ => VadFault::Corrupt { path: path.into(), why: error.to_string() },
        })?;
        Self::read(&data).map_err(|why| VadFault::Corrupt { path: path.into(), why })
    }

    fn read(data: &[u8]) -> Result<Self, String> {
        let mut tensors = onnx::tensors(data).ok_or("it is no whole ONNX file")?;
        let mut take = |name: &str, dims: &[usize]| {
            let tensor = tensors.remove(&format!("model.{name}")).ok_or(format!("it has no tensor `model.{name}`"))?;
            let fits = tensor.dims.iter().copied().eq(dims.iter().map(|dim| *dim as u64))
                && tensor.values.len() == dims.iter().product::<usize>()
                && tensor.values.iter().all(|value| value.is_finite());
            if fits { Ok(tensor.values) } else { Err(format!("its tensor `model.{name}` is not of {dims:?} numbers")) }
        };
        if !spectrum::is_basis(&take("stft.forward_basis_buffer", &[2 * BINS, 1, spectrum::FRAME])?) {
            return Err("its first layer is no Fourier transform with a Hann window".into());
        }
        // Of the three taps of a convolution only those that meet more than padding.
        let mut layer = |index: usize, outputs: usize, inputs: usize, taps: std::ops::Range<usize>| {
            let weight = take(&format!("encoder.{index}.reparam_conv.weight"), &[outputs, inputs, 3])?;
            let bias = take(&format!("encoder.{index}.reparam_conv.bias"), &[outputs])?;
            Ok::<_, String>(Dense::new(&bias, inputs * taps.len(), Then::Relu, |output, row| {
                weight[(output * inputs + row % inputs) * 3 + taps.start + row / inputs]
            }))
        };
        let layers = [
            layer(0, WIDE, BINS, 0..3)?,
            layer(1, NARROW, WIDE, 0..3)?,
            layer(2, NARROW, NARROW, 1..3)?,
            layer(3, CELL, NARROW, 1..2)?,
        ];
        let [given, remembered] = ["ih", "hh"].map(|of| take(&format!("decoder.rnn.weight_{of}"), &[4 * CELL, CELL]));
        let (given, remembered) = (given?, remembered?);
        let [a, b] = ["ih", "hh"].map(|of| take(&format!("decoder.rnn.bias_{of}"), &[4 * CELL]));
        let bias: Vec<f32> = a?.iter().zip(&b?).map(|(a, b)| a + b).collect();
        let cell = Dense::new(&bias, 2 * CELL, Then::Keep, |output, input| match input.checked_sub(CELL) {
            None => given[output * CELL + input],
            Some(input) => remembered[output * CELL + input],
        });
        let output = take("decoder.decoder.2.weight", &[1, CELL, 1])?;
        let bias = take("decoder.decoder.2.bias", &[1])?[0];
        let silero = Self {
            spectrum: Spectrum::new(),
            layers,
            cell,
            output: std::array::from_fn(|index| output[index]),
            bias,
            instructions: simd::Instructions::detect(),
        };
        let mut state = SileroState::new();
        state.push(&[0; WINDOW]);
        silero.infer(&mut Scratch::default(), &mut [&mut state]);
        if state.odds < 0.0 { Ok(silero) } else { Err("it takes silence for speech".into()) }
    }

    /// Judges all waiting windows of these lines.
    pub fn infer(&self, scratch: &mut Scratch, states: &mut [&mut SileroState]) {
        loop {
            let due = states.iter_mut().filter_map(|state| state.next().then_some(&mut **state));
            let mut due: Vec<&mut SileroState> = due.collect();
            if due.is_empty() {
                return;
            }
            for group in due.chunks_mut(GROUP) {
                scratch.fit(group.len());
                self.instructions.forward(self, scratch, group);
            }
        }
    }

    #[inline(always)]
    fn forward<V: Lanes>(&self, scratch: &mut Scratch, states: &mut [&mut SileroState]) {
        let lines = states.len();
        let Scratch { signal, frames, first, second, third, joined, gates } = scratch;
        for (state, signal) in states.iter().zip(signal.chunks_exact_mut(SIGNAL)) {
            signal[..CONTEXT + WINDOW].copy_from_slice(&state.sound);
            for (mirrored, value) in
                signal[CONTEXT + WINDOW..].iter_mut().zip(state.sound[..CONTEXT + WINDOW - 1].iter().rev())
            {
                *mirrored = *value;
            }
        }
        let pairs = lines.div_ceil(PAIR);
        for (signal, frames) in
            signal.chunks_exact(PAIR * SIGNAL).zip(frames.chunks_exact_mut(PAIR * PADDED)).take(pairs)
        {
            let (a, b) = frames.split_at_mut(PADDED);
            let signals = [&signal[..SIGNAL], &signal[SIGNAL..]];
            self.spectrum.magnitudes::<V>(signals, [&mut a[BINS..], &mut b[BINS..]]);
        }
        let layout = |per_line, step, stride| Columns { lines, per_line, step, stride, offset: 0 };
        let [one, two, three, four] = &self.layers;
        let into = Columns { offset: WIDE, ..layout(FRAMES, WIDE, FIRST) };
        one.apply::<V>((frames, layout(FRAMES, BINS, PADDED)), (first, into));
        two.apply::<V>((first, layout(2, 2 * WIDE, FIRST)), (second, layout(2, NARROW, 2 * NARROW)));
        three.apply::<V>((second, layout(1, 0, 2 * NARROW)), (third, layout(1, 0, NARROW)));
        four.apply::<V>((third, layout(1, 0, NARROW)), (joined, layout(1, 0, 2 * CELL)));
        for (state, joined) in states.iter().zip(joined.chunks_exact_mut(2 * CELL)) {
            joined[CELL..].copy_from_slice(&state.hidden);
        }
        self.cell.apply::<V>((joined, layout(1, 0, 2 * CELL)), (gates, layout(1, 0, 4 * CELL)));
        for (state, gates) in states.iter_mut().zip(gates.chunks_exact(4 * CELL)) {
            let (gates, _) = gates.as_chunks::<LANES>();
            let gate = |which: usize, n: usize| V::load(&gates[which * CELL / LANES + n]);
            let (cells, hidden) = (state.cell.as_chunks_mut::<LANES>().0, state.hidden.as_chunks_mut::<LANES>().0);
            let mut sum = V::splat(0.0);
            for (n, ((cell, hidden), weight)) in
                cells.iter_mut().zip(hidden).zip(self.output.as_chunks::<LANES>().0).enumerate()
            {
                let kept = sigmoid(gate(1, n)).mul(V::load(cell));
                let new = sigmoid(gate(0, n)).mul_add(tanh(gate(2, n)), kept);
                let out = sigmoid(gate(3, n)).mul(tanh(new));
                new.store(cell);
                out.store(hidden);
                sum = out.max(V::splat(0.0)).mul_add(V::load(weight), sum);
            }
            let mut sums = [0.0; LANES];
            sum.store(&mut sums);
            state.odds = (sums.iter().sum::<f32>() + self.bias).clamp(-LIMIT, LIMIT);
        }
    }
}

#[inline(always)]
fn sigmoid<V: Lanes>(x: V) -> V {
    let half = V::splat(0.5);
    half.mul_add(tanh(half.mul(x)), half)
}

/// tanh to a few units in the last place, without branches or tables: the rational function of degree 13 over 6 of Eigen
/// (`generic_fast_tanh_float`).
#[inline(always)]
fn tanh<V: Lanes>(x: V) -> V {
    const TOP: [f32; 7] =
        [4.893_524_6e-3, 6.372_619_3e-4, 1.485_722_4e-5, 5.122_297e-8, -8.604_672e-11, 2.000_188e-13, -2.760_768_5e-16];
    const BOTTOM: [f32; 4] = [4.893_525e-3, 2.268_434_6e-3, 1.185_347_1e-4, 1.198_258_4e-6];
    let x = x.max(V::splat(-7.905_311)).min(V::splat(7.905_311));
    let square = x.mul(x);
    let (mut top, mut bottom) = (V::splat(TOP[6]), V::splat(BOTTOM[3]));
    for n in (0..6).rev() {
        top = top.mul_add(square, V::splat(TOP[n]));
    }
    for n in (0..3).rev() {
        bottom = bottom.mul_add(square, V::splat(BOTTOM[n]));
    }
    x.mul(top).div(bottom)
}

#[cfg(test)]
mod tests;

//! Silero v6.2: 32 ms windows of 16 kHz sound of many lines in, the log-odds of speech out.
//!
//! The network of `silero_vad_op18_ifless.onnx` (its 16 kHz half), computed here: magnitudes of four overlapping frames, four
//! convolutions with ReLU, one LSTM cell (Hochreiter and Schmidhuber, 1997; Gers et al., 2000), one weighted sum. All lines
//! that have a window due go through each layer together, so that the 0.9 MB of weights pass through the cache once for
//! them all; what a line gets does not depend on who else is there.
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

/// Samples of the window before that the network sees ahead of each window, and of its end mirrored behind it.
const CONTEXT: usize = 64;
const SIGNAL: usize = CONTEXT + WINDOW + CONTEXT;
/// Values that the LSTM cell remembers, and channels of the layers before it.
const CELL: usize = 128;
const WIDE: usize = 128;
const NARROW: usize = 64;
/// Windows that are looked at together at most: what was shown before the one that matters lets the network find its way
/// into the sound again.
const CATCH_UP: usize = 5;
/// Lines that go through the layers together: their values stay in the second-level cache.
const GROUP: usize = 24;
/// Log-odds are kept within ±9.2, like earshot's.
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

/// One line's window on its way through the network, with what the network remembers of the line.
pub struct Look {
    hidden: [f32; CELL],
    cell: [f32; CELL],
    /// The end of the window before, and the window.
    sound: [f32; CONTEXT + WINDOW],
    /// Windows shown and not looked at yet.
    shown: VecDeque<[i16; WINDOW]>,
    odds: f32,
}

impl Look {
    /// At a line that nothing is known of.
    pub fn new() -> Self {
        let shown = VecDeque::with_capacity(CATCH_UP);
        Self { hidden: [0.0; CELL], cell: [0.0; CELL], sound: [0.0; CONTEXT + WINDOW], shown, odds: -LIMIT }
    }

    /// Takes the window that follows on the one before. Of those that nobody looks at the newest [`CATCH_UP`] are kept.
    pub fn show(&mut self, window: &[i16; WINDOW]) {
        if self.shown.len() == CATCH_UP {
            self.shown.pop_front();
        }
        self.shown.push_back(*window);
    }

    /// Forgets what was shown and not looked at.
    pub fn cut(&mut self) {
        self.shown.clear();
    }

    /// Turns to the oldest window not looked at yet.
    fn next(&mut self) -> bool {
        let Some(window) = self.shown.pop_front() else { return false };
        self.sound.copy_within(WINDOW.., 0);
        for (value, sample) in self.sound[CONTEXT..].iter_mut().zip(&window) {
            *value = f32::from(*sample) / 32_768.0;
        }
        true
    }

    /// Log-odds that the window last looked at is speech.
    pub fn odds(&self) -> f32 {
        self.odds
    }
}

impl Default for Look {
    fn default() -> Self {
        Self::new()
    }
}

/// Room for the values between layers; grows to what a group of lines needs (290 kB).
#[derive(Default)]
pub struct Scratch {
    signal: Vec<f32>,
    /// Four frames between two of zeros, then the outputs of the layers; the first of them behind one of zeros.
    frames: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    third: Vec<f32>,
    /// The fourth layer's outputs, and what the cell gave before.
    joined: Vec<f32>,
    gates: Vec<f32>,
}

const PADDED: usize = (FRAMES + 2) * BINS;
const FIRST: usize = (1 + FRAMES) * WIDE;

impl Scratch {
    fn fit(&mut self, legs: usize) {
        let even = legs.next_multiple_of(PAIR);
        let fit = |values: &mut Vec<f32>, length: usize| values.resize(values.len().max(length), 0.0);
        fit(&mut self.signal, even * SIGNAL);
        fit(&mut self.frames, even * PADDED);
        fit(&mut self.first, legs * FIRST);
        fit(&mut self.second, legs * 2 * NARROW);
        fit(&mut self.third, legs * NARROW);
        fit(&mut self.joined, legs * 2 * CELL);
        fit(&mut self.gates, legs * 4 * CELL);
    }
}

impl Silero {
    /// Reads the weights out of `silero_vad_op18_ifless.onnx` and looks at one window of silence with them.
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
        // Of the three taps of a convolution those that ever meet something but the padding.
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
        let mut look = Look::new();
        look.show(&[0; WINDOW]);
        silero.look(&mut Scratch::default(), &mut [&mut look]);
        if look.odds < 0.0 { Ok(silero) } else { Err("it takes silence for speech".into()) }
    }

    /// Looks at all windows that lines have been shown and it has not looked at.
    pub fn look(&self, scratch: &mut Scratch, looks: &mut [&mut Look]) {
        loop {
            let due = looks.iter_mut().filter_map(|look| look.next().then_some(&mut **look));
            let mut due: Vec<&mut Look> = due.collect();
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
    fn forward<V: Lanes>(&self, scratch: &mut Scratch, looks: &mut [&mut Look]) {
        let legs = looks.len();
        let Scratch { signal, frames, first, second, third, joined, gates } = scratch;
        for (look, signal) in looks.iter().zip(signal.chunks_exact_mut(SIGNAL)) {
            signal[..CONTEXT + WINDOW].copy_from_slice(&look.sound);
            for (mirrored, value) in
                signal[CONTEXT + WINDOW..].iter_mut().zip(look.sound[..CONTEXT + WINDOW - 1].iter().rev())
            {
                *mirrored = *value;
            }
        }
        let pairs = legs.div_ceil(PAIR);
        for (signal, frames) in
            signal.chunks_exact(PAIR * SIGNAL).zip(frames.chunks_exact_mut(PAIR * PADDED)).take(pairs)
        {
            let (a, b) = frames.split_at_mut(PADDED);
            let signals = [&signal[..SIGNAL], &signal[SIGNAL..]];
            self.spectrum.magnitudes::<V>(signals, [&mut a[BINS..], &mut b[BINS..]]);
        }
        let lie = |per_leg, step, stride| Columns { legs, per_leg, step, stride, offset: 0 };
        let [one, two, three, four] = &self.layers;
        let into = Columns { offset: WIDE, ..lie(FRAMES, WIDE, FIRST) };
        one.apply::<V>((frames, lie(FRAMES, BINS, PADDED)), (first, into));
        two.apply::<V>((first, lie(2, 2 * WIDE, FIRST)), (second, lie(2, NARROW, 2 * NARROW)));
        three.apply::<V>((second, lie(1, 0, 2 * NARROW)), (third, lie(1, 0, NARROW)));
        four.apply::<V>((third, lie(1, 0, NARROW)), (joined, lie(1, 0, 2 * CELL)));
        for (look, joined) in looks.iter().zip(joined.chunks_exact_mut(2 * CELL)) {
            joined[CELL..].copy_from_slice(&look.hidden);
        }
        self.cell.apply::<V>((joined, lie(1, 0, 2 * CELL)), (gates, lie(1, 0, 4 * CELL)));
        for (look, gates) in looks.iter_mut().zip(gates.chunks_exact(4 * CELL)) {
            let (gates, _) = gates.as_chunks::<LANES>();
            let gate = |which: usize, n: usize| V::load(&gates[which * CELL / LANES + n]);
            let (cells, hidden) = (look.cell.as_chunks_mut::<LANES>().0, look.hidden.as_chunks_mut::<LANES>().0);
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
            look.odds = (sums.iter().sum::<f32>() + self.bias).clamp(-LIMIT, LIMIT);
        }
    }
}

#[inline(always)]
fn sigmoid<V: Lanes>(x: V) -> V {
    let half = V::splat(0.5);
    half.mul_add(tanh(half.mul(x)), half)
}

/// tanh to a few units of the last place, without a branch or a table: the rational function of degree 13 over 6 that Eigen
/// uses (`generic_fast_tanh_float`).
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

//! A dense layer on many columns at once.
//!
//! Outputs are stored in panels of sixteen, so that a weight is loaded once for several columns and never gathered (Goto and van de
//! Geijn, *Anatomy of High-Performance Matrix Multiplication*, 2008).
use super::simd::{LANES, Lanes};

/// Outputs per panel: two registers.
pub(super) const PANEL: usize = 2 * LANES;
type Row = [[f32; LANES]; 2];

/// The activation of a layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Keep,
    Relu,
}

/// A layer's weights and biases.
pub(super) struct Dense {
    inputs: usize,
    panels: Vec<Row>,
    bias: Vec<Row>,
    then: Then,
}

/// The layout of a layer's columns: `per_line` of them for each line, `step` apart; the parts of the lines are `stride` apart.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    pub(super) lines: usize,
    pub(super) per_line: usize,
    pub(super) step: usize,
    pub(super) stride: usize,
    pub(super) offset: usize,
}

impl Columns {
    fn count(&self) -> usize {
        self.lines * self.per_line
    }

    fn at(&self, column: usize) -> usize {
        self.offset + column / self.per_line * self.stride + column % self.per_line * self.step
    }
}

impl Dense {
    /// `weight(output, input)`. The number of outputs is a multiple of [`PANEL`].
    pub(super) fn new(bias: &[f32], inputs: usize, then: Then, weight: impl Fn(usize, usize) -> f32) -> Self {
        let row =
            |of: &dyn Fn(usize) -> f32| std::array::from_fn(|half| std::array::from_fn(|lane| of(half * LANES + lane)));
        let outputs = bias.len() / PANEL;
        let panels = (0..outputs * inputs)
            .map(|index| row(&|lane| weight(index / inputs * PANEL + lane, index % inputs)))
            .collect();
        let bias = (0..outputs).map(|panel| row(&|lane| bias[panel * PANEL + lane])).collect();
        Self { inputs, panels, bias, then }
    }

    /// Computes a column of `to` from each column of `from`.
    #[inline(always)]
    pub(super) fn apply<V: Lanes>(&self, from: (&[f32], Columns), to: (&mut [f32], Columns)) {
        let count = from.1.count();
        for (index, (panel, bias)) in self.panels.chunks_exact(self.inputs).zip(&self.bias).enumerate() {
            let to = (&mut *to.0, Columns { offset: to.1.offset + index * PANEL, ..to.1 });
            let mut column = 0;
            while column < count {
                let take = match (count - column).min(V::TILE) {
                    4 | 5 => 4,
                    3 => 2,
                    left => left,
                };
                let to = (&mut *to.0, to.1);
                match take {
                    1 => self.tile::<V, 1>(panel, bias, from, to, column),
                    2 => self.tile::<V, 2>(panel, bias, from, to, column),
                    4 => self.tile::<V, 4>(panel, bias, from, to, column),
                    _ => self.tile::<V, 6>(panel, bias, from, to, column),
                }
                column += take;
            }
        }
    }

    #[inline(always)]
    fn tile<V: Lanes, const N: usize>(
        &self,
        panel: &[Row],
        bias: &Row,
        (from, layout): (&[f32], Columns),
        (to, go): (&mut [f32], Columns),
        first: usize,
    ) {
        let columns: [&[f32]; N] = std::array::from_fn(|n| &from[layout.at(first + n)..][..panel.len()]);
        let mut sums = [[V::load(&bias[0]), V::load(&bias[1])]; N];
        for (input, weights) in panel.iter().enumerate() {
            let weights = [V::load(&weights[0]), V::load(&weights[1])];
            for n in 0..N {
                let value = V::splat(columns[n][input]);
                sums[n][0] = weights[0].mul_add(value, sums[n][0]);
                sums[n][1] = weights[1].mul_add(value, sums[n][1]);
            }
        }
        for (n, sums) in sums.iter().enumerate() {
            let (halves, _) = to[go.at(first + n)..].as_chunks_mut::<LANES>();
            for (sum, half) in sums.iter().zip(halves) {
                let sum = if self.then == Then::Relu { sum.max(V::splat(0.0)) } else { *sum };
                sum.store(half);
            }
        }
    }
}

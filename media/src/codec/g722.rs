//! G.722 at 64 kbit/s (ITU-T G.722, mode 1): two samples at 16 kHz to a byte, six bits for the lower half of the band and
//! two for the upper. The names of blocks and tables are the recommendation's; sound is 16 bits wide on both sides.
#![allow(clippy::precedence, reason = "products shifted right are the recommendation's own notation")]
use super::{Decoder, Encoder};

/// Coefficients of the quadrature mirror filters (table 11), every second one; the others are these backwards.
const QMF: [i32; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];
/// Decision levels of the lower quantiser (Q6).
const Q6: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339,
    1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
/// Codes of its intervals for negative and positive differences (ILN, ILP).
const ILN: [u8; 30] =
    [63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4];
const ILP: [u8; 30] = [
    61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33,
    32,
];
/// What a code of 4, of 6 and of 2 bits stands for (QM4, QM6, QM2).
const QM4: [i32; 16] =
    [0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0];
const QM6: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576,
    -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040,
    -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
    4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
];
const QM2: [i32; 4] = [-7408, -1616, 7408, 1616];
/// How a code moves the logarithm of the step (WL by RL42, WH by IH2).
const WL: [i32; 16] = [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];
const WH: [i32; 4] = [798, -214, 798, -214];
/// The step from its logarithm (ILB).
const ILB: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025,
    3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

const fn saturate(x: i32) -> i32 {
    if x > 32_767 {
        32_767
    } else if x < -32_768 {
        -32_768
    } else {
        x
    }
}

/// One half of the band: the adaptive predictor and the step of its quantiser, the same in both directions.
#[derive(Clone)]
struct Band {
    /// The step (DET) and its logarithm (NB).
    step: i32,
    log: i32,
    /// The predicted sample (S) and the part of it that the zeros make (SZ).
    predicted: i32,
    zeros: i32,
    /// The last two reconstructed and partly reconstructed samples (R, P), the last six differences (D), newest first.
    r: [i32; 2],
    p: [i32; 2],
    d: [i32; 6],
    /// Coefficients of poles and zeros.
    a: [i32; 2],
    b: [i32; 6],
}

impl Band {
    const fn new(step: i32) -> Self {
        Self { step, log: 0, predicted: 0, zeros: 0, r: [0; 2], p: [0; 2], d: [0; 6], a: [0; 2], b: [0; 6] }
    }

    /// Blocks LOGSCL, SCALEL and their twins: the next step.
    fn adapt(&mut self, by: i32, most: i32, shift: i32) {
        self.log = ((self.log * 127 >> 7) + by).clamp(0, most);
        let (base, down) = (ILB[(self.log >> 6 & 31) as usize], shift - (self.log >> 11));
        self.step = (if down < 0 { base << -down } else { base >> down }) << 2;
    }

    /// Block 4: takes the difference that was coded and predicts the next sample.
    fn predict(&mut self, d: i32) {
        let r = saturate(self.predicted + d);
        let p = saturate(self.zeros + d);
        // UPPOL2, UPPOL1: the poles.
        let same = |x: i32, y: i32| (x < 0) == (y < 0);
        let turn = saturate(self.a[0] << 2);
        let turn = (if same(p, self.p[0]) { -turn } else { turn }).min(32_767);
        let second = (turn >> 7) + if same(p, self.p[1]) { 128 } else { -128 } + (self.a[1] * 32_512 >> 15);
        let second = second.clamp(-12_288, 12_288);
        let first = saturate(if same(p, self.p[0]) { 192 } else { -192 } + (self.a[0] * 32_640 >> 15));
        let limit = saturate(15_360 - second);
        self.a = [first.clamp(-limit, limit), second];
        // UPZERO: the zeros.
        let by = if d == 0 { 0 } else { 128 };
        for (b, &before) in self.b.iter_mut().zip(&self.d) {
            *b = saturate(if same(d, before) { by } else { -by } + (*b * 32_640 >> 15));
        }
        self.d = [d, self.d[0], self.d[1], self.d[2], self.d[3], self.d[4]];
        (self.r, self.p) = ([r, self.r[0]], [p, self.p[0]]);
        // FILTEP, FILTEZ, PREDIC.
        let twice = |x: i32| saturate(x << 1);
        let poles = saturate((self.a[0] * twice(self.r[0]) >> 15) + (self.a[1] * twice(self.r[1]) >> 15));
        self.zeros = saturate(self.b.iter().zip(&self.d).map(|(b, &d)| b * twice(d) >> 15).sum());
        self.predicted = saturate(poles + self.zeros);
    }

    fn lower(&mut self, code: u8) {
        let code = usize::from(code >> 2);
        let d = self.step * QM4[code] >> 15;
        self.adapt(WL[code], 18_432, 8);
        self.predict(d);
    }

    fn upper(&mut self, code: u8) -> i32 {
        let code = usize::from(code & 3);
        let d = self.step * QM2[code] >> 15;
        let made = self.predicted + d;
        self.adapt(WH[code], 22_528, 10);
        self.predict(d);
        made
    }
}

/// The mirror filter: 24 samples of which two are new each time, kept twice so that they always lie in a row.
#[derive(Clone)]
struct Mirror {
    even: [i32; 24],
    odd: [i32; 24],
    at: usize,
}

impl Mirror {
    const fn new() -> Self {
        Self { even: [0; 24], odd: [0; 24], at: 0 }
    }

    /// Takes two samples; the sums over the even and over the odd ones.
    fn turn(&mut self, even: i32, odd: i32) -> (i32, i32) {
        for at in [self.at, self.at + 12] {
            (self.even[at], self.odd[at]) = (even, odd);
        }
        self.at = (self.at + 1) % 12;
        let (even, odd) = (&self.even[self.at..self.at + 12], &self.odd[self.at..self.at + 12]);
        let first = even.iter().zip(&QMF).map(|(x, c)| x * c).sum();
        let second = odd.iter().zip(QMF.iter().rev()).map(|(x, c)| x * c).sum();
        (first, second)
    }
}

pub struct G722Decoder {
    low: Band,
    high: Band,
    mirror: Mirror,
}

impl Default for G722Decoder {
    fn default() -> Self {
        Self { low: Band::new(32), high: Band::new(8), mirror: Mirror::new() }
    }
}

impl Decoder for G722Decoder {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        out.reserve(2 * payload.len());
        for &byte in payload {
            let code = byte & 0x3f;
            let low = self.low.predicted + (self.low.step * QM6[usize::from(code)] >> 15);
            let low = low.clamp(-16_384, 16_383);
            self.low.lower(code);
            let high = self.high.upper(byte >> 6).clamp(-16_384, 16_383);
            let (second, first) = self.mirror.turn(low + high, low - high);
            out.extend([first, second].map(|x| saturate(x >> 11) as i16));
        }
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

pub struct G722Encoder {
    low: Band,
    high: Band,
    mirror: Mirror,
}

impl Default for G722Encoder {
    fn default() -> Self {
        Self { low: Band::new(32), high: Band::new(8), mirror: Mirror::new() }
    }
}

impl Encoder for G722Encoder {
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        out.extend(pcm.as_chunks().0.iter().map(|&[even, odd]| {
            let (first, second) = self.mirror.turn(i32::from(even), i32::from(odd));
            let (low, high) = ((second + first) >> 14, (second - first) >> 14);
            // QUANTL
            let difference = saturate(low - self.low.predicted);
            let size = if difference >= 0 { difference } else { -(difference + 1) };
            let step = self.low.step;
            let interval = Q6.partition_point(|level| level * step >> 12 <= size);
            let code = if difference < 0 { ILN[interval] } else { ILP[interval] };
            self.low.lower(code);
            // QUANTH
            let difference = saturate(high - self.high.predicted);
            let size = if difference >= 0 { difference } else { -(difference + 1) };
            let far = size >= 564 * self.high.step >> 12;
            let upper = match (difference < 0, far) {
                (true, false) => 1,
                (true, true) => 0,
                (false, false) => 3,
                (false, true) => 2,
            };
            self.high.upper(upper);
            upper << 6 | code
        }));
    }
}

//! `Envelope`: the loudness of a piece of sound: a linear change of gain, with a fade-in and a fade-out.
use crate::noise::nearest;

pub(super) struct Envelope {
    /// Gain before the first sample, and at the last.
    pub(super) from: f32,
    pub(super) to: f32,
    /// Samples over which it fades in at the beginning, and out to the end.
    pub(super) rise: usize,
    pub(super) fall: usize,
}

impl Envelope {
    /// Writes `source` to `out`, which is as long.
    pub(super) fn apply(&self, source: &[i16], out: &mut [i16]) {
        let &Self { from, to, rise, fall } = self;
        if (from, to, rise, fall) == (1.0, 1.0, 0, 0) {
            return out.copy_from_slice(source);
        }
        let n = source.len();
        let step = (to - from) / n as f32;
        for (i, (out, &x)) in out.iter_mut().zip(source).enumerate() {
            let mut level = from + step * (i + 1) as f32;
            if i < rise {
                level *= (i as f32 + 0.5) / rise as f32;
            }
            if n - i <= fall {
                level *= (n - i) as f32 / (fall + 1) as f32;
            }
            *out = nearest(f32::from(x) * level);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(from: f32, to: f32, rise: usize, fall: usize) -> [i16; 8] {
        let mut out = [0; 8];
        Envelope { from, to, rise, fall }.apply(&[1_000; 8], &mut out);
        out
    }

    #[test]
    fn gain_changes_linearly_and_fades_lie_at_both_ends() {
        assert_eq!(applied(1.0, 1.0, 0, 0), [1_000; 8]);
        assert_eq!(applied(1.0, 0.0, 0, 0), [875, 750, 625, 500, 375, 250, 125, 0]);
        assert_eq!(applied(1.0, 1.0, 2, 3), [250, 750, 1_000, 1_000, 1_000, 750, 500, 250]);
    }
}

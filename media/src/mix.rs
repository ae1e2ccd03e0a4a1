//! `Mix`: several voices into one tick of sound, saturating once at the end so that the order does not matter.
use crate::Rate;

pub struct Mix {
    rate: Rate,
    sum: [i32; 960],
    voices: usize,
}

impl Mix {
    pub const fn new(rate: Rate) -> Self {
        Self { rate, sum: [0; 960], voices: 0 }
    }

    /// Adds a voice of this mix's rate.
    pub fn add(&mut self, pcm: &[i16]) {
        let n = self.rate.per_tick();
        if let Some(pcm) = pcm.get(..n) {
            // Plain loops over slices of one length: the compiler does eight samples at once.
            for (sum, &x) in self.sum[..n].iter_mut().zip(pcm) {
                *sum += i32::from(x);
            }
            self.voices += 1;
        }
    }

    /// How many voices are in it.
    pub const fn voices(&self) -> usize {
        self.voices
    }

    /// The mixed tick.
    pub fn finish(self, out: &mut [i16]) {
        for (out, sum) in out.iter_mut().zip(self.sum) {
            *out = sum.clamp(-32_768, 32_767) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loud_voices_saturate_and_the_order_does_not_matter() {
        let voices = [[30_000i16; 160], [20_000; 160], [-25_000; 160]];
        let mixed = |order: [usize; 3]| {
            let (mut mix, mut out) = (Mix::new(Rate::Hz8000), [0i16; 160]);
            order.into_iter().for_each(|i| mix.add(&voices[i]));
            mix.finish(&mut out);
            out[7]
        };
        assert_eq!((mixed([0, 1, 2]), mixed([2, 0, 1])), (25_000, 25_000));
        let (mut mix, mut out) = (Mix::new(Rate::Hz8000), [0i16; 160]);
        mix.add(&voices[0]);
        mix.add(&voices[1]);
        mix.finish(&mut out);
        assert_eq!(out, [32_767; 160]);
    }
}

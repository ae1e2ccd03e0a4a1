//! `Noise`: comfort noise, low and shaped, made of seeded chance so that a simulated call sounds the same twice.

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, seeded; not for secrets.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in 0.0..1.0.
    pub fn unit(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1u64 << 24) as f32
    }
}

/// Root mean square of -65 dBm0 on the 16-bit scale (0 dBm0 is a sine 3.17 dB below full scale, ITU-T G.711).
pub const COMFORT: f32 = 9.0;

/// Noise with the dull colour of a quiet room: white, through one pole.
#[derive(Clone, Debug)]
pub struct Noise {
    rng: Rng,
    /// Four samples' worth of chance, and how much of it is left: rolling costs more than the noise.
    pool: u64,
    left: u8,
    /// 32768 is full scale.
    low: i32,
}

impl Noise {
    pub const fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed), pool: 0, left: 0, low: 0 }
    }

    /// What [`Self::low`] is worth at this root mean square.
    fn scale(rms: f32) -> f32 {
        // Uniform ±1 has a variance of 1/3, the pole takes two thirds of that: a deviation of 1/3.
        3.0 * rms / 32_768.0
    }

    fn next(&mut self) -> i32 {
        if self.left == 0 {
            (self.pool, self.left) = (self.rng.next_u64(), 4);
        }
        let white = i32::from(self.pool as i16);
        (self.pool, self.left) = (self.pool >> 16, self.left - 1);
        self.low = (self.low + white) >> 1;
        self.low
    }

    /// The next sample at this root mean square.
    pub fn sample(&mut self, rms: f32) -> f32 {
        self.next() as f32 * Self::scale(rms)
    }

    /// Adds noise to sound.
    pub fn add(&mut self, rms: f32, pcm: &mut [i16]) {
        let scale = Self::scale(rms);
        let mut noise = [0i32; 32];
        for pcm in pcm.chunks_mut(noise.len()) {
            // One sample follows from the last; what comes after that is done to several at once.
            noise.iter_mut().take(pcm.len()).for_each(|noise| *noise = self.next());
            for (sample, &noise) in pcm.iter_mut().zip(&noise) {
                *sample = sample.saturating_add(nearest(noise as f32 * scale));
            }
        }
    }
}

/// The nearest 16-bit sample, saturating. Rounding by conversion: `f32::round` is a call on processors without SSE4.1.
#[inline]
pub fn nearest(sample: f32) -> i16 {
    let sample = sample.clamp(-32_768.0, 32_767.0);
    (sample + 0.5f32.copysign(sample)) as i32 as i16
}

/// Root mean square of some sound.
pub fn rms(pcm: &[i16]) -> f32 {
    // Whole numbers may be added in any order, so that several are at once.
    let squares = |pcm: &[i16]| {
        // In halves, so that four bytes hold each of the sums.
        let (mut high, mut low) = (0u32, 0u32);
        for &x in pcm {
            let square = (i32::from(x) * i32::from(x)) as u32;
            (high, low) = (high + (square >> 16), low + (square & 0xffff));
        }
        (u64::from(high) << 16) + u64::from(low)
    };
    let sum: u64 = pcm.chunks(1 << 16).map(squares).sum();
    (sum as f32 / pcm.len().max(1) as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_sample_is_that_of_rounding() {
        for x in (-70_000..70_000).map(|n| n as f32 * 0.499_7) {
            assert_eq!(nearest(x), x.round().clamp(-32_768.0, 32_767.0) as i16, "{x}");
        }
    }

    #[test]
    fn comfort_noise_has_the_level_it_was_asked_for_and_repeats_with_its_seed() {
        let (mut a, mut b) = (Noise::new(7), Noise::new(7));
        let (mut x, mut y) = (vec![0i16; 8000], vec![0i16; 8000]);
        a.add(COMFORT, &mut x);
        b.add(COMFORT, &mut y);
        assert_eq!(x, y);
        assert!((rms(&x) - COMFORT).abs() < 1.0, "{}", rms(&x));
    }
}

//! `Noise`: comfort noise, low and shaped, made of seeded chance so that a simulated call sounds the same twice.

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, seeded; not for secrets.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in 0.0..1.0.
    pub fn unit(&mut self) -> f32 {
        (self.roll() >> 40) as f32 / (1u64 << 24) as f32
    }
}

/// Root mean square of -65 dBm0 on the 16-bit scale (0 dBm0 is a sine 3.17 dB below full scale, ITU-T G.711).
pub const COMFORT: f32 = 9.0;

/// Noise with the dull colour of a quiet room: white, through one pole.
#[derive(Clone, Debug)]
pub struct Noise {
    dice: Dice,
    low: f32,
}

impl Noise {
    pub const fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed), low: 0.0 }
    }

    /// The next sample at this root mean square.
    pub fn sample(&mut self, rms: f32) -> f32 {
        // Uniform ±1 has a variance of 1/3, the pole takes two thirds of that: a deviation of 1/3.
        self.low += 0.5 * ((self.dice.unit() * 2.0 - 1.0) - self.low);
        self.low * 3.0 * rms
    }

    /// Adds noise to sound.
    pub fn add(&mut self, rms: f32, pcm: &mut [i16]) {
        for sample in pcm {
            *sample = sample.saturating_add(self.sample(rms).round() as i16);
        }
    }
}

/// Root mean square of some sound.
pub fn rms(pcm: &[i16]) -> f32 {
    let sum: f32 = pcm.iter().map(|&x| f32::from(x) * f32::from(x)).sum();
    (sum / pcm.len().max(1) as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

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

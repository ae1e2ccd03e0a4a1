//! `Random`: numbers of chance, the same for the same seed on every machine. No secret may hang on them.

/// SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `limit`, which is not among them; 0 where it is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit.max(1) as u64) as usize
    }

    /// Between 0 and 1, neither of which is among them.
    pub fn unit(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// From 0 to below 1.
    pub fn share(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 24) as f32
    }

    pub fn between(&mut self, [low, high]: [f32; 2]) -> f32 {
        low + (high - low) * self.share()
    }

    /// Of the standard normal distribution (G. Box, M. Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// One of a list; `None`: it is empty.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let at = self.below(all.len());
        all.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lie_within_their_bounds_and_around_their_middle() {
        let mut random = Random::new(7);
        let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
        let units: Vec<f64> = (0..2_000).map(|_| random.unit()).collect();
        assert!(units.iter().all(|x| *x > 0.0 && *x < 1.0) && (mean(&units) - 0.5).abs() < 0.03);
        let normal: Vec<f64> = (0..2_000).map(|_| random.normal()).collect();
        let squares: Vec<f64> = normal.iter().map(|x| x * x).collect();
        assert!(mean(&normal).abs() < 0.08 && (mean(&squares) - 1.0).abs() < 0.12);
        let all: Vec<f32> = (0..1_000).map(|_| random.between([0.5, 1.5])).collect();
        assert!(all.iter().all(|x| (0.5..1.5).contains(x)));
        let mut seen = [0; 3];
        (0..300).for_each(|_| seen[random.below(3)] += 1);
        assert!(seen.iter().all(|count| *count > 60), "{seen:?}");
        assert_eq!((random.below(0), random.one_of::<u8>(&[]), random.one_of(&[5])), (0, None, Some(&5)));
    }
}

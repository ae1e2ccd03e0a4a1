//! Numbers by which runs differ: the same for the same seed, on every machine.

/// SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of one run of a scenario.
    pub fn of_run(seed: u64, scenario: &str, run: u32) -> Self {
        // FNV-1a over the name, so that scenarios of one file draw apart.
        let name = scenario
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut random = Self(seed ^ name.rotate_left(17) ^ u64::from(run).wrapping_mul(0xd134_2543_de82_ef95));
        random.bits();
        random
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub fn share(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 24) as f32
    }

    pub fn between(&mut self, [low, high]: [f32; 2]) -> f32 {
        low + (high - low) * self.share()
    }

    /// One of a list; `None`: it is empty.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let number = self.bits();
        all.get((number % all.len().max(1) as u64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_draw_the_same_again_and_differ_from_each_other() {
        let draw = |seed, name, run| -> Vec<u64> {
            let mut random = Random::of_run(seed, name, run);
            (0..8).map(|_| random.bits()).collect()
        };
        assert_eq!(draw(1, "a", 0), draw(1, "a", 0));
        for other in [draw(2, "a", 0), draw(1, "b", 0), draw(1, "a", 1)] {
            assert_ne!(draw(1, "a", 0), other);
        }
        let mut random = Random::of_run(1, "a", 0);
        let all: Vec<f32> = (0..1000).map(|_| random.between([0.5, 1.5])).collect();
        assert!(all.iter().all(|x| (0.5..1.5).contains(x)));
        let mean = all.iter().sum::<f32>() / 1000.0;
        assert!((0.95..1.05).contains(&mean), "{mean}");
        assert_eq!(random.one_of::<u8>(&[]), None);
    }
}

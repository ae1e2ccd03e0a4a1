//! Numbers by which runs differ: the same for the same seed, on every machine.
pub use dialog::random::Random;

/// The numbers of one run of a scenario.
pub fn of_run(seed: u64, scenario: &str, run: u32) -> Random {
    // FNV-1a over the name, so that scenarios of one file draw apart.
    let name = scenario
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut random = Random::new(seed ^ name.rotate_left(17) ^ u64::from(run).wrapping_mul(0xd134_2543_de82_ef95));
    random.bits();
    random
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_draw_the_same_again_and_differ_from_each_other() {
        let draw = |seed, name, run| -> Vec<u64> {
            let mut random = of_run(seed, name, run);
            (0..8).map(|_| random.bits()).collect()
        };
        assert_eq!(draw(1, "a", 0), draw(1, "a", 0));
        for other in [draw(2, "a", 0), draw(1, "b", 0), draw(1, "a", 1)] {
            assert_ne!(draw(1, "a", 0), other);
        }
    }
}

//! The sound that an unhealthy recogniser is probed with.
use std::time::Duration;

/// Length of the sound of a probe.
pub const PROBE: Duration = Duration::from_secs(1);

/// Noise that rises and falls four times a second, as the loudness of speech does, at 16 kHz.
pub fn sound() -> Vec<i16> {
    let mut seed = 1_u32;
    let sample = |i: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (seed >> 16) as i32 - 32_768;
        let level = (i / 160 % 25) as i32;
        (noise * level / 200) as i16
    };
    (0..16_000).map(sample).collect()
}

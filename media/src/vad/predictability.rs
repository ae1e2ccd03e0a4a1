//! The predictability of a sound, by which tones and noise are told from speech where earshot is used alone.
//!
//! Linear prediction of order four (Makhoul, 1975) predicts one or two tones almost completely and noise hardly at all; voiced
//! speech lies between.
use super::WINDOW;

/// The prediction gain in dB; 0 for silence.
pub fn predictability(window: &[i16; WINDOW]) -> f32 {
    // At 8 kHz: the empty upper band of a telephone line would be predictable by itself.
    const HALF: usize = WINDOW / 2;
    const ORDER: usize = 4;
    let mut sound = [0.0f32; HALF];
    for (index, (out, pair)) in sound.iter_mut().zip(window.as_chunks::<2>().0).enumerate() {
        let hann = 0.5 - 0.5 * (std::f32::consts::TAU * (index as f32 + 0.5) / HALF as f32).cos();
        *out = hann * (f32::from(pair[0]) + f32::from(pair[1]));
    }
    let lag = |by: usize| sound[by..].iter().zip(&sound).map(|(a, b)| a * b).sum::<f32>();
    let correlation: [f32; ORDER + 1] = std::array::from_fn(lag);
    if correlation[0] < 1.0 {
        return 0.0;
    }
    // The Levinson-Durbin recursion.
    let (mut error, mut predictor) = (correlation[0], [0.0f32; ORDER + 1]);
    for order in 1..=ORDER {
        let predicted: f32 = (1..order).map(|k| predictor[k] * correlation[order - k]).sum();
        let reflection = (correlation[order] - predicted) / error.max(1e-6);
        let before = predictor;
        predictor[order] = reflection;
        for k in 1..order {
            predictor[k] = before[k] - reflection * before[order - k];
        }
        error *= (1.0 - reflection * reflection).max(1e-6);
    }
    10.0 * (correlation[0] / error.max(1e-6)).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_are_predictable_and_noise_is_not() {
        let tone = |hz: f32, n: usize| (std::f32::consts::TAU * hz * n as f32 / 16_000.0).sin() * 5_000.0;
        let two = predictability(&std::array::from_fn(|n| (tone(770.0, n) + tone(1_336.0, n)) as i16));
        let one = predictability(&std::array::from_fn(|n| tone(425.0, n) as i16));
        let mut seed = 1u32;
        let noise = predictability(&std::array::from_fn(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) as i16
        }));
        assert!(two > 25.0 && one > 25.0 && noise < 3.0, "{two} {one} {noise}");
        assert_eq!(predictability(&[0; WINDOW]), 0.0);
    }
}

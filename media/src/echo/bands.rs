//! `Bands`: the power of a line's sound in each band of the telephone's range, tick by tick.
use crate::frame::Rate;
use sonora_fft::fft4g::Fft4g;

/// Bands about as wide as those of human hearing, 200 Hz to 3.4 kHz.
pub const COUNT: usize = 12;
pub const EDGES_HZ: [f32; COUNT + 1] =
    [200.0, 300.0, 400.0, 520.0, 660.0, 830.0, 1030.0, 1280.0, 1590.0, 1970.0, 2440.0, 2900.0, 3400.0];

/// Power per band on the square of the 16-bit scale.
pub type Spectrum = [f32; COUNT];

/// One stream of sound. Windows of 32 ms (Hann), one per tick of 20 ms.
pub struct Bands {
    fft: Fft4g,
    window: Vec<f32>,
    /// The newest sound, as long as the window.
    sound: Vec<f32>,
    scratch: Vec<f32>,
    edges: [usize; COUNT + 1],
    scale: f32,
}

impl Bands {
    pub fn new(rate: Rate) -> Self {
        let size = rate.hz() as usize / 1_000 * 32;
        let size = size.next_power_of_two();
        let phase = |n: usize| std::f32::consts::TAU * (n as f32 + 0.5) / size as f32;
        let window: Vec<f32> = (0..size).map(|n| 0.5 - 0.5 * phase(n).cos()).collect();
        let energy: f32 = window.iter().map(|w| w * w).sum();
        Self {
            fft: Fft4g::new(size),
            sound: vec![0.0; size],
            scratch: vec![0.0; size],
            edges: EDGES_HZ.map(|hz| (hz * size as f32 / rate.hz() as f32).round() as usize),
            scale: 2.0 / (energy * size as f32),
            window,
        }
    }

    /// Takes the next tick; the power of the newest 32 ms.
    pub fn measure(&mut self, pcm: &[i16]) -> Spectrum {
        let keep = self.sound.len().saturating_sub(pcm.len());
        let from = self.sound.len() - keep;
        self.sound.copy_within(from.., 0);
        for (slot, sample) in self.sound[keep..].iter_mut().zip(pcm) {
            *slot = f32::from(*sample);
        }
        for ((out, sample), window) in self.scratch.iter_mut().zip(&self.sound).zip(&self.window) {
            *out = sample * window;
        }
        self.fft.rdft(&mut self.scratch);
        std::array::from_fn(|band| {
            let bins = self.edges[band] * 2..self.edges[band + 1] * 2;
            self.scratch.get(bins).map_or(0.0, |bins| bins.iter().map(|x| x * x).sum::<f32>() * self.scale)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::tone::sine;

    #[test]
    fn a_tone_is_in_its_own_band_with_its_power_at_either_rate() {
        for rate in [Rate::Hz8000, Rate::Hz16000] {
            let mut bands = Bands::new(rate);
            let tone = sine(930.0, rate, rate.per_tick() * 5, 4_000);
            let last = tone.chunks(rate.per_tick()).map(|pcm| bands.measure(pcm)).last().unwrap();
            assert!((last[5] / 8e6 - 1.0).abs() < 0.1, "{last:?}");
            assert!(last.iter().sum::<f32>() < 1.1 * last[5]);
        }
    }
}

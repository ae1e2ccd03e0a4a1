//! `Lull`: how long an utterance has been quiet at its end.

/// 10 ms at 16 kHz.
pub const FRAME: usize = 160;
/// Frames this far below the loudest (−26 dB) are quiet.
const QUIET_POWER: f64 = 0.0025;
/// So much quiet (100 ms) may be the beginning of a pause; between the sounds of a word there is less.
const PAUSE: usize = 10 * FRAME;

/// The mean power of a stretch of sound.
pub fn power(pcm: &[i16]) -> f64 {
    pcm.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / pcm.len().max(1) as f64
}

/// Told the sound of an utterance piece by piece.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lull {
    loudest: f64,
    /// The powers of the two frames before: what is loud for less than 30 ms is a click, and no measure for speech.
    before: [f64; 2],
    /// Samples.
    quiet: usize,
}

impl Lull {
    /// Takes more sound. Returns whether any of it is loud.
    pub fn push(&mut self, pcm: &[i16]) -> bool {
        let mut any = false;
        for frame in pcm.chunks(FRAME) {
            let power = power(frame);
            let [first, second] = self.before;
            self.loudest = self.loudest.max(power.min(first).min(second));
            self.before = [second, power];
            if self.is_quiet(power) {
                self.quiet += frame.len();
            } else {
                self.quiet = 0;
                any = true;
            }
        }
        any
    }

    /// Whether a frame of this power is quiet, compared with the loudest so far.
    pub fn is_quiet(&self, power: f64) -> bool {
        power < self.loudest * QUIET_POWER
    }

    /// How many samples at the end are quiet.
    pub const fn samples(&self) -> usize {
        self.quiet
    }

    pub const fn may_be_a_pause(&self) -> bool {
        self.quiet >= PAUSE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_a_second_of_quiet_after_speech_may_be_a_pause_and_steady_noise_is_none() {
        let mut lull = Lull::default();
        assert!(lull.push(&[20; 8_000]) && !lull.may_be_a_pause(), "the line alone");
        assert!(lull.push(&[3_000; 3_200]) && lull.samples() == 0);
        assert!(!lull.push(&[20; 1_440]) && !lull.may_be_a_pause(), "90 ms");
        assert!(!lull.push(&[20; 160]) && lull.may_be_a_pause());
        assert_eq!(lull.samples(), 1_600);
        assert!(lull.push(&[300; 160]) && lull.samples() == 0, "20 dB below is speech");
    }
}

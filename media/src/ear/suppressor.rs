//! `Suppressor`: removes a line's steady noise from the recogniser's sound (WebRTC's noise suppressor, in the Rust of sonora).
use sonora_ns::config::{NS_FRAME_SIZE, OVERLAP_SIZE, SuppressionLevel};
use sonora_ns::noise_suppressor::NoiseSuppressor;

/// The most by which noise is attenuated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Suppression {
    #[default]
    Off,
    /// [`Self::Firm`], for utterances whose noise is not far below them.
    Auto,
    /// 6 dB.
    Mild,
    /// 12 dB.
    Firm,
    /// 18 dB.
    Strong,
}

/// One line's suppressor at 16 kHz. Output sample n corresponds to input sample n and leaves up to 16 ms later.
pub struct Suppressor {
    ns: NoiseSuppressor,
    frame: [f32; NS_FRAME_SIZE],
    filled: usize,
    /// Leading output samples to drop: the first overlap precedes the input.
    skip: usize,
}

impl Suppressor {
    /// `None` where suppression is off.
    pub fn new(suppression: Suppression) -> Option<Self> {
        let level = match suppression {
            Suppression::Off => return None,
            Suppression::Mild => SuppressionLevel::K6dB,
            Suppression::Auto | Suppression::Firm => SuppressionLevel::K12dB,
            Suppression::Strong => SuppressionLevel::K18dB,
        };
        let ns = NoiseSuppressor::with_level(level);
        Some(Self { ns, frame: [0.0; NS_FRAME_SIZE], filled: 0, skip: OVERLAP_SIZE })
    }

    /// Takes the next sound and appends what is ready.
    pub fn push(&mut self, pcm: &[i16], out: &mut Vec<i16>) {
        for &sample in pcm {
            self.frame[self.filled] = f32::from(sample);
            self.filled += 1;
            if self.filled == NS_FRAME_SIZE {
                self.filled = 0;
                self.ns.analyze(&self.frame);
                self.ns.process(&mut self.frame);
                let skip = self.skip.min(NS_FRAME_SIZE);
                self.skip -= skip;
                out.extend(self.frame[skip..].iter().map(|sample| crate::noise::nearest(*sample)));
            }
        }
    }

    /// A discontinuity: the next sound does not follow the last. The noise estimate stays.
    pub fn cut(&mut self) {
        // Silence flushes the overlap.
        self.frame.fill(0.0);
        self.ns.process(&mut self.frame);
        (self.filled, self.skip) = (0, OVERLAP_SIZE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Noise, Rng, rms};
    use crate::testkit::voices;

    fn up(pcm: &[i16]) -> Vec<i16> {
        let (mut up, mut out) = (crate::resample::Resampler::new(8_000, 16_000), Vec::new());
        up.push(pcm, &mut out);
        out
    }

    #[test]
    fn noise_sinks_by_what_was_asked_for_and_a_voice_stays_in_its_place() {
        for (suppression, least_db) in [(Suppression::Mild, 4.0), (Suppression::Firm, 8.0), (Suppression::Strong, 11.0)]
        {
            let (mut noise, voice) = (Noise::new(5), up(&voices::murmur(3, 2.0)));
            let mut line = vec![0i16; 48_000 + voice.len()];
            line[48_000..].copy_from_slice(&voice);
            noise.add(100.0, &mut line);
            let (mut suppressor, mut clean) = (Suppressor::new(suppression).unwrap(), Vec::new());
            line.chunks(320).for_each(|tick| suppressor.push(tick, &mut clean));
            assert_eq!(line.len() - clean.len(), OVERLAP_SIZE + line.len() % NS_FRAME_SIZE);
            let sunk = 20.0 * (rms(&line[32_000..48_000]) / rms(&clean[32_000..48_000])).log10();
            assert!(sunk > least_db, "{suppression:?}: {sunk} dB");
            let said = &clean[48_000..];
            let dot = |a: &[i16], b: &[i16]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
            let alike = dot(said, &voice) / (dot(said, said) * dot(&voice, &voice)).sqrt();
            assert!(alike > 0.98, "{suppression:?}: {alike}");
        }
    }

    #[test]
    fn any_sound_comes_out_whole_and_bounded_and_after_a_cut_nothing_is_left_of_before() {
        let mut rng = Rng::new(8);
        let (mut suppressor, mut given, mut clean) = (Suppressor::new(Suppression::Strong).unwrap(), 0, Vec::new());
        for round in 0..400 {
            let length = (rng.next_u64() % 700) as usize;
            let pcm: Vec<i16> = match round % 5 {
                0 => vec![i16::MIN; length],
                1 => vec![0; length],
                2 => (0..length).map(|n| if n % 2 == 0 { i16::MAX } else { i16::MIN }).collect(),
                3 => (0..length).map(|_| rng.next_u64() as i16).collect(),
                _ => (0..length).map(|_| (rng.next_u64() % 3) as i16 - 1).collect(),
            };
            given += length;
            suppressor.push(&pcm, &mut clean);
            assert!(given - clean.len() < OVERLAP_SIZE + NS_FRAME_SIZE);
        }
        suppressor.cut();
        let mut after = Vec::new();
        suppressor.push(&[0; 1_600], &mut after);
        assert!(after.iter().all(|sample| *sample == 0), "{:?}", &after[..200]);
    }
}

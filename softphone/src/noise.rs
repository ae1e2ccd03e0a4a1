//! `Noise`: what sounds behind a caller: made here from a seed, or a recording, at a level below their voice.
use super::clip::{Fault, HZ, read_sound};
use super::level::{decibels, power};
use super::phone::Background;
use super::speak::Speaker;
use media::Language;
use std::path::Path;

/// So much is made of each kind; then it begins anew.
const LENGTH: usize = 12 * HZ as usize;

/// Kinds that are made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseKind {
    /// As loud at each frequency: a bad line.
    White,
    /// Less and less towards high frequencies: rooms, wind, the hum of an engine.
    Car,
    /// Other people who speak, several at once.
    Babble,
}

/// What people say in the background: of no matter for any bot.
const OTHERS: [(&str, &str); 4] = [
    (
        "rms",
        "well I told him that the weather would be much better on the coast but nobody ever listens to what I say about these things",
    ),
    (
        "slt",
        "and then we went all the way down to the market where they had the most wonderful flowers that you can imagine",
    ),
    (
        "kal16",
        "the older one plays football now and the younger one would rather read books in the garden under that old tree",
    ),
    (
        "rms",
        "somebody has left the window open again and the papers are lying all over the floor of the big room upstairs",
    ),
];

impl NoiseKind {
    pub const ALL: [(&'static str, NoiseKind); 3] =
        [("white", NoiseKind::White), ("car", NoiseKind::Car), ("babble", NoiseKind::Babble)];

    /// The same for the same seed.
    ///
    /// # Errors
    /// A voice of the babble does not speak.
    pub fn make(self, seed: u64) -> anyhow::Result<Vec<i16>> {
        let mut random = Random(seed | 1);
        Ok(match self {
            NoiseKind::White => (0..LENGTH).map(|_| (random.next() * 8_000.0) as i16).collect(),
            NoiseKind::Car => {
                let (mut slow, mut slower) = (0.0, 0.0);
                let sample = |_| {
                    slow += 0.08 * (random.next() - slow);
                    slower += 0.3 * (slow - slower);
                    (slower * 60_000.0).clamp(-32_000.0, 32_000.0) as i16
                };
                (0..LENGTH).map(sample).collect()
            }
            NoiseKind::Babble => babble(&mut random)?,
        })
    }
}

/// Each voice again and again, begun at another place.
fn babble(random: &mut Random) -> anyhow::Result<Vec<i16>> {
    let mut all = vec![0.0_f32; LENGTH];
    for (voice, text) in OTHERS {
        let clip = Speaker::new(Language::En, voice)?.say(text)?;
        let said = &clip.pcm[clip.speech];
        let from = ((random.next() + 1.0) / 2.0 * said.len() as f32) as usize;
        let again = said.iter().cycle().skip(from);
        all.iter_mut().zip(again).for_each(|(sum, sample)| *sum += f32::from(*sample) / 3.0);
    }
    Ok(all.into_iter().map(|sample| sample.clamp(-32_000.0, 32_000.0) as i16).collect())
}

/// A recording, whatever is in it.
///
/// # Errors
/// It cannot be read, or holds nothing.
pub fn recorded(path: &Path) -> Result<Vec<i16>, Fault> {
    let pcm = read_sound(path)?;
    if pcm.iter().all(|sample| *sample == 0) { Err(Fault::Silent(path.display().to_string())) } else { Ok(pcm) }
}

/// The noise so many decibels below a voice, both by their root mean square.
pub fn below(noise: &[i16], voice: &[i16], by: f32) -> Background {
    let (of_noise, of_voice) = (decibels(power(noise)), decibels(power(voice)));
    let factor = 10_f32.powf((of_voice - by - of_noise) / 20.0);
    noise.iter().map(|sample| (f32::from(*sample) * factor).clamp(-32_000.0, 32_000.0) as i16).collect()
}

/// Numbers from −1 to 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_the_same_for_its_seed_and_lies_as_far_below_the_voice_as_wanted() {
        let voice = Speaker::new(Language::En, "slt").unwrap().say("two people please").unwrap();
        let voice = &voice.pcm[voice.speech];
        for (name, kind) in NoiseKind::ALL {
            let noise = kind.make(7).unwrap();
            // Voices that speak draw numbers of their own.
            assert!(kind == NoiseKind::Babble || noise == kind.make(7).unwrap(), "{name}");
            assert_ne!(noise, kind.make(9).unwrap(), "{name}");
            for by in [6.0, 20.0] {
                let apart = decibels(power(voice)) - decibels(power(&below(&noise, voice, by)));
                assert!((apart - by).abs() < 1.0, "{name}: {apart} dB for {by}");
            }
        }
    }

    #[test]
    fn a_recording_without_sound_is_refused_by_its_name() {
        let path = std::env::temp_dir().join(format!("switchboard-noise-{}.wav", std::process::id()));
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        (0..800).for_each(|_| writer.write_sample(0_i16).unwrap());
        writer.finalize().unwrap();
        let refused = recorded(&path).unwrap_err().to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(refused.contains("switchboard-noise"), "{refused}");
    }
}

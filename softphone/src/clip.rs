//! `Clip`: something the caller says, as samples of the line, with where in it the speech lies.
use super::level::{BLOCK, decibels, power};
use media::resample::Resampler;
use std::ops::Range;
use std::path::Path;

/// The rate of a G.711 line, and of everything this phone says and hears whatever its line carries.
pub const HZ: u32 = 8_000;
const BLOCK_SAMPLES: usize = HZ as usize * BLOCK.as_millis() as usize / 1000;

/// In blocks: a pause that sets sounds apart, and the least of a sound set apart that is a word.
const APART: usize = 30;
const WORD: usize = 10;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot read {path}: {reason} (wanted: a WAV file with 8, 16, 24 or 32 bit integers or 32 bit floats)")]
    Wav { path: String, reason: String },
    #[error("{0} holds nothing louder than noise")]
    Silent(String),
}

/// Sound to be sent, at [`HZ`].
#[derive(Clone, PartialEq)]
pub struct Clip {
    pub pcm: Vec<i16>,
    /// Where the first and the last sample of speech are: the clip's silence at either end is sent, but is no speech.
    pub speech: Range<usize>,
}

// A caller's sound stays out of whatever prints this.
impl std::fmt::Debug for Clip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clip").field("samples", &self.pcm.len()).field("speech", &self.speech).finish()
    }
}

impl Clip {
    /// `None` where nothing in it is louder than noise.
    pub fn new(pcm: Vec<i16>) -> Option<Self> {
        let levels: Vec<f32> = pcm.chunks(BLOCK_SAMPLES).map(|block| decibels(power(block))).collect();
        let loudest = levels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        // Final consonants are some 30 dB below the loudest vowel; what is fainter, a line's noise covers.
        let least = (loudest - 32.0).max(-52.0);
        // Two blocks together: a single one is a click. And a breath or a knock apart from the words is no speech either.
        let active = (0..levels.len().saturating_sub(1)).filter(|&i| levels[i] > least && levels[i + 1] > least);
        let mut islands: Vec<(usize, usize, usize)> = Vec::new();
        for block in active {
            match islands.last_mut() {
                Some((_, last, count)) if block - *last <= APART => (*last, *count) = (block, *count + 1),
                _ => islands.push((block, block, 1)),
            }
        }
        islands.retain(|&(_, _, count)| count >= WORD);
        let (first, last) = (islands.first()?.0, islands.last()?.1 + 1);
        let speech = first * BLOCK_SAMPLES..((last + 1) * BLOCK_SAMPLES).min(pcm.len());
        Some(Self { pcm, speech })
    }

    /// A WAV file of any usual rate and width; the first channel counts.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        Self::new(read_sound(path)?).ok_or_else(|| Fault::Silent(path.display().to_string()))
    }

    /// The speech alone, without the silence at either end.
    pub fn trimmed(self) -> Self {
        let pcm = self.pcm[self.speech].to_vec();
        Self { speech: 0..pcm.len(), pcm }
    }
}

/// The samples of a WAV file's first channel, at [`HZ`].
///
/// # Errors
/// It cannot be read.
pub fn read_sound(path: &Path) -> Result<Vec<i16>, Fault> {
    let fault = |reason: hound::Error| Fault::Wav { path: path.display().to_string(), reason: reason.to_string() };
    let mut reader = hound::WavReader::open(path).map_err(fault)?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels.max(1));
    let samples: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => {
            reader.samples::<f32>().step_by(channels).collect::<Result<_, _>>().map_err(fault)?
        }
        hound::SampleFormat::Int => {
            let full = 2f32.powi(i32::from(spec.bits_per_sample) - 1);
            let scaled = reader.samples::<i32>().step_by(channels).map(|s| s.map(|s| s as f32 / full));
            scaled.collect::<Result<_, _>>().map_err(fault)?
        }
    };
    Ok(resample(&samples, spec.sample_rate))
}

/// Brings sound of any rate to [`HZ`].
pub fn resample(input: &[f32], from: u32) -> Vec<i16> {
    let pcm: Vec<i16> = input.iter().map(|s| (s * 32768.0).round().clamp(-32768.0, 32767.0) as i16).collect();
    let (mut resampler, mut out) = (Resampler::new(from, HZ), Vec::new());
    resampler.push(&pcm, &mut out);
    resampler.finish(&mut out);
    out
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn tone(hz: f64, rate: u32, length: f64, amplitude: f64) -> Vec<f32> {
        let samples = (f64::from(rate) * length) as usize;
        (0..samples)
            .map(|i| (amplitude * (2.0 * std::f64::consts::PI * hz * i as f64 / f64::from(rate)).sin()) as f32)
            .collect()
    }

    #[test]
    fn silence_at_either_end_of_a_clip_is_no_speech() {
        let mut sound = vec![0.0; 800];
        sound.extend(tone(440.0, HZ, 0.5, 0.3));
        sound.extend(vec![0.0005; 2400]);
        let clip = Clip::new(resample(&sound, HZ)).unwrap();
        assert_eq!((clip.pcm.len(), clip.speech), (7200, 800..4800));
    }

    #[test]
    fn a_clip_of_silence_or_of_one_click_is_none() {
        assert_eq!(Clip::new(vec![]), None);
        assert_eq!(Clip::new(vec![3; 8000]), None);
        let mut click = vec![0; 8000];
        click[4000] = 20_000;
        assert_eq!(Clip::new(click), None);
    }

    #[test]
    fn a_breath_long_after_the_words_is_no_speech_and_a_second_word_is() {
        let sound = |length, amplitude| resample(&tone(440.0, HZ, length, amplitude), HZ);
        let pause = vec![0; 4000];
        let with = |last: Vec<i16>| Clip::new([sound(0.5, 0.3), pause.clone(), last, pause.clone()].concat()).unwrap();
        assert_eq!(with(sound(0.03, 0.02)).speech, 0..4000);
        assert_eq!(with(sound(0.2, 0.1)).speech, 0..9600);
    }

    #[test]
    fn resampling_keeps_a_tone_and_folds_nothing() {
        let level = |hz, rate| decibels(power(&resample(&tone(hz, rate, 0.5, 0.5), rate)[400..3600]));
        let kept = decibels(0.125);
        for rate in [16_000, 22_050, 44_100, 48_000] {
            assert!((level(1000.0, rate) - kept).abs() < 0.1, "{rate}: {}", level(1000.0, rate));
            assert!(level(5000.0, rate) < -65.0, "{rate}: {}", level(5000.0, rate));
        }
    }
}

//! `Music`: what a caller hears who waits: a slow broken chord, made here sample by sample, at any rate; or a file, over and over.
use crate::Rate;
use crate::resample::Resampler;
use std::f32::consts::TAU;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Hertz, one after the other: a major chord and back.
const NOTES: [f32; 8] = [220.0, 277.18, 329.63, 440.0, 554.37, 440.0, 329.63, 277.18];
/// From one note to the next, in seconds.
const STEP: f32 = 0.6;
/// The loudest of a note, of 32768; some 20 dB below a voice at its peaks.
const LEVEL: f32 = 1_400.0;
/// In how many seconds a note has come, and by how much of itself it is weaker a second later.
const ATTACK: f32 = 0.02;
const DECAY: f32 = 0.08;

/// The longest file: all of it is kept at every rate of a line, 41 MB.
const LONGEST_S: u32 = 300;
const RATES: [Rate; 3] = [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000];

/// What is played to who waits.
#[derive(Clone, Default)]
pub enum HoldMusic {
    /// It is made here.
    #[default]
    Made,
    File(Arc<MusicFile>),
}

impl fmt::Debug for HoldMusic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Made => "Made",
            Self::File(_) => "File",
        })
    }
}

/// A file's sound, at each of [`RATES`].
pub struct MusicFile([Vec<i16>; 3]);

/// Why a file cannot be played to who waits.
#[derive(Debug, thiserror::Error)]
pub enum BadMusic {
    #[error("it is no WAV file that can be read: {0}")]
    Wav(#[from] hound::Error),
    #[error("it has {0} bits a sample: write it as PCM of 16 bits")]
    Bits(u16),
    #[error("a second of it has {0} samples: write it with 8000 to 48000")]
    Samples(u32),
    #[error("it lasts {0} s: keep it between 1 and {LONGEST_S} s, it is played over and over")]
    Length(u32),
}

impl HoldMusic {
    /// A WAV file of 16 bits, at any usual rate; all its channels are played together.
    ///
    /// # Errors
    /// [`BadMusic`].
    pub fn read(path: &Path) -> Result<Self, BadMusic> {
        let (rate, pcm) = samples(path)?;
        let at = |to: Rate| {
            let (mut resampler, mut out) = (Resampler::new(rate, to.hz()), Vec::new());
            resampler.push(&pcm, &mut out);
            resampler.finish(&mut out);
            // What the filter delays it by is no part of it: its end is followed by its beginning.
            let late = (resampler.delay().as_secs_f64() * f64::from(to.hz())).round() as usize;
            out.drain(..late.min(out.len()));
            out
        };
        Ok(Self::File(Arc::new(MusicFile(RATES.map(at)))))
    }

    /// Whether the file could be played.
    ///
    /// # Errors
    /// [`BadMusic`].
    pub fn check(path: &Path) -> Result<(), BadMusic> {
        samples(path).map(drop)
    }
}

/// The sound of a WAV file in one channel, and its rate.
fn samples(path: &Path) -> Result<(u32, Vec<i16>), BadMusic> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    if spec.bits_per_sample != 16 || spec.sample_format != hound::SampleFormat::Int {
        return Err(BadMusic::Bits(spec.bits_per_sample));
    }
    if !(8_000..=48_000).contains(&spec.sample_rate) {
        return Err(BadMusic::Samples(spec.sample_rate));
    }
    let seconds = reader.duration() / spec.sample_rate;
    if !(1..=LONGEST_S).contains(&seconds) {
        return Err(BadMusic::Length(seconds));
    }
    let all = reader.samples::<i16>().collect::<Result<Vec<i16>, _>>()?;
    let channels = usize::from(spec.channels.max(1));
    let mean = |all: &[i16]| (all.iter().map(|&x| i32::from(x)).sum::<i32>() / channels as i32) as i16;
    Ok((spec.sample_rate, all.chunks(channels).map(mean).collect()))
}

/// What is played at one leg.
#[derive(Clone, Debug)]
pub(crate) enum Music {
    Made(Chord),
    /// From this sample on, at this rate.
    File(HoldMusic, Rate, usize),
}

impl Music {
    pub fn new(rate: Rate, what: HoldMusic) -> Self {
        match what {
            HoldMusic::Made => Self::Made(Chord::new(rate)),
            HoldMusic::File(_) => Self::File(what, rate, 0),
        }
    }

    /// Adds what comes next.
    pub fn add(&mut self, rate: Rate, pcm: &mut [i16]) {
        match self {
            Self::Made(chord) => chord.add(rate, pcm),
            Self::File(HoldMusic::Made, ..) => {}
            Self::File(HoldMusic::File(file), before, at) => {
                // The same moment of it, where the line has another rate than before.
                *at = (*at as u64 * u64::from(rate.hz()) / u64::from(before.hz())) as usize;
                *before = rate;
                let sound = file.at(rate);
                for out in pcm {
                    *at = if *at < sound.len() { *at } else { 0 };
                    *out = out.saturating_add(sound.get(*at).copied().unwrap_or(0));
                    *at += 1;
                }
            }
        }
    }
}

impl MusicFile {
    fn at(&self, rate: Rate) -> &[i16] {
        RATES.iter().position(|of| *of == rate).and_then(|n| self.0.get(n)).map_or(&[], Vec::as_slice)
    }
}

/// A slow broken chord.
#[derive(Clone, Debug)]
pub(crate) struct Chord {
    rate: Rate,
    note: usize,
    /// Samples of the present note so far.
    at: u32,
    phase: f32,
    level: f32,
}

impl Chord {
    fn new(rate: Rate) -> Self {
        Self { rate, note: 0, at: 0, phase: 0.0, level: LEVEL }
    }

    fn add(&mut self, rate: Rate, pcm: &mut [i16]) {
        if rate != self.rate {
            *self = Self::new(rate);
        }
        let hz = rate.hz() as f32;
        let (length, attack) = ((STEP * hz) as u32, ATTACK * hz);
        let fade = DECAY.powf(1.0 / hz);
        for out in pcm {
            if self.at >= length {
                (self.note, self.at, self.level) = ((self.note + 1) % NOTES.len(), 0, LEVEL);
            }
            let rise = (self.at as f32 / attack).min(1.0);
            // The last part of a note gives way to the next without a step.
            let fall = ((length - self.at) as f32 / attack).min(1.0);
            let sample = (self.phase * TAU).sin() * self.level * rise * fall;
            *out = out.saturating_add(sample as i16);
            self.phase = (self.phase + NOTES[self.note] / hz).fract();
            self.level *= fade;
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_soft_without_steps_and_the_same_music_at_every_rate() {
        for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
            let mut music = Music::new(rate, HoldMusic::Made);
            let mut pcm = Vec::new();
            for _ in 0..300 {
                let mut frame = vec![0; rate.hz() as usize / 50];
                music.add(rate, &mut frame);
                pcm.extend(frame);
            }
            let loudest = pcm.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!((1_000..=1_400).contains(&loudest), "{rate:?}: {loudest}");
            let highest = NOTES.iter().copied().fold(0.0, f32::max);
            let step = (TAU * highest / rate.hz() as f32 * LEVEL * 1.5) as i32 + 2;
            assert!(pcm.windows(2).all(|two| (i32::from(two[1]) - i32::from(two[0])).abs() <= step), "{rate:?}");
            let quiet = pcm.chunks(rate.hz() as usize / 2).filter(|half| half.iter().all(|s| s.unsigned_abs() < 100));
            assert_eq!(quiet.count(), 0, "{rate:?}: it goes on");
        }
    }

    #[test]
    fn a_line_that_changes_its_rate_hears_it_begin_anew() {
        let mut music = Music::new(Rate::Hz8000, HoldMusic::Made);
        music.add(Rate::Hz8000, &mut [0; 800]);
        let (mut first, mut other) = ([0; 320], [0; 320]);
        music.add(Rate::Hz16000, &mut first);
        Music::new(Rate::Hz16000, HoldMusic::Made).add(Rate::Hz16000, &mut other);
        assert_eq!(first, other);
    }
    /// A file of 440 Hz in both channels.
    fn file(name: &str, rate: u32, bits: u16, length: u32) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("media-music-{}-{name}.wav", std::process::id()));
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: rate,
            bits_per_sample: bits,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for n in 0..length {
            let sample = ((n as f32 * TAU * 440.0 / rate as f32).sin() * 8_000.0) as i32;
            (0..2).for_each(|_| writer.write_sample(if bits == 8 { sample / 256 } else { sample }).unwrap());
        }
        writer.finalize().unwrap();
        path
    }

    #[test]
    fn a_file_is_played_over_and_over_at_the_rate_of_the_line() {
        use crate::testkit::tone::amplitude;
        let path = file("tone", 44_100, 16, 66_150);
        let what = HoldMusic::read(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        for rate in RATES {
            let mut music = Music::new(rate, what.clone());
            for second in 0..4 {
                let mut pcm = vec![0; rate.hz() as usize];
                pcm.chunks_mut(rate.per_tick()).for_each(|tick| music.add(rate, tick));
                let half = &pcm[..rate.hz() as usize / 4];
                assert!((amplitude(half, 440.0, rate) - 8_000.0).abs() < 400.0, "{rate:?} {second}");
            }
        }
        // A line that changes its rate hears it go on.
        let mut music = Music::new(Rate::Hz8000, what);
        music.add(Rate::Hz8000, &mut [0; 160]);
        music.add(Rate::Hz16000, &mut [0; 320]);
        assert!(matches!(music, Music::File(_, Rate::Hz16000, 640)), "{music:?}");
    }

    #[test]
    fn a_file_that_cannot_be_played_says_what_to_do() {
        for (path, word) in [
            (file("bits", 8_000, 8, 8_000), "PCM of 16 bits"),
            (file("rate", 96_000, 16, 96_000), "8000 to 48000"),
            (file("short", 8_000, 16, 4_000), "between 1 and 300 s"),
        ] {
            let fault = HoldMusic::check(&path).unwrap_err().to_string();
            std::fs::remove_file(path).unwrap();
            assert!(fault.contains(word), "{fault}");
        }
        assert!(HoldMusic::read(Path::new("/nowhere.wav")).unwrap_err().to_string().contains("WAV"));
    }
}

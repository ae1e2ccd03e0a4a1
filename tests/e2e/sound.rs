//! Sound as it was heard: where somebody speaks, how loud, and which tones.
use std::path::Path;

/// Mono sound at 8 kHz.
#[derive(Clone, Default)]
pub struct Sound(pub Vec<i16>);

/// Samples in a millisecond.
pub const PER_MS: usize = 8;
/// Levels are taken over so many milliseconds.
const BLOCK: usize = 20;

/// A stretch in which somebody speaks, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: usize,
    pub to: usize,
}

impl Span {
    pub fn length(self) -> usize {
        self.to - self.from
    }
}

impl Sound {
    /// Reads a WAV file of 16 bits at any rate; of several channels the first.
    pub fn read(path: &Path) -> Self {
        Self::channels(path).swap_remove(0)
    }

    pub fn channels(path: &Path) -> Vec<Self> {
        let mut reader = hound::WavReader::open(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let spec = reader.spec();
        let all: Vec<i16> = reader.samples::<i16>().map(|sample| sample.expect("16 bits")).collect();
        let channels = usize::from(spec.channels);
        (0..channels)
            .map(|channel| {
                let one: Vec<f32> =
                    all.iter().skip(channel).step_by(channels).map(|s| f32::from(*s) / 32768.0).collect();
                Self(softphone::clip::resample(&one, spec.sample_rate))
            })
            .collect()
    }

    pub fn write(&self, path: &Path) {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).expect("a file to write to");
        for sample in &self.0 {
            writer.write_sample(*sample).expect("written");
        }
        writer.finalize().expect("written");
    }

    pub fn ms(&self) -> usize {
        self.0.len() / PER_MS
    }

    pub fn part(&self, from_ms: usize, to_ms: usize) -> Self {
        let at = |ms: usize| (ms * PER_MS).min(self.0.len());
        Self(self.0[at(from_ms)..at(to_ms)].to_vec())
    }

    /// The level of each 20 ms in dB below full scale.
    pub fn levels(&self) -> Vec<f64> {
        self.0.chunks(BLOCK * PER_MS).map(level).collect()
    }

    pub fn level(&self) -> f64 {
        level(&self.0)
    }

    /// Where it is louder than `floor` dB; gaps shorter than `gap_ms` belong to the speech around them, and a stretch shorter
    /// than 40 ms is none.
    pub fn spans(&self, floor: f64, gap_ms: usize) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for (block, level) in self.levels().into_iter().enumerate().filter(|(_, level)| *level > floor) {
            let (from, to) = (block * BLOCK, (block + 1) * BLOCK);
            debug_assert!(level > floor);
            match spans.last_mut() {
                Some(last) if from - last.to <= gap_ms => last.to = to,
                _ => spans.push(Span { from, to }),
            }
        }
        spans.retain(|span| span.length() >= 40);
        spans
    }

    /// The share of this sound's power that lies at `hz` (Goertzel, over the whole of it).
    pub fn share_of_tone(&self, hz: f64) -> f64 {
        let step = std::f64::consts::TAU * hz / 8000.0;
        let (mut re, mut im, mut power) = (0.0, 0.0, 0.0);
        for (at, sample) in self.0.iter().enumerate() {
            let (sample, phase) = (f64::from(*sample), step * at as f64);
            re += sample * phase.cos();
            im += sample * phase.sin();
            power += sample * sample;
        }
        if power == 0.0 { 0.0 } else { 2.0 * (re * re + im * im) / (self.0.len() as f64 * power) }
    }
}

fn level(pcm: &[i16]) -> f64 {
    let power = pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / pcm.len().max(1) as f64;
    10.0 * (power / 32768f64.powi(2)).max(1e-12).log10()
}

/// G.711 µ-law (ITU-T G.711), written here a second time so that the server's own tables are not their own judge.
pub fn ulaw(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = (i32::from(sample).abs() + 132).min(32_635 + 132);
    let exponent = (magnitude >> 7).ilog2();
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent as u8) << 4 | mantissa as u8)
}

pub fn from_ulaw(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = (((i32::from(byte & 0x0f) << 3) + 132) << ((byte >> 4) & 7)) - 132;
    (if byte & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

#[test]
fn ulaw_and_back_keeps_a_sound() {
    for sample in (-32_000..32_000).step_by(37) {
        let back = from_ulaw(ulaw(sample));
        assert!(i32::from(back - sample).abs() <= i32::from(sample).abs() / 16 + 8, "{sample} {back}");
    }
    assert_eq!((ulaw(0), from_ulaw(0xff)), (0xff, 0));
}

#[test]
fn a_tone_between_silences_is_found_where_it_is() {
    let mut pcm = vec![0; 8000];
    pcm.extend(crate::speech::tone(1000.0, 500, 0.3).0);
    pcm.extend([0; 4000]);
    let sound = Sound(pcm);
    assert_eq!(sound.spans(-50.0, 100), [Span { from: 1000, to: 1500 }]);
    assert!(sound.part(1000, 1500).share_of_tone(1000.0) > 0.99);
    assert!(sound.part(1000, 1500).share_of_tone(1300.0) < 0.01);
}

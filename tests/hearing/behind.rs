//! What is behind a caller: a television, people who talk, music; each without end.
//!
//! Thresholds are chosen in front of one half of these sounds; the other half is held out.
use super::sound::{Noise, read, say, shared};
use std::f64::consts::TAU;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One person who talks, with pauses.
    Television,
    /// Six people at once.
    Babble,
    /// Chords, a melody and a drum.
    Music,
}

pub const KINDS: [Kind; 3] = [Kind::Babble, Kind::Music, Kind::Television];

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Television => "television",
            Kind::Babble => "babble",
            Kind::Music => "music",
        }
    }
}

/// Which half of the sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Choosing,
    HeldOut,
}

/// A sound behind a caller, 8 kHz, at a level of 1.
pub struct Background(Vec<f64>);

/// The root mean square of the loud parts of a sound: of what is within 20 dB of its loudest 20 ms.
pub fn level(pcm: &[f64]) -> f64 {
    let powers: Vec<f64> =
        pcm.chunks(160).map(|piece| piece.iter().map(|s| s * s).sum::<f64>() / piece.len() as f64).collect();
    let loudest = powers.iter().copied().fold(1e-9, f64::max);
    let loud: Vec<f64> = powers.into_iter().filter(|power| *power > loudest * 0.01).collect();
    (loud.iter().sum::<f64>() / loud.len().max(1) as f64).sqrt()
}

fn samples(pcm: &[i16]) -> Vec<f64> {
    pcm.iter().map(|s| f64::from(*s)).collect()
}

const SENTENCES: [&str; 6] = [
    "good evening and welcome to the news at nine here are the main stories of the day",
    "the government has said that the new law will come into force at the beginning of next year",
    "and now the weather it will be cloudy in the north with some rain in the afternoon",
    "the home team won by three goals to one in front of forty thousand people",
    "more than two hundred people came to the opening of the new library on monday",
    "that is all from us thank you for watching and have a pleasant evening",
];

/// Somebody who reads aloud.
fn reader(voice: &str, from: usize) -> Vec<f64> {
    let sentences = SENTENCES.iter().cycle().skip(from).take(SENTENCES.len());
    sentences.flat_map(|text| samples(&say(voice, text)).into_iter().chain(std::iter::repeat_n(0.0, 2_400))).collect()
}

impl Background {
    pub fn new(kind: Kind, half: Half) -> Self {
        let mut sound = match kind {
            Kind::Television => television(half),
            Kind::Babble => babble(half),
            Kind::Music => music(half),
        };
        let level = level(&sound);
        sound.iter_mut().for_each(|s| *s /= level);
        Self(sound)
    }

    /// Its sound from a place on.
    pub fn from(&self, place: usize) -> impl Iterator<Item = f64> {
        self.0.iter().copied().cycle().skip(place % self.0.len())
    }
}

/// Machines' voices; held out: people who read a novel and give a speech.
fn television(half: Half) -> Vec<f64> {
    let people = ["ss_0870", "jfk", "ss_0920", "ss_0890", "ss_0880"];
    if half == Half::HeldOut
        && let Some(dir) = shared("speech/en")
    {
        let clip = |name: &str| samples(&read(&dir.join(name).with_extension("wav")));
        let one_level = |clip: Vec<f64>| {
            let level = level(&clip);
            clip.into_iter().map(move |s| s * 1_000.0 / level)
        };
        return people.iter().flat_map(|name| one_level(clip(name))).collect();
    }
    [reader("rms", 0), reader("kal16", 3)].concat()
}

fn babble(half: Half) -> Vec<f64> {
    let voices = match half {
        Half::Choosing => ["slt", "kal16", "rms", "awb", "en-us", "en-gb"],
        Half::HeldOut => ["kal", "rms", "en-gb-scotland", "en-029", "slt", "en-us+f3"],
    };
    let mut sum = vec![0.0; 25 * 8_000];
    for (from, voice) in voices.iter().enumerate() {
        let talk = reader(voice, from);
        let level = level(&talk);
        let talk = talk.iter().cycle().skip(from * 3_000).map(|s| s / level);
        sum.iter_mut().zip(talk).for_each(|(sum, s)| *sum += s);
    }
    sum
}

/// Four chords of four beats each, a melody of plucked notes, and a drum.
fn music(half: Half) -> Vec<f64> {
    let (chords, beat, seed) = match half {
        Half::Choosing => ([[0, 4, 7], [9, 12, 16], [5, 9, 12], [7, 11, 14]], 4_000, 3),
        Half::HeldOut => ([[2, 5, 9], [10, 14, 17], [5, 9, 12], [0, 4, 7]], 2_900, 8),
    };
    let hz = |note: i32| 130.8 * f64::powf(2.0, f64::from(note) / 12.0);
    let mut noise = Noise(seed);
    let mut out = vec![0.0; beat * 64];
    for at in 0..64 {
        let chord = chords[at / 4 % 4];
        let lead = chord[((noise.sample() + 1.0) * 1.49) as usize] + 12 * ((noise.sample() > 0.0) as i32 + 1);
        let from = at * beat;
        for i in 0..beat {
            let t = i as f64 / 8_000.0;
            let tone = |note: i32, harmonics: i32, fall: f64| -> f64 {
                let f = hz(note);
                (1..=harmonics)
                    .filter(|n| f * f64::from(*n) < 3_700.0)
                    .map(|n| f64::sin(TAU * f * f64::from(n) * t) / f64::from(n) * f64::exp(-t * fall * f64::from(n)))
                    .sum()
            };
            let pad: f64 = chord.iter().map(|note| tone(*note, 5, 0.3)).sum();
            let drum = if at % 2 == 1 {
                noise.sample() * f64::exp(-t * 30.0)
            } else {
                f64::sin(TAU * 60.0 * t) * f64::exp(-t * 12.0)
            };
            out[from + i] += 0.5 * pad + 1.2 * tone(lead, 8, 2.0) + 1.5 * drum;
        }
    }
    out
}

//! A caller's side of a call as sound: clips laid at given times over low noise.
use crate::sound::{PER_MS, Sound};
use crate::testbed::Dir;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The voice of most callers; the bots speak with `rms`.
pub const CALLER: &str = "kal16";

/// A text spoken by flite, without the silence around it, as loud as people are on a phone. Each is made once in a run.
pub fn say(voice: &str, text: &str) -> Sound {
    static SAID: Mutex<BTreeMap<String, Sound>> = Mutex::new(BTreeMap::new());
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.entry(format!("{voice}:{text}")).or_insert_with(|| flite(voice, text)).clone()
}

fn flite(voice: &str, text: &str) -> Sound {
    let dir = Dir::new("flite");
    let path = dir.join("said.wav");
    let done = Command::new("flite").args(["-voice", voice, "-t", text, "-o"]).arg(&path).stdin(Stdio::null()).status();
    assert!(done.expect("flite runs (Debian package flite)").success(), "flite says nothing");
    clip(&path)
}

/// A recording, without the silence around it, as loud as people are on a phone.
pub fn clip(path: &Path) -> Sound {
    let sound = Sound::read(path);
    let peak = sound.levels().into_iter().fold(-96.0, f64::max);
    let spans = sound.spans(peak - 35.0, 400);
    let (from, to) = (spans[0].from.saturating_sub(40), spans[spans.len() - 1].to + 40);
    louder(sound.part(from, to), -14.0 - peak)
}

fn louder(sound: Sound, db: f64) -> Sound {
    let factor = 10f64.powf(db / 20.0);
    Sound(sound.0.into_iter().map(|s| (f64::from(s) * factor).clamp(-32_000.0, 32_000.0) as i16).collect())
}

pub fn tone(hz: f64, ms: usize, amplitude: f64) -> Sound {
    let step = std::f64::consts::TAU * hz / 8000.0;
    Sound((0..ms * PER_MS).map(|n| ((step * n as f64).sin() * amplitude * 32_767.0) as i16).collect())
}

/// A cough, as a microphone gets it: a burst of noise that rises at once and dies away within 250 ms.
pub fn cough() -> Sound {
    let mut noise = Noise::new(7);
    let mut low = 0.0;
    let burst = (0..250 * PER_MS).map(|n| {
        let envelope = (-(n as f64) / (60.0 * PER_MS as f64)).exp() * (n as f64 / 40.0).min(1.0);
        low = 0.6 * low + 0.4 * noise.next();
        (low * envelope * 20_000.0) as i16
    });
    Sound(burst.collect())
}

/// The same noise in every run.
struct Noise(u64);

impl Noise {
    const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// −1 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1u32 << 30) - 1.0
    }
}

/// What a caller sends from the first packet on.
pub struct Timeline(Sound);

impl Timeline {
    /// So many milliseconds of a quiet room (−66 dB).
    pub fn new(ms: usize) -> Self {
        let mut noise = Noise::new(1);
        Self(Sound((0..ms * PER_MS).map(|_| (noise.next() * 28.0) as i16).collect()))
    }

    /// Lays `clip` over it from `ms` on.
    pub fn lay(mut self, ms: usize, clip: &Sound) -> Self {
        let from = ms * PER_MS;
        assert!(from + clip.0.len() <= self.0.0.len(), "the timeline is too short for this clip");
        for (sample, more) in self.0.0[from..].iter_mut().zip(&clip.0) {
            *sample = sample.saturating_add(*more);
        }
        self
    }

    pub fn sound(&self) -> &Sound {
        &self.0
    }
}

/// A quiet room, for a peer that has nothing to say.
pub fn room(at: u64) -> i16 {
    (Noise::new(at.wrapping_mul(0x9e37_79b9_7f4a_7c15)).next() * 28.0) as i16
}

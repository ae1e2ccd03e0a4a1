//! What a recogniser gets of a caller: clips and synthesised voices over µ-law, through the real ear.
use media::asr::{Cue, Listen};
use media::codec::Codec;
use media::ear::{Ear, EarPlan};
use media::frame::Origin;
use media::resample::Resampler;
use media::testkit::detectors::silero_path;
use media::vad::Models;
use media::{Frame, Rate, SamplePos};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

pub const TICK: usize = 160;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Recordings of people, where there are any.
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

pub fn models() -> &'static Models {
    static MODELS: OnceLock<Models> = OnceLock::new();
    MODELS.get_or_init(|| {
        Models::load(Some(&silero_path())).unwrap_or_else(|why| panic!("these tests need the Silero model: {why}"))
    })
}

/// A mono WAV at a telephone's rate.
pub fn read(path: &Path) -> Vec<i16> {
    let mut wav = hound::WavReader::open(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let pcm: Vec<i16> = wav.samples::<i16>().map(|sample| sample.expect("a sample")).collect();
    let hz = wav.spec().sample_rate;
    if hz == 8_000 {
        return pcm;
    }
    let (mut down, mut out) = (Resampler::new(hz, 8_000), Vec::new());
    down.push(&pcm, &mut out);
    down.finish(&mut out);
    out
}

/// A voice of the machine: flite's `slt`, `kal16`, …, or espeak-ng's (`en-us`, `en-gb+f3`, …).
pub fn say(voice: &str, text: &str) -> Vec<i16> {
    say_as(voice, &[], text)
}

/// The same with options of its program: how fast, how high.
pub fn say_as(voice: &str, manner: &[&str], text: &str) -> Vec<i16> {
    let path = std::env::temp_dir().join(format!("switchboard-hearing-{}-{}.wav", std::process::id(), next()));
    let is_espeak = voice.starts_with("en-") || voice.starts_with("vi");
    let mut command = if is_espeak {
        let mut command = Command::new("espeak-ng");
        command.args(manner).args(["-v", voice, "-w"]).arg(&path).arg(text);
        command
    } else {
        let mut command = Command::new("flite");
        command.args(manner).args(["-voice", voice, "-t", text, "-o"]).arg(&path);
        command
    };
    let done = command.stdin(Stdio::null()).status().expect("flite and espeak-ng run (`make setup` installs them)");
    assert!(done.success(), "{voice} says nothing");
    let pcm = read(&path);
    let _ = std::fs::remove_file(&path);
    pcm
}

fn next() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Keeps what an ear sends on: the sound, and how much of it there was at the last pause.
#[derive(Clone, Default)]
pub struct Tape(pub Arc<Mutex<(Vec<i16>, usize)>>);

impl Listen for Tape {
    fn cue(&mut self, cue: Cue) {
        let mut tape = self.0.lock().expect("the tape");
        match cue {
            Cue::Begin { .. } | Cue::Above { .. } => {}
            Cue::Anew { keep, .. } => {
                let others = tape.0.len().saturating_sub(keep);
                tape.0.drain(..others);
                tape.1 = 0;
            }
            Cue::Sound(pcm) => tape.0.extend(pcm),
            Cue::Pause { .. } => tape.1 = tape.0.len(),
        }
    }
}

/// White noise between -1 and 1, the same for the same seed.
pub struct Noise(pub u64);

impl Noise {
    pub fn sample(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
    }

    /// A sample of a quiet room.
    pub fn room(&mut self) -> f64 {
        self.sample() * 28.0
    }
}

/// What a recogniser is given of `pcm` (8 kHz) in a quiet room, over µ-law; nothing when the ear hears no speech.
pub fn through_the_ear(pcm: &[i16]) -> Vec<i16> {
    let mut noise = Noise(1);
    let (before, after) = (6_400, 8_000);
    let line = (0..before + pcm.len() + after).map(|i| {
        let voice = i.checked_sub(before).and_then(|i| pcm.get(i)).copied().unwrap_or(0);
        (f64::from(voice) + noise.room()).clamp(-32_000.0, 32_000.0) as i16
    });
    let line: Vec<i16> = line.collect();
    let (mut encoder, mut decoder) = (Codec::Pcmu.encoder(), Codec::Pcmu.decoder());
    let (mut ear, tape) = (Ear::new(EarPlan::default(), models()), Tape::default());
    ear.listen(Some(Box::new(tape.clone())));
    for (i, tick) in line.chunks_exact(TICK).enumerate() {
        let mut frame = Frame::silence(SamplePos(i as u64 * SamplePos::PER_SECOND / 50), Rate::Hz8000);
        let (mut payload, mut heard) = (Vec::new(), Vec::new());
        encoder.encode(tick, &mut payload);
        decoder.decode(&payload, &mut heard);
        frame.pcm_mut().copy_from_slice(&heard);
        frame.origin = Origin::Line;
        ear.hear(&frame);
    }
    let (mut pcm, mark) = std::mem::take(&mut *tape.0.lock().expect("the tape"));
    pcm.truncate(mark);
    pcm
}

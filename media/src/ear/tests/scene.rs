//! Lines for the tests of ears: speech laid at known places, noise, and sounds that are no speech.
use crate::ear::Ear;
use crate::frame::{Frame, Origin, Rate, SamplePos};
use crate::resample::Resampler;
use crate::testkit::detectors;
use crate::vad::{Edge, Models};
use std::f64::consts::{PI, TAU};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Silero with earshot, or earshot alone where the Silero model is missing.
pub(super) fn models() -> &'static Models {
    static MODELS: OnceLock<Models> = OnceLock::new();
    MODELS.get_or_init(detectors::models)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Seeded noise (xorshift64*), uniform between -1 and 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Through G.711 µ-law and back.
fn ulaw(sample: f64) -> i16 {
    let sample = sample.round().clamp(-32_635.0, 32_635.0) as i32;
    let magnitude = sample.abs() + 132;
    let exponent = (31 - magnitude.leading_zeros() as i32 - 7).max(0);
    let decoded = ((((magnitude >> (exponent + 3)) & 15) * 2 + 33) << (exponent + 2)) - 132;
    (decoded * sample.signum()) as i16
}

/// Speech of a voice at 8 kHz, cut to what is within 30 dB of its loudest 10 ms, and scaled to a usual level.
#[derive(Clone)]
pub(super) struct Clip {
    pub(super) pcm: Vec<f64>,
}

impl Clip {
    fn new(pcm: &[i16], hz: u32) -> Self {
        let (mut up, mut out) = (Resampler::new(hz, 8_000), Vec::new());
        up.push(pcm, &mut out);
        up.finish(&mut out);
        let level = |piece: &[i16]| piece.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / piece.len() as f64;
        let levels: Vec<f64> = out.chunks(80).map(level).collect();
        let loudest = levels.iter().copied().fold(1.0, f64::max);
        let loud = |level: &f64| *level > loudest * 1e-3;
        let first = levels.iter().position(loud).unwrap_or(0) * 80;
        let last = (levels.iter().rposition(loud).unwrap_or(0) + 1) * 80;
        let scale = 6_000.0 / loudest.sqrt();
        Self { pcm: out[first..last.min(out.len())].iter().map(|s| f64::from(*s) * scale).collect() }
    }

    fn read(path: &std::path::Path) -> Option<Self> {
        let mut wav = hound::WavReader::open(path).ok()?;
        let pcm: Vec<i16> = wav.samples::<i16>().map_while(Result::ok).collect();
        Some(Self::new(&pcm, wav.spec().sample_rate))
    }

    fn say(voice: &str, text: &str) -> Option<Self> {
        static SEEN: Mutex<u32> = Mutex::new(0);
        let number = {
            let mut seen = SEEN.lock().unwrap();
            *seen += 1;
            *seen
        };
        let file = std::env::temp_dir().join(format!("switchboard-ear-{}-{number}.wav", std::process::id()));
        let done = match voice.strip_prefix("flite:") {
            Some(voice) => {
                std::process::Command::new("flite").args(["-voice", voice, "-t", text, "-o"]).arg(&file).status()
            }
            None => std::process::Command::new("espeak-ng").args(["-v", voice, "-w"]).arg(&file).arg(text).status(),
        };
        let clip = done.is_ok_and(|status| status.success()).then(|| Self::read(&file)).flatten();
        let _ = std::fs::remove_file(&file);
        clip
    }
}

/// Sound of a line, and where speech lies in it (samples at 8 kHz).
pub(super) struct Scene {
    pub(super) line: Vec<f64>,
    pub(super) truth: Vec<(usize, usize)>,
}

impl Scene {
    pub(super) fn quiet(seconds: f64) -> Self {
        Self { line: vec![0.0; (seconds * 8_000.0) as usize], truth: Vec::new() }
    }

    /// Clips one after the other, with pauses of 0.9–1.8 s.
    pub(super) fn of(clips: &[Clip], gain: f64) -> Self {
        let (mut noise, mut scene) = (Noise(7), Self::quiet(1.3));
        for clip in clips {
            let begin = scene.line.len();
            scene.line.extend(clip.pcm.iter().map(|s| s * gain));
            scene.truth.push((begin, scene.line.len()));
            let pause = 10_800.0 + 3_600.0 * noise.next();
            scene.line.extend(std::iter::repeat_n(0.0, pause as usize));
        }
        scene
    }

    pub(super) fn noisy(mut self, rms: f64) -> Self {
        let mut noise = Noise(11);
        self.line.iter_mut().for_each(|s| *s += noise.next() * rms * 3f64.sqrt());
        self
    }

    pub(super) fn frames(&self) -> impl Iterator<Item = Frame> {
        let start = Instant::now();
        self.line.chunks_exact(160).enumerate().map(move |(tick, pcm)| {
            let mut frame = Frame::silence(SamplePos::of_tick(tick as u64), Rate::Hz8000);
            frame.origin = Origin::Line;
            frame.arrived = Some(start + Duration::from_millis(20) * tick as u32);
            frame.pcm_mut().iter_mut().zip(pcm).for_each(|(out, s)| *out = ulaw(*s));
            frame
        })
    }

    /// Edges with the moment (ms) each was reported.
    pub(super) fn hear(&self, ear: &mut Ear) -> Vec<(Edge, f64)> {
        self.frames()
            .enumerate()
            .filter_map(|(tick, frame)| Some((ear.hear(&frame)?, (tick + 1) as f64 * 20.0)))
            .collect()
    }
}

const PHRASES: &[(&str, &str)] = &[
    ("flite:kal16", "book a room"),
    ("flite:rms", "mountain view please"),
    ("flite:slt", "half an hour"),
    ("flite:rms", "yes"),
    ("flite:slt", "no"),
    ("flite:kal16", "two people"),
    ("flite:awb", "stop"),
    ("flite:slt", "i would like a table for tomorrow"),
    ("flite:rms", "cancel my booking"),
    ("flite:awb", "seven o'clock"),
    ("en", "today"),
    ("en-us", "thank you very much"),
    ("en", "a person"),
    ("vi", "khách sạn"),
    ("vi", "đúng"),
    ("vi", "trở lại"),
    ("en-gb", "what is the weather like"),
    ("flite:kal16", "help"),
    ("flite:slt", "sixteen"),
    ("flite:rms", "four"),
];

pub(super) fn phrases() -> &'static [Clip] {
    static CLIPS: OnceLock<Vec<Clip>> = OnceLock::new();
    CLIPS.get_or_init(|| {
        let clips: Vec<Clip> = PHRASES.iter().filter_map(|(voice, text)| Clip::say(voice, text)).collect();
        if clips.len() < PHRASES.len() {
            println!("skipped: {} phrases (flite or espeak-ng is not installed)", PHRASES.len() - clips.len());
        }
        clips
    })
}

pub(super) fn human() -> &'static [Clip] {
    static CLIPS: OnceLock<Vec<Clip>> = OnceLock::new();
    CLIPS.get_or_init(|| {
        let folder = root().join("../shared/speech");
        let mut files: Vec<_> = ["en", "vi"]
            .iter()
            .filter_map(|l| std::fs::read_dir(folder.join(l)).ok())
            .flatten()
            .flatten()
            .map(|e| e.path())
            .collect();
        files.sort();
        if files.is_empty() {
            println!("skipped: human speech ({} is not there)", folder.display());
        }
        files.iter().filter_map(|path| Clip::read(path)).collect()
    })
}

/// Sounds of a line that are no speech, each for half a minute to a minute.
pub(super) fn non_speech() -> Vec<(&'static str, Scene)> {
    let silences = [("digital silence", Scene::quiet(24.0)), ("faint line noise", Scene::quiet(60.0).noisy(4.0))];
    silences.into_iter().chain(noises()).chain(bursts()).chain(tones()).collect()
}

fn sound(mut sample: impl FnMut(usize) -> f64) -> Scene {
    Scene { line: (0..24 * 8_000).map(&mut sample).collect(), truth: Vec::new() }
}

fn tone(hz: f64, n: usize) -> f64 {
    (TAU * hz * n as f64 / 8_000.0).sin()
}

fn noises() -> Vec<(&'static str, Scene)> {
    let mut noise = Noise(4);
    let hiss = sound(|_| noise.next() * 400.0);
    let (mut noise, mut walk) = (Noise(5), 0.0);
    let rumble = sound(|_| {
        walk = walk * 0.995 + noise.next() * 150.0;
        walk
    });
    let mut noise = Noise(6);
    let waves = sound(|n| noise.next() * 800.0 * (1.0 + (TAU * n as f64 / 24_000.0).sin()));
    vec![("hiss", hiss), ("rumble", rumble), ("swelling noise", waves)]
}

fn bursts() -> Vec<(&'static str, Scene)> {
    let mut noise = Noise(3);
    let clicks = sound(|n| if n % 5_600 < 24 { noise.next() * 12_000.0 } else { noise.next() * 20.0 });
    let mut noise = Noise(8);
    let breath = sound(|n| {
        let t = n % 24_000;
        let env = if t < 4_000 { (PI * t as f64 / 4_000.0).sin() } else { 0.0 };
        noise.next() * (1_500.0 * env + 10.0)
    });
    let (mut noise, mut low) = (Noise(9), 0.0);
    // Bursts like coughs: broadband, with a steep attack and a decay of 200 ms.
    let coughs = sound(|n| {
        let t = (n % 20_000) as f64;
        let env = if t < 3_000.0 { (-(t / 700.0)).exp() } else { 0.0 };
        low = low * 0.6 + noise.next();
        low * 7_000.0 * env + noise.next() * 15.0
    });
    let mut noise = Noise(10);
    let bumps = sound(|n| {
        let t = (n % 14_000) as f64;
        (TAU * 90.0 * t / 8_000.0).sin() * 12_000.0 * (-(t / 500.0)).exp() + noise.next() * 15.0
    });
    vec![("clicks", clicks), ("breath", breath), ("cough-like bursts", coughs), ("bumps", bumps)]
}

fn tones() -> Vec<(&'static str, Scene)> {
    let dtmf = |key: usize, n: usize| {
        let (rows, columns) = ([697.0, 770.0, 852.0, 941.0], [1_209.0, 1_336.0, 1_477.0, 1_633.0]);
        tone(rows[key / 4 % 4], n) + tone(columns[key % 4], n)
    };
    let hum = sound(|n| 1_500.0 * tone(50.0, n) + 700.0 * tone(150.0, n) + 300.0 * tone(250.0, n));
    let american = sound(|n| if n % 48_000 < 16_000 { 4_000.0 * (tone(440.0, n) + tone(480.0, n)) } else { 0.0 });
    let european = sound(|n| if n % 40_000 < 8_000 { 6_000.0 * tone(425.0, n) } else { 0.0 });
    let short = sound(|n| if n % 2_400 < 800 { 6_000.0 * dtmf(n / 2_400, n) } else { 0.0 });
    let mut noise = Noise(12);
    let long = sound(|n| {
        let tone = if n % 8_000 < 4_000 { 4_000.0 * dtmf(n / 8_000, n) } else { 0.0 };
        tone + noise.next() * 20.0
    });
    let mut noise = Noise(13);
    let blips = sound(|n| {
        let hz = 300.0 + 250.0 * ((n / 6_000) % 11) as f64;
        let length = if n / 6_000 % 2 == 0 { 160 } else { 800 };
        (if n % 6_000 < length { 8_000.0 * tone(hz, n) } else { 0.0 }) + noise.next() * 15.0
    });
    vec![
        ("hum 50 Hz and harmonics", hum),
        ("ringback (440+480, 2 s on, 4 s off)", american),
        ("ringback (425, 1 s on, 4 s off)", european),
        ("DTMF 100 ms", short),
        ("DTMF 500 ms", long),
        ("tones of 20 and 100 ms", blips),
    ]
}

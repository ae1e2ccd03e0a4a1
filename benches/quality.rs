//! How a call sounds through a bad network: PESQ against delay, over voices and seeds, beside simpler concealment.
//!
//! `make quality`, or `cargo bench -p media --features testkit --bench quality -- --quick`. The real `Ingress` runs in
//! simulated time; `benches/quality.py`, in a virtual environment made under the target folder, judges what came out.
//! At the end a row for each stall of the network: what an ear has of what was held back, and how soon people are in time again.
//! Options: `--quick`, `--only SCENARIO,…` (`stalls`), `--half even|odd` (odd seeds are held out while tuning), `--points` (the whole
//! curve), `--ours` (without the simpler concealments), `--seeds N`, `--keep` (the sound files stay).
use media::codec::g711::{ULAW_TO_PCM, ulaw};
use media::codec::{Codec, Decoder};
use media::frame::{Origin, TICK};
use media::ingress::{Ingress, Mute};
use media::jitter::{Content, JitterPlan};
use media::noise::{Rng, rms};
use media::packet::Rtp;
use media::resample::Resampler;
use media::testkit::netem::{Impairments, Netem, Order};
use media::testkit::wav;
use media::{Bytes, SamplePos};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

#[path = "quality/stalls.rs"]
mod stalls;

const MS: Duration = Duration::from_millis(1);
const SAMPLES: usize = 160;
/// Active speech level: -26 dBov, as ITU-T P.862 is calibrated.
const LEVEL: f32 = 1642.0;

struct Voice {
    name: String,
    pcm: Vec<i16>,
}

struct Scenario {
    name: &'static str,
    impairments: Impairments,
    /// Whether it has a curve: jitter to wait for.
    curve: bool,
}

fn scenarios() -> Vec<Scenario> {
    let calm = Impairments { order: Order::Lost, ..Impairments::default() };
    let lossy = |loss, burst, tail| Impairments { loss, burst, tail, ..calm };
    let scenario = |name, impairments, curve| Scenario { name, impairments, curve };
    vec![
        scenario("unimpaired", calm, false),
        scenario("jitter 15", lossy(0.0, 0, MS * 15), true),
        scenario("jitter 40", lossy(0.0, 0, MS * 40), true),
        scenario("half-normal 15", Impairments { spread: MS * 15, ..calm }, true),
        scenario("half-normal 40", Impairments { spread: MS * 40, ..calm }, true),
        scenario("loss 5", lossy(0.05, 1, Duration::ZERO), false),
        scenario("bursts 5", lossy(0.05, 3, Duration::ZERO), false),
        scenario("bursts 5 + jitter 30", lossy(0.05, 3, MS * 30), true),
    ]
}

// ---- voices

const ENGLISH: [&str; 4] = [
    "Good morning, I would like to book a room for two people. The meeting starts at half past two and should last an hour. Could you tell me which rooms are free today?",
    "Please hold the line while I look for your reservation. Yes, I can see it here. Your table is booked for seven this evening, and the kitchen closes at ten.",
    "The weather was cold and the roads were covered with snow. She sells fresh fish every Saturday near the old harbour. Shall we choose the shorter way?",
    "My number is four seven one, nine three zero, double six. I have called twice about the same bill. Somebody promised to send it back before the weekend.",
];
const VIETNAMESE: &str = "Xin chào, tôi muốn đặt một phòng cho hai người vào tối nay. Xin cho biết giá phòng và giờ nhận phòng. \
Cảm ơn anh, tôi sẽ đến trước bảy giờ. Khách sạn có chỗ để xe không?";

/// Sound of any file as 8 kHz at the level PESQ expects, with quiet at both ends, as µ-law leaves it.
fn voice(name: &str, parts: &[PathBuf]) -> Option<Voice> {
    let mut pcm = Vec::new();
    for part in parts {
        let (rate, channels) = wav::read(part).ok()?;
        let mut resampler = Resampler::new(rate, 8_000);
        resampler.push(channels.first()?, &mut pcm);
        resampler.finish(&mut pcm);
        pcm.resize(pcm.len() + 2400, 0);
        if pcm.len() > 8_000 * 14 {
            break;
        }
    }
    pcm.truncate(8_000 * 14);
    if pcm.len() < 8_000 * 8 {
        return None;
    }
    let loud: Vec<i16> =
        pcm.chunks(160).filter(|chunk| rms(chunk) > rms(&pcm) * 0.2).flat_map(|chunk| chunk.iter().copied()).collect();
    let gain = LEVEL / rms(&loud);
    let mut line = vec![0i16; 4_000];
    line.extend(pcm.iter().map(|&x| (f32::from(x) * gain).clamp(-32_000.0, 32_000.0) as i16));
    line.resize(line.len() + 6_400, 0);
    line.truncate(line.len() / SAMPLES * SAMPLES);
    let pcm = line.iter().map(|&x| ULAW_TO_PCM[usize::from(ulaw(x))]).collect();
    Some(Voice { name: name.into(), pcm })
}

fn said(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

fn voices(dir: &Path, speech: &Path) -> Vec<Voice> {
    let mut found = Vec::new();
    let mut add = |name: &str, parts: &[PathBuf], made: bool| match made.then(|| voice(name, parts)).flatten() {
        Some(voice) => found.push(voice),
        None => println!("skipped: voice {name}"),
    };
    for (name, text) in ["kal16", "slt", "rms", "awb"].iter().zip(ENGLISH) {
        let path = dir.join(format!("say-{name}.wav"));
        let made = said("flite", &["-voice", name, "-t", text, "-o", &path.to_string_lossy()]);
        add(name, &[path], made);
    }
    let path = dir.join("say-vi.wav");
    let made = said("espeak-ng", &["-v", "vi", "-w", &path.to_string_lossy(), VIETNAMESE]);
    add("espeak-vi", &[path], made);
    let human = |names: &[&str]| names.iter().map(|name| speech.join(name)).collect::<Vec<_>>();
    add("human-jfk", &human(&["en/jfk.wav"]), true);
    add("human-book", &human(&["en/ss_0870.wav", "en/ss_0880.wav", "en/ss_0890.wav"]), true);
    found
}

// ---- what it is compared with

/// Zeros where sound is missing.
struct ZeroFill;
/// The last packet once more.
struct Repeat(Vec<i16>);

fn decode(payload: &[u8], out: &mut Vec<i16>) {
    out.extend(payload.iter().map(|&code| ULAW_TO_PCM[usize::from(code)]));
}

impl Decoder for ZeroFill {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        decode(payload, out);
    }
    fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) -> bool {
        out.resize(out.len() + samples, 0);
        true
    }
    fn reset(&mut self) {}
}

impl Decoder for Repeat {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        self.0.clear();
        decode(payload, &mut self.0);
        out.extend_from_slice(&self.0);
    }
    fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) -> bool {
        out.extend(self.0.iter().cycle().take(samples));
        out.resize(out.len() + if self.0.is_empty() { samples } else { 0 }, 0);
        true
    }
    fn reset(&mut self) {}
}

#[derive(Clone, Copy)]
enum Method {
    Ours,
    ZeroFill,
    Repeat,
}

// ---- one call

struct Heard {
    pcm: Vec<i16>,
    /// From a sample's capture to the tick that hands it on, mean, in ms: packetisation of 20 ms, network and buffer.
    lag: f64,
    concealed: f64,
    stretches: u64,
    /// Where packets fall between ticks, in ms.
    phase: f64,
}

struct Open;
impl Mute for Open {
    fn mutes(&self, _: u32, _: u32) -> bool {
        false
    }
}

fn call(voice: &Voice, impairments: Impairments, seed: u64, plan: JitterPlan, method: Method) -> Heard {
    let t0 = Instant::now();
    let ingress = Ingress::new(Codec::Pcmu, plan, seed);
    let mut ingress = match method {
        Method::Ours => ingress,
        Method::ZeroFill => ingress.decoded_by(|_| Box::new(ZeroFill)),
        Method::Repeat => ingress.decoded_by(|_| Box::new(Repeat(Vec::new()))),
    };
    // Where a packet falls between two ticks is chance, and stays as it is for the call.
    let phase = TICK.mul_f32(Rng::new(seed ^ 0x0ff5e7).unit());
    let mut net = Netem::new(impairments, seed);
    for (n, chunk) in voice.pcm.chunks_exact(SAMPLES).enumerate() {
        let spoken = t0 + phase + TICK * (n as u32 + 1);
        net.send(spoken, (n, chunk.iter().map(|&x| ulaw(x)).collect::<Bytes>()));
    }
    let (mut pcm, mut lags) = (Vec::with_capacity(voice.pcm.len()), Vec::new());
    for tick in 0..(voice.pcm.len() / SAMPLES) as u32 {
        let now = t0 + TICK * tick;
        while let Some((arrived, (n, payload))) = net.recv(now) {
            let (sequence, timestamp) = (n as u16, 4_294_900_000u32.wrapping_add(n as u32 * SAMPLES as u32));
            let marker = n == 0;
            let packet = Rtp { arrived, payload_type: 0, marker, sequence, timestamp, ssrc: 7, payload };
            ingress.push(packet, Content::Sound(Codec::Pcmu));
        }
        let frame = ingress.pull(now, SamplePos::of_tick(u64::from(tick)), &Open);
        if frame.origin == Origin::Line {
            lags.push((ingress.delay(now) + TICK).as_secs_f64() * 1000.0);
        }
        pcm.extend_from_slice(frame.pcm());
    }
    let lag = lags.iter().sum::<f64>() / lags.len().max(1) as f64;
    let spoken = voice.pcm.len() as f64 / 8_000.0;
    Heard {
        pcm,
        lag,
        concealed: ingress.concealed().as_secs_f64() / spoken,
        stretches: ingress.stretches(),
        phase: phase.as_secs_f64() * 1000.0,
    }
}

// ---- the run

fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|arg| arg != name).nth(1)
}

fn flag(name: &str) -> bool {
    std::env::args().any(|arg| arg == name)
}

/// Python with what the judge needs, in an environment of its own.
fn python(dir: &Path) -> Option<PathBuf> {
    let home = dir.join("venv");
    let python = home.join("bin/python");
    let ready = home.join("ready");
    if !ready.exists() {
        println!("making {} (pesq, pystoi, numpy)", home.display());
        if !said("python3", &["-m", "venv", &home.to_string_lossy()])
            || !said(&python.to_string_lossy(), &["-m", "pip", "install", "-q", "pesq==0.0.4", "pystoi", "numpy"])
        {
            return None;
        }
        std::fs::write(ready, "").ok()?;
    }
    Some(python)
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let dir = target.join("quality");
    std::fs::create_dir_all(&dir).expect("a folder under target");
    let speech = std::env::var_os("SPEECH").map_or_else(|| root.join("../shared/speech"), PathBuf::from);
    let mut voices = voices(&dir, &speech);
    let quick = flag("--quick");
    if quick {
        voices.truncate(4);
    }
    let seeds: u64 = option("--seeds").and_then(|n| n.parse().ok()).unwrap_or(if quick { 2 } else { 10 });
    let only = option("--only").map(|names| names.split(',').map(str::to_owned).collect::<Vec<_>>());
    let half = option("--half");
    if only.as_ref().is_none_or(|names| names.iter().any(|name| name != "stalls")) {
        judged(&dir, root, &voices, (seeds, only.as_deref(), half.as_deref()));
    }
    if only.as_ref().is_none_or(|names| names.iter().any(|name| name == "stalls")) {
        stalls::run(&voices, seeds);
    }
}

/// The scenarios of [`scenarios`] that are asked for, judged by PESQ.
fn judged(dir: &Path, root: &Path, voices: &[Voice], (seeds, only, half): (u64, Option<&[String]>, Option<&str>)) {
    let Some(python) = python(dir) else {
        println!("skipped: python3 with venv and pip (pesq, pystoi, numpy) is needed to judge sound");
        return;
    };
    let quick = flag("--quick");
    let default = JitterPlan::default();
    let mut manifest = String::new();
    for voice in voices {
        wav::write(&dir.join(format!("ref-{}.wav", voice.name)), 8_000, &voice.pcm).expect("a file under target");
    }
    for (s, scenario) in scenarios().iter().enumerate() {
        if only.as_ref().is_some_and(|names| !names.iter().any(|name| name == scenario.name)) {
            continue;
        }
        let mut setups = vec![("switchboard".to_owned(), default.clone(), Method::Ours)];
        if !flag("--ours") {
            setups.push(("zero fill".into(), default.clone(), Method::ZeroFill));
            setups.push(("repeat".into(), default.clone(), Method::Repeat));
        }
        if scenario.curve && (flag("--points") || !(quick || flag("--ours"))) {
            // The default costs 12 ms.
            for cost in [0.5, 1.0, 2.0, 3.0, 5.0, 25.0, 50.0] {
                let plan = JitterPlan { delay_per_loss: MS.mul_f32(cost), ..default.clone() };
                setups.push((format!("at {cost} ms per percent"), plan, Method::Ours));
            }
        }
        if let Some(fixed) = option("--fixed") {
            for ms in fixed.split(',').filter_map(|ms| ms.parse::<u32>().ok()) {
                let plan = JitterPlan { min_delay: MS * ms, delay_per_loss: Duration::ZERO, ..default.clone() };
                setups.push((format!("fixed {ms} ms"), plan, Method::Ours));
            }
        }
        for (k, (setup, plan, method)) in setups.iter().enumerate() {
            for (v, voice) in voices.iter().enumerate() {
                for seed in 0..seeds {
                    let side = if seed % 2 == 0 { "even" } else { "odd" };
                    if half.is_some_and(|half| half != side) {
                        continue;
                    }
                    // Each voice has impairments of its own: as many networks as calls.
                    let impairments = seed * 7920 + v as u64 * 104_729;
                    let heard = call(voice, scenario.impairments, impairments, plan.clone(), *method);
                    let file = format!("deg-{s}-{k}-{}-{seed}.wav", voice.name);
                    wav::write(&dir.join(&file), 8_000, &heard.pcm).expect("a file under target");
                    let Heard { lag, concealed, stretches, phase, .. } = heard;
                    let name = &voice.name;
                    writeln!(
                        manifest,
                        "{}\t{setup}\t{name}\t{seed}\t{side}\tref-{name}.wav\t{file}\t{lag:.2}\t{concealed:.5}\t{stretches}\t{phase:.3}",
                        scenario.name
                    )
                    .expect("a string");
                }
            }
        }
    }
    std::fs::write(dir.join("manifest.tsv"), manifest).expect("a file under target");
    let judge = root.join("benches/quality.py");
    let status = Command::new(python).arg(judge).arg(dir).status();
    if !flag("--keep") {
        for file in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            if file.file_name().to_string_lossy().starts_with("deg-") {
                // What cannot be deleted is overwritten by the next run.
                let _ = std::fs::remove_file(file.path());
            }
        }
    }
    assert!(status.is_ok_and(|status| status.success()), "the judge failed");
}

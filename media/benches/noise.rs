//! Whether noise suppression and gain before the recogniser help it: phrases understood, by noise and by level, each against the
//! same line untreated; what voice activity makes of cleaned sound; what it costs.
//!
//! `cargo bench -p media --features testkit,whisper --bench noise [-- noise | level | vad | cost] [seeds=2] [set=English]`
//!
//! A line is hiss and noise for four seconds, a phrase, and noise again, over µ-law at 8 kHz. It goes through a real ear, whose
//! listener gets what a recogniser would; the phrase counts as understood where the recogniser says it word for word.
use media::Language;
use media::Rate;
use media::asr::pocketsphinx::{Model, PocketSphinx, Spelling};
use media::asr::{Ask, Expect, Recogniser};
use media::codec::g711::{ULAW_TO_PCM, ulaw};
use media::ear::level::{Level, Levelling};
use media::ear::suppressor::{Suppression, Suppressor};
use media::ear::{Ear, EarPlan};
use media::noise::{Rng, rms};
use media::resample::Resampler;
use media::testkit::labelled::{Clip, Line, Under};
use media::testkit::ticks::{Tape, frame};
use media::testkit::{phrases, voices};
use media::vad::Models;
use sonora::config::{AdaptiveDigital, GainController2};
use sonora::{AudioProcessing, Config};
use std::collections::BTreeMap;
use std::f32::consts::TAU;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const GRAMMAR: &str = include_str!("../src/asr/pocketsphinx/booking.jsgf");

/// What the tests' own Whisper knows.
#[cfg(feature = "whisper")]
const KNOWN: [&str; 8] = [
    "book a room",
    "mountain view",
    "talk to an agent",
    "half an hour",
    "two people",
    "cancel my booking",
    "change the date",
    "thank you",
];

/// Noise alone before each phrase (8 kHz), in which a suppressor learns it; what follows it; and from when on somebody listens.
const LEAD: usize = 32_000;
const TAIL: usize = 6_400;
const LISTEN: usize = LEAD - 4_000;
/// Root mean square of the loud parts of a clip, in dBFS.
const USUAL_DB: f32 = -20.8;

/// One recogniser with what it is to hear.
struct Set {
    name: &'static str,
    engine: Box<dyn Recogniser>,
    ask: Ask,
    clips: Vec<(Vec<i16>, &'static str)>,
}

fn sets() -> Vec<Set> {
    let ask = |language, grammar: &str, lexicon| {
        let expect = if grammar.is_empty() { Expect::Anything } else { Expect::Grammar(grammar.into()) };
        Ask { language, expect, lexicon: Arc::new(lexicon) }
    };
    let mut sets = Vec::new();
    match PocketSphinx::load(Model::debian_english()) {
        Ok(engine) => {
            let (ask, engine) = (ask(Language::En, GRAMMAR, BTreeMap::new()), Box::new(engine));
            sets.push(Set {
                name: "pocketsphinx, English",
                engine,
                ask,
                clips: [voices::said(&phrases::BOOKING), voices::recorded(&phrases::PEOPLE)].concat(),
            });
        }
        Err(why) => println!("skipped: {why}"),
    }
    let hmm = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/models/vi-places");
    let model = Model::telephone(Language::Vi, &hmm, &hmm.join("places.dict"), Spelling::Telex);
    match PocketSphinx::load(model) {
        Ok(engine) => {
            let phones = |phones: &str| phones.split(' ').map(String::from).collect::<Vec<_>>();
            let words = [("atm", "a y t e e m"), ("karaoke", "k a r a o k e")];
            let lexicon = words.into_iter().map(|(word, spoken)| (word.to_owned(), phones(spoken))).collect();
            let (ask, engine) = (ask(Language::Vi, phrases::VIETNAMESE_GRAMMAR, lexicon), Box::new(engine));
            sets.push(Set {
                name: "pocketsphinx, Vietnamese",
                engine,
                ask,
                clips: voices::recorded(&phrases::VIETNAMESE),
            });
        }
        Err(why) => println!("skipped: {why}"),
    }
    #[cfg(feature = "whisper")]
    {
        let model = "../tests/fixtures/whisper/ggml-switchboard-test-q5_0.bin";
        let model = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(model);
        match media::asr::whisper::Whisper::load(&media::asr::whisper::WhisperPlan::new(model)) {
            Ok(engine) => {
                let (ask, engine) = (ask(Language::En, "", BTreeMap::new()), Box::new(engine));
                sets.push(Set { name: "Whisper (tests' own), English", engine, ask, clips: voices::said(&KNOWN) });
            }
            Err(why) => println!("skipped: {why}"),
        }
    }
    sets.retain(|set| !set.clips.is_empty());
    sets
}

/// What is done to a line: in the ear, or to all that the ear gets.
#[derive(Clone, Copy)]
enum Way {
    Ear(Suppression, Levelling),
    /// WebRTC's second gain controller with its own voice activity (sonora).
    Agc2,
}

const OFF: Way = Way::Ear(Suppression::Off, Levelling::Off);
type Arm = (&'static str, Way);
const NOISE_ARMS: [Arm; 3] = [
    ("off", OFF),
    ("12 dB", Way::Ear(Suppression::Firm, Levelling::Off)),
    ("auto", Way::Ear(Suppression::Auto, Levelling::Off)),
];
const LEVEL_ARMS: [Arm; 4] = [
    ("off", OFF),
    ("level", Way::Ear(Suppression::Off, Levelling::On)),
    ("auto, level", Way::Ear(Suppression::Auto, Levelling::On)),
    ("AGC2, VAD too", Way::Agc2),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Pink,
    Babble,
    /// An engine and tyres: most of it below 200 Hz, a little of it everywhere.
    Car,
    /// The mains: 50 Hz and its harmonics.
    Hum,
}

/// Noise, how far it lies below the voice (dB), and the voice's level (dBFS).
type Condition = (Option<Kind>, f32, f32);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let seeds = args.iter().find_map(|arg| arg.strip_prefix("seeds=")?.parse().ok()).unwrap_or(2);
    let only = args.iter().find(|arg| !arg.contains('='));
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    if wanted("cost") {
        cost();
    }
    if wanted("vad") {
        areas();
    }
    if !wanted("noise") && !wanted("level") {
        return;
    }
    let sets = sets();
    let wish = args.iter().find_map(|arg| arg.strip_prefix("set=")).unwrap_or_default();
    let sets: Vec<Set> = sets.into_iter().filter(|set| set.name.contains(wish)).collect();
    if wanted("noise") {
        let mut conditions: Vec<Condition> = vec![(None, 0.0, USUAL_DB)];
        for snr in [10.0, 20.0, 5.0, 0.0] {
            conditions.extend([Kind::Pink, Kind::Babble, Kind::Car, Kind::Hum].map(|kind| (Some(kind), snr, USUAL_DB)));
        }
        sets.iter().for_each(|set| table(set, &NOISE_ARMS, &conditions, seeds));
    }
    if wanted("level") {
        let levels = [-10.0, -20.0, -30.0, -40.0, -50.0];
        let conditions = [levels.map(|db| (None, 0.0, db)), levels.map(|db| (Some(Kind::Pink), 15.0, db))].concat();
        sets.iter().for_each(|set| table(set, &LEVEL_ARMS, &conditions, seeds));
    }
}

/// What became of one phrase.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Right,
    Wrong,
    Refused,
}

fn table(set: &Set, arms: &[Arm], conditions: &[Condition], seeds: u64) {
    let n = set.clips.len() * seeds as usize;
    println!(
        "\n{}: {} clips, {seeds} seeds, n = {n} a cell; right % (wrong %), the rest refused or not noticed",
        set.name,
        set.clips.len()
    );
    print!("{:>26}", "");
    arms.iter().for_each(|(name, _)| print!("{name:>16}"));
    println!();
    let share = |fates: &[Fate], fate| {
        100.0 * fates.iter().filter(|other| **other == fate).count() as f32 / fates.len().max(1) as f32
    };
    // Cells are independent: as many at once as the machine has cores.
    let models = models();
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(condition) = conditions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let fates: Vec<Vec<Fate>> = fates(set, arms, *condition, seeds, &models);
                    let at = conditions.iter().position(|other| other == condition).unwrap_or(0);
                    let right = fates.iter().map(|fates| share(fates, Fate::Right) as u32);
                    eprintln!("{}, {condition:?}: {:?}", set.name, right.collect::<Vec<_>>());
                    done.lock().unwrap_or_else(PoisonError::into_inner).insert(at, fates);
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let row = |name: &str, cells: &[Vec<Fate>]| {
        print!("{name:>26}");
        let show = |fates: &Vec<Fate>| format!("{:.1} ({:.1})", share(fates, Fate::Right), share(fates, Fate::Wrong));
        cells.iter().for_each(|fates| print!("{:>16}", show(fates)));
        println!();
    };
    let pool = |at: &dyn Fn(&Condition) -> bool| -> Vec<Vec<Fate>> {
        let of = |arm: usize| {
            done.iter().filter(|(n, _)| at(&conditions[**n])).flat_map(|(_, cells)| cells[arm].clone()).collect()
        };
        (0..arms.len()).map(of).collect()
    };
    for (at, cells) in &done {
        let (kind, snr, level) = conditions[*at];
        let noise = kind.map_or("quiet".to_owned(), |kind| format!("{kind:?} {snr} dB"));
        row(&format!("{noise}, {level} dBFS"), cells);
    }
    let mut groups: Vec<(String, Vec<Vec<Fate>>)> = vec![("all".into(), pool(&|_| true))];
    for kind in [None, Some(Kind::Pink), Some(Kind::Babble), Some(Kind::Car), Some(Kind::Hum)] {
        if conditions.iter().filter(|condition| condition.0 == kind).count() > 1 {
            groups.push((kind.map_or("quiet".into(), |kind| format!("{kind:?}")), pool(&|c| c.0 == kind)));
        }
    }
    for (name, cells) in groups {
        row(&name, &cells);
        print!("{:>26}", "against off, right");
        for fates in &cells {
            // Both heard the same lines: only those that one alone understood count (McNemar, 1947).
            let one = |a: &[Fate], b: &[Fate]| {
                a.iter().zip(b).filter(|(a, b)| **a == Fate::Right && **b != Fate::Right).count() as f32
            };
            let (gained, lost, n) = (one(fates, &cells[0]), one(&cells[0], fates), fates.len().max(1) as f32);
            let half = 1.96 * (gained + lost - (gained - lost).powi(2) / n).max(0.0).sqrt() / n;
            print!("{:>16}", format!("{:+.1} ± {:.1}", 100.0 * (gained - lost) / n, 100.0 * half));
        }
        println!();
    }
}

fn models() -> Models {
    let silero = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/silero_vad_op18_ifless.onnx");
    Models::load(Some(&silero)).unwrap_or_else(|why| {
        println!("skipped: {why}");
        Models::load(None).expect("earshot")
    })
}

/// By arm, of every clip and seed.
fn fates(set: &Set, arms: &[Arm], condition: Condition, seeds: u64, models: &Models) -> Vec<Vec<Fate>> {
    let mut fates = vec![Vec::new(); arms.len()];
    for seed in 0..seeds {
        for (n, (clip, text)) in set.clips.iter().enumerate() {
            let line = line(clip, condition, seed * 1_000 + n as u64);
            let mut known: Vec<(Option<Vec<i16>>, Fate)> = Vec::new();
            for ((_, way), fates) in arms.iter().zip(&mut fates) {
                let heard = hear(*way, &line, models);
                // The same sound has the same fate.
                if let Some((_, fate)) = known.iter().find(|(other, _)| *other == heard) {
                    fates.push(*fate);
                    continue;
                }
                let words = heard.as_ref().and_then(|pcm| {
                    let mut hearing = set.engine.open(&set.ask).expect("what is asked can be heard");
                    hearing.keep(pcm).expect("sound");
                    hearing.finish().expect("an answer").text
                });
                let fate = match words {
                    Some(words) if words == *text => Fate::Right,
                    Some(_) => Fate::Wrong,
                    None => Fate::Refused,
                };
                fates.push(fate);
                known.push((heard, fate));
            }
        }
    }
    fates
}

/// What a recogniser gets of a line; nothing where no speech was noticed.
fn hear(way: Way, line: &[i16], models: &Models) -> Option<Vec<i16>> {
    let (noise, level) = if let Way::Ear(noise, level) = way { (noise, level) } else { Default::default() };
    let mut ear = Ear::new(EarPlan { noise, level, ..EarPlan::default() }, models);
    let (line, rate) = match way {
        Way::Ear(..) => (line.to_vec(), Rate::Hz8000),
        Way::Agc2 => {
            let gain =
                GainController2 { adaptive_digital: Some(AdaptiveDigital::default()), ..GainController2::default() };
            let config = Config { gain_controller2: Some(gain), ..Config::default() };
            let mut apm = AudioProcessing::builder().config(config).build();
            let (mut pcm, mut out) = (doubled(line), [0; 160]);
            for chunk in pcm.chunks_exact_mut(160) {
                apm.process_capture_i16(chunk, &mut out).expect("10 ms at 16 kHz");
                chunk.copy_from_slice(&out);
            }
            (pcm, Rate::Hz16000)
        }
    };
    let tape = Tape::default();
    for (tick, pcm) in line.chunks_exact(rate.per_tick()).enumerate() {
        if tick == LISTEN / 160 {
            ear.listen(Some(Box::new(tape.clone())));
        }
        ear.hear(&frame(tick, rate, pcm));
    }
    let heard = tape.take();
    (!heard.is_empty()).then_some(heard)
}

fn doubled(line: &[i16]) -> Vec<i16> {
    let (mut up, mut pcm) = (Resampler::new(8_000, 16_000), Vec::new());
    up.push(line, &mut pcm);
    pcm
}

/// A phrase on a noisy line over µ-law, at 8 kHz.
fn line(clip: &[i16], (noise, snr_db, level_db): Condition, seed: u64) -> Vec<i16> {
    let length = LEAD + clip.len() + TAIL;
    let level = 10f32.powf((level_db - USUAL_DB) / 20.0);
    let around = noise.map_or_else(|| vec![0.0; length], |kind| make(kind, length, seed));
    let floor = rms(&around.iter().map(|s| *s as i16).collect::<Vec<_>>()).max(1.0);
    let loud = 32_768.0 * 10f32.powf((USUAL_DB - snr_db) / 20.0) / floor;
    let mut rng = Rng::new(seed ^ 99);
    (0..length)
        .map(|n| {
            let voice = n.checked_sub(LEAD).and_then(|n| clip.get(n)).copied().map_or(0.0, f32::from);
            // Every line has some noise of its own.
            let hiss = (2.0 * rng.unit() - 1.0) * 14.0;
            let sum = (voice + around[n] * loud) * level + hiss;
            ULAW_TO_PCM[usize::from(ulaw(sum.clamp(-32_000.0, 32_000.0) as i16))]
        })
        .collect()
}

fn make(kind: Kind, length: usize, seed: u64) -> Vec<f32> {
    let mut rng = Rng::new(seed);
    let mut white = || (2.0 * rng.unit() - 1.0) * 3_000.0;
    // Three poles (P. Kellet).
    let mut state = [0.0f32; 3];
    let mut pink = |white: f32| {
        state[0] = 0.99765 * state[0] + white * 0.099_046;
        state[1] = 0.963 * state[1] + white * 0.296_516_4;
        state[2] = 0.57 * state[2] + white * 1.052_691_3;
        (state.iter().sum::<f32>() + white * 0.1848) * 0.4
    };
    match kind {
        Kind::Pink => (0..length).map(|_| pink(white())).collect(),
        Kind::Car => {
            let (mut low, mut lower) = (0.0, 0.0);
            let rumble = |_| {
                let white = white();
                low += 0.08 * (white - low);
                lower += 0.08 * (low - lower);
                4.0 * lower + 0.15 * pink(white)
            };
            (0..length).map(rumble).collect()
        }
        Kind::Hum => {
            let (phase, partials) =
                (seed as f32, [(50.0, 1.0), (100.0, 0.6), (150.0, 0.5), (250.0, 0.3), (350.0, 0.2), (550.0, 0.1)]);
            let at = |n: usize| {
                let sum: f32 = partials
                    .iter()
                    .map(|(hz, size)| size * (TAU * hz * (n % 8_000) as f32 / 8_000.0 + phase * hz).sin())
                    .sum();
                3_000.0 * sum
            };
            (0..length).map(at).collect()
        }
        Kind::Babble => {
            let mut sum = vec![0.0; length];
            for voice in 0..6 {
                let talk = voices::talk(voice, length as f32 / 8_000.0 + 4.0);
                let from = (seed as usize * 3_001 + voice * 7_919) % 32_000;
                sum.iter_mut().zip(&talk[from.min(talk.len())..]).for_each(|(out, s)| *out += f32::from(*s) * 0.4);
            }
            sum
        }
    }
}

/// Voice activity on sound as it comes, and cleaned: the area under the curve.
fn areas() {
    const SEEDS: u64 = 3;
    let speech = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/speech");
    let mut clips: Vec<Clip> = ["en", "vi"].iter().flat_map(|language| Clip::folder(&speech.join(language))).collect();
    if clips.is_empty() {
        println!("skipped: people's speech ({} is not there); flite instead", speech.display());
        clips = voices::FLITE
            .iter()
            .flat_map(|voice| {
                phrases::BOOKING.iter().filter_map(move |text| Clip::say(&format!("flite:{voice}"), text))
            })
            .collect();
    }
    let models = models();
    println!(
        "\nVoice activity, {} clips, {SEEDS} seeds: area under the curve on sound as it comes, and cleaned",
        clips.len()
    );
    for under in [Under::Quiet, Under::Pink, Under::Babble] {
        print!("{:>26}", format!("{under:?}"));
        for suppression in [Suppression::Off, Suppression::Mild, Suppression::Firm, Suppression::Strong] {
            let area = |seed| {
                let line = Line::of(&clips, under, seed);
                let mut sound = doubled(&line.pcm);
                if let Some(mut suppressor) = Suppressor::new(suppression) {
                    let mut clean = Vec::new();
                    suppressor.push(&sound, &mut clean);
                    sound = clean;
                }
                line.judged_as(&sound, &models)[2].area()
            };
            let mean = (1..=SEEDS).map(area).sum::<f64>() / SEEDS as f64;
            print!("{:>16}", format!("{suppression:?} {mean:.3}"));
        }
        println!();
    }
}

fn cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock is this thread's own, and `time` is a place for its answer.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn cost() {
    let mut pcm = doubled(&voices::talk(0, 30.0));
    let ticks = pcm.len() / 320;
    let each = |what: &str, time: Duration| {
        println!("{what}: {:.1} µs of CPU per 20 ms", time.as_secs_f64() * 1e6 / ticks as f64)
    };
    let (mut suppressor, mut out) = (Suppressor::new(Suppression::Firm).expect("one"), Vec::with_capacity(pcm.len()));
    let began = cpu();
    pcm.chunks(320).for_each(|tick| suppressor.push(tick, &mut out));
    each("noise suppression", cpu() - began);
    std::hint::black_box(&out);
    let mut level = Level::default();
    let began = cpu();
    for tick in pcm.chunks_mut(320) {
        level.learn(rms(tick).powi(2));
        level.apply(-70.0, tick);
    }
    each("level, while somebody speaks", cpu() - began);
    std::hint::black_box(&pcm);
}

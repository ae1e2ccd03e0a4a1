//! What voice activity costs, and how well it tells speech: `cargo bench -p media --bench vad --features testkit,reference`.
//!
//! 1. CPU per 32 ms window of Silero, for several numbers of lines at once, beside rten one window at a time (with `reference`),
//!    taken in turn; the median of five rounds.
//! 2. CPU per call and second of whole ears, 200 of them, on sound that is speech-like for 40 % of the time.
//! 3. The area under the curve on labelled speech: people's clips of ../shared/speech where they are there, else synthesised.
//!
//! No floor is asserted.
use media::ear::{Ear, EarPlan, EarStep};
use media::frame::Origin;
use media::testkit::labelled::{Clip, Line, Under};
use media::testkit::voice::speechlike;
use media::vad::silero::Silero;
use media::vad::{Models, Scratch, SileroState, WINDOW, earshot::Earshot};
use media::{Frame, Rate, SamplePos};
use std::hint::black_box;
use std::path::{Path, PathBuf};

/// CPU seconds of this process: rten works on a thread of its own.
fn cpu() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime writes into the struct it is given and nothing else.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn timed(act: impl FnOnce()) -> f64 {
    let before = cpu();
    act();
    cpu() - before
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

const ROUNDS: usize = 5;

fn windows(model: &Path) {
    let silero = Silero::load(model).expect("the model");
    let sound = speechlike(1, 16_000, 64.0, 0.4);
    let sound = sound.as_chunks::<WINDOW>().0;
    let mut contenders: Vec<(String, Box<dyn FnMut() -> f64 + '_>)> = Vec::new();
    for lines in [1, 8, 50, 200] {
        let (silero, mut scratch) = (&silero, Scratch::default());
        let mut states: Vec<SileroState> = (0..lines).map(|_| SileroState::new()).collect();
        let round = move || {
            let (mut spent, mut count) = (0.0, 0);
            for n in 0..2_000usize.div_ceil(lines) {
                for (line, state) in states.iter_mut().enumerate() {
                    state.push(&sound[(n + line * 97) % sound.len()]);
                }
                let mut due: Vec<&mut SileroState> = states.iter_mut().collect();
                spent += timed(|| silero.infer(&mut scratch, &mut due));
                count += lines;
            }
            black_box(states.iter().map(SileroState::odds).sum::<f32>());
            spent / count as f64
        };
        contenders.push((format!("Silero, {lines} lines at once"), Box::new(round)));
    }
    #[cfg(feature = "reference")]
    {
        let mut rten = media::vad::silero::reference::Reference::load(model).expect("the model");
        let round = move || {
            let spent = timed(|| sound.iter().take(1_000).for_each(|window| _ = black_box(rten.score(window))));
            spent / 1_000.0
        };
        contenders.push(("Silero by rten, one at a time".into(), Box::new(round)));
    }
    let mut earshot = Earshot::new();
    let round = move || {
        let spent = timed(|| sound.iter().for_each(|window| _ = black_box(earshot.score(window))));
        spent / sound.len() as f64
    };
    contenders.push(("earshot, two frames of 16 ms".into(), Box::new(round)));
    let mut spent = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for ((_, round), spent) in contenders.iter_mut().zip(&mut spent) {
            spent.push(round());
        }
    }
    println!("CPU per window of 32 ms (64 µs are 0.2 % of a core):");
    for ((name, _), spent) in contenders.iter().zip(spent) {
        println!("  {name:32} {:7.1} µs", median(spent) * 1e6);
    }
}

fn ears(models: &Models) {
    const LINES: usize = 200;
    const TICKS: usize = 500;
    let sounds: Vec<Vec<i16>> = (0..LINES as u64).map(|seed| speechlike(seed, 8_000, 20.0, 0.4)).collect();
    let mut ears: Vec<Ear> = (0..LINES).map(|_| Ear::new(EarPlan::default(), models)).collect();
    let (mut scratch, mut spent, mut edges, mut at) = (Scratch::default(), Vec::new(), 0, 0);
    for _ in 0..ROUNDS {
        let mut sum = 0.0;
        for tick in at..at + TICKS {
            // Calls begin at any tick, and so do their windows.
            let frames: Vec<(usize, Frame)> = (0..LINES)
                .filter(|line| tick >= line % 8)
                .map(|line| {
                    let mut frame = Frame::silence(SamplePos::of_tick(tick as u64), Rate::Hz8000);
                    frame.origin = Origin::Line;
                    frame.pcm_mut().copy_from_slice(&sounds[line][tick % 1_000 * 160..][..160]);
                    (line, frame)
                })
                .collect();
            sum += timed(|| {
                let mut due = Vec::new();
                for (line, frame) in &frames {
                    match ears[*line].take(frame) {
                        EarStep::Done(edge) => edges += usize::from(edge.is_some()),
                        EarStep::Window(state) => due.push((*line, state)),
                    }
                }
                models.infer(&mut scratch, &mut due.iter_mut().map(|(_, state)| &mut **state).collect::<Vec<_>>());
                for (line, state) in due {
                    edges += usize::from(ears[line].settle(Some(state)).is_some());
                }
            });
        }
        at += TICKS;
        spent.push(sum / (LINES as f64 * TICKS as f64 / 50.0));
    }
    println!(
        "{LINES} whole ears (resampling, {}, gate): {:.2} ms of CPU per call and second; {edges} edges",
        models.describe(),
        median(spent) * 1e3
    );
}

fn areas(models: &Models) {
    const SEEDS: u64 = 3;
    let speech = root().join("../shared/speech");
    let mut sets = ["en", "vi"].map(|language| (language, Clip::folder(&speech.join(language)))).to_vec();
    sets.retain(|(_, clips)| !clips.is_empty());
    if sets.is_empty() {
        println!("skipped: people's speech ({} is not there)", speech.display());
    } else {
        sets.push(("all", sets.iter().flat_map(|(_, clips)| clips.clone()).collect()));
    }
    let phrases = ["i would like to book a table", "half an hour", "mountain view please", "two people", "thank you"];
    let voices = ["flite:slt", "flite:rms", "flite:awb", "flite:kal16", "en-gb", "en-us"];
    let said = voices.iter().flat_map(|voice| phrases.iter().filter_map(|text| Clip::say(voice, text)));
    sets.push(("synthesised", said.collect()));
    println!("Area under the curve, µ-law, {SEEDS} seeds:                    Silero  earshot  both");
    for (set, clips) in sets.iter().filter(|(_, clips)| !clips.is_empty()) {
        for (name, under) in
            [("a quiet line", Under::Quiet), ("pink noise, 10 dB", Under::Pink), ("babble, 10 dB", Under::Babble)]
        {
            let mut sums = [0.0; 3];
            for seed in 1..=SEEDS {
                for (sum, odds) in sums.iter_mut().zip(Line::of(clips, under, seed).judged(models)) {
                    *sum += odds.area() / SEEDS as f64;
                }
            }
            let [silero, earshot, both] = sums;
            println!("  {set:12} ({:3} clips), {name:20} {silero:.3}   {earshot:.3}   {both:.3}", clips.len());
        }
    }
}

fn main() {
    let model = root().join("models/silero_vad_op18_ifless.onnx");
    let there = model.exists();
    if there {
        windows(&model);
    } else {
        println!("skipped: Silero ({} is missing, `make setup` fetches it)", model.display());
    }
    let models = Models::load(there.then_some(model.as_path())).expect("the models");
    ears(&models);
    areas(&models);
}

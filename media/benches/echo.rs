//! Echo control: ten minutes of hard echo over a grid of losses and delays, double talk and what a recogniser makes of it, and
//! what it costs.
//!
//! `cargo bench -p media --features testkit --bench echo [-- table | double | words | cost | circuits | onsets | starts | fresh]`; `fresh` is
//! table, double talk, circuits, onsets and starts with Silero in other rooms, at other delays and with other voices: nothing is tuned on it.
//! `-- fresh onsets Vi 15` is one row of it: a part, a language and an echo's loss.
#[path = "echo/circuits.rs"]
mod circuits;
#[path = "echo/onsets.rs"]
mod onsets;

use media::Language;
use media::asr::pocketsphinx::{Model, PocketSphinx};
use media::asr::{Ask, Expect, Recogniser};
use media::ear::{Ear, EarPlan, EchoControl};
use media::echo::Echo;
use media::testkit::acoustics::{Acoustics, Place};
use media::testkit::labelled::Clip;
use media::testkit::ticks::{Tape, admit, frame};
use media::testkit::{phrases, voices};
use media::vad::{Edge, Models};
use media::{Frame, Rate};
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const DELAYS_MS: [u64; 5] = [40, 100, 200, 300, 400];

/// Places, and who speaks there.
struct Grid {
    losses_db: [f32; 4],
    delays_ms: [u64; 5],
    seed: u64,
    who: usize,
}

const USUAL: Grid = Grid { losses_db: [6.0, 9.0, 12.0, 15.0], delays_ms: DELAYS_MS, seed: 1, who: 0 };
const FRESH: Grid =
    Grid { losses_db: [6.0, 8.0, 11.0, 14.0], delays_ms: [30, 80, 140, 260, 370], seed: 9_000, who: 17 };

const PARTS: [&str; 7] = ["table", "double", "words", "cost", "circuits", "onsets", "starts"];
const FRESH_PARTS: [&str; 5] = ["table", "double", "circuits", "onsets", "starts"];

/// Counts what is held.
struct Scale;
static HELD: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Scale {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static SCALE: Scale = Scale;

fn main() {
    let said: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let fresh = said.iter().any(|arg| arg == "fresh");
    let some = said.iter().any(|arg| PARTS.contains(&arg.as_str()));
    let wanted =
        |name: &str| if some { said.iter().any(|arg| arg == name) } else { !fresh || FRESH_PARTS.contains(&name) };
    let grid = if fresh { &FRESH } else { &USUAL };
    let mut models = models();
    if fresh {
        models.truncate(1);
    }
    if wanted("cost") {
        cost();
    }
    if wanted("table") {
        table(grid, &models);
    }
    if wanted("double") {
        double_talk(grid, &models);
    }
    if wanted("circuits") {
        circuits::table(fresh, &models[..1]);
        circuits::double_talk(fresh, &models[0].1);
    }
    if wanted("onsets") {
        onsets::table(fresh, &models[0].1);
    }
    if wanted("starts") {
        onsets::starts(fresh, &models[0].1);
    }
    if wanted("words") {
        words();
    }
}

fn models() -> Vec<(&'static str, Models)> {
    let silero = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/silero_vad_op18_ifless.onnx");
    let mut models = vec![("earshot alone", Models::load(None).expect("earshot"))];
    match Models::load(Some(&silero)) {
        Ok(fused) => models.insert(0, ("Silero and earshot", fused)),
        Err(why) => println!("skipped: {why}"),
    }
    models
}

/// Starts (s) and how many of them lasted 300 ms, so that a bot would have held its tongue.
fn hear(ear: &mut Ear, place: Place, bot: &[i16], voice: &[i16]) -> (Vec<f32>, usize) {
    let (mut phone, mut starts, mut since, mut holds) = (Acoustics::new(place), Vec::new(), None, 0);
    for (tick, far) in bot.chunks_exact(160).enumerate() {
        let said = voice.get(tick * 160..(tick + 1) * 160).unwrap_or_default();
        let near = frame(tick, Rate::Hz8000, &phone.tick(far, said));
        let near = admit(ear, near, frame(tick, Rate::Hz8000, far));
        match ear.hear(&near) {
            Some(Edge::Start { .. }) => {
                starts.push((tick + 1) as f32 / 50.0);
                since = Some(tick);
            }
            Some(Edge::End { .. }) => since = None,
            None => {}
        }
        holds += usize::from(since.is_some_and(|since| tick == since + 15));
    }
    (starts, holds)
}

fn place(loss_db: f32, ms: u64, seed: u64) -> Place {
    let reverberation = Duration::from_millis(150 + seed * 97 % 350);
    Place { loss_db, delay: Duration::from_millis(ms), reverberation, seed, ..Place::default() }
}

fn plan(echo: EchoControl) -> EarPlan {
    EarPlan { echo, ..EarPlan::default() }
}

fn table(grid: &Grid, models: &[(&str, Models)]) {
    println!("\nThe bot speaks for ten minutes and nobody else does: ducks (holds) in 30 s of each cell");
    for (name, models) in models {
        for echo in [EchoControl::On, EchoControl::Off] {
            let (mut ducks, mut holds) = (0, 0);
            println!(
                "{name}, echo control {echo:?}\n  loss \\ delay {}",
                grid.delays_ms.map(|ms| format!("{ms:>9} ms")).concat()
            );
            for (row, loss) in grid.losses_db.into_iter().enumerate() {
                print!("  {loss:>6} dB    ");
                for (column, ms) in grid.delays_ms.into_iter().enumerate() {
                    let number = row * grid.delays_ms.len() + column;
                    let bot = voices::talk(number + grid.who, 30.0);
                    let mut ear = Ear::new(plan(echo), models);
                    let (starts, long) = hear(&mut ear, place(loss, ms, number as u64 + grid.seed), &bot, &[]);
                    ducks += starts.len();
                    holds += long;
                    print!("{:>6} ({long:>2})  ", starts.len());
                }
                println!();
            }
            println!("  {ducks} ducks, {holds} holds in 10 min");
        }
    }
}

fn double_talk(grid: &Grid, models: &[(&str, Models)]) {
    println!("\nReplies over the bot's voice: ducks noticed after (ms)");
    for (name, models) in models {
        for gain_db in [0.0f32, -6.0, -10.0] {
            for (what, losses) in [("echo 6 dB down", 6.0f32), ("10 dB", 10.0), ("15 dB", 15.0), ("no echo", 60.0)] {
                let mut noticed = Noticed::default();
                for (number, ms) in grid.delays_ms.into_iter().enumerate() {
                    let bot = voices::talk(number + grid.who + 3, 24.0);
                    let (voice, truth) = replies(bot.len(), number + grid.who, gain_db);
                    let mut ear = Ear::new(plan(EchoControl::On), models);
                    let place = place(losses, ms, number as u64 + grid.seed + 49);
                    let (starts, _) = hear(&mut ear, place, &bot, &voice);
                    noticed.add(&starts, &truth);
                }
                println!("{name}, caller {gain_db:>3} dB against the bot, {what:>14}: {noticed}");
            }
        }
    }
}

/// When callers who spoke over a bot were noticed.
#[derive(Default)]
struct Noticed {
    /// Milliseconds from where speech began to the duck.
    delays: Vec<u32>,
    missed: usize,
    /// Ducks while no caller spoke.
    extra: usize,
}

impl Noticed {
    /// `starts`: of ducks (s); `truth`: where speech began and ended (s).
    fn add(&mut self, starts: &[f32], truth: &[(f32, f32)]) {
        let within = |start: f32, (begin, end): (f32, f32)| start > begin && start < end + 0.3;
        for turn in truth {
            match starts.iter().find(|start| within(**start, *turn)) {
                Some(start) => self.delays.push(((start - turn.0) * 1_000.0) as u32),
                None => self.missed += 1,
            }
        }
        self.extra += starts.iter().filter(|start| !truth.iter().any(|turn| within(**start, *turn))).count();
        self.delays.sort_unstable();
    }
}

impl std::fmt::Display for Noticed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { delays, missed, extra } = self;
        let at = |share: f32| delays.get((delays.len() as f32 * share) as usize).copied().unwrap_or(0);
        write!(
            f,
            "{:>2} heard, {missed:>2} missed, {extra} extra; median {:>3}, p90 {:>3}, p95 {:>3}",
            delays.len(),
            at(0.5),
            at(0.9),
            at(0.95)
        )
    }
}

/// What a caller says over a bot, people and voices in turns, and where (s) speech begins and ends: a recording's lead-in is none.
fn replies(length: usize, number: usize, gain_db: f32) -> (Vec<i16>, Vec<(f32, f32)>) {
    let (mut voice, mut truth, mut at) = (vec![0; length], Vec::new(), 32_000);
    let (people, gain) = (voices::people(), 10f32.powf(gain_db / 20.0));
    for n in 0.. {
        let said = match people.get((n * 5 + number * 11) % people.len().max(1)) {
            Some((_, person)) if n % 2 == 0 => person.clone(),
            _ => voices::reply(n + number),
        };
        let said = &said[..said.len().min(16_000)];
        if at + said.len() + 8_000 > length {
            return (voice, truth);
        }
        let speech = Clip::new(said, 8_000).map(|clip| clip.speech).unwrap_or_default();
        let place = |piece: Option<usize>| (at + piece.unwrap_or(0) * 80) as f32 / 8_000.0;
        truth.push((place(speech.iter().position(|yes| *yes)), place(speech.iter().rposition(|yes| *yes))));
        for (out, sample) in voice[at..].iter_mut().zip(said) {
            *out = (f32::from(*sample) * gain) as i16;
        }
        at += said.len() + 12_000;
    }
    (voice, truth)
}

/// What a recogniser makes of phrases said over the bot: without echo control, and with it.
fn words() {
    const GRAMMAR: &str = include_str!("../src/asr/pocketsphinx/booking.jsgf");
    /// When the caller begins; the bot holds 450 ms later, or goes on as if nobody had spoken.
    const BEGINS: usize = 40_000;
    let engine = match PocketSphinx::load(Model::debian_english()) {
        Ok(engine) => engine,
        Err(why) => return println!("skipped: {why}"),
    };
    let (_, models) = models().remove(0);
    let ask = Ask { language: Language::En, expect: Expect::Grammar(GRAMMAR.into()), lexicon: Default::default() };
    let clips = [voices::said(&phrases::BOOKING), voices::recorded(&phrases::PEOPLE)].concat();
    println!(
        "\n{} phrases said over the bot, as loud as it: understood (taken for something else) by pocketsphinx",
        clips.len()
    );
    println!("{:>46}{:>16}{:>16}", "", "no echo control", "echo control");
    for (bot_does, holds) in [("the bot holds after 450 ms", true), ("the bot goes on", false)] {
        for (what, loss) in [("echo 6 dB down", 6.0f32), ("10 dB", 10.0), ("15 dB", 15.0), ("no echo", 60.0)] {
            print!("{:>46}", format!("{bot_does}, {what}"));
            for echo in [EchoControl::Off, EchoControl::On] {
                let (mut right, mut wrong) = (0, 0);
                for (number, (clip, text)) in clips.iter().enumerate() {
                    let mut bot = voices::talk(number, 6.0 + clip.len() as f32 / 8_000.0);
                    if holds {
                        bot[BEGINS + 3_600..].fill(0);
                    }
                    let (mut phone, mut ear, tape) = (
                        Acoustics::new(place(loss, DELAYS_MS[number % 5], number as u64)),
                        Ear::new(plan(echo), &models),
                        Tape::default(),
                    );
                    for (tick, far) in bot.chunks_exact(160).enumerate() {
                        if tick == BEGINS / 160 - 10 {
                            ear.listen(Some(Box::new(tape.clone())));
                        }
                        let from = (tick * 160).checked_sub(BEGINS).unwrap_or(clip.len()).min(clip.len());
                        let said = &clip[from..(from + 160).min(clip.len())];
                        let near = frame(tick, Rate::Hz8000, &phone.tick(far, said));
                        let near = admit(&mut ear, near, frame(tick, Rate::Hz8000, far));
                        ear.hear(&near);
                    }
                    let mut hearing = engine.open(&ask).expect("the grammar");
                    hearing.keep(&tape.take()).expect("sound");
                    let heard = hearing.finish().expect("an answer").text;
                    right += usize::from(heard.as_deref() == Some(text));
                    wrong += usize::from(heard.is_some_and(|heard| heard != *text));
                }
                print!("{:>16}", format!("{right} ({wrong})"));
            }
            println!();
        }
    }
}

fn cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock is this thread's own, and `time` is a place for its answer.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn cost() {
    let seconds = 30;
    let bot = voices::talk(0, seconds as f32);
    let mut phone = Acoustics::new(place(10.0, 150, 1));
    let ticks: Vec<(Frame, Frame)> = bot
        .chunks_exact(160)
        .enumerate()
        .map(|(tick, far)| (frame(tick, Rate::Hz8000, &phone.tick(far, &[])), frame(tick, Rate::Hz8000, far)))
        .collect();
    let quiet = frame(0, Rate::Hz8000, &[0; 160]);
    let run = |echo: &mut Echo, played: bool| {
        let began = cpu();
        for (near, far) in &ticks {
            let mut near = near.clone();
            echo.clean(&mut near, if played { far } else { &quiet });
            std::hint::black_box(&near);
        }
        (cpu() - began).as_secs_f64() * 1_000.0 / f64::from(seconds)
    };
    let held = HELD.load(Ordering::Relaxed);
    let mut echo = Echo::new();
    run(&mut echo, true);
    println!("memory per leg once something was played: {} kB", (HELD.load(Ordering::Relaxed) - held) / 1_000);
    let mut first = Echo::new();
    for (near, far) in ticks.iter().take(200) {
        first.clean(&mut near.clone(), far);
    }
    let began = cpu();
    let whole = first.cancelled().expect("the first seconds");
    println!(
        "an utterance of the first seconds ({:.1} s kept): {:.1} ms once",
        whole.pcm.len() as f32 / 16_000.0,
        (cpu() - began).as_secs_f64() * 1_000.0
    );
    let mut figures: Vec<(f64, f64)> = (0..5).map(|_| (run(&mut echo, true), run(&mut echo, false))).collect();
    figures.sort_by(|a, b| a.0.total_cmp(&b.0));
    println!(
        "echo control, ms of one core per call-second: {:.2} while the bot speaks, {:.3} while it does not",
        figures[2].0, figures[2].1
    );
}

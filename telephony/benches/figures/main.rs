//! What a call costs and how evenly it is paced: our media path beside a bare UDP reflector and rtpengine, in turn in one run.
//!
//! `make bench`, or `cargo bench -p telephony --bench figures -- --quick`. Costs are CPU per second of call (10 ms = 1 % of a
//! core), of what is measured alone, without the phones; medians of the rounds. Nothing is asserted: machines differ, the
//! ratios say what the path adds. A figure whose run lost packets is marked void.
//!
//! `--calls N` and `--rounds N` change the size, `--only WORD` takes the rows whose name holds it, `--realtime` lets our media
//! threads have real-time priority in the cost rows too (it makes figures steadier and dearer).
mod callers;
mod cpu;
mod ours;
mod reflector;
mod rtpengine;
mod sound;

use callers::Callers;
use media::ear::EchoControl;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Before what is measured: the jitter buffers settle.
const WARM_UP: Duration = Duration::from_secs(1);
/// A run that lost a larger share of its packets says nothing.
const LOSS: f64 = 0.005;

/// One run.
#[derive(Clone)]
pub struct Plan {
    pub calls: usize,
    pub time: Duration,
    pub realtime: bool,
}

/// What one run told.
#[derive(Clone, Default)]
pub struct Figure {
    /// Milliseconds of CPU per second of call.
    pub cost: f64,
    /// The share of packets that got lost.
    pub lost: f64,
    /// Distances of packets from their schedule, sorted.
    pub pacing: Vec<Duration>,
    pub note: String,
    /// RTP packets that the phones sent, the warm-up included.
    pub sent_in_all: u64,
}

/// Drives the phones and measures this process without them, or another one.
fn cost(plan: &Plan, callers: &mut Callers, child: Option<u32>) -> Figure {
    let warm = callers.drive(WARM_UP);
    let spent = || child.map_or_else(cpu::process, cpu::child);
    let before = spent();
    let run = callers.drive(plan.time);
    let own = if child.is_some() { Duration::ZERO } else { run.own };
    let spent = spent().saturating_sub(before).saturating_sub(own);
    Figure {
        cost: spent.as_secs_f64() * 1000.0 / run.lasted.as_secs_f64() / plan.calls as f64,
        lost: 1.0 - run.back as f64 / run.sent.max(1) as f64,
        pacing: callers.pacing(8_000),
        note: String::new(),
        sent_in_all: warm.sent + run.sent,
    }
}

type Measure<'a> = Box<dyn Fn(&Plan) -> Result<Figure, String> + 'a>;

/// A line of the table: what is measured, and against which earlier line.
struct Row<'a> {
    name: &'static str,
    measure: Measure<'a>,
    calls: usize,
    /// Goals: at most this many times that row's cost, or this many milliseconds.
    goal: Option<Goal>,
}

#[derive(Clone, Copy)]
enum Goal {
    Times(f64, &'static str),
    Cost(f64),
}

struct Words(Vec<String>);

impl Words {
    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|w| w == word)
    }

    fn after(&self, word: &str) -> Option<&str> {
        let at = self.0.iter().position(|w| w == word)?;
        self.0.get(at + 1).map(String::as_str)
    }

    fn number(&self, word: &str, otherwise: usize) -> usize {
        self.after(word).and_then(|n| n.parse().ok()).unwrap_or(otherwise)
    }
}

fn main() {
    let words = Words(std::env::args().collect());
    let quick = words.has("--quick");
    let calls = words.number("--calls", if quick { 50 } else { 150 });
    let rounds = words.number("--rounds", if quick { 3 } else { 5 });
    let time = Duration::from_secs(words.number("--seconds", if quick { 2 } else { 5 }) as u64);
    let realtime = words.has("--realtime");
    let only = words.after("--only").unwrap_or("");
    let silero = silero();
    let ear = if silero.is_some() {
        "VAD and playout (Silero, earshot)"
    } else {
        "VAD and playout (earshot alone: no Silero model)"
    };
    // What a core and a half can transcode.
    let few = calls / 10;
    let rows = [
        Row { name: "echo, bare reflector", measure: Box::new(reflector::echo), calls, goal: None },
        Row {
            name: "echo",
            measure: Box::new(ours::echo),
            calls,
            goal: Some(Goal::Times(2.0, "echo, bare reflector")),
        },
        Row { name: "two legs, bare reflector", measure: Box::new(reflector::relay), calls, goal: None },
        Row { name: "two legs, rtpengine", measure: Box::new(rtpengine::relay), calls, goal: None },
        Row {
            name: "two legs, bridge",
            measure: Box::new(ours::bridge),
            calls,
            goal: Some(Goal::Times(0.8, "two legs, rtpengine")),
        },
        Row { name: "PCMU to Opus, rtpengine", measure: Box::new(rtpengine::transcode), calls: few, goal: None },
        Row {
            name: "PCMU to Opus",
            measure: Box::new(ours::transcode),
            calls: few,
            goal: Some(Goal::Times(0.5, "PCMU to Opus, rtpengine")),
        },
        Row {
            name: ear,
            measure: Box::new(|plan| ours::bot(plan, silero.as_deref(), EchoControl::Off)),
            calls: calls * 4 / 3,
            goal: Some(Goal::Cost(4.5)),
        },
        Row {
            name: "VAD, playout and echo control",
            measure: Box::new(|plan| ours::bot(plan, silero.as_deref(), EchoControl::On)),
            // As many as one ear thread holds.
            calls: calls * 2 / 3,
            goal: Some(Goal::Cost(11.0)),
        },
    ];
    let rows: Vec<_> = rows.into_iter().filter(|row| row.name.contains(only)).collect();
    println!("{}", cpu::machine());
    println!("{rounds} rounds of {} s for each row, in turn; PCMU where nothing else stands, 20 ms\n", time.as_secs());
    let mut results: Vec<Vec<Figure>> = rows.iter().map(|_| Vec::new()).collect();
    let mut absent: Vec<Option<String>> = rows.iter().map(|_| None).collect();
    for round in 1..=rounds {
        eprint!("\rround {round} of {rounds} ");
        for ((row, figures), absent) in rows.iter().zip(&mut results).zip(&mut absent) {
            match (row.measure)(&Plan { calls: row.calls, time, realtime }) {
                Ok(figure) => figures.push(figure),
                // One round without it, and its median is of another run than its neighbours'.
                Err(why) => *absent = Some(why),
            }
        }
    }
    eprint!("\r");
    table(&rows, &results, &absent);
    if !words.has("--no-pacing") {
        pacing(if quick { 20 } else { 50 }, Duration::from_secs(if quick { 5 } else { 30 }));
    }
}

fn table(rows: &[Row], results: &[Vec<Figure>], absent: &[Option<String>]) {
    println!(
        "{:<48} {:>5} {:>10} {:>15} {:>7}  goal",
        "CPU per second of call", "calls", "median ms", "least–most", "lost"
    );
    let cost = |n: usize| -> Option<(f64, f64)> {
        let all = |of: fn(&Figure) -> f64| median(results[n].iter().map(of).collect());
        if absent[n].is_some() { None } else { all(|f| f.cost).zip(all(|f| f.lost)) }
    };
    for (n, row) in rows.iter().enumerate() {
        let Some((ours, lost)) = cost(n) else {
            println!("{:<48} {:>5} {}", row.name, row.calls, absent[n].as_deref().unwrap_or("no figure"));
            continue;
        };
        let figures = &results[n];
        let (least, most) = figures.iter().fold((f64::MAX, 0f64), |(a, b), f| (a.min(f.cost), b.max(f.cost)));
        let goal = match row.goal {
            _ if lost > LOSS => "void: too much was lost".to_owned(),
            None => String::new(),
            Some(Goal::Cost(most)) => format!("≤ {most} ms: {}", verdict(ours <= most)),
            Some(Goal::Times(times, other)) => match rows.iter().position(|row| row.name == other).and_then(cost) {
                None => format!("≤ {times} × {other}, which was not measured"),
                Some((_, lost)) if lost > LOSS => format!("≤ {times} × {other}, which is void"),
                Some((theirs, _)) => {
                    let ratio = ours / theirs;
                    format!("{ratio:.2} × {other}, goal ≤ {times}: {}", verdict(ratio <= times))
                }
            },
        };
        let span = format!("{least:.3}–{most:.3}");
        println!("{:<48} {:>5} {ours:>10.3} {span:>15} {:>6.2}%  {goal}", row.name, row.calls, lost * 100.0);
        if let Some(note) = figures.last().map(|f| &f.note).filter(|note| !note.is_empty()) {
            println!("    {note}");
        }
    }
}

const fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "missed" }
}

/// How evenly packets leave, by the kernel's stamps at the phones, against each stream's own 20 ms schedule.
fn pacing(calls: usize, time: Duration) {
    println!(
        "\nPacing error at the phones, {calls} calls, {} s         p50      p99    p99.9     most",
        time.as_secs()
    );
    let plan = Plan { calls, time, realtime: true };
    let line = |name: &str, figure: Result<Figure, String>| match figure {
        Err(why) => println!("{name:<48} {why}"),
        Ok(Figure { pacing, lost, note, .. }) => {
            let at = |share: f64| pacing.get((pacing.len() as f64 * share) as usize).or(pacing.last());
            let ms = |share| at(share).map_or(f64::NAN, |off| off.as_secs_f64() * 1000.0);
            let quantiles = [0.5, 0.99, 0.999, 1.0].map(|share| format!("{:>6.3}", ms(share))).join("   ");
            println!("{name:<48} {quantiles} ms   {:.2} % lost", lost * 100.0);
            if !note.is_empty() {
                println!("    {note}");
            }
        }
    };
    line("bare reflector", reflector::echo(&plan));
    line("echo, real-time priority if permitted", ours::echo(&plan));
    line("echo, without", ours::echo(&Plan { realtime: false, ..plan.clone() }));
    line("rtpengine (passes on the phones' own pace)", rtpengine::relay(&plan));
    println!("Goal with real-time priority on an idle machine: p99 ≤ 0.15, p99.9 ≤ 0.6 ms");
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

/// The model where `make setup` puts it.
fn silero() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/silero_vad_op18_ifless.onnx");
    path.exists().then_some(path)
}

//! How many calls a second the shipped rehearsals make on one thread: `cargo bench -p rehearse`. On a machine that others use too, the
//! calls in a second of the processor are what counts. Numbers behind `--` are how many runs of each scenario are made, in place of 10 and 100.
use rehearse::run::{Plan, rehearse};
use rehearse::scenario::Rehearsal;
use std::path::Path;
use std::time::Instant;

/// How many seconds the processor has worked for this program; 0: the system does not tell it as Linux does (proc(5)).
fn worked() -> f64 {
    const TICKS_A_SECOND: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = text.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS_A_SECOND
}

fn main() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/rehearsals");
    let mut files: Vec<String> = std::fs::read_dir(dir)
        .expect("rehearsals")
        .map(|entry| entry.expect("an entry").path().display().to_string())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    files.sort();
    let rehearsals: Vec<Rehearsal> =
        files.iter().map(|file| Rehearsal::read(file).unwrap_or_else(|fault| panic!("{fault}"))).collect();
    let given: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for runs in if given.is_empty() { vec![10, 100] } else { given } {
        let plan = Plan { runs: Some(runs), threads: Some(1), ..Plan::default() };
        let (start, before) = (Instant::now(), worked());
        let outcomes = rehearse(&rehearsals, &plan, None, start);
        let (took, worked) = (start.elapsed(), worked() - before);
        let calls: usize = outcomes.iter().map(|outcome| outcome.runs.len()).sum();
        let passed = outcomes.iter().filter(|outcome| outcome.has_passed()).count();
        let talked: f64 =
            outcomes.iter().flat_map(|outcome| &outcome.runs).map(|run| run.record.length.as_secs_f64()).sum();
        println!(
            "{calls} calls ({passed} of {} scenarios passed) in {:.2} s on one thread: {:.0} calls a second, {:.0} in a second of the \
             processor, {:.1} h of conversation",
            outcomes.len(),
            took.as_secs_f64(),
            calls as f64 / took.as_secs_f64(),
            calls as f64 / worked,
            talked / 3600.0
        );
    }
}

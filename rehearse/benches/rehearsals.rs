//! How many calls a second the shipped rehearsals make on one thread: `cargo bench -p rehearse`.
use rehearse::run::{Plan, rehearse};
use rehearse::scenario::Rehearsal;
use std::path::Path;
use std::time::Instant;

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
    for runs in [10, 100] {
        let plan = Plan { runs: Some(runs), threads: Some(1), ..Plan::default() };
        let start = Instant::now();
        let outcomes = rehearse(&rehearsals, &plan, None, start);
        let took = start.elapsed();
        let calls: usize = outcomes.iter().map(|outcome| outcome.runs.len()).sum();
        let passed = outcomes.iter().filter(|outcome| outcome.has_passed()).count();
        let talked: f64 =
            outcomes.iter().flat_map(|outcome| &outcome.runs).map(|run| run.record.length.as_secs_f64()).sum();
        println!(
            "{calls} calls ({passed} of {} scenarios passed) in {:.2} s on one thread: {:.0} calls a second, {:.1} h of conversation",
            outcomes.len(),
            took.as_secs_f64(),
            calls as f64 / took.as_secs_f64(),
            talked / 3600.0
        );
    }
}

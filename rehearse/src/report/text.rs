//! A report for a terminal: a line for each scenario, and all of each run that failed.
use super::{Figures, Report, clock, located, ms};
use crate::record::{Record, Speaker};
use crate::run::{Outcome, Run};
use std::fmt::Write;

/// So many failed runs of a scenario are told whole.
const TOLD: usize = 3;

pub fn text(report: &Report<'_>) -> String {
    let mut out = String::new();
    for outcomes in report.files() {
        let Some(first) = outcomes.first() else { continue };
        let bot = &first.rehearsal.bot;
        let _ = writeln!(out, "{} (bot {}, {})", first.rehearsal.file, bot.name, bot.language.code());
        for outcome in outcomes {
            scenario(&mut out, report, outcome);
        }
    }
    let (calls, failed) = (report.calls(), report.failed());
    let all = Figures::of(report.outcomes);
    let _ = writeln!(
        out,
        "{} scenarios, {calls} calls: {} passed, {failed} failed. Answers after {} ms (median), {} ms (95 %), {} ms (slowest). \
         {} interruptions, {} re-prompts. {}.",
        report.outcomes.len(),
        calls - failed,
        ms(all.median),
        ms(all.p95),
        ms(all.slowest),
        all.interruptions,
        all.reprompts,
        report.speed(),
    );
    if all.words > 0 {
        let _ =
            writeln!(out, "By voice: {} of {} words were heard otherwise than they were said.", all.wrong, all.words);
    }
    out
}

fn scenario(out: &mut String, report: &Report<'_>, outcome: &Outcome<'_>) {
    let figures = Figures::of(std::slice::from_ref(outcome));
    let verdict = if outcome.has_passed() { "ok    " } else { "FAILED" };
    let _ = writeln!(
        out,
        "  {verdict} {}/{}  {}  ({} ms median, {} ms 95 %; {} re-prompts, {} interruptions)",
        figures.passed,
        figures.runs,
        outcome.scenario.name,
        ms(figures.median),
        ms(figures.p95),
        figures.reprompts,
        figures.interruptions,
    );
    let misheard = outcome.runs.iter().filter(|run| run.failures.is_empty());
    for run in misheard.filter(|run| run.record.ears.iter().any(|ear| ear.wrong() > 0)).take(TOLD) {
        let _ = writeln!(out, "      run {}, what was heard otherwise (below what was said):", run.number);
        heard_otherwise(out, &run.record);
    }
    for run in outcome.failed().take(TOLD) {
        failed(out, report, outcome, run);
    }
    let more = outcome.failed().count().saturating_sub(TOLD);
    if more > 0 {
        let _ = writeln!(out, "      and {more} more runs failed");
    }
}

fn failed(out: &mut String, report: &Report<'_>, outcome: &Outcome<'_>, run: &Run) {
    let _ = writeln!(out, "      run {}:", run.number);
    for failure in &run.failures {
        let _ = writeln!(out, "        {}", located(&outcome.rehearsal.file, failure));
    }
    for line in transcript(&run.record) {
        let _ = writeln!(out, "          {line}");
    }
    heard_otherwise(out, &run.record);
    let _ = writeln!(out, "        again: {}", report.again(outcome, run));
}

/// What the bot heard otherwise than it was said, word below word.
fn heard_otherwise(out: &mut String, record: &Record) {
    for line in ears(record) {
        let _ = writeln!(out, "          {line}");
    }
}

/// The same as lines.
pub fn ears(record: &Record) -> impl Iterator<Item = String> {
    record.ears.iter().filter(|ear| ear.wrong() > 0).flat_map(|ear| {
        let [said, heard] = ear.lines();
        [format!("said:  {said}"), format!("heard: {heard}")]
    })
}

/// The lines of a call as people read them.
pub fn transcript(record: &Record) -> impl Iterator<Item = String> {
    record.transcript().into_iter().map(|turn| {
        let (at, cut) = (clock(turn.at), if turn.cut { " [cut off]" } else { "" });
        match turn.speaker {
            Speaker::Note => format!("{at}    ({})", turn.text),
            speaker => format!("{at} {}: {}{cut}", speaker.name(), turn.text),
        }
    })
}

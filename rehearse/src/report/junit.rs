//! A report as JUnit XML, as build servers read it: a suite for each file, a test case for each run.
use super::markup::escape;
use super::text::{ears, transcript};
use super::{Report, located};
use crate::run::{Outcome, Run};
use std::fmt::Write;

pub fn junit(report: &Report<'_>) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"rehearsals\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.3}\">",
        report.calls(),
        report.failed(),
        report.took.as_secs_f64()
    );
    for outcomes in report.files() {
        suite(&mut out, report, outcomes);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(out: &mut String, report: &Report<'_>, outcomes: &[Outcome<'_>]) {
    let Some(first) = outcomes.first() else { return };
    let runs = || outcomes.iter().flat_map(|outcome| &outcome.runs);
    let simulated: f64 = runs().map(|run| run.record.length.as_secs_f64()).sum();
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" time=\"{simulated:.3}\">",
        escape(&first.rehearsal.file),
        runs().count(),
        runs().filter(|run| !run.failures.is_empty()).count(),
    );
    let _ = writeln!(
        out,
        "    <properties>\n      <property name=\"bot\" value=\"{}\"/>\n      <property name=\"seed\" value=\"{}\"/>\n    </properties>",
        escape(&first.rehearsal.bot.name),
        report.seed
    );
    for outcome in outcomes {
        for run in &outcome.runs {
            case(out, report, outcome, run);
        }
    }
    out.push_str("  </testsuite>\n");
}

fn case(out: &mut String, report: &Report<'_>, outcome: &Outcome<'_>, run: &Run) {
    let name = escape(&format!("{}, run {}", outcome.scenario.name, run.number));
    let class = escape(&outcome.rehearsal.bot.name);
    let time = run.record.length.as_secs_f64();
    let _ = write!(out, "    <testcase name=\"{name}\" classname=\"{class}\" time=\"{time:.3}\"");
    let Some(first) = run.failures.first() else {
        out.push_str("/>\n");
        return;
    };
    let file = &outcome.rehearsal.file;
    let mut text = String::new();
    for failure in &run.failures {
        let _ = writeln!(text, "{}", located(file, failure));
    }
    for line in transcript(&run.record).chain(ears(&run.record)) {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "again: {}", report.again(outcome, run));
    let message = escape(&located(file, first));
    let _ = writeln!(
        out,
        ">\n      <failure message=\"{message}\" type=\"expectation\">{}</failure>\n    </testcase>",
        escape(&text)
    );
}

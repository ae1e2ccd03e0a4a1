//! What came of rehearsals, for people and machines: in a terminal, as JUnit XML and as a page.
use crate::ear::Ear;
use crate::run::{Outcome, Run, percentile};
use std::fmt::Write;
use std::time::Duration;

pub mod html;
pub mod junit;
mod markup;
pub mod text;

/// Outcomes, and with what they were made.
pub struct Report<'a> {
    pub outcomes: &'a [Outcome<'a>],
    pub seed: u64,
    /// By the clock on the wall.
    pub took: Duration,
}

impl Report<'_> {
    pub fn calls(&self) -> usize {
        self.outcomes.iter().map(|outcome| outcome.runs.len()).sum()
    }

    pub fn failed(&self) -> usize {
        self.outcomes.iter().map(|outcome| outcome.failed().count()).sum()
    }

    pub fn has_passed(&self) -> bool {
        self.failed() == 0
    }

    pub fn calls_per_second(&self) -> f64 {
        self.calls() as f64 / self.took.as_secs_f64().max(1e-6)
    }

    /// How fast the calls were held: many in a second by text, one in many seconds by voice.
    fn speed(&self) -> String {
        match self.calls_per_second() {
            many if many >= 1.0 => format!("{many:.0} calls a second"),
            few => format!("one call in {:.0} s", 1.0 / few.max(1e-6)),
        }
    }

    /// The outcomes of each file, in their order.
    fn files(&self) -> impl Iterator<Item = &[Outcome<'_>]> {
        self.outcomes.chunk_by(|one, other| one.rehearsal.file == other.rehearsal.file)
    }

    /// The command that makes one run again.
    fn again(&self, outcome: &Outcome<'_>, run: &Run) -> String {
        let mut command = format!("switchboard rehearse {}", quoted(&outcome.rehearsal.file));
        let name = quoted(&outcome.scenario.name);
        let voice = if run.record.by_voice { " --voice" } else { "" };
        let _ = write!(command, "{voice} --scenario {name} --seed {} --run {}", self.seed, run.number);
        command
    }
}

/// A word of a shell's command.
fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// The figures of a scenario's runs.
struct Figures {
    passed: usize,
    runs: usize,
    median: Option<Duration>,
    p95: Option<Duration>,
    slowest: Option<Duration>,
    interruptions: u32,
    reprompts: u32,
    turns: u32,
    /// By voice: the words that were said, and those that were heard otherwise.
    words: usize,
    wrong: usize,
}

impl Figures {
    fn of(outcomes: &[Outcome<'_>]) -> Self {
        let mut responses: Vec<Duration> = outcomes.iter().flat_map(Outcome::responses).collect();
        responses.sort_unstable();
        let runs = || outcomes.iter().flat_map(|outcome| &outcome.runs);
        Self {
            passed: runs().filter(|run| run.failures.is_empty()).count(),
            runs: runs().count(),
            median: percentile(&responses, 50),
            p95: percentile(&responses, 95),
            slowest: responses.last().copied(),
            interruptions: runs().map(|run| run.record.interruptions).sum(),
            reprompts: runs().map(|run| run.record.reprompts).sum(),
            turns: runs().map(|run| run.record.turns).sum(),
            words: runs().flat_map(|run| &run.record.ears).map(Ear::words).sum(),
            wrong: runs().flat_map(|run| &run.record.ears).map(Ear::wrong).sum(),
        }
    }
}

/// Milliseconds; a dash where there are none.
fn ms(time: Option<Duration>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| time.as_millis().to_string())
}

/// Minutes, seconds and tenths since a call began.
fn clock(at: Duration) -> String {
    let tenths = at.as_millis() / 100;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// A failure with its place, where it has one.
fn located(file: &str, failure: &crate::record::Failure) -> String {
    if failure.line == 0 { failure.problem.clone() } else { format!("{file}:{}: {}", failure.line, failure.problem) }
}

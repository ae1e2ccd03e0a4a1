//! Rehearsals of the shipped bots, of small ones, and what files may not hold.
use crate::report::{Report, html, junit, text};
use crate::run::{Outcome, Plan, rehearse};
use crate::scenario::Rehearsal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

mod call;
mod file;
mod modelled;
mod recorded;
mod shipped;
mod voice;

/// A small bot with a destination for a person and a tool.
const DESK: &str = concat!(
    "person = \"support\"\n",
    include_str!("../../dialog/src/testkit/desk.toml"),
    r#"
[[slot]]
name = "size"
type = "number"
min = 1
max = 9
prompt = "Which size would you like for your shirt, from one to nine?"
[[task]]
name = "order"
phrases = ["order a shirt"]
slots = ["size"]
[task.on_done]
say = "Size {size} it is."
"#
);

/// Scenarios with [`DESK`].
fn desk(scenarios: &str) -> Rehearsal {
    let text = format!("bot = \"desk.toml\"\n{scenarios}");
    Rehearsal::parse(&text, "desk.rehearsal.toml", |_| Ok(DESK.into())).unwrap_or_else(|fault| panic!("{fault}"))
}

fn run<'a>(rehearsals: &'a [Rehearsal], plan: &Plan) -> Vec<Outcome<'a>> {
    rehearse(rehearsals, plan, None, Instant::now())
}

fn told(outcomes: &[Outcome<'_>]) -> String {
    text::text(&Report { outcomes, seed: 0, took: Duration::from_millis(10) })
}

/// Everything passed; otherwise the report says what did not.
#[track_caller]
fn passes(outcomes: &[Outcome<'_>]) {
    assert!(!outcomes.is_empty() && outcomes.iter().all(Outcome::has_passed), "{}", told(outcomes));
}

/// The first failure of the first scenario.
#[track_caller]
fn failure(rehearsal: &Rehearsal) -> String {
    let outcomes = run(std::slice::from_ref(rehearsal), &Plan::default());
    let failed = outcomes[0].failed().next().unwrap_or_else(|| panic!("it passed:\n{}", told(&outcomes)));
    let failure = failed.failures[0].clone();
    format!("{}: {}", failure.line, failure.problem)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

//! What of a call is not as its scenario expects.
use crate::pattern::{Said, same};
use crate::record::{Failure, Record, What};
use crate::scenario::{Expectations, ExpectedTool};
use std::time::Duration;

/// What went wrong on the way; if nothing did, at the end.
pub fn failures(record: &Record, expect: &Expectations) -> Vec<Failure> {
    if !record.faults.is_empty() {
        return record.faults.clone();
    }
    let mut failures = Vec::new();
    let line = expect.line;
    let mut fail = |line: usize, problem: String| failures.push(Failure::new(line, problem));
    let mut said = Said::default();
    for what in record.lines.iter().map(|line| &line.what) {
        if let What::Bot { spoken, read, .. } = what {
            said.add(spoken, read);
        }
    }
    for text in expect.says.missing(&said) {
        fail(line, format!("the bot never said {text:?}"));
    }
    for text in expect.absent.found(&said) {
        fail(line, format!("the bot said {text:?}"));
    }
    for (name, wanted) in &expect.slots {
        match record.slots.get(name) {
            Some(value) if same(value, wanted) => {}
            Some(value) => fail(line, format!("the slot {name:?} is {value}; expected {wanted}")),
            None => fail(line, format!("the slot {name:?} has no value; expected {wanted}")),
        }
    }
    for tool in &expect.tools {
        if let Some(problem) = wrong_calls(tool, record) {
            fail(tool.line, problem);
        }
    }
    if let Some(task) = expect.task.as_ref().filter(|task| !record.tasks.contains(task)) {
        let tasks = if record.tasks.is_empty() { "nothing".to_owned() } else { record.tasks.join(", ") };
        fail(line, format!("the caller was helped with {tasks}; expected {task:?}"));
    }
    if let Some(end) = expect.ends.filter(|end| *end != record.end) {
        fail(line, format!("the call ended with {:?}; expected {:?}", record.end.text(), end.text()));
    }
    if let Some(wanted) = expect.person.as_ref().filter(|wanted| record.person.as_ref() != Some(wanted)) {
        let person = record.person.as_deref().unwrap_or("nobody");
        fail(line, format!("the caller was to be put through to {person}; expected {wanted:?}"));
    }
    let slowest = record.responses.iter().max().copied().unwrap_or_default();
    if let Some(within) = expect.within.filter(|within| slowest > *within) {
        fail(line, format!("the slowest answer took {} ms; expected {} at most", ms(slowest), ms(within)));
    }
    for (name, count, most) in
        [("turns", record.turns, expect.max_turns), ("re-prompts", record.reprompts, expect.max_reprompts)]
    {
        if let Some(most) = most.filter(|most| count > *most) {
            fail(line, format!("{count} {name}; expected {most} at most"));
        }
    }
    failures
}

fn ms(time: Duration) -> u128 {
    time.as_millis()
}

fn wrong_calls(expected: &ExpectedTool, record: &Record) -> Option<String> {
    let count = record.tools.iter().filter(|run| expected.calls.fits(&run.call)).count();
    let is_right = expected.times.map_or(count > 0, |times| count == times as usize);
    if is_right {
        return None;
    }
    let times = expected.times.map_or_else(|| "at least once".to_owned(), |times| format!("{times} times"));
    let calls: Vec<&str> = record.tools.iter().map(|run| run.shown.as_str()).collect();
    let calls = if calls.is_empty() { "no calls".to_owned() } else { calls.join("; ") };
    Some(format!("{:?} was called {count} times; expected {times}. The bot made {calls}", expected.calls.text()))
}

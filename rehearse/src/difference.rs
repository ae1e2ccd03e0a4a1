//! `Comparison`: a call as it was recorded beside the same caller with the bot as it is now.
use crate::record::{By, Record, Speaker};
use crate::recorded::{RecordedCall, RecordedSpeaker};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The lines of both sides, aligned.
pub struct Comparison {
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    Same(String),
    /// Only before, only now.
    Before(String),
    Now(String),
}

impl Comparison {
    pub fn of(before: &RecordedCall, now: &Record) -> Self {
        Self { rows: aligned(&lines_before(before), &lines_now(now)) }
    }

    /// Whether the bot says and does the same.
    pub fn is_same(&self) -> bool {
        self.rows.iter().all(|row| matches!(row, Row::Same(_)))
    }

    /// Both sides beside each other, each so many characters wide.
    pub fn text(&self, width: usize) -> String {
        let mut out = String::new();
        let mut line = |mark: char, left: &str, right: &str| {
            let (left, right) = (wrapped(left, width), wrapped(right, width));
            for at in 0..left.len().max(right.len()) {
                let part = |side: &[String]| side.get(at).cloned().unwrap_or_default();
                let mark = if at == 0 { mark } else { ' ' };
                let row = format!("{:width$} {mark} {}", part(&left), part(&right));
                let _ = writeln!(out, "{}", row.trim_end());
            }
        };
        line(' ', "as it was recorded", "with the bot as it is now");
        let mut rows = self.rows.iter().peekable();
        while let Some(row) = rows.next() {
            match row {
                Row::Same(text) => line(' ', text, text),
                Row::Before(before) => match rows.next_if(|next| matches!(next, Row::Now(_))) {
                    Some(Row::Now(now)) => line('|', before, now),
                    _ => line('<', before, ""),
                },
                Row::Now(now) => line('>', "", now),
            }
        }
        out
    }
}

fn lines_before(call: &RecordedCall) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut last = None;
    for turn in &call.turns {
        let name = match turn.by {
            RecordedSpeaker::Bot => "bot",
            _ => "caller",
        };
        add(&mut lines, name, &turn.text, last == Some("bot") && name == "bot");
        last = Some(name);
    }
    let slots: BTreeMap<String, Json> = call.slots.iter().map(|slot| (slot.name.clone(), slot.value.clone())).collect();
    finish(lines, &slots, call.end.as_deref().unwrap_or("goes on"))
}

fn lines_now(record: &Record) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut last = None;
    for turn in record.transcript() {
        let name = match turn.speaker {
            Speaker::Bot => "bot",
            // What a caller does without words stands in no record.
            Speaker::Note | Speaker::Caller(By::Nothing) => continue,
            Speaker::Caller(_) => "caller",
        };
        add(&mut lines, name, &turn.text, last == Some("bot") && name == "bot");
        last = Some(name);
    }
    finish(lines, &record.slots, record.end.text())
}

/// A turn as a line; what the bot says in several pieces is one.
fn add(lines: &mut Vec<String>, name: &str, text: &str, goes_on: bool) {
    match lines.last_mut().filter(|_| goes_on) {
        Some(line) => {
            line.push(' ');
            line.push_str(text);
        }
        None => lines.push(format!("{name}: {text}")),
    }
}

fn finish(mut lines: Vec<String>, slots: &BTreeMap<String, Json>, end: &str) -> Vec<String> {
    lines.extend(slots.iter().map(|(name, value)| format!("{name} = {value}")));
    lines.push(format!("ended: {end}"));
    lines
}

/// The longest common sequence of lines stands on both sides.
fn aligned(before: &[String], now: &[String]) -> Vec<Row> {
    let mut common = vec![vec![0_usize; now.len() + 1]; before.len() + 1];
    for (i, left) in before.iter().enumerate().rev() {
        for (j, right) in now.iter().enumerate().rev() {
            common[i][j] =
                if left == right { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut rows) = (0, 0, Vec::new());
    while i < before.len() || j < now.len() {
        if i < before.len() && j < now.len() && before[i] == now[j] {
            rows.push(Row::Same(before[i].clone()));
            (i, j) = (i + 1, j + 1);
        } else if j == now.len() || i < before.len() && common[i + 1][j] >= common[i][j + 1] {
            rows.push(Row::Before(before[i].clone()));
            i += 1;
        } else {
            rows.push(Row::Now(now[j].clone()));
            j += 1;
        }
    }
    rows
}

/// A text in lines of at most so many characters, cut between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let fits = lines
            .last()
            .is_some_and(|line| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width);
        if !fits {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

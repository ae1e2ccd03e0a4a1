//! Traces as text: what is noted of a call, line by line, and the comparison with what is expected.
use std::path::PathBuf;
use switchboard::store::{AnswerMethod, CallEvent, Speaker};

/// What a note says; `None` for those that a trace tells in another way.
pub fn line(note: &CallEvent) -> Option<(&'static str, String)> {
    Some(match note {
        CallEvent::Started(_) | CallEvent::Recording(_) => return None,
        CallEvent::Answered => ("call", "answered".into()),
        CallEvent::Turn(turn) => {
            let span = format!("[{}–{}]", turn.started_ms, turn.ended_ms);
            match turn.speaker {
                Speaker::Bot if turn.text == turn.heard => ("turn", format!("of the bot {span} heard whole")),
                Speaker::Bot => {
                    let cut = if turn.interrupted { "interrupted" } else { "not whole" };
                    ("turn", format!("of the bot {span} {cut}, heard: {:?}", turn.heard.0))
                }
                _ => {
                    let sure = match (turn.by, turn.confidence) {
                        (Some(AnswerMethod::Text), _) => "by text".into(),
                        (_, Some(sure)) => format!("{sure:.2}"),
                        (_, None) => "by keys".into(),
                    };
                    ("turn", format!("of the caller {span} {:?} {sure}", turn.text.0))
                }
            }
        }
        CallEvent::Slot(slot) => {
            let value = slot.value.as_ref().map_or_else(|| "cleared".into(), |value| value.0.to_string());
            ("slot", format!("{} = {value}{}", slot.name, if slot.confirmed { ", confirmed" } else { "" }))
        }
        CallEvent::Silence(silence) => {
            let kind = format!("{:?}", silence.kind);
            ("silence", format!("{kind} [{}–{}]", silence.started_ms, silence.ended_ms))
        }
        CallEvent::Latency(l) => {
            let parts =
                [l.endpoint_ms, l.recognise_ms, l.think_ms, l.synthesise_ms, l.playout_ms].map(|x| x.to_string());
            ("answer", format!("to turn {}: {} = {} ms", l.turn, parts.join(" + "), l.total_ms))
        }
        CallEvent::Line(_) => return None,
        // Both follow from other lines: what is heard, and what the caller said.
        CallEvent::Mark(mark) if ["bot_sounds", "task"].contains(&mark.name.as_str()) => return None,
        CallEvent::Mark(mark) => {
            let at = mark.data.0.get("ms").map_or_else(String::new, |ms| format!(" at {ms}"));
            ("mark", format!("{}{at}", mark.name))
        }
        CallEvent::Ended(end) => {
            let (first, rest) = end.blame.name().split_at(1);
            ("end", format!("{}{rest}: {}", first.to_uppercase(), end.reason))
        }
    })
}

/// The trace as it is written: by time, and in the order of happening within a time.
pub fn text(trace: &mut [(u64, String)]) -> String {
    trace.sort_by_key(|(at, _)| *at);
    trace.iter().map(|(at, what)| format!("{at:>7}  {what}\n")).collect()
}

/// Compares with `tests/golden/NAME.txt`, or writes it where `UPDATE_GOLDEN` is set.
pub fn compare(name: &str, trace: &mut [(u64, String)]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt"));
    let seen = text(trace);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, seen).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        return;
    }
    let wanted = std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; UPDATE_GOLDEN=1 writes it. Seen:\n{seen}", path.display()));
    assert!(
        seen == wanted,
        "the call went otherwise than tests/golden/{name}.txt says (- wanted, + seen); if that is right, UPDATE_GOLDEN=1 rewrites it\n{}",
        difference(&wanted, &seen)
    );
}

/// The lines that differ (the longest common subsequence is left out), with three lines around them.
fn difference(wanted: &str, seen: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), seen.lines().collect());
    let mut common = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut all) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            all.push((' ', a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && common[i + 1][j] >= common[i][j + 1]) {
            all.push(('-', a[i]));
            i += 1;
        } else {
            all.push(('+', b[j]));
            j += 1;
        }
    }
    let near = |n: usize| all[n.saturating_sub(3)..all.len().min(n + 4)].iter().any(|(sign, _)| *sign != ' ');
    let mut text = String::new();
    for (n, (sign, line)) in all.iter().enumerate() {
        if near(n) {
            text.push_str(&format!("{sign} {line}\n"));
        } else if n > 0 && near(n - 1) {
            text.push_str("  …\n");
        }
    }
    text
}

#[test]
fn a_difference_shows_what_was_wanted_and_what_was_seen() {
    let shown = difference("one\ntwo\nthree\nfour\nfive\nsix\nseven", "one\n2\nthree\nfour\nfive\nsix\nseven");
    assert_eq!(shown, "  one\n- two\n+ 2\n  three\n  four\n  five\n  …\n");
}

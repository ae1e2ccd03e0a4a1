//! Codes: what holds letters and figures together ("AB-1234", "12/5A", "VN253"), and runs of digits that are no number.
use super::reading::{DASHES, Place};
use crate::value::words::all_digits;

/// A part of a code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part<'a> {
    Letters(&'a str),
    Digits(&'a str),
    Dash,
    Dot,
    Slash,
    Underscore,
    Plus,
}

/// The parts of a code; `None` for what holds other signs.
pub(super) fn parts(core: &str) -> Option<Vec<Part<'_>>> {
    let mut out = Vec::new();
    let mut rest = core;
    while let Some(first) = rest.chars().next() {
        let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let length = match first {
            c if c.is_ascii_digit() => {
                let length = run(|c| c.is_ascii_digit());
                out.push(Part::Digits(&rest[..length]));
                length
            }
            c if c.is_alphabetic() => {
                let length = run(|c| c.is_alphabetic() || c == '\'' || c == '’');
                out.push(Part::Letters(&rest[..length]));
                length
            }
            c => {
                out.push(match c {
                    c if DASHES.contains(&c) => Part::Dash,
                    '.' => Part::Dot,
                    '/' => Part::Slash,
                    '_' => Part::Underscore,
                    '+' => Part::Plus,
                    _ => return None,
                });
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    Some(out)
}

/// How the parts of a code are said in a language.
pub(super) struct Voice {
    pub number: fn(i64) -> String,
    /// Digits one by one, in groups.
    pub digits: fn(&str) -> String,
    /// Digits one by one.
    pub spell: fn(&str) -> String,
    /// Letters one by one.
    pub letters: fn(&str) -> String,
    pub dot: &'static str,
    pub slash: &'static str,
    pub underscore: &'static str,
    pub plus: &'static str,
}

/// A code as it is said. Its figures are said digit by digit where one of them is longer than two digits or begins with zero, else
/// as numbers; with a pause between the groups of the former.
pub(super) fn code(core: &str, voice: &Voice) -> Option<String> {
    let parts = parts(core)?;
    let long =
        parts.iter().any(|part| matches!(part, Part::Digits(d) if d.len() > 2 || (d.len() > 1 && d.starts_with('0'))));
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        let said = match part {
            // A long run is said in groups.
            Part::Digits(digits) if long && digits.len() > 5 => (voice.digits)(digits),
            Part::Digits(digits) if long => (voice.spell)(digits),
            Part::Digits(digits) => (voice.number)(digits.parse().ok()?),
            Part::Letters(letters) if is_word(letters) => (*letters).to_owned(),
            Part::Letters(letters) => (voice.letters)(letters),
            Part::Dash | Part::Dot if long => {
                if !out.is_empty() {
                    out.push(',');
                }
                continue;
            }
            Part::Dash => continue,
            Part::Dot => voice.dot.to_owned(),
            Part::Slash => voice.slash.to_owned(),
            Part::Underscore => voice.underscore.to_owned(),
            Part::Plus => voice.plus.to_owned(),
        };
        // "QZ7714": a pause before four digits and more.
        let pause = matches!((at.checked_sub(1).map(|at| parts[at]), part), (Some(Part::Letters(_)), Part::Digits(d)) if d.len() > 3);
        if !out.is_empty() {
            out.push_str(if pause { ", " } else { " " });
        }
        out.push_str(&said);
    }
    Some(out)
}

/// The runs of letters and digits of a text with pauses between, those of letters that are no words letter by letter.
pub(super) fn runs(text: &str, voice: &Voice, is_word: fn(&str) -> bool) -> String {
    let Some(parts) = parts(text) else { return (voice.letters)(text) };
    let runs = parts.iter().filter_map(|part| match part {
        Part::Digits(run) => Some((voice.digits)(run)),
        Part::Letters(run) if is_word(run) => Some((*run).to_owned()),
        Part::Letters(run) => Some((voice.letters)(run)),
        _ => None,
    });
    runs.collect::<Vec<_>>().join(", ")
}

/// The groups of digits at a place, `first` and those of the next words while nothing stands between, and how many words they are.
pub(super) fn with_following(place: Place<'_>, first: &[&str]) -> (Vec<String>, usize) {
    let mut all: Vec<String> = first.iter().map(|group| (*group).to_owned()).collect();
    let mut words = 1;
    while let Some(more) = place.next(words).filter(|word| all_digits(word.core) && (2..6).contains(&word.core.len())) {
        if !place.ahead(words - 1).is_some_and(|place| place.word().after.is_empty()) {
            break;
        }
        all.push(more.core.to_owned());
        words += 1;
    }
    (all, words)
}

/// Groups of digits as they are said.
pub(super) fn grouped(groups: &[String], voice: &Voice) -> String {
    match groups {
        [one] => (voice.digits)(one),
        groups => {
            let said =
                groups.iter().map(|group| if group.len() > 5 { (voice.digits)(group) } else { (voice.spell)(group) });
            said.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Whether letters in a code are a word: long ones, and any in lower case but one.
pub(super) fn is_word(letters: &str) -> bool {
    let count = letters.chars().count();
    count > 3 || (count > 1 && !letters.chars().all(char::is_uppercase))
}

/// Whether a word is an acronym in capitals, so long at most.
pub(super) fn is_capitals(core: &str, range: std::ops::RangeInclusive<usize>) -> bool {
    range.contains(&core.chars().count()) && core.chars().all(char::is_uppercase)
}

/// What is typed on a keypad: "*101#", "0#", "*5".
pub(super) fn keys(core: &str, star: &str, hash: &str, voice: &Voice) -> Option<String> {
    let typed = (core.starts_with('*') || core.ends_with('#')) && core.contains(|c: char| c.is_ascii_digit());
    if !typed || !core.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#')) {
        return None;
    }
    let (mut said, mut rest) = (Vec::new(), core);
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c: char| c.is_ascii_digit() != first.is_ascii_digit()).unwrap_or(rest.len());
        match first {
            // "****4821": what is hidden is not said.
            '*' if length > 2 => {}
            '*' => said.push(vec![star; length].join(" ")),
            '#' => said.push(vec![hash; length].join(" ")),
            _ => said.push((voice.spell)(&rest[..length])),
        }
        rest = &rest[length..];
    }
    Some(said.join(" "))
}

/// A code behind a "#": "check #1042", "#INC-20488". Short figures are numbers.
pub(super) fn hashed(core: &str, voice: &Voice, is_word: fn(&str) -> bool) -> Option<String> {
    let rest = core.strip_prefix('#')?;
    let figures = rest.chars().filter(char::is_ascii_digit).count();
    let long = figures > 3
        || (figures > 0 && rest.contains(|c: char| c.is_alphabetic()))
        || (figures > 1 && rest.starts_with('0'));
    (long && parts(rest).is_some()).then(|| runs(rest, voice, is_word))
}

/// Digits in groups as they are written: "0011 0042", "12-34". `None`: something else than digits.
pub(super) fn groups(core: &str) -> Option<Vec<&str>> {
    let groups: Vec<&str> =
        core.split(|c| DASHES.contains(&c) || matches!(c, '.' | '(' | ')')).filter(|g| !g.is_empty()).collect();
    (!groups.is_empty() && groups.iter().all(|g| all_digits(g))).then_some(groups)
}

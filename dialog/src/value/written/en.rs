//! English as recognisers write it.
use super::{Rewrite, into};
use crate::value::figures::{all_digits, fraction, joined_clock};

pub(in crate::value) fn rewrite(words: &[&str]) -> Option<Rewrite> {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let (first, second, third) = (word(0), word(1), word(2));
    match (first, second) {
        ("p", "m") => return into(&["pm"], 2),
        ("a", "m") => return into(&["am"], 2),
        ("o", "clock") => return into(&["o'clock"], 2),
        ("oclock", _) => return into(&["o'clock"], 1),
        ("12" | "12:00" | "twelve", "noon" | "midday") => return into(&["noon"], 2),
        ("12" | "12:00" | "0:00" | "00:00" | "twelve", "midnight") => return into(&["midnight"], 2),
        ("an" | "one" | "half", "hr") => return into(&[first, "hour"], 2),
        // "1/2 hour", "1/2 an hour"
        ("1/2", "hour" | "an") => return into(&["half"], 1),
        // "chicago's fine", "monday's full"
        (name, said) if name.ends_with("'s") && is_said_of_value(said) && !is_pronoun(name.trim_end_matches("'s")) => {
            return into(&[name.trim_end_matches("'s"), "is"], 1);
        }
        ("$" | "€" | "£" | "usd", _) if is_figure(second) => return money(first, second, third),
        _ => {}
    }
    if !first.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    // "230 pm", "1030 in the morning"
    if let Some((hour, minute)) = joined_clock(first).filter(|_| begins_half_of_day(&words[1..])) {
        return into(&[&format!("{hour}:{minute:02}")], 1);
    }
    match (second, third) {
        // "24 th"
        ("st" | "nd" | "rd" | "th", _) if second == ordinal_suffix(first)? => into(&[&format!("{first}{second}")], 2),
        ("1/2", "hour" | "hours") if all_digits(first) => into(&[&format!("{first}.5"), "hours"], 3),
        ("k", _) => into(&[first, "thousand"], 2),
        ("min" | "mins", _) => into(&[first, "minutes"], 2),
        ("hr" | "hrs", _) => into(&[first, "hours"], 2),
        ("$" | "usd" | "€" | "eur" | "£" | "gbp", _) => money(second, first, "").map(|(words, _)| (words, 2)),
        _ => None,
    }
}

/// Whether a word is one that is said of a value: "Chicago's fine".
fn is_said_of_value(word: &str) -> bool {
    matches!(
        word,
        "fine"
            | "good"
            | "great"
            | "okay"
            | "ok"
            | "perfect"
            | "best"
            | "better"
            | "no"
            | "not"
            | "too"
            | "full"
            | "out"
            | "bad"
            | "wrong"
            | "busy"
            | "taken"
            | "impossible"
            | "possible"
            | "off"
            | "right"
    )
}

/// "That's fine" is a phrase of its own.
fn is_pronoun(word: &str) -> bool {
    matches!(
        word,
        "that"
            | "it"
            | "he"
            | "she"
            | "this"
            | "there"
            | "here"
            | "what"
            | "who"
            | "how"
            | "where"
            | "when"
            | "why"
            | "everything"
            | "nothing"
            | "something"
            | "anything"
            | "all"
            | "one"
            | "other"
            | "let"
            | "year"
            | "new year"
    )
}

fn is_figure(word: &str) -> bool {
    all_digits(word) || fraction(word, '.').is_some()
}

/// "$20", "$1.5 million", "$20.00": the sign stands behind the amount when it is said.
fn money(sign: &str, amount: &str, scale: &str) -> Option<Rewrite> {
    let unit = match sign {
        "$" | "usd" => "dollars",
        "€" | "eur" => "euros",
        _ => "pounds",
    };
    let amount = amount.strip_suffix(".00").unwrap_or(amount);
    match scale {
        "thousand" | "million" => into(&[amount, scale, unit], 3),
        "k" => into(&[amount, "thousand", unit], 3),
        _ => into(&[amount, unit], 2),
    }
}

fn begins_half_of_day(words: &[&str]) -> bool {
    match words {
        ["am" | "pm", ..] | ["a" | "p", "m", ..] | ["at", "night", ..] => true,
        ["in", "the", part, ..] | ["this", part, ..] => matches!(*part, "morning" | "afternoon" | "evening"),
        _ => false,
    }
}

fn ordinal_suffix(figure: &str) -> Option<&'static str> {
    let number: u32 = figure.parse().ok().filter(|_| all_digits(figure))?;
    Some(match (number % 10, number % 100) {
        (1..=3, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    })
}

//! English times of day.
use super::number::{one, small};
use crate::value::calendar::{clock_digits, time_of_day, usual_hour};
use crate::value::found::{Found, Growth};
use crate::value::kind::Value;
use crate::value::words::{begin_with, word};

/// The half of the day that follows an hour: 0 before noon, 12 after it, and the words it takes.
fn half_of_day(words: &[String]) -> Option<(bool, usize)> {
    let is = |phrase: &str| begin_with(words, phrase);
    for (phrase, after_noon) in [
        ("am", false),
        ("pm", true),
        ("in the morning", false),
        ("in the afternoon", true),
        ("in the evening", true),
        ("at night", true),
        ("tonight", true),
    ] {
        if is(phrase) {
            return Some((after_noon, phrase.split(' ').count()));
        }
    }
    None
}

pub fn time(words: &[String]) -> Option<Found> {
    match word(words, 0) {
        "noon" | "midday" => return Some(Found::new(Value::Time(time_of_day(12, 0)?), 1)),
        "midnight" => return Some(Found::new(Value::Time(time_of_day(0, 0)?), 1)),
        _ => {}
    }
    let (hour, minute, len, mut growth, plain) = spoken_clock(words)?;
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    let rest = words.get(len..).unwrap_or_default();
    let (hour, len, plain) = match half_of_day(rest) {
        Some((_, _)) if hour == 0 || hour > 12 => (hour, len, plain),
        Some((after_noon, l)) => {
            growth = Growth::Closed;
            (hour % 12 + if after_noon { 12 } else { 0 }, len + l, true)
        }
        None => {
            if hour > 12 || hour == 0 {
                growth = Growth::Closed;
            }
            (usual_hour(hour), len, plain)
        }
    };
    let found = Found::new(Value::Time(time_of_day(hour, minute)?), len).growing(growth);
    Some(if plain { found } else { found.only_if_asked() })
}

/// Hour, minute, words used, growth and whether it can only be a time of day.
fn spoken_clock(words: &[String]) -> Option<(i64, i64, usize, Growth, bool)> {
    let rest = |i: usize| words.get(i..).unwrap_or_default();
    if word(words, 0) == "half" && word(words, 1) == "past" {
        let (h, l) = small(rest(2)).filter(|(h, _)| (1..=12).contains(h))?;
        return Some((h, 30, l + 2, Growth::Likely, true));
    }
    let skip = usize::from(word(words, 0) == "a");
    let (minutes, used) = if word(words, skip) == "quarter" {
        (15, skip + 1)
    } else {
        let (m, l) = small(words).unwrap_or((0, 0));
        (m, l + usize::from(l > 0 && matches!(word(words, l), "minute" | "minutes")))
    };
    if (1..60).contains(&minutes)
        && matches!(word(words, used), "past" | "after" | "to" | "before")
        && let Some((h, l)) = small(rest(used + 1)).filter(|(h, _)| (1..=12).contains(h))
    {
        let to = matches!(word(words, used), "to" | "before");
        let (h, m) = if to { (if h == 1 { 12 } else { h - 1 }, 60 - minutes) } else { (h, minutes) };
        return Some((h, m, used + 1 + l, Growth::Likely, true));
    }
    if let Some((h, m)) = clock_digits(word(words, 0)) {
        return Some((h, m, 1, Growth::Likely, true));
    }
    let (hour, len) = small(words)?;
    if matches!(word(words, len), "o'clock" | "oclock") {
        return Some((hour, 0, len + 1, Growth::Likely, true));
    }
    // "two oh five"
    if matches!(word(words, len), "oh" | "o")
        && let Some(m @ 1..=9) = one(word(words, len + 1))
    {
        return Some((hour, m, len + 2, Growth::Likely, true));
    }
    if let Some((m, l)) = small(rest(len)).filter(|(m, _)| (10..60).contains(m)) {
        // "two twenty" may go on: "five".
        return Some((hour, m, len + l, Growth::Likely, true));
    }
    Some((hour, 0, len, Growth::Open, false))
}

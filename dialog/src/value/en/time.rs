//! English times of day.
use super::number::{one, small};
use crate::value::calendar::{clock_digits, time_of_day, usual_hour};
use crate::value::figures::joined_clock;
use crate::value::found::{Found, Growth};
use crate::value::kind::Value;
use crate::value::words::{all_digits, begin_with, word};

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
        ("this morning", false),
        ("this afternoon", true),
        ("this evening", true),
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
    if let Some(found) = clock_of_24_hours(words) {
        return Some(found);
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

/// "fourteen hundred hours", "1400 hours", "oh eight thirty": the hour is that of a clock of 24 hours.
fn clock_of_24_hours(words: &[String]) -> Option<Found> {
    let hours = |len: usize| usize::from(word(words, len) == "hours");
    let zero = matches!(word(words, 0), "oh" | "o" | "zero" | "0");
    let skip = usize::from(zero);
    let (hour, minute, len) = match joined_clock(word(words, 0)) {
        Some((h, m)) if hours(1) == 1 => (h, m, 1),
        _ => {
            let (h, l) = small(words.get(skip..)?).filter(|(h, _)| (0..24).contains(h) && (!zero || *h < 10))?;
            let rest = words.get(skip + l..).unwrap_or_default();
            match small(rest) {
                _ if word(rest, 0) == "hundred" && small(&rest[1..]).is_none() => (h, 0, skip + l + 1),
                Some((m, used)) if zero && (10..60).contains(&m) => (h, m, skip + l + used),
                _ => return None,
            }
        }
    };
    let certain = hours(len) == 1;
    let found = Found::new(Value::Time(time_of_day(hour, minute)?), len + hours(len));
    Some(if certain { found } else { found.only_if_asked() })
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
        && matches!(word(words, used), "past" | "after" | "to" | "before" | "till" | "til")
        && let Some((h, l)) = small(rest(used + 1)).filter(|(h, _)| (1..=12).contains(h))
    {
        let to = !matches!(word(words, used), "past" | "after");
        let (h, m) = if to { (if h == 1 { 12 } else { h - 1 }, 60 - minutes) } else { (h, minutes) };
        return Some((h, m, used + 1 + l, Growth::Likely, true));
    }
    if let Some((h, m)) = clock_digits(word(words, 0)) {
        return Some((h, m, 1, Growth::Likely, true));
    }
    // "230" for "two thirty": a time where one is asked for.
    if let Some((h, m)) = joined_clock(word(words, 0)) {
        return Some((h, m, 1, Growth::Likely, false));
    }
    let (hour, len) = small(words)?;
    // "14h30": the mark of the hour says that the minutes are such.
    if word(words, len) == "h" && all_digits(word(words, 0)) {
        let minutes = small(rest(len + 1)).filter(|(m, l)| *l == 1 && (0..60).contains(m));
        return Some(match minutes {
            Some((m, l)) => (hour, m, len + 1 + l, Growth::Closed, hour > 12),
            None => (hour, 0, len + 1, Growth::Likely, false),
        });
    }
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

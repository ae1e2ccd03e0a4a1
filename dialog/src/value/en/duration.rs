//! English durations.
use super::number::{digits, number};
use crate::value::calendar::clock_digits;
use crate::value::figures::{fraction, times};
use crate::value::found::{Doubt, Found, Growth};
use crate::value::kind::Value;
use crate::value::words::{all_digits, begin_with, word};

/// Parts of an hour that stand before "hour", with their minutes.
const PARTS: [(&str, u32); 9] = [
    ("three quarters of an hour", 45),
    ("three quarter hour", 45),
    ("a quarter of an hour", 15),
    ("quarter of an hour", 15),
    ("a quarter hour", 15),
    ("half an hour", 30),
    ("a half an hour", 30),
    ("a half hour", 30),
    ("half hour", 30),
];
/// What may follow whole hours, with its minutes.
const MORE: [(&str, u32); 6] =
    [("a half", 30), ("half", 30), ("a quarter", 15), ("one quarter", 15), ("three quarters", 45), ("a bit", 0)];

/// "two hours", "an hour and a half", "two and a half hours", "two hours thirty", "ninety minutes".
pub fn duration(words: &[String]) -> Option<Found> {
    let found = |minutes: u32, len| Found::new(Value::Minutes(minutes), len);
    if let Some((phrase, minutes)) = PARTS.iter().find(|(phrase, _)| begin_with(words, phrase)) {
        return Some(found(*minutes, phrase.split(' ').count()));
    }
    if let Some(found) = fraction_of_hours(words) {
        return Some(found);
    }
    // "1:30", where a duration is asked for.
    if let Some((hours, minutes)) = clock_digits(word(words, 0)).filter(|_| word(words, 0).contains(':')) {
        let len = 1 + usize::from(matches!(word(words, 1), "hour" | "hours"));
        let minutes = u32::try_from(hours * 60 + minutes).ok().filter(|minutes| *minutes > 0)?;
        return Some(found(minutes, len).only_if_asked());
    }
    let (n, len) = match (word(words, 0), word(words, 1)) {
        ("an" | "a", "hour") => (1, 1),
        ("hour", "and") => (1, 0),
        _ => number(words).filter(|(n, _)| (1..=1440).contains(n))?,
    };
    let n = u32::try_from(n).ok()?;
    let figures = all_digits(word(words, 0));
    match word(words, len) {
        "minute" | "minutes" => Some(found(n, len + 1)),
        // "90m", "2h", "1h30"
        "m" if figures => Some(found(n, len + 1).only_if_asked()),
        "h" if figures && n <= 24 => {
            let minutes = number(&words[len + 1..]).filter(|(m, _)| (1..60).contains(m));
            let (more, used) = match minutes.map(|(m, l)| (m as u32, l, word(words, len + 1 + l))) {
                Some((m, l, "m" | "minutes")) => (m, l + 1),
                Some((m, l, "" | "please")) => (m, l),
                _ => (0, 0),
            };
            Some(found(n * 60 + more, len + 1 + used).only_if_asked())
        }
        "hour" | "hours" if n <= 24 => Some(hours(n, len + 1, words)),
        // "Two nights", "three sessions"
        "night" | "nights" | "day" | "days" | "week" | "weeks" | "session" | "sessions" | "months" => None,
        // A number alone: "thirty" is thirty minutes, "two" rather two hours.
        _ if n > 12 => Some(found(n, len).growing(Growth::Open).only_if_asked()),
        _ if word(words, 0) == "hour" => None,
        _ => {
            let minutes = if n >= 10 { n } else { n * 60 };
            Some(found(minutes, len).growing(Growth::Open).only_if_asked().doubtful(Doubt::TwoReadings))
        }
    }
}

/// Whole hours and what follows them: "and a half", "and fifteen minutes", "thirty". `len`: the words up to here.
fn hours(hours: u32, len: usize, words: &[String]) -> Found {
    let and = len + usize::from(word(words, len) == "and");
    let rest = words.get(and..).unwrap_or_default();
    let found = |minutes: u32, used: usize| Found::new(Value::Minutes(hours * 60 + minutes), and + used);
    let is_part_of_next = begin_with(rest, "half past") || begin_with(rest, "half an hour");
    if let Some((phrase, minutes)) =
        MORE.iter().find(|(phrase, _)| begin_with(rest, phrase)).filter(|_| !is_part_of_next)
    {
        return found(*minutes, phrase.split(' ').count());
    }
    if let Some((m, used)) = number(rest).filter(|(m, _)| (1..60).contains(m)) {
        match word(rest, used) {
            "minute" | "minutes" => return found(m as u32, used + 1),
            // "one hour thirty"; any other number belongs to what follows.
            "" | "please" => return found(m as u32, used).growing(Growth::Likely),
            _ if m % 5 == 0 && m >= 10 => return found(m as u32, used),
            _ => {}
        }
    }
    Found::new(Value::Minutes(hours * 60), len).growing(Growth::Likely)
}

/// "1.5 hours", "one point five hours", "two and a half hours", "one and a quarter hours": whole minutes.
fn fraction_of_hours(words: &[String]) -> Option<Found> {
    let (whole, part, len) = match fraction(word(words, 0), '.') {
        Some((whole, part)) => (whole, part.to_owned(), 1),
        None => {
            let (whole, l) = number(words).or_else(|| (word(words, 0) == "a").then_some((1, 1)))?;
            let rest = words.get(l..).unwrap_or_default();
            let spoken = [
                ("and a half", "5"),
                ("and a quarter", "25"),
                ("and three quarter", "75"),
                ("and three quarters", "75"),
            ];
            match spoken.iter().rfind(|(phrase, _)| begin_with(rest, phrase)) {
                Some((phrase, part)) => (whole, (*part).to_owned(), l + phrase.split(' ').count()),
                None => {
                    let (part, used) = digits(rest.get(1..)?).filter(|(part, _)| part.len() <= 3)?;
                    (word(rest, 0) == "point").then_some((whole, part, l + 1 + used))?
                }
            }
        }
    };
    let hours = matches!(word(words, len), "hour" | "hours" | "h") && (0..24).contains(&whole);
    let minutes = times(whole, &part, 60).and_then(|minutes| u32::try_from(minutes).ok());
    Some(Found::new(Value::Minutes(minutes.filter(|minutes| hours && *minutes > 0)?), len + 1))
}

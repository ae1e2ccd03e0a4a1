//! English durations.
use super::number::{digits, number};
use crate::value::figures::{fraction, times};
use crate::value::found::{Found, Growth};
use crate::value::kind::Value;
use crate::value::words::{all_digits, begin_with, word};

pub fn duration(words: &[String]) -> Option<Found> {
    let is = |phrase: &str| begin_with(words, phrase);
    for (phrase, minutes) in [
        ("a quarter of an hour", 15),
        ("quarter of an hour", 15),
        ("three quarters of an hour", 45),
        ("half an hour", 30),
        ("a half an hour", 30),
        ("a half hour", 30),
        ("half hour", 30),
        ("one and a half hours", 90),
        ("hour and a half", 90),
        ("a couple of hours", 120),
        ("couple of hours", 120),
        ("a couple hours", 120),
        ("an hour and a half", 90),
        ("an hour and a quarter", 75),
        ("one hour and a half", 90),
    ] {
        if is(phrase) {
            return Some(Found::new(Value::Minutes(minutes), phrase.split(' ').count()));
        }
    }
    if let Some(found) = fraction_of_hours(words) {
        return Some(found);
    }
    let (n, len) =
        if word(words, 0) == "an" { (1, 1) } else { number(words).filter(|(n, _)| (1..=1440).contains(n))? };
    let n = u32::try_from(n).ok()?;
    let figures = all_digits(word(words, 0));
    match word(words, len) {
        "minute" | "minutes" => Some(Found::new(Value::Minutes(n), len + 1)),
        // "90m", "2h", "1h30"
        "m" if figures => Some(Found::new(Value::Minutes(n), len + 1).only_if_asked()),
        "h" if figures && n <= 24 => {
            let minutes = number(&words[len + 1..]).filter(|(m, _)| (1..60).contains(m));
            let (more, used) = match minutes.map(|(m, l)| (m as u32, l, word(words, len + 1 + l))) {
                Some((m, l, "m" | "minutes")) => (m, l + 1),
                Some((m, l, "" | "please")) => (m, l),
                _ => (0, 0),
            };
            Some(Found::new(Value::Minutes(n * 60 + more), len + 1 + used).only_if_asked())
        }
        "hour" | "hours" if n <= 24 => {
            let and = len + 1 + usize::from(word(words, len + 1) == "and");
            let rest = words.get(and..).unwrap_or_default();
            if word(rest, 0) == "a" && word(rest, 1) == "half" {
                return Some(Found::new(Value::Minutes(n * 60 + 30), and + 2));
            }
            if let Some((m, l)) = number(rest).filter(|(m, _)| (1..60).contains(m)) {
                let minutes = n * 60 + m as u32;
                match word(rest, l) {
                    "minute" | "minutes" => return Some(Found::new(Value::Minutes(minutes), and + l + 1)),
                    // "one hour thirty"
                    "" | "please" => return Some(Found::new(Value::Minutes(minutes), and + l).growing(Growth::Likely)),
                    _ => {}
                }
            }
            Some(Found::new(Value::Minutes(n * 60), len + 1).growing(Growth::Likely))
        }
        "and" if is(&format!("{} and a half hours", word(words, 0))) && n <= 24 => {
            Some(Found::new(Value::Minutes(n * 60 + 30), 5))
        }
        _ if word(words, 0) == "an" => None,
        // A number alone: "ten" is ten minutes, "two" is two hours.
        _ if n >= 10 => Some(Found::new(Value::Minutes(n), len).growing(Growth::Open).only_if_asked()),
        _ => Some(Found::new(Value::Minutes(n * 60), len).growing(Growth::Open).only_if_asked()),
    }
}

/// "1.5 hours", "one point five hours", "0.25 hours": whole minutes.
fn fraction_of_hours(words: &[String]) -> Option<Found> {
    let (whole, part, len) = match fraction(word(words, 0), '.') {
        Some((whole, part)) => (whole, part.to_owned(), 1),
        None => {
            let (whole, l) = number(words)?;
            let (part, used) = digits(words.get(l + 1..)?).filter(|(part, _)| part.len() <= 3)?;
            (word(words, l) == "point").then_some((whole, part, l + 1 + used))?
        }
    };
    let hours = matches!(word(words, len), "hour" | "hours" | "h") && (0..24).contains(&whole);
    let minutes = times(whole, &part, 60).and_then(|minutes| u32::try_from(minutes).ok());
    Some(Found::new(Value::Minutes(minutes.filter(|minutes| hours && *minutes > 0)?), len + 1))
}

//! English durations.
use super::number::number;
use crate::value::found::{Found, Growth};
use crate::value::kind::Value;
use crate::value::words::{begin_with, word};

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
        ("an hour and a half", 90),
        ("an hour and a quarter", 75),
        ("one hour and a half", 90),
    ] {
        if is(phrase) {
            return Some(Found::new(Value::Minutes(minutes), phrase.split(' ').count()));
        }
    }
    // "1.5 hours"
    if let Some((whole, "5")) = word(words, 0).split_once('.')
        && matches!(word(words, 1), "hour" | "hours")
        && let Ok(h) = whole.parse::<u32>()
        && h < 24
    {
        return Some(Found::new(Value::Minutes(h * 60 + 30), 2));
    }
    let (n, len) =
        if word(words, 0) == "an" { (1, 1) } else { number(words).filter(|(n, _)| (1..=1440).contains(n))? };
    let n = u32::try_from(n).ok()?;
    match word(words, len) {
        "minute" | "minutes" => Some(Found::new(Value::Minutes(n), len + 1)),
        "hour" | "hours" if n <= 24 => {
            let and = len + 1 + usize::from(word(words, len + 1) == "and");
            let rest = words.get(and..).unwrap_or_default();
            if word(rest, 0) == "a" && word(rest, 1) == "half" {
                return Some(Found::new(Value::Minutes(n * 60 + 30), and + 2));
            }
            if let Some((m, l)) = number(rest).filter(|(m, _)| (1..60).contains(m))
                && matches!(word(rest, l), "minute" | "minutes")
            {
                return Some(Found::new(Value::Minutes(n * 60 + m as u32), and + l + 1));
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

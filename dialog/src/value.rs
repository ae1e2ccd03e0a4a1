//! What a slot can hold, and how the words for it are found in what a caller said.
use crate::language::Language;
use jiff::civil::DateTime;

pub mod calendar;
pub mod en;
pub mod found;
pub mod kind;
pub mod vi;
pub mod words;

use found::{Found, Growth};
use kind::{Choice, Kind, Value};
use words::{starts, tokens};

/// Finds a value of this kind at the very start of `words`; the longest one wins.
pub fn find(kind: &Kind, words: &[String], language: Language, now: DateTime) -> Option<Found> {
    match kind {
        Kind::Choice(choices) => {
            let at = |c: &Choice| c.words.iter().filter(|w| starts(words, w)).map(Vec::len).max();
            let (len, choice) = choices.iter().filter_map(|c| at(c).map(|len| (len, c))).max_by_key(|(len, _)| *len)?;
            Some(Found::new(Value::Choice(choice.name.clone()), len))
        }
        Kind::YesNo => {
            let (yes, len) = yes_no(words, language)?;
            Some(Found::new(Value::Bool(yes), len).only_if_asked())
        }
        Kind::Number { min, max, unit } => bounded_number(words, *min, *max, unit, language),
        Kind::Digits { min, max } => {
            let (text, len) = digits(words, language)?;
            if text.len() > *max {
                return None;
            }
            let growth = if text.len() == *max { Growth::Closed } else { Growth::Open };
            (text.len() >= *min).then(|| Found::new(Value::Digits(text), len).growing(growth).only_if_asked())
        }
        Kind::Phone => {
            let (text, len) = digits(words, language)?;
            let known = match language {
                Language::En => text.len() == 10 || (text.len() == 11 && text.starts_with('1')),
                Language::Vi => text.len() == 10 && text.starts_with('0'),
            };
            let growth = if known { Growth::Closed } else { Growth::Open };
            (7..=15).contains(&text.len()).then(|| Found::new(Value::Digits(text), len).growing(growth).only_if_asked())
        }
        Kind::Date => match language {
            Language::En => en::date(words, now.date()),
            Language::Vi => vi::date(words, now.date()),
        },
        Kind::Time => match language {
            Language::En => en::time(words),
            Language::Vi => vi::time(words),
        },
        Kind::Duration => match language {
            Language::En => en::duration(words),
            Language::Vi => vi::duration(words),
        },
        Kind::Text => None,
    }
}

/// A yes (`true`) or a no at the start of `words`, and how many of them it takes.
pub fn yes_no(words: &[String], language: Language) -> Option<(bool, usize)> {
    match language {
        Language::En => en::yes_no(words),
        Language::Vi => vi::yes_no(words),
    }
}

/// A string of digits at the start of `words`, and how many of them it takes.
pub fn digits(words: &[String], language: Language) -> Option<(String, usize)> {
    match language {
        Language::En => en::digits(words),
        Language::Vi => vi::digits(words),
    }
}

/// A whole number at the start of `words`, and how many of them it takes.
pub fn number(words: &[String], language: Language) -> Option<(i64, usize)> {
    match language {
        Language::En => en::number(words),
        Language::Vi => vi::number(words),
    }
}

fn bounded_number(words: &[String], min: i64, max: i64, unit: &[String], language: Language) -> Option<Found> {
    let one_of = || if language == Language::En { en::article(words, unit) } else { None };
    let (value, len) = number(words, language).or_else(one_of)?;
    if value < min || value > max {
        return None;
    }
    let named = unit.iter().map(|u| tokens(u, language)).find(|u| starts(&words[len..], u));
    let found = Found::new(Value::Number(value), len);
    Some(match named {
        Some(unit) => Found { len: len + unit.len(), ..found },
        // A larger number may be on its way ("twenty" … "five"), or the unit.
        None if unit.is_empty() && max < 20 => found.only_if_asked(),
        None => found.growing(Growth::Likely).only_if_asked(),
    })
}

#[cfg(test)]
mod tests;

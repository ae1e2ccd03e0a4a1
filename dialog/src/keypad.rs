//! `Keypad`: what the keys of a telephone mean.
use crate::language::Language;
use crate::value::calendar::{next_date, time_of_day};
use crate::value::capture::id::Verdict;
use crate::value::currency::Amount;
use crate::value::kind::{Kind, Value};
use jiff::civil::Date;

/// What keys a step takes. In every step `*` alone goes back, `#` alone repeats, and in a menu `0` (when no entry has it)
/// asks for a person; inside an entry `*` clears it and `#` ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keypad {
    /// The step is for the voice only.
    None,
    /// One key is an answer.
    Menu,
    /// Several keys are an answer; it is complete at `full` of them, else at `#` or after a gap.
    Entry { full: usize },
}

/// The keys that answer a slot of this kind.
pub fn of(kind: &Kind) -> Keypad {
    match kind {
        Kind::Choice(_) | Kind::YesNo => Keypad::Menu,
        Kind::Number { max, .. } => Keypad::Entry { full: max.to_string().len() },
        Kind::Digits { max, .. } => Keypad::Entry { full: *max },
        Kind::Phone => Keypad::Entry { full: 15 },
        // Day and month, hour and minute: two digits each.
        Kind::Date | Kind::Time => Keypad::Entry { full: 4 },
        Kind::Duration => Keypad::Entry { full: 4 },
        Kind::Money(bounds) => Keypad::Entry { full: bounds.max.to_string().len() },
        Kind::Id(scheme) if !scheme.has_letters() => Keypad::Entry { full: scheme.length().1 },
        Kind::Items(_) | Kind::Span { .. } | Kind::Name | Kind::Email | Kind::Address(_) | Kind::Id(_) | Kind::Text => {
            Keypad::None
        }
    }
}

/// What an entry means; `None`: it does not fit.
pub fn value(kind: &Kind, keys: &str, language: Language, today: Date) -> Option<Value> {
    let number = || keys.parse::<i64>().ok();
    match kind {
        Kind::Choice(all) => {
            let key = keys.chars().next().filter(|_| keys.len() == 1)?;
            all.iter().find(|c| c.key == Some(key)).map(|c| Value::Choice(c.name.clone()))
        }
        Kind::YesNo => yes_no(keys).map(Value::Bool),
        Kind::Number { min, max, .. } => number().filter(|n| (min..=max).contains(&n)).map(Value::Number),
        Kind::Digits { min, max } => (*min..=*max).contains(&keys.len()).then(|| Value::Digits(keys.into())),
        Kind::Phone => (7..=15).contains(&keys.len()).then(|| Value::Digits(keys.into())),
        Kind::Date => {
            let (first, second) = (keys.get(..2)?.parse().ok()?, keys.get(2..4)?.parse().ok()?);
            let (month, day) = match language {
                Language::En => (first, second),
                Language::Vi => (second, first),
            };
            next_date(today, month, day, None).map(Value::Date)
        }
        Kind::Time => {
            // "930" is half past nine, "14" two in the afternoon.
            let (h, m) = match keys.len() {
                1 | 2 => (number()?, 0),
                3 => (keys[..1].parse().ok()?, keys[1..].parse().ok()?),
                4 => (keys[..2].parse().ok()?, keys[2..].parse().ok()?),
                _ => return None,
            };
            time_of_day(h, m).map(Value::Time)
        }
        Kind::Duration => number().filter(|n| (1..=1440).contains(n)).map(|n| Value::Minutes(n as u32)),
        Kind::Money(bounds) => {
            let units = number().filter(|units| (bounds.min..=bounds.max).contains(units))?;
            Some(Value::Money(Amount { units, currency: bounds.currency }))
        }
        Kind::Id(scheme) => {
            let is_whole = matches!(scheme.verdict(keys, today), Verdict::Whole { .. });
            is_whole.then(|| Value::Digits(keys.into()))
        }
        Kind::Items(_) | Kind::Span { .. } | Kind::Name | Kind::Email | Kind::Address(_) | Kind::Text => None,
    }
}

pub fn yes_no(keys: &str) -> Option<bool> {
    match keys {
        "1" => Some(true),
        "2" => Some(false),
        _ => None,
    }
}

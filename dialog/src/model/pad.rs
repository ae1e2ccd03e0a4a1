//! `Pad`: what the keys of a telephone mean to a step.
use crate::bot::{Bot, Prompts};
use crate::value::{Kind, Language, Value, clock, coming};
use jiff::civil::Date;

/// What keys the present step takes. In every step `*` alone goes back, `#` alone repeats, and in a menu `0` (when no entry has it)
/// asks for a person; inside an entry `*` clears it and `#` ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pad {
    /// The step is for the voice only.
    None,
    /// One key is an answer.
    Menu,
    /// Several keys are an answer; it is complete at `full` of them, else at `#` or after a gap.
    Entry { full: usize },
}

pub fn of(kind: &Kind) -> Pad {
    match kind {
        Kind::Choice(_) | Kind::YesNo => Pad::Menu,
        Kind::Number { max, .. } => Pad::Entry { full: max.to_string().len() },
        Kind::Digits { max, .. } => Pad::Entry { full: *max },
        Kind::Phone => Pad::Entry { full: 15 },
        // Day and month, hour and minute: two digits each.
        Kind::Date | Kind::Time => Pad::Entry { full: 4 },
        Kind::Duration => Pad::Entry { full: 4 },
        Kind::Text => Pad::None,
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
            let (month, day) = if language == Language::En { (first, second) } else { (second, first) };
            coming(today, month, day, None).map(Value::Date)
        }
        Kind::Time => {
            // "930" is half past nine, "14" two in the afternoon.
            let (h, m) = match keys.len() {
                1 | 2 => (number()?, 0),
                3 => (keys[..1].parse().ok()?, keys[1..].parse().ok()?),
                4 => (keys[..2].parse().ok()?, keys[2..].parse().ok()?),
                _ => return None,
            };
            clock(h, m).map(Value::Time)
        }
        Kind::Duration => number().filter(|n| (1..=1440).contains(n)).map(|n| Value::Minutes(n as u32)),
        Kind::Text => None,
    }
}

pub fn yes_no(keys: &str) -> Option<bool> {
    match keys {
        "1" => Some(true),
        "2" => Some(false),
        _ => None,
    }
}

/// The sentence that explains the keys of a slot; empty where there are none.
pub fn hint(bot: &Bot, kind: &Kind) -> String {
    let p = &bot.prompts;
    match kind {
        Kind::Choice(all) => menu(p, bot.language, all.iter().filter_map(|c| c.key.map(|k| (c.say.as_str(), k)))),
        Kind::YesNo => p.yes_no_keys.clone(),
        Kind::Number { .. } => p.number_keys.clone(),
        Kind::Digits { .. } | Kind::Phone => p.digits_keys.clone(),
        Kind::Date => p.date_keys.clone(),
        Kind::Time => p.time_keys.clone(),
        Kind::Duration => p.duration_keys.clone(),
        Kind::Text => String::new(),
    }
}

pub fn menu<'a>(p: &Prompts, language: Language, entries: impl Iterator<Item = (&'a str, char)>) -> String {
    let digit = |key: char| crate::say::normal(&key.to_string(), language);
    let line = |(value, key): (&str, char)| p.menu_key.replace("{value}", value).replace("{key}", &digit(key));
    entries.map(line).collect::<Vec<_>>().join(" ")
}

//! What a slot can hold, and how the words for it are found in what a caller said.
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, Weekday};
use unicode_normalization::UnicodeNormalization;

pub mod en;
pub mod vi;

/// The languages a bot can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
pub enum Language {
    #[serde(rename = "en")]
    En,
    #[serde(rename = "vi")]
    Vi,
}

/// One slot's value. As JSON: dates, times and durations are ISO 8601 (`2026-11-22`, `14:30`, `PT30M`), digits stay text.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    Choice(String),
    Bool(bool),
    Number(i64),
    Digits(String),
    Date(Date),
    Time(Time),
    Minutes(u32),
    Text(String),
}

/// Values are a caller's words: they stay out of logs.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Value(..)")
    }
}

impl Value {
    pub fn json(&self) -> serde_json::Value {
        match self {
            Value::Choice(text) | Value::Digits(text) | Value::Text(text) => text.clone().into(),
            Value::Bool(yes) => (*yes).into(),
            Value::Number(number) => (*number).into(),
            Value::Date(date) => date.to_string().into(),
            Value::Time(time) => time.strftime("%H:%M").to_string().into(),
            Value::Minutes(minutes) => match (minutes / 60, minutes % 60) {
                (0, m) => format!("PT{m}M").into(),
                (h, 0) => format!("PT{h}H").into(),
                (h, m) => format!("PT{h}H{m}M").into(),
            },
        }
    }
}

/// What a slot takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Choice(Vec<Choice>),
    YesNo,
    /// `unit`: singular and plural of what is counted ("person", "people"); empty when nothing is named.
    Number {
        min: i64,
        max: i64,
        unit: Vec<String>,
    },
    Digits {
        min: usize,
        max: usize,
    },
    Phone,
    Date,
    Time,
    Duration,
    Text,
}

/// One value of a choice: its name in the record, how it is said, and the words that mean it (tokens, longest first).
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub name: String,
    pub say: String,
    pub words: Vec<Vec<String>>,
    pub key: Option<char>,
}

/// Whether a value can still grow when the caller says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Growth {
    /// Nothing usual follows: "half an hour".
    Closed,
    /// Something may follow: "two thirty" (p m).
    Likely,
    /// Something mostly follows: "two" for a time, three digits of six.
    Open,
}

/// Whether words name their kind themselves ("two p m") or need a question before them ("two").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    Plain,
    OnlyIfAsked,
}

/// A value found at the start of some words.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub value: Value,
    pub len: usize,
    pub growth: Growth,
    pub sure: Sure,
}

impl Found {
    pub(crate) fn new(value: Value, len: usize) -> Found {
        Found { value, len, growth: Growth::Closed, sure: Sure::Plain }
    }

    pub(crate) fn growing(self, growth: Growth) -> Found {
        Found { growth, ..self }
    }

    pub(crate) fn bare(self) -> Found {
        Found { sure: Sure::OnlyIfAsked, ..self }
    }
}

/// Splits what was said into lower-case words in NFC. Punctuation goes, except inside numbers ("2:30", "25/12", "1.5").
/// It takes what a grammar writes and what a free recogniser writes: "p.m.", "pm" and "p m" are all `pm`, "14h30" is `14 h 30`.
pub fn tokens(text: &str, language: Language) -> Vec<String> {
    let text: Vec<char> = if text.is_ascii() {
        text.chars().map(|c| c.to_ascii_lowercase()).collect()
    } else {
        text.nfc().flat_map(char::to_lowercase).collect()
    };
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut Vec<String>| {
        if !word.is_empty() {
            split_units(&std::mem::take(word), language, out);
        }
    };
    for (i, &c) in text.iter().enumerate() {
        let digit_before = i > 0 && text[i - 1].is_ascii_digit();
        let digit_after = text.get(i + 1).is_some_and(char::is_ascii_digit);
        let letter_before = i > 0 && text[i - 1].is_alphabetic();
        let letter_after = text.get(i + 1).is_some_and(|c| c.is_alphabetic());
        match c {
            c if c.is_alphanumeric() => word.push(c),
            ':' | '/' | '.' | '-' if digit_before && digit_after => word.push(c),
            ',' if digit_before && digit_after => {}
            '\'' | '’' if letter_before && letter_after => word.push('\''),
            // "p.m." and "a.m." lose their dots and stay one word.
            '.' if letter_before && (i < 2 || !text[i - 2].is_alphabetic()) && language == Language::En => {
                if !letter_after {
                    flush(&mut word, &mut out);
                }
            }
            _ => flush(&mut word, &mut out),
        }
    }
    flush(&mut word, &mut out);
    if language == Language::En {
        join_halves_of_day(&mut out);
    }
    out
}

/// "9am" → `9 am`, "14h30" → `14 h 30`; "24th" stays.
fn split_units(word: &str, language: Language, out: &mut Vec<String>) {
    let ordinal = ["st", "nd", "rd", "th"].iter().any(|s| word.strip_suffix(s).is_some_and(all_digits));
    let mixed = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(char::is_alphabetic);
    if !mixed || (ordinal && language == Language::En) {
        out.push(word.to_string());
        return;
    }
    let mut part = String::new();
    for c in word.chars() {
        if part.chars().last().is_some_and(|l| l.is_alphabetic() != c.is_alphabetic()) {
            out.push(std::mem::take(&mut part));
        }
        part.push(c);
    }
    out.push(part);
}

fn join_halves_of_day(out: &mut Vec<String>) {
    let mut i = 0;
    while i + 1 < out.len() {
        if (out[i] == "p" || out[i] == "a") && out[i + 1] == "m" {
            let half = format!("{}m", out[i]);
            out.splice(i..i + 2, [half]);
        }
        i += 1;
    }
}

pub(crate) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Finds a value of this kind at the very start of `words`; the longest one wins.
pub fn find(kind: &Kind, words: &[String], language: Language, now: DateTime) -> Option<Found> {
    let en = language == Language::En;
    match kind {
        Kind::Choice(choices) => {
            let at = |c: &Choice| c.words.iter().filter(|w| starts(words, w)).map(Vec::len).max();
            let (len, choice) = choices.iter().filter_map(|c| at(c).map(|len| (len, c))).max_by_key(|(len, _)| *len)?;
            Some(Found::new(Value::Choice(choice.name.clone()), len))
        }
        Kind::YesNo => {
            let (yes, len) = if en { en::yes_no(words)? } else { vi::yes_no(words)? };
            Some(Found::new(Value::Bool(yes), len).bare())
        }
        Kind::Number { min, max, unit } => number(words, *min, *max, unit, language),
        Kind::Digits { min, max } => {
            let (text, len) = if en { en::digits(words)? } else { vi::digits(words)? };
            if text.len() > *max {
                return None;
            }
            let growth = if text.len() == *max { Growth::Closed } else { Growth::Open };
            (text.len() >= *min).then(|| Found::new(Value::Digits(text), len).growing(growth).bare())
        }
        Kind::Phone => {
            let (text, len) = if en { en::digits(words)? } else { vi::digits(words)? };
            let known = match language {
                Language::En => text.len() == 10 || (text.len() == 11 && text.starts_with('1')),
                Language::Vi => text.len() == 10 && text.starts_with('0'),
            };
            let growth = if known { Growth::Closed } else { Growth::Open };
            (7..=15).contains(&text.len()).then(|| Found::new(Value::Digits(text), len).growing(growth).bare())
        }
        Kind::Date => {
            if en {
                en::date(words, now.date())
            } else {
                vi::date(words, now.date())
            }
        }
        Kind::Time => {
            if en {
                en::time(words)
            } else {
                vi::time(words)
            }
        }
        Kind::Duration => {
            if en {
                en::duration(words)
            } else {
                vi::duration(words)
            }
        }
        Kind::Text => None,
    }
}

fn number(words: &[String], min: i64, max: i64, unit: &[String], language: Language) -> Option<Found> {
    let (value, len) = match language {
        Language::En => en::number(words).or_else(|| en::article(words, unit))?,
        Language::Vi => vi::number(words)?,
    };
    if value < min || value > max {
        return None;
    }
    let named = unit.iter().map(|u| tokens(u, language)).find(|u| starts(&words[len..], u));
    let found = Found::new(Value::Number(value), len);
    Some(match named {
        Some(unit) => Found { len: len + unit.len(), ..found },
        // A larger number may be on its way ("twenty" … "five"), or the unit.
        None if unit.is_empty() && max < 20 => found.bare(),
        None => found.growing(Growth::Likely).bare(),
    })
}

/// Whether `words` begin with `phrase`.
pub(crate) fn starts(words: &[String], phrase: &[String]) -> bool {
    !phrase.is_empty() && words.len() >= phrase.len() && words[..phrase.len()] == *phrase
}

/// The word at `i`, or "" past the end.
pub(crate) fn word(words: &[String], i: usize) -> &str {
    words.get(i).map_or("", String::as_str)
}

/// An hour said without its half of the day: the one in a usual working day (7:00–18:59).
pub(crate) fn usual_hour(hour: i64) -> i64 {
    if (1..=6).contains(&hour) { hour + 12 } else { hour }
}

pub(crate) fn clock(hour: i64, minute: i64) -> Option<Time> {
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

/// "2:30", "14.30" → hour, minute.
pub(crate) fn clock_digits(word: &str) -> Option<(i64, i64)> {
    let (h, m) = word.split_once([':', '.'])?;
    (all_digits(h) && h.len() <= 2 && all_digits(m) && m.len() == 2).then_some(())?;
    let (h, m) = (h.parse().ok()?, m.parse().ok()?);
    (h < 24 && m < 60).then_some((h, m))
}

/// The next day that has this month and day, today included.
pub(crate) fn coming(today: Date, month: i64, day: i64, year: Option<i64>) -> Option<Date> {
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    if let Some(year) = year {
        return Date::new(i16::try_from(year).ok()?, month, day).ok();
    }
    // Four years ahead, for the 29th of February.
    (0..=8).filter_map(|ahead| Date::new(today.year() + ahead, month, day).ok()).find(|date| *date >= today)
}

/// The next day of a month with this number, today included.
pub(crate) fn coming_day(today: Date, day: i64) -> Option<Date> {
    (0..=2).find_map(|months| {
        let first = today.first_of_month().checked_add(months.months()).ok()?;
        let date = Date::new(first.year(), first.month(), i8::try_from(day).ok()?).ok()?;
        (date >= today).then_some(date)
    })
}

/// The next such weekday after today; `week` 1 is the one in the coming week (weeks begin on Monday).
pub(crate) fn weekday(today: Date, day: Weekday, week: i64) -> Option<Date> {
    let (now, then) = (i64::from(today.weekday().to_monday_zero_offset()), i64::from(day.to_monday_zero_offset()));
    let ahead = match week {
        0 if then > now => then - now,
        0 => then - now + 7,
        week => then - now + 7 * week,
    };
    today.checked_add(ahead.days()).ok()
}

pub(crate) fn days_ahead(today: Date, days: i64) -> Option<Date> {
    today.checked_add(days.days()).ok()
}

/// A date in figures: `2025-12-25`, `25/12/2025`, `25/12` (day first), or month first.
pub(crate) fn date_digits(word: &str, today: Date, month_first: bool) -> Option<Date> {
    let parts: Vec<&str> = word.split(['/', '-', '.']).collect();
    if !parts.iter().all(|p| all_digits(p) && p.len() <= 4) || parts.len() < 2 {
        return None;
    }
    let n: Vec<i64> = parts.iter().filter_map(|p| p.parse().ok()).collect();
    match (n.as_slice(), parts[0].len()) {
        ([y, m, d], 4) => coming(today, *m, *d, Some(*y)),
        ([a, b, y], _) => {
            let year = if *y < 100 { 2000 + *y } else { *y };
            let (m, d) = if month_first { (*a, *b) } else { (*b, *a) };
            coming(today, m, d, Some(year))
        }
        ([a, b], _) if word.contains('/') => {
            let (m, d) = if month_first { (*a, *b) } else { (*b, *a) };
            coming(today, m, d, None)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;

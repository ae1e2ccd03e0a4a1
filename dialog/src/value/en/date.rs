//! English dates.
use super::number::{number, small, ten};
use crate::value::calendar::{date_digits, days_ahead, next_date, next_day_of_month, next_weekday_of_month, weekday};
use crate::value::found::{Found, Growth};
use crate::value::kind::Value;
use crate::value::words::{all_digits, begin_with, word};
use jiff::civil::{Date, Weekday};

pub(crate) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
pub(crate) const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
pub(crate) const ORDINALS: [&str; 20] = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];

/// "first", "24th", "twenty fourth": 1–31.
fn ordinal(words: &[String]) -> Option<(i64, usize)> {
    let w = word(words, 0);
    let plain = |w: &str| ORDINALS.iter().position(|o| *o == w).map(|i| i as i64).filter(|n| *n > 0);
    let figure = ["st", "nd", "rd", "th"].iter().find_map(|s| w.strip_suffix(s)).filter(|d| all_digits(d));
    let (n, len) = if let Some(n) = plain(w) {
        (n, 1)
    } else if let Some(n) = figure.and_then(|d| d.parse().ok()) {
        (n, 1)
    } else if w == "twentieth" {
        (20, 1)
    } else if w == "thirtieth" {
        (30, 1)
    } else {
        let rest = plain(word(words, 1)).filter(|n| *n < 10)?;
        (ten(w)? + rest, 2)
    };
    (1..=31).contains(&n).then_some((n, len))
}

/// The month that a word names, whole or shortened ("dec", "sept"): 1–12.
fn month(word: &str) -> Option<i64> {
    let short = |name: &str| (word.len() == 3 || word == "sept") && name.starts_with(word);
    MONTHS.iter().position(|m| *m == word || short(m)).map(|m| m as i64 + 1)
}

/// Whether these words are a month and nothing else: its day is still to come.
pub fn is_month(words: &[String]) -> bool {
    let skip = usize::from(words.len() == 2 && word(words, 1) == "the");
    words.len() == 1 + skip && month(word(words, 0)).is_some()
}

/// The day of the week that a word names, and whether it is the whole name: "fri" may be part of another word.
fn weekday_name(word: &str) -> Option<(i8, bool)> {
    if let Some(day) = DAYS.iter().position(|d| *d == word) {
        return Some((day as i8, true));
    }
    let short =
        [&["mon"][..], &["tue", "tues"], &["wed", "weds"], &["thu", "thur", "thurs"], &["fri"], &["sat"], &["sun"]];
    short.iter().position(|names| names.contains(&word)).map(|day| (day as i8, false))
}

fn day_number(words: &[String]) -> Option<(i64, usize)> {
    ordinal(words).or_else(|| small(words)).filter(|(n, _)| (1..=31).contains(n))
}

fn year(words: &[String]) -> Option<(i64, usize)> {
    let w = word(words, 0);
    if all_digits(w) && w.len() == 4 {
        return w.parse().ok().map(|y| (y, 1));
    }
    if w == "two" && word(words, 1) == "thousand" {
        return number(words).filter(|(n, _)| (2000..2100).contains(n));
    }
    let (a, l) = small(words).filter(|(n, _)| *n == 20)?;
    let (b, m) = small(words.get(l..).unwrap_or_default()).filter(|(n, _)| *n >= 10)?;
    Some((a * 100 + b, l + m))
}

pub fn date(words: &[String], today: Date) -> Option<Found> {
    let is = |phrase: &str| begin_with(words, phrase);
    let found = |date: Option<Date>, len| date.map(|d| Found::new(Value::Date(d), len));
    for (phrase, days) in
        [("the day after tomorrow", 2), ("day after tomorrow", 2), ("tomorrow", 1), ("today", 0), ("tonight", 0)]
    {
        if is(phrase) {
            return found(days_ahead(today, days), phrase.split(' ').count());
        }
    }
    let (skip, week) = match (word(words, 0), word(words, 1)) {
        ("this", "coming") => (2, 0),
        ("next", _) => (1, 1),
        ("this" | "coming", _) => (1, 0),
        _ => (0, 0),
    };
    if let Some((day, whole)) = weekday_name(word(words, skip)) {
        let day = Weekday::from_monday_zero_offset(day).ok()?;
        // "monday the fourth of december" says it twice: the later part decides.
        let rest = words.get(skip + 1..).unwrap_or_default();
        if let Some(exact) = month_day(rest, today) {
            return Some(Found { len: exact.len + skip + 1, ..exact });
        }
        // "friday the fourth", "friday 4th"
        let the = usize::from(word(rest, 0) == "the");
        let figure = word(rest, the).starts_with(|c: char| c.is_ascii_digit());
        if let Some((number, len)) = ordinal(&rest[the..]).filter(|_| the == 1 || figure) {
            return found(next_weekday_of_month(today, day, number), skip + 1 + the + len);
        }
        let found = found(weekday(today, day, week), skip + 1)?;
        return Some(if whole || skip > 0 { found } else { found.only_if_asked() });
    }
    if word(words, skip) == "weekend" && skip > 0 {
        return found(weekday(today, Weekday::Saturday, week), skip + 1);
    }
    if word(words, 0) == "in"
        && let Some((n, len)) =
            number(&words[1..]).or_else(|| (word(words, 1) == "a").then_some((1, 1))).filter(|(n, _)| *n <= 365)
    {
        match word(words, 1 + len) {
            "day" | "days" => return found(days_ahead(today, n), len + 2),
            "week" | "weeks" => return found(days_ahead(today, n * 7), len + 2),
            _ => {}
        }
    }
    if let Some(date) = date_digits(word(words, 0), today, true) {
        return found(Some(date), 1);
    }
    month_day(words, today).or_else(|| {
        let skip = usize::from(word(words, 0) == "the");
        let (n, len) = ordinal(words.get(skip..).unwrap_or_default())?;
        let date = next_day_of_month(today, n)?;
        // "the third" may go on: "of may".
        Some(Found::new(Value::Date(date), skip + len).growing(Growth::Open).only_if_asked())
    })
}

/// "december 24th", "the twenty fourth of december", "24 december 2026".
fn month_day(words: &[String], today: Date) -> Option<Found> {
    let month = |i: usize| month(word(words, i));
    let skip = usize::from(word(words, 0) == "the");
    let (m, d, mut len, growth) = if let Some(m) = month(0) {
        let skip = 1 + usize::from(word(words, 1) == "the");
        let rest = words.get(skip..).unwrap_or_default();
        let (d, len) = day_number(rest)?;
        // "december twenty" may go on: "fourth".
        let open = matches!(word(rest, 0), "twenty" | "thirty") && len == 1;
        (m, d, skip + len, if open { Growth::Likely } else { Growth::Closed })
    } else {
        let (d, len) = day_number(words.get(skip..).unwrap_or_default())?;
        let of = skip + len + usize::from(word(words, skip + len) == "of");
        (month(of)?, d, of + 1, Growth::Closed)
    };
    let year = year(words.get(len..).unwrap_or_default());
    len += year.map_or(0, |(_, l)| l);
    let date = next_date(today, m, d, year.map(|(y, _)| y))?;
    Some(Found::new(Value::Date(date), len).growing(growth))
}

//! English dates.
use super::number::{number, small, ten};
use crate::value::calendar::{
    date_digits, day_of_month, days_ahead, last_weekday, months_ahead, next_date, next_day_of_month,
    next_weekday_of_month, weekday,
};
use crate::value::found::{Doubt, Found, Growth, Reading};
use crate::value::kind::Value;
use crate::value::ordinals::ordinal_word;
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

/// "first", "24th", "twenty fourth"; "thirty second" is one too, and no day.
fn ordinal(words: &[String]) -> Option<(i64, usize)> {
    let (n, len) = match ordinal_word(word(words, 0)) {
        Some(n) => (n, 1),
        None => {
            let ones = ordinal_word(word(words, 1)).filter(|n| *n < 10)?;
            (ten(word(words, 0))? + ones, 2)
        }
    };
    (1..=99).contains(&n).then_some((n, len))
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
    ordinal(words).or_else(|| small(words).filter(|(n, _)| (1..=31).contains(n)))
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

/// Days by how far they are from today.
const NEAR: [(&str, i64); 14] = [
    ("day after tmrw", 2),
    ("tmrw", 1),
    ("tmr", 1),
    ("tomorrow week", 8),
    ("today week", 7),
    ("the day after tomorrow", 2),
    ("day after tomorrow", 2),
    ("tomorrow", 1),
    ("today", 0),
    ("tonight", 0),
    ("the day before yesterday", -2),
    ("yesterday", -1),
    ("a week today", 7),
    ("a week tomorrow", 8),
];
/// Days of the year with names of their own: month and day.
const FEASTS: [(&str, (i64, i64)); 8] = [
    ("christmas eve", (12, 24)),
    ("christmas day", (12, 25)),
    ("christmas", (12, 25)),
    ("new year's eve", (12, 31)),
    ("new year's day", (1, 1)),
    ("new year's", (1, 1)),
    ("valentine's day", (2, 14)),
    ("halloween", (10, 31)),
];

pub fn date(words: &[String], today: Date) -> Option<Found> {
    let found = |date: Option<Date>, len| date.map(|d| Found::new(Value::Date(d), len));
    let listed = |list: &[(&'static str, i64)]| {
        list.iter().find(|(phrase, _)| begin_with(words, phrase)).map(|(phrase, n)| (*n, phrase.split(' ').count()))
    };
    if let Some(found) = weekday_of_month(words, today) {
        return Some(found);
    }
    if let Some(found) = counted_from(words, today).or_else(|| counted_weeks(words, today)) {
        return Some(found);
    }
    if let Some((days, len)) = listed(&NEAR) {
        return found(days_ahead(today, days), len);
    }
    if let Some(found) = beside_day(words, today).or_else(|| last_of_month(words, today)) {
        return Some(found);
    }
    if let Some((phrase, (month, day))) = FEASTS.iter().find(|(phrase, _)| begin_with(words, phrase)) {
        return found(next_date(today, *month, *day, None), phrase.split(' ').count());
    }
    if let Some(found) = day_of_week_named(words, today).or_else(|| weekday_date(words, today)) {
        return Some(found);
    }
    if let Some(date) = date_digits(word(words, 0), today, true) {
        return found(Some(date), 1);
    }
    match month_day(words, today) {
        Some(MonthDay { date, len, growth }) => {
            let date = date?;
            let found = Found::new(Value::Date(date), len).growing(growth);
            Some(match weekday_behind(&words[len..]) {
                Some((day, used)) if day == date.weekday() => Found { len: len + used, ..found },
                Some((_, used)) => Found { len: len + used, ..found }.doubtful(Doubt::TwoReadings),
                None => found,
            })
        }
        None => day_alone(words, today),
    }
}

/// The day of the week that is said behind a date: "december the tenth, a Thursday".
fn weekday_behind(words: &[String]) -> Option<(Weekday, usize)> {
    let leads = ["that's a", "it's a", "which is a", "that is a", "a"];
    let lead = leads.iter().find(|lead| begin_with(words, lead)).map_or(0, |lead| lead.split(' ').count());
    let (day, true) = weekday_name(word(words, lead))? else { return None };
    Some((Weekday::from_monday_zero_offset(day).ok()?, lead + 1))
}

/// Whether a day of a month is named that the month does not have ("the thirty first of november"): the words it takes.
pub fn no_such_date(words: &[String], today: Date) -> Option<usize> {
    let figures = is_slashed(word(words, 0)) && date_digits(word(words, 0), today, true).is_none();
    let named = || month_day(words, today).filter(|named| named.date.is_none()).map(|named| named.len);
    if figures { Some(1) } else { named() }
}

/// "31/11".
fn is_slashed(word: &str) -> bool {
    let mut parts = word.split('/');
    word.contains('/') && word.len() > 3 && parts.all(|part| all_digits(part) && part.len() <= 4)
}

/// "the third" of whichever month comes, "the third of next month".
fn day_alone(words: &[String], today: Date) -> Option<Found> {
    let skip = usize::from(word(words, 0) == "the");
    let (n, len) = ordinal(words.get(skip..).unwrap_or_default())?;
    let len = skip + len;
    for (phrase, months) in [("of this month", 0), ("this month", 0), ("of next month", 1), ("next month", 1)] {
        if begin_with(&words[len..], phrase) {
            let date = day_of_month(today, n, months)?;
            return Some(Found::new(Value::Date(date), len + phrase.split(' ').count()));
        }
    }
    // "the third" may go on: "of may".
    let date = next_day_of_month(today, n)?;
    Some(Found::new(Value::Date(date), len).growing(Growth::Open).only_if_asked())
}

/// "next week friday", "this week on friday".
fn day_of_week_named(words: &[String], today: Date) -> Option<Found> {
    let weeks = ["this week", "next week"].iter().position(|phrase| begin_with(words, phrase))?;
    let at = 2 + usize::from(word(words, 2) == "on");
    let (day, true) = weekday_name(word(words, at))? else { return None };
    // "not this week, Thursday next week"
    if ["this week", "next week"].iter().any(|phrase| begin_with(&words[at + 1..], phrase)) {
        return None;
    }
    let date = weekday(today, Weekday::from_monday_zero_offset(day).ok()?, weeks as i64)?;
    Some(Found::new(Value::Date(date), at + 1))
}

/// "monday", "next friday", "last monday", "monday the seventh of december", "friday the fourth", "monday week".
fn weekday_date(words: &[String], today: Date) -> Option<Found> {
    let found = |date: Option<Date>, len| date.map(|d| Found::new(Value::Date(d), len));
    let (skip, week) = match (word(words, 0), word(words, 1)) {
        ("this" | "the", "coming") => (2, Some(0)),
        ("the", "next" | "following") | ("on", "next") => (2, Some(1)),
        ("next", _) => (1, Some(1)),
        ("this" | "coming", _) => (1, Some(0)),
        ("last" | "past" | "previous", _) => (1, None),
        _ => (0, Some(0)),
    };
    let (day, whole) = weekday_name(word(words, skip))?;
    let day = Weekday::from_monday_zero_offset(day).ok()?;
    let Some(week) = week else { return found(last_weekday(today, day), skip + 1) };
    // "monday the fourth of december" says it twice: the later part decides, and a Friday is asked about.
    let rest = words.get(skip + 1..).unwrap_or_default();
    let checked = |date: Date, found: Found| match date.weekday() == day {
        true => found,
        false => found.doubtful(Doubt::TwoReadings),
    };
    if let Some(MonthDay { date, len, growth }) = month_day(rest, today) {
        let found = Found::new(Value::Date(date?), len + skip + 1).growing(growth);
        return Some(checked(date?, found));
    }
    if let Some(date) = date_digits(word(rest, 0), today, true) {
        return Some(checked(date, Found::new(Value::Date(date), skip + 2)));
    }
    // "friday the fourth", "friday 4th"
    let the = usize::from(word(rest, 0) == "the");
    let figure = word(rest, the).starts_with(|c: char| c.is_ascii_digit());
    if let Some((number, len)) = ordinal(&rest[the..]).filter(|_| the == 1 || figure) {
        // Where the next day of that number is another weekday, one of the two may be said wrong.
        let date = next_weekday_of_month(today, day, number)?;
        let found = Found::new(Value::Date(date), skip + 1 + the + len);
        let is_next = next_day_of_month(today, number) == Some(date);
        return Some(if is_next { found } else { found.doubtful(Doubt::TwoReadings) });
    }
    // "monday week": a week after the coming one.
    if let ("week" | "fortnight", 0) = (word(rest, 0), skip) {
        let weeks = if word(rest, 0) == "week" { 1 } else { 2 };
        return found(days_ahead(weekday(today, day, 0)?, 7 * weeks), 2);
    }
    // "saturday next weekend": the weekend alone is two days.
    let weekends = [("next weekend", 1), ("this weekend", 0), ("this coming weekend", 0), ("of this weekend", 0)];
    let weekend = weekends
        .iter()
        .find(|(phrase, _)| matches!(day, Weekday::Saturday | Weekday::Sunday) && begin_with(rest, phrase));
    if let (Some((phrase, week)), 0) = (weekend, skip) {
        return found(weekday(today, day, *week), 1 + phrase.split(' ').count());
    }
    let of = usize::from(word(rest, 0) == "of");
    let week_named = |phrase: &&str| skip == 0 && begin_with(&rest[of.min(rest.len())..], phrase);
    if let Some(weeks) = ["next week", "this week"].iter().position(week_named) {
        return found(weekday(today, day, 1 - weeks as i64), 3 + of);
    }
    let found = found(weekday(today, day, week), skip + 1)?;
    Some(if whole || skip > 0 { found } else { found.only_if_asked() })
}

/// "the first Monday in December", "last Friday of next month".
fn weekday_of_month(words: &[String], today: Date) -> Option<Found> {
    let skip = usize::from(word(words, 0) == "the");
    let nth = match word(words, skip) {
        "last" => -1,
        ordinal => i8::try_from(ordinal_word(ordinal)?).ok().filter(|n| (1..=4).contains(n))?,
    };
    let (day, true) = weekday_name(word(words, skip + 1))? else { return None };
    let day = Weekday::from_monday_zero_offset(day).ok()?;
    if !matches!(word(words, skip + 2), "of" | "in") {
        return None;
    }
    let named = &words[skip + 3..];
    let (in_month, len) = match () {
        () if begin_with(named, "next month") => (months_ahead(today, 1)?, 2),
        () if begin_with(named, "this month") => (today, 2),
        () => (next_date(today, month(word(named, 0))?, 28, None)?, 1),
    };
    let date = in_month.nth_weekday_of_month(nth, day).ok()?;
    // The first one of this month may be over.
    (date >= today).then(|| Found::new(Value::Date(date), skip + 3 + len))
}

/// "in three days", "two weeks from monday", "a week from today", "ten days from now".
fn counted_from(words: &[String], today: Date) -> Option<Found> {
    let skip = usize::from(word(words, 0) == "in");
    let rest = words.get(skip..)?;
    let (n, len) = match word(rest, 0) {
        "a" if !matches!(word(rest, 1), "couple" | "dozen") => (1, 1),
        _ => number(rest).filter(|(n, _)| (1..=365).contains(n))?,
    };
    let from = |start: Date| match word(rest, len) {
        "day" | "days" | "day's" => days_ahead(start, n),
        "week" | "weeks" | "week's" => days_ahead(start, n * 7),
        "fortnight" => days_ahead(start, n * 14),
        "month" | "months" | "month's" => months_ahead(start, n),
        _ => None,
    };
    let unit = from(today)?;
    let behind = len + 1;
    let tail = words.get(skip + behind..).unwrap_or_default();
    let found = |date: Option<Date>, used| date.map(|date| Found::new(Value::Date(date), skip + behind + used));
    match (word(tail, 0), word(tail, 1)) {
        ("from" | "after", "now" | "today") => found(Some(unit), 2),
        // "three weeks today"
        ("today", _) if skip == 0 => found(Some(unit), 1),
        ("tomorrow", _) if skip == 0 => found(days_ahead(unit, 1), 1),
        ("from" | "after" | "on", _) => {
            let start = date(&tail[1..], today).filter(|start| start.reading == Reading::Certain || start.len > 1)?;
            let Value::Date(day) = start.value else { return None };
            found(from(day), 1 + start.len)
        }
        // "two days before christmas"
        ("before", _) if skip == 0 && matches!(word(rest, len), "day" | "days" | "week" | "weeks") => {
            let start = date(&tail[1..], today).filter(|start| start.reading == Reading::Certain || start.len > 1)?;
            let Value::Date(day) = start.value else { return None };
            let days = if word(rest, len).starts_with("week") { n * 7 } else { n };
            found(days_ahead(day, -days), 1 + start.len)
        }
        // "in two weeks' time"
        ("time", _) if skip == 1 => found(Some(unit), 1),
        ("s", "time") if skip == 1 => found(Some(unit), 2),
        _ if skip == 1 => found(Some(unit), 0),
        _ => None,
    }
}

/// "the day before christmas eve", "the day after friday".
fn beside_day(words: &[String], today: Date) -> Option<Found> {
    let beside = [("the day before", -1), ("day before", -1), ("the day after", 1), ("day after", 1)];
    let (phrase, days) = beside.into_iter().find(|(phrase, _)| begin_with(words, phrase))?;
    let len = phrase.split(' ').count();
    let day = date(&words[len..], today).filter(|day| day.reading == Reading::Certain || day.len > 1)?;
    let Value::Date(named) = day.value else { return None };
    Some(Found { value: Value::Date(days_ahead(named, days)?), len: len + day.len, ..day })
}

/// "the last day of january", "the last day of the month".
fn last_of_month(words: &[String], today: Date) -> Option<Found> {
    let leads = ["the last day of", "last day of", "the last day in", "the very last day of"];
    let len = leads.iter().find(|lead| begin_with(words, lead))?.split(' ').count();
    let len = words.iter().position(|word| matches!(word.as_str(), "of" | "in")).map_or(len, |at| at + 1);
    let named = &words[len..];
    let (in_month, used) = match () {
        () if begin_with(named, "next month") => (months_ahead(today.first_of_month(), 1)?, 2),
        () if begin_with(named, "this month") || begin_with(named, "the month") => (today, 2),
        () if begin_with(named, "this year") || begin_with(named, "the year") => {
            (Date::new(today.year(), 12, 1).ok()?, 2)
        }
        () => {
            let month = i8::try_from(month(word(named, 0))?).ok()?;
            let this_year = Date::new(today.year(), month, 1).ok()?;
            let is_over = this_year.last_of_month() < today;
            (if is_over { Date::new(today.year() + 1, month, 1).ok()? } else { this_year }, 1)
        }
    };
    Some(Found::new(Value::Date(in_month.last_of_month()), len + used))
}

/// "a week monday", "a fortnight friday": counted from that day.
fn counted_weeks(words: &[String], today: Date) -> Option<Found> {
    let weeks = [("a week", 1), ("two weeks", 2), ("a fortnight", 2)];
    let (phrase, weeks) = weeks.iter().find(|(phrase, _)| begin_with(words, phrase))?;
    let len = phrase.split(' ').count();
    let (day, true) = weekday_name(word(words, len))? else { return None };
    let start = weekday(today, Weekday::from_monday_zero_offset(day).ok()?, 0)?;
    Some(Found::new(Value::Date(days_ahead(start, 7 * weeks)?), len + 1))
}

/// A day of a month, as words name it.
struct MonthDay {
    /// `None`: the month has no such day.
    date: Option<Date>,
    len: usize,
    growth: Growth,
}

/// "december 24th", "the twenty fourth of december", "24 december 2026", "dec 4".
fn month_day(words: &[String], today: Date) -> Option<MonthDay> {
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
    Some(MonthDay { date: next_date(today, m, d, year.map(|(y, _)| y)), len, growth })
}

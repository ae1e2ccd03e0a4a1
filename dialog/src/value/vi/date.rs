//! Vietnamese dates.
use super::number::{digits, number, small};
use crate::value::calendar::{date_digits, day_of_month, days_ahead, next_date, next_day_of_month, weekday};
use crate::value::found::{Found, Growth};
use crate::value::kind::Value;
use crate::value::words::{begin_with, word};
use jiff::civil::{Date, Weekday};

pub(crate) const DAYS: [&str; 7] = ["thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật"];

pub fn date(words: &[String], today: Date) -> Option<Found> {
    let is = |phrase: &str| begin_with(words, phrase);
    let found = |date: Option<Date>, len| date.map(|d| Found::new(Value::Date(d), len));
    for (phrase, days) in [
        ("hôm nay", 0),
        ("tối nay", 0),
        ("chiều nay", 0),
        ("ngày mai", 1),
        ("ngày kia", 2),
        ("ngày mốt", 2),
        ("mai", 1),
    ] {
        if is(phrase) {
            return found(days_ahead(today, days), phrase.split(' ').count());
        }
    }
    let week = |i: usize| match (word(words, i), word(words, i + 1)) {
        ("tuần", "sau" | "tới") => (1, 2),
        ("tuần", "này") => (0, 2),
        _ => (0, 0),
    };
    if let Some(d) = DAYS.iter().position(|d| is(d)).or_else(|| is("thứ bẩy").then_some(5)) {
        // "thứ sáu ngày hai mươi lăm tháng mười hai": the later part decides.
        if word(words, 2) == "ngày"
            && let Some(exact) = day_month(&words[2..], today)
        {
            return Some(Found { len: exact.len + 2, ..exact });
        }
        let (w, l) = week(2);
        let growth = if l == 0 { Growth::Likely } else { Growth::Closed };
        let date = weekday(today, Weekday::from_monday_zero_offset(d as i8).ok()?, w)?;
        return Some(Found::new(Value::Date(date), 2 + l).growing(growth));
    }
    // "T2"
    if let Some(number) =
        word(words, 0).strip_prefix('t').and_then(|day| day.parse::<i8>().ok()).filter(|n| (2..=7).contains(n))
    {
        let date = weekday(today, Weekday::from_monday_zero_offset(number - 2).ok()?, 0)?;
        return Some(Found::new(Value::Date(date), 1).only_if_asked());
    }
    if is("cuối tuần") {
        let (w, l) = match word(words, 2) {
            "sau" | "tới" => (1, 1),
            "này" => (0, 1),
            _ => (0, 0),
        };
        return found(weekday(today, Weekday::Saturday, w), 2 + l);
    }
    if let Some(date) = date_digits(word(words, 0), today, false) {
        return found(Some(date), 1);
    }
    day_month(words, today)
}

/// "ngày hai mươi lăm tháng mười hai năm hai nghìn không trăm hai mươi sáu", "mùng ba".
fn day_month(words: &[String], today: Date) -> Option<Found> {
    let mut at = usize::from(word(words, 0) == "ngày");
    let early = matches!(word(words, at), "mồng" | "mùng");
    at += usize::from(early);
    // "ngày 3-5", "ngày 3.5"
    let figures = word(words, at).replace(['-', '.'], "/");
    if let Some(date) = date_digits(&figures, today, false).filter(|_| at > 0) {
        return Some(Found::new(Value::Date(date), at + 1));
    }
    // "tháng năm ngày bốn"
    if word(words, 0) == "tháng"
        && let Some((month, len)) = small(&words[1..]).filter(|(m, _)| (1..=12).contains(m))
    {
        let at = 1 + len + usize::from(matches!(word(words, 1 + len), "ngày" | "mùng" | "mồng"));
        let (day, used) = small(words.get(at..).unwrap_or_default()).filter(|(d, _)| (1..=31).contains(d))?;
        return Some(Found::new(Value::Date(next_date(today, month, day, None)?), at + used));
    }
    let (day, len) = small(words.get(at..).unwrap_or_default()).filter(|(d, _)| (1..=31).contains(d))?;
    let after = at + len;
    if word(words, after) != "tháng" {
        // "ngày ba" may go on: "tháng năm".
        let found = Found::new(Value::Date(next_day_of_month(today, day)?), after).growing(Growth::Open);
        return (at > 0).then_some(found);
    }
    match word(words, after + 1) {
        "này" => return Some(Found::new(Value::Date(day_of_month(today, day, 0)?), after + 2)),
        "sau" | "tới" => return Some(Found::new(Value::Date(day_of_month(today, day, 1)?), after + 2)),
        _ => {}
    }
    // "tháng tư", "tháng mười hai"
    let (month, l) = small(words.get(after + 1..).unwrap_or_default()).filter(|(m, _)| (1..=12).contains(m))?;
    let mut len = after + 1 + l;
    let mut year = None;
    let rest = words.get(len + 1..).unwrap_or_default();
    // "năm hai không hai sáu"
    let spelled = || digits(rest).and_then(|(y, l)| Some((y.parse().ok().filter(|_| y.len() == 4)?, l)));
    let is_year = |(y, _): &(i64, usize)| (1900..2200).contains(y);
    if word(words, len) == "năm"
        && let Some((y, l)) = number(rest).filter(is_year).or_else(|| spelled().filter(is_year))
    {
        year = Some(y);
        len += 1 + l;
    }
    Some(Found::new(Value::Date(next_date(today, month, day, year)?), len))
}

/// Whether these words name a month, or say that a day or a month comes, and nothing else.
pub fn is_month(words: &[String]) -> bool {
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["ngày" | "mùng" | "mồng" | "tháng" | "thứ"] => true,
        [.., "tháng"] => true,
        ["tháng", ..] => small(&words[1..]).is_some_and(|(_, l)| l + 1 == words.len()),
        _ => false,
    }
}

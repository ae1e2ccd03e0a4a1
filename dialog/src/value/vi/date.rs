//! Vietnamese dates.
use super::lunar;
use super::number::{COUNTED, digits, number, small};
use crate::value::calendar::{
    date_digits, day_of_month, days_ahead, last_weekday, months_ahead, next_date, next_day_of_month, week, weekday,
};
use crate::value::found::{Doubt, Found, Growth, Reading};
use crate::value::kind::Value;
use crate::value::words::{all_digits, begin_with, word};
use jiff::civil::{Date, Weekday};

pub(crate) const DAYS: [&str; 7] = ["thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật"];

/// Days by how far they are from today. A part of the day may stand in place of "ngày".
const NEAR: [(&str, i64); 20] = [
    ("hôm nay", 0),
    ("bữa nay", 0),
    ("ngày hôm nay", 0),
    ("sáng nay", 0),
    ("trưa nay", 0),
    ("chiều nay", 0),
    ("tối nay", 0),
    ("đêm nay", 0),
    ("ngày mai", 1),
    ("sáng mai", 1),
    ("trưa mai", 1),
    ("chiều mai", 1),
    ("tối mai", 1),
    ("mai", 1),
    ("ngày kia", 2),
    ("ngày mốt", 2),
    ("bữa mốt", 2),
    ("mốt", 2),
    ("hôm qua", -1),
    ("hôm kia", -2),
];
/// Days of the year with names of their own: month and day.
const FEASTS: [(&str, (i64, i64)); 9] = [
    ("đêm giáng sinh", (12, 24)),
    ("đêm noel", (12, 24)),
    ("đêm nô en", (12, 24)),
    ("giáng sinh", (12, 25)),
    ("noel", (12, 25)),
    ("nô en", (12, 25)),
    ("tết dương lịch", (1, 1)),
    ("tết tây", (1, 1)),
    ("quốc khánh", (9, 2)),
];

pub fn date(words: &[String], today: Date) -> Option<Found> {
    let found = |date: Option<Date>, len| date.map(|d| Found::new(Value::Date(d), len));
    if let Some((phrase, days)) = NEAR.iter().find(|(phrase, _)| begin_with(words, phrase)) {
        return found(days_ahead(today, *days), phrase.split(' ').count());
    }
    if let Some((phrase, (month, day))) = FEASTS.iter().find(|(phrase, _)| begin_with(words, phrase)) {
        return found(next_date(today, *month, *day, None), phrase.split(' ').count());
    }
    if let Some(found) = weekday_date(words, today).or_else(|| counted(words, today)) {
        return Some(found);
    }
    if let Some(date) = date_digits(word(words, 0), today, false) {
        return found(Some(date), 1);
    }
    if let Some(found) = last_of_month(words, today).or_else(|| days_beside(words, today)) {
        return Some(found);
    }
    let Some(DayMonth { date, len, growth }) = day_month(words, today) else { return day_alone(words, today) };
    let date = date?;
    let found = Found::new(Value::Date(date), len).growing(growth);
    // "mùng bốn tháng mười hai, thứ sáu"
    let lead = usize::from(word(words, len) == "là");
    Some(match weekday_name(words.get(len + lead..).unwrap_or_default()) {
        Some((day, used)) if day == date.weekday() => Found { len: len + lead + used, ..found },
        Some((_, used)) => Found { len: len + lead + used, ..found }.doubtful(Doubt::TwoReadings),
        None => found,
    })
}

/// "Hăm tư", "hai mươi bốn": the day alone, where a date is asked for.
fn day_alone(words: &[String], today: Date) -> Option<Found> {
    let (day, len) = small(words).filter(|(day, _)| (11..=31).contains(day))?;
    let is_short = matches!(word(words, 0), "hăm" | "băm");
    let ends = matches!(word(words, len), "" | "ạ" | "nha" | "nhé" | "nhá" | "nghen" | "đi" | "em" | "á" | "thôi");
    let found = Found::new(Value::Date(next_day_of_month(today, day)?), len).growing(Growth::Open).only_if_asked();
    (is_short || ends).then_some(found)
}

/// "Ngày cuối cùng của tháng một", "ngày cuối tháng này".
fn last_of_month(words: &[String], today: Date) -> Option<Found> {
    if !matches!(word(words, 0), "ngày" | "hôm" | "bữa") || word(words, 1) != "cuối" {
        return None;
    }
    let whole = usize::from(word(words, 2) == "cùng");
    let at = 2 + whole + usize::from(word(words, 2 + whole) == "của");
    let named = words.get(at + 1..).unwrap_or_default();
    let (in_month, used) = match (word(words, at), word(named, 0)) {
        ("tháng", "này") => (today, 1),
        ("tháng", "sau" | "tới") => (months_ahead(today.first_of_month(), 1)?, 1),
        ("tháng", _) => {
            let (month, used) = month_number(named)?;
            let this_year = Date::new(today.year(), i8::try_from(month).ok()?, 1).ok()?;
            let is_over = this_year.last_of_month() < today;
            (if is_over { Date::new(today.year() + 1, this_year.month(), 1).ok()? } else { this_year }, used)
        }
        ("năm", "nay") => (Date::new(today.year(), 12, 1).ok()?, 1),
        _ => return None,
    };
    Some(Found::new(Value::Date(in_month.last_of_month()), at + 1 + used))
}

/// "Trước noel một ngày", "sau thứ hai hai ngày".
fn days_beside(words: &[String], today: Date) -> Option<Found> {
    let sign = match word(words, 0) {
        "trước" => -1,
        "sau" => 1,
        _ => return None,
    };
    let day = date(&words[1..], today).filter(|day| day.reading == Reading::Certain && day.doubt.is_none())?;
    let Value::Date(named) = day.value else { return None };
    let behind = words.get(1 + day.len..)?;
    let (count, used) = small(behind).filter(|(count, _)| (1..=30).contains(count))?;
    let days = match word(behind, used) {
        "ngày" | "hôm" | "bữa" => count,
        "tuần" => count * 7,
        _ => return None,
    };
    Some(Found::new(Value::Date(days_ahead(named, sign * days)?), 1 + day.len + used + 1))
}

/// Whether a day of a month is named that the month does not have ("ngày ba mươi mốt tháng hai"): the words it takes.
pub fn no_such_date(words: &[String], today: Date) -> Option<usize> {
    let first = word(words, 0);
    let figures =
        first.len() > 3 && first.contains('/') && first.split('/').all(|part| all_digits(part) && part.len() <= 4);
    if figures && date_digits(first, today, false).is_none() {
        return Some(1);
    }
    day_month(words, today).filter(|named| named.date.is_none()).map(|named| named.len)
}

/// The day of the week that the first words name, and how many they are.
fn weekday_name(words: &[String]) -> Option<(Weekday, usize)> {
    let spoken = || DAYS.iter().position(|day| begin_with(words, day)).map(|day| (day, 2));
    let other =
        || begin_with(words, "thứ bẩy").then_some((5, 2)).or_else(|| begin_with(words, "chúa nhật").then_some((6, 2)));
    let (day, len) = spoken().or_else(other)?;
    Some((Weekday::from_monday_zero_offset(day as i8).ok()?, len))
}

/// "tuần sau", "tuần này", "tuần trước": how many weeks ahead, and the words it takes.
fn week_named(words: &[String]) -> Option<(i64, usize)> {
    let weeks = [
        ("tuần sau nữa", 2),
        ("tuần tới nữa", 2),
        ("tuần sau", 1),
        ("tuần tới", 1),
        ("tuần này", 0),
        ("tuần trước", -1),
        ("tuần rồi", -1),
        ("tuần vừa rồi", -1),
    ];
    weeks.iter().find(|(phrase, _)| begin_with(words, phrase)).map(|(phrase, week)| (*week, phrase.split(' ').count()))
}

/// "cuối tuần sau", which is two days: how many weeks ahead, and the words it takes.
fn weekend_named(words: &[String]) -> Option<(i64, usize)> {
    if !begin_with(words, "cuối tuần") {
        return None;
    }
    Some(week_named(&words[1..]).map_or((0, 2), |(week, used)| (week, used + 1)))
}

fn is_of_weekend(day: Weekday) -> bool {
    matches!(day, Weekday::Saturday | Weekday::Sunday)
}

/// "thứ hai", "thứ hai tuần sau", "tuần sau thứ hai", "thứ sáu ngày hai mươi lăm tháng mười hai", "thứ hai tới", "T2".
fn weekday_date(words: &[String], today: Date) -> Option<Found> {
    let found = |date: Option<Date>, len| date.map(|d| Found::new(Value::Date(d), len));
    if let Some((week, len)) = weekend_named(words).or_else(|| week_named(words)) {
        let is_weekend = word(words, 0) == "cuối";
        let rest = words.get(len..).unwrap_or_default();
        let (day, used) = weekday_name(rest).filter(|(day, _)| !is_weekend || is_of_weekend(*day))?;
        // "không phải tuần này, thứ năm tuần sau"
        if week_named(&rest[used..]).is_some() {
            return None;
        }
        return found(in_week(today, day, week), len + used);
    }
    // "T2"
    let short =
        || word(words, 0).strip_prefix('t').and_then(|day| day.parse::<i8>().ok()).filter(|n| (2..=7).contains(n));
    if let Some(number) = short() {
        let date = weekday(today, Weekday::from_monday_zero_offset(number - 2).ok()?, 0)?;
        return Some(Found::new(Value::Date(date), 1).only_if_asked());
    }
    let (day, len) = weekday_name(words)?;
    let rest = words.get(len..).unwrap_or_default();
    // The later part decides; where the two do not fit, the caller is asked.
    let checked = |date: Date, found: Found| match date.weekday() == day {
        true => found,
        false => found.doubtful(Doubt::TwoReadings),
    };
    let with_day = |word: &str| matches!(word, "ngày" | "mùng" | "mồng");
    if let Some(DayMonth { date, len: used, growth }) = day_month(rest, today).filter(|_| with_day(word(rest, 0))) {
        return Some(checked(date?, Found::new(Value::Date(date?), len + used).growing(growth)));
    }
    if let Some(date) = date_digits(word(rest, 0), today, false) {
        return Some(checked(date, Found::new(Value::Date(date), len + 1)));
    }
    if let Some((week, used)) = weekend_named(rest).filter(|_| is_of_weekend(day)) {
        return found(in_week(today, day, week), len + used);
    }
    // "thứ hai đầu tuần sau"
    let early = usize::from(word(rest, 0) == "đầu" && day == Weekday::Monday);
    if let Some((week, used)) = week_named(&rest[early..]).map(|(week, used)| (week, used + early)) {
        return found(in_week(today, day, week), len + used);
    }
    match word(rest, 0) {
        "tới" if begins_day(&rest[1..]) => found(weekday(today, day, 0), len),
        "này" | "tới" => found(weekday(today, day, 0), len + 1),
        // "Thứ sáu trước bảy giờ tối"
        "trước" if small(&rest[1..]).is_some() || matches!(word(rest, 1), "giờ" | "trưa" | "nửa" | "buổi") => {
            found(weekday(today, day, 0), len)
        }
        "trước" | "rồi" => found(last_weekday(today, day), len + 1),
        _ => Some(Found::new(Value::Date(weekday(today, day, 0)?), len).growing(Growth::Likely)),
    }
}

/// Whether a day is named: "tới" before it is "to", and not "the coming one".
fn begins_day(words: &[String]) -> bool {
    weekday_name(words).is_some() || matches!(word(words, 0), "ngày" | "mùng" | "mồng" | "mai" | "mốt" | "hết")
}

/// The number of a day. Before its month, "hai ba" is the twenty third.
fn day_number(words: &[String]) -> Option<(i64, usize)> {
    // "ngày ba mươi tám giờ": the eight is the hour.
    let tens = |(day, len): (i64, usize)| if day > 31 && len == 3 && day < 40 { (30, 2) } else { (day, len) };
    let (day, len) = small(words).map(tens).filter(|(day, _)| (1..=31).contains(day))?;
    let unit = small(words.get(len..)?).filter(|(unit, used)| (1..10).contains(unit) && *used == 1);
    match unit {
        Some((unit, used)) if day == 2 && len == 1 && matches!(word(words, len + used), "tháng" | "tết") => {
            Some((day * 10 + unit, len + used))
        }
        _ => Some((day, len)),
    }
}

/// The number of a month. "Mười năm" in "tháng mười năm hai nghìn" is ten, and a year.
fn month_number(words: &[String]) -> Option<(i64, usize)> {
    let first = || small(words.get(..1)?);
    small(words).into_iter().chain(first()).find(|(month, _)| (1..=12).contains(month))
}

/// A day of the week, in this week (the next such day), in a later one, or in one that is over.
fn in_week(today: Date, day: Weekday, ahead: i64) -> Option<Date> {
    match ahead {
        ..=-1 => days_ahead(week(today, ahead)?.0, i64::from(day.to_monday_zero_offset())),
        ahead => weekday(today, day, ahead),
    }
}

/// "ba ngày nữa", "hai tuần nữa", "sau ba ngày nữa".
fn counted(words: &[String], today: Date) -> Option<Found> {
    let (n, len) = number(words).filter(|(n, _)| (1..=365).contains(n))?;
    if !matches!(word(words, len + 1), "nữa" | "sau" | "tới")
        || (word(words, len + 1) != "nữa" && word(words, len) != "ngày")
    {
        return None;
    }
    let date = match word(words, len) {
        "ngày" | "hôm" | "bữa" => days_ahead(today, n),
        "tuần" => days_ahead(today, n * 7),
        "tháng" => months_ahead(today, n),
        _ => None,
    };
    let found = Found::new(Value::Date(date?), len + 2);
    Some(if word(words, len + 1) == "nữa" { found } else { found.only_if_asked() })
}

/// A day of a month, as words name it.
struct DayMonth {
    /// `None`: the month has no such day.
    date: Option<Date>,
    len: usize,
    growth: Growth,
}

/// "ngày hai mươi lăm tháng mười hai năm hai nghìn không trăm hai mươi sáu", "mùng ba".
fn day_month(words: &[String], today: Date) -> Option<DayMonth> {
    let closed = |date: Option<Date>, len: usize| Some(DayMonth { date, len, growth: Growth::Closed });
    // "Bữa mười hai" is the twelfth; "hôm hai người" is no date.
    let is_day = matches!(word(words, 0), "bữa" | "hôm")
        && words.get(1..).and_then(small).is_some_and(|(day, len)| day > 9 && !COUNTED.contains(&word(words, 1 + len)));
    let mut at = usize::from(word(words, 0) == "ngày" || is_day);
    at += usize::from(matches!(word(words, at), "mồng" | "mùng"));
    // "ngày 3-5", "ngày 3.5"
    let figures = word(words, at).replace(['-', '.'], "/");
    if at > 0 && figures.contains('/') {
        return closed(date_digits(&figures, today, false), at + 1);
    }
    // "tháng năm ngày bốn"
    if word(words, 0) == "tháng"
        && let Some((month, len)) = month_number(&words[1..])
    {
        let at = 1 + len + usize::from(matches!(word(words, 1 + len), "ngày" | "mùng" | "mồng"));
        let (day, used) = small(words.get(at..).unwrap_or_default()).filter(|(d, _)| (1..=31).contains(d))?;
        return closed(next_date(today, month, day, None), at + used);
    }
    let (day, len) = day_number(words.get(at..).unwrap_or_default())?;
    let after = at + len;
    if word(words, after) != "tháng" {
        // "ngày ba" may go on: "tháng năm".
        let date = Some(next_day_of_month(today, day)?);
        return (at > 0).then_some(DayMonth { date, len: after, growth: Growth::Open });
    }
    match word(words, after + 1) {
        "này" => return closed(day_of_month(today, day, 0), after + 2),
        "sau" | "tới" => return closed(day_of_month(today, day, 1), after + 2),
        _ => {}
    }
    // "tháng tư", "tháng mười hai"
    let (month, l) = month_number(words.get(after + 1..).unwrap_or_default())?;
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
    } else if begin_with(&words[len..], "năm sau") || begin_with(&words[len..], "năm tới") {
        year = Some(i64::from(today.year()) + 1);
        len += 2;
    } else if begin_with(&words[len..], "năm nay") {
        year = Some(i64::from(today.year()));
        len += 2;
    }
    closed(next_date(today, month, day, year), len)
}

/// A day of the lunar calendar: "mùng ba tết", "rằm tháng giêng", "hai ba tháng chạp", "mười lăm tháng tám âm lịch".
pub fn lunar_date(words: &[String], today: Date) -> Option<Found> {
    let found = |date: Option<Date>, len| date.map(|d| Found::new(Value::Date(d), len));
    for (phrase, day) in
        [("trung thu", (8, 15)), ("tết trung thu", (8, 15)), ("tết đoan ngọ", (5, 5)), ("giỗ tổ", (3, 10))]
    {
        if begin_with(words, phrase) {
            return found(lunar::next(today, day.0, day.1), phrase.split(' ').count());
        }
    }
    if begin_with(words, "giao thừa") || begin_with(words, "đêm giao thừa") {
        return found(lunar::new_years_eve(today), if word(words, 0) == "đêm" { 3 } else { 2 });
    }
    let mut at = usize::from(word(words, 0) == "ngày");
    at += usize::from(matches!(word(words, at), "mồng" | "mùng"));
    let is_full_moon = word(words, at) == "rằm";
    let (day, len) = match is_full_moon {
        true => (15, at + 1),
        false => day_number(words.get(at..)?).map(|(day, l)| (day, at + l))?,
    };
    if word(words, len) == "tết" && !matches!(word(words, len + 1), "dương" | "tây") {
        // The last day of the year is its thirtieth, where it has one, or its twenty ninth.
        let date = match day {
            1..=10 => lunar::next(today, 1, day),
            30 => lunar::new_years_eve(today),
            _ => lunar::next(today, 12, day),
        };
        return found(date, len + 1);
    }
    if word(words, len) != "tháng" {
        return is_full_moon.then(|| found(lunar::next_day(today, 15), len))?;
    }
    let (month, l, named) = match word(words, len + 1) {
        "giêng" => (1, 1, true),
        "chạp" => (12, 1, true),
        "này" => return is_full_moon.then(|| found(lunar::next_day(today, 15), len + 2))?,
        _ => month_number(&words[len + 1..]).map(|(m, l)| (m, l, is_full_moon))?,
    };
    let rest = words.get(len + 1 + l..).unwrap_or_default();
    let marks = [("âm lịch", 2), ("âm", 1), ("ta", 1)];
    let mark = marks.iter().find(|(mark, _)| begin_with(rest, mark)).map(|(_, len)| *len);
    let is_lunar = named || mark.is_some();
    is_lunar.then(|| found(lunar::next(today, month, day), len + 1 + l + mark.unwrap_or(0)))?
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

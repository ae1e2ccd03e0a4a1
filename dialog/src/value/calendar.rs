//! Dates and times of day in figures, and the day that is meant by a weekday or by a day of the month.
use super::figures::all_digits;
use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};

/// An hour said without its half of the day: the one in a usual working day (7:00–18:59).
pub(crate) fn usual_hour(hour: i64) -> i64 {
    if (1..=6).contains(&hour) { hour + 12 } else { hour }
}

pub(crate) fn time_of_day(hour: i64, minute: i64) -> Option<Time> {
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

/// "2:30", "14.30" → hour, minute.
pub(crate) fn clock_digits(word: &str) -> Option<(i64, i64)> {
    let (h, m) = word.split_once([':', '.'])?;
    (all_digits(h) && h.len() <= 2 && all_digits(m) && m.len() == 2).then_some(())?;
    let (h, m) = (h.parse().ok()?, m.parse().ok()?);
    (h < 24 && m < 60).then_some((h, m))
}

/// The day with this month and day: in `year` where one was said, else the next one, today included.
pub(crate) fn next_date(today: Date, month: i64, day: i64, year: Option<i64>) -> Option<Date> {
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    if let Some(year) = year {
        return Date::new(i16::try_from(year).ok()?, month, day).ok();
    }
    // Four years ahead, for the 29th of February.
    (0..=8).filter_map(|ahead| Date::new(today.year() + ahead, month, day).ok()).find(|date| *date >= today)
}

/// The next day of a month with this number, today included.
pub(crate) fn next_day_of_month(today: Date, day: i64) -> Option<Date> {
    (0..=2).find_map(|months| day_of_month(today, day, months).filter(|date| *date >= today))
}

/// The day with this number, so many months from now.
pub(crate) fn day_of_month(today: Date, day: i64, months: i64) -> Option<Date> {
    let first = today.first_of_month().checked_add(months.months()).ok()?;
    Date::new(first.year(), first.month(), i8::try_from(day).ok()?).ok()
}

/// The next day with this number that is such a weekday, today included; within a year.
pub(crate) fn next_weekday_of_month(today: Date, weekday: Weekday, day: i64) -> Option<Date> {
    let fits = |date: &Date| *date >= today && date.weekday() == weekday;
    (0..=12).find_map(|months| day_of_month(today, day, months).filter(fits))
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

/// The last such weekday before today.
pub(crate) fn last_weekday(today: Date, day: Weekday) -> Option<Date> {
    weekday(today, day, 0)?.checked_sub(7.days()).ok().map(|date| if date < today { date } else { date - 7.days() })
}

/// The first day of a week, and its last one: `week` 1 is the coming week (weeks begin on Monday).
pub(crate) fn week(today: Date, week: i64) -> Option<(Date, Date)> {
    let monday = days_ahead(today, 7 * week - i64::from(today.weekday().to_monday_zero_offset()))?;
    Some((monday, days_ahead(monday, 6)?))
}

/// The same day of the month, so many months from now; the last of a month that is too short.
pub(crate) fn months_ahead(today: Date, months: i64) -> Option<Date> {
    today.checked_add(months.months()).ok()
}

pub(crate) fn days_ahead(today: Date, days: i64) -> Option<Date> {
    today.checked_add(days.days()).ok()
}

/// A date in figures: `2025-12-25`, `25/12/2025`, `25/12` (day first), or month first. What can be no month is the day all the same.
pub(crate) fn date_digits(word: &str, today: Date, month_first: bool) -> Option<Date> {
    let parts: Vec<&str> = word.split(['/', '-', '.']).collect();
    if !parts.iter().all(|p| all_digits(p) && p.len() <= 4) || parts.len() < 2 {
        return None;
    }
    let n: Vec<i64> = parts.iter().filter_map(|p| p.parse().ok()).collect();
    let month_and_day = |first: i64, second: i64| match (month_first, first > 12, second > 12) {
        (true, false, _) | (false, false, true) => (first, second),
        (true, true, _) | (false, _, _) => (second, first),
    };
    match (n.as_slice(), parts[0].len()) {
        ([y, m, d], 4) => next_date(today, *m, *d, Some(*y)),
        ([a, b, y], _) => {
            let year = if *y < 100 { 2000 + *y } else { *y };
            let (m, d) = month_and_day(*a, *b);
            next_date(today, m, d, Some(year))
        }
        ([a, b], _) if word.contains('/') => {
            let (m, d) = month_and_day(*a, *b);
            next_date(today, m, d, None)
        }
        _ => None,
    }
}

/// A time in either half of the day.
pub fn halves(time: Time) -> [Time; 2] {
    let hour = i64::from(time.hour()) % 12;
    [hour, hour + 12].map(|hour| time_of_day(hour, time.minute().into()).unwrap_or(time))
}

//! Dates and days of the week.
use super::number::{number, ordinal};
use crate::say::figure::dated;
use crate::say::reading::{DASHES, Place, Reading, is_dash};
use crate::say::roman::roman;
use crate::value::calendar::date_digits;
use crate::value::vi::DAYS;
use crate::value::words::all_digits;
use jiff::civil::Date;

pub fn month(m: i64) -> String {
    if m == 4 { "tư".into() } else { number(m) }
}

/// The day of a month: "mùng năm", "hai mươi lăm".
fn day(d: i64) -> String {
    if d <= 10 { format!("mùng {}", number(d)) } else { number(d) }
}

/// "ngày hai mươi lăm tháng mười hai", with "năm …" where asked.
pub fn date(date: Date, with_year: bool) -> String {
    let short = format!("ngày {} tháng {}", day(date.day().into()), month(date.month().into()));
    if with_year { format!("{short} năm {}", number(date.year().into())) } else { short }
}

pub fn near_date(day: Date, today: Date) -> String {
    match day.since(today).map_or(i32::MAX, |s| s.get_days()) {
        0 => "hôm nay".into(),
        1 => "ngày mai".into(),
        _ => {
            let name = DAYS[day.weekday().to_monday_zero_offset() as usize];
            format!("{name}, {}", date(day, day.year() != today.year()))
        }
    }
}

/// "hai giờ rưỡi chiều", "chín giờ sáng", "mười hai giờ trưa".
pub fn time(hour: i64, minute: i64) -> String {
    let (said, part) = match hour {
        0 => (12, "đêm"),
        1..=10 => (hour, "sáng"),
        11 | 12 => (hour, "trưa"),
        13..=17 => (hour - 12, "chiều"),
        18..=21 => (hour - 12, "tối"),
        _ => (hour - 12, "đêm"),
    };
    format!("{} {part}", clock(said, minute))
}

/// Hour and minute alone.
pub(super) fn clock(hour: i64, minute: i64) -> String {
    match minute {
        0 => format!("{} giờ", number(hour)),
        30 => format!("{} giờ rưỡi", number(hour)),
        1..=9 => format!("{} giờ không {}", number(hour), number(minute)),
        m => format!("{} giờ {}", number(hour), number(m)),
    }
}

pub fn duration(minutes: u32) -> String {
    match (i64::from(minutes / 60), i64::from(minutes % 60)) {
        (0, 30) => "nửa tiếng".into(),
        (0, m) => format!("{} phút", number(m)),
        (h, 0) => format!("{} tiếng", number(h)),
        (h, 30) => format!("{} tiếng rưỡi", number(h)),
        (h, m) => format!("{} tiếng {} phút", number(h), number(m)),
    }
}

/// Whether the word before says that a day follows, so that "ngày" is not said again.
fn is_named(place: Place<'_>) -> bool {
    matches!(place.before(), "ngày" | "mùng" | "mồng")
}

/// Words before "2/9" that make it a date.
const LEADS: [&str; 27] = [
    "ngày", "mùng", "mồng", "từ", "đến", "tới", "hôm", "sáng", "trưa", "chiều", "tối", "trước", "sau", "lễ", "dịp",
    "hạn", "vào", "nhật", "hai", "ba", "tư", "năm", "sáu", "bảy", "khai", "nghỉ", "qua",
];

/// Words behind "7/10" that make it a part of them, and before it a score.
const COUNTED: [&str; 10] = ["số", "khách", "người", "phần", "tổng", "sao", "điểm", "câu", "bài", "trường"];
pub(super) const SCORES: [&str; 5] = ["điểm", "đạt", "được", "chấm", "giá"];

fn short(core: &str) -> Option<Date> {
    let (d, m) =
        core.split_once('/').filter(|(d, m)| all_digits(d) && all_digits(m) && d.len() <= 2 && m.len() <= 2)?;
    Date::new(2000, m.parse().ok()?, d.parse().ok()?).ok()
}

/// "25/12/2025", "30-4-2027", "2/9" where it is a date, "12/2026".
pub(super) fn figures(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let bare = |said: String| if is_named(place) { said.replacen("ngày ", "", 1) } else { said };
    let mung =
        |said: String| if matches!(place.before(), "mùng" | "mồng") { said.replacen("mùng ", "", 1) } else { said };
    // "12-5-26" and "12.5.26" are codes and versions, too.
    let sure = core.len() >= 8 || core.contains('/') || LEADS.contains(&place.before());
    if let Some(day) = dated(core, false).filter(|_| sure) {
        return Some(Reading::new(1, mung(bare(date(day, true)))));
    }
    if let Some((quarter, y)) = core.split_once('/').filter(|_| place.before() == "quý") {
        let n = roman(quarter).or_else(|| quarter.parse().ok()).filter(|n| (1..=4).contains(n))?;
        return Some(Reading::new(1, format!("{} năm {}", ordinal_quarter(n), number(y.parse().ok()?))));
    }
    if let Some((m, y)) = core.split_once(['/', '-']).filter(|(_, y)| y.len() == 4 && all_digits(y)) {
        let m: i64 = m.parse().ok().filter(|n| (1..=12).contains(n) && all_digits(m))?;
        let year: i64 = y.parse().ok().filter(|y| (1900..2200).contains(y))?;
        let name = if place.before() == "tháng" { "" } else { "tháng " };
        return Some(Reading::new(1, format!("{name}{} năm {}", month(m), number(year))));
    }
    // Of a card: "hết hạn 09/27".
    if let Some((m, y)) =
        core.split_once('/').filter(|(m, y)| m.len() == 2 && y.len() == 2 && all_digits(m) && all_digits(y))
    {
        let (m, y): (i64, i64) = (m.parse().ok()?, y.parse().ok()?);
        if place.before() == "hạn" && (1..=12).contains(&m) && (24..50).contains(&y) {
            return Some(Reading::new(1, format!("tháng {} năm {}", month(m), number(2000 + y))));
        }
    }
    let day = short(core)?;
    let (d, m) = (day.day(), day.month());
    let lead = LEADS.contains(&place.before())
        || place.back(1).is_some_and(|word| {
            short_weekday(word.core).is_some()
                || (is_dash(word.core) && place.back(2).is_some_and(|word| short(word.core).is_some()))
        })
        || (place.following().is_some_and(is_dash) && place.next(2).is_some_and(|word| short(word.core).is_some()));
    // "3/4" is a fraction elsewhere, "25/12" is none, but "9/10" where something is counted.
    let counted = place.following().is_some_and(|next| COUNTED.contains(&next)) || SCORES.contains(&place.before());
    let date_alone = core.len() > 3 || d > m;
    (lead || (date_alone && !counted)).then(|| Reading::new(1, mung(bare(date(day, false)))))
}

/// "quý một", "quý tư".
fn ordinal_quarter(n: i64) -> String {
    if n == 4 { "tư".into() } else { number(n) }
}

/// "T2", "CN".
fn short_weekday(core: &str) -> Option<&'static str> {
    if core == "CN" {
        return DAYS.last().copied();
    }
    let n: usize = core.strip_prefix('T')?.parse().ok().filter(|n| (2..=7).contains(n) && core.len() == 2)?;
    DAYS.get(n - 2).copied()
}

/// "T2-T6", "thứ 2 - thứ 6", "1-5/5", "1/5 - 3/5", "2019-2021".
pub(super) fn range(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if is_dash(core) {
        let before = place.joined_before()?;
        let next = place.following()?;
        let day = |core: &str| {
            short(core).is_some() || short_weekday(core).is_some() || date_digits(core, Date::ZERO, false).is_some()
        };
        let weekday =
            place.back(2).is_some_and(|word| word.lower == "thứ") && ["thứ", "chủ", "Thứ", "Chủ", "CN"].contains(&next);
        return ((day(before.core) && day(next)) || weekday).then(|| Reading::new(1, "đến"));
    }
    let (from, to) = core.split_once(DASHES)?;
    if let (Some(from), Some(to)) = (short_weekday(from), short_weekday(to)) {
        return Some(Reading::new(1, format!("{from} đến {to}")));
    }
    let named = if is_named(place) { "" } else { "ngày " };
    if let (Some(first), Some(last)) = (short(from), short(to)) {
        let first = date(first, false).replacen("ngày ", named, 1);
        return Some(Reading::new(1, format!("{first} đến {}", date(last, false))));
    }
    if let (Some(first), Some(last)) = (short(from), dated(to, false)) {
        let first = date(first, false).replacen("ngày ", named, 1);
        return Some(Reading::new(1, format!("{first} đến {}", date(last, true))));
    }
    // "1-5/5": two days of one month.
    let first: i64 = from.parse().ok().filter(|d| all_digits(from) && (1..=31).contains(d))?;
    let last = short(to).filter(|last| i64::from(last.day()) > first)?;
    let said = date(last, false).replacen("ngày ", "", 1);
    Some(Reading::new(1, format!("{named}{} đến {said}", day(first))))
}

/// "tháng 4", "ngày 4 tháng 4", "thứ 4", "T4", "quý 4".
pub(super) fn named(place: Place<'_>) -> Option<Reading> {
    const NO_DAYS: [&str; 9] = ["tòa", "toà", "nhà", "khu", "lô", "ga", "cổng", "mã", "số"];
    let core = place.core();
    // "CN Hà Nội" is a branch of a company.
    let branch = core == "CN" && place.following().is_some_and(|next| next.starts_with(char::is_uppercase));
    if let Some(name) = short_weekday(core).filter(|_| !NO_DAYS.contains(&place.before()) && !branch) {
        return Some(Reading::new(1, name));
    }
    // "T11/2026", "T11": there is no such day of the week.
    if let Some(rest) = core.strip_prefix('T').filter(|_| !NO_DAYS.contains(&place.before())) {
        let (m, y) = rest.split_once('/').map_or((rest, None), |(m, y)| (m, Some(y)));
        let m: i64 = m.parse().ok().filter(|n| (1..=12).contains(n) && all_digits(m))?;
        if let Some(y) = y {
            let y: i64 = y.parse().ok().filter(|n| (1900..2200).contains(n))?;
            return Some(Reading::new(1, format!("tháng {} năm {}", month(m), number(y))));
        }
        return (m > 7 && rest.len() == m.to_string().len()).then(|| Reading::new(1, format!("tháng {}", month(m))));
    }
    let n: i64 = core.parse().ok().filter(|_| all_digits(core) && core.len() <= 2)?;
    match place.before() {
        "tháng" if (1..=12).contains(&n) => Some(Reading::new(1, month(n))),
        "quý" if (1..=4).contains(&n) => Some(Reading::new(1, ordinal_quarter(n))),
        "thứ" => Some(Reading::new(1, ordinal(n))),
        "ngày" if (1..=10).contains(&n) && place.following() == Some("tháng") => Some(Reading::new(1, day(n))),
        // "05 tháng 4" has its zero for the eye.
        "mùng" | "mồng" | "ngày" if (1..=31).contains(&n) => Some(Reading::new(1, number(n))),
        _ => None,
    }
}

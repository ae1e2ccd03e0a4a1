//! Vietnamese times of day.
use super::number::{COUNTED, small};
use crate::value::calendar::{clock_digits, time_of_day, usual_hour};
use crate::value::figures::joined_clock;
use crate::value::found::{Doubt, Found, Growth};
use crate::value::half_of_day::DayPart;
use crate::value::kind::Value;
use crate::value::words::{begin_with, word};

pub fn time(words: &[String]) -> Option<Found> {
    let is = |phrase: &str| begin_with(words, phrase);
    if is("giữa trưa") {
        return Some(Found::new(Value::Time(time_of_day(12, 0)?), 2));
    }
    if is("nửa đêm") {
        return Some(Found::new(Value::Time(time_of_day(0, 0)?), 2));
    }
    let Clock { hour, minute, mut len, mut growth, certain, odd } = clock(words)?;
    if !(0..24).contains(&hour) {
        return None;
    }
    let skip = usize::from(word(words, len) == "buổi");
    let part = word(words, len + skip);
    let is_open = (1..=12).contains(&hour) && !word(words, 0).starts_with('0');
    let (hour, certain, doubt) = match hour_of_day(part, hour) {
        Some(h) => {
            len += skip + 1;
            // In "hai giờ chiều nay" the last word belongs to the date.
            growth = Growth::Closed;
            (h, true, None)
        }
        None => (usual_hour(hour), certain, is_open.then_some(Doubt::HalfOfDay)),
    };
    let doubt = if odd { Some(Doubt::TwoReadings) } else { doubt };
    let found = Found { doubt, ..Found::new(Value::Time(time_of_day(hour, minute)?), len).growing(growth) };
    Some(if certain { found } else { found.only_if_asked() })
}

/// An hour and its minutes at the start of some words.
struct Clock {
    hour: i64,
    minute: i64,
    len: usize,
    growth: Growth,
    /// The words can be nothing but a time of day.
    certain: bool,
    /// "hai giờ ba": minutes that are rarely said so; the rest of "ba mươi" may not have been heard.
    odd: bool,
}

fn clock(words: &[String]) -> Option<Clock> {
    if let Some((hour, minute)) = clock_digits(word(words, 0)) {
        let len = 1 + usize::from(is_hour(word(words, 1)));
        return Some(Clock { hour, minute, len, growth: Growth::Likely, certain: true, odd: false });
    }
    // "1430", where a time is asked for.
    if let Some((hour, minute)) = joined_clock(word(words, 0)) {
        return Some(Clock { hour, minute, len: 1, growth: Growth::Likely, certain: false, odd: false });
    }
    let (hour, l) = small(words)?;
    let named = is_hour(word(words, l));
    // "không" alone is a no.
    if !named && word(words, 0) == "không" {
        return None;
    }
    let len = l + usize::from(named);
    // "hai giờ đồng hồ" and "hai giờ" after "trong" are durations; the slot that is asked decides.
    if named && word(words, len) == "đồng" {
        return None;
    }
    let (hour, minute, used) = match word(words, len) {
        "rưỡi" | "rưởi" => (hour, 30, 1),
        "kém" => {
            let (m, l) = small(words.get(len + 1..)?).filter(|(m, _)| (1..60).contains(m))?;
            (hour_before(hour), 60 - m, l + 1)
        }
        _ if named => minutes(words.get(len..).unwrap_or_default()).map_or((hour, 0, 0), |(m, l)| (hour, m, l)),
        // "hai" alone, when a time was asked for.
        _ => (hour, 0, 0),
    };
    let len = len + used;
    let odd = used == 1 && (1..10).contains(&minute) && minute != 5 && word(words, len) != "phút";
    let len = len + usize::from((named || used > 0) && matches!(word(words, len), "phút" | "p" | "ph"));
    let growth = if named || used > 0 { Growth::Likely } else { Growth::Open };
    Some(Clock { hour, minute, len, growth, certain: named, odd })
}

/// The hour before one: "một giờ kém mười lăm" is a quarter to one, and so past twelve.
fn hour_before(hour: i64) -> i64 {
    match hour {
        0 => 23,
        1 => 12,
        hour => hour - 1,
    }
}

fn is_hour(word: &str) -> bool {
    matches!(word, "giờ" | "h" | "g")
}

/// "ba mươi", "05", "không năm".
fn minutes(words: &[String]) -> Option<(i64, usize)> {
    let zero = usize::from(word(words, 0) == "không");
    let (m, l) = small(&words[zero..]).filter(|(m, _)| (0..60).contains(m) && (zero == 0 || *m < 10))?;
    // "ba giờ bốn người", "ba giờ không bốn giờ"
    let next = word(words, zero + l);
    (!is_hour(next) && !COUNTED.contains(&next)).then_some((m, zero + l))
}

/// The hour of the day that an hour means with a part of the day behind it ("sáng", "chiều"); `None`: it is none.
fn hour_of_day(part: &str, hour: i64) -> Option<i64> {
    let part = match part {
        // "mười hai giờ sáng" is midnight, and "mười ba giờ chiều" says it twice.
        "sáng" => return Some(if hour > 12 { hour } else { hour % 12 }),
        "chiều" | "xế" => DayPart::Afternoon,
        "tối" => DayPart::Evening,
        "trưa" => DayPart::Midday,
        "đêm" | "khuya" => DayPart::Night,
        _ => return None,
    };
    Some(if (1..=12).contains(&hour) { part.hour(hour) } else { hour })
}

//! Vietnamese times of day.
use super::number::small;
use crate::value::calendar::{clock_digits, time_of_day, usual_hour};
use crate::value::found::{Found, Growth};
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
    let (mut hour, mut minute, mut len, mut growth, plain);
    if let Some((h, m)) = clock_digits(word(words, 0)) {
        (hour, minute, len, growth, plain) = (h, m, 1, Growth::Likely, true);
        len += usize::from(matches!(word(words, 1), "giờ" | "h"));
    } else {
        let (h, l) = small(words)?;
        if !matches!(word(words, l), "giờ" | "h") {
            // "hai" alone, when a time was asked for.
            let time = time_of_day(usual_hour(h), 0)?;
            return Some(Found::new(Value::Time(time), l).growing(Growth::Open).only_if_asked());
        }
        // "hai giờ đồng hồ" and "hai giờ" after "trong" are durations; the slot that is asked decides.
        (hour, minute, len, growth, plain) = (h, 0, l + 1, Growth::Likely, true);
        if word(words, len) == "đồng" {
            return None;
        }
        if word(words, len) == "rưỡi" {
            (minute, len) = (30, len + 1);
        } else if word(words, len) == "kém"
            && let Some((m, l)) = small(words.get(len + 1..).unwrap_or_default()).filter(|(m, _)| (1..60).contains(m))
        {
            hour = if hour == 0 { 23 } else { hour - 1 };
            (minute, len) = (60 - m, len + 1 + l);
        } else if let Some((m, l)) = small(words.get(len..).unwrap_or_default()).filter(|(m, _)| (0..60).contains(m)) {
            (minute, len) = (m, len + l);
        }
        len += usize::from(matches!(word(words, len), "phút"));
    }
    if !(0..24).contains(&hour) {
        return None;
    }
    let skip = usize::from(word(words, len) == "buổi");
    let part = word(words, len + skip);
    match hour_of_day(part, hour) {
        Some(h) => {
            hour = h;
            len += skip + 1;
            // In "hai giờ chiều nay" the last word belongs to the date.
            growth = Growth::Closed;
        }
        None => hour = usual_hour(hour),
    }
    let found = Found::new(Value::Time(time_of_day(hour, minute)?), len).growing(growth);
    Some(if plain { found } else { found.only_if_asked() })
}

/// The hour of the day that an hour means with a part of the day behind it ("sáng", "chiều"); `None`: it is none.
fn hour_of_day(part: &str, hour: i64) -> Option<i64> {
    match (part, hour) {
        ("sáng", h) => Some(h % 12 + if h > 12 { 12 } else { 0 }),
        ("chiều" | "tối", 1..=11) => Some(hour + 12),
        ("chiều" | "tối", h) => Some(h),
        ("trưa", 1..=3) => Some(hour + 12),
        ("trưa", h) => Some(h),
        ("đêm" | "khuya", 12) => Some(0),
        ("đêm" | "khuya", 9..=11) => Some(hour + 12),
        ("đêm" | "khuya", h) => Some(h),
        _ => None,
    }
}

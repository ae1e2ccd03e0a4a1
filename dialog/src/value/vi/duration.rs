//! Vietnamese durations.
use super::number::{number, small};
use crate::value::figures::{fraction, times};
use crate::value::found::{Doubt, Found, Growth};
use crate::value::kind::Value;
use crate::value::words::{begin_with, word};

/// Durations with names of their own: "tiếng rưỡi" leaves out its one.
const NAMED: [(&str, u32); 9] = [
    ("nửa tiếng đồng hồ", 30),
    ("nửa giờ đồng hồ", 30),
    ("nửa tiếng", 30),
    ("nửa giờ", 30),
    ("tiếng rưỡi đồng hồ", 90),
    ("tiếng đồng hồ rưỡi", 90),
    ("tiếng rưỡi", 90),
    ("tiếng rưởi", 90),
    ("tiếng đồng hồ", 60),
];

pub fn duration(words: &[String]) -> Option<Found> {
    if let Some((phrase, minutes)) = NAMED.iter().find(|(phrase, _)| begin_with(words, phrase)) {
        return Some(Found::new(Value::Minutes(*minutes), phrase.split(' ').count()));
    }
    // "tiếng mười lăm"
    let minutes = small(words.get(1..).unwrap_or_default()).filter(|(m, _)| (10..60).contains(m) && m % 5 == 0);
    if let Some((m, len)) = minutes.filter(|_| word(words, 0) == "tiếng") {
        let named = usize::from(matches!(word(words, 1 + len), "phút" | "p" | "ph"));
        return Some(Found::new(Value::Minutes(60 + m as u32), 1 + len + named).only_if_asked());
    }
    // "1,5 tiếng"
    if let Some((whole, part)) = fraction(word(words, 0), ',').or_else(|| fraction(word(words, 0), '.'))
        && matches!(word(words, 1), "tiếng" | "giờ" | "h")
        && (0..24).contains(&whole)
    {
        let minutes =
            times(whole, part, 60).and_then(|minutes| u32::try_from(minutes).ok()).filter(|minutes| *minutes > 0)?;
        return Some(Found::new(Value::Minutes(minutes), 2));
    }
    let (n, len) = number(words).filter(|(n, _)| (1..=1440).contains(n))?;
    let n = u32::try_from(n).ok()?;
    match word(words, len) {
        "phút" | "ph" => Some(Found::new(Value::Minutes(n), len + 1)),
        "p" => Some(Found::new(Value::Minutes(n), len + 1).only_if_asked()),
        // "2 rưỡi"
        "rưỡi" | "rưởi" if n <= 24 => Some(half(n, len, words)),
        unit @ ("tiếng" | "giờ" | "h" | "g") if n <= 24 => {
            let clock = begin_with(&words[len + 1..], "đồng hồ");
            let found = hours(n, len + if clock { 3 } else { 1 }, words);
            // "hai giờ" is a time of day unless a duration was asked for, and "hai giờ chiều" is always one.
            let part = matches!(word(words, found.len), "sáng" | "trưa" | "chiều" | "tối" | "đêm" | "khuya" | "xế");
            if part && unit != "tiếng" && !clock {
                return None;
            }
            Some(if unit == "tiếng" || clock { found } else { found.only_if_asked() })
        }
        // "Ba đêm", "một buổi"
        "đêm" | "buổi" | "ngày" | "tuần" | "tháng" | "hôm" => None,
        _ if n > 12 => Some(Found::new(Value::Minutes(n), len).growing(Growth::Open).only_if_asked()),
        _ => {
            let minutes = if n >= 10 { n } else { n * 60 };
            let found = Found::new(Value::Minutes(minutes), len).growing(Growth::Open).only_if_asked();
            Some(found.doubtful(Doubt::TwoReadings))
        }
    }
}

/// "hai rưỡi", "hai rưỡi tiếng".
fn half(n: u32, len: usize, words: &[String]) -> Found {
    let named = usize::from(word(words, len + 1) == "tiếng");
    Found::new(Value::Minutes(n * 60 + 30), len + 1 + named).only_if_asked()
}

/// Whole hours and what follows them: "rưỡi", "mười lăm phút", "bốn lăm". `len`: the words up to here.
fn hours(hours: u32, len: usize, words: &[String]) -> Found {
    let found = |minutes: u32, used: usize| Found::new(Value::Minutes(hours * 60 + minutes), len + used);
    let rest = words.get(len..).unwrap_or_default();
    if matches!(word(rest, 0), "rưỡi" | "rưởi") {
        return found(30, if begin_with(&rest[1..], "đồng hồ") { 3 } else { 1 });
    }
    let and = usize::from(word(rest, 0) == "và");
    if let Some((m, l)) = small(rest.get(and..).unwrap_or_default()).filter(|(m, _)| (1..60).contains(m)) {
        match word(rest, and + l) {
            "phút" | "p" | "ph" => return found(m as u32, and + l + 1),
            // "một tiếng mười lăm"; any other number belongs to what follows.
            "" | "ạ" => return found(m as u32, and + l).growing(Growth::Likely),
            _ if m % 5 == 0 && m >= 10 => return found(m as u32, and + l),
            _ => {}
        }
    }
    found(0, 0).growing(Growth::Likely)
}

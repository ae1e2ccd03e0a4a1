//! Vietnamese durations.
use super::number::{number, small};
use crate::value::found::{Found, Growth};
use crate::value::kind::Value;
use crate::value::words::{begin_with, word};

pub fn duration(words: &[String]) -> Option<Found> {
    let is = |phrase: &str| begin_with(words, phrase);
    for phrase in ["nửa tiếng đồng hồ", "nửa giờ đồng hồ", "nửa tiếng", "nửa giờ"] {
        if is(phrase) {
            return Some(Found::new(Value::Minutes(30), phrase.split(' ').count()));
        }
    }
    let (n, mut len) = small(words).or_else(|| number(words)).filter(|(n, _)| (1..=1440).contains(n))?;
    let n = u32::try_from(n).ok()?;
    match word(words, len) {
        "phút" => Some(Found::new(Value::Minutes(n), len + 1)),
        unit @ ("tiếng" | "giờ" | "h") if n <= 24 => {
            len += 1;
            let clock = word(words, len) == "đồng" && word(words, len + 1) == "hồ";
            len += if clock { 2 } else { 0 };
            let mut minutes = n * 60;
            let mut growth = Growth::Likely;
            if word(words, len) == "rưỡi" {
                (minutes, len, growth) = (minutes + 30, len + 1, Growth::Closed);
            } else if let Some((m, l)) = small(words.get(len..).unwrap_or_default())
                && (1..60).contains(&m)
                && word(words, len + l) == "phút"
            {
                (minutes, len, growth) = (minutes + m as u32, len + l + 1, Growth::Closed);
            }
            let found = Found::new(Value::Minutes(minutes), len).growing(growth);
            // "hai giờ" is a time of day unless a duration was asked for.
            Some(if unit == "tiếng" || clock { found } else { found.only_if_asked() })
        }
        _ if n >= 10 => Some(Found::new(Value::Minutes(n), len).growing(Growth::Open).only_if_asked()),
        _ => Some(Found::new(Value::Minutes(n * 60), len).growing(Growth::Open).only_if_asked()),
    }
}

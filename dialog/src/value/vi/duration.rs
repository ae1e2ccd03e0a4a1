//! Vietnamese durations.
use super::number::{number, small};
use crate::value::figures::{fraction, times};
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
    // "1,5 tiếng"
    if let Some((whole, part)) = fraction(word(words, 0), ',').or_else(|| fraction(word(words, 0), '.'))
        && matches!(word(words, 1), "tiếng" | "giờ" | "h")
        && (0..24).contains(&whole)
    {
        let minutes =
            times(whole, part, 60).and_then(|minutes| u32::try_from(minutes).ok()).filter(|minutes| *minutes > 0)?;
        return Some(Found::new(Value::Minutes(minutes), 2));
    }
    let (n, mut len) = small(words).or_else(|| number(words)).filter(|(n, _)| (1..=1440).contains(n))?;
    let n = u32::try_from(n).ok()?;
    match word(words, len) {
        "phút" | "ph" => Some(Found::new(Value::Minutes(n), len + 1)),
        "p" => Some(Found::new(Value::Minutes(n), len + 1).only_if_asked()),
        // "2 rưỡi"
        "rưỡi" | "rưởi" if n <= 24 => Some(Found::new(Value::Minutes(n * 60 + 30), len + 1).only_if_asked()),
        unit @ ("tiếng" | "giờ" | "h" | "g") if n <= 24 => {
            len += 1;
            let clock = word(words, len) == "đồng" && word(words, len + 1) == "hồ";
            len += if clock { 2 } else { 0 };
            let mut minutes = n * 60;
            let mut growth = Growth::Likely;
            if matches!(word(words, len), "rưỡi" | "rưởi") {
                (minutes, len, growth) = (minutes + 30, len + 1, Growth::Closed);
            } else if let Some((m, l)) =
                small(words.get(len..).unwrap_or_default()).filter(|(m, _)| (1..60).contains(m))
            {
                match word(words, len + l) {
                    "phút" | "p" | "ph" => {
                        (minutes, len, growth) = (minutes + m as u32, len + l + 1, Growth::Closed);
                    }
                    // "một tiếng mười lăm"
                    "" | "ạ" => (minutes, len) = (minutes + m as u32, len + l),
                    _ => {}
                }
            }
            let found = Found::new(Value::Minutes(minutes), len).growing(growth);
            // "hai giờ" is a time of day unless a duration was asked for.
            Some(if unit == "tiếng" || clock { found } else { found.only_if_asked() })
        }
        _ if n >= 10 => Some(Found::new(Value::Minutes(n), len).growing(Growth::Open).only_if_asked()),
        _ => Some(Found::new(Value::Minutes(n * 60), len).growing(Growth::Open).only_if_asked()),
    }
}

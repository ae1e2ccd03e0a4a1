//! Numbers in words.
use crate::language::Language;
use crate::say::debt::is_in_debt;
use crate::say::figure::{figure, split_digits};
use crate::say::reading::{Place, Reading};
use crate::value::en::{ONES, TENS};
use crate::value::ordinals::ORDINALS;
use crate::value::words::all_digits;

/// A whole number in words: "twelve hundred" is never said, "one thousand two hundred" is.
pub fn number(n: i64) -> String {
    if n < 0 {
        return format!("minus {}", number(n.saturating_neg().max(0)));
    }
    for (scale, name) in
        [(1_000_000_000_000, "trillion"), (1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand")]
    {
        if n >= scale {
            let (head, rest) = (number(n / scale), n % scale);
            return match rest {
                0 => format!("{head} {name}"),
                1..=99 => format!("{head} {name} and {}", number(rest)),
                _ => format!("{head} {name} {}", number(rest)),
            };
        }
    }
    match n {
        0..=19 => ONES[n as usize].into(),
        20..=99 if n % 10 == 0 => TENS[n as usize / 10 - 2].into(),
        20..=99 => format!("{} {}", TENS[n as usize / 10 - 2], ONES[n as usize % 10]),
        _ if n % 100 == 0 => format!("{} hundred", ONES[n as usize / 100]),
        _ => format!("{} hundred and {}", ONES[n as usize / 100], number(n % 100)),
    }
}

pub fn ordinal(n: i64) -> String {
    match n {
        1..=19 => ORDINALS[n as usize].into(),
        20..=99 if n % 10 == 0 => TENS[n as usize / 10 - 2].replace('y', "ieth"),
        21..=99 => format!("{} {}", TENS[n as usize / 10 - 2], ORDINALS[n as usize % 10]),
        _ if n % 100 == 0 => format!("{}th", number(n)),
        _ => format!("{} and {}", number(n - n % 100), ordinal(n % 100)),
    }
}

/// Digits one by one; a comma where a reader breathes.
pub fn digits(text: &str) -> String {
    split_digits(text, Language::En).iter().map(|group| spell(group)).collect::<Vec<_>>().join(", ")
}

/// Digits one by one.
pub(super) fn spell(digits: &str) -> String {
    digits.chars().filter_map(|c| c.to_digit(10).map(|d| ONES[d as usize])).collect::<Vec<_>>().join(" ")
}

/// "nineteen ninety nine", "two thousand and five", "twenty twenty six".
pub fn year(y: i64) -> String {
    match (y / 100, y % 100) {
        (20, 0..=9) | (10, 0..=9) => number(y),
        _ => pairs(y),
    }
}

/// Four figures two by two: "twelve oh four", as rooms and houses are numbered.
pub(super) fn pairs(n: i64) -> String {
    match (n / 100, n % 100) {
        (_, 0) if n % 1000 == 0 => number(n),
        (h, 0) => format!("{} hundred", number(h)),
        (h, r @ 1..=9) => format!("{} oh {}", number(h), number(r)),
        (h, r) => format!("{} {}", number(h), number(r)),
    }
}

/// A figure with its fraction: "three point one four". The marks may be those of the continent: "1.250,50".
pub(super) fn amount(text: &str) -> Option<String> {
    let (whole, fraction) = parts(text)?;
    if text.len() > 1 && text.starts_with('0') && fraction.is_none() {
        return Some(spell(text));
    }
    Some(match fraction {
        Some(f) => format!("{} point {}", number(whole), spell(f)),
        None => number(whole),
    })
}

/// A figure's whole part and the digits of its fraction.
pub(super) fn parts(text: &str) -> Option<(i64, Option<&str>)> {
    figure(text, ',', '.').or_else(|| figure(text, '.', ','))
}

/// An amount that may be below zero.
pub(super) fn signed(text: &str) -> Option<String> {
    match text.strip_prefix(['-', '−']) {
        Some(rest) => Some(format!("minus {}", amount(rest)?)),
        None => match text.strip_prefix('+') {
            Some(rest) => Some(format!("plus {}", amount(rest)?)),
            None => amount(text),
        },
    }
}

/// "21st", "2nd".
pub(super) fn ordinal_figure(core: &str) -> Option<i64> {
    let lower = core.to_lowercase();
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|suffix| lower.strip_suffix(suffix))?;
    let digits = digits.replace(',', "");
    digits.parse().ok().filter(|n: &i64| all_digits(&digits) && *n > 0 && *n < 100_000)
}

pub(super) fn ordinal_in_text(place: Place<'_>) -> Option<Reading> {
    ordinal_figure(place.core()).map(|n| Reading::new(1, ordinal(n)))
}

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if all_digits(core) && core.len() > 9 {
        return Some(Reading::new(1, digits(core)));
    }
    // "03 days" has its zero for the eye.
    let counted = core.len() == 2 && place.following().is_some_and(|next| next.starts_with(char::is_lowercase));
    if let Some(n) = core.strip_prefix('0').and_then(|n| n.parse().ok()).filter(|_| counted && all_digits(core)) {
        return Some(Reading::new(1, number(n)));
    }
    let debt = if is_in_debt(place) && amount(core).is_some() { "minus " } else { "" };
    signed(core).map(|said| Reading::new(1, format!("{debt}{said}")))
}

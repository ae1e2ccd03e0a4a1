//! English numbers and strings of digits.
use crate::language::Language;
use crate::value::words::{all_digits, starts, tokens, word};

pub(crate) const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
pub(crate) const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

pub(super) fn one(word: &str) -> Option<i64> {
    ONES.iter().position(|w| *w == word).map(|i| i as i64)
}

pub(super) fn ten(word: &str) -> Option<i64> {
    TENS.iter().position(|w| *w == word).map(|i| (i as i64 + 2) * 10)
}

/// A number of 0–99 in words or figures.
pub(super) fn small(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    if let Some(n) = one(first) {
        return Some((n, 1));
    }
    if let Some(n) = ten(first) {
        return Some(match one(word(words, 1)) {
            Some(u @ 1..=9) => (n + u, 2),
            _ => (n, 1),
        });
    }
    (all_digits(first) && first.len() <= 2).then(|| first.parse().ok().map(|n| (n, 1)))?
}

/// A whole number: "two", "a hundred and five", "12", "two thousand".
pub fn number(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    if all_digits(first) {
        return (first.len() <= 12).then(|| first.parse().ok().map(|n| (n, 1)))?;
    }
    let (mut total, mut len) = (0, 0);
    let mut current: Option<i64> = None;
    if (first == "a" || first == "one") && matches!(word(words, 1), "hundred" | "thousand") {
        current = Some(1);
        len = 1;
    } else if let Some((n, l)) = small(words) {
        current = Some(n);
        len = l;
    }
    loop {
        match (word(words, len), current) {
            ("hundred", Some(n @ 1..=99)) => {
                len += 1;
                let skip = usize::from(word(words, len) == "and");
                match small(words.get(len + skip..).unwrap_or_default()) {
                    Some((rest, l)) => {
                        current = Some(n * 100 + rest);
                        len += skip + l;
                    }
                    None => current = Some(n * 100),
                }
            }
            (scale @ ("thousand" | "million"), Some(n)) if n > 0 => {
                len += 1;
                total += n.checked_mul(if scale == "thousand" { 1_000 } else { 1_000_000 })?;
                let skip = usize::from(word(words, len) == "and");
                current = small(words.get(len + skip..).unwrap_or_default()).map(|(rest, l)| {
                    len += skip + l;
                    rest
                });
            }
            _ => break,
        }
    }
    (len > 0).then(|| (total + current.unwrap_or(0), len))
}

/// "a person", "an adult": one of what is counted.
pub(crate) fn article(words: &[String], unit: &[String]) -> Option<(i64, usize)> {
    let counted = unit.iter().any(|u| starts(words.get(1..).unwrap_or_default(), &tokens(u, Language::En)));
    (matches!(word(words, 0), "a" | "an") && counted).then_some((1, 1))
}

/// A string of digits: "four oh two", "double five", "48 21".
pub fn digits(words: &[String]) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut len = 0;
    while len < words.len() {
        let w = word(words, len);
        let single = |w: &str| match w {
            "oh" | "o" => Some(0),
            w => one(w).filter(|n| *n < 10),
        };
        if let Some(n) = single(w) {
            out.push_str(&n.to_string());
            len += 1;
        } else if let (Some(times), Some(n)) = (
            match w {
                "double" => Some(2),
                "triple" => Some(3),
                _ => None,
            },
            single(word(words, len + 1)),
        ) {
            out.push_str(&n.to_string().repeat(times));
            len += 2;
        } else if let Some((n, l)) = small(&words[len..]).filter(|(n, _)| *n >= 10 && !all_digits(w)) {
            out.push_str(&n.to_string());
            len += l;
        } else if w.split(['-', '.']).all(all_digits) {
            out.extend(w.chars().filter(char::is_ascii_digit));
            len += 1;
        } else {
            break;
        }
        if out.len() > 64 {
            return None;
        }
    }
    (len > 0).then_some((out, len))
}

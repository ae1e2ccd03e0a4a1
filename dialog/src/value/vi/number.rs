//! Vietnamese numbers and strings of digits.
use crate::value::words::{all_digits, word};

pub(crate) const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];

fn digit(word: &str) -> Option<i64> {
    match word {
        "mốt" => Some(1),
        "tư" => Some(4),
        "lăm" | "nhăm" => Some(5),
        "bẩy" => Some(7),
        w => DIGITS.iter().position(|d| *d == w).map(|d| d as i64),
    }
}

/// A number of 0–99 in words or figures: "mười lăm", "hai mươi mốt", "hai lăm".
pub(super) fn small(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    if all_digits(first) {
        return (first.len() <= 2).then(|| first.parse().ok().map(|n| (n, 1)))?;
    }
    let unit = |i: usize| digit(word(words, i)).filter(|d| (1..=9).contains(d));
    if first == "mười" {
        return Some(unit(1).map_or((10, 1), |u| (10 + u, 2)));
    }
    // "mốt" and "lăm" stand only after a ten.
    let d = digit(first).filter(|_| !matches!(first, "mốt" | "lăm" | "nhăm"))?;
    if d > 1 && matches!(word(words, 1), "mươi" | "mười" | "chục") {
        return Some(unit(2).map_or((d * 10, 2), |u| (d * 10 + u, 3)));
    }
    if d > 1 && matches!(word(words, 1), "mốt" | "lăm" | "nhăm") {
        return unit(1).map(|u| (d * 10 + u, 2));
    }
    Some((d, 1))
}

/// A number of 0–999.
fn hundreds(words: &[String]) -> Option<(i64, usize)> {
    let (n, len) = small(words)?;
    if word(words, len) != "trăm" || n > 9 {
        return Some((n, len));
    }
    let rest = words.get(len + 1..).unwrap_or_default();
    if matches!(word(rest, 0), "linh" | "lẻ" | "lẽ")
        && let Some(u) = digit(word(rest, 1))
    {
        return Some((n * 100 + u, len + 3));
    }
    if word(rest, 0) == "rưỡi" {
        return Some((n * 100 + 50, len + 2));
    }
    Some(small(rest).filter(|(m, _)| *m >= 10).map_or((n * 100, len + 1), |(m, l)| (n * 100 + m, len + 1 + l)))
}

/// A whole number: "hai", "một trăm linh năm", "một nghìn hai trăm", "1.250.000".
pub fn number(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    let plain: String = first.split('.').collect();
    if all_digits(&plain) && (plain.len() == first.len() || first.split('.').skip(1).all(|g| g.len() == 3)) {
        let n = plain.get(..).filter(|p| p.len() <= 12)?.parse().ok()?;
        return scaled(words, n, 1);
    }
    let (n, len) = hundreds(words)?;
    scaled(words, n, len)
}

fn scaled(words: &[String], n: i64, len: usize) -> Option<(i64, usize)> {
    let scale = |w: &str| match w {
        "nghìn" | "ngàn" => Some(1_000),
        "triệu" => Some(1_000_000),
        "tỷ" | "tỉ" => Some(1_000_000_000),
        _ => None,
    };
    let (mut total, mut current, mut len, mut last) = (0i64, n, len, i64::MAX);
    while let Some(s) = scale(word(words, len)).filter(|s| *s < last) {
        total = total.checked_add(current.checked_mul(s)?)?;
        len += 1;
        last = s;
        match hundreds(words.get(len..).unwrap_or_default()) {
            Some((rest, l)) => {
                current = rest;
                len += l;
            }
            None => {
                current = 0;
                break;
            }
        }
    }
    Some((total + current, len))
}

/// A string of digits, one by one: "không chín một hai", "0912 345 678".
pub fn digits(words: &[String]) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut len = 0;
    while len < words.len() {
        let w = word(words, len);
        if w.split(['-', '.']).all(all_digits) {
            out.extend(w.chars().filter(char::is_ascii_digit));
        } else if let Some(d) = digit(w) {
            out.push_str(&d.to_string());
        } else if w == "mười" {
            out.push_str("10");
        } else if w != "mươi" || len == 0 {
            break;
        }
        len += 1;
        if out.len() > 64 {
            return None;
        }
    }
    (len > 0).then_some((out, len))
}

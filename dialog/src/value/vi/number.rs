//! Vietnamese numbers and strings of digits.
use crate::value::figures::{fraction, times};
use crate::value::rate::is_one_of;
use crate::value::words::{all_digits, begin_with, word};

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
    // "hăm mốt", "hăm": twenty, as the South shortens it.
    if matches!(first, "hăm" | "băm") {
        let tens = if first == "hăm" { 20 } else { 30 };
        return unit(1).map(|u| (tens + u, 2));
    }
    if first == "chục" {
        return Some((10, 1));
    }
    // "mốt" and "lăm" stand only after a ten.
    let d = digit(first).filter(|_| !matches!(first, "mốt" | "lăm" | "nhăm"))?;
    if d == 1 && word(words, 1) == "chục" {
        return Some((10, 2));
    }
    if d > 1 && matches!(word(words, 1), "mươi" | "mười" | "chục") {
        return Some(unit(2).filter(|_| !is_one_of(&words[2..])).map_or((d * 10, 2), |u| (d * 10 + u, 3)));
    }
    if d > 1 && matches!(word(words, 1), "mốt" | "lăm" | "nhăm") {
        return unit(1).map(|u| (d * 10 + u, 2));
    }
    Some((d, 1))
}

/// What is counted: a number before it belongs to it.
pub(super) const COUNTED: [&str; 12] =
    ["người", "khách", "bàn", "phòng", "vé", "suất", "chỗ", "ghế", "đứa", "tiếng", "ngày", "tuần"];

/// A number of 0–999.
fn hundreds(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    if all_digits(first) && first.len() == 3 {
        return first.parse().ok().map(|n| (n, 1));
    }
    // "trăm hai": one hundred is left out.
    let (n, len) = if first == "trăm" { (1, 0) } else { small(words)? };
    if word(words, len) != "trăm" || n > 9 {
        return Some((n, len));
    }
    let rest = words.get(len + 1..).unwrap_or_default();
    if matches!(word(rest, 0), "linh" | "lẻ" | "lẽ")
        && let Some(u) = digit(word(rest, 1))
    {
        return Some((n * 100 + u, len + 3));
    }
    if matches!(word(rest, 0), "rưỡi" | "rưởi") {
        return Some((n * 100 + 50, len + 2));
    }
    // "chín trăm chín chín ngàn": the ten is left out.
    if let (Some(tens @ 2..=9), Some(ones @ 1..=9)) = (digit(word(rest, 0)), digit(word(rest, 1)))
        && scale(word(rest, 2)).is_some()
    {
        return Some((n * 100 + tens * 10 + ones, len + 3));
    }
    // "một trăm hai" is 120: the last digit counts tens.
    let below = small(rest)
        .filter(|_| !is_one_of(rest))
        .map(|(m, l)| (if m < 10 && l == 1 { m * 10 } else { m }, l))
        .filter(|(m, _)| *m >= 10);
    Some(below.map_or((n * 100, len + 1), |(m, l)| (n * 100 + m, len + 1 + l)))
}

/// A whole number: "hai", "một trăm linh năm", "một nghìn hai trăm", "1.250.000", "1,5 triệu".
pub fn number(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    // "1.5 triệu" is written by those who write English too.
    if let Some((whole, part)) =
        fraction(first, ',').or_else(|| fraction(first, '.').filter(|(_, part)| part.len() < 3))
    {
        return times(whole, part, scale(word(words, 1))?).map(|n| (n, 2));
    }
    let plain: String = first.split('.').collect();
    if all_digits(&plain) && (plain.len() == first.len() || first.split('.').skip(1).all(|g| g.len() == 3)) {
        let n = plain.get(..).filter(|p| p.len() <= 12)?.parse().ok()?;
        return scaled(words, n, 1);
    }
    // "nửa triệu"
    if first == "nửa"
        && let Some(scale) = scale(word(words, 1)).filter(|_| word(words, 1) != "k")
    {
        return Some((scale / 2, 2));
    }
    // "nghìn rưỡi": one thousand, "one" left out.
    if scale(first).is_some() && first != "k" {
        return below(&words[1..], 1_000).and_then(|_| scaled(words, 1, 0));
    }
    let (n, len) = hundreds(words)?;
    scaled(words, n, len)
}

fn scale(word: &str) -> Option<i64> {
    match word {
        "nghìn" | "ngàn" | "k" => Some(1_000),
        "triệu" => Some(1_000_000),
        "tỷ" | "tỉ" => Some(1_000_000_000),
        _ => None,
    }
}

fn scaled(words: &[String], n: i64, len: usize) -> Option<(i64, usize)> {
    let (mut total, mut current, mut len, mut last) = (0i64, n, len, i64::MAX);
    while let Some(s) = scale(word(words, len)).filter(|s| *s < last) {
        total = current.checked_mul(s).and_then(|n| n.checked_add(total))?;
        len += 1;
        last = s;
        let Some((rest, used)) = below(words.get(len..).unwrap_or_default(), s) else {
            current = 0;
            break;
        };
        current = rest;
        len += used;
    }
    total.checked_add(current).map(|total| (total, len))
}

/// What follows a word that multiplies by `above`: "năm trăm", "lẻ năm", "rưỡi"; "hai" in "một triệu hai" counts tenths.
fn below(words: &[String], above: i64) -> Option<(i64, usize)> {
    match word(words, 0) {
        "rưỡi" | "rưởi" => return Some((above / 2, 1)),
        "linh" | "lẻ" | "lẽ" => return small(&words[1..]).map(|(n, l)| (n, l + 1)),
        // "hai triệu mốt"
        "mốt" => return Some((above / 10, 1)),
        _ => {}
    }
    let (n, used) = hundreds(words).filter(|_| !is_one_of(words))?;
    let tenths = (1..10).contains(&n) && used == 1 && scale(word(words, 1)).is_none();
    Some((if tenths { n * above / 10 } else { n }, used))
}

/// Sounds and signs between the digits of a string.
const BETWEEN: [&str; 8] = ["rồi", "tiếp", "ờ", "ừm", "à", "gạch", "ngang", "chấm"];

/// A string of digits, one by one: "không chín một hai", "0912 345 678", "ba số không", "hai mươi lăm".
pub fn digits(words: &[String]) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut len = 0;
    while len < words.len() {
        // What stands between digits belongs to them, and not what stands behind them.
        let gap = words[len..].iter().take_while(|w| BETWEEN.contains(&w.as_str())).count();
        let rest = words.get(len + if len > 0 { gap } else { 0 }..).unwrap_or_default();
        // "0912, à không, 0913": what takes digits back is no zero.
        let takes_back = |phrase: &&str| begin_with(&words[len..], phrase) || begin_with(rest, phrase);
        if len > 0 && ["à không", "không phải", "không đúng"].iter().any(takes_back) {
            break;
        }
        let Some((digits, used)) = next_digits(rest) else { break };
        out.push_str(&digits);
        len = words.len() - rest.len() + used;
        if out.len() > 64 {
            return None;
        }
    }
    (len > 0).then_some((out, len))
}

fn next_digits(words: &[String]) -> Option<(String, usize)> {
    let first = word(words, 0);
    if first.is_empty() {
        return None;
    }
    if first.split(['-', '.', ',']).all(all_digits) {
        let count = first.parse().ok().filter(|n| (2..=6).contains(n));
        if let Some(repeated) = repeated(words, count) {
            return Some(repeated);
        }
        return Some((first.chars().filter(char::is_ascii_digit).collect(), 1));
    }
    if let Some(repeated) = repeated(words, digit(first).filter(|n| (2..=6).contains(n))) {
        return Some(repeated);
    }
    let tens = first == "mười" || (digit(first).is_some() && word(words, 1) == "mươi");
    if let Some((n, used)) = small(words).filter(|_| tens) {
        // "hai mươi ba mươi" is 20 and 30.
        let next_begins = used == 3 && word(words, 3) == "mươi";
        return Some(if next_begins { ((n / 10 * 10).to_string(), 2) } else { (n.to_string(), used) });
    }
    digit(first).map(|d| (d.to_string(), 1))
}

/// "ba số không", "hai con năm": a digit so many times.
fn repeated(words: &[String], count: Option<i64>) -> Option<(String, usize)> {
    let digit = digit(word(words, 2)).or_else(|| word(words, 2).parse().ok()).filter(|d| (0..10).contains(d))?;
    let count = count.filter(|_| matches!(word(words, 1), "số" | "con"))?;
    Some((digit.to_string().repeat(count as usize), 3))
}

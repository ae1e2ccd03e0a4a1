//! Numbers in words.
use crate::language::Language;
use crate::say::figure::{figure, split_digits};
use crate::say::reading::{Place, Reading};
use crate::value::vi::DIGITS;
use crate::value::words::all_digits;

/// A whole number in words, the northern way: "một nghìn không trăm linh năm", "hai mươi mốt", "mười lăm".
pub fn number(n: i64) -> String {
    if n < 0 {
        return format!("âm {}", number(n.saturating_neg().max(0)));
    }
    if n == 0 {
        return DIGITS[0].into();
    }
    let (mut rest, mut out, mut first) = (n, Vec::new(), true);
    for (scale, name) in
        [(1_000_000_000_000, "nghìn tỷ"), (1_000_000_000, "tỷ"), (1_000_000, "triệu"), (1_000, "nghìn"), (1, "")]
    {
        let group = rest / scale;
        rest %= scale;
        if group == 0 {
            continue;
        }
        out.push(if group > 999 { number(group) } else { below_thousand(group, !first) });
        if !name.is_empty() {
            out.push(name.into());
        }
        first = false;
    }
    out.join(" ")
}

/// `inner`: a larger group stands before it, so an empty hundred is said.
fn below_thousand(n: i64, inner: bool) -> String {
    let (h, t, u) = ((n / 100) as usize, (n / 10 % 10) as usize, (n % 10) as usize);
    let mut out: Vec<&str> = Vec::new();
    if h > 0 || inner {
        out.extend([DIGITS[h], "trăm"]);
    }
    match t {
        0 if u > 0 && !out.is_empty() => out.push("linh"),
        0 => {}
        1 => out.push("mười"),
        t => out.extend([DIGITS[t], "mươi"]),
    }
    match (t, u) {
        (_, 0) => {}
        (2.., 1) => out.push("mốt"),
        (2.., 4) => out.push("tư"),
        (1.., 5) => out.push("lăm"),
        (_, u) => out.push(DIGITS[u]),
    }
    out.join(" ")
}

/// Digits one by one.
pub(super) fn spell(text: &str) -> String {
    text.chars().filter_map(|c| c.to_digit(10).map(|d| DIGITS[d as usize])).collect::<Vec<_>>().join(" ")
}

/// Digits one by one; a comma where a reader breathes.
pub fn digits(text: &str) -> String {
    split_digits(text, Language::Vi).iter().map(|g| spell(g)).collect::<Vec<_>>().join(", ")
}

/// "thứ nhất", "thứ tư": what stands behind "thứ".
pub fn ordinal(n: i64) -> String {
    match n {
        1 => "nhất".into(),
        4 => "tư".into(),
        n => number(n),
    }
}

/// A figure's whole part and the digits of its fraction.
pub(super) fn parts(text: &str) -> Option<(i64, Option<&str>)> {
    // Figures from English sources keep their grouping by commas: "1,250,000".
    let by_comma = text.split(',').skip(1).all(|g| g.len() == 3) && text.matches(',').count() > 1;
    if by_comma { figure(text, ',', '.') } else { figure(text, '.', ',').or_else(|| figure(text, ',', '.')) }
}

/// A figure with its fraction: "ba phẩy mười bốn", "hai phẩy không năm".
pub(super) fn amount(text: &str) -> Option<String> {
    let (whole, fraction) = parts(text)?;
    if text.len() > 1 && text.starts_with('0') && fraction.is_none() {
        return Some(spell(text));
    }
    Some(said(whole, fraction))
}

/// An amount with English marks: "1,250.50".
pub(super) fn amount_en(text: &str) -> Option<String> {
    let (whole, fraction) = figure(text, ',', '.').or_else(|| figure(text, '.', ','))?;
    Some(said(whole, fraction.filter(|f| *f != "00")))
}

fn said(whole: i64, fraction: Option<&str>) -> String {
    match fraction {
        Some(f) if f.len() <= 2 && !f.starts_with('0') => {
            format!("{} phẩy {}", number(whole), f.parse().map_or_else(|_| spell(f), number))
        }
        Some(f) => format!("{} phẩy {}", number(whole), spell(f)),
        None => number(whole),
    }
}

/// An amount that may be below zero.
pub(super) fn signed(text: &str) -> Option<String> {
    match text.strip_prefix(['-', '−']) {
        Some(rest) => Some(format!("âm {}", amount(rest)?)),
        None => match text.strip_prefix('+') {
            Some(rest) => Some(format!("cộng {}", amount(rest)?)),
            None => amount(text),
        },
    }
}

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if all_digits(core) && core.len() > 9 {
        return Some(Reading::new(1, digits(core)));
    }
    let n: Option<i64> = core.parse().ok().filter(|_| all_digits(core) && !core.starts_with('0'));
    if let Some(n) = n.filter(|n| *n < 100 && matches!(place.before(), "thứ" | "đệ")) {
        return Some(Reading::new(1, ordinal(n)));
    }
    // "03 ngày" has its zero for the eye.
    let counted = core.len() == 2 && place.following().is_some_and(|next| next.starts_with(char::is_lowercase));
    if let Some(n) = core.strip_prefix('0').and_then(|n| n.parse().ok()).filter(|_| counted && all_digits(core)) {
        return Some(Reading::new(1, number(n)));
    }
    signed(core).map(|said| Reading::new(1, said))
}

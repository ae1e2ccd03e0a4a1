//! Vietnamese as recognisers write it.
use super::{Rewrite, into};
use crate::value::figures::{all_digits, fraction};

/// Days of the week by the number that names them ("thứ 2").
const WEEKDAYS: [&str; 6] = ["hai", "ba", "tư", "năm", "sáu", "bảy"];

pub(in crate::value) fn rewrite(words: &[&str]) -> Option<Rewrite> {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let (first, second, third) = (word(0), word(1), word(2));
    if first == "thứ"
        && let Some(day) = weekday(second)
    {
        return into(&["thứ", day], 2);
    }
    if matches!(first, "$" | "€" | "£") && second.starts_with(|c: char| c.is_ascii_digit()) {
        return into(&[&[second], money(first)].concat(), 2);
    }
    if !all_digits(&first.replace('.', "")) && fraction(first, ',').is_none() {
        return None;
    }
    let (scale, used) = match second {
        "k" => ("nghìn", 2),
        "tr" => ("triệu", 2),
        "nghìn" | "ngàn" | "triệu" | "tỷ" | "tỉ" => (second, 2),
        _ => ("", 1),
    };
    let unit: &[&str] = match if used == 2 { third } else { second } {
        "đ" | "₫" | "vnd" | "vnđ" => &["đồng"],
        sign @ ("$" | "usd" | "€" | "£") => money(sign),
        _ => &[],
    };
    if unit.is_empty() && !matches!(second, "k" | "tr") {
        return None;
    }
    let amount: &[&str] = if used == 2 { &[first, scale] } else { &[first] };
    into(&[amount, unit].concat(), used + usize::from(!unit.is_empty()))
}

fn weekday(figure: &str) -> Option<&'static str> {
    let number: usize = figure.parse().ok().filter(|_| figure.len() == 1)?;
    WEEKDAYS.get(number.checked_sub(2)?).copied()
}

fn money(sign: &str) -> &'static [&'static str] {
    match sign {
        "€" => &["ơ", "rô"],
        "£" => &["bảng"],
        _ => &["đô", "la"],
    }
}

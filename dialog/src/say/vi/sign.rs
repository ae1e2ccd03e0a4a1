//! Signs that stand alone or before a figure.
use super::number::{amount, number};
use crate::say::reading::{Place, Reading, is_figure, is_separator};

const SIGNS: [(&str, &str); 16] = [
    ("&", "và"),
    ("%", "phần trăm"),
    ("@", "a còng"),
    ("+", "cộng"),
    ("=", "bằng"),
    ("<", "nhỏ hơn"),
    (">", "lớn hơn"),
    ("×", "nhân"),
    ("÷", "chia"),
    ("→", "đến"),
    ("#", "thăng"),
    ("*", "sao"),
    ("°", "độ"),
    ("°C", "độ xê"),
    ("m²", "mét vuông"),
    ("~", "khoảng"),
];

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if is_separator(core) {
        return Some(Reading::new(1, ""));
    }
    let counted = place.is_behind_figure();
    if matches!(core, "x" | "×") && counted && place.following().is_some_and(is_figure) {
        return Some(Reading::new(1, "nhân"));
    }
    if let Some((_, said)) = SIGNS.iter().find(|(sign, _)| *sign == core) {
        return Some(Reading::new(1, *said));
    }
    if let Some(n) = core.strip_prefix('#').and_then(amount) {
        return Some(Reading::new(1, format!("số {n}")));
    }
    let stars = core.strip_suffix(['*', '★'])?;
    Some(Reading::new(1, format!("{} sao", number(stars.parse().ok()?))))
}

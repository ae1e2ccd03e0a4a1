//! Signs that stand alone or before a figure.
use super::number::{amount, number};
use crate::say::reading::{Place, Reading};

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
/// What only sets words apart.
const SILENT: [&str; 7] = ["-", "–", "—", "|", "•", "·", "/"];

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if SILENT.contains(&core) {
        return Some(Reading::new(1, ""));
    }
    let figure = |core: &str| core.starts_with(|c: char| c.is_ascii_digit());
    let counted = [1, 2].iter().any(|back| place.back(*back).is_some_and(|word| figure(word.core)));
    if matches!(core, "x" | "×") && counted && place.following().is_some_and(figure) {
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

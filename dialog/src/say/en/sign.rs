//! Signs that stand alone or before a figure.
use super::number::amount;
use crate::say::reading::{Place, Reading, is_figure, is_separator};

const SIGNS: [(&str, &str); 15] = [
    ("&", "and"),
    ("@", "at"),
    ("%", "percent"),
    ("+", "plus"),
    ("=", "equals"),
    ("<", "less than"),
    (">", "more than"),
    ("×", "times"),
    ("÷", "divided by"),
    ("→", "to"),
    ("#", "hash"),
    ("*", "star"),
    ("©", "copyright"),
    ("°", "degrees"),
    ("~", "about"),
];

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if is_separator(core) {
        return Some(Reading::new(1, ""));
    }
    // "4 x 3", "4 m x 3 m", "3 x $20"
    let counted = place.is_behind_figure();
    if let Some(next) = place.following().filter(|_| matches!(core, "x" | "×") && counted) {
        let said = if is_figure(next) { "by" } else { "times" };
        return next.contains(|c: char| c.is_ascii_digit()).then(|| Reading::new(1, said));
    }
    if let Some((_, said)) = SIGNS.iter().find(|(sign, _)| *sign == core) {
        return Some(Reading::new(1, *said));
    }
    if let Some(n) = core.strip_prefix('#').and_then(amount) {
        return Some(Reading::new(1, format!("number {n}")));
    }
    if let Some(name) =
        core.strip_prefix(['™', '®']).or_else(|| core.strip_suffix(['™', '®', '©'])).filter(|name| !name.is_empty())
    {
        return Some(Reading::new(1, name));
    }
    let stars = core.strip_suffix(['★', '*'])?;
    Some(Reading::new(1, format!("{} {}", amount(stars)?, if stars == "1" { "star" } else { "stars" })))
}

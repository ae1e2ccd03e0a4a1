//! Signs that stand alone or before a figure.
use super::number::amount;
use crate::say::reading::{Place, Reading};

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
/// What only sets words apart.
const SILENT: [&str; 7] = ["-", "–", "—", "|", "•", "·", "/"];

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if SILENT.contains(&core) {
        return Some(Reading::new(1, ""));
    }
    let figure = |core: &str| core.starts_with(|c: char| c.is_ascii_digit());
    // "4 x 3", "4 m x 3 m", "3 x $20"
    let counted = [1, 2].iter().any(|back| place.back(*back).is_some_and(|word| figure(word.core)));
    if let Some(next) = place.following().filter(|_| matches!(core, "x" | "×") && counted) {
        let said = if figure(next) { "by" } else { "times" };
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

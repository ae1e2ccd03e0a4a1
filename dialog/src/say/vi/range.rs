//! Two figures with a dash between them.
use super::measure;
use super::number::{amount, spell};
use crate::say::reading::{DASHES, Place, Reading, is_dash};

/// "10-12", "10 - 12", "8-10%", "tỷ số 2-1".
pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if is_dash(core) {
        let figure = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with(|c: char| c.is_ascii_digit() || c == '%')
        };
        let before = place.joined_before()?;
        return (figure(before.core)
            && place.following().is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit())))
        .then(|| Reading::new(1, "đến"));
    }
    let (from, to) = core
        .char_indices()
        .find(|(at, c)| *at > 0 && DASHES.contains(c))
        .map(|(at, c)| (&core[..at], &core[at + c.len_utf8()..]))?;
    let score = ["tỷ số", "tỉ số"]
        .contains(&format!("{} {}", place.back(2).map_or("", |word| &word.lower), place.before()).as_str())
        || matches!(place.before(), "thắng" | "thua" | "hòa" | "hoà");
    if score && from.len() < 3 && to.len() < 3 && !spell(to).is_empty() {
        return Some(Reading::new(1, format!("{} {}", amount(from)?, amount(to)?)));
    }
    let least = amount(from.trim_end_matches('%'))?;
    if let Some(most) = amount(to) {
        return Some(Reading::new(1, format!("{least} đến {most}")));
    }
    let (figure, unit) = measure::split(to)?;
    Some(Reading::new(1, format!("{least} đến {} {unit}", amount(figure)?)))
}

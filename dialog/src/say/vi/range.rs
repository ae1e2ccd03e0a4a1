//! Two figures with a dash between them.
use super::measure;
use super::number::{amount, spell};
use crate::say::reading::{DASHES, Place, Reading, is_dash, is_figure};

/// "10-12", "10 - 12", "8-10%", "tỷ số 2-1".
pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if is_dash(core) {
        let before = place.joined_before()?;
        let behind = place.following()?;
        let figure = |text: &str| is_figure(text) && text.ends_with(|c: char| c.is_ascii_digit() || c == '%');
        let with_unit = |text: &str| is_figure(text) && measure::split(text).is_some();
        // "5 kg - 7 kg", "2 ngày - 3 ngày"
        let measured = || {
            let same = place.next(2).is_some_and(|word| word.lower == before.lower);
            let unit = measure::units(before.core, true).is_some();
            let counted = place.back(2).is_some_and(|word| word.after.is_empty() && figure(word.core));
            (same || unit) && counted && is_figure(behind)
        };
        let fits = (figure(before.core) || with_unit(before.core)) && is_figure(behind) || measured();
        return fits.then(|| Reading::new(1, "đến"));
    }
    // "5% - 10%"
    if let Some(least) = core.strip_suffix('%').and_then(amount)
        && place.following().is_some_and(is_dash)
        && let Some(most) = place.ahead(1).and_then(|dash| dash.following())
        && let Some(most) = most.strip_suffix('%').and_then(amount)
    {
        return Some(Reading::new(3, format!("{least} đến {most} phần trăm")));
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

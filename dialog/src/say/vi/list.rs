//! Figures in a row with commas and no spaces between them, and figures with a plus.
use super::number::{amount, number, spell};
use crate::say::reading::{Place, Reading};
use crate::value::words::all_digits;

/// What is numbered: "phòng 101,102,103" are three of them.
const NUMBERED: [&str; 9] = ["phòng", "tầng", "bàn", "phường", "quận", "phím", "bấm", "ghế", "số"];

/// "1,2,3", "phường 1,2 và 3": none of them is one number.
pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let figures: Vec<&str> = place.core().split(',').collect();
    if figures.len() < 2 || !figures.iter().all(|figure| all_digits(figure) && figure.len() < 10) {
        return None;
    }
    let numbered = NUMBERED.contains(&place.before());
    let grouped = figures[0].len() < 4 && figures[1..].iter().all(|figure| figure.len() == 3) && !numbered;
    let goes_on = matches!(place.following(), Some("hoặc" | "hay" | "và" | "đến"))
        && place.next(2).is_some_and(|word| all_digits(word.core))
        && figures.iter().all(|figure| figure.len() < 3);
    if grouped || !(figures.len() > 2 || goes_on) {
        return None;
    }
    let said = figures.iter().map(|figure| match figure.parse() {
        Ok(n) if !figure.starts_with('0') || (n == 0 && figure.len() == 1) => number(n),
        _ => spell(figure),
    });
    Some(Reading::new(1, said.collect::<Vec<_>>().join(", ")))
}

/// "500+ khách", "18+".
pub(super) fn plus(place: Place<'_>) -> Option<Reading> {
    if let Some(said) = place.core().strip_suffix("++").and_then(amount) {
        return Some(Reading::new(1, format!("{said} cộng cộng")));
    }
    let said = place.core().strip_suffix('+').and_then(amount)?;
    let counted = place.following().is_some_and(|next| next.starts_with(char::is_lowercase));
    Some(Reading::new(1, if counted { format!("hơn {said}") } else { format!("{said} cộng") }))
}

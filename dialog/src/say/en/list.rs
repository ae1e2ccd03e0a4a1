//! Figures in a row with commas and no spaces between them.
use super::address::is_numbered;
use super::number::{number, pairs, spell};
use crate::say::reading::{Place, Reading};
use crate::value::words::all_digits;

/// "1,2,3", "Press 1,2 or 3", "rooms 101,102,103": none of them is one number.
pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let figures: Vec<&str> = place.core().split(',').collect();
    if figures.len() < 2 || !figures.iter().all(|figure| all_digits(figure) && figure.len() < 10) {
        return None;
    }
    let numbered = is_numbered(place.before()) && place.before().ends_with('s');
    let grouped = figures[0].len() < 4 && figures[1..].iter().all(|figure| figure.len() == 3) && !numbered;
    let goes_on = matches!(place.following(), Some("or" | "and" | "to"))
        && place.next(2).is_some_and(|word| all_digits(word.core))
        && figures.iter().all(|figure| figure.len() < 3);
    if grouped || !(figures.len() > 2 || numbered || goes_on) {
        return None;
    }
    let said = figures.iter().map(|figure| match figure.parse() {
        Ok(n) if numbered && (100..10_000).contains(&n) => pairs(n),
        Ok(n) if !figure.starts_with('0') || n == 0 && figure.len() == 1 => number(n),
        _ => spell(figure),
    });
    Some(Reading::new(1, said.collect::<Vec<_>>().join(", ")))
}

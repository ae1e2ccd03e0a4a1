//! Roman numerals, where the words around them make them numerals.
use super::number::{number, ordinal};
use crate::say::reading::{Place, Reading};
use crate::say::roman::roman;

/// What is counted by them: "Chapter IV" is "Chapter four".
const COUNTED: [&str; 36] = [
    "chapter", "part", "volume", "vol", "book", "act", "scene", "section", "article", "appendix", "figure", "table",
    "title", "phase", "stage", "level", "grade", "type", "class", "war", "bowl", "episode", "season", "round", "tier",
    "category", "schedule", "unit", "step", "mark", "division", "group", "factor", "rocky", "apollo", "fantasy",
];
/// Names of rulers: "Henry VIII" is "Henry the eighth".
const RULERS: [&str; 38] = [
    "louis",
    "henry",
    "elizabeth",
    "charles",
    "george",
    "edward",
    "james",
    "william",
    "mary",
    "richard",
    "philip",
    "francis",
    "pius",
    "john",
    "paul",
    "benedict",
    "leo",
    "napoleon",
    "catherine",
    "peter",
    "nicholas",
    "alexander",
    "gregory",
    "innocent",
    "frederick",
    "clement",
    "urban",
    "ferdinand",
    "friedrich",
    "wilhelm",
    "ramses",
    "xerxes",
    "darius",
    "ivan",
    "olaf",
    "harald",
    "margrethe",
    "felipe",
];

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let before = place.joined_before()?;
    if let Some((from, to)) = core.split_once(['-', '–']) {
        let counted = COUNTED.contains(&before.lower.trim_end_matches('s'));
        return counted
            .then(|| Some(Reading::new(1, format!("{} to {}", number(roman(from)?), number(roman(to)?)))))?;
    }
    // "C" alone is a letter.
    let n = roman(core).filter(|_| core.len() > 1 || matches!(core, "I" | "V" | "X"))?;
    let ends = !place.word().after.is_empty() || place.next(1).is_none();
    let name = before.is_capital();
    if COUNTED.contains(&before.lower.as_str()) && (name || core.len() > 1) {
        return Some(Reading::new(1, number(n)));
    }
    // "Elizabeth I" is a queen at the end only: "Elizabeth I know".
    if RULERS.contains(&before.lower.as_str()) && name && n < 40 {
        return (core != "I"
            || ends
            || place.next(1).is_some_and(|word| matches!(word.lower.as_str(), "of" | "was" | "and")))
        .then(|| Reading::new(1, format!("the {}", ordinal(n))));
    }
    let small = core.len() > 1 && core.chars().all(|c| matches!(c, 'I' | 'V' | 'X'));
    if !small || !name {
        return None;
    }
    // "John Smith III"
    let first = place.back(2).is_some_and(|word| RULERS.contains(&word.lower.as_str()));
    Some(Reading::new(1, if first { format!("the {}", ordinal(n)) } else { number(n) }))
}

//! Fractions, and what else two figures with a stroke between them say.
use super::measure::unit;
use super::number::{amount, number, ordinal};
use crate::say::reading::{Place, Reading};
use crate::value::words::all_digits;

/// What has a reading of its own.
const NAMED: [(&str, &str); 3] = [("24/7", "twenty four seven"), ("9/11", "nine eleven"), ("50/50", "fifty fifty")];
const SIGNS: [(char, i64, i64); 15] = [
    ('½', 1, 2),
    ('⅓', 1, 3),
    ('⅔', 2, 3),
    ('¼', 1, 4),
    ('¾', 3, 4),
    ('⅕', 1, 5),
    ('⅖', 2, 5),
    ('⅗', 3, 5),
    ('⅘', 4, 5),
    ('⅙', 1, 6),
    ('⅚', 5, 6),
    ('⅛', 1, 8),
    ('⅜', 3, 8),
    ('⅝', 5, 8),
    ('⅞', 7, 8),
];

/// "one half", "two thirds", "three quarters".
fn fraction(a: i64, b: i64) -> Option<String> {
    if !(1..b).contains(&a) || b > 100 {
        return None;
    }
    let below = match b {
        2 => "half".to_owned(),
        4 => "quarter".to_owned(),
        100 => "hundredth".to_owned(),
        _ => ordinal(b),
    };
    Some(format!("{} {below}{}", number(a), if a == 1 { "" } else { "s" }))
}

/// "1/2" → 1 and 2.
fn stroke(core: &str) -> Option<(i64, i64)> {
    if let Some((_, a, b)) = SIGNS.iter().find(|(sign, ..)| core.chars().eq([*sign])) {
        return Some((*a, *b));
    }
    let (a, b) = core.split_once(['/', '⁄'])?;
    (all_digits(a) && all_digits(b)).then_some((a.parse().ok()?, b.parse().ok()?))
}

/// "one and a half", "two and three quarters".
fn mixed(whole: i64, a: i64, b: i64) -> Option<String> {
    let part = match (a, b) {
        (1, 2) => "a half".to_owned(),
        (1, 4) => "a quarter".to_owned(),
        _ => fraction(a, b)?,
    };
    Some(format!("{} and {part}", number(whole)))
}

/// With the unit behind it: "one and a half pounds".
fn measured(place: Place<'_>, words: usize, said: String, plural: bool) -> Reading {
    let behind = place.next(words).filter(|_| place.ahead(words - 1).is_some_and(|p| p.word().after.is_empty()));
    match behind.and_then(|word| unit(word.core, true)) {
        // "1/2 lb burger"
        Some(unit) if !plural && is_noun(place, words + 1) => Reading::new(words + 1, format!("{said} {}", unit.one)),
        Some(unit) if plural => Reading::new(words + 1, format!("{said} {}", unit.many)),
        Some(unit) => Reading::new(words + 1, format!("{said} of {} {}", article(unit.one), unit.one)),
        None => Reading::new(words, said),
    }
}

/// Whether a thing is named so many words ahead.
fn is_noun(place: Place<'_>, words: usize) -> bool {
    const NO_NOUNS: [&str; 12] = ["of", "in", "per", "and", "or", "to", "from", "away", "on", "at", "for", "is"];
    let open = place.ahead(words - 1).is_some_and(|place| place.word().after.is_empty());
    open && place
        .next(words)
        .is_some_and(|word| word.core.starts_with(char::is_lowercase) && !NO_NOUNS.contains(&word.core))
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o']) || noun == "hour" { "an" } else { "a" }
}

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if let Some((_, said)) = NAMED.iter().find(|(written, _)| *written == core) {
        return Some(Reading::new(1, *said));
    }
    // "1½", "1 1/2", "1-1/2".
    let joined = core.char_indices().last().filter(|(at, _)| *at > 0 && all_digits(&core[..*at]));
    if let Some((at, (a, b))) = joined.and_then(|(at, _)| Some((at, stroke(&core[at..])?))) {
        return Some(measured(place, 1, mixed(core[..at].parse().ok()?, a, b)?, true));
    }
    if let (true, Some((a, b))) = (all_digits(core) && core.len() < 3, place.following().and_then(stroke))
        && let Some(said) = mixed(core.parse().ok()?, a, b)
    {
        return Some(measured(place, 2, said, true));
    }
    if let Some((whole, part)) = core.split_once('-').filter(|(whole, _)| all_digits(whole))
        && let Some((a, b)) = stroke(part)
        && let Some(said) = mixed(whole.parse().ok()?, a, b)
    {
        return Some(measured(place, 1, said, true));
    }
    if let Some((a, b)) = core.split_once('/').filter(|(a, b)| a.contains('.') && all_digits(b)) {
        return Some(Reading::new(1, format!("{} out of {}", amount(a)?, amount(b)?)));
    }
    let (a, b) = stroke(core)?;
    let points = ["stars", "points", "star", "correct"].contains(&place.following().unwrap_or_default())
        || ["rated", "score", "scored", "rating", "got"].contains(&place.before());
    if points {
        return Some(Reading::new(1, format!("{} out of {}", number(a), number(b))));
    }
    // "BP was 120/80", "120/80 mmHg"
    let pressed =
        (1..=3).filter_map(|back| place.back(back)).any(|word| matches!(word.lower.as_str(), "bp" | "pressure"));
    if pressed || place.following() == Some("mmHg") {
        return Some(Reading::new(1, format!("{} over {}", number(a), number(b))));
    }
    if (a, b) == (1, 2) && matches!(place.following(), Some("price" | "off" | "past")) {
        return Some(Reading::new(1, "half"));
    }
    if matches!(place.before(), "page" | "step" | "part" | "box" | "package" | "parcel" | "attempt" | "round" | "dose")
    {
        return Some(Reading::new(1, format!("{} of {}", number(a), number(b))));
    }
    if let Some(said) = fraction(a, b).filter(|_| b <= 20 || b == 100) {
        return Some(measured(place, 1, said, false));
    }
    let (a, b) = core.split_once('/')?;
    Some(Reading::new(1, format!("{} slash {}", amount(a)?, amount(b)?)))
}

//! Where somebody is to be found: telephone numbers, addresses of the web, streets, houses and rooms.
use super::code::letters;
use super::number::{number, pairs, spell};
use crate::language::Language;
use crate::say::figure::Phone;
use crate::say::reading::{Mark, Place, Reading};
use crate::say::states;
use crate::say::web::{self, Voice};
use crate::value::en::{DAYS, MONTHS};
use crate::value::words::all_digits;

const VOICE: Voice = Voice {
    at: "at",
    dot: "dot",
    slash: "slash",
    dash: "dash",
    underscore: "underscore",
    plus: "plus",
    colon: "colon",
    question: "question mark",
    equals: "equals",
    and: "and",
    hash: "hash",
    percent: "percent",
    tilde: "tilde",
    spell,
    letters,
};

pub(super) fn web(place: Place<'_>) -> Option<Reading> {
    web::address(place.core(), &VOICE).map(|said| Reading::new(1, said))
}

pub(super) fn phone(place: Place<'_>) -> Option<Reading> {
    let phone = Phone::at(place, Language::En)?;
    // A toll-free line: "one, eight hundred".
    let group = |(at, group): (usize, &String)| match (at, group.as_str()) {
        (1, "800" | "900") if phone.groups[0] == "1" => number(group.parse().unwrap_or_default()),
        _ => spell(group),
    };
    let said: Vec<String> = phone.groups.iter().enumerate().map(group).collect();
    let plus = if phone.plus { "plus " } else { "" };
    Some(Reading::new(phone.words, format!("{plus}{}", said.join(", "))))
}

/// Ways: as they are written, whether with a dot only, and as they are said.
const WAYS: [(&str, bool, &str); 20] = [
    ("Ave", false, "Avenue"),
    ("Av", true, "Avenue"),
    ("Rd", false, "Road"),
    ("Blvd", false, "Boulevard"),
    ("Ln", false, "Lane"),
    ("Ct", false, "Court"),
    ("Pl", false, "Place"),
    ("Sq", false, "Square"),
    ("Pkwy", false, "Parkway"),
    ("Hwy", false, "Highway"),
    ("Ter", true, "Terrace"),
    ("Cir", false, "Circle"),
    ("Apt", false, "Apartment"),
    ("Ste", false, "Suite"),
    ("Bldg", false, "Building"),
    ("Fl", true, "Floor"),
    ("Mt", false, "Mount"),
    ("Ft", false, "Fort"),
    ("Expy", false, "Expressway"),
    ("Rte", false, "Route"),
];
/// What a title stands before, not a way behind: "Professor Dr. Smith".
const TITLES: [&str; 7] = ["dr", "prof", "professor", "mr", "mrs", "ms", "sir"];

/// What names no street before "Dr" and "St", though it is written like a name: "Monday Dr. Smith", "Dentist Dr. Lee".
fn names_no_street(core: &str) -> bool {
    const OTHERS: [&str; 12] = [
        "today",
        "tomorrow",
        "tonight",
        "yesterday",
        "doctor",
        "physician",
        "surgeon",
        "hello",
        "hi",
        "dear",
        "thanks",
        "and",
    ];
    let lower = core.to_lowercase();
    let shouted = core.len() > 1 && core.chars().all(char::is_uppercase);
    shouted
        || DAYS.contains(&lower.as_str())
        || MONTHS.contains(&lower.as_str())
        || OTHERS.contains(&lower.as_str())
        || lower.ends_with("ist")
}

/// Whether the word before is a part of the same name: "Elm" in "Elm Dr", not "Dear" in "Dear Dr. Smith".
fn follows_name(place: Place<'_>) -> bool {
    let Some(before) = place.joined_before().filter(|word| word.is_capital() || ends_ordinal(word.core)) else {
        return false;
    };
    let alone = !place.next(1).is_some_and(|word| word.is_capital());
    if names_no_street(before.core) && !alone {
        return false;
    }
    // A word that is a capital because a sentence begins is a name where no name follows.
    let begins = place.back(2).is_none();
    // "Dr. Mary St. John"
    let titled = place.back(2).is_some_and(|word| TITLES.contains(&word.lower.as_str()));
    !TITLES.contains(&before.lower.as_str()) && !titled && (!begins || alone || ends_ordinal(before.core))
}

fn ends_ordinal(core: &str) -> bool {
    core.starts_with(|c: char| c.is_ascii_digit()) && core.ends_with(['t', 'd', 'h'])
}

/// "St. Mary's" and "Elm St.", "Dr. Smith" and "Elm Dr", "5th Ave", "120 N. Main St".
pub(super) fn street(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let named = place.next(1).is_some_and(|word| word.is_capital());
    let behind_name = follows_name(place);
    let said = match core {
        "St" if behind_name => "Street",
        "St" if named => return Some(Reading::abbreviation(1, "Saint", Mark::Abbreviation)),
        "St" => "Street",
        "Dr" if behind_name => "Drive",
        "Dr" => return Some(Reading::abbreviation(1, "Doctor", Mark::Abbreviation)),
        "N" | "S" | "E" | "W"
            if all_digits(place.before()) && (named || place.next(1).is_some_and(|word| ends_ordinal(word.core))) =>
        {
            let way = match core {
                "N" => "North",
                "S" => "South",
                "E" => "East",
                _ => "West",
            };
            return Some(Reading::abbreviation(1, way, Mark::Abbreviation));
        }
        "Mt" | "Ft" => {
            let said = if core == "Mt" { "Mount" } else { "Fort" };
            return named.then(|| Reading::abbreviation(1, said, Mark::Abbreviation));
        }
        "Apt" | "Ste" | "Bldg" | "Hwy" | "Rte" => {
            let said = WAYS.iter().find(|(way, ..)| *way == core)?.2;
            return Some(Reading::abbreviation(1, said, Mark::Abbreviation));
        }
        _ => {
            let (_, dotted, said) = WAYS.iter().find(|(way, ..)| *way == core)?;
            let dot = place.word().after.starts_with('.');
            (if *dotted { dot && behind_name } else { dot || behind_name }).then_some(*said)?
        }
    };
    Some(Reading::abbreviation(1, said, Mark::Both))
}

/// What is numbered as houses are: "Room 1204" is "twelve oh four".
const NUMBERED: [&str; 12] =
    ["room", "rm", "apartment", "apt", "unit", "highway", "hwy", "route", "suite", "ste", "form", "sec"];

/// Whether what a word names is numbered as houses are.
pub(super) fn is_numbered(word: &str) -> bool {
    NUMBERED.contains(&word.strip_suffix('s').unwrap_or(word))
}
/// Words before the number of a house, where a name follows it: "at 2150 El Camino Real".
const PLACES: [&str; 9] = ["at", "to", "near", "is", "visit", "located", "from", "address", "outside"];

/// Words that end the name of a street.
const ENDS: [&str; 17] = [
    "st",
    "street",
    "ave",
    "avenue",
    "rd",
    "road",
    "blvd",
    "boulevard",
    "dr",
    "drive",
    "ln",
    "lane",
    "way",
    "court",
    "ct",
    "place",
    "pkwy",
];
/// Whether a name of a street follows so many words ahead: "Le Loi Street".
fn is_on_street(place: Place<'_>) -> bool {
    (2..=4).any(|ahead| {
        place.next(ahead).is_some_and(|word| ENDS.contains(&word.lower.as_str()))
            && (1..=ahead).all(|n| place.next(n).is_some_and(|word| word.is_capital() || ends_ordinal(word.core)))
    })
}

/// "12/5 Le Loi Street": a house in an alley, and no date.
pub(super) fn alley(place: Place<'_>) -> Option<Reading> {
    let sides: Vec<&str> = place.core().split('/').collect();
    let said = |side: &&str| side.parse().ok().filter(|_| all_digits(side) && side.len() < 5).map(number);
    let said = sides.iter().map(said).collect::<Option<Vec<_>>>().filter(|_| sides.len() > 1)?;
    is_on_street(place).then(|| Reading::new(1, said.join(" slash ")))
}

/// Numbers of rooms and houses, and the postcode behind a state.
pub(super) fn house(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if let Some(state) = states::state(place) {
        return Some(Reading::new(1, state));
    }
    if let Some(n) = core.strip_prefix("I-").filter(|n| all_digits(n) && n.len() < 4).and_then(|n| n.parse().ok()) {
        return Some(Reading::new(1, format!("I {}", if n > 99 { pairs(n) } else { number(n) })));
    }
    if !all_digits(core) || !place.word().after.chars().all(|c| c != ':') {
        return None;
    }
    if states::postcode(place) {
        return Some(Reading::new(1, spell(core)));
    }
    let n: i64 = core.parse().ok()?;
    if is_numbered(place.before()) && (100..10_000).contains(&n) && !core.starts_with('0') {
        return Some(Reading::new(1, pairs(n)));
    }
    let street = is_on_street(place);
    let place_named =
        PLACES.contains(&place.before()) && place.following().is_some_and(|next| next.starts_with(char::is_uppercase));
    ((1000..10_000).contains(&n) && (street || place_named)).then(|| Reading::new(1, pairs(n)))
}

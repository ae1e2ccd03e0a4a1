//! Abbreviations.
use super::calendar::capital;
use super::money::per;
use crate::say::reading::{Mark, Place, Reading};
use crate::say::word::Word;

/// When an abbreviation is one.
#[derive(Clone, Copy, PartialEq)]
enum When {
    Always,
    /// With a dot behind it.
    Dotted,
    /// Before a name.
    Name,
    /// Before a figure.
    Figure,
    /// Behind a figure, with a dot.
    Counted,
    /// Behind a figure.
    Behind,
    /// Behind the name of what is numbered, with a dot.
    Named,
}
use When::{Always, Behind, Counted, Dotted, Figure, Name, Named};

/// What has a number: "account no."
const NUMBERED: [&str; 22] = [
    "account",
    "acct",
    "order",
    "ref",
    "reference",
    "ticket",
    "case",
    "phone",
    "tracking",
    "serial",
    "model",
    "license",
    "policy",
    "invoice",
    "member",
    "passport",
    "flight",
    "room",
    "card",
    "part",
    "application",
    "confirmation",
];

/// As it is written, when it is one, as it is said, and what a dot behind it is. The first row that fits counts.
const ROWS: [(&str, When, &str, Mark); 121] = [
    ("no", Named, "number", Mark::Abbreviation),
    ("No", Named, "number", Mark::Abbreviation),
    ("nos", Named, "numbers", Mark::Abbreviation),
    ("pp", Behind, "per person", Mark::Both),
    ("ea", Behind, "each", Mark::Both),
    ("lg", Behind, "large", Mark::Both),
    ("sm", Behind, "small", Mark::Both),
    ("med", Behind, "medium", Mark::Both),
    ("bpm", Behind, "beats per minute", Mark::Both),
    ("pts", Behind, "points", Mark::Both),
    ("fl", Counted, "floor", Mark::Both),
    ("btl", Always, "bottle", Mark::Both),
    ("btls", Always, "bottles", Mark::Both),
    ("exp", Figure, "expires", Mark::Abbreviation),
    ("Exp", Figure, "Expires", Mark::Abbreviation),
    ("temp", Dotted, "temperature", Mark::Both),
    ("req", Dotted, "required", Mark::Both),
    ("Ins", Dotted, "Insurance", Mark::Abbreviation),
    ("ins", Dotted, "insurance", Mark::Abbreviation),
    ("min", Name, "minimum", Mark::Abbreviation),
    ("acct", Always, "account", Mark::Both),
    ("ref", Dotted, "reference", Mark::Abbreviation),
    ("ref", Named, "reference", Mark::Abbreviation),
    ("qty", Always, "quantity", Mark::Both),
    ("pkg", Always, "package", Mark::Both),
    ("dims", Always, "dimensions", Mark::Both),
    ("Rx", Always, "prescription", Mark::Sentence),
    ("q.i.d", Always, "four times a day", Mark::Both),
    ("t.i.d", Always, "three times a day", Mark::Both),
    ("b.i.d", Always, "twice a day", Mark::Both),
    ("p.r.n", Always, "as needed", Mark::Both),
    ("a.k.a", Always, "also known as", Mark::Abbreviation),
    ("mgmt", Always, "management", Mark::Both),
    ("Mr", Always, "Mister", Mark::Abbreviation),
    ("Mrs", Always, "Missus", Mark::Abbreviation),
    ("Ms", Always, "Miz", Mark::Abbreviation),
    ("Messrs", Always, "Messieurs", Mark::Abbreviation),
    ("Prof", Dotted, "Professor", Mark::Abbreviation),
    ("Prof", Name, "Professor", Mark::Abbreviation),
    ("Gov", Dotted, "Governor", Mark::Abbreviation),
    ("Sen", Dotted, "Senator", Mark::Abbreviation),
    ("Rep", Dotted, "Representative", Mark::Abbreviation),
    ("Capt", Name, "Captain", Mark::Abbreviation),
    ("Cpt", Name, "Captain", Mark::Abbreviation),
    ("Lt", Name, "Lieutenant", Mark::Abbreviation),
    ("Col", Dotted, "Colonel", Mark::Abbreviation),
    ("Gen", Dotted, "General", Mark::Abbreviation),
    ("Sgt", Name, "Sergeant", Mark::Abbreviation),
    ("Rev", Dotted, "Reverend", Mark::Abbreviation),
    ("Fr", Dotted, "Father", Mark::Abbreviation),
    ("Jr", Always, "Junior", Mark::Both),
    ("Sr", Dotted, "Senior", Mark::Both),
    ("Inc", Always, "Incorporated", Mark::Both),
    ("Ltd", Always, "Limited", Mark::Both),
    ("Corp", Always, "Corporation", Mark::Both),
    ("Co", Dotted, "Company", Mark::Both),
    ("Bros", Always, "Brothers", Mark::Both),
    ("Dept", Always, "Department", Mark::Abbreviation),
    ("dept", Always, "department", Mark::Both),
    ("Univ", Dotted, "University", Mark::Abbreviation),
    ("Assoc", Dotted, "Associate", Mark::Abbreviation),
    ("Asst", Always, "Assistant", Mark::Abbreviation),
    ("Mgr", Always, "Manager", Mark::Both),
    ("mgr", Always, "manager", Mark::Both),
    ("e.g", Always, "for example", Mark::Abbreviation),
    ("eg", Always, "for example", Mark::Abbreviation),
    ("i.e", Always, "that is", Mark::Abbreviation),
    ("ie", Always, "that is", Mark::Abbreviation),
    ("etc", Always, "and so on", Mark::Both),
    ("vs", Always, "versus", Mark::Abbreviation),
    ("cf", Dotted, "compare", Mark::Abbreviation),
    ("approx", Always, "approximately", Mark::Abbreviation),
    ("appt", Always, "appointment", Mark::Both),
    ("appts", Always, "appointments", Mark::Both),
    ("est", Figure, "established", Mark::Abbreviation),
    ("Est", Figure, "Established", Mark::Abbreviation),
    ("est", Dotted, "estimated", Mark::Abbreviation),
    ("Est", Dotted, "Estimated", Mark::Abbreviation),
    ("Sec", Figure, "Section", Mark::Abbreviation),
    ("mmHg", Always, "millimeters of mercury", Mark::Both),
    ("max", Dotted, "maximum", Mark::Both),
    ("min", Counted, "minutes", Mark::Both),
    ("min", Dotted, "minimum", Mark::Both),
    ("avg", Always, "average", Mark::Both),
    ("incl", Always, "including", Mark::Abbreviation),
    ("excl", Always, "excluding", Mark::Abbreviation),
    ("temp", Dotted, "temperature", Mark::Both),
    ("qty", Always, "quantity", Mark::Abbreviation),
    ("Qty", Always, "Quantity", Mark::Abbreviation),
    ("tel", Always, "telephone", Mark::Abbreviation),
    ("Tel", Always, "Telephone", Mark::Abbreviation),
    ("ext", Always, "extension", Mark::Abbreviation),
    ("Ext", Always, "Extension", Mark::Abbreviation),
    ("No", Figure, "number", Mark::Abbreviation),
    ("no", Figure, "number", Mark::Abbreviation),
    ("Nos", Figure, "numbers", Mark::Abbreviation),
    ("nos", Figure, "numbers", Mark::Abbreviation),
    ("p", Figure, "page", Mark::Abbreviation),
    ("pp", Figure, "pages", Mark::Abbreviation),
    ("vol", Figure, "volume", Mark::Abbreviation),
    ("Vol", Figure, "Volume", Mark::Abbreviation),
    ("ch", Figure, "chapter", Mark::Abbreviation),
    ("fig", Figure, "figure", Mark::Abbreviation),
    ("Fig", Figure, "Figure", Mark::Abbreviation),
    ("sec", Figure, "section", Mark::Abbreviation),
    ("Rm", Figure, "Room", Mark::Abbreviation),
    ("rm", Figure, "room", Mark::Abbreviation),
    ("hrs", Always, "hours", Mark::Both),
    ("hr", Dotted, "hour", Mark::Both),
    ("mins", Always, "minutes", Mark::Both),
    ("a.m", Always, "a m", Mark::Both),
    ("A.M", Always, "a m", Mark::Both),
    ("p.m", Always, "p m", Mark::Both),
    ("pm", Always, "p m", Mark::Both),
    ("PM", Always, "p m", Mark::Both),
    ("P.M", Always, "p m", Mark::Both),
    ("ASAP", Always, "as soon as possible", Mark::Sentence),
    ("Ph.D", Always, "P H D", Mark::Both),
    ("PhD", Always, "P H D", Mark::Sentence),
    ("OK", Always, "okay", Mark::Sentence),
    ("Wi-Fi", Always, "wifi", Mark::Sentence),
];

/// What is written with a stroke, or for a few short words.
const SHORT: [(&str, &str); 15] = [
    ("req'd", "required"),
    ("S/N", "serial number"),
    ("P/N", "part number"),
    ("w/", "with"),
    ("w/o", "without"),
    ("c/o", "care of"),
    ("b/c", "because"),
    ("n/a", "not applicable"),
    ("N/A", "not applicable"),
    ("and/or", "and or"),
    ("thru", "through"),
    ("tmrw", "tomorrow"),
    ("pls", "please"),
    ("WiFi", "wifi"),
    ("Q&A", "Q and A"),
];

/// The word behind a dot and a colon: "Confirmation no.: 7716".
fn colon(place: Place<'_>) -> Option<&Word<'_>> {
    place.ahead(1).map(Place::word).filter(|_| place.word().after == ".:")
}

/// For what something is counted: "7 days/week".
const EACH: [&str; 22] = [
    "day",
    "week",
    "month",
    "year",
    "hour",
    "minute",
    "second",
    "night",
    "person",
    "item",
    "visit",
    "room",
    "guest",
    "wk",
    "mo",
    "yr",
    "hr",
    "min",
    "order",
    "table",
    "car",
    "household",
];

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let dotted = place.word().after.starts_with('.');
    let next = place.next(1);
    let figure = |core: &str| core.starts_with(|c: char| c.is_ascii_digit());
    let fits = |when: When| match when {
        When::Always => true,
        When::Dotted => dotted,
        When::Name => next.is_some_and(|word| word.is_capital()),
        When::Figure => dotted && next.or_else(|| colon(place)).is_some_and(|word| figure(word.core)),
        When::Counted => dotted && place.joined_before().is_some_and(|word| figure(word.core)),
        When::Behind => place.joined_before().is_some_and(|word| word.core.contains(|c: char| c.is_ascii_digit())),
        When::Named => dotted && NUMBERED.contains(&place.before()),
    };
    if let Some((.., said, dot)) = ROWS.iter().find(|(written, when, ..)| *written == core && fits(*when)) {
        return Some(Reading::abbreviation(1, *said, *dot));
    }
    // "Appt." begins a sentence.
    let lower = place.lower();
    let small = || ROWS.iter().find(|(written, when, ..)| *written == lower && *when == Always && core.len() > 2);
    if let Some((.., said, dot)) = small().filter(|_| place.word().is_capital() && core.get(1..) == lower.get(1..)) {
        return Some(Reading::abbreviation(1, capital(said), *dot));
    }
    if let Some((_, said)) = SHORT.iter().find(|(written, _)| *written == core) {
        return Some(Reading::new(1, *said));
    }
    // "lbs.", "kg" and the like behind a figure are read with it; "he/she" is two words.
    let (one, other) = core.split_once('/')?;
    let counted = place.joined_before().is_some_and(|word| figure(word.core));
    if counted && EACH.contains(&other) {
        return Some(Reading::abbreviation(1, format!("{one}{}", per(&core[one.len()..])?), Mark::Both));
    }
    let word = |text: &str| text.chars().count() > 1 && text.chars().all(|c| c.is_alphabetic() || c == '-');
    (word(one) && word(other)).then(|| Reading::new(1, format!("{one} or {other}")))
}

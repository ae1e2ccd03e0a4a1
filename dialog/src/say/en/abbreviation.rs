//! Abbreviations.
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
    /// Behind a figure.
    Counted,
}
use When::{Always, Counted, Dotted, Figure, Name};

/// As it is written, when it is one, as it is said, and what a dot behind it is. The first row that fits counts.
const ROWS: [(&str, When, &str, Mark); 84] = [
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
    ("est", Dotted, "established", Mark::Abbreviation),
    ("Est", Dotted, "Established", Mark::Abbreviation),
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
const SHORT: [(&str, &str); 12] = [
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
    };
    if let Some((.., said, dot)) = ROWS.iter().find(|(written, when, ..)| *written == core && fits(*when)) {
        return Some(Reading::abbreviation(1, *said, *dot));
    }
    if let Some((_, said)) = SHORT.iter().find(|(written, _)| *written == core) {
        return Some(Reading::new(1, *said));
    }
    // "lbs.", "kg" and the like behind a figure are read with it; "he/she" is two words.
    let (one, other) = core.split_once('/')?;
    let word = |text: &str| text.chars().count() > 1 && text.chars().all(|c| c.is_alphabetic() || c == '-');
    (word(one) && word(other)).then(|| Reading::new(1, format!("{one} or {other}")))
}

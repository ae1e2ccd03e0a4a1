//! The states of America, as addresses abbreviate them.
use super::reading::Place;
use crate::value::words::all_digits;

const STATES: [(&str, &str); 51] = [
    ("AL", "Alabama"),
    ("AK", "Alaska"),
    ("AZ", "Arizona"),
    ("AR", "Arkansas"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DE", "Delaware"),
    ("DC", "D C"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("HI", "Hawaii"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("IA", "Iowa"),
    ("KS", "Kansas"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("ME", "Maine"),
    ("MD", "Maryland"),
    ("MA", "Massachusetts"),
    ("MI", "Michigan"),
    ("MN", "Minnesota"),
    ("MS", "Mississippi"),
    ("MO", "Missouri"),
    ("MT", "Montana"),
    ("NE", "Nebraska"),
    ("NV", "Nevada"),
    ("NH", "New Hampshire"),
    ("NJ", "New Jersey"),
    ("NM", "New Mexico"),
    ("NY", "New York"),
    ("NC", "North Carolina"),
    ("ND", "North Dakota"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("RI", "Rhode Island"),
    ("SC", "South Carolina"),
    ("SD", "South Dakota"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("UT", "Utah"),
    ("VT", "Vermont"),
    ("VA", "Virginia"),
    ("WA", "Washington"),
    ("WV", "West Virginia"),
    ("WI", "Wisconsin"),
    ("WY", "Wyoming"),
];

/// What is a word or another abbreviation, too: a state before its postcode only.
const WORDS: [&str; 10] = ["HI", "ID", "IN", "MA", "ME", "MS", "OK", "OR", "PA", "LA"];
/// Of these, what is a state behind a town and a comma: "Portland, OR".
const BEHIND_TOWN: [&str; 4] = ["OR", "PA", "MA", "LA"];

fn is_postcode(core: &str) -> bool {
    core.split('-').next().is_some_and(|zip| zip.len() == 5 && all_digits(zip))
}

/// The state that is written at a place: "TX" in "Austin, TX 78701" and "Austin, TX".
pub(super) fn state(place: Place<'_>) -> Option<&'static str> {
    let core = place.core();
    let (_, name) = STATES.iter().find(|(short, _)| *short == core)?;
    let postcode = place.next(1).is_some_and(|word| is_postcode(word.core));
    let town = place.back(1).is_some_and(|word| word.after == "," && word.is_capital());
    let sure = !WORDS.contains(&core) || BEHIND_TOWN.contains(&core);
    (postcode || (town && sure)).then_some(*name)
}

/// Whether a postcode behind its state stands here.
pub(super) fn postcode(place: Place<'_>) -> bool {
    let known = |word: &str| STATES.iter().any(|(short, name)| word == *short || word == *name);
    let core = place.core();
    core.len() == 5 && all_digits(core) && place.back(1).is_some_and(|word| known(word.core))
}

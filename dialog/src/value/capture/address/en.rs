//! English addresses.
use super::super::{begins, digits};
use super::written::{house, title};
use super::{Address, Part};
use crate::language::Language;

/// What ends the name of an English street.
const STREETS: [&str; 32] = [
    "street",
    "st",
    "avenue",
    "ave",
    "road",
    "rd",
    "drive",
    "dr",
    "lane",
    "ln",
    "boulevard",
    "blvd",
    "court",
    "ct",
    "place",
    "way",
    "terrace",
    "circle",
    "square",
    "parkway",
    "highway",
    "crescent",
    "close",
    "row",
    "hill",
    "gardens",
    "grove",
    "mews",
    "walk",
    "trail",
    "alley",
    "broadway",
];
const STATES: [&str; 51] = [
    "Alabama",
    "Alaska",
    "Arizona",
    "Arkansas",
    "California",
    "Colorado",
    "Connecticut",
    "Delaware",
    "Florida",
    "Georgia",
    "Hawaii",
    "Idaho",
    "Illinois",
    "Indiana",
    "Iowa",
    "Kansas",
    "Kentucky",
    "Louisiana",
    "Maine",
    "Maryland",
    "Massachusetts",
    "Michigan",
    "Minnesota",
    "Mississippi",
    "Missouri",
    "Montana",
    "Nebraska",
    "Nevada",
    "New Hampshire",
    "New Jersey",
    "New Mexico",
    "New York",
    "North Carolina",
    "North Dakota",
    "Ohio",
    "Oklahoma",
    "Oregon",
    "Pennsylvania",
    "Rhode Island",
    "South Carolina",
    "South Dakota",
    "Tennessee",
    "Texas",
    "Utah",
    "Vermont",
    "Virginia",
    "Washington",
    "West Virginia",
    "Wisconsin",
    "Wyoming",
    "District of Columbia",
];

pub(super) fn read(raw: &[String], low: &[String], asked: Option<Part>) -> Option<Address> {
    let mut reader = Reader { raw, low, at: 0, asked, out: Address::default() };
    while reader.at < low.len() {
        let word = low[reader.at].as_str();
        if matches!(word, "," | "in" | "and" | "on" | "at" | "." | "um" | "uh" | "it's") && reader.at > 0 {
            reader.at += 1;
            continue;
        }
        let len = reader.unit().or_else(|| reader.code()).or_else(|| reader.number());
        let len = len.or_else(|| reader.street()).or_else(|| reader.state()).or_else(|| reader.place())?;
        reader.at += len;
    }
    (!reader.out.is_empty()).then_some(reader.out)
}

/// An address while it is read: each part says how many words it takes.
struct Reader<'a> {
    raw: &'a [String],
    low: &'a [String],
    at: usize,
    asked: Option<Part>,
    out: Address,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [String] {
        &self.low[self.at..]
    }

    /// The words as they are written, so many of them.
    fn written(&self, len: usize) -> String {
        title(&self.raw[self.at..self.at + len])
    }

    fn unit(&mut self) -> Option<usize> {
        let words = ["apartment", "apt", "unit", "suite", "flat", "room", "floor"];
        let len = begins(self.rest(), &words, Language::En)?;
        let count = english_number(&self.rest()[len..]);
        if count == 0 {
            return None;
        }
        let number = house(&self.rest()[len..len + count], Language::En);
        self.out.set(Part::Unit, format!("{} {number}", self.written(len)));
        Some(len + count)
    }

    /// A postal code, behind its name or behind a street.
    fn code(&mut self) -> Option<usize> {
        let rest = self.rest();
        let named = begins(rest, &["zip code", "zip", "postal code", "postcode"], Language::En);
        let lead = named.map_or(0, |len| len + begins(&rest[len..], &["is"], Language::En).unwrap_or(0));
        let is_due = [Part::Street, Part::City].iter().any(|part| self.out.get(*part).is_some());
        if named.is_none() && !is_due && self.asked != Some(Part::Postcode) {
            return None;
        }
        let (code, used) = postcode(&rest[lead..])?;
        self.out.set(Part::Postcode, code);
        Some(lead + used)
    }

    fn number(&mut self) -> Option<usize> {
        let rest = self.rest();
        let len = english_number(rest);
        let is_asked = self.asked.is_none_or(|part| part == Part::Number);
        let fits = len > 0 && self.out.get(Part::Number).is_none() && (rest.len() > len || is_asked);
        if !fits || is_numbered_street(&rest[len..]) {
            return None;
        }
        let number = house(&rest[..len], Language::En);
        self.out.set(Part::Number, number);
        Some(len)
    }

    fn street(&mut self) -> Option<usize> {
        let rest = self.rest();
        let ends = |end: &usize| STREETS.contains(&rest[*end].as_str()) && !rest[..*end].iter().any(|word| word == ",");
        let end = (1..rest.len().min(6)).find(ends).filter(|_| self.out.get(Part::Street).is_none())?;
        self.out.set(Part::Street, self.written(end + 1));
        Some(end + 1)
    }

    fn state(&mut self) -> Option<usize> {
        let is_due = self.asked == Some(Part::State) || self.out.get(Part::City).is_some();
        let (state, len) = state_at(self.rest()).filter(|_| is_due)?;
        self.out.set(Part::State, state.to_owned());
        Some(len)
    }

    /// A city, or what was asked for: words up to a comma, a number, or a state that ends all.
    fn place(&mut self) -> Option<usize> {
        let rest = self.rest();
        let is_end = |word: &String| word == "," || english_number(std::slice::from_ref(word)) > 0;
        let end = rest.iter().position(is_end).unwrap_or(rest.len());
        let end = (1..end).find(|at| state_at(&rest[*at..]).is_some_and(|(_, len)| at + len == end)).unwrap_or(end);
        let part = match self.asked.filter(|part| self.out.get(*part).is_none() && self.at == 0) {
            Some(part @ (Part::Street | Part::City | Part::State)) => part,
            _ if self.out.get(Part::Street).is_some() && self.out.get(Part::City).is_none() => Part::City,
            _ => return None,
        };
        // A sentence is no name of a place.
        let is_name = |word: &String| word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '-' | '.'));
        if end == 0 || end > 4 || !rest[..end].iter().all(is_name) {
            return None;
        }
        self.out.set(part, self.written(end));
        Some(end)
    }
}

/// A state at the start of words, and how many of them name it.
fn state_at(words: &[String]) -> Option<(&'static str, usize)> {
    STATES.iter().find_map(|state| Some((*state, begins(words, &[&state.to_lowercase()], Language::En)?)))
}

/// "Fifth Avenue": what follows a number that is the name of a street.
fn is_numbered_street(behind: &[String]) -> bool {
    behind.first().is_some_and(|word| STREETS.contains(&word.as_str()))
}

/// How many words a number takes, with a letter behind it ("12 b").
fn english_number(rest: &[String]) -> usize {
    let first = rest.first().map_or("", String::as_str);
    let mixed = first.starts_with(|c: char| c.is_ascii_digit());
    let len = match digits(rest, Language::En) {
        Some((_, len)) => len,
        None if mixed => 1,
        None => 0,
    };
    let letter = |word: &String| word.chars().count() == 1 && word.chars().all(char::is_alphabetic) && word != "a";
    len + usize::from(len > 0 && rest.get(len).is_some_and(letter))
}

/// A postal code: five digits, or letters and digits as in Britain.
fn postcode(rest: &[String]) -> Option<(String, usize)> {
    let (code, len) = digits(rest, Language::En)?;
    let behind = rest.get(len).filter(|sign| *sign == "-").and_then(|_| digits(&rest[len + 1..], Language::En));
    let (more, used) = behind.map_or((String::new(), 0), |(more, used)| (format!("-{more}"), used + 1));
    (code.len() == 5 && (more.is_empty() || more.len() == 5)).then(|| (format!("{code}{more}"), len + used))
}

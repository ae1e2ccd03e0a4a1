//! Codes, and figures that the words around them make codes: said digit by digit.
use super::number::{digits, number, spell};
use crate::say::code::{self, Voice, code, grouped, groups, is_capitals, is_word, parts, runs, with_following};
use crate::say::reading::{Mark, Place, Reading, is_dash};
use crate::say::word::Word;
use crate::value::words::all_digits;

const VOICE: Voice =
    Voice { number, digits, spell, letters, dot: "point", slash: "slash", underscore: "underscore", plus: "plus" };

/// Letters one by one.
pub(crate) fn letters(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().to_string());
    letters.collect::<Vec<_>>().join(" ")
}

/// What is named before a code of any length from two figures on.
const NAMES: [&str; 28] = [
    "s/n",
    "p/n",
    "code",
    "codes",
    "pin",
    "otp",
    "password",
    "passcode",
    "extension",
    "ext",
    "confirmation",
    "reference",
    "ref",
    "serial",
    "tracking",
    "routing",
    "ssn",
    "zip",
    "postcode",
    "account",
    "acct",
    "passport",
    "invoice",
    "policy",
    "license",
    "licence",
    "plate",
    "iban",
];
/// What is named before a code of three figures and more, and otherwise before a number.
const LONG_NAMES: [&str; 21] = [
    "error",
    "build",
    "box",
    "tty",
    "check",
    "application",
    "number",
    "flight",
    "order",
    "ticket",
    "case",
    "claim",
    "booking",
    "reservation",
    "member",
    "id",
    "card",
    "phone",
    "telephone",
    "tel",
    "fax",
];
/// What stands between a name and its code.
const LINKS: [&str; 12] = ["is", "was", "are", "number", "no", "nos", "id", "the", "your", "my", "code", "be"];
const ENDING: [&str; 4] = ["ending", "ends", "starting", "starts"];
/// Words after which three figures and more are dialled.
const CALLS: [&str; 5] = ["call", "dial", "text", "phone", "ring"];

const DIGITS: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/// How the words before a figure name it.
#[derive(Clone, Copy, PartialEq)]
enum Named {
    Code,
    LongCode,
}

fn named(place: Place<'_>) -> Option<Named> {
    let name = |word: &str| {
        let word = word.trim_end_matches("'s");
        if NAMES.contains(&word) || ENDING.contains(&word) {
            Some(Named::Code)
        } else {
            LONG_NAMES.contains(&word).then_some(Named::LongCode)
        }
    };
    // Links alone lie between.
    for back in 1..=4 {
        let word = place.back(back)?;
        let before = place.back(back + 1).map_or("", |word| &word.lower);
        if let Some(named) = name(&word.lower) {
            // "to order 500" orders so many; "account number 10442" is named twice.
            let further = name(before).filter(|_| LINKS.contains(&word.lower.as_str()));
            let bought = before == "to" && named == Named::LongCode;
            return further.filter(|named| *named == Named::Code).or((!bought).then_some(named));
        }
        let ending = matches!(word.lower.as_str(), "in" | "with") && ENDING.contains(&before);
        if !LINKS.contains(&word.lower.as_str()) && !ending && !word.core.is_empty() && !is_dash(word.core) {
            break;
        }
    }
    if CALLS.contains(&place.before()) {
        return Some(Named::LongCode);
    }
    // "Code for the gate: 4071"
    if place.back(1).is_some_and(|word| word.after.ends_with(':')) {
        let open = |back: &usize| *back == 1 || place.back(*back).is_some_and(|word| word.after.is_empty());
        let found = (1..=6).take_while(open).filter_map(|back| name(&place.back(back)?.lower));
        return found.into_iter().find(|named| *named == Named::Code);
    }
    // "The code for the front door is 4071."
    let linked = matches!(place.before(), "is" | "was" | "are");
    (2..=9)
        .filter(|_| linked)
        .map_while(|back| place.back(back))
        .find_map(|word| name(&word.lower).filter(|named| *named == Named::Code))
}

/// Whether nothing is counted by the figure: no noun follows it.
fn counts_nothing(place: Place<'_>, words: usize) -> bool {
    const NO_NOUNS: [&str; 24] = [
        "is", "was", "has", "will", "and", "or", "to", "on", "at", "for", "from", "in", "please", "then", "with", "if",
        "now", "again", "right", "when", "before", "after", "today", "by",
    ];
    let open = place.ahead(words - 1).is_some_and(|place| place.word().after.is_empty());
    !open || place.next(words).is_none_or(|word| NO_NOUNS.contains(&word.lower.as_str()) || is_dash(word.core))
}

/// "The code is 4071", "extension 204", "flight UA408", "card ending in 4242".
pub(super) fn after_context(place: Place<'_>) -> Option<Reading> {
    let core = place.core().trim_start_matches('#');
    let first = groups(core);
    let lettered = first.is_none() && parts(core).is_some() && core.contains(|c: char| c.is_ascii_digit());
    let named = named(place)?;
    if lettered {
        // "SAVE20" begins with a word; "1Z 999 AA1" has several groups.
        let is_group = |core: &str| core.chars().all(|c| c.is_ascii_digit() || c.is_uppercase() || c == '-');
        let fits = |words: &usize| {
            let open = place.ahead(words - 1).is_some_and(|place| place.word().after.is_empty());
            open && place.next(*words).is_some_and(|word| is_group(word.core) && word.core.contains(DIGITS))
        };
        let words = (1..6).take_while(fits).last().unwrap_or(0) + 1;
        let said = (0..words)
            .filter_map(|ahead| place.ahead(ahead))
            .map(|place| runs(place.core().trim_start_matches('#'), &VOICE, is_word));
        let codes = is_group(core) && named == Named::Code;
        return codes.then(|| Reading::new(words, said.collect::<Vec<_>>().join(", ")));
    }
    let first = first?;
    // "1,250" and "4.5" are numbers; "4-5" may be a span.
    if core.contains(['.', ',']) && first.len() == 2 {
        return None;
    }
    let (all, words) = with_following(place, &first);
    let total: usize = all.iter().map(String::len).sum();
    // Nobody counts so many of what a code names.
    let immediate = NAMES.contains(&place.before())
        || (words == 1 && total > 5)
        || (ENDING.contains(&place.before()) && total == 4);
    let long = total > 2 || all[0].starts_with('0') && total > 1;
    let fits = match named {
        Named::Code => long && (immediate || counts_nothing(place, words)),
        // "order #4071 ships"
        Named::LongCode => long && (place.core().starts_with('#') || counts_nothing(place, words)),
    };
    if !fits {
        return None;
    }
    Some(Reading::new(words, grouped(&all, &VOICE)))
}

/// "*98#", "check #1042", "1Z999AA10123456784".
pub(super) fn signed(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let long = core.len() > 11
        && core.contains(char::is_alphabetic)
        && core.contains(DIGITS)
        && core.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    let said = code::keys(core, "star", "hash", &VOICE)
        .or_else(|| code::hashed(core, &VOICE, is_word))
        .or_else(|| long.then(|| runs(core, &VOICE, |_| false)))?;
    Some(Reading::new(1, said))
}

/// Letters and digits, each by itself, with pauses where they change.
pub(crate) fn spelled(text: &str) -> String {
    runs(text, &VOICE, |_| false)
}

/// What holds letters and figures: "AB-1234", "12/5A", "A380", "20-year-old".
pub(super) fn mixed(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if !core.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let versioned =
        core.split('.').count() > 2 || ["version", "v", "release", "build", "ios", "android"].contains(&place.before());
    let plain = core.strip_prefix(['v', 'V']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let numbers = |text: &str| {
        let fields: Vec<&str> = text.split('.').collect();
        let short = fields.iter().all(|field| all_digits(field) && field.len() < 4);
        let said = fields.iter().map(|field| {
            if fields.len() > 3 { spell(field) } else { field.parse().map_or_else(|_| spell(field), number) }
        });
        let dot = if fields.len() > 3 { " dot " } else { " point " };
        short.then(|| said.collect::<Vec<_>>().join(dot))
    };
    if let Some(rest) = plain
        && let Some(said) = numbers(rest)
    {
        return Some(Reading::new(1, format!("version {said}")));
    }
    if versioned && let Some(said) = numbers(core) {
        return Some(Reading::new(1, said));
    }
    code(core, &VOICE).map(|said| Reading::new(1, said))
}

/// "2.10" of a version is no amount.
pub(super) fn version(place: Place<'_>) -> Option<Reading> {
    let named = ["version", "v", "release", "build", "ios", "android"].contains(&place.before());
    (named && place.core().contains('.')).then(|| mixed(place))?
}

/// Acronyms that are said letter by letter although they could be said as words, or of which there are vowels.
const INITIALS: [&str; 64] = [
    "ETA", "APR", "APY", "DOB", "EST", "BMI", "EIN", "EOB", "HOA", "OTC", "MRI", "EKG", "ECG", "IRA", "ETF", "ACH",
    "INT", "USPS", "FBI", "CIA", "USA", "UK", "EU", "UN", "US", "ID", "ATM", "CEO", "AI", "IT", "FAQ", "UPS", "USB",
    "API", "HIV", "IRS", "UFO", "NBA", "IOU", "OTP", "URL", "URI", "VIP", "IV", "AC", "IP", "ISP", "UAE", "UCLA",
    "USD", "EUR", "VPN", "DI", "SUV", "LED", "ER", "ICU", "AKA", "DIY", "FYI", "AAA", "IBAN", "VIN", "SKU",
];

const VOWELS: [char; 5] = ['A', 'E', 'I', 'O', 'U'];
/// Words of which "y" is the vowel, and words of two letters, in a text in capitals.
const SHOUTED: [&str; 44] = [
    "MY", "BY", "FLY", "TRY", "WHY", "SHY", "GYM", "DRY", "SKY", "SPY", "CRY", "IF", "IN", "IS", "OF", "ON", "OR",
    "AN", "AS", "AT", "AM", "DO", "GO", "HE", "ME", "NO", "SO", "TO", "UP", "WE", "BE", "OK", "HI", "OH", "AD", "MA",
    "PA", "LA", "ED", "AL", "JO", "YOU", "YES", "MAY",
];
/// What is told apart by a letter.
const LETTERED: [&str; 16] = [
    "plan", "option", "gate", "group", "grade", "vitamin", "section", "part", "type", "class", "hall", "building",
    "zone", "terminal", "row", "answer",
];

/// "FBI", "PhD", "U.S.": letter by letter. In a text that is all in capitals nothing is an acronym.
pub(super) fn acronym(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    // "U.S", "J.K", "e" are letters with dots between; the last dot is behind the word.
    let initials: Vec<&str> = core.split(['.', '/']).collect();
    let lettered = initials.iter().all(|i| i.chars().count() == 1 && i.chars().all(char::is_alphabetic));
    if lettered && initials.len() > 1 {
        let mark = Mark::Both;
        let name = place.next(1).is_some_and(|word| word.is_capital()) && initials.len() == 2 && !core.starts_with('U');
        let mark = if name { Mark::Abbreviation } else { mark };
        return Some(Reading::abbreviation(1, letters(core), mark));
    }
    // The initial of a name: "J. Smith", but "Take plan A. It is cheap."
    let initial = lettered
        && !LETTERED.contains(&place.before())
        && core != "I"
        && core.chars().all(char::is_uppercase)
        && place.word().after == ".";
    if initial && place.next(1).is_some_and(|word| word.is_capital()) {
        return Some(Reading::abbreviation(1, core, Mark::Abbreviation));
    }
    let plural = core.strip_suffix('s').filter(|stem| stem.len() > 1 && is_capitals(stem, 2..=4));
    let stem = plural.unwrap_or(core);
    // Two letters are no word, and none without a vowel is one.
    let numbered = place.following().is_some_and(|next| next.starts_with(DIGITS));
    let vowels = (stem.contains(VOWELS) && (stem.len() > 2 || numbered)) || SHOUTED.contains(&stem);
    let neighbours = [place.back(1), place.next(1)];
    let shouted = |word: &Word<'_>| {
        is_capitals(word.core, 3..=40) && word.core.contains(VOWELS) && !INITIALS.contains(&word.core)
    };
    let loud = neighbours.iter().flatten().any(|word| shouted(word));
    let spelled = is_capitals(stem, 2..=5) && stem.is_ascii() && (INITIALS.contains(&stem) || !vowels) && !loud;
    spelled.then(|| Reading::new(1, format!("{}{}", letters(stem), if plural.is_some() { "s" } else { "" })))
}

//! Words that are spelled letter by letter: "b o s", "a as in alpha", "bravo oscar".
use super::words::word;
use crate::language::Language;

/// The spelling alphabet of radio telephony (ICAO), and how recognisers write its words otherwise.
const ALPHABET: [(&str, char); 31] = [
    ("alpha", 'a'),
    ("alfa", 'a'),
    ("bravo", 'b'),
    ("charlie", 'c'),
    ("delta", 'd'),
    ("echo", 'e'),
    ("foxtrot", 'f'),
    ("golf", 'g'),
    ("hotel", 'h'),
    ("india", 'i'),
    ("juliet", 'j'),
    ("juliett", 'j'),
    ("kilo", 'k'),
    ("lima", 'l'),
    ("mike", 'm'),
    ("november", 'n'),
    ("oscar", 'o'),
    ("papa", 'p'),
    ("quebec", 'q'),
    ("romeo", 'r'),
    ("sierra", 's'),
    ("tango", 't'),
    ("uniform", 'u'),
    ("victor", 'v'),
    ("whiskey", 'w'),
    ("whisky", 'w'),
    ("xray", 'x'),
    ("yankee", 'y'),
    ("zulu", 'z'),
    ("zed", 'z'),
    ("zee", 'z'),
];

/// The letters that the words at the start spell, without spaces, and how many words that takes. One letter alone is one too.
pub(super) fn letters(words: &[String], language: Language) -> Option<(String, usize)> {
    let (mut out, mut len) = (String::new(), 0);
    while let Some((letter, used)) = words.get(len..).and_then(|rest| letter(rest, language)) {
        out.push_str(&letter);
        len += used;
    }
    (len > 0).then_some((out, len))
}

pub(super) fn letter(words: &[String], language: Language) -> Option<(String, usize)> {
    let (first, second, third) = (word(words, 0), word(words, 1), word(words, 2));
    let single = |word: &str| word.chars().next().filter(|c| c.is_alphabetic() && word.chars().count() == 1);
    let (letter, used) = match (first, second, third) {
        ("double", "u", _) => ('w', 2),
        ("x", "ray", _) => ('x', 2),
        ("double", twice, _) => return single(twice).map(|letter| (letter.to_string().repeat(2), 2)),
        _ => match single(first) {
            Some(letter) => (letter, 1),
            None => (ALPHABET.iter().find(|(name, _)| *name == first)?.1, 1),
        },
    };
    // "a as in alpha", "b like bravo", "b for bravo": the example says nothing new.
    let example = match (word(words, used), word(words, used + 1), language) {
        ("as" | "like", "in", Language::En) => used + 2,
        ("like" | "for", _, Language::En) | ("như", _, Language::Vi) => used + 1,
        _ => return Some((letter.to_string(), used)),
    };
    let fits = word(words, example).starts_with(letter);
    Some((letter.to_string(), if fits { example + 1 } else { used }))
}

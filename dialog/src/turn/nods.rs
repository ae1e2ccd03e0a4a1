//! Back-channels: what people say to show that they listen, and what means nothing.
use crate::value::Language;

const EN: [&str; 21] = [
    "uh-huh", "uh", "huh", "mm", "mhm", "mmhm", "hm", "hmm", "um", "er", "ah", "aha", "yeah", "yep", "ok", "okay",
    "right", "sure", "alright", "oh", "yes",
];
const VI: [&str; 15] = ["dạ", "vâng", "ừ", "ừm", "ờ", "à", "ạ", "ừa", "uh", "um", "ok", "okay", "thế", "rồi", "hả"];

/// What thinking sounds like, in both languages.
const HUMS: [&str; 13] = ["uh", "um", "er", "ah", "hm", "hmm", "mm", "oh", "ờ", "à", "ừm", "hả", "ơ"];

/// Whether every word is a sound of thinking.
pub fn hums(words: &[String]) -> bool {
    !words.is_empty() && words.iter().all(|w| HUMS.contains(&w.as_str()))
}

/// Whether every word is a back-channel. When a yes or a no is expected, the caller of this asks for that first.
pub fn only(words: &[String], language: Language) -> bool {
    let list: &[&str] = match language {
        Language::En => &EN,
        Language::Vi => &VI,
    };
    !words.is_empty() && words.len() <= 4 && words.iter().all(|w| list.contains(&w.as_str()))
}

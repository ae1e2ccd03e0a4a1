//! Backchannels: what people say to show that they listen. Hesitations: what they say while they think.
use crate::language::Language;

const EN: [&str; 21] = [
    "uh-huh", "uh", "huh", "mm", "mhm", "mmhm", "hm", "hmm", "um", "er", "ah", "aha", "yeah", "yep", "ok", "okay",
    "right", "sure", "alright", "oh", "yes",
];
const VI: [&str; 15] = ["dạ", "vâng", "ừ", "ừm", "ờ", "à", "ạ", "ừa", "uh", "um", "ok", "okay", "thế", "rồi", "hả"];

/// Hesitations of both languages.
const HESITATIONS: [&str; 13] = ["uh", "um", "er", "ah", "hm", "hmm", "mm", "oh", "ờ", "à", "ừm", "hả", "ơ"];

/// Whether every word is a hesitation.
pub fn is_hesitation(words: &[String]) -> bool {
    !words.is_empty() && words.iter().all(|w| HESITATIONS.contains(&w.as_str()))
}

/// Whether every word is a backchannel or a hesitation. Where a yes or a no is expected, look for that first: it may be one of both.
pub fn is_backchannel(words: &[String], language: Language) -> bool {
    let list: &[&str] = match language {
        Language::En => &EN,
        Language::Vi => &VI,
    };
    !words.is_empty() && words.len() <= 4 && words.iter().all(|w| list.contains(&w.as_str()))
}

/// Whether every word is one of those that listeners hum: "uh-huh". Where a yes or a no is asked for they are a yes.
pub fn is_listening_sound(words: &[String]) -> bool {
    const SOUNDS: [&str; 7] = ["uh", "huh", "mm", "hm", "hmm", "mhm", "mmhm"];
    !words.is_empty() && words.iter().all(|w| SOUNDS.contains(&w.as_str()))
}

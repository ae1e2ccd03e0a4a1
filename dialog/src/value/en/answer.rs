//! An English yes or no.
use crate::value::words::{begin_with, word};

/// What may stand before a yes or a no, and between two of them.
const LEAD: [&str; 24] = [
    "that", "that's", "that'd", "it", "it's", "is", "um", "uh", "oh", "well", "so", "ah", "er", "hmm", "i", "said",
    "think", "you're", "you", "are", "and", "but", "all", "quite",
];
const NO: [&str; 15] = [
    "no",
    "nope",
    "nah",
    "not",
    "wrong",
    "incorrect",
    "never",
    "don't",
    "didn't",
    "doesn't",
    "isn't",
    "wasn't",
    "negative",
    "noo",
    "nay",
];
const YES: [&str; 26] = [
    "yes",
    "yeah",
    "yep",
    "yup",
    "yea",
    "ya",
    "yah",
    "aye",
    "sure",
    "right",
    "correct",
    "ok",
    "okay",
    "exactly",
    "absolutely",
    "certainly",
    "perfect",
    "definitely",
    "indeed",
    "affirmative",
    "true",
    "alright",
    "fine",
    "mhm",
    "mmhm",
    "great",
];
/// A yes of several words.
const YES_PHRASES: [&str; 10] = [
    "uh huh",
    "mm hmm",
    "mm hm",
    "of course",
    "go ahead",
    "sounds good",
    "that works",
    "all right",
    "no problem",
    "think so",
];

/// "yes", "that's right", "no, wrong". A no anywhere near the start wins over a yes ("no that's not right", "yeah no").
pub fn yes_no(words: &[String]) -> Option<(bool, usize)> {
    // "are you sure", "is that right": a question is no answer.
    if matches!((word(words, 0), word(words, 1)), ("are", "you") | ("you", "sure") | ("is", "that" | "it")) {
        return None;
    }
    let phrase = |at: usize| {
        let rest = words.get(at..).unwrap_or_default();
        YES_PHRASES.iter().find(|phrase| begin_with(rest, phrase)).map(|phrase| phrase.split(' ').count())
    };
    let one = |at: usize, list: &[&str]| usize::from(list.contains(&word(words, at)));
    let yes_at = |at: usize| phrase(at).unwrap_or_else(|| one(at, &YES));
    let mut len = 0;
    while yes_at(len) == 0 && one(len, &LEAD) > 0 {
        len += 1;
    }
    let mut yes = yes_at(len) > 0;
    if !yes && one(len, &NO) == 0 {
        return None;
    }
    // "no that's not right", "yes that is correct", "not right"
    let mut end = len;
    loop {
        if phrase(len).is_none() && one(len, &NO) > 0 {
            (yes, len) = (false, len + 1);
            end = len;
        } else if yes_at(len) > 0 {
            len += yes_at(len);
            end = len;
        } else if one(len, &LEAD) > 0 {
            len += 1;
        } else {
            break;
        }
    }
    // "yes that is": the rest of it was not heard.
    if len == words.len() {
        return Some((yes, len));
    }
    // "please", "thanks", "thank you" belong to the answer.
    let polite = match word(words, end) {
        "please" | "thanks" => 1,
        "thank" if word(words, end + 1) == "you" => 2,
        _ => 0,
    };
    Some((yes, end + polite))
}

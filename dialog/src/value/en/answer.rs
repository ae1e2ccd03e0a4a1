//! An English yes or no.
use crate::value::words::word;

/// "yes", "that's right", "no, wrong". A no anywhere near the start wins over a yes ("no that's not right").
pub fn yes_no(words: &[String]) -> Option<(bool, usize)> {
    const LEAD: [&str; 8] = ["that", "that's", "that'd", "it", "it's", "is", "um", "uh"];
    const NO: [&str; 9] = ["no", "nope", "nah", "not", "wrong", "incorrect", "never", "don't", "isn't"];
    const YES: [&str; 14] = [
        "yes",
        "yeah",
        "yep",
        "yup",
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
    ];
    let mut len = 0;
    while LEAD.contains(&word(words, len)) {
        len += 1;
    }
    let first = word(words, len);
    let yes = YES.contains(&first);
    if !yes && !NO.contains(&first) {
        return None;
    }
    len += 1;
    // "no that's not right", "yes that is correct", "not right"
    while LEAD.contains(&word(words, len))
        || (yes && YES.contains(&word(words, len)))
        || (!yes && (NO.contains(&word(words, len)) || YES.contains(&word(words, len))))
    {
        len += 1;
    }
    Some((yes, len))
}

//! The words of what was said: how a text is cut into them, and what stands at their start.
use crate::language::Language;
use unicode_normalization::UnicodeNormalization;

/// Splits what was said into lower-case words in NFC. Punctuation goes, except inside numbers ("2:30", "25/12", "1.5").
/// It takes what a grammar writes and what a free recogniser writes: "p.m.", "pm" and "p m" are all `pm`, "14h30" is `14 h 30`.
pub fn tokens(text: &str, language: Language) -> Vec<String> {
    let text: Vec<char> = if text.is_ascii() {
        text.chars().map(|c| c.to_ascii_lowercase()).collect()
    } else {
        text.nfc().flat_map(char::to_lowercase).collect()
    };
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut Vec<String>| {
        if !word.is_empty() {
            split_units(&std::mem::take(word), language, out);
        }
    };
    for (i, &c) in text.iter().enumerate() {
        let digit_before = i > 0 && text[i - 1].is_ascii_digit();
        let digit_after = text.get(i + 1).is_some_and(char::is_ascii_digit);
        let letter_before = i > 0 && text[i - 1].is_alphabetic();
        let letter_after = text.get(i + 1).is_some_and(|c| c.is_alphabetic());
        match c {
            c if c.is_alphanumeric() => word.push(c),
            ':' | '/' | '.' | '-' if digit_before && digit_after => word.push(c),
            ',' if digit_before && digit_after => {}
            '\'' | '’' if letter_before && letter_after => word.push('\''),
            // "p.m." and "a.m." lose their dots and stay one word.
            '.' if letter_before && (i < 2 || !text[i - 2].is_alphabetic()) && language == Language::En => {
                if !letter_after {
                    flush(&mut word, &mut out);
                }
            }
            _ => flush(&mut word, &mut out),
        }
    }
    flush(&mut word, &mut out);
    if language == Language::En {
        join_halves_of_day(&mut out);
    }
    out
}

/// "9am" → `9 am`, "14h30" → `14 h 30`; "24th" stays.
fn split_units(word: &str, language: Language, out: &mut Vec<String>) {
    let ordinal = ["st", "nd", "rd", "th"].iter().any(|s| word.strip_suffix(s).is_some_and(all_digits));
    let mixed = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(char::is_alphabetic);
    if !mixed || (ordinal && language == Language::En) {
        out.push(word.to_string());
        return;
    }
    let mut part = String::new();
    for c in word.chars() {
        if part.chars().last().is_some_and(|l| l.is_alphabetic() != c.is_alphabetic()) {
            out.push(std::mem::take(&mut part));
        }
        part.push(c);
    }
    out.push(part);
}

fn join_halves_of_day(out: &mut Vec<String>) {
    let mut i = 0;
    while i + 1 < out.len() {
        if (out[i] == "p" || out[i] == "a") && out[i + 1] == "m" {
            let half = format!("{}m", out[i]);
            out.splice(i..i + 2, [half]);
        }
        i += 1;
    }
}

pub(crate) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether `words` begin with `phrase`.
pub(crate) fn starts(words: &[String], phrase: &[String]) -> bool {
    !phrase.is_empty() && words.len() >= phrase.len() && words[..phrase.len()] == *phrase
}

/// The word at `i`, or "" past the end.
pub(crate) fn word(words: &[String], i: usize) -> &str {
    words.get(i).map_or("", String::as_str)
}

/// Whether `words` begin with the words of `phrase`, which are written with single spaces.
pub(crate) fn begin_with(words: &[String], phrase: &str) -> bool {
    phrase.split(' ').enumerate().all(|(i, w)| word(words, i) == w)
}

//! The words of what was said: how a text is cut into them, and what stands at their start.
use super::calendar::clock_digits;
use super::written;
use crate::language::Language;
use unicode_normalization::UnicodeNormalization;

pub(crate) use super::figures::all_digits;

/// Splits what was said into lower-case words in NFC. Punctuation goes, except inside numbers ("2:30", "25/12", "1.5").
/// It takes what a grammar writes and what a free recogniser writes: "p.m.", "pm" and "p m" are all `pm`, "14h30" is `14 h 30`,
/// "230 pm" is `2:30 pm`, "$20" is `20 dollars`.
pub fn tokens(text: &str, language: Language) -> Vec<String> {
    let words = cut(text, language);
    match language {
        Language::En => written::rewritten(words, written::en::rewrite),
        Language::Vi => written::rewritten(words, written::vi::rewrite),
    }
}

/// A text as lower-case words, its marks gone.
fn cut(text: &str, language: Language) -> Vec<String> {
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
            // "1½" is 1.5, "½ hour" half an hour.
            '½' if digit_before => word.push_str(".5"),
            '½' => {
                flush(&mut word, &mut out);
                out.push(if language == Language::En { "half" } else { "nửa" }.into());
            }
            c if c.is_alphanumeric() => word.push(c),
            ':' | '/' | '.' | '-' if digit_before && digit_after => word.push(c),
            '%' if digit_before => {
                flush(&mut word, &mut out);
                out.extend(percent(language));
            }
            '-' | '–' if joins_hours(&text[i + 1..], &word, &out) => {
                flush(&mut word, &mut out);
                out.push(if language == Language::En { "to" } else { "đến" }.into());
            }
            '–' | '\u{2011}' if digit_before && digit_after => word.push('-'),
            ',' if digit_before && digit_after => match comma(&text, i, language) {
                Comma::Groups => {}
                Comma::Point => word.push(','),
                Comma::Lists => flush(&mut word, &mut out),
            },
            '\'' | '’' if letter_before && letter_after => word.push('\''),
            // "p.m." and "a.m." lose their dots and stay one word.
            '.' if letter_before && (i < 2 || !text[i - 2].is_alphabetic()) && language == Language::En => {
                if !letter_after {
                    flush(&mut word, &mut out);
                }
            }
            '$' | '€' | '£' | '₫' => {
                flush(&mut word, &mut out);
                // A sign of money is a word where it stands beside a figure.
                if digit_before || text[i + 1..].iter().find(|c| **c != ' ').is_some_and(char::is_ascii_digit) {
                    out.push(c.to_string());
                }
            }
            _ => flush(&mut word, &mut out),
        }
    }
    flush(&mut word, &mut out);
    out
}

fn percent(language: Language) -> impl Iterator<Item = String> {
    let words: &[&str] = if language == Language::En { &["percent"] } else { &["phần", "trăm"] };
    words.iter().map(|word| (*word).to_owned())
}

/// Whether a dash leads from one hour to another: "9am-5pm", "14h-16h", "2 pm - 4 pm", "8:00 - 17:00". `word` ends at the dash.
fn joins_hours(behind: &[char], word: &str, before: &[String]) -> bool {
    let marks = ["am", "pm", "h", "g"];
    let is_hour = |mark: &&str| word.strip_suffix(*mark).is_some_and(|hour| all_digits(hour) && hour.len() <= 2);
    if !word.is_empty() {
        return behind.first().is_some_and(char::is_ascii_digit) && marks.iter().any(is_hour);
    }
    let is_clock = |word: &String| marks.contains(&word.as_str()) || word.contains(':') && clock_digits(word).is_some();
    behind.iter().find(|c| **c != ' ').is_some_and(char::is_ascii_digit) && before.last().is_some_and(is_clock)
}

/// What a comma between two digits does.
enum Comma {
    /// It groups thousands: "1,250".
    Groups,
    /// It begins a fraction: "1,5" in Vietnamese.
    Point,
    /// It stands between the members of a list: "4,7,1,9".
    Lists,
}

fn comma(text: &[char], at: usize, language: Language) -> Comma {
    let before = text[..at].iter().rev().take_while(|c| c.is_ascii_digit()).count();
    let after = text[at + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
    let chained = at.checked_sub(before + 1).is_some_and(|i| text[i] == ',') || text.get(at + 1 + after) == Some(&',');
    match (before, after) {
        (1..=3, 3) => Comma::Groups,
        _ if language == Language::Vi && !chained => Comma::Point,
        _ => Comma::Lists,
    }
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

/// Whether `words` begin with `phrase`.
pub(crate) fn starts(words: &[String], phrase: &[String]) -> bool {
    !phrase.is_empty() && words.len() >= phrase.len() && words[..phrase.len()] == *phrase
}

/// Whether `words` end with the words of `phrase`, which are written with single spaces.
pub(crate) fn ends_with(words: &[String], phrase: &str) -> bool {
    let len = phrase.split(' ').count();
    words.len() >= len && begin_with(&words[words.len() - len..], phrase)
}

/// The word at `i`, or "" past the end.
pub(crate) fn word(words: &[String], i: usize) -> &str {
    words.get(i).map_or("", String::as_str)
}

/// Whether `words` begin with the words of `phrase`, which are written with single spaces.
pub(crate) fn begin_with(words: &[String], phrase: &str) -> bool {
    // Long lists are asked at every word of every sentence: most phrases fail at their first letter.
    let mut left = phrase.as_bytes();
    for word in words {
        let Some(rest) = left.strip_prefix(word.as_bytes()) else { return false };
        match rest.split_first() {
            None => return true,
            Some((b' ', rest)) => left = rest,
            Some(_) => return false,
        }
    }
    left.is_empty()
}

//! `Word`: a word of a text apart from the marks around it.
use std::ops::Range;

/// A word of a text, taken from its punctuation: `("("`, `"$5"`, `"),"`.
#[derive(Clone)]
pub(super) struct Word<'a> {
    pub before: &'a str,
    pub core: &'a str,
    pub after: &'a str,
    /// The core in lower case.
    pub lower: String,
    /// Where it stands in the text, its marks included, in bytes.
    pub place: Range<usize>,
}

impl<'a> Word<'a> {
    /// A word with the marks around it, and where it stands in the text.
    fn new(word: &'a str, at: usize) -> Self {
        let start = word.find(|c: char| !OPENING.contains(&c)).unwrap_or(word.len());
        let rest = &word[start..];
        let last = rest.char_indices().rfind(|(_, c)| !CLOSING.contains(c));
        let end = last.map_or(0, |(i, c)| i + c.len_utf8());
        let core = &rest[..end];
        Word {
            before: &word[..start],
            core,
            after: &rest[end..],
            lower: core.to_lowercase(),
            place: at..at + word.len(),
        }
    }

    pub fn is_capital(&self) -> bool {
        self.core.starts_with(char::is_uppercase)
    }

    /// No mark follows it, but for the dot of an abbreviation.
    pub fn is_open(&self) -> bool {
        matches!(self.after, "" | ".")
    }
}

/// Quotes and brackets around a word, as they open and as they close.
const OPENING: [char; 7] = ['(', '"', '“', '[', '\'', '‘', '«'];
const CLOSING: [char; 14] = ['.', ',', ';', ':', '!', '?', ')', '"', '”', ']', '\'', '’', '…', '»'];

pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        let mut rest = piece.trim_end_matches(char::is_whitespace);
        let mut from = at;
        while !rest.is_empty() {
            let (word, more) = rest.split_at(run_in(rest).unwrap_or(rest.len()));
            out.push(Word::new(word, from));
            from += word.len();
            rest = more;
        }
        at += piece.len();
    }
    out
}

/// Where a second word begins that no space sets apart: "red,green", "Code:4071", "room(305)", "Hello!How". `None`: it is one word.
fn run_in(word: &str) -> Option<usize> {
    // The marks of an address belong to it.
    if word.contains("://") || word.contains('@') || word.contains("www.") {
        return None;
    }
    let mut chars = word.char_indices().peekable();
    let mut before = None;
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let begins =
            next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '$' | '€' | '£' | '+' | '#' | '*'));
        let (letter, figure) = (before.is_some_and(char::is_alphabetic), before.is_some_and(|c| c.is_ascii_digit()));
        let dots = c == '.' && before == Some('.') && !word[..at].trim_end_matches('.').is_empty();
        let end = at + c.len_utf8();
        match c {
            ';' | '!' | '?' | '…' if at > 0 && begins && !word[..at].contains('.') => return Some(end),
            '.' if dots && next.is_some_and(char::is_alphabetic) => return Some(end),
            ':' if letter
                && word[..at].chars().all(|c| c.is_alphabetic() || matches!(c, '/' | '\'' | '’'))
                && begins =>
            {
                return Some(end);
            }
            // "1,250" is a number.
            ',' if at > 0 && begins && !(figure && next.is_some_and(|next| next.is_ascii_digit())) => return Some(end),
            // "person(s)" is one word, "650(555)" one number.
            '(' if before.is_some_and(|c| c.is_alphanumeric() || c == '%')
                && begins
                && !(figure && next.is_some_and(|next| next.is_ascii_digit()))
                && !["(s)", "(es)"].iter().any(|plural| word[at..].starts_with(plural)) =>
            {
                return Some(at);
            }
            _ => {}
        }
        before = Some(c);
    }
    None
}

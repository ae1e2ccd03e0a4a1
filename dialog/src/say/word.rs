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

impl Word<'_> {
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
        let word = piece.trim_end_matches(char::is_whitespace);
        if !word.is_empty() {
            let start = word.find(|c: char| !OPENING.contains(&c)).unwrap_or(word.len());
            let rest = &word[start..];
            let last = rest.char_indices().rfind(|(_, c)| !CLOSING.contains(c));
            let end = last.map_or(0, |(i, c)| i + c.len_utf8());
            let core = &rest[..end];
            out.push(Word {
                before: &word[..start],
                core,
                after: &rest[end..],
                lower: core.to_lowercase(),
                place: at..at + word.len(),
            });
        }
        at += piece.len();
    }
    out
}

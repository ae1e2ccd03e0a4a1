//! What a text sounds like: figures become words, texts become clauses, values are read back.
use crate::language::Language;

mod code;
mod debt;
pub mod en;
mod figure;
pub(crate) mod json;
mod markup;
mod normal;
mod outside;
mod reading;
mod roman;
mod states;
mod value;
pub mod vi;
mod web;
mod word;
pub mod written;

pub use json::{SayAs, Sayer};
pub use normal::{Spoken, normal};
pub(crate) use outside::unmarked;
pub use value::{date, digits, item, money, number, spelled, value};

use reading::Change;
use std::ops::Range;
use written::Written;

/// Normalises a text and cuts it where a speaker breathes: the first clause early (from 20 characters, at any of `, ; : . ! ?`), so
/// that it sounds soon, then sentences of 30 to 300 characters. Each comes with how it is read, where that differs; `spellings` are
/// values as they are said and as they are written.
pub fn clauses(
    text: &str,
    language: Language,
    spoken: &Spoken,
    spellings: &[(String, String)],
) -> Vec<(String, Option<Written>)> {
    let read = normal::reading(text, language, spoken);
    let clause = |place: Range<usize>| {
        let said = read.said[place.clone()].to_owned();
        let written = Written::new(&said, &read.within(place), spellings, language);
        (said, written)
    };
    cut(&read.said, &read.changes).into_iter().map(clause).collect()
}

/// The cutting alone.
pub fn chunk(text: &str) -> Vec<String> {
    cut(text, &[]).into_iter().map(|place| text[place].to_owned()).collect()
}

/// Where the clauses of a text are, in bytes. A mark is a boundary only with the space after it, and not within what is written in one
/// ("650-555-0123").
fn cut(text: &str, changes: &[Change]) -> Vec<Range<usize>> {
    const FIRST_MIN_CHARS: usize = 20;
    const MIN_CHARS: usize = 30;
    const MAX_CHARS: usize = 300;
    /// A few words at the end belong to the sentence before them.
    const REST_MIN_CHARS: usize = 12;
    let trimmed = |place: Range<usize>| {
        let clause = &text[place.clone()];
        let from = place.start + clause.len() - clause.trim_start().len();
        from..from + clause.trim().len()
    };
    let mut out: Vec<Range<usize>> = Vec::new();
    let (mut from, mut length) = (0, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        length += 1;
        let within = changes
            .iter()
            .any(|change| (change.said.start..change.said.end.saturating_sub(c.len_utf8())).contains(&at));
        let end = !within && chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        let sentence = matches!(c, '.' | '!' | '?' | '…') && end;
        // A long pause is one between clauses.
        let pause = c == '…' && end && text[from..at].chars().any(char::is_alphanumeric);
        let breath = matches!(c, ',' | ';' | ':') && end;
        let first = out.is_empty() && length >= FIRST_MIN_CHARS && (sentence || breath);
        let next = !out.is_empty() && length >= MIN_CHARS && sentence;
        // A sentence without end is cut at a breath, or at a word.
        let long = length >= MAX_CHARS && (breath || sentence || c.is_whitespace());
        if first || next || long || pause {
            let to = at + c.len_utf8();
            out.push(trimmed(from..to));
            (from, length) = (to, 0);
        }
    }
    let rest = trimmed(from..text.len());
    match out.last_mut().filter(|_| text[rest.clone()].chars().count() < REST_MIN_CHARS) {
        Some(last) if !rest.is_empty() => last.end = rest.end,
        Some(_) => {}
        None => out.push(rest),
    }
    out.retain(|place| text[place.clone()].chars().any(char::is_alphanumeric));
    out
}

#[cfg(test)]
mod tests;

//! What a text sounds like: figures become words, texts become clauses, values are read back.
use crate::language::Language;

pub mod en;
mod figure;
pub(crate) mod json;
mod money;
mod normal;
mod value;
pub mod vi;
mod word;
pub mod written;

pub use json::{SayAs, Sayer};
pub use normal::normal;
pub use value::{digits, number, value};

/// Normalises a text and cuts it where a speaker breathes: the first clause early (from 20 characters, at any of `, ; : . ! ?`), so
/// that it sounds soon, then sentences of 30 to 300 characters.
pub fn clauses(text: &str, language: Language) -> Vec<String> {
    chunk(&normal(text, language))
}

/// The cutting alone. A mark is a boundary only with the space after it.
pub fn chunk(text: &str) -> Vec<String> {
    const FIRST_MIN_CHARS: usize = 20;
    const MIN_CHARS: usize = 30;
    const MAX_CHARS: usize = 300;
    let mut out: Vec<String> = Vec::new();
    let mut clause = String::new();
    let mut length = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        clause.push(c);
        length += 1;
        let end = chars.peek().is_none_or(|next| next.is_whitespace());
        let sentence = matches!(c, '.' | '!' | '?' | '…') && end;
        let breath = matches!(c, ',' | ';' | ':') && end;
        let cut = if out.is_empty() {
            length >= FIRST_MIN_CHARS && (sentence || breath)
        } else {
            length >= MIN_CHARS && sentence
        };
        // A sentence without end is cut at a breath, or at a word.
        let long = length >= MAX_CHARS && (breath || sentence || c.is_whitespace());
        if cut || long {
            out.push(std::mem::take(&mut clause).trim().to_string());
            length = 0;
        }
    }
    let rest = clause.trim();
    if !rest.is_empty() {
        // A few words at the end belong to the sentence before them.
        match out.last_mut().filter(|_| rest.chars().count() < 12) {
            Some(last) => {
                last.push(' ');
                last.push_str(rest);
            }
            None => out.push(rest.to_string()),
        }
    }
    out.retain(|c| c.chars().any(char::is_alphanumeric));
    out
}

#[cfg(test)]
mod tests;

//! What a text sounds like: figures become words, texts become clauses, values are read back.
use crate::language::Language;

pub(crate) mod captured;
mod characters;
mod code;
mod debt;
mod delivery;
pub mod en;
mod figure;
pub(crate) mod json;
mod leftover;
mod markup;
mod normal;
mod outside;
mod plain;
mod reading;
mod roman;
mod states;
mod value;
pub mod vi;
mod web;
mod word;
pub mod written;

pub use characters::{digits, number, spelled};
pub use delivery::{Delivery, Phonemes};
pub use json::{SayAs, Sayer};
pub use normal::{Spoken, normal};
pub(crate) use outside::unmarked;
pub use value::{checked, date, item, money, value};

use reading::Change;
use std::ops::Range;
use written::Written;

/// A clause of a text.
pub struct SaidClause {
    pub said: String,
    /// As it is read, where that differs.
    pub written: Option<Written>,
    pub delivery: Delivery,
}

/// A text as it is said, cut where a speaker breathes: the first clause early (from 20 characters, at any of `, ; : . ! ?`), so that it
/// sounds soon, then sentences of 30 to 300 characters; and where it is said at another speed. Nothing of it depends on a call.
pub(crate) struct Sentence {
    language: Language,
    clauses: Vec<ReadClause>,
}

/// A clause before the values of a call are known, which may be written another way than they are said.
struct ReadClause {
    said: String,
    /// What is written otherwise in any call.
    changes: Vec<Change>,
    delivery: Delivery,
}

impl Sentence {
    pub fn new(text: &str, language: Language, spoken: &Spoken) -> Self {
        let read = normal::reading(text, language, spoken);
        let mut clauses = Vec::new();
        let bounds: Vec<usize> = read.speeds.iter().map(|(from, _)| *from).chain([read.said.len()]).collect();
        let (mut from, mut speed_percent) = (0, delivery::USUAL_SPEED);
        for (at, to) in bounds.into_iter().enumerate() {
            for place in cut(&read.said[from..to], &read.within(from..to), clauses.is_empty()) {
                let place = from + place.start..from + place.end;
                let chars = |range: &Range<usize>| {
                    let count = |bytes: usize| read.said[place.start..bytes].chars().count();
                    count(range.start)..count(range.end)
                };
                let inside =
                    read.sounds.iter().filter(|(range, _)| place.start <= range.start && range.end <= place.end);
                let phonemes = inside.map(|(range, ipa)| Phonemes { chars: chars(range), ipa: ipa.clone() }).collect();
                clauses.push(ReadClause {
                    said: read.said[place.clone()].to_owned(),
                    changes: read.within(place.clone()),
                    delivery: Delivery { speed_percent, phonemes },
                });
            }
            from = to;
            speed_percent = read.speeds.get(at).map_or(speed_percent, |(_, speed)| *speed);
        }
        Self { language, clauses }
    }

    /// Its clauses; `spellings` are values as they are said and as they are written.
    pub fn clauses(&self, spellings: &[(String, String)]) -> Vec<SaidClause> {
        let clause = |ReadClause { said, changes, delivery }: &ReadClause| SaidClause {
            said: said.clone(),
            written: Written::new(said, changes, spellings, self.language),
            delivery: delivery.clone(),
        };
        self.clauses.iter().map(clause).collect()
    }
}

/// Normalises a text and cuts it into clauses ([`Sentence`]). `spellings` are values as they are said and as they are written.
pub fn clauses(text: &str, language: Language, spoken: &Spoken, spellings: &[(String, String)]) -> Vec<SaidClause> {
    Sentence::new(text, language, spoken).clauses(spellings)
}

/// The cutting alone.
pub fn chunk(text: &str) -> Vec<String> {
    cut(text, &[], true).into_iter().map(|place| text[place].to_owned()).collect()
}

/// Where the clauses of a text are, in bytes. A mark is a boundary only with the space after it, and not within what is written in one
/// ("650-555-0123"). `begins`: nothing was said before it.
fn cut(text: &str, changes: &[Change], begins: bool) -> Vec<Range<usize>> {
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
        let first = begins && out.is_empty() && length >= FIRST_MIN_CHARS && (sentence || breath);
        let next = !(begins && out.is_empty()) && length >= MIN_CHARS && sentence;
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

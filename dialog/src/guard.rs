//! `Guard`: personal data in what is said: where it stands in a text, and the placeholders that stand for it in what is stored and in what
//! others are told ("[phone 1]"), the same one within a call for the same value. Telephone, card and identity numbers and e-mail addresses
//! are found in any text, in figures and in words of both languages; names after the words that lead to them; names and addresses
//! that a slot has taken, wherever they are said again. Numbers that a caller gives in several turns are found in these turns together.
use crate::language::Language;
use crate::value::capture::id::Scheme;
use crate::value::kind::Kind;
use found::{Found, Named};
use pieces::Piece;
use serde_json::Value as Json;
use std::collections::BTreeSet;

mod email;
mod found;
mod names;
mod numbers;
mod pieces;
mod talk;
#[cfg(test)]
mod tests;

/// More digits in a row of what is still being said may be the beginning of a number.
const MOST_SHOWN: usize = 5;

/// A kind of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Personal {
    Phone,
    /// A payment card, by Luhn.
    Card,
    /// A number of a citizen, of a tax payer, or of a bank account.
    Id,
    Email,
    Name,
    Address,
}

impl Personal {
    pub const ALL: [Personal; 6] =
        [Personal::Phone, Personal::Card, Personal::Id, Personal::Email, Personal::Name, Personal::Address];

    /// As files and placeholders have it.
    pub const fn name(self) -> &'static str {
        match self {
            Personal::Phone => "phone",
            Personal::Card => "card",
            Personal::Id => "id",
            Personal::Email => "email",
            Personal::Name => "name",
            Personal::Address => "address",
        }
    }

    /// What a value of this kind is; `None`: nothing personal.
    pub fn of(kind: &Kind) -> Option<Personal> {
        match kind {
            Kind::Phone => Some(Personal::Phone),
            Kind::Email => Some(Personal::Email),
            Kind::Name => Some(Personal::Name),
            Kind::Address(_) => Some(Personal::Address),
            Kind::Id(Scheme::Card) => Some(Personal::Card),
            Kind::Id(Scheme::Isbn) => None,
            Kind::Id(_) => Some(Personal::Id),
            _ => None,
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Personal::Phone | Personal::Card | Personal::Id)
    }
}

/// A value that a placeholder stands for.
#[derive(Clone, PartialEq, Eq)]
struct Known {
    kind: Personal,
    /// Its number among those of its kind, from 1.
    number: usize,
    /// As it is given back.
    value: String,
    /// By what it is known again: digits, an address in small letters, or words without their marks.
    key: String,
}

/// One line of a talk.
#[derive(Clone, Copy)]
pub struct TalkLine<'a> {
    pub by_caller: bool,
    pub text: &'a str,
    /// What kind of personal data it was asked for, and answers.
    pub asked: Option<Personal>,
    /// The slot that was asked for when it was said: answers to two questions make no number together.
    pub slot: Option<usize>,
}

/// Masks what is personal in the texts of one call. It is told what slots take, and remembers what it has masked.
#[derive(Clone)]
pub struct Guard {
    kinds: BTreeSet<Personal>,
    language: Language,
    known: Vec<Known>,
}

impl Guard {
    pub fn new(kinds: impl IntoIterator<Item = Personal>, language: Language) -> Guard {
        Guard { kinds: kinds.into_iter().collect(), language, known: Vec::new() }
    }

    /// Whether it masks anything at all.
    pub fn is_on(&self) -> bool {
        !self.kinds.is_empty()
    }

    pub fn masks(&self, kind: Personal) -> bool {
        self.kinds.contains(&kind)
    }

    /// How many values it knows: where that grows, what was masked before may hold one of them.
    pub fn known(&self) -> usize {
        self.known.len()
    }

    /// A slot has taken this value, as JSON; `written`: as people read it. The placeholder that stands for it.
    pub fn learn(&mut self, kind: Personal, value: &Json) -> Option<String> {
        if !self.masks(kind) {
            return None;
        }
        let text = match value {
            Json::String(text) => text.clone(),
            Json::Number(number) => number.to_string(),
            Json::Object(parts) => {
                // Whoever knows the street knows the place.
                let part = |name: &str| parts.get(name).and_then(Json::as_str).unwrap_or_default();
                for street in
                    [part("street"), part("unit")].into_iter().filter(|part| part.contains(char::is_alphabetic))
                {
                    self.label(kind, street, &found::folded(street));
                }
                let parts: Vec<&str> = parts.values().filter_map(Json::as_str).collect();
                parts.join(", ")
            }
            _ => return None,
        };
        let key = found::key(kind, &text);
        (!key.is_empty()).then(|| self.label(kind, &text, &key))
    }

    /// The text with placeholders in place of what is personal.
    pub fn mask(&mut self, text: &str) -> String {
        let spans = self.spans(text);
        self.replaced(text, &spans)
    }

    /// The text with as many dots in place of the letters and figures of what is personal.
    pub fn blot(&self, text: &str) -> String {
        let spans = self.spans(text);
        if spans.is_empty() {
            return text.to_owned();
        }
        let within = |at: usize| spans.iter().any(|found| found.range.contains(&at));
        let dot = |(at, c): (usize, char)| if within(at) && c.is_alphanumeric() { '•' } else { c };
        text.char_indices().map(dot).collect()
    }

    /// The same for what somebody has said so far: digits that go on count too, and an answer to a question for something personal.
    pub fn blot_partial(&self, text: &str, asked: Option<Personal>) -> String {
        let out = self.blot(text);
        let numbers = self.kinds.iter().any(|kind| kind.is_number());
        let least = if asked.is_some_and(|kind| self.masks(kind)) { 2 } else { MOST_SHOWN };
        let pieces = if numbers { pieces::cut(text) } else { Vec::new() };
        let long = |run: &numbers::Run| run.digits(&pieces, self.language).is_none_or(|digits| digits.len() >= least);
        let ranges: Vec<_> = numbers::runs(&pieces, self.language)
            .iter()
            .filter(|run| long(run))
            .map(|run| run.range(&pieces))
            .collect();
        let within = |at: usize| ranges.iter().any(|range| range.contains(&at));
        // Dots are longer than what they stand for: the place is that in the text.
        let dot =
            |((at, c), shown): ((usize, char), char)| if within(at) && c.is_alphanumeric() { '•' } else { shown };
        text.char_indices().zip(out.chars()).map(dot).collect()
    }

    /// Whether anything in it is personal.
    pub fn finds(&self, text: &str) -> bool {
        !self.spans(text).is_empty()
    }

    /// All texts of a JSON value masked.
    pub fn mask_json(&mut self, value: &mut Json) {
        match value {
            Json::String(text) if self.finds(text) => *text = self.mask(text),
            Json::Array(all) => all.iter_mut().for_each(|value| self.mask_json(value)),
            Json::Object(all) => all.values_mut().for_each(|value| self.mask_json(value)),
            _ => {}
        }
    }

    /// The text with the values in place of their placeholders.
    pub fn restore(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for known in self.known.iter().filter(|_| text.contains('[')) {
            out = out.replace(&known.placeholder(), &known.value);
        }
        out
    }

    /// The values in place of their placeholders in all texts of a JSON value. A text that is nothing but a placeholder may lack its brackets.
    pub fn restore_json(&self, value: &mut Json) {
        match value {
            Json::String(text) => {
                let bare = format!("[{}]", text.trim().trim_matches(['[', ']']));
                let whole = self.known.iter().find(|known| known.placeholder() == bare);
                *text = whole.map_or_else(|| self.restore(text), |known| known.value.clone());
            }
            Json::Array(all) => all.iter_mut().for_each(|value| self.restore_json(value)),
            Json::Object(all) => all.values_mut().for_each(|value| self.restore_json(value)),
            _ => {}
        }
    }

    /// What is personal in a text, by where it begins; none overlaps another.
    fn spans(&self, text: &str) -> Vec<Found> {
        if !self.is_on() || text.is_empty() {
            return Vec::new();
        }
        let pieces = pieces::cut(text);
        let mut all = Vec::new();
        if self.kinds.contains(&Personal::Email) {
            all.extend(email::find(text, &pieces));
        }
        if self.kinds.iter().any(|kind| kind.is_number()) {
            all.extend(numbers::find(&pieces, &self.kinds, self.language));
            all.extend(self.known_numbers(&pieces));
        }
        if self.kinds.contains(&Personal::Name) || self.kinds.contains(&Personal::Address) {
            let words = self.known.iter().filter(|known| !known.kind.is_number() && known.kind != Personal::Email);
            let words = words.map(|known| Named { kind: known.kind, value: &known.value, key: &known.key });
            all.extend(names::find(text, &pieces, words, self.kinds.contains(&Personal::Name)));
        }
        found::apart(all)
    }

    /// Numbers that are known, or begin like one that is.
    fn known_numbers(&self, pieces: &[Piece]) -> Vec<Found> {
        let numbers: Vec<&Known> = self.known.iter().filter(|known| known.kind.is_number()).collect();
        if numbers.is_empty() {
            return Vec::new();
        }
        let mut all = Vec::new();
        for run in numbers::runs(pieces, self.language) {
            let digits = run.digits(pieces, self.language).unwrap_or_default();
            let is_it =
                |known: &&&Known| digits.len() >= 4 && (known.key.starts_with(&digits) || digits.contains(&known.key));
            if let Some(known) = numbers.iter().find(is_it) {
                let (kind, value, key) = (known.kind, known.value.clone(), known.key.clone());
                all.push(Found { range: run.range(pieces), kind, value, key });
            }
        }
        all
    }

    fn replaced(&mut self, text: &str, spans: &[Found]) -> String {
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for Found { range, kind, value, key } in spans {
            out.push_str(&text[at..range.start]);
            let label = self.label(*kind, value, key);
            out.push_str(&label);
            at = range.end;
        }
        out.push_str(&text[at..]);
        out
    }

    /// The placeholder for a value.
    fn label(&mut self, kind: Personal, value: &str, key: &str) -> String {
        if let Some(known) = self.known.iter().find(|known| known.kind == kind && known.key == key) {
            return known.placeholder();
        }
        let number = self.known.iter().filter(|known| known.kind == kind).count() + 1;
        let known = Known { kind, number, value: value.to_owned(), key: key.to_owned() };
        let placeholder = known.placeholder();
        self.known.push(known);
        placeholder
    }
}

/// Values are personal: they stay out of logs.
impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Guard {{ kinds: {:?}, known: {} }}", self.kinds, self.known.len())
    }
}

impl Known {
    fn placeholder(&self) -> String {
        format!("[{} {}]", self.kind.name(), self.number)
    }
}

/// Whether a text in brackets is a placeholder, without its brackets.
pub fn is_placeholder(text: &str) -> bool {
    let is_kind = |name: &str| Personal::ALL.iter().any(|kind| kind.name() == name);
    let is_number =
        |number: &str| !number.is_empty() && number.len() <= 4 && number.bytes().all(|b| b.is_ascii_digit());
    text.split_once(' ').is_some_and(|(name, number)| is_kind(name) && is_number(number))
}

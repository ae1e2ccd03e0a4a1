//! What is personal in a text, and how values are known again.
use super::Personal;
use crate::value::capture::fold;
use std::ops::Range;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub range: Range<usize>,
    pub kind: Personal,
    pub value: String,
    pub key: String,
}

/// A name or an address that is known.
pub(super) struct Named<'a> {
    pub kind: Personal,
    pub value: &'a str,
    pub key: &'a str,
}

/// Of those that overlap the longest is kept.
pub(super) fn apart(mut all: Vec<Found>) -> Vec<Found> {
    all.sort_by_key(|found| (std::cmp::Reverse(found.range.len()), found.range.start));
    let mut out: Vec<Found> = Vec::new();
    for found in all {
        let overlaps = |other: &Found| found.range.start < other.range.end && other.range.start < found.range.end;
        if !out.iter().any(overlaps) {
            out.push(found);
        }
    }
    out.sort_by_key(|found| found.range.start);
    out
}

/// By what a value of this kind is known again.
pub(super) fn key(kind: Personal, value: &str) -> String {
    match kind {
        Personal::Phone => phone(&value.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>()),
        Personal::Card | Personal::Id => {
            value.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
        }
        Personal::Email => value.trim().to_lowercase(),
        Personal::Name | Personal::Address => folded(value),
    }
}

/// A telephone number of Vietnam is the same with its country code and without.
pub(super) fn phone(digits: &str) -> String {
    match digits.strip_prefix("0084").or_else(|| digits.strip_prefix("84")) {
        Some(rest) if rest.len() == 9 || rest.len() == 10 => format!("0{rest}"),
        _ => digits.to_owned(),
    }
}

/// Words without their marks, in small letters, one space between them.
pub(super) fn folded(text: &str) -> String {
    let words: Vec<String> =
        super::pieces::cut(text).into_iter().filter(|piece| piece.is_word()).map(|piece| fold(&piece.word)).collect();
    words.join(" ")
}

//! `WordArc`: what networks of words are made of.

/// A step from one place to another, by a word or without one.
#[derive(Clone, Debug, PartialEq)]
pub struct WordArc {
    pub from: usize,
    pub to: usize,
    pub word: Option<String>,
    pub weight: f64,
}

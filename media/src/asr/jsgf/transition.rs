//! `Transition`: what an automaton over words consists of, and the network that a decoder searches.

/// From one state to another, by a word or without one.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    pub from: usize,
    pub to: usize,
    pub word: Option<String>,
    pub weight: f64,
}

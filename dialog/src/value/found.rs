//! `Found`: a value at the start of some words.
use super::kind::Value;

/// Whether a value can still grow when the caller says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Growth {
    /// Nothing usual follows: "half an hour".
    Closed,
    /// Something may follow: "two thirty" (p m).
    Likely,
    /// Something usually follows: "two" for a time, three digits of six.
    Open,
}

/// Whether words can mean only this kind of value ("two p m"), or do so only as an answer to a question for it ("two").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Certain,
    OnlyIfAsked,
}

/// What the words of a value leave open: the value is the likelier reading, and the caller is asked whether it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// "eight": in the morning, or in the evening.
    HalfOfDay,
    /// "five to six": before six o'clock, or from five on. "Monday the fourth", which is a Friday.
    TwoReadings,
    /// Words beside the value that may change it, and were not understood: "near Boston".
    Beside,
}

/// A value found at the start of some words, and how many of them it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub value: Value,
    pub len: usize,
    pub growth: Growth,
    pub reading: Reading,
    pub doubt: Option<Doubt>,
}

impl Found {
    pub(crate) fn new(value: Value, len: usize) -> Found {
        Found { value, len, growth: Growth::Closed, reading: Reading::Certain, doubt: None }
    }

    pub(crate) fn growing(self, growth: Growth) -> Found {
        Found { growth, ..self }
    }

    pub(crate) fn doubtful(self, doubt: Doubt) -> Found {
        Found { doubt: Some(doubt), ..self }
    }

    /// A span of which one end was said anew keeps the other one of the value that is known; where the two do not fit together, that is
    /// asked about.
    pub(crate) fn with_other_end(&self, known: Option<&Value>) -> Found {
        let (Value::Span(said), Some(Value::Span(known))) = (&self.value, known) else { return self.clone() };
        if !said.has_one_end() {
            return self.clone();
        }
        if known.has_one_end() {
            // "Until the twentieth, from the eighteenth": both ends, or the one in place of the other.
            return match known.with_end(said, false) {
                Some(span) if !span.has_one_end() => {
                    Found { value: Value::Span(span), ..self.clone() }.doubtful(Doubt::TwoReadings)
                }
                _ => self.clone(),
            };
        }
        match known.with_end(said, self.doubt == Some(Doubt::HalfOfDay)) {
            Some(span) => Found { value: Value::Span(span), doubt: None, ..self.clone() },
            None => self.clone().doubtful(Doubt::TwoReadings),
        }
    }

    pub(crate) fn only_if_asked(self) -> Found {
        Found { reading: Reading::OnlyIfAsked, ..self }
    }
}

//! Letters and digits one by one, and numbers.
use super::{en, vi};
use crate::language::Language;

/// Digits one by one, in groups.
pub fn digits(text: &str, language: Language) -> String {
    match language {
        Language::En => en::digits(text),
        Language::Vi => vi::digits(text),
    }
}

/// Letters and digits one by one, with a pause where they change.
pub fn spelled(text: &str, language: Language) -> String {
    match language {
        Language::En => en::spelled(text),
        Language::Vi => vi::spelled(text),
    }
}

/// A whole number in words.
pub fn number(n: i64, language: Language) -> String {
    match language {
        Language::En => en::number(n),
        Language::Vi => vi::number(n),
    }
}

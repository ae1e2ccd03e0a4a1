//! Normalisation: figures, signs and abbreviations become words.
use super::{en, vi};
use crate::language::Language;
use unicode_normalization::UnicodeNormalization;

/// A text as a synthesiser should get it: no figure, sign or abbreviation left.
pub fn normal(text: &str, language: Language) -> String {
    let text: String = text.nfc().collect();
    match language {
        Language::En => en::normal(&text),
        Language::Vi => vi::normal(&text),
    }
}

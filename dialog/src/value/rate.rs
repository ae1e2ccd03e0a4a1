//! Words behind an amount that make it a rate: "twenty dollars a head", "hai trăm ngàn một người". What is paid in all is not said.
use super::words::{begin_with, word};
use crate::language::Language;

/// What an amount may be for one of.
const EN: &[&str] = &[
    "head", "person", "night", "day", "hour", "week", "month", "year", "piece", "ticket", "seat", "room", "guest",
    "kid", "child", "adult", "table", "time", "couple", "plate", "unit", "minute",
];
const VI: &[&str] = &[
    "người", "đêm", "ngày", "giờ", "tiếng", "tuần", "tháng", "năm", "suất", "vé", "phòng", "đứa", "đầu", "khách",
    "chỗ", "ghế", "bàn", "cái", "phần", "lần", "bé", "cháu", "em", "bạn", "phút",
];

/// Whether the words at the start are "one" of what an amount may be paid for: in "hai trăm ngàn một người" it is no part of the number.
pub(super) fn is_one_of(words: &[String]) -> bool {
    word(words, 0) == "một" && VI.contains(&word(words, 1))
}

/// How many words at the start make a rate of the amount before them.
pub(super) fn rate(words: &[String], language: Language) -> Option<usize> {
    let (first, second) = (word(words, 0), word(words, 1));
    match language {
        Language::En if matches!(first, "each" | "apiece") => Some(1),
        Language::En if first == "per" && !second.is_empty() => Some(2),
        Language::En => (matches!(first, "a" | "an" | "every") && EN.contains(&second)).then_some(2),
        Language::Vi if begin_with(words, "một đầu người") || begin_with(words, "mỗi đầu người") => {
            Some(3)
        }
        Language::Vi => (matches!(first, "một" | "mỗi" | "trên") && VI.contains(&second)).then_some(2),
    }
}

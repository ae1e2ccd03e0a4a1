//! Roman numerals, where the words around them make them numerals.
use super::number::{number, ordinal};
use crate::say::reading::{Place, Reading};
use crate::say::roman::roman;

/// What is counted by them, by the last word of its name: "thế kỷ XXI".
const COUNTED: [&str; 27] = [
    "kỷ", "kỉ", "chương", "phần", "tập", "quyển", "mục", "điều", "khóa", "khoá", "kỳ", "kì", "lần", "thứ", "đoạn",
    "hạng", "loại", "cấp", "hội", "quý", "nghị", "chiến", "bậc", "đợt", "vòng", "lớp", "nhóm",
];

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let before = place.joined_before()?;
    let counted = COUNTED.contains(&before.lower.as_str());
    if let Some((from, to)) = core.split_once(['-', '–']).filter(|_| counted) {
        return Some(Reading::new(1, format!("{} đến {}", number(roman(from)?), number(roman(to)?))));
    }
    // "C" alone is a letter.
    let n = roman(core).filter(|_| core.len() > 1 || matches!(core, "I" | "V" | "X"))?;
    if counted {
        let said = if before.lower == "thứ" || (before.lower == "quý" && n == 4) { ordinal(n) } else { number(n) };
        return Some(Reading::new(1, said));
    }
    // "Louis XIV"
    let small = core.len() > 1 && core.chars().all(|c| matches!(c, 'I' | 'V' | 'X'));
    (small && before.is_capital()).then(|| Reading::new(1, number(n)))
}

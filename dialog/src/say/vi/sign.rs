//! Signs that stand alone or before a figure.
use super::code::letters;
use super::number::{amount, digits, number};
use crate::say::leftover::{self, Voice};
use crate::say::reading::{Place, Reading, is_figure, is_separator};
use crate::value::words::all_digits;

const SIGNS: [(&str, &str); 16] = [
    ("&", "và"),
    ("%", "phần trăm"),
    ("@", "a còng"),
    ("+", "cộng"),
    ("=", "bằng"),
    ("<", "nhỏ hơn"),
    (">", "lớn hơn"),
    ("×", "nhân"),
    ("÷", "chia"),
    ("→", "đến"),
    ("#", "thăng"),
    ("*", "sao"),
    ("°", "độ"),
    ("°C", "độ xê"),
    ("m²", "mét vuông"),
    ("~", "khoảng"),
];

/// Signs within words, and those that stand alone less often.
const NAMES: [(char, &str); 45] = [
    ('.', "chấm"),
    ('&', "và"),
    ('@', "a còng"),
    ('%', "phần trăm"),
    ('+', "cộng"),
    ('=', "bằng"),
    ('>', "lớn hơn"),
    ('×', "nhân"),
    ('÷', "chia"),
    ('±', "cộng trừ"),
    ('≈', "khoảng"),
    ('≤', "không quá"),
    ('≥', "từ"),
    ('≠', "khác"),
    ('→', "đến"),
    ('←', "từ"),
    ('↑', "lên"),
    ('↓', "xuống"),
    ('#', "thăng"),
    ('*', "sao"),
    ('/', "xuyệt"),
    ('\\', "gạch chéo ngược"),
    ('_', "gạch dưới"),
    ('^', "mũ"),
    ('~', "đến"),
    ('°', "độ"),
    ('§', "mục"),
    ('¶', "đoạn"),
    ('©', "bản quyền"),
    ('®', "đã đăng ký"),
    ('™', "thương hiệu"),
    ('$', "đô la"),
    ('€', "ơ rô"),
    ('£', "bảng"),
    ('¥', "yên"),
    ('₫', "đồng"),
    ('¢', "xu"),
    ('²', "bình phương"),
    ('³', "lập phương"),
    ('№', "số"),
    ('½', "một phần hai"),
    ('¼', "một phần tư"),
    ('¾', "ba phần tư"),
    ('✓', "đúng"),
    ('✗', "sai"),
];

const VOICE: Voice = Voice { sign, number, digits };

fn sign(sign: char) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == sign).map(|(_, name)| *name)
}

/// What no other reader knows.
pub(super) fn leftover(place: Place<'_>) -> Option<Reading> {
    leftover::reading(place, &VOICE)
}

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if is_separator(core) {
        return Some(Reading::new(1, ""));
    }
    let counted = place.is_behind_figure();
    if matches!(core, "x" | "×") && counted && place.following().is_some_and(is_figure) {
        return Some(Reading::new(1, "nhân"));
    }
    // "Cà phê x2"
    if let Some(times) = core.strip_prefix(['x', '×']).filter(|times| all_digits(times) && times.len() < 3)
        && place.joined_before().is_some_and(|word| !is_figure(word.core))
    {
        return amount(times).map(|said| Reading::new(1, said));
    }
    // "nhóm máu O+"
    if let Some((group, factor)) =
        core.split_at_checked(core.len().saturating_sub(1)).filter(|_| place.before() == "máu")
        && matches!(group, "A" | "B" | "AB" | "O")
        && matches!(factor, "+" | "-")
    {
        let group = letters(group);
        return Some(Reading::new(1, format!("{group} {}", if factor == "+" { "cộng" } else { "trừ" })));
    }
    if let Some((_, said)) = SIGNS.iter().find(|(sign, _)| *sign == core) {
        return Some(Reading::new(1, *said));
    }
    if let Some(n) = core.strip_prefix('#').and_then(amount) {
        return Some(Reading::new(1, format!("số {n}")));
    }
    let stars = core.strip_suffix(['*', '★'])?;
    Some(Reading::new(1, format!("{} sao", number(stars.parse().ok()?))))
}

//! Signs that stand alone or before a figure.
use super::number::{amount, digits, number};
use crate::say::leftover::{self, Voice};
use crate::say::reading::{Place, Reading, is_figure, is_separator};
use crate::value::words::all_digits;

const SIGNS: [(&str, &str); 15] = [
    ("&", "and"),
    ("@", "at"),
    ("%", "percent"),
    ("+", "plus"),
    ("=", "equals"),
    ("<", "less than"),
    (">", "more than"),
    ("×", "times"),
    ("÷", "divided by"),
    ("→", "to"),
    ("#", "hash"),
    ("*", "star"),
    ("©", "copyright"),
    ("°", "degrees"),
    ("~", "about"),
];

/// Signs within words, and those that stand alone less often.
const NAMES: [(char, &str); 45] = [
    ('.', "dot"),
    ('&', "and"),
    ('@', "at"),
    ('%', "percent"),
    ('+', "plus"),
    ('=', "equals"),
    ('>', "more than"),
    ('×', "times"),
    ('÷', "divided by"),
    ('±', "plus or minus"),
    ('≈', "about"),
    ('≤', "at most"),
    ('≥', "at least"),
    ('≠', "is not"),
    ('→', "to"),
    ('←', "from"),
    ('↑', "up"),
    ('↓', "down"),
    ('#', "hash"),
    ('*', "star"),
    ('/', "slash"),
    ('\\', "backslash"),
    ('_', "underscore"),
    ('^', "caret"),
    ('~', "to"),
    ('°', "degrees"),
    ('§', "section"),
    ('¶', "paragraph"),
    ('©', "copyright"),
    ('®', "registered"),
    ('™', "trademark"),
    ('$', "dollars"),
    ('€', "euros"),
    ('£', "pounds"),
    ('¥', "yen"),
    ('₫', "dong"),
    ('¢', "cents"),
    ('²', "squared"),
    ('³', "cubed"),
    ('№', "number"),
    ('½', "one half"),
    ('¼', "one quarter"),
    ('¾', "three quarters"),
    ('✓', "check"),
    ('✗', "cross"),
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
    // "Blood type O+"
    if let Some((group, factor)) =
        core.split_at_checked(core.len().saturating_sub(1)).filter(|_| place.before() == "type")
        && matches!(group, "A" | "B" | "AB" | "O")
        && matches!(factor, "+" | "-")
    {
        let group = if group == "AB" { "A B" } else { group };
        return Some(Reading::new(1, format!("{group} {}", if factor == "+" { "positive" } else { "negative" })));
    }
    // "Latte x2"
    if let Some(times) = core.strip_prefix(['x', '×']).filter(|times| all_digits(times) && times.len() < 3)
        && place.joined_before().is_some_and(|word| !is_figure(word.core))
        && core != "x86"
    {
        return Some(Reading::new(1, format!("times {}", amount(times)?)));
    }
    if is_separator(core) {
        return Some(Reading::new(1, ""));
    }
    // "4 x 3", "4 m x 3 m", "3 x $20"
    let counted = place.is_behind_figure();
    if let Some(next) = place.following().filter(|_| matches!(core, "x" | "×") && counted) {
        let said = if is_figure(next) { "by" } else { "times" };
        return next.contains(|c: char| c.is_ascii_digit()).then(|| Reading::new(1, said));
    }
    if let Some((_, said)) = SIGNS.iter().find(|(sign, _)| *sign == core) {
        return Some(Reading::new(1, *said));
    }
    if let Some(n) = core.strip_prefix('#').and_then(amount) {
        return Some(Reading::new(1, format!("number {n}")));
    }
    if let Some(name) =
        core.strip_prefix(['™', '®']).or_else(|| core.strip_suffix(['™', '®', '©'])).filter(|name| !name.is_empty())
    {
        return Some(Reading::new(1, name));
    }
    let stars = core.strip_suffix(['★', '*'])?;
    Some(Reading::new(1, format!("{} {}", amount(stars)?, if stars == "1" { "star" } else { "stars" })))
}

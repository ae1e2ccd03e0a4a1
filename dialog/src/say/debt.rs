//! Amounts below zero as accounts write them, in brackets.
use super::reading::Place;

/// What is below zero where its amount stands in brackets, by the last word of its name.
const BALANCES: [&str; 18] = [
    "balance",
    "net",
    "change",
    "adjustment",
    "profit",
    "loss",
    "account",
    "available",
    "result",
    "income",
    "cash",
    "dư",
    "nợ",
    "lãi",
    "lỗ",
    "nhuận",
    "khoản",
    "lệch",
];

/// Whether an amount in brackets is one below zero: "Balance: ($20)".
pub(super) fn is_in_debt(place: Place<'_>) -> bool {
    let word = place.word();
    let bracket = word.before.ends_with('(') && word.after.starts_with(')');
    let link = |word: &str| matches!(word, "is" | "was" | "of" | "là");
    let linked = place.back(1).is_some_and(|word| word.after == ":" || link(&word.lower));
    let named = (1..=5).filter_map(|back| place.back(back)).any(|word| BALANCES.contains(&word.lower.as_str()));
    bracket && linked && named
}

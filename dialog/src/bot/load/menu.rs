//! The keys of a menu.
use super::check::{BotFault, Check};
use std::collections::BTreeSet;

/// Gives each entry without a key the next free one of 1–9.
pub(super) fn menu_keys(check: &Check, at: &str, own: Vec<Option<char>>) -> Result<Vec<Option<char>>, BotFault> {
    let mut taken = BTreeSet::new();
    for (i, key) in own.iter().enumerate().filter_map(|(i, k)| k.map(|k| (i, k))) {
        if !key.is_ascii_digit() {
            return check.fault(
                format!("{at}[{i}].key"),
                format!("{key:?} cannot be a menu key"),
                "use 0 to 9; * goes back, # repeats",
            );
        }
        if !taken.insert(key) {
            return check.fault(
                format!("{at}[{i}].key"),
                format!("key {key} is given twice"),
                "give each entry its own key",
            );
        }
    }
    let mut free = ('1'..='9').filter(|k| !taken.contains(k)).collect::<Vec<_>>().into_iter();
    Ok(own.into_iter().map(|key| key.or_else(|| free.next())).collect())
}

//! Figures in a text: amounts, and telephone numbers with their groups.
use super::word::{Word, put};
use crate::value::words::all_digits;

/// "1,250.50" → 1250 and "50"; `thousands` groups three digits, `point` begins the fraction.
pub(super) fn figure(text: &str, thousands: char, point: char) -> Option<(i64, Option<&str>)> {
    let (whole, fraction) = match text.split_once(point) {
        Some((w, f)) if all_digits(f) => (w, Some(f)),
        Some(_) => return None,
        None => (text, None),
    };
    let groups: Vec<&str> = whole.split(thousands).collect();
    let grouped = groups.len() > 1
        && (1..=3).contains(&groups[0].len())
        && groups[0] != "0"
        && groups[1..].iter().all(|g| g.len() == 3);
    if !groups.iter().all(|g| all_digits(g)) || !(groups.len() == 1 || grouped) || whole.len() > 15 {
        return None;
    }
    Some((groups.concat().parse().ok()?, fraction))
}

/// A phone number that begins here: how many words it takes, and its digits in groups.
fn phone(words: &[Word<'_>]) -> Option<(usize, Vec<String>)> {
    let mut groups: Vec<String> = Vec::new();
    let mut used = 0;
    for (i, word) in words.iter().enumerate() {
        let core = word.core.strip_prefix('+').filter(|_| i == 0).unwrap_or(word.core);
        let parts: Vec<&str> = core.split(['-', '.', '(', ')']).filter(|p| !p.is_empty()).collect();
        if parts.is_empty() || !parts.iter().all(|p| all_digits(p)) {
            break;
        }
        groups.extend(parts.iter().map(|p| p.to_string()));
        used = i + 1;
        if word.after.contains([',', '.', ';', '!', '?', ':']) {
            break;
        }
    }
    let first = words.first()?;
    let total: usize = groups.iter().map(String::len).sum();
    let plus = first.core.starts_with('+');
    let bracket = first.before.contains('(') && groups.first().is_some_and(|g| g.len() == 3);
    let zero = groups.first().is_some_and(|g| g.starts_with('0'));
    let dashes = groups.iter().map(String::len).eq([3, 3, 4]);
    // A date or a grouped number is none.
    let dated = used == 1 && groups.len() == 3 && groups[0].len() == 4 && groups[1].len() <= 2;
    let known = (plus && total >= 8) || (bracket && total == 10) || (zero && total >= 9) || dashes;
    if !known || total > 15 || dated || (used == 1 && groups.len() > 1 && groups.iter().any(|g| g.len() < 2)) {
        return None;
    }
    if groups.len() == 1 {
        groups = split_digits(&groups[0]);
    }
    Some((used, groups))
}

/// Says the phone number that begins here, if one does: returns how many words it took. `plus` is how the language says a
/// leading +, `spell` how it says digits one by one.
pub(super) fn put_phone(out: &mut String, words: &[Word<'_>], plus: &str, spell: fn(&str) -> String) -> Option<usize> {
    let (used, groups) = phone(words)?;
    let said: Vec<String> = groups.iter().map(|group| spell(group)).collect();
    let plus = if words[0].core.starts_with('+') { plus } else { "" };
    put(out, "", &format!("{plus}{}", said.join(", ")), words[used - 1].after);
    Some(used)
}

/// Groups a run of digits as people read it: 4-3-3 for ten, three by three otherwise.
pub(super) fn split_digits(digits: &str) -> Vec<String> {
    let sizes: &[usize] = match digits.len() {
        0..=5 => return vec![digits.to_string()],
        6 => &[3, 3],
        7 => &[3, 4],
        8 => &[4, 4],
        9 => &[3, 3, 3],
        10 => &[4, 3, 3],
        11 => &[4, 3, 4],
        _ => &[3, 3, 3, 3],
    };
    let mut out = Vec::new();
    let mut rest = digits;
    for size in sizes {
        let (group, tail) = rest.split_at((*size).min(rest.len()));
        out.push(group.to_string());
        rest = tail;
    }
    if !rest.is_empty() {
        out.push(rest.to_string());
    }
    out
}

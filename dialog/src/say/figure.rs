//! Figures in a text: amounts, and telephone numbers with their groups.
use super::code::groups;
use super::reading::Place;
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

/// A telephone number, a postcode with its four figures, or a card's number: what is always said digit by digit.
pub(super) struct Phone {
    /// How many words it takes.
    pub words: usize,
    pub plus: bool,
    pub groups: Vec<String>,
}

/// The lengths of the groups by which such a number is known: telephone numbers of seven digits, those of a toll-free line, a
/// postcode with its four figures, a number of social security, a card.
const SHAPES: [&[usize]; 7] = [&[3, 4], &[3, 3, 4], &[1, 3, 3, 4], &[5, 4], &[3, 2, 4], &[4, 4, 4, 4], &[4, 6, 5]];
/// Numbers of hot lines, which are written in groups without a dash.
const HOTLINES: [&str; 2] = ["1900", "1800"];

impl Phone {
    /// The number that begins here, if one does.
    pub fn at(place: Place<'_>) -> Option<Self> {
        let mut found: Vec<String> = Vec::new();
        let mut words = 0;
        let first = place.word();
        for ahead in 0..8 {
            let Some(word) = place.ahead(ahead).map(Place::word) else { break };
            let core = word.core.strip_prefix('+').filter(|_| ahead == 0).unwrap_or(word.core);
            let Some(more) = groups(core).filter(|_| ahead == 0 || matches!(word.before, "" | "(")) else { break };
            found.extend(more.iter().map(|group| (*group).to_owned()));
            words = ahead + 1;
            if word.after.contains([',', '.', ';', '!', '?', ':']) {
                break;
            }
        }
        let total: usize = found.iter().map(String::len).sum();
        let lengths: Vec<usize> = found.iter().map(String::len).collect();
        let plus = first.core.starts_with('+');
        let bracket = first.before.contains('(') && lengths.first() == Some(&3);
        let zero = found.first().is_some_and(|g| g.starts_with('0'));
        let hotline =
            (2..=3).contains(&lengths.len()) && HOTLINES.contains(&found[0].as_str()) && (8..=10).contains(&total);
        let shape = SHAPES.contains(&lengths.as_slice());
        // A date or a grouped number is none.
        let dated = words == 1
            && lengths.len() == 3
            && ((lengths[0] == 4 && lengths[1] <= 2) || (lengths[2] == 4 && lengths[0] <= 2));
        // "500-1000 people" and "1.2345" are none.
        let round = lengths == [3, 4] && (found[1].ends_with("00") || (words == 1 && first.core.contains('.')));
        let known =
            (plus && total >= 8) || (bracket && total == 10) || (zero && total >= 9) || hotline || (shape && !round);
        let odd = words == 1 && lengths.len() > 1 && lengths.iter().any(|length| *length < 2) && lengths[0] != 1;
        if !known || total > 16 || dated || odd {
            return None;
        }
        if found.len() == 1 {
            found = split_digits(&found[0]);
        }
        Some(Self { words, plus, groups: found })
    }
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

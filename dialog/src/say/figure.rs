//! Figures in a text: amounts, and telephone numbers with their groups.
use super::code::groups;
use super::reading::Place;
use crate::language::Language;
use crate::value::calendar::date_digits;
use crate::value::words::all_digits;
use jiff::civil::Date;

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

/// Groups of digits one after the other, and after which group each word ends.
struct Groups {
    all: Vec<String>,
    ends: Vec<usize>,
}

impl Groups {
    /// At most so many words ahead, up to the first mark.
    fn at(place: Place<'_>) -> Self {
        let mut found = Self { all: Vec::new(), ends: Vec::new() };
        for ahead in 0..8 {
            let Some(word) = place.ahead(ahead).map(Place::word) else { break };
            let core = word.core.strip_prefix('+').filter(|_| ahead == 0).unwrap_or(word.core);
            let Some(more) = groups(core).filter(|_| ahead == 0 || matches!(word.before, "" | "(")) else { break };
            found.all.extend(more.iter().map(|group| (*group).to_owned()));
            found.ends.push(found.all.len());
            if word.after.contains([',', '.', ';', '!', '?', ':']) {
                break;
            }
        }
        found
    }
}

impl Phone {
    /// The number that begins here, if one does: the longest of them, but for what something behind is counted by ("555-1234 24 hours").
    pub fn at(place: Place<'_>, language: Language) -> Option<Self> {
        let found = Groups::at(place);
        let counts = |words: usize| {
            let last = &found.all[found.ends[words - 1] - 1];
            let alone = words > 1 && found.ends[words - 1] - found.ends[words - 2] == 1;
            let open = place.ahead(words - 1).is_some_and(|place| place.word().after.is_empty());
            let noun = place.next(words).is_some_and(|word| word.core.starts_with(char::is_lowercase));
            alone && last.len() < 3 && open && noun
        };
        let of = |words: usize| Self::of(place, &found.all[..found.ends[words - 1]], words, language);
        let mut all = (1..=found.ends.len()).rev().filter_map(|words| Some((words, of(words)?)));
        let (words, longest) = all.next()?;
        if counts(words)
            && let Some((_, shorter)) = all.next()
        {
            return Some(shorter);
        }
        Some(longest)
    }

    fn of(place: Place<'_>, found: &[String], words: usize, language: Language) -> Option<Self> {
        let first = place.word();
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
        let groups = match found {
            [one] if plus => with_country(one),
            [one] => split_digits(one, language),
            groups => {
                let split = |group: &String| match group.len() {
                    ..=7 => vec![group.clone()],
                    _ => split_digits(group, language),
                };
                groups.iter().flat_map(split).collect()
            }
        };
        Some(Self { words, plus, groups })
    }
}

/// A number behind its plus, its country set apart.
fn with_country(digits: &str) -> Vec<String> {
    let (country, rest) = digits.split_at(if digits.starts_with(['1', '7']) { 1 } else { 2 });
    let mut groups = vec![country.to_owned()];
    if rest.len() == 10 {
        groups.extend([&rest[..3], &rest[3..6], &rest[6..]].map(str::to_owned));
    } else {
        groups.extend(split_digits(rest, Language::Vi));
    }
    groups
}

/// A date in figures with its year: "12/25/2026", "12/5/26", "2026-12-25". Of two figures a year from 50 on is one of the last century.
pub(super) fn dated(core: &str, month_first: bool) -> Option<Date> {
    let parts: Vec<&str> = core.split(['/', '-', '.']).collect();
    let [first, middle, last] = parts.as_slice() else { return None };
    let one_sign = core.chars().filter(|c| !c.is_ascii_digit()).collect::<Vec<_>>();
    let fits =
        one_sign.first() == one_sign.last() && middle.len() <= 2 && (first.len() <= 2 && matches!(last.len(), 2 | 4))
            || (first.len() == 4 && last.len() <= 2);
    let date = date_digits(core, Date::ZERO, month_first).filter(|_| fits)?;
    let old = last.len() == 2 && first.len() <= 2 && date.year() >= 2050;
    if old { Date::new(date.year() - 100, date.month(), date.day()).ok() } else { Some(date) }
}

/// Groups a run of digits as people read it: ten by 3-3-4 or 4-3-3, three by three otherwise.
pub(super) fn split_digits(digits: &str, language: Language) -> Vec<String> {
    // A telephone number of North America begins with none of the two.
    let american = language == Language::En && !digits.starts_with(['0', '1']);
    let sizes: &[usize] = match digits.len() {
        0..=5 => return vec![digits.to_string()],
        10 if american => &[3, 3, 4],
        11 if language == Language::En && digits.starts_with('1') => &[1, 3, 3, 4],
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

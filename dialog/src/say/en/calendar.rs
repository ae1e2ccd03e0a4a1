//! Dates, years and times of day.
use super::number::{number, ordinal, ordinal_figure, year};
use crate::say::figure::dated;
use crate::say::reading::{Mark, Place, Reading, is_dash};
use crate::say::word::Word;
use crate::value::en::{DAYS, MONTHS};
use crate::value::words::all_digits;
use jiff::civil::Date;

pub(super) fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// "December twenty fourth".
pub fn date(date: Date, with_year: bool) -> String {
    let month = capital(MONTHS[date.month() as usize - 1]);
    let day = ordinal(date.day().into());
    if with_year { format!("{month} {day}, {}", year(date.year().into())) } else { format!("{month} {day}") }
}

pub fn near_date(day: Date, today: Date) -> String {
    match day.since(today).map_or(i32::MAX, |s| s.get_days()) {
        0 => "today".into(),
        1 => "tomorrow".into(),
        _ => {
            let name = capital(DAYS[day.weekday().to_monday_zero_offset() as usize]);
            format!("on {name}, {}", date(day, day.year() != today.year()))
        }
    }
}

/// "two thirty p m", "noon", "nine oh five a m".
pub fn time(hour: i64, minute: i64) -> String {
    match (hour, minute) {
        (12, 0) => return "noon".into(),
        (0, 0) => return "midnight".into(),
        _ => {}
    }
    format!("{} {}", hour_and_minute(hour, minute), if hour < 12 { "a m" } else { "p m" })
}

/// A time on the dial: "two thirty", "nine oh five", "two".
pub(super) fn hour_and_minute(hour: i64, minute: i64) -> String {
    let hour = number(if hour % 12 == 0 { 12 } else { hour % 12 });
    match minute {
        0 => hour,
        1..=9 => format!("{hour} oh {}", number(minute)),
        _ => format!("{hour} {}", number(minute)),
    }
}

pub fn duration(minutes: u32) -> String {
    let (h, m) = (i64::from(minutes / 60), i64::from(minutes % 60));
    let hours = |h| if h == 1 { "an hour".to_string() } else { format!("{} hours", number(h)) };
    match (h, m) {
        (0, 30) => "half an hour".into(),
        (0, 1) => "one minute".into(),
        (0, m) => format!("{} minutes", number(m)),
        (h, 0) => hours(h),
        (1, 30) => "an hour and a half".into(),
        (h, 30) => format!("{} and a half hours", number(h)),
        (h, m) => format!("{} and {} minutes", hours(h), number(m)),
    }
}

/// A month by its name or its abbreviation, and whether it is the latter.
fn month(word: &str) -> Option<(&'static str, bool)> {
    let lower = word.to_lowercase();
    let name = MONTHS.iter().find(|name| **name == lower);
    if let Some(name) = name {
        return Some((name, false));
    }
    let short = word.starts_with(char::is_uppercase) && (lower.len() == 3 || lower == "sept");
    MONTHS.iter().find(|name| short && name.starts_with(&lower)).map(|name| (*name, true))
}

/// A day of the week by its name or its abbreviation, and whether it is the latter.
fn weekday(word: &str) -> Option<(&'static str, bool)> {
    let lower = word.to_lowercase();
    if let Some(name) = DAYS.iter().find(|name| **name == lower) {
        return Some((name, false));
    }
    let short = ["mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun"].contains(&lower.as_str());
    DAYS.iter()
        .find(|name| short && word.starts_with(char::is_uppercase) && name.starts_with(&lower))
        .map(|name| (*name, true))
}

/// The day of a month: "24", "24th".
fn day_of_month(core: &str) -> Option<i64> {
    let plain = core.parse().ok().filter(|_| all_digits(core) && core.len() <= 2);
    plain.or_else(|| ordinal_figure(core)).filter(|day| (1..=31).contains(day))
}

fn four_figures(core: &str) -> Option<i64> {
    core.parse().ok().filter(|y| all_digits(core) && core.len() == 4 && (1001..2100).contains(y))
}

/// The year behind a day: "24, 2026", "24 2026".
fn year_behind(place: Place<'_>, words: usize) -> Option<i64> {
    let last = place.ahead(words - 1)?.word();
    let year = place.ahead(words)?.word();
    (matches!(last.after, "" | "," | ".") && year.before.is_empty()).then(|| four_figures(year.core))?
}

/// "Dec. 24th, 2026", "24 Dec 2026", "Dec 24-26", "Dec 2026", "Mon.", "Mon, Dec 24".
pub(super) fn written_date(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if let Some((name, short)) = month(core) {
        let name = capital(name);
        // "In May 20 people came."
        let counted = place.ahead(1).is_some_and(|figure| all_digits(figure.core()) && counts(figure));
        if let Some(days) = place.next(1).filter(|_| !counted).and_then(|word| days(word.core)) {
            return Some(match year_behind(place, 2) {
                Some(y) => Reading::new(3, format!("{name} {days}, {}", year(y))),
                None => Reading::new(2, format!("{name} {days}")),
            });
        }
        if let Some(y) = place.next(1).and_then(|word| four_figures(word.core)) {
            return Some(Reading::new(2, format!("{name} {}", year(y))));
        }
        let dotted = place.word().after.starts_with('.');
        return (short && dotted && core != "Mar" || short && day_of_month(place.before()).is_some())
            .then(|| Reading::abbreviation(1, name, Mark::Both));
    }
    if let Some((name, true)) = weekday(core) {
        let behind = place.ahead(1).map(Place::word);
        let dated = behind
            .is_some_and(|word| month(word.core).is_some() || word.core.starts_with(|c: char| c.is_ascii_digit()));
        let dash = place.next(1).is_some_and(|word| is_dash(word.core))
            || place.back(1).is_some_and(|word| is_dash(word.core));
        let day = |word: Option<&Word<'_>>| word.is_some_and(|word| weekday(word.core).is_some());
        let joins = |word: Option<&Word<'_>>| word.is_some_and(|word| matches!(word.core, "&" | "and" | "or"));
        let listed = joins(place.next(1)) && day(place.next(2)) || joins(place.back(1)) && day(place.back(2));
        let dotted = place.word().after.starts_with('.');
        let sure = dotted && (!matches!(core, "Sun" | "Sat") || listed) || dated || dash;
        return sure.then(|| Reading::abbreviation(1, capital(name), Mark::Both));
    }
    let day = day_of_month(core).filter(|_| place.word().after.is_empty())?;
    let of = usize::from(place.next(1).is_some_and(|word| word.lower == "of"));
    let (name, _) = month(place.next(1 + of).filter(|word| of == 0 || word.is_capital())?.core)?;
    // "in 5 March days" is none; a number alone is followed by a month in capitals.
    let words = 2 + of;
    let the = if place.before() == "the" { "" } else { "the " };
    let said = format!("{the}{} of {}", ordinal(day), capital(name));
    Some(match year_behind(place, words) {
        Some(y) => Reading::new(words + 1, format!("{said}, {}", year(y))),
        None => Reading::new(words, said),
    })
}

/// "24", "24th", "24-26".
fn days(core: &str) -> Option<String> {
    if let Some(day) = day_of_month(core) {
        return Some(ordinal(day));
    }
    let (from, to) = core.split_once(['-', '–'])?;
    Some(format!("{} to {}", ordinal(day_of_month(from)?), ordinal(day_of_month(to)?)))
}

/// Days of the week by their letters.
const LETTERS: [(&str, &str); 9] = [
    ("M", "Monday"),
    ("Tu", "Tuesday"),
    ("W", "Wednesday"),
    ("Th", "Thursday"),
    ("F", "Friday"),
    ("Sa", "Saturday"),
    ("Su", "Sunday"),
    ("Sat", "Saturday"),
    ("Sun", "Sunday"),
];

/// A month and a day: "12/5".
fn short(core: &str) -> Option<Date> {
    let (m, d) = core.split_once('/').filter(|(m, d)| all_digits(m) && all_digits(d))?;
    Date::new(2000, m.parse().ok()?, d.parse().ok()?).ok()
}

/// "Mon-Fri", "Dec 24 - Jan 2", "1939-1945", "2025-26".
pub(super) fn range(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if is_dash(core) {
        let dated = |word: &Word<'_>| month(word.core).is_some() || weekday(word.core).is_some();
        let (before, after) = (place.joined_before().or_else(|| place.back(1))?, place.following()?);
        let ends =
            |word: &Word<'_>| word.core.ends_with(|c: char| c.is_ascii_digit()) || ordinal_figure(word.core).is_some();
        let begins = after.starts_with(|c: char| c.is_ascii_digit());
        let next = place.next(1)?;
        let fits = (ends(before) || dated(before)) && (begins || dated(next)) && !(dated(before) && begins);
        return (fits && before.is_open()).then(|| Reading::new(1, "to"));
    }
    // "Mon/Wed/Fri"
    let listed: Option<Vec<&str>> = core.split('/').map(|day| weekday(day).map(|(name, _)| name)).collect();
    if let Some(days) = listed.filter(|days| days.len() > 1) {
        return Some(Reading::new(1, days.into_iter().map(capital).collect::<Vec<_>>().join(", ")));
    }
    let (from, to) = core.split_once(['-', '–'])?;
    // "1/1/26-12/31/26", "12/1-12/5"
    let day =
        |text: &str| dated(text, true).map(|day| date(day, true)).or_else(|| short(text).map(|day| date(day, false)));
    if let (true, Some(from), Some(to)) = (from.contains('/'), day(from), day(to)) {
        return Some(Reading::new(1, format!("{from} to {to}")));
    }
    // "M-F"
    let letter = |text: &str| LETTERS.iter().find(|(letter, _)| *letter == text).map(|(_, name)| *name);
    if let (Some(from), Some(to)) = (letter(from), letter(to)) {
        return Some(Reading::new(1, format!("{from} to {to}")));
    }
    // "Mon.–Fri."
    let from = from.trim_end_matches('.');
    if let (Some((from, _)), Some((to, _))) = (weekday(from), weekday(to)) {
        return Some(Reading::abbreviation(1, format!("{} to {}", capital(from), capital(to)), Mark::Both));
    }
    if let (Some((from, _)), Some((to, _))) = (month(from), month(to)) {
        let months = format!("{} to {}", capital(from), capital(to));
        return Some(match place.next(1).and_then(|word| four_figures(word.core)) {
            Some(y) => Reading::new(2, format!("{months} {}", year(y))),
            None => Reading::new(1, months),
        });
    }
    let first = four_figures(from)?;
    let second = match to.len() {
        2 if all_digits(to) && first % 100 < to.parse().ok()? => number(to.parse().ok()?),
        _ => year(four_figures(to).filter(|second| *second > first && *second - first < 200)?),
    };
    (first >= 1500).then(|| Reading::new(1, format!("{} to {second}", year(first))))
}

/// Words that lead to a date.
const DATE_LEADS: [&str; 20] = [
    "on",
    "by",
    "until",
    "till",
    "since",
    "before",
    "after",
    "through",
    "due",
    "from",
    "date",
    "dated",
    "born",
    "dob",
    "birth",
    "expires",
    "expiry",
    "exp",
    "valid",
    "effective",
];

/// "12/25/2025", "12/5/26", "2025-12-25", and "12/25" where the words before say that it is a date.
pub(super) fn figures(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let lead = DATE_LEADS.contains(&place.before()) || place.back(1).is_some_and(|word| weekday(word.core).is_some());
    // "12-5-26" and "12.5.26" are codes and versions, too.
    let sure = core.len() >= 8 || core.contains('/') || lead;
    if let Some(day) = dated(core, true).filter(|_| sure) {
        return Some(Reading::new(1, date(day, true)));
    }
    let (m, d) = core.split_once('/').filter(|(m, d)| all_digits(m) && all_digits(d))?;
    let (long, zero) = (d.len() == 4, m.starts_with('0'));
    let (m, d): (i64, i64) = (m.parse().ok()?, d.parse().ok()?);
    // "06/2031", and of a card "expires 09/27".
    let expires = ["expires", "exp", "expiry", "expiration", "expiring", "thru"].contains(&place.before());
    let y = if long { d } else { 2000 + d };
    if (1..=12).contains(&m) && (long && (1900..2100).contains(&d) || (expires && zero && (24..50).contains(&d))) {
        return Some(Reading::new(1, format!("{} {}", capital(MONTHS[m as usize - 1]), year(y))));
    }
    let fits = (1..=12).contains(&m) && (1..=31).contains(&d);
    let closed = place.following().is_none_or(|next| {
        !next.starts_with(char::is_lowercase) || ["at", "to", "and", "or", "until", "from"].contains(&next)
    });
    (fits && ((lead && closed) || d > 12))
        .then(|| Date::new(2000, m as i8, d as i8).ok().map(|day| Reading::new(1, date(day, false))))?
}

/// Words that lead to a year.
const YEAR_LEADS: [&str; 27] = [
    "est",
    "established",
    "vintage",
    "in",
    "since",
    "of",
    "year",
    "until",
    "till",
    "from",
    "by",
    "before",
    "after",
    "during",
    "circa",
    "around",
    "early",
    "late",
    "mid",
    "©",
    "copyright",
    "spring",
    "summer",
    "autumn",
    "fall",
    "winter",
    "founded",
];

/// Whether what is counted follows the figure: "2000 people".
fn counts(figure: Place<'_>) -> bool {
    let verb = |word: &str| matches!(word, "was" | "is" | "has" | "as" | "this" | "does");
    figure.following().is_some_and(|next| {
        next == "people" || (next.ends_with('s') && next.starts_with(char::is_lowercase) && !verb(next))
    })
}

/// A figure that the words around it make a year: "in 1999", "Q3 2026", "from 1939 to 1945".
pub(super) fn year_in_text(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let era = place
        .next(1)
        .map(|word| word.core.replace('.', ""))
        .filter(|next| ["BC", "AD", "BCE", "CE"].contains(&next.as_str()));
    if let Some(y) = core.parse().ok().filter(|y| era.is_some() && all_digits(core) && (1..2100).contains(y)) {
        return Some(Reading::new(1, if y < 1000 { number(y) } else { year(y) }));
    }
    let y = four_figures(core)?;
    let before = place.before();
    let span = ["to", "and", "through", "-", "–"].contains(&before)
        && place.back(2).is_some_and(|word| four_figures(word.core).is_some());
    let quarter = before.len() == 2 && before.starts_with('q') && before.ends_with(|c: char| ('1'..='4').contains(&c));
    let between = before == "between" && place.ahead(2).is_some_and(|then| four_figures(then.core()).is_some());
    let lead = YEAR_LEADS.contains(&before) || MONTHS.contains(&before);
    let counted = counts(place);
    // "a total of 1250" is none.
    let recent = !["of", "by", "from", "after", "before", "until", "till", "around"].contains(&before) || y >= 1800;
    // "Cab Sauv 2019", "Budget 2026."
    let named = place.joined_before().is_some_and(|word| {
        word.is_capital()
            && word.core.chars().count() > 1
            && word.core.chars().all(char::is_alphabetic)
            && !place.before().ends_with("um")
    });
    let named =
        named && (1980..2040).contains(&y) && y % 100 != 0 && place.following().is_none() && place.back(2).is_some();
    (lead && recent && !counted || span || between || quarter || named).then(|| Reading::new(1, year(y)))
}

/// "1990s", "the '90s", "the 2000s", "in his 30s".
pub(super) fn decade(place: Place<'_>) -> Option<Reading> {
    decade_of(place.core()).map(|said| Reading::new(1, said))
}

pub(super) fn decade_of(core: &str) -> Option<String> {
    let digits = core.strip_suffix("'s").or_else(|| core.strip_suffix("’s")).or_else(|| core.strip_suffix('s'))?;
    if let Some(scale) = match digits.replace(',', "").as_str() {
        "100" => Some("hundreds"),
        "1000" if digits.contains(',') => Some("thousands"),
        _ => None,
    } {
        return Some(scale.to_owned());
    }
    let n: i64 = digits.parse().ok().filter(|n| all_digits(digits) && n % 10 == 0)?;
    let said = match digits.len() {
        2 if n >= 20 => number(n),
        4 if (1100..2100).contains(&n) => year(n),
        _ => return None,
    };
    Some(match said.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{said}s"),
    })
}

//! English words to values.
use super::*;

pub(crate) const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
pub(crate) const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
pub(crate) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
pub(crate) const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
pub(crate) const ORDINALS: [&str; 20] = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];

fn one(word: &str) -> Option<i64> {
    ONES.iter().position(|w| *w == word).map(|i| i as i64)
}

fn ten(word: &str) -> Option<i64> {
    TENS.iter().position(|w| *w == word).map(|i| (i as i64 + 2) * 10)
}

/// A number of 0–99 in words or figures.
fn small(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    if let Some(n) = one(first) {
        return Some((n, 1));
    }
    if let Some(n) = ten(first) {
        return Some(match one(word(words, 1)) {
            Some(u @ 1..=9) => (n + u, 2),
            _ => (n, 1),
        });
    }
    (all_digits(first) && first.len() <= 2).then(|| first.parse().ok().map(|n| (n, 1)))?
}

/// A whole number: "two", "a hundred and five", "12", "two thousand".
pub fn number(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    if all_digits(first) {
        return (first.len() <= 12).then(|| first.parse().ok().map(|n| (n, 1)))?;
    }
    let (mut total, mut len) = (0, 0);
    let mut current: Option<i64> = None;
    if (first == "a" || first == "one") && matches!(word(words, 1), "hundred" | "thousand") {
        current = Some(1);
        len = 1;
    } else if let Some((n, l)) = small(words) {
        current = Some(n);
        len = l;
    }
    loop {
        match (word(words, len), current) {
            ("hundred", Some(n @ 1..=99)) => {
                len += 1;
                let skip = usize::from(word(words, len) == "and");
                match small(words.get(len + skip..).unwrap_or_default()) {
                    Some((rest, l)) => {
                        current = Some(n * 100 + rest);
                        len += skip + l;
                    }
                    None => current = Some(n * 100),
                }
            }
            (scale @ ("thousand" | "million"), Some(n)) if n > 0 => {
                len += 1;
                total += n.checked_mul(if scale == "thousand" { 1_000 } else { 1_000_000 })?;
                let skip = usize::from(word(words, len) == "and");
                current = small(words.get(len + skip..).unwrap_or_default()).map(|(rest, l)| {
                    len += skip + l;
                    rest
                });
            }
            _ => break,
        }
    }
    (len > 0).then(|| (total + current.unwrap_or(0), len))
}

/// "a person", "an adult": one of what is counted.
pub(crate) fn article(words: &[String], unit: &[String]) -> Option<(i64, usize)> {
    let counted = unit.iter().any(|u| starts(words.get(1..).unwrap_or_default(), &tokens(u, Language::En)));
    (matches!(word(words, 0), "a" | "an") && counted).then_some((1, 1))
}

/// A string of digits: "four oh two", "double five", "48 21".
pub fn digits(words: &[String]) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut len = 0;
    while len < words.len() {
        let w = word(words, len);
        let single = |w: &str| match w {
            "oh" | "o" => Some(0),
            w => one(w).filter(|n| *n < 10),
        };
        if let Some(n) = single(w) {
            out.push_str(&n.to_string());
            len += 1;
        } else if let (Some(times), Some(n)) = (
            match w {
                "double" => Some(2),
                "triple" => Some(3),
                _ => None,
            },
            single(word(words, len + 1)),
        ) {
            out.push_str(&n.to_string().repeat(times));
            len += 2;
        } else if let Some((n, l)) = small(&words[len..]).filter(|(n, _)| *n >= 10 && !all_digits(w)) {
            out.push_str(&n.to_string());
            len += l;
        } else if w.split(['-', '.']).all(all_digits) {
            out.extend(w.chars().filter(char::is_ascii_digit));
            len += 1;
        } else {
            break;
        }
        if out.len() > 64 {
            return None;
        }
    }
    (len > 0).then_some((out, len))
}

/// "first", "24th", "twenty fourth": 1–31.
fn ordinal(words: &[String]) -> Option<(i64, usize)> {
    let w = word(words, 0);
    let plain = |w: &str| ORDINALS.iter().position(|o| *o == w).map(|i| i as i64).filter(|n| *n > 0);
    let figure = ["st", "nd", "rd", "th"].iter().find_map(|s| w.strip_suffix(s)).filter(|d| all_digits(d));
    let (n, len) = if let Some(n) = plain(w) {
        (n, 1)
    } else if let Some(n) = figure.and_then(|d| d.parse().ok()) {
        (n, 1)
    } else if w == "twentieth" {
        (20, 1)
    } else if w == "thirtieth" {
        (30, 1)
    } else {
        let rest = plain(word(words, 1)).filter(|n| *n < 10)?;
        (ten(w)? + rest, 2)
    };
    (1..=31).contains(&n).then_some((n, len))
}

fn day_number(words: &[String]) -> Option<(i64, usize)> {
    ordinal(words).or_else(|| small(words)).filter(|(n, _)| (1..=31).contains(n))
}

fn year(words: &[String]) -> Option<(i64, usize)> {
    let w = word(words, 0);
    if all_digits(w) && w.len() == 4 {
        return w.parse().ok().map(|y| (y, 1));
    }
    if w == "two" && word(words, 1) == "thousand" {
        return number(words).filter(|(n, _)| (2000..2100).contains(n));
    }
    let (a, l) = small(words).filter(|(n, _)| *n == 20)?;
    let (b, m) = small(words.get(l..).unwrap_or_default()).filter(|(n, _)| *n >= 10)?;
    Some((a * 100 + b, l + m))
}

pub fn date(words: &[String], today: Date) -> Option<Found> {
    let is = |phrase: &str| phrase.split(' ').enumerate().all(|(i, w)| word(words, i) == w);
    let found = |date: Option<Date>, len| date.map(|d| Found::new(Value::Date(d), len));
    for (phrase, days) in
        [("the day after tomorrow", 2), ("day after tomorrow", 2), ("tomorrow", 1), ("today", 0), ("tonight", 0)]
    {
        if is(phrase) {
            return found(days_ahead(today, days), phrase.split(' ').count());
        }
    }
    let day = |i: usize| DAYS.iter().position(|d| *d == word(words, i)).map(|d| d as i8);
    let named = |d: i8| Weekday::from_monday_zero_offset(d).ok();
    let (skip, week) = match word(words, 0) {
        "next" => (1, 1),
        "this" | "coming" => (1, 0),
        _ => (0, 0),
    };
    if let Some(d) = day(skip).and_then(named) {
        // "monday the fourth of december" says it twice: the later part decides.
        let rest = words.get(skip + 1..).unwrap_or_default();
        if let Some(exact) = month_day(rest, today) {
            return Some(Found { len: exact.len + skip + 1, ..exact });
        }
        return found(weekday(today, d, week), skip + 1);
    }
    if word(words, skip) == "weekend" && skip == 1 {
        return found(weekday(today, Weekday::Saturday, week), 2);
    }
    if word(words, 0) == "in"
        && let Some((n, len)) =
            number(&words[1..]).or_else(|| (word(words, 1) == "a").then_some((1, 1))).filter(|(n, _)| *n <= 365)
    {
        match word(words, 1 + len) {
            "day" | "days" => return found(days_ahead(today, n), len + 2),
            "week" | "weeks" => return found(days_ahead(today, n * 7), len + 2),
            _ => {}
        }
    }
    if let Some(date) = date_digits(word(words, 0), today, true) {
        return found(Some(date), 1);
    }
    month_day(words, today).or_else(|| {
        let skip = usize::from(word(words, 0) == "the");
        let (n, len) = ordinal(words.get(skip..).unwrap_or_default())?;
        let date = coming_day(today, n)?;
        Some(Found::new(Value::Date(date), skip + len).growing(Growth::Likely).bare())
    })
}

/// "december 24th", "the twenty fourth of december", "24 december 2026".
fn month_day(words: &[String], today: Date) -> Option<Found> {
    let month = |i: usize| MONTHS.iter().position(|m| *m == word(words, i)).map(|m| m as i64 + 1);
    let skip = usize::from(word(words, 0) == "the");
    let (m, d, mut len, growth) = if let Some(m) = month(0) {
        let skip = 1 + usize::from(word(words, 1) == "the");
        let rest = words.get(skip..).unwrap_or_default();
        let (d, len) = day_number(rest)?;
        // "december twenty" may go on: "fourth".
        let open = matches!(word(rest, 0), "twenty" | "thirty") && len == 1;
        (m, d, skip + len, if open { Growth::Likely } else { Growth::Closed })
    } else {
        let (d, len) = day_number(words.get(skip..).unwrap_or_default())?;
        let of = skip + len + usize::from(word(words, skip + len) == "of");
        (month(of)?, d, of + 1, Growth::Closed)
    };
    let year = year(words.get(len..).unwrap_or_default());
    len += year.map_or(0, |(_, l)| l);
    let date = coming(today, m, d, year.map(|(y, _)| y))?;
    Some(Found::new(Value::Date(date), len).growing(growth))
}

/// The half of the day that follows an hour: 0 before noon, 12 after it, and the words it takes.
fn half_of_day(words: &[String]) -> Option<(bool, usize)> {
    let is = |phrase: &str| phrase.split(' ').enumerate().all(|(i, w)| word(words, i) == w);
    for (phrase, after_noon) in [
        ("am", false),
        ("pm", true),
        ("in the morning", false),
        ("in the afternoon", true),
        ("in the evening", true),
        ("at night", true),
        ("tonight", true),
    ] {
        if is(phrase) {
            return Some((after_noon, phrase.split(' ').count()));
        }
    }
    None
}

pub fn time(words: &[String]) -> Option<Found> {
    match word(words, 0) {
        "noon" | "midday" => return Some(Found::new(Value::Time(clock(12, 0)?), 1)),
        "midnight" => return Some(Found::new(Value::Time(clock(0, 0)?), 1)),
        _ => {}
    }
    let (hour, minute, len, mut growth, plain) = spoken_clock(words)?;
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    let rest = words.get(len..).unwrap_or_default();
    let (hour, len, plain) = match half_of_day(rest) {
        Some((_, _)) if hour == 0 || hour > 12 => (hour, len, plain),
        Some((after_noon, l)) => {
            growth = Growth::Closed;
            (hour % 12 + if after_noon { 12 } else { 0 }, len + l, true)
        }
        None => {
            if hour > 12 || hour == 0 {
                growth = Growth::Closed;
            }
            (usual_hour(hour), len, plain)
        }
    };
    let found = Found::new(Value::Time(clock(hour, minute)?), len).growing(growth);
    Some(if plain { found } else { found.bare() })
}

/// Hour, minute, words used, growth and whether it can only be a time of day.
fn spoken_clock(words: &[String]) -> Option<(i64, i64, usize, Growth, bool)> {
    let rest = |i: usize| words.get(i..).unwrap_or_default();
    if word(words, 0) == "half" && word(words, 1) == "past" {
        let (h, l) = small(rest(2)).filter(|(h, _)| (1..=12).contains(h))?;
        return Some((h, 30, l + 2, Growth::Likely, true));
    }
    let skip = usize::from(word(words, 0) == "a");
    let (minutes, used) = if word(words, skip) == "quarter" {
        (15, skip + 1)
    } else {
        let (m, l) = small(words).unwrap_or((0, 0));
        (m, l + usize::from(l > 0 && matches!(word(words, l), "minute" | "minutes")))
    };
    if (1..60).contains(&minutes)
        && matches!(word(words, used), "past" | "after" | "to" | "before")
        && let Some((h, l)) = small(rest(used + 1)).filter(|(h, _)| (1..=12).contains(h))
    {
        let to = matches!(word(words, used), "to" | "before");
        let (h, m) = if to { (if h == 1 { 12 } else { h - 1 }, 60 - minutes) } else { (h, minutes) };
        return Some((h, m, used + 1 + l, Growth::Likely, true));
    }
    if let Some((h, m)) = clock_digits(word(words, 0)) {
        return Some((h, m, 1, Growth::Likely, true));
    }
    let (hour, len) = small(words)?;
    if matches!(word(words, len), "o'clock" | "oclock") {
        return Some((hour, 0, len + 1, Growth::Likely, true));
    }
    // "two oh five"
    if matches!(word(words, len), "oh" | "o")
        && let Some(m @ 1..=9) = one(word(words, len + 1))
    {
        return Some((hour, m, len + 2, Growth::Likely, true));
    }
    if let Some((m, l)) = small(rest(len)).filter(|(m, _)| (10..60).contains(m)) {
        // "two twenty" may go on: "five".
        return Some((hour, m, len + l, Growth::Likely, true));
    }
    Some((hour, 0, len, Growth::Open, false))
}

pub fn duration(words: &[String]) -> Option<Found> {
    let is = |phrase: &str| phrase.split(' ').enumerate().all(|(i, w)| word(words, i) == w);
    for (phrase, minutes) in [
        ("a quarter of an hour", 15),
        ("quarter of an hour", 15),
        ("three quarters of an hour", 45),
        ("half an hour", 30),
        ("a half an hour", 30),
        ("a half hour", 30),
        ("half hour", 30),
        ("one and a half hours", 90),
        ("an hour and a half", 90),
        ("an hour and a quarter", 75),
        ("one hour and a half", 90),
    ] {
        if is(phrase) {
            return Some(Found::new(Value::Minutes(minutes), phrase.split(' ').count()));
        }
    }
    // "1.5 hours"
    if let Some((whole, "5")) = word(words, 0).split_once('.')
        && matches!(word(words, 1), "hour" | "hours")
        && let Ok(h) = whole.parse::<u32>()
        && h < 24
    {
        return Some(Found::new(Value::Minutes(h * 60 + 30), 2));
    }
    let (n, len) =
        if word(words, 0) == "an" { (1, 1) } else { number(words).filter(|(n, _)| (1..=1440).contains(n))? };
    let n = u32::try_from(n).ok()?;
    match word(words, len) {
        "minute" | "minutes" => Some(Found::new(Value::Minutes(n), len + 1)),
        "hour" | "hours" if n <= 24 => {
            let and = len + 1 + usize::from(word(words, len + 1) == "and");
            let rest = words.get(and..).unwrap_or_default();
            if word(rest, 0) == "a" && word(rest, 1) == "half" {
                return Some(Found::new(Value::Minutes(n * 60 + 30), and + 2));
            }
            if let Some((m, l)) = number(rest).filter(|(m, _)| (1..60).contains(m))
                && matches!(word(rest, l), "minute" | "minutes")
            {
                return Some(Found::new(Value::Minutes(n * 60 + m as u32), and + l + 1));
            }
            Some(Found::new(Value::Minutes(n * 60), len + 1).growing(Growth::Likely))
        }
        "and" if is(&format!("{} and a half hours", word(words, 0))) && n <= 24 => {
            Some(Found::new(Value::Minutes(n * 60 + 30), 5))
        }
        _ if word(words, 0) == "an" => None,
        // Nobody means ten hours by "ten", nor two minutes by "two".
        _ if n >= 10 => Some(Found::new(Value::Minutes(n), len).growing(Growth::Open).bare()),
        _ => Some(Found::new(Value::Minutes(n * 60), len).growing(Growth::Open).bare()),
    }
}

/// "yes", "that's right", "no, wrong". A no anywhere near the start wins over a yes ("no that's not right").
pub fn yes_no(words: &[String]) -> Option<(bool, usize)> {
    const LEAD: [&str; 8] = ["that", "that's", "that'd", "it", "it's", "is", "um", "uh"];
    const NO: [&str; 9] = ["no", "nope", "nah", "not", "wrong", "incorrect", "never", "don't", "isn't"];
    const YES: [&str; 14] = [
        "yes",
        "yeah",
        "yep",
        "yup",
        "sure",
        "right",
        "correct",
        "ok",
        "okay",
        "exactly",
        "absolutely",
        "certainly",
        "perfect",
        "definitely",
    ];
    let mut len = 0;
    while LEAD.contains(&word(words, len)) {
        len += 1;
    }
    let first = word(words, len);
    let yes = YES.contains(&first);
    if !yes && !NO.contains(&first) {
        return None;
    }
    len += 1;
    // "no that's not right", "yes that is correct", "not right"
    while LEAD.contains(&word(words, len))
        || (yes && YES.contains(&word(words, len)))
        || (!yes && (NO.contains(&word(words, len)) || YES.contains(&word(words, len))))
    {
        len += 1;
    }
    Some((yes, len))
}

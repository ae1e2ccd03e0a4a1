//! English, as it is said.
use super::figure::{figure, put_phone, split_digits};
use super::word::{Word, put, words};
use crate::value::calendar::{clock_digits, date_digits};
use crate::value::en::{DAYS, MONTHS, ONES, ORDINALS, TENS};
use crate::value::words::all_digits;
use jiff::civil::Date;

/// A whole number in words: "twelve hundred" is never said, "one thousand two hundred" is.
pub fn number(n: i64) -> String {
    if n < 0 {
        return format!("minus {}", number(n.saturating_neg()));
    }
    for (scale, name) in
        [(1_000_000_000_000, "trillion"), (1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand")]
    {
        if n >= scale {
            let (head, rest) = (number(n / scale), n % scale);
            return match rest {
                0 => format!("{head} {name}"),
                1..=99 => format!("{head} {name} and {}", number(rest)),
                _ => format!("{head} {name} {}", number(rest)),
            };
        }
    }
    match n {
        0..=19 => ONES[n as usize].into(),
        20..=99 if n % 10 == 0 => TENS[n as usize / 10 - 2].into(),
        20..=99 => format!("{} {}", TENS[n as usize / 10 - 2], ONES[n as usize % 10]),
        _ if n % 100 == 0 => format!("{} hundred", ONES[n as usize / 100]),
        _ => format!("{} hundred and {}", ONES[n as usize / 100], number(n % 100)),
    }
}

pub fn ordinal(n: i64) -> String {
    match n {
        1..=19 => ORDINALS[n as usize].into(),
        20..=99 if n % 10 == 0 => TENS[n as usize / 10 - 2].replace('y', "ieth"),
        21..=99 => format!("{} {}", TENS[n as usize / 10 - 2], ORDINALS[n as usize % 10]),
        _ if n % 100 == 0 => format!("{}th", number(n)),
        _ => format!("{} and {}", number(n - n % 100), ordinal(n % 100)),
    }
}

/// Digits one by one; a comma where a reader breathes.
pub fn digits(text: &str) -> String {
    let one = |c: char| c.to_digit(10).map(|d| ONES[d as usize]);
    let group = |g: &String| g.chars().filter_map(one).collect::<Vec<_>>().join(" ");
    split_digits(text).iter().map(group).collect::<Vec<_>>().join(", ")
}

/// "nineteen ninety nine", "two thousand and five", "twenty twenty six".
pub fn year(y: i64) -> String {
    match (y / 100, y % 100) {
        (20, 0..=9) | (10, 0..=9) => number(y),
        (h, 0) => format!("{} hundred", number(h)),
        (h, r @ 1..=9) => format!("{} oh {}", number(h), number(r)),
        (h, r) => format!("{} {}", number(h), number(r)),
    }
}

fn capital(word: &str) -> String {
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
    let half = if hour < 12 { "a m" } else { "p m" };
    let hour = number(if hour % 12 == 0 { 12 } else { hour % 12 });
    match minute {
        0 => format!("{hour} {half}"),
        1..=9 => format!("{hour} oh {} {half}", number(minute)),
        _ => format!("{hour} {} {half}", number(minute)),
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

fn spell(fraction: &str) -> String {
    fraction.chars().filter_map(|c| c.to_digit(10).map(|d| ONES[d as usize])).collect::<Vec<_>>().join(" ")
}

/// A figure with its fraction: "three point one four".
fn amount(text: &str) -> Option<String> {
    let (whole, fraction) = figure(text, ',', '.')?;
    if text.len() > 1 && text.starts_with('0') && fraction.is_none() {
        return Some(spell(text));
    }
    Some(match fraction {
        Some(f) => format!("{} point {}", number(whole), spell(f)),
        None => number(whole),
    })
}

fn money(text: &str) -> Option<String> {
    let (sign, rest) = [("-", "minus "), ("", "")].iter().find_map(|(s, w)| text.strip_prefix(s).map(|r| (*w, r)))?;
    let (one, many, cent, rest) = [
        ("US$", "dollar", "dollars", "cent"),
        ("$", "dollar", "dollars", "cent"),
        ("€", "euro", "euros", "cent"),
        ("£", "pound", "pounds", "penny"),
        ("¥", "yen", "yen", "sen"),
    ]
    .iter()
    .find_map(|(s, one, many, cent)| rest.strip_prefix(s).map(|r| (*one, *many, *cent, r)))?;
    for (suffix, scale) in [("k", "thousand"), ("K", "thousand"), ("m", "million"), ("M", "million"), ("bn", "billion")]
    {
        if let Some(n) = rest.strip_suffix(suffix).and_then(amount) {
            return Some(format!("{sign}{n} {scale} {many}"));
        }
    }
    let (whole, fraction) = figure(rest, ',', '.')?;
    let unit = if whole == 1 { one } else { many };
    let cents: Option<i64> = fraction.filter(|f| f.len() == 2).and_then(|f| f.parse().ok());
    Some(match (whole, fraction, cents) {
        (_, Some(f), None) => format!("{sign}{} point {} {many}", number(whole), spell(f)),
        (0, _, Some(c)) if c > 0 => format!("{sign}{}", coins(c, cent)),
        (_, _, Some(c)) if c > 0 => format!("{sign}{} {unit} and {}", number(whole), coins(c, cent)),
        _ => format!("{sign}{} {unit}", number(whole)),
    })
}

fn coins(n: i64, cent: &str) -> String {
    let many = if cent == "penny" { "pence".to_string() } else { format!("{cent}s") };
    format!("{} {}", number(n), if n == 1 { cent } else { &many })
}

fn abbreviation(word: &str, after: &str) -> Option<&'static str> {
    let dotted = after.starts_with('.');
    Some(match word {
        "Mr" => "Mister",
        "Mrs" => "Missus",
        "Ms" => "Miz",
        "Dr" => "Doctor",
        "Prof" if dotted => "Professor",
        "St" if dotted => "Street",
        "Ave" if dotted => "Avenue",
        "Rd" if dotted => "Road",
        "Blvd" => "Boulevard",
        "e.g" | "eg" => "for example",
        "i.e" | "ie" => "that is",
        "etc" => "and so on",
        "vs" => "versus",
        "approx" if dotted => "approximately",
        "min" if dotted => "minutes",
        "hrs" => "hours",
        // "am" alone is a verb; after a figure it is read with it.
        "a.m" | "A.M" => "a m",
        "p.m" | "pm" | "PM" | "P.M" => "p m",
        "&" => "and",
        "@" => "at",
        "%" => "percent",
        "+" => "plus",
        "=" => "equals",
        "-" | "–" | "—" => "",
        "24/7" => "twenty four seven",
        "1/2" => "one half",
        "1/4" => "one quarter",
        "3/4" => "three quarters",
        "Wi-Fi" => "wifi",
        _ => return None,
    })
}

fn unit(suffix: &str, n: i64) -> Option<&'static str> {
    Some(match (suffix, n == 1) {
        ("km", true) => "kilometer",
        ("km", false) => "kilometers",
        ("m", true) => "meter",
        ("m", false) => "meters",
        ("cm", _) => "centimeters",
        ("mm", _) => "millimeters",
        ("kg", true) => "kilogram",
        ("kg", false) => "kilograms",
        ("g", _) => "grams",
        ("h", true) => "hour",
        ("h", false) => "hours",
        ("min", true) => "minute",
        ("min", false) => "minutes",
        ("s", _) => "seconds",
        ("ms", _) => "milliseconds",
        ("GB", _) => "gigabytes",
        ("MB", _) => "megabytes",
        ("mph", _) => "miles per hour",
        ("km/h", _) => "kilometers per hour",
        ("°C", _) | ("°", _) => "degrees",
        ("°F", _) => "degrees Fahrenheit",
        _ => return None,
    })
}

/// One word with a figure in it.
fn figure_word(core: &str) -> Option<String> {
    if let Some(said) = money(core) {
        return Some(said);
    }
    if let Some(n) = core.strip_prefix('#').and_then(amount) {
        return Some(format!("number {n}"));
    }
    if let Some(n) =
        core.strip_prefix(['-', '−']).filter(|r| r.starts_with(|c: char| c.is_ascii_digit())).and_then(amount)
    {
        return Some(format!("minus {n}"));
    }
    if let Some(n) = core.strip_suffix('%').and_then(amount) {
        return Some(format!("{n} percent"));
    }
    if let Some(day) = date_digits(core, Date::ZERO, true).filter(|_| core.len() >= 8) {
        return Some(date(day, true));
    }
    let clock = core.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '.');
    let half = core[clock.len()..].replace('.', "").to_lowercase();
    if matches!(half.as_str(), "am" | "pm" | "") {
        let hm = clock_digits(clock).filter(|_| clock.contains(':'));
        let hm =
            hm.or_else(|| (!half.is_empty() && clock.len() <= 2).then(|| clock.parse().ok().map(|h: i64| (h, 0)))?);
        if let Some((h, m)) = hm {
            return Some(match half.as_str() {
                "" if h > 12 || h == 0 => time(h, m),
                "" => time(h % 12, m).rsplit_once(" a m").map_or_else(|| "twelve".into(), |(t, _)| on_the_hour(t, m)),
                half => time(h % 12 + if half == "pm" { 12 } else { 0 }, m),
            });
        }
    }
    if let Some(n) = ["st", "nd", "rd", "th"].iter().find_map(|s| core.strip_suffix(s)).filter(|d| all_digits(d)) {
        return n.parse().ok().filter(|n: &i64| *n > 0 && *n < 100_000).map(ordinal);
    }
    if let Some((a, b)) = core.split_once(['-', '–'])
        && let (Some(a), Some(b)) = (amount(a), amount(b))
    {
        return Some(format!("{a} to {b}"));
    }
    if let Some((a, b)) = core.split_once('/')
        && let (Some(a), Some(b)) = (amount(a), amount(b))
    {
        return Some(format!("{a} slash {b}"));
    }
    let figures = core.trim_end_matches(|c: char| !c.is_ascii_digit());
    if figures.len() < core.len()
        && let (Some(said), Some((n, _))) = (amount(figures), figure(figures, ',', '.'))
    {
        let suffix = &core[figures.len()..];
        return Some(match unit(suffix, n) {
            Some(unit) => format!("{said} {unit}"),
            None => format!("{said} {}", suffix.trim_start_matches('-')),
        });
    }
    if all_digits(core) && core.len() > 9 {
        return Some(digits(core));
    }
    amount(core)
}

fn on_the_hour(time: &str, minute: i64) -> String {
    if minute == 0 { format!("{time} o'clock") } else { time.to_string() }
}

fn is_year(all: &[Word<'_>], i: usize) -> Option<i64> {
    let y: i64 = all[i].core.parse().ok().filter(|y| (1100..2100).contains(y) && all[i].core.len() == 4)?;
    let before = all.get(i.checked_sub(1)?)?;
    let word = before.core.to_lowercase();
    let lead = ["in", "since", "of", "year", "until", "from", "by"].contains(&word.as_str())
        || MONTHS.contains(&word.as_str());
    // "December 24, 2026"
    let day = before.after.starts_with(',')
        && i >= 2
        && MONTHS.contains(&all[i - 2].core.to_lowercase().as_str())
        && before.core.starts_with(|c: char| c.is_ascii_digit());
    (lead || day).then_some(y)
}

pub(super) fn normal(text: &str) -> String {
    let all = words(text);
    let mut out = String::new();
    let mut i = 0;
    while i < all.len() {
        let word = &all[i];
        if let Some(used) = put_phone(&mut out, &all[i..], "plus ", spell) {
            i += used;
            continue;
        }
        if let Some(said) = abbreviation(word.core, word.after) {
            // The dot of an abbreviation ends a sentence only at the end.
            let last = i + 1 == all.len();
            let after = if last { word.after } else { word.after.strip_prefix('.').unwrap_or(word.after) };
            put(&mut out, word.before, said, after);
            i += 1;
            continue;
        }
        if word.core == "No" && word.after == "." && all.get(i + 1).is_some_and(|w| all_digits(w.core)) {
            put(&mut out, word.before, "number", "");
            i += 1;
            continue;
        }
        // "Dec 24" and "December 24": the day is an ordinal.
        let month = i > 0 && all[i - 1].after.is_empty() && MONTHS.contains(&all[i - 1].core.to_lowercase().as_str());
        let day: Option<i64> = word.core.parse().ok().filter(|d| month && (1..=31).contains(d));
        // "2:30 pm" says its half itself.
        let half = all.get(i + 1).map(|w| w.core.replace('.', "").to_lowercase()).filter(|h| h == "am" || h == "pm");
        let said = match (is_year(&all, i), day) {
            (Some(y), _) => Some(year(y)),
            (_, Some(day)) => Some(ordinal(day)),
            _ if half.is_some() && word.after.is_empty() => {
                let half = half.unwrap_or_default();
                let said = figure_word(&format!("{}{half}", word.core)).filter(|_| word.core.len() <= 5);
                if let Some(said) = said.filter(|_| word.core.starts_with(|c: char| c.is_ascii_digit())) {
                    let after = all[i + 1].after;
                    let last = i + 2 == all.len() || all[i + 2].core.starts_with(char::is_uppercase);
                    put(
                        &mut out,
                        word.before,
                        &said,
                        if last { after } else { after.strip_prefix('.').unwrap_or(after) },
                    );
                    i += 2;
                    continue;
                }
                figure_word(word.core)
            }
            _ if word.core.contains(|c: char| c.is_ascii_digit()) => figure_word(word.core),
            _ => None,
        };
        match said {
            Some(said) => put(&mut out, word.before, &said, word.after),
            None => put(&mut out, word.before, word.core, word.after),
        }
        i += 1;
    }
    out
}

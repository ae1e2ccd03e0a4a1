//! English times of day.
use super::number::{number, one, small};
use crate::value::calendar::{clock_digits, time_of_day, usual_hour};
use crate::value::figures::joined_clock;
use crate::value::found::{Doubt, Found, Growth};
use crate::value::half_of_day::DayPart;
use crate::value::kind::Value;
use crate::value::party;
use crate::value::words::{all_digits, begin_with, word};

/// Words behind an hour that say its part of the day.
const PARTS: [(&str, DayPart); 15] = [
    ("am", DayPart::Morning),
    ("pm", DayPart::Afternoon),
    ("in the morning", DayPart::Morning),
    ("in the afternoon", DayPart::Afternoon),
    ("in the evening", DayPart::Evening),
    ("in the night", DayPart::Night),
    ("at night", DayPart::Night),
    ("at lunchtime", DayPart::Midday),
    ("tonight", DayPart::Evening),
    ("this morning", DayPart::Morning),
    ("this afternoon", DayPart::Afternoon),
    ("this evening", DayPart::Evening),
    ("morning", DayPart::Morning),
    ("afternoon", DayPart::Afternoon),
    ("evening", DayPart::Evening),
];

/// "noon thirty", "midnight oh five": the minutes, and the words they take. "Noon twenty people" has none.
fn minutes_behind_noon(rest: &[String]) -> (i64, usize) {
    let zero = usize::from(matches!(word(rest, 0), "oh" | "o"));
    let minutes = small(rest.get(zero..).unwrap_or_default())
        .filter(|(m, _)| if zero > 0 { (1..10).contains(m) } else { *m >= 10 && *m < 60 && m % 5 == 0 })
        .map(|(m, used)| (m, zero + used));
    let goes_on = |used: usize| {
        let behind = rest.get(used..).unwrap_or_default();
        party::unit(behind).is_some() || number(behind).is_some() || matches!(word(behind, 0), "minutes" | "or" | "to")
    };
    minutes.filter(|(_, used)| !goes_on(*used)).unwrap_or((0, 0))
}

/// The hour of 24 that an hour (1–12) means with these words behind it, and how many of them say so.
fn hour_of_day(words: &[String], hour: i64) -> Option<(i64, usize)> {
    let (phrase, part) = PARTS.iter().find(|(phrase, _)| begin_with(words, phrase))?;
    // "twelve a m" is midnight.
    let hour = if hour == 12 && *part == DayPart::Morning { 0 } else { part.hour(hour) };
    Some((hour, phrase.split(' ').count()))
}

pub fn time(words: &[String]) -> Option<Found> {
    let whole_hour = match word(words, 0) {
        "noon" | "midday" => Some(12),
        "midnight" => Some(0),
        _ => None,
    };
    if let Some(hour) = whole_hour {
        let (minute, used) = minutes_behind_noon(&words[1..]);
        return Some(Found::new(Value::Time(time_of_day(hour, minute)?), 1 + used));
    }
    if let Some((hour, minute, len)) = minutes_and_noon(words) {
        return Some(Found::new(Value::Time(time_of_day(hour, minute)?), len));
    }
    if let Some(found) = clock_of_24_hours(words) {
        return Some(found);
    }
    let Clock { hour, minute, len, mut growth, mut certain, mut doubt } = spoken_clock(words)?;
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    let rest = words.get(len..).unwrap_or_default();
    let is_open = (1..=12).contains(&hour) && !word(words, 0).starts_with('0');
    let (hour, len) = match hour_of_day(rest, hour) {
        Some((of_day, used)) if is_open => {
            (growth, certain) = (Growth::Closed, true);
            (of_day, len + used)
        }
        _ if is_open => {
            doubt = doubt.or(Some(Doubt::HalfOfDay));
            (usual_hour(hour), len)
        }
        _ => {
            growth = Growth::Closed;
            (hour, len)
        }
    };
    let found = Found { doubt, ..Found::new(Value::Time(time_of_day(hour, minute)?), len).growing(growth) };
    Some(if certain { found } else { found.only_if_asked() })
}

/// An hour and its minutes at the start of some words.
struct Clock {
    hour: i64,
    minute: i64,
    len: usize,
    growth: Growth,
    /// The words can be nothing but a time of day.
    certain: bool,
    doubt: Option<Doubt>,
}

impl Clock {
    fn new((hour, minute): (i64, i64), len: usize, growth: Growth, certain: bool) -> Clock {
        Clock { hour, minute, len, growth, certain, doubt: None }
    }
}

/// "fourteen hundred hours", "1400 hours", "oh eight thirty": the hour is that of a clock of 24 hours.
fn clock_of_24_hours(words: &[String]) -> Option<Found> {
    let hours = |len: usize| usize::from(word(words, len) == "hours");
    let zero = matches!(word(words, 0), "oh" | "o" | "zero" | "0");
    let skip = usize::from(zero);
    let (hour, minute, len) = match joined_clock(word(words, 0)) {
        Some((h, m)) if hours(1) == 1 => (h, m, 1),
        _ => {
            let (h, l) = small(words.get(skip..)?).filter(|(h, _)| (0..24).contains(h) && (!zero || *h < 10))?;
            let rest = words.get(skip + l..).unwrap_or_default();
            match small(rest) {
                // "Three hundred" alone is rather a number.
                _ if word(rest, 0) == "hundred"
                    && small(&rest[1..]).is_none()
                    && (zero || h >= 10 || hours(skip + l + 1) == 1) =>
                {
                    (h, 0, skip + l + 1)
                }
                Some((m, used)) if zero && (10..60).contains(&m) => (h, m, skip + l + used),
                _ => return None,
            }
        }
    };
    let certain = hours(len) == 1;
    let found = Found::new(Value::Time(time_of_day(hour, minute)?), len + hours(len));
    Some(if certain { found } else { found.only_if_asked() })
}

fn spoken_clock(words: &[String]) -> Option<Clock> {
    let rest = |i: usize| words.get(i..).unwrap_or_default();
    if word(words, 0) == "half" && word(words, 1) == "past" {
        let (h, l) = small(rest(2)).filter(|(h, _)| (1..=12).contains(h))?;
        return Some(Clock::new((h, 30), l + 2, Growth::Likely, true));
    }
    // "half eight" is half past eight where a part of the day says that it is a time; elsewhere it may be meant otherwise.
    if word(words, 0) == "half"
        && let Some((h, l)) = small(rest(1)).filter(|(h, l)| (1..=12).contains(h) && word(words, l + 1) != "hours")
    {
        let of_day = hour_of_day(rest(l + 1), h).is_some();
        let doubt = (!of_day).then_some(Doubt::TwoReadings);
        return Some(Clock { doubt, ..Clock::new((h, 30), l + 1, Growth::Likely, of_day) });
    }
    if let Some(clock) = minutes_and_hour(words) {
        return Some(clock);
    }
    if let Some(clock) = clock_digits(word(words, 0)) {
        return Some(Clock::new(clock, 1, Growth::Likely, true));
    }
    // "230" for "two thirty": a time where one is asked for.
    if let Some(clock) = joined_clock(word(words, 0)) {
        return Some(Clock::new(clock, 1, Growth::Likely, false));
    }
    let (hour, len) = small(words)?;
    // "14h30": the mark of the hour says that the minutes are such.
    if word(words, len) == "h" && all_digits(word(words, 0)) {
        let minutes = small(rest(len + 1)).filter(|(m, l)| *l == 1 && (0..60).contains(m));
        return Some(match minutes {
            Some((m, l)) => Clock::new((hour, m), len + 1 + l, Growth::Closed, hour > 12),
            None => Clock::new((hour, 0), len + 1, Growth::Likely, false),
        });
    }
    if word(words, len) == "o'clock" {
        return Some(Clock::new((hour, 0), len + 1, Growth::Likely, true));
    }
    // "two oh five"
    if matches!(word(words, len), "oh" | "o")
        && let Some(m @ 1..=9) = one(word(words, len + 1))
    {
        return Some(Clock::new((hour, m), len + 2, Growth::Likely, true));
    }
    if let Some((m, l)) = small(rest(len)).filter(|(m, _)| (10..60).contains(m)) {
        // "two twenty" may go on: "five".
        return Some(Clock::new((hour, m), len + l, Growth::Likely, true));
    }
    Some(Clock::new((hour, 0), len, Growth::Open, false))
}

/// Minutes before or after an hour, up to the word for it.
struct Minutes {
    minutes: i64,
    past: bool,
    /// Neither "minutes" nor "quarter" is said.
    plain: bool,
    len: usize,
}

/// "ten past", "a quarter to", "two minutes before", "half past".
fn minutes_beside(words: &[String]) -> Option<Minutes> {
    let skip = usize::from(word(words, 0) == "a");
    let (minutes, used, plain) = match word(words, skip) {
        "quarter" => (15, skip + 1, false),
        "half" => (30, skip + 1, false),
        _ => {
            let (m, l) = match begin_with(words, "a minute") {
                true => (1, 1),
                false => small(words).filter(|(m, _)| (1..60).contains(m))?,
            };
            let named = matches!(word(words, l), "minute" | "minutes");
            (m, l + usize::from(named), !named)
        }
    };
    let past = match word(words, used) {
        "past" | "after" => true,
        "to" | "before" | "till" | "til" => false,
        "of" if !plain => false,
        _ => return None,
    };
    Some(Minutes { minutes, past, plain, len: used + 1 })
}

/// "five minutes to midnight", "half past noon": the hour, the minute and the words they take.
fn minutes_and_noon(words: &[String]) -> Option<(i64, i64, usize)> {
    let Minutes { minutes, past, plain, len } = minutes_beside(words)?;
    let hour = match word(words, len) {
        "noon" | "midday" => 12,
        "midnight" => 24,
        _ => return None,
    };
    if plain && minutes % 5 != 0 {
        return None;
    }
    let (hour, minute) = if past { (hour % 24, minutes) } else { (hour - 1, 60 - minutes) };
    Some((hour, minute, len + 1))
}

/// "ten past four", "a quarter to three", "two minutes to four". Without "minutes" they are fives: "two to four" is a span.
fn minutes_and_hour(words: &[String]) -> Option<Clock> {
    let Minutes { minutes, past, plain, len: used } = minutes_beside(words)?;
    let used = used - 1;
    let (h, l) = small(words.get(used + 1..)?).filter(|(h, _)| (1..=12).contains(h))?;
    // "three after four" is said by nobody, and "three to four" is from three to four.
    if plain && minutes % 5 != 0 {
        return None;
    }
    let clock = match (past, h) {
        (true, h) => (h, minutes),
        (false, 1) => (12, 60 - minutes),
        (false, h) => (h - 1, 60 - minutes),
    };
    // "five to six", "ten to twelve" may be meant as hours.
    let two_readings = plain && !past && word(words, used) != "before" && minutes < h;
    let doubt = two_readings.then_some(Doubt::TwoReadings);
    Some(Clock { doubt, ..Clock::new(clock, used + 1 + l, Growth::Likely, true) })
}

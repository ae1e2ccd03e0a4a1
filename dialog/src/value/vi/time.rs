//! Vietnamese times of day.
use super::number::{COUNTED, small};
use crate::value::calendar::{clock_digits, time_of_day, usual_hour};
use crate::value::figures::joined_clock;
use crate::value::found::{Doubt, Found, Growth};
use crate::value::half_of_day::DayPart;
use crate::value::kind::Value;
use crate::value::words::{begin_with, word};

pub fn time(words: &[String]) -> Option<Found> {
    let is = |phrase: &str| begin_with(words, phrase);
    if let Some(found) = minutes_first(words) {
        return Some(found);
    }
    if let Some(hour) = [("giữa trưa", 12), ("nửa đêm", 24)].into_iter().find_map(|(name, h)| is(name).then_some(h))
    {
        let (hour, minute, used) = minutes_behind_noon(words.get(2..).unwrap_or_default(), hour);
        return Some(Found::new(Value::Time(time_of_day(hour % 24, minute)?), 2 + used));
    }
    let Clock { hour, minute, mut len, mut growth, certain, odd } = clock(words)?;
    if !(0..24).contains(&hour) {
        return None;
    }
    let exact =
        usize::from(matches!(word(words, len), "đúng" | "tròn") && hour_of_day(word(words, len + 1), 1).is_some());
    let skip = exact + usize::from(word(words, len + exact) == "buổi");
    let part = word(words, len + skip);
    let is_open = (1..=12).contains(&hour) && !word(words, 0).starts_with('0');
    let (hour, certain, doubt) = match hour_of_day(part, hour) {
        Some(h) => {
            len += skip + 1;
            // In "hai giờ chiều nay" the last word belongs to the date.
            growth = Growth::Closed;
            (h, true, None)
        }
        None => (usual_hour(hour), certain, is_open.then_some(Doubt::HalfOfDay)),
    };
    let doubt = if odd { Some(Doubt::TwoReadings) } else { doubt };
    let found = Found { doubt, ..Found::new(Value::Time(time_of_day(hour, minute)?), len).growing(growth) };
    Some(if certain { found } else { found.only_if_asked() })
}

/// Minutes that are said before their hour: "kém năm phút nửa đêm", "thiếu mười lăm phút nữa là ba giờ", "kém mười ba giờ chiều".
fn minutes_first(words: &[String]) -> Option<Found> {
    if !matches!(word(words, 0), "kém" | "thiếu" | "còn") {
        return None;
    }
    // "kém mười ba giờ" is ten to three: the shorter number counts where the longer one leaves no hour.
    let most = small(words.get(1..)?)?.1;
    (1..=most).rev().find_map(|used| hour_behind(words, small(&words[1..=used]).filter(|(_, l)| *l == used)?))
}

/// The hour behind these minutes that are missing to it.
fn hour_behind(words: &[String], (minutes, used): (i64, usize)) -> Option<Found> {
    let mut at = 1 + used;
    let named = matches!(word(words, at), "phút" | "p" | "ph");
    at += usize::from(named);
    for lead in ["nữa", "là", "đến", "tới"] {
        at += usize::from(word(words, at) == lead);
    }
    // "còn năm phút nữa là sáu giờ" needs its minutes.
    let hour = time(words.get(at..).filter(|_| word(words, 0) != "còn" || named)?)?;
    let Value::Time(whole) = hour.value else { return None };
    let is_hour = whole.minute() == 0 && (is_hour(word(words, at + 1)) || hour.len > 1);
    let earlier = (i64::from(whole.hour()) * 60 - minutes).rem_euclid(24 * 60);
    let value = Value::Time(time_of_day(earlier / 60, earlier % 60)?);
    ((1..60).contains(&minutes) && is_hour).then_some(Found { value, len: at + hour.len, ..hour })
}

/// "nửa đêm kém năm", "giữa trưa mười phút": the hour and the minute, and the words they take behind noon or midnight.
fn minutes_behind_noon(rest: &[String], hour: i64) -> (i64, i64, usize) {
    let named = |at: usize| usize::from(word(rest, at) == "phút");
    let number = |at: usize| small(rest.get(at..).unwrap_or_default()).filter(|(m, _)| (1..60).contains(m));
    match word(rest, 0) {
        "rưỡi" | "rưởi" => (hour, 30, 1),
        "kém" | "thiếu" => number(1).map_or((hour, 0, 0), |(m, l)| (hour - 1, 60 - m, 1 + l + named(1 + l))),
        // "giữa trưa hai người": minutes are called such here.
        _ => number(0).filter(|(_, l)| named(*l) > 0).map_or((hour, 0, 0), |(m, l)| (hour, m, l + 1)),
    }
}

/// An hour and its minutes at the start of some words.
struct Clock {
    hour: i64,
    minute: i64,
    len: usize,
    growth: Growth,
    /// The words can be nothing but a time of day.
    certain: bool,
    /// "hai giờ ba": minutes that are rarely said so; the rest of "ba mươi" may not have been heard.
    odd: bool,
}

fn clock(words: &[String]) -> Option<Clock> {
    if let Some((hour, minute)) = clock_digits(word(words, 0)) {
        let len = 1 + usize::from(is_hour(word(words, 1)));
        return Some(Clock { hour, minute, len, growth: Growth::Likely, certain: true, odd: false });
    }
    // "1430", where a time is asked for.
    if let Some((hour, minute)) = joined_clock(word(words, 0)) {
        return Some(Clock { hour, minute, len: 1, growth: Growth::Likely, certain: false, odd: false });
    }
    let (hour, l) = small(words)?;
    let named = is_hour(word(words, l));
    // "không" alone is a no.
    if !named && word(words, 0) == "không" {
        return None;
    }
    let len = l + usize::from(named);
    // "hai giờ đồng hồ" and "hai giờ" after "trong" are durations; the slot that is asked decides.
    if named && word(words, len) == "đồng" {
        return None;
    }
    let (hour, minute, used) = match word(words, len) {
        "rưỡi" | "rưởi" => (hour, 30, 1),
        "kém" | "thiếu" => {
            let (m, l) = small(words.get(len + 1..)?).filter(|(m, _)| (1..60).contains(m))?;
            (hour_before(hour), 60 - m, l + 1)
        }
        _ if named => minutes(words.get(len..).unwrap_or_default()).map_or((hour, 0, 0), |(m, l)| (hour, m, l)),
        // "sáu bốn lăm chiều"
        _ => match small(words.get(len..).unwrap_or_default()) {
            Some((m, l)) if (10..60).contains(&m) && hour_of_day(word(words, len + l), 1).is_some() => (hour, m, l),
            // "hai" alone, when a time was asked for.
            _ => (hour, 0, 0),
        },
    };
    let len = len + used;
    let odd = used == 1 && (1..10).contains(&minute) && minute != 5 && word(words, len) != "phút";
    let len = len + usize::from((named || used > 0) && matches!(word(words, len), "phút" | "p" | "ph"));
    let growth = if named || used > 0 { Growth::Likely } else { Growth::Open };
    Some(Clock { hour, minute, len, growth, certain: named, odd })
}

/// The hour before one: "một giờ kém mười lăm" is a quarter to one, and so past twelve.
fn hour_before(hour: i64) -> i64 {
    match hour {
        0 => 23,
        1 => 12,
        hour => hour - 1,
    }
}

fn is_hour(word: &str) -> bool {
    matches!(word, "giờ" | "h" | "g")
}

/// "ba mươi", "05", "không năm".
fn minutes(words: &[String]) -> Option<(i64, usize)> {
    let zero = usize::from(word(words, 0) == "không");
    let (m, l) = small(&words[zero..]).filter(|(m, _)| (0..60).contains(m) && (zero == 0 || *m < 10))?;
    // "ba giờ bốn người", "ba giờ không bốn giờ"
    let next = word(words, zero + l);
    (!is_hour(next) && !COUNTED.contains(&next)).then_some((m, zero + l))
}

/// The hour of the day that an hour means with a part of the day behind it ("sáng", "chiều"); `None`: it is none.
fn hour_of_day(part: &str, hour: i64) -> Option<i64> {
    let part = match part {
        // "mười hai giờ sáng" is midnight, and "mười ba giờ chiều" says it twice.
        "sáng" | "am" => return Some(if hour > 12 { hour } else { hour % 12 }),
        "chiều" | "xế" | "pm" => DayPart::Afternoon,
        "tối" => DayPart::Evening,
        "trưa" => DayPart::Midday,
        "đêm" | "khuya" => DayPart::Night,
        _ => return None,
    };
    Some(if (1..=12).contains(&hour) { part.hour(hour) } else { hour })
}

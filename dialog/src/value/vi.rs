//! Vietnamese words to values.
use super::*;

pub(crate) const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];
pub(crate) const DAYS: [&str; 7] = ["thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật"];

fn digit(word: &str) -> Option<i64> {
    match word {
        "mốt" => Some(1),
        "tư" => Some(4),
        "lăm" | "nhăm" => Some(5),
        "bẩy" => Some(7),
        w => DIGITS.iter().position(|d| *d == w).map(|d| d as i64),
    }
}

/// A number of 0–99 in words or figures: "mười lăm", "hai mươi mốt", "hai lăm".
fn small(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    if all_digits(first) {
        return (first.len() <= 2).then(|| first.parse().ok().map(|n| (n, 1)))?;
    }
    let unit = |i: usize| digit(word(words, i)).filter(|d| (1..=9).contains(d));
    if first == "mười" {
        return Some(unit(1).map_or((10, 1), |u| (10 + u, 2)));
    }
    // "mốt" and "lăm" stand only after a ten.
    let d = digit(first).filter(|_| !matches!(first, "mốt" | "lăm" | "nhăm"))?;
    if d > 1 && matches!(word(words, 1), "mươi" | "mười" | "chục") {
        return Some(unit(2).map_or((d * 10, 2), |u| (d * 10 + u, 3)));
    }
    if d > 1 && matches!(word(words, 1), "mốt" | "lăm" | "nhăm") {
        return unit(1).map(|u| (d * 10 + u, 2));
    }
    Some((d, 1))
}

/// A number of 0–999.
fn hundreds(words: &[String]) -> Option<(i64, usize)> {
    let (n, len) = small(words)?;
    if word(words, len) != "trăm" || n > 9 {
        return Some((n, len));
    }
    let rest = words.get(len + 1..).unwrap_or_default();
    if matches!(word(rest, 0), "linh" | "lẻ" | "lẽ")
        && let Some(u) = digit(word(rest, 1))
    {
        return Some((n * 100 + u, len + 3));
    }
    if word(rest, 0) == "rưỡi" {
        return Some((n * 100 + 50, len + 2));
    }
    Some(small(rest).filter(|(m, _)| *m >= 10).map_or((n * 100, len + 1), |(m, l)| (n * 100 + m, len + 1 + l)))
}

/// A whole number: "hai", "một trăm linh năm", "một nghìn hai trăm", "1.250.000".
pub fn number(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    let plain: String = first.split('.').collect();
    if all_digits(&plain) && (plain.len() == first.len() || first.split('.').skip(1).all(|g| g.len() == 3)) {
        let n = plain.get(..).filter(|p| p.len() <= 12)?.parse().ok()?;
        return scaled(words, n, 1);
    }
    let (n, len) = hundreds(words)?;
    scaled(words, n, len)
}

fn scaled(words: &[String], n: i64, len: usize) -> Option<(i64, usize)> {
    let scale = |w: &str| match w {
        "nghìn" | "ngàn" => Some(1_000),
        "triệu" => Some(1_000_000),
        "tỷ" | "tỉ" => Some(1_000_000_000),
        _ => None,
    };
    let (mut total, mut current, mut len, mut last) = (0i64, n, len, i64::MAX);
    while let Some(s) = scale(word(words, len)).filter(|s| *s < last) {
        total = total.checked_add(current.checked_mul(s)?)?;
        len += 1;
        last = s;
        match hundreds(words.get(len..).unwrap_or_default()) {
            Some((rest, l)) => {
                current = rest;
                len += l;
            }
            None => {
                current = 0;
                break;
            }
        }
    }
    Some((total + current, len))
}

/// A string of digits, one by one: "không chín một hai", "0912 345 678".
pub fn digits(words: &[String]) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut len = 0;
    while len < words.len() {
        let w = word(words, len);
        if w.split(['-', '.']).all(all_digits) {
            out.extend(w.chars().filter(char::is_ascii_digit));
        } else if let Some(d) = digit(w) {
            out.push_str(&d.to_string());
        } else if w == "mười" {
            out.push_str("10");
        } else if w != "mươi" || len == 0 {
            break;
        }
        len += 1;
        if out.len() > 64 {
            return None;
        }
    }
    (len > 0).then_some((out, len))
}

pub fn date(words: &[String], today: Date) -> Option<Found> {
    let is = |phrase: &str| phrase.split(' ').enumerate().all(|(i, w)| word(words, i) == w);
    let found = |date: Option<Date>, len| date.map(|d| Found::new(Value::Date(d), len));
    for (phrase, days) in [
        ("hôm nay", 0),
        ("tối nay", 0),
        ("chiều nay", 0),
        ("ngày mai", 1),
        ("ngày kia", 2),
        ("ngày mốt", 2),
        ("mai", 1),
    ] {
        if is(phrase) {
            return found(days_ahead(today, days), phrase.split(' ').count());
        }
    }
    let week = |i: usize| match (word(words, i), word(words, i + 1)) {
        ("tuần", "sau" | "tới") => (1, 2),
        ("tuần", "này") => (0, 2),
        _ => (0, 0),
    };
    if let Some(d) = DAYS.iter().position(|d| is(d)) {
        // "thứ sáu ngày hai mươi lăm tháng mười hai": the later part decides.
        if word(words, 2) == "ngày"
            && let Some(exact) = day_month(&words[2..], today)
        {
            return Some(Found { len: exact.len + 2, ..exact });
        }
        let (w, l) = week(2);
        let growth = if l == 0 { Growth::Likely } else { Growth::Closed };
        let date = weekday(today, Weekday::from_monday_zero_offset(d as i8).ok()?, w)?;
        return Some(Found::new(Value::Date(date), 2 + l).growing(growth));
    }
    if is("cuối tuần") {
        let (w, l) = match word(words, 2) {
            "sau" | "tới" => (1, 1),
            "này" => (0, 1),
            _ => (0, 0),
        };
        return found(weekday(today, Weekday::Saturday, w), 2 + l);
    }
    if let Some(date) = date_digits(word(words, 0), today, false) {
        return found(Some(date), 1);
    }
    day_month(words, today)
}

/// "ngày hai mươi lăm tháng mười hai năm hai nghìn không trăm hai mươi sáu", "mùng ba".
fn day_month(words: &[String], today: Date) -> Option<Found> {
    let mut at = usize::from(word(words, 0) == "ngày");
    let early = matches!(word(words, at), "mồng" | "mùng");
    at += usize::from(early);
    if let Some(date) = date_digits(word(words, at), today, false).filter(|_| at > 0) {
        return Some(Found::new(Value::Date(date), at + 1));
    }
    let (day, len) = small(words.get(at..).unwrap_or_default()).filter(|(d, _)| (1..=31).contains(d))?;
    let after = at + len;
    if word(words, after) != "tháng" {
        let found = Found::new(Value::Date(coming_day(today, day)?), after).growing(Growth::Likely);
        return (at > 0).then_some(found);
    }
    // "tháng tư", "tháng mười hai"
    let (month, l) = small(words.get(after + 1..).unwrap_or_default()).filter(|(m, _)| (1..=12).contains(m))?;
    let mut len = after + 1 + l;
    let mut year = None;
    if word(words, len) == "năm"
        && let Some((y, l)) = number(words.get(len + 1..).unwrap_or_default()).filter(|(y, _)| (1900..2200).contains(y))
    {
        year = Some(y);
        len += 1 + l;
    }
    Some(Found::new(Value::Date(coming(today, month, day, year)?), len))
}

pub fn time(words: &[String]) -> Option<Found> {
    let is = |phrase: &str| phrase.split(' ').enumerate().all(|(i, w)| word(words, i) == w);
    if is("giữa trưa") {
        return Some(Found::new(Value::Time(clock(12, 0)?), 2));
    }
    if is("nửa đêm") {
        return Some(Found::new(Value::Time(clock(0, 0)?), 2));
    }
    let (mut hour, mut minute, mut len, mut growth, plain);
    if let Some((h, m)) = clock_digits(word(words, 0)) {
        (hour, minute, len, growth, plain) = (h, m, 1, Growth::Likely, true);
        len += usize::from(matches!(word(words, 1), "giờ" | "h"));
    } else {
        let (h, l) = small(words)?;
        if !matches!(word(words, l), "giờ" | "h") {
            // "hai" alone, when a time was asked for.
            let time = clock(usual_hour(h), 0)?;
            return Some(Found::new(Value::Time(time), l).growing(Growth::Open).bare());
        }
        // "hai giờ đồng hồ" and "hai giờ" after "trong" are durations; the slot that is asked decides.
        (hour, minute, len, growth, plain) = (h, 0, l + 1, Growth::Likely, true);
        if word(words, len) == "đồng" {
            return None;
        }
        if word(words, len) == "rưỡi" {
            (minute, len) = (30, len + 1);
        } else if word(words, len) == "kém"
            && let Some((m, l)) = small(words.get(len + 1..).unwrap_or_default()).filter(|(m, _)| (1..60).contains(m))
        {
            hour = if hour == 0 { 23 } else { hour - 1 };
            (minute, len) = (60 - m, len + 1 + l);
        } else if let Some((m, l)) = small(words.get(len..).unwrap_or_default()).filter(|(m, _)| (0..60).contains(m)) {
            (minute, len) = (m, len + l);
        }
        len += usize::from(matches!(word(words, len), "phút"));
    }
    if !(0..24).contains(&hour) {
        return None;
    }
    let skip = usize::from(word(words, len) == "buổi");
    let part = word(words, len + skip);
    let named = match (part, hour) {
        ("sáng", h) => Some(h % 12 + if h > 12 { 12 } else { 0 }),
        ("chiều" | "tối", 1..=11) => Some(hour + 12),
        ("chiều" | "tối", h) => Some(h),
        ("trưa", 1..=3) => Some(hour + 12),
        ("trưa", h) => Some(h),
        ("đêm" | "khuya", 12) => Some(0),
        ("đêm" | "khuya", 9..=11) => Some(hour + 12),
        ("đêm" | "khuya", h) => Some(h),
        _ => None,
    };
    match named {
        Some(h) => {
            hour = h;
            len += skip + 1;
            // "hai giờ chiều nay": the day's word belongs to the date, "nay" alone says nothing.
            growth = Growth::Closed;
        }
        None => hour = usual_hour(hour),
    }
    let found = Found::new(Value::Time(clock(hour, minute)?), len).growing(growth);
    Some(if plain { found } else { found.bare() })
}

pub fn duration(words: &[String]) -> Option<Found> {
    let is = |phrase: &str| phrase.split(' ').enumerate().all(|(i, w)| word(words, i) == w);
    for phrase in ["nửa tiếng đồng hồ", "nửa giờ đồng hồ", "nửa tiếng", "nửa giờ"] {
        if is(phrase) {
            return Some(Found::new(Value::Minutes(30), phrase.split(' ').count()));
        }
    }
    let (n, mut len) = small(words).or_else(|| number(words)).filter(|(n, _)| (1..=1440).contains(n))?;
    let n = u32::try_from(n).ok()?;
    match word(words, len) {
        "phút" => Some(Found::new(Value::Minutes(n), len + 1)),
        unit @ ("tiếng" | "giờ" | "h") if n <= 24 => {
            len += 1;
            let clock = word(words, len) == "đồng" && word(words, len + 1) == "hồ";
            len += if clock { 2 } else { 0 };
            let mut minutes = n * 60;
            let mut growth = Growth::Likely;
            if word(words, len) == "rưỡi" {
                (minutes, len, growth) = (minutes + 30, len + 1, Growth::Closed);
            } else if let Some((m, l)) = small(words.get(len..).unwrap_or_default())
                && (1..60).contains(&m)
                && word(words, len + l) == "phút"
            {
                (minutes, len, growth) = (minutes + m as u32, len + l + 1, Growth::Closed);
            }
            let found = Found::new(Value::Minutes(minutes), len).growing(growth);
            // "hai giờ" is a time of day unless a duration was asked for.
            Some(if unit == "tiếng" || clock { found } else { found.bare() })
        }
        _ if n >= 10 => Some(Found::new(Value::Minutes(n), len).growing(Growth::Open).bare()),
        _ => Some(Found::new(Value::Minutes(n * 60), len).growing(Growth::Open).bare()),
    }
}

/// "dạ đúng rồi", "vâng", "không phải". "dạ" is only politeness before a "không".
pub fn yes_no(words: &[String]) -> Option<(bool, usize)> {
    const NO: [&str; 6] = ["không", "sai", "chưa", "chẳng", "hông", "đừng"];
    const POLITE: [&str; 6] = ["dạ", "vâng", "ừ", "ừm", "ờ", "à"];
    const YES: [&str; 9] = ["đúng", "phải", "có", "được", "chính", "ok", "okay", "rồi", "chuẩn"];
    let mut len = 0;
    while POLITE.contains(&word(words, len)) {
        len += 1;
    }
    let polite = len > 0;
    if NO.contains(&word(words, len)) {
        len += 1;
        while matches!(word(words, len), "phải" | "đúng" | "có" | "được" | "rồi" | "ạ" | "sai") {
            len += 1;
        }
        return Some((false, len));
    }
    let mut yes = false;
    let agree = word(words, len) == "đồng" && word(words, len + 1) == "ý";
    if agree {
        (yes, len) = (true, len + 2);
    }
    while YES.contains(&word(words, len)) || (yes && matches!(word(words, len), "xác" | "ạ" | "vậy")) {
        yes = true;
        len += 1;
    }
    // "đúng không", "phải không" asks, it does not deny; "vâng" alone is a yes.
    (yes || polite).then_some((true, len))
}

//! Vietnamese, as it is said.
use super::figure::{figure, put_phone, split_digits};
use super::word::{put, words};
use crate::value::calendar::{clock_digits, date_digits};
use crate::value::vi::{DAYS, DIGITS};
use crate::value::words::all_digits;
use jiff::civil::Date;

/// A whole number in words, the northern way: "một nghìn không trăm linh năm", "hai mươi mốt", "mười lăm".
pub fn number(n: i64) -> String {
    if n < 0 {
        return format!("âm {}", number(n.saturating_neg()));
    }
    if n == 0 {
        return DIGITS[0].into();
    }
    let (mut rest, mut out, mut first) = (n, Vec::new(), true);
    for (scale, name) in
        [(1_000_000_000_000, "nghìn tỷ"), (1_000_000_000, "tỷ"), (1_000_000, "triệu"), (1_000, "nghìn"), (1, "")]
    {
        let group = rest / scale;
        rest %= scale;
        if group == 0 {
            continue;
        }
        out.push(if group > 999 { number(group) } else { below_thousand(group, !first) });
        if !name.is_empty() {
            out.push(name.into());
        }
        first = false;
    }
    out.join(" ")
}

/// `inner`: a larger group stands before it, so an empty hundred is said.
fn below_thousand(n: i64, inner: bool) -> String {
    let (h, t, u) = ((n / 100) as usize, (n / 10 % 10) as usize, (n % 10) as usize);
    let mut out: Vec<&str> = Vec::new();
    if h > 0 || inner {
        out.extend([DIGITS[h], "trăm"]);
    }
    match t {
        0 if u > 0 && !out.is_empty() => out.push("linh"),
        0 => {}
        1 => out.push("mười"),
        t => out.extend([DIGITS[t], "mươi"]),
    }
    match (t, u) {
        (_, 0) => {}
        (2.., 1) => out.push("mốt"),
        (2.., 4) => out.push("tư"),
        (1.., 5) => out.push("lăm"),
        (_, u) => out.push(DIGITS[u]),
    }
    out.join(" ")
}

fn spell(text: &str) -> String {
    text.chars().filter_map(|c| c.to_digit(10).map(|d| DIGITS[d as usize])).collect::<Vec<_>>().join(" ")
}

pub fn digits(text: &str) -> String {
    split_digits(text).iter().map(|g| spell(g)).collect::<Vec<_>>().join(", ")
}

pub fn month(m: i64) -> String {
    if m == 4 { "tư".into() } else { number(m) }
}

/// "ngày hai mươi lăm tháng mười hai", with "năm …" where asked.
pub fn date(date: Date, with_year: bool) -> String {
    let day = number(date.day().into());
    let day = if date.day() <= 10 { format!("mùng {day}") } else { day };
    let short = format!("ngày {day} tháng {}", month(date.month().into()));
    if with_year { format!("{short} năm {}", number(date.year().into())) } else { short }
}

pub fn near_date(day: Date, today: Date) -> String {
    match day.since(today).map_or(i32::MAX, |s| s.get_days()) {
        0 => "hôm nay".into(),
        1 => "ngày mai".into(),
        _ => {
            let name = DAYS[day.weekday().to_monday_zero_offset() as usize];
            format!("{name}, {}", date(day, day.year() != today.year()))
        }
    }
}

/// "hai giờ rưỡi chiều", "chín giờ sáng", "mười hai giờ trưa".
pub fn time(hour: i64, minute: i64) -> String {
    let (said, part) = match hour {
        0 => (12, "đêm"),
        1..=10 => (hour, "sáng"),
        11 | 12 => (hour, "trưa"),
        13..=17 => (hour - 12, "chiều"),
        18..=21 => (hour - 12, "tối"),
        _ => (hour - 12, "đêm"),
    };
    format!("{} {part}", clock(said, minute))
}

/// Hour and minute alone.
fn clock(hour: i64, minute: i64) -> String {
    match minute {
        0 => format!("{} giờ", number(hour)),
        30 => format!("{} giờ rưỡi", number(hour)),
        1..=9 => format!("{} giờ không {}", number(hour), number(minute)),
        m => format!("{} giờ {}", number(hour), number(m)),
    }
}

pub fn duration(minutes: u32) -> String {
    match (i64::from(minutes / 60), i64::from(minutes % 60)) {
        (0, 30) => "nửa tiếng".into(),
        (0, m) => format!("{} phút", number(m)),
        (h, 0) => format!("{} tiếng", number(h)),
        (h, 30) => format!("{} tiếng rưỡi", number(h)),
        (h, m) => format!("{} tiếng {} phút", number(h), number(m)),
    }
}

fn amount(text: &str) -> Option<String> {
    // Figures from English sources keep their grouping by commas: "1,250,000".
    let by_comma = text.split(',').skip(1).all(|g| g.len() == 3) && text.matches(',').count() > 1;
    let (whole, fraction) =
        if by_comma { figure(text, ',', '.')? } else { figure(text, '.', ',').or_else(|| figure(text, ' ', '.'))? };
    if text.len() > 1 && text.starts_with('0') && fraction.is_none() {
        return Some(spell(text));
    }
    Some(match fraction {
        Some(f) if f.len() <= 2 && !f.starts_with('0') => {
            format!("{} phẩy {}", number(whole), f.parse().map_or_else(|_| spell(f), number))
        }
        Some(f) => format!("{} phẩy {}", number(whole), spell(f)),
        None => number(whole),
    })
}

fn unit(suffix: &str) -> Option<&'static str> {
    Some(match suffix {
        "đ" | "₫" | "VND" | "VNĐ" | "vnđ" | "vnd" => "đồng",
        "k" | "K" => "nghìn",
        "tr" => "triệu",
        "km" => "ki lô mét",
        "m" => "mét",
        "m2" | "m²" => "mét vuông",
        "cm" => "xen ti mét",
        "kg" => "ki lô gam",
        "g" => "gam",
        "%" => "phần trăm",
        "°C" => "độ xê",
        "°" => "độ",
        "h" => "giờ",
        "p" | "ph" => "phút",
        "USD" | "$" => "đô la",
        "€" | "EUR" => "ơ rô",
        "km/h" => "ki lô mét một giờ",
        _ => return None,
    })
}

fn abbreviation(word: &str) -> Option<&'static str> {
    Some(match word {
        "TP.HCM" | "TPHCM" | "TP.Hồ" => "thành phố Hồ Chí Minh",
        "TP" => "thành phố",
        "HN" => "Hà Nội",
        "ATM" => "a tê em",
        "SĐT" | "sđt" | "ĐT" => "số điện thoại",
        "VN" => "Việt Nam",
        "UBND" => "ủy ban nhân dân",
        "CMND" => "chứng minh nhân dân",
        "CCCD" => "căn cước công dân",
        "v.v" | "vv" => "vân vân",
        "VND" | "VNĐ" | "đ" | "₫" => "đồng",
        "USD" => "đô la",
        "km" => "ki lô mét",
        "kg" => "ki lô gam",
        "&" => "và",
        "%" => "phần trăm",
        "@" => "a còng",
        "+" => "cộng",
        "=" => "bằng",
        "-" | "–" | "—" => "",
        "SMS" => "tin nhắn",
        "Q" => "quận",
        "P" => "phường",
        "Wi-Fi" | "wifi" | "WiFi" => "oai phai",
        _ => return None,
    })
}

/// One word with a figure in it; `named`: the word "ngày" stands before it.
fn figure_word(core: &str, named: bool) -> Option<String> {
    if let Some(day) = date_digits(core, Date::ZERO, false).filter(|_| core.len() >= 8) {
        let said = date(day, true);
        return Some(if named { said.trim_start_matches("ngày ").to_string() } else { said });
    }
    if let Some((d, m)) = core.split_once('/').filter(|(d, m)| all_digits(d) && all_digits(m))
        && let (Ok(d), Ok(m)) = (d.parse::<i64>(), m.parse::<i64>())
        && (1..=31).contains(&d)
        && (1..=12).contains(&m)
        && (named || core.len() >= 4)
    {
        let day = if d <= 10 { format!("mùng {}", number(d)) } else { number(d) };
        let said = format!("{day} tháng {}", month(m));
        return Some(if named { said } else { format!("ngày {said}") });
    }
    if let Some((a, b)) = core.split_once('/').filter(|(a, b)| all_digits(a) && all_digits(b)) {
        let below = if b == "4" { "tư".to_string() } else { amount(b)? };
        return Some(format!("{} phần {below}", amount(a)?));
    }
    for prefix in ["Q.", "P."] {
        if let Some(n) = core.strip_prefix(prefix).and_then(amount) {
            return Some(format!("{} {n}", if prefix == "Q." { "quận" } else { "phường" }));
        }
    }
    if let Some(n) = core.strip_prefix(['$', '€']).and_then(amount_en) {
        return Some(format!("{n} {}", if core.starts_with('$') { "đô la" } else { "ơ rô" }));
    }
    if let Some(n) =
        core.strip_prefix(['-', '−']).filter(|r| r.starts_with(|c: char| c.is_ascii_digit())).and_then(amount)
    {
        return Some(format!("âm {n}"));
    }
    if let Some((a, b)) = core.split_once(['-', '–'])
        && let (Some(a), Some(b)) = (figure_word(a, false), figure_word(b, false))
    {
        return Some(format!("{a} đến {b}"));
    }
    let colon = core.replace(['h', 'g'], ":");
    if let Some((h, m)) = clock_digits(&colon).filter(|_| colon.contains(':')) {
        return Some(clock(h, m));
    }
    if let Some(said) = amount(core) {
        return Some(if all_digits(core) && core.len() > 9 { digits(core) } else { said });
    }
    let figures = core.trim_end_matches(|c: char| !c.is_ascii_digit() && c != '²');
    let figures = core.strip_suffix("m2").unwrap_or_else(|| figures.trim_end_matches("m²"));
    let suffix = core[figures.len()..].trim_start_matches('/');
    match (amount(figures), unit(suffix)) {
        (Some(said), Some(unit)) => Some(format!("{said} {unit}")),
        (Some(said), None) => Some(format!("{said} {suffix}")),
        _ => None,
    }
}

/// "$1,250.50" keeps its English marks.
fn amount_en(text: &str) -> Option<String> {
    let (whole, fraction) = figure(text, ',', '.').or_else(|| figure(text, '.', ','))?;
    Some(match fraction {
        Some(f) if f.len() == 2 && !f.starts_with('0') => format!("{} phẩy {}", number(whole), number(f.parse().ok()?)),
        Some("00") | None => number(whole),
        Some(f) => format!("{} phẩy {}", number(whole), spell(f)),
    })
}

pub(super) fn normal(text: &str) -> String {
    let all = words(text);
    let mut out = String::new();
    let mut i = 0;
    while i < all.len() {
        let word = &all[i];
        if let Some(used) = put_phone(&mut out, &all[i..], "cộng ", spell) {
            i += used;
            continue;
        }
        if word.core == "TP" && word.after == "." && all.get(i + 1).is_some_and(|w| w.core == "HCM") {
            put(&mut out, word.before, "thành phố Hồ Chí Minh", all[i + 1].after);
            i += 2;
            continue;
        }
        if let Some(said) = abbreviation(word.core) {
            let last = i + 1 == all.len();
            let after = if last { word.after } else { word.after.strip_prefix('.').unwrap_or(word.after) };
            put(&mut out, word.before, said, after);
            i += 1;
            continue;
        }
        let named = i > 0 && matches!(all[i - 1].core.to_lowercase().as_str(), "ngày" | "mùng" | "mồng");
        let said = if word.core.contains(|c: char| c.is_ascii_digit()) { figure_word(word.core, named) } else { None };
        put(&mut out, word.before, said.as_deref().unwrap_or(word.core), word.after);
        i += 1;
    }
    out
}

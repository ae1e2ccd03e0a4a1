//! Money as it is written in Vietnamese: signs, codes and amounts, said in words.
use super::number::{amount, amount_en, number};
use crate::say::reading::{DASHES, Place, Reading};
use crate::value::words::all_digits;

/// As they are written before or behind an amount, longer ones first, and as they are said.
const CURRENCIES: [(&str, &str); 21] = [
    ("US$", "đô la"),
    ("USD", "đô la"),
    ("usd", "đô la"),
    ("VNĐ", "đồng"),
    ("VND", "đồng"),
    ("vnđ", "đồng"),
    ("vnd", "đồng"),
    ("đồng", "đồng"),
    ("đ", "đồng"),
    ("Đ", "đồng"),
    ("₫", "đồng"),
    ("A$", "đô la Úc"),
    ("AUD", "đô la Úc"),
    ("SGD", "đô la Sing"),
    ("EUR", "ơ rô"),
    ("GBP", "bảng"),
    ("$", "đô la"),
    ("€", "ơ rô"),
    ("£", "bảng"),
    ("¥", "yên"),
    ("₩", "won"),
];

const SCALES: [(&str, &str); 8] = [
    ("k", "nghìn"),
    ("K", "nghìn"),
    ("tr", "triệu"),
    ("Tr", "triệu"),
    ("TR", "triệu"),
    ("tỷ", "tỷ"),
    ("tỉ", "tỷ"),
    ("ty", "tỷ"),
];
const SCALE_WORDS: [&str; 6] = ["nghìn", "ngàn", "triệu", "tỷ", "tỉ", "trăm"];

/// An amount with its scale: "1,5tr", "100k", "1tr5". `english`: its marks may be the English ones.
fn figure(text: &str, english: bool) -> Option<String> {
    // "$35.000" is written with Vietnamese marks.
    let grouped = text.split('.').skip(1).any(|group| group.get(..3).is_some_and(all_digits));
    let amount = |text: &str| if english && !grouped { amount_en(text) } else { amount(text) };
    if let Some(said) = amount(text) {
        return Some(said);
    }
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')))?;
    let (figures, rest) = text.split_at(end);
    let (short, scale) = SCALES.iter().find(|(short, _)| rest.starts_with(short))?;
    let said = format!("{} {scale}", amount(figures)?);
    match &rest[short.len()..] {
        "" => Some(said),
        // "1tr5", "2tr350"
        "5" => Some(format!("{said} rưỡi")),
        more => {
            Some(format!("{said} {}", more.parse().ok().filter(|_| all_digits(more) && more.len() < 4).map(number)?))
        }
    }
}

/// A currency behind or before an amount, and the amount.
fn parse(text: &str) -> Option<(&str, &'static str, bool)> {
    let before = CURRENCIES.iter().find_map(|(sign, name)| Some((text.strip_prefix(sign)?, *name, *name != "đồng")));
    before.or_else(|| CURRENCIES.iter().find_map(|(sign, name)| Some((text.strip_suffix(sign)?, *name, false))))
}

/// "/người": "một người".
pub(super) fn per(rest: &str) -> Option<String> {
    let name = rest.strip_prefix('/')?;
    let name = match name {
        "h" => "giờ",
        "kg" => "ki lô gam",
        "km" => "ki lô mét",
        "m2" | "m²" => "mét vuông",
        _ => name,
    };
    (!name.is_empty() && name.chars().all(|c| c.is_alphabetic() || c == ' ')).then(|| format!(" một {name}"))
}

/// An amount of money: hundredths count where the currency has them.
pub(super) fn amount_of(text: &str) -> Option<String> {
    let (minus, text) = text.strip_prefix(['-', '−']).map_or(("", text), |rest| ("âm ", rest));
    let (sum, rest) = text.split_once('/').map_or((text, ""), |(sum, _)| (sum, &text[sum.len()..]));
    let said = match parse(sum) {
        Some((figures, name, english)) => format!("{} {name}", figure(figures, english)?),
        // "1tr5", "100k"
        None => figure(sum, false).filter(|_| amount(sum).is_none())?,
    };
    let per = if rest.is_empty() { String::new() } else { per(rest)? };
    Some(format!("{minus}{said}{per}"))
}

/// What "4K" is said of, letter by letter.
const SCREENS: [&str; 7] = ["inch", "tivi", "tv", "video", "phim", "hình", "giải"];

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if core.ends_with('K') && SCREENS.contains(&place.before()) {
        return None;
    }
    let open = place.word().after.is_empty();
    let scale = place.next(1).filter(|word| open && SCALE_WORDS.contains(&word.lower.as_str()));
    // "$2.5 triệu"
    if let (Some(scale), Some((figures, name, english))) = (scale, parse(core).filter(|(_, name, _)| *name != "đồng"))
    {
        return Some(Reading::new(2, format!("{} {} {name}", figure(figures, english)?, scale.lower)));
    }
    if let Some(said) = amount_of(core) {
        // "100k đồng", "100k VND": the currency stands in a word of its own.
        return Some(Reading::new(1, said));
    }
    // "50 USD", "USD 50"
    let figure_before = place.joined_before().is_some_and(|word| word.core.ends_with(|c: char| c.is_ascii_digit()));
    let find = |word: &str| CURRENCIES.iter().find(|(sign, _)| *sign == word).map(|(_, name)| *name);
    if let Some(name) = find(core) {
        return match place.following().filter(|next| name != "đồng" && amount(next).is_some()) {
            Some(next) => Some(Reading::new(2, format!("{} {name}", amount_en(next)?))),
            None => figure_before.then(|| Reading::new(1, name)),
        };
    }
    // "500.000 đ/người"
    let (sign, _) = core.split_once('/')?;
    let name = find(sign).filter(|_| figure_before)?;
    Some(Reading::new(1, format!("{name}{}", per(&core[sign.len()..])?)))
}

/// "$5-$10", "50-100k", "200.000-300.000đ".
pub(super) fn range(place: Place<'_>) -> Option<Reading> {
    let (from, to) = place.core().split_once(DASHES).filter(|(from, _)| !from.is_empty())?;
    let (least, most) = (parse(from), parse(to));
    let said = |figures: &str| figure(figures, least.or(most).is_some_and(|(_, _, english)| english));
    let Some((_, name, _)) = most.or(least) else {
        // "50-100k"
        let most = figure(to, false).filter(|_| amount(to).is_none())?;
        return Some(Reading::new(1, format!("{} đến {most}", figure(from, false)?)));
    };
    let least = said(least.map_or(from, |(figures, ..)| figures))?;
    let most = said(most.map_or(to, |(figures, ..)| figures))?;
    Some(Reading::new(1, format!("{least} đến {most} {name}")))
}

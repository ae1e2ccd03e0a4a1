//! Where somebody is to be found: telephone numbers, addresses of the web, houses, districts, and the plates of cars.
use super::code::letters;
use super::number::{amount, number, spell};
use crate::language::Language;
use crate::say::code::{Part, parts};
use crate::say::figure::Phone;
use crate::say::reading::{Mark, Place, Reading};
use crate::say::web::{self, Voice};
use crate::value::words::all_digits;

const VOICE: Voice = Voice {
    at: "a còng",
    dot: "chấm",
    slash: "gạch chéo",
    dash: "gạch ngang",
    underscore: "gạch dưới",
    plus: "cộng",
    colon: "hai chấm",
    question: "hỏi chấm",
    equals: "bằng",
    and: "và",
    hash: "thăng",
    percent: "phần trăm",
    tilde: "ngã",
    spell,
    letters,
};

pub(super) fn web(place: Place<'_>) -> Option<Reading> {
    web::address(place.core(), &VOICE).map(|said| Reading::new(1, said))
}

pub(super) fn phone(place: Place<'_>) -> Option<Reading> {
    let phone = Phone::at(place, Language::Vi)?;
    let said: Vec<String> = phone.groups.iter().map(|group| spell(group)).collect();
    let plus = if phone.plus { "cộng " } else { "" };
    Some(Reading::new(phone.words, format!("{plus}{}", said.join(", "))))
}

/// "51F-123.45", "29B1-123.45", "30A 567.89".
pub(super) fn plate(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let parts = parts(core)?;
    let (head, rest) = match parts.as_slice() {
        [Part::Digits(_), Part::Letters(_), Part::Dash, rest @ ..] => (&parts[..2], rest),
        [Part::Digits(_), Part::Letters(_), Part::Digits(series), Part::Dash, rest @ ..] if series.len() == 1 => {
            (&parts[..3], rest)
        }
        [Part::Digits(_), Part::Letters(_)] => (&parts[..2], &[][..]),
        [Part::Digits(_), Part::Letters(_), Part::Digits(series)] if series.len() == 1 => (&parts[..3], &[][..]),
        _ => return None,
    };
    let (Part::Digits(province), Part::Letters(series)) = (head[0], head[1]) else { return None };
    if province.len() != 2 || series.chars().count() > 2 || !series.chars().all(char::is_uppercase) {
        return None;
    }
    let apart = place.following().and_then(|next| crate::say::code::parts(next));
    let (rest, words) = if rest.is_empty() { (apart.as_deref()?, 2) } else { (rest, 1) };
    let groups: Vec<&str> = match rest {
        [Part::Digits(all)] if matches!(all.len(), 4 | 5) => vec![all],
        [Part::Digits(first), Part::Dot, Part::Digits(last)] if first.len() == 3 && last.len() == 2 => {
            vec![first, last]
        }
        _ => return None,
    };
    let more = head.get(2).map_or(String::new(), |part| match part {
        Part::Digits(digit) => format!(" {}", spell(digit)),
        _ => String::new(),
    });
    let groups: Vec<String> = groups.iter().map(|group| spell(group)).collect();
    Some(Reading::new(
        words,
        format!("{} {}{more}, {}", number(province.parse().ok()?), letters(series), groups.join(", ")),
    ))
}

/// What a house stands behind.
const HOUSES: [&str; 12] = ["số", "nhà", "hẻm", "ngõ", "ngách", "kiệt", "chỉ", "tổ", "lô", "căn", "hộ", "sn"];

/// "12/5A", "45/7 Lê Lợi", "phòng 1204".
pub(super) fn house(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let n: Option<i64> = core.parse().ok().filter(|_| all_digits(core) && !core.starts_with('0'));
    if let Some(n) =
        n.filter(|n| (1000..10_000).contains(n) && n % 100 != 0 && matches!(place.before(), "phòng" | "hộ"))
    {
        let (floor, door) = (number(n / 100), n % 100);
        return Some(Reading::new(1, format!("{floor} {}{}", if door < 10 { "linh " } else { "" }, number(door))));
    }
    let sides: Vec<&str> = core.split('/').collect();
    if sides.len() < 2 {
        return None;
    }
    let side = |side: &&str| {
        let figures = side.trim_end_matches(char::is_alphabetic);
        let rest = &side[figures.len()..];
        let fits = all_digits(figures) && figures.len() < 5 && rest.chars().count() < 3;
        let number = number(figures.parse().ok().filter(|_| fits)?);
        Some(if rest.is_empty() { number } else { format!("{number} {}", letters(rest)) })
    };
    let said = sides.iter().map(side).collect::<Option<Vec<_>>>()?;
    let lettered = core.contains(char::is_alphabetic) && !core.ends_with(['h', 'p']);
    let named =
        HOUSES.contains(&place.before()) && !place.following().is_some_and(|next| matches!(next, "khách" | "người"));
    let streets = place.following() == Some("đường") || place.following() == Some("Đường");
    // Three strokes and more are no date ("12/3/45/6" and "123/4/5").
    let deep = sides.len() > 2 && (sides.len() > 3 || sides[0].len() > 2 || sides[2].len() == 1);
    (lettered || named || streets || deep).then(|| Reading::new(1, said.join(" xuyệt ")))
}

/// What is abbreviated before a name or a number: as it is written, in lower case, and as it is said.
const DISTRICTS: [(&str, &str); 11] = [
    ("q", "quận"),
    ("p", "phường"),
    ("f", "phường"),
    ("tp", "thành phố"),
    ("tx", "thị xã"),
    ("tt", "thị trấn"),
    ("h", "huyện"),
    ("kp", "khu phố"),
    ("đ", "đường"),
    ("ql", "quốc lộ"),
    ("km", "ki lô mét"),
];
const CITIES: [(&str, &str); 8] = [
    ("hcm", "Hồ Chí Minh"),
    ("hồ chí minh", "Hồ Chí Minh"),
    ("hn", "Hà Nội"),
    ("đn", "Đà Nẵng"),
    ("ct", "Cần Thơ"),
    ("hp", "Hải Phòng"),
    ("bmt", "Buôn Ma Thuột"),
    ("hcmc", "Hồ Chí Minh"),
];

/// "Q.1", "Q1", "Q. Bình Thạnh", "TP.HCM", "TPHCM", "P.Bến Nghé", "QL1A".
pub(super) fn district(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let lower = place.lower();
    if lower == "tphcm" || lower == "hcm" || lower == "tp-hcm" {
        let said = if lower == "hcm" { "Hồ Chí Minh" } else { "thành phố Hồ Chí Minh" };
        return Some(Reading::new(1, said));
    }
    if let Some((short, rest)) = core.split_once('.').filter(|(_, rest)| !rest.is_empty() && !rest.contains('.')) {
        let (_, said) = DISTRICTS.iter().find(|(written, _)| *written == short.to_lowercase())?;
        let city =
            CITIES.iter().find(|(written, _)| *written == rest.to_lowercase()).map(|(_, name)| (*name).to_owned());
        let figure = amount(rest).or_else(|| lettered(rest));
        let name = city.or(figure).or_else(|| rest.starts_with(char::is_uppercase).then(|| rest.to_owned()))?;
        return Some(Reading::new(1, format!("{said} {name}")));
    }
    // "Q1", "QL1A", "P12"
    let figures = core.trim_start_matches(char::is_alphabetic);
    let short = &core[..core.len() - figures.len()];
    if !figures.is_empty() && matches!(short, "Q" | "P" | "F" | "QL" | "Km" | "KM") {
        let said = DISTRICTS.iter().find(|(written, _)| *written == short.to_lowercase())?.1;
        let short_figure = figures.len() < 3 || short.len() > 1;
        return (short_figure && !figures.starts_with('0'))
            .then(|| Some(Reading::new(1, format!("{said} {}", amount(figures).or_else(|| lettered(figures))?))))?;
    }
    // "Q. 1", "TP. Hà Nội", "P. Bến Nghé"
    let next = place.next(1)?;
    let capitals = core.starts_with(char::is_uppercase);
    let (_, said) =
        DISTRICTS.iter().find(|(written, _)| *written == lower).filter(|_| capitals && place.word().after == ".")?;
    if let Some((_, city)) = CITIES.iter().find(|(written, _)| *written == next.lower) {
        return Some(Reading::new(2, format!("{said} {city}")));
    }
    let name = next.is_capital() || next.core.starts_with(|c: char| c.is_ascii_digit());
    name.then(|| Reading::abbreviation(1, *said, Mark::Abbreviation))
}

/// "1A": "một a".
fn lettered(text: &str) -> Option<String> {
    let figures = text.trim_end_matches(char::is_alphabetic);
    let fits = all_digits(figures) && figures.len() < text.len() && text.len() < 5;
    fits.then(|| Some(format!("{} {}", amount(figures)?, letters(&text[figures.len()..]))))?
}

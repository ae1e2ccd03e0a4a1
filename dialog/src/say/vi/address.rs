//! Where somebody is to be found: telephone numbers, addresses of the web, houses, districts, and the plates of cars.
use super::code::letters;
use super::number::{amount, number, spell};
use crate::language::Language;
use crate::say::code::{Part, parts};
use crate::say::figure::Phone;
use crate::say::reading::{Mark, Place, Reading};
use crate::say::states;
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
    let mut parts = parts(core)?;
    // "59-X3 123.45"
    if matches!(parts.as_slice(), [Part::Digits(_), Part::Dash, Part::Letters(_), Part::Digits(series), ..] if series.len() == 1)
    {
        parts.remove(1);
    }
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

/// "phòng 1204": floor and door.
fn room(n: i64) -> String {
    let (floor, door) = (number(n / 100), n % 100);
    format!("{floor} {}{}", if door < 10 { "linh " } else { "" }, number(door))
}

fn is_floor_and_door(n: i64) -> bool {
    (1000..10_000).contains(&n) && n % 100 != 0
}

/// "12/5A", "phòng 1204", and the state and the postcode of America.
pub(super) fn house(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let n: Option<i64> = core.parse().ok().filter(|_| all_digits(core) && !core.starts_with('0'));
    if let Some(n) = n.filter(|n| is_floor_and_door(*n) && matches!(place.before(), "phòng" | "hộ")) {
        return Some(Reading::new(1, room(n)));
    }
    if let Some(state) = states::state(place) {
        return Some(Reading::new(1, state));
    }
    if states::postcode(place) {
        return Some(Reading::new(1, spell(core)));
    }
    // "BV 115" is named like the number that is dialled for it.
    if matches!(place.before(), "bv" | "viện") && core.len() == 3 && all_digits(core) {
        return Some(Reading::new(1, spell(core)));
    }
    let sides: Vec<&str> = core.split('/').collect();
    let said = in_alleys(core)?;
    let lettered = core.contains(char::is_alphabetic) && !core.ends_with(['h', 'p']);
    // Three strokes and more are no date ("12/3/45/6" and "123/4/5").
    let deep = sides.len() > 2 && (sides.len() > 3 || sides[0].len() > 2 || sides[2].len() == 1);
    (lettered || deep).then(|| Reading::new(1, said))
}

/// "12/5A": a house in the alleys of another.
fn in_alleys(core: &str) -> Option<String> {
    let sides: Vec<&str> = core.split('/').collect();
    let side = |side: &&str| {
        let figures = side.trim_end_matches(char::is_alphabetic);
        let rest = &side[figures.len()..];
        // Two small letters are a unit: "10mg/5ml".
        let letter = rest.chars().count() < 2 || (rest.chars().count() == 2 && rest.chars().all(char::is_uppercase));
        let fits = all_digits(figures) && figures.len() < 5 && letter;
        let number = number(figures.parse().ok().filter(|_| fits)?);
        Some(if rest.is_empty() { number } else { format!("{number} {}", letters(rest)) })
    };
    let said = sides.iter().map(side).collect::<Option<Vec<_>>>()?;
    (sides.len() > 1).then(|| said.join(" xuyệt "))
}

/// "số 12/5 đường Lê Lợi", "ngõ 20/10", "25/12 Nguyễn Văn Cừ": a house in an alley, and no date.
pub(super) fn alley(place: Place<'_>) -> Option<Reading> {
    const NO_NAMES: [&str; 8] = ["thứ", "chủ", "tết", "lễ", "giáng", "quốc", "âm", "dương"];
    let said = in_alleys(place.core())?;
    let counted = place.following().is_some_and(|next| matches!(next, "khách" | "người" | "tháng" | "ngày"));
    let named = HOUSES.contains(&place.before()) && !counted;
    let street = place.following().is_some_and(|next| next.to_lowercase() == "đường");
    // A name of two words follows, and no word before makes it a date.
    let name = |ahead: usize| {
        place.next(ahead).is_some_and(|word| word.is_capital() && !NO_NAMES.contains(&word.lower.as_str()))
    };
    let begins = place.back(1).is_none_or(|word| !word.after.is_empty() || matches!(word.lower.as_str(), "ở" | "tại"));
    let address = place.following().is_some() && name(1) && name(2) && begins;
    (named || street || address).then(|| Reading::new(1, said))
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
    // "P.305", "P. 1204": a room; wards have two figures at most.
    let (short, figures) = core.split_once('.').unwrap_or((core, ""));
    let apart = figures.is_empty() && place.word().after == ".";
    let figures = if apart { place.next(1).map_or("", |word| word.core) } else { figures };
    if matches!(short, "P" | "p") && (3..=4).contains(&figures.len()) && all_digits(figures) {
        let n: i64 = figures.parse().ok().filter(|_| !figures.starts_with('0'))?;
        let said = if is_floor_and_door(n) { room(n) } else { number(n) };
        return Some(Reading::new(1 + usize::from(apart), format!("phòng {said}")));
    }
    // "TP HCM", "Tp Hà Nội"
    if matches!(core, "TP" | "Tp")
        && place.word().after.is_empty()
        && place.next(1).is_some_and(|word| word.is_capital())
    {
        let city = place.next(1).and_then(|word| CITIES.iter().find(|(written, _)| *written == word.lower));
        return Some(match city {
            Some((_, city)) => Reading::new(2, format!("thành phố {city}")),
            None => Reading::new(1, "thành phố"),
        });
    }
    if let Some((short, rest)) = core.split_once('.').filter(|(_, rest)| !rest.is_empty() && !rest.contains('.')) {
        let (_, said) = DISTRICTS.iter().find(|(written, _)| *written == short.to_lowercase())?;
        // "P.TCHC" is a department.
        if short == "P" && rest.chars().count() > 2 && rest.chars().all(char::is_uppercase) {
            return None;
        }
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
        // "Km1050+200"
        if let Some((km, m)) = figures.split_once('+') {
            return Some(Reading::new(1, format!("{said} {} cộng {}", amount(km)?, amount(m)?)));
        }
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

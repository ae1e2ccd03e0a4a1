//! Fractions, and what else two figures with a stroke between them say.
use super::calendar::SCORES;
use super::number::{amount, number};
use crate::say::reading::{Place, Reading};
use crate::value::words::all_digits;

const SIGNS: [(char, &str); 6] = [
    ('½', "một phần hai"),
    ('¼', "một phần tư"),
    ('¾', "ba phần tư"),
    ('⅓', "một phần ba"),
    ('⅔', "hai phần ba"),
    ('⅛', "một phần tám"),
];

/// "24/7", "24/24": around the clock, and no date.
pub(super) fn around_the_clock(place: Place<'_>) -> Option<Reading> {
    match place.core() {
        "24/7" => Some(Reading::new(1, "hai mươi bốn trên bảy")),
        "24/24" => Some(Reading::new(1, "hai mươi bốn trên hai mươi bốn")),
        "24/24h" | "24h/24h" | "24h/24" => Some(Reading::new(1, "hai mươi bốn trên hai mươi bốn giờ")),
        // Transfers of money around the clock.
        "247" if place.before() == "nhanh" => Some(Reading::new(1, "hai bốn bảy")),
        "24h/7" | "24/7h" => Some(Reading::new(1, "hai mươi bốn trên bảy")),
        _ => None,
    }
}

/// "3/4", "9/10" of a score, "1½".
pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if let Some((sign, said)) = SIGNS.iter().find(|(sign, _)| core.ends_with(*sign)) {
        let whole = core.trim_end_matches(*sign);
        return match whole {
            "" => Some(Reading::new(1, *said)),
            _ if *sign == '½' => Some(Reading::new(1, format!("{} rưỡi", number(whole.parse().ok()?)))),
            _ => Some(Reading::new(1, format!("{} {said}", number(whole.parse().ok()?)))),
        };
    }
    // "4,7/5"
    if let Some((a, b)) = core.split_once('/').filter(|(a, b)| a.contains([',', '.']) && all_digits(b) && b.len() < 4) {
        return Some(Reading::new(1, format!("{} trên {}", amount(a)?, number(b.parse().ok()?))));
    }
    let (a, b) = core.split_once('/').filter(|(a, b)| all_digits(a) && all_digits(b) && a.len() < 4 && b.len() < 4)?;
    let (a, b): (i64, i64) = (a.parse().ok()?, b.parse().ok()?);
    // "lần 2/3", "trang 2/5"
    const PARTS: [&str; 11] = ["lần", "mũi", "trang", "bước", "câu", "vòng", "đợt", "kiện", "hộp", "thùng", "gói"];
    let part = PARTS.contains(&place.before());
    let said = if SCORES.contains(&place.before()) || part || a >= b {
        format!("{} trên {}", number(a), number(b))
    } else {
        format!("{} phần {}", number(a), if b == 4 { "tư".to_owned() } else { number(b) })
    };
    Some(Reading::new(1, said))
}

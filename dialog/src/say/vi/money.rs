//! Money as it is written in Vietnamese: signs, codes and amounts, said in words.
use super::number::{amount, amount_en, number};
use crate::say::debt::is_in_debt;
use crate::say::reading::{Place, Reading, is_dash};
use crate::value::words::all_digits;

/// As they are written before or behind an amount, longer ones first, and as they are said.
const CURRENCIES: [(&str, &str); 35] = [
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
    ("S$", "đô la Sing"),
    ("HK$", "đô la Hồng Kông"),
    ("HKD", "đô la Hồng Kông"),
    ("CAD", "đô la Canada"),
    ("NZD", "đô la Niu Di Lân"),
    ("CHF", "phrăng Thụy Sĩ"),
    ("CNY", "nhân dân tệ"),
    ("RMB", "nhân dân tệ"),
    ("JPY", "yên"),
    ("KRW", "won"),
    ("THB", "bạt"),
    ("฿", "bạt"),
    ("TWD", "đô la Đài Loan"),
    ("MYR", "ring gít"),
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
        "m3" | "m³" => "mét khối",
        "km2" | "km²" => "ki lô mét vuông",
        "ha" => "héc ta",
        "ml" => "mi li lít",
        "m" => "mét",
        "l" | "L" => "lít",
        "p" | "ph" => "phút",
        "th" => "tháng",
        "ng" => "người",
        "sp" | "SP" => "sản phẩm",
        _ => name,
    };
    // "/2": the word behind it says of what.
    if let Some(n) = name.parse().ok().filter(|_| all_digits(name) && name.len() < 4) {
        return Some(format!(" {}", number(n)));
    }
    (!name.is_empty() && name.chars().all(|c| c.is_alphabetic() || c == ' ')).then(|| format!(" một {name}"))
}

/// The sign of an amount as it is said, and the amount without it.
fn signed(text: &str) -> (&'static str, &str) {
    match text.strip_prefix(['-', '−', '–']) {
        Some(rest) => ("âm ", rest),
        None => text.strip_prefix('+').map_or(("", text), |rest| ("cộng ", rest)),
    }
}

/// An amount of money as it stands in a text: "1tr5", "-50.000đ", "$20", "120.000đ/kg", "50k+".
struct Sum<'a> {
    sign: &'static str,
    figures: &'a str,
    /// Of what it is, where that is written.
    currency: Option<&'static str>,
    /// Whether its marks may be the English ones.
    english: bool,
    /// "/người", "+".
    rest: &'a str,
}

impl<'a> Sum<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (sign, text) = signed(text);
        let (sum, rest) = text.find(['/', '+']).map_or((text, ""), |at| text.split_at(at));
        let (figures, currency, english) = match parse(sum) {
            Some((figures, name, english)) => (figures, Some(name), english),
            None => (sum, None, false),
        };
        let (sign, figures) = if sign.is_empty() { signed(figures) } else { (sign, figures) };
        figure(figures, english)?;
        Some(Self { sign, figures, currency, english, rest })
    }

    /// Whether it is more than a number.
    fn is_sum(&self) -> bool {
        self.currency.is_some() || amount(self.figures).is_none()
    }

    fn amount(&self) -> Option<String> {
        Some(format!("{}{}", self.sign, figure(self.figures, self.english)?))
    }

    fn rest(&self) -> Option<String> {
        rest_of(self.rest)
    }
}

/// What stands behind an amount: "+", "/người".
fn rest_of(rest: &str) -> Option<String> {
    match rest {
        "" => Some(String::new()),
        "+" => Some(" trở lên".to_owned()),
        "++" => Some(" cộng cộng".to_owned()),
        rest => per(rest),
    }
}

/// The currency in a word, with what stands behind it: "USD", "đồng/kg".
fn currency_in(word: &str) -> Option<(&'static str, &str)> {
    let (sign, rest) = word.find('/').map_or((word, ""), |at| word.split_at(at));
    let (_, name) = CURRENCIES.iter().find(|(written, _)| *written == sign)?;
    Some((*name, rest))
}

/// A scale in a word, with what stands behind it: "triệu", "triệu/tháng".
fn scale_in(word: &str) -> Option<(&str, &str)> {
    let (scale, rest) = word.find('/').map_or((word, ""), |at| word.split_at(at));
    SCALE_WORDS.contains(&scale).then_some((scale, rest))
}

/// What stands behind an amount in words of its own: "triệu đồng/tháng".
#[derive(Default)]
struct Behind<'a> {
    words: usize,
    scale: Option<&'a str>,
    currency: Option<&'static str>,
    rest: &'a str,
}

impl<'a> Behind<'a> {
    /// Behind so many words from a place.
    fn at(place: Place<'a>, words: usize) -> Self {
        let word = |ahead: usize| {
            let open = place.ahead(ahead - 1).is_some_and(|place| place.word().after.is_empty());
            place.next(ahead).filter(|_| open).map(|word| word.core)
        };
        let mut found = Self::default();
        if let Some((scale, rest)) = word(words).and_then(scale_in) {
            found = Self { words: 1, scale: Some(scale), rest, ..found };
        }
        if let Some((name, rest)) = word(words + found.words).filter(|_| found.rest.is_empty()).and_then(currency_in) {
            found = Self { words: found.words + 1, currency: Some(name), rest, ..found };
        }
        found
    }

    /// Without its scale, which another one stands for.
    fn said(&self, currency: Option<&str>) -> Option<String> {
        let scale = self.scale.map_or(String::new(), |scale| format!(" {scale}"));
        let currency = self.currency.or(currency).map_or(String::new(), |name| format!(" {name}"));
        Some(format!("{scale}{currency}{}", rest_of(self.rest)?))
    }
}

/// What stands before an amount and says how near it is.
const ABOUT: [(char, &str); 6] =
    [('>', "trên"), ('<', "dưới"), ('~', "khoảng"), ('≈', "khoảng"), ('≥', "từ"), ('≤', "không quá")];

/// What "4K" is said of, letter by letter.
const SCREENS: [&str; 7] = ["inch", "tivi", "tv", "video", "phim", "hình", "giải"];

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if core.ends_with('K') && SCREENS.contains(&place.before()) {
        return None;
    }
    // "Số dư: - 50.000đ"
    if is_dash(core)
        && let Some(sum) = place.following().and_then(Sum::parse)
        && (core == "−" || place.back(1).is_some_and(|word| word.after == ":" || word.lower == "là"))
    {
        let rest = place.ahead(1).and_then(reading)?;
        let sign = if sum.sign.is_empty() { "âm " } else { "" };
        return Some(Reading { words: rest.words + 1, said: format!("{sign}{}", rest.said), ..rest });
    }
    // "USD 50"
    if let Some((name, "")) = currency_in(core)
        && name != "đồng"
        && let Some((sign, figures)) = place.following().map(signed)
        && let Some(said) = amount_en(figures)
    {
        return Some(Reading::new(2, format!("{sign}{said} {name}")));
    }
    // ">300k", "~50k"
    if let Some((about, sum)) =
        ABOUT.iter().find_map(|(sign, said)| Some((*said, Sum::parse(core.strip_prefix(*sign)?).filter(Sum::is_sum)?)))
    {
        let currency = sum.currency.map_or(String::new(), |name| format!(" {name}"));
        return Some(Reading::new(1, format!("{about} {}{currency}{}", sum.amount()?, sum.rest()?)));
    }
    if let Some(sum) = Sum::parse(core) {
        let debt = if is_in_debt(place) && sum.sign.is_empty() { "âm " } else { "" };
        let behind = if sum.rest.is_empty() { Behind::at(place, 1) } else { Behind::default() };
        // "$2.5 triệu", "-50.000 đồng", "3,5 tỷ/căn"; a number alone has readers of its own.
        if !sum.is_sum() && behind.words == 0 {
            return None;
        }
        // "tăng 15đ" where points are spoken of
        let points = core.ends_with('đ')
            && sum.figures.len() < 4
            && (1..=6).filter_map(|back| place.back(back)).any(|word| word.lower == "điểm");
        if points {
            return Some(Reading::new(1, format!("{} điểm", sum.amount()?)));
        }
        let english = Sum { english: behind.currency.is_some_and(|name| name != "đồng") || sum.english, ..sum };
        let words = 1 + behind.words;
        return Some(Reading::new(
            words,
            format!("{debt}{}{}{}", english.amount()?, behind.said(english.currency)?, english.rest()?),
        ));
    }
    // "500 nghìn/người": the amount was said by another reader.
    let figure_before = place.joined_before().is_some_and(|word| word.core.ends_with(|c: char| c.is_ascii_digit()));
    if let Some((scale, rest)) = scale_in(core).filter(|(_, rest)| figure_before && !rest.is_empty()) {
        return Some(Reading::new(1, format!("{scale}{}", rest_of(rest)?)));
    }
    let scale_before = place.joined_before().is_some_and(|word| SCALE_WORDS.contains(&word.lower.as_str()));
    let (name, rest) = currency_in(core).filter(|_| figure_before || scale_before)?;
    Some(Reading::new(1, format!("{name}{}", rest_of(rest)?)))
}

/// "$5-$10", "50 - 100k", "200.000-300.000đ", "5-7 triệu/tháng".
pub(super) fn range(place: Place<'_>) -> Option<Reading> {
    let pieces = place.pieces(3);
    let (first, dash, second) = (pieces.first()?, pieces.get(1)?, pieces.get(2)?);
    let (least, most) = (Sum::parse(first.text)?, Sum::parse(second.text).filter(|_| is_dash(dash.text))?);
    let words = second.words?;
    let behind = if most.rest.is_empty() { Behind::at(place, words) } else { Behind::default() };
    let sums = least.is_sum() || most.is_sum() || behind.words > 0;
    if !sums || !least.rest.is_empty() || least.currency.zip(most.currency).is_some_and(|(one, other)| one != other) {
        return None;
    }
    let currency = most.currency.or(least.currency).or(behind.currency);
    let english = currency.is_some_and(|name| name != "đồng");
    let (least, most) = (Sum { english, ..least }, Sum { english, ..most });
    let said = format!("{} đến {}", least.amount()?, most.amount()?);
    Some(Reading::new(words + behind.words, format!("{said}{}{}", behind.said(currency)?, most.rest()?)))
}

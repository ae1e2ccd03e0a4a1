//! Money as it is written in English: signs, codes and amounts, said in words.
use super::number::{amount, number, parts, spell};
use crate::say::debt::is_in_debt;
use crate::say::figure::figure;
use crate::say::reading::{Mark, Place, Reading, is_dash};

pub(super) struct Currency {
    /// How it is written before or behind an amount.
    written: &'static [&'static str],
    one: &'static str,
    many: &'static str,
    /// One and several hundredths of it, where it has some.
    cents: Option<(&'static str, &'static str)>,
}

const fn currency(
    written: &'static [&'static str],
    one: &'static str,
    many: &'static str,
    cents: Option<(&'static str, &'static str)>,
) -> Currency {
    Currency { written, one, many, cents }
}

const CENTS: Option<(&str, &str)> = Some(("cent", "cents"));

/// Longer signs first.
const CURRENCIES: [Currency; 27] = [
    currency(&["US$", "USD", "$"], "dollar", "dollars", CENTS),
    currency(&["CA$", "C$", "CAD"], "Canadian dollar", "Canadian dollars", CENTS),
    currency(&["AU$", "A$", "AUD"], "Australian dollar", "Australian dollars", CENTS),
    currency(&["S$", "SGD"], "Singapore dollar", "Singapore dollars", CENTS),
    currency(&["HK$", "HKD"], "Hong Kong dollar", "Hong Kong dollars", CENTS),
    currency(&["€", "EUR"], "euro", "euros", CENTS),
    currency(&["£", "GBP"], "pound", "pounds", Some(("penny", "pence"))),
    currency(&["¥", "JPY"], "yen", "yen", None),
    currency(&["₫", "đ", "VND", "VNĐ"], "dong", "dong", None),
    currency(&["₹", "INR"], "rupee", "rupees", Some(("paisa", "paise"))),
    currency(&["CHF"], "franc", "francs", CENTS),
    currency(&["CNY", "RMB"], "yuan", "yuan", None),
    currency(&["₩", "KRW"], "won", "won", None),
    currency(&["NZ$", "NZD"], "New Zealand dollar", "New Zealand dollars", CENTS),
    currency(&["NT$", "TWD"], "Taiwan dollar", "Taiwan dollars", None),
    currency(&["MX$", "MXN"], "Mexican peso", "Mexican pesos", CENTS),
    currency(&["R$", "BRL"], "real", "reais", CENTS),
    currency(&["฿", "THB"], "baht", "baht", None),
    currency(&["₱", "PHP"], "peso", "pesos", CENTS),
    currency(&["AED"], "dirham", "dirhams", None),
    currency(&["MYR"], "ringgit", "ringgit", None),
    currency(&["IDR"], "rupiah", "rupiah", None),
    currency(&["SEK", "NOK", "DKK"], "krone", "kroner", None),
    currency(&["PLN"], "zloty", "zloty", None),
    currency(&["₺", "TRY"], "lira", "lira", None),
    currency(&["ZAR"], "rand", "rand", CENTS),
    currency(&["₽", "RUB"], "ruble", "rubles", None),
];

/// What is written for a scale behind a figure.
const SCALES: [(&str, &str); 9] = [
    ("bn", "billion"),
    ("mn", "million"),
    ("tn", "trillion"),
    ("k", "thousand"),
    ("K", "thousand"),
    ("m", "million"),
    ("M", "million"),
    ("b", "billion"),
    ("B", "billion"),
];
const SCALE_WORDS: [&str; 4] = ["thousand", "million", "billion", "trillion"];

impl Currency {
    /// The parts of an amount: thousands of dong are set apart by dots, too.
    fn parts<'a>(&self, text: &'a str) -> Option<(i64, Option<&'a str>)> {
        let dotted = figure(text, '.', ',').filter(|(_, fraction)| self.one == "dong" && fraction.is_none());
        dotted.or_else(|| parts(text))
    }

    fn amount(&self, text: &str) -> Option<String> {
        match self.parts(text)? {
            (whole, None) => Some(number(whole)),
            _ => amount(text),
        }
    }
}

/// An amount of money as it stands in a text.
struct Sum<'a> {
    /// "minus ", "plus " or nothing.
    sign: &'static str,
    figure: &'a str,
    scale: Option<&'static str>,
    currency: &'static Currency,
    /// "+", "/month".
    rest: &'a str,
}

impl<'a> Sum<'a> {
    /// "$2.5", "-$20", "$5k", "50€", "USD50", "$29/mo".
    fn parse(text: &'a str) -> Option<Self> {
        let (sign, text) = signed(text);
        let all = || CURRENCIES.iter().flat_map(|currency| currency.written.iter().map(move |sign| (*sign, currency)));
        if let Some((rest, currency)) = all().find_map(|(sign, currency)| Some((text.strip_prefix(sign)?, currency))) {
            let (sign, rest) = if sign.is_empty() { signed(rest) } else { (sign, rest) };
            let (figure, scale, rest) = figure_and_scale(rest)?;
            let fits = matches!(rest, "" | "+" | "++") || rest.starts_with('/');
            return fits.then_some(Self { sign, figure, scale, currency, rest });
        }
        let (amount, rest) = text.split_once('/').map_or((text, ""), |(amount, _)| (amount, &text[amount.len()..]));
        let (amount, currency) = all().find_map(|(sign, currency)| Some((amount.strip_suffix(sign)?, currency)))?;
        let (figure, scale, none) = figure_and_scale(amount)?;
        none.is_empty().then_some(Self { sign, figure, scale, currency, rest })
    }

    fn amount(&self) -> Option<String> {
        let said = self.currency.amount(self.figure)?;
        Some(self.scale.map_or(said.clone(), |scale| format!("{said} {scale}")))
    }

    /// `scale`: a word behind it ("million"). `each`: it stands before what costs it ("a five dollar bill").
    fn said(&self, scale: Option<&str>, each: bool) -> Option<String> {
        let Currency { one, many, cents, .. } = self.currency;
        let sign = self.sign;
        let (whole, fraction) = self.currency.parts(self.figure)?;
        let scale = scale.or(self.scale);
        if let Some(scale) = scale {
            return Some(format!(
                "{sign}{} {scale} {}",
                self.currency.amount(self.figure)?,
                if each { one } else { many }
            ));
        }
        let coins: Option<i64> = fraction.filter(|f| f.len() == 2 && cents.is_some()).and_then(|f| f.parse().ok());
        let unit = if whole == 1 || each { one } else { many };
        Some(match (whole, fraction, coins, cents) {
            (_, Some(f), None, _) => format!("{sign}{} point {} {many}", number(whole), spell(f)),
            (0, _, Some(c), Some(cents)) if c > 0 => format!("{sign}{}", hundredths(c, *cents, each)),
            (_, _, Some(c), Some(cents)) if c > 0 => {
                format!("{sign}{} {unit} and {}", number(whole), hundredths(c, *cents, each))
            }
            _ => format!("{sign}{} {unit}", number(whole)),
        })
    }
}

/// The sign of an amount, and the amount without it.
fn signed(text: &str) -> (&'static str, &str) {
    match text.strip_prefix(['-', '−', '–']) {
        Some(rest) => ("minus ", rest),
        None => text.strip_prefix('+').map_or(("", text), |rest| ("plus ", rest)),
    }
}

fn hundredths(n: i64, (one, many): (&str, &str), each: bool) -> String {
    format!("{} {}", number(n), if n == 1 || each { one } else { many })
}

fn figure_and_scale(text: &str) -> Option<(&str, Option<&'static str>, &str)> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let figure_end = text.find('/').filter(|at| *at < end).unwrap_or(end);
    let figure = &text[..figure_end];
    let rest = &text[figure_end..];
    parts(figure)?;
    let scale = SCALES
        .iter()
        .find(|(short, _)| rest.strip_prefix(short).is_some_and(|after| !after.starts_with(char::is_alphabetic)));
    Some(match scale {
        Some((short, scale)) => (figure, Some(*scale), &rest[short.len()..]),
        None => (figure, None, rest),
    })
}

/// "/month" behind an amount: "per month".
pub(super) fn per(rest: &str) -> Option<String> {
    let name = rest.strip_prefix('/')?;
    let name = match name {
        "h" | "hr" => "hour",
        "d" => "day",
        "wk" => "week",
        "mo" => "month",
        "yr" | "y" => "year",
        "pp" => "person",
        "kg" => "kilogram",
        "lb" => "pound",
        "km" => "kilometer",
        "mi" => "mile",
        "gal" => "gallon",
        "btl" => "bottle",
        "pc" => "piece",
        "gl" => "glass",
        "min" => "minute",
        "sec" => "second",
        "nt" => "night",
        "ea" => "each",
        _ => name,
    };
    (!name.is_empty() && name.chars().all(char::is_alphabetic)).then(|| format!(" per {name}"))
}

/// Whether an amount stands before what it measures: "a $5 bill", "a 16 oz cup".
pub(super) fn is_before_noun(place: Place<'_>, words: usize) -> bool {
    const NO_NOUNS: [&str; 26] = [
        "a", "an", "the", "of", "in", "at", "on", "for", "to", "per", "and", "or", "is", "are", "was", "with", "from",
        "by", "than", "each", "if", "when", "more", "less", "off", "every",
    ];
    // "a 2 lb. bag"
    let dotted = place.next(words).is_some_and(|word| !word.is_capital());
    let last = place.ahead(words - 1).is_some_and(|place| {
        let after = place.word().after;
        after.is_empty() || (dotted && after == ".")
    });
    let noun = place.next(words).is_some_and(|word| {
        word.core.chars().all(|c| c.is_alphabetic() || c == '-') && !NO_NOUNS.contains(&word.lower.as_str())
    });
    matches!(place.before(), "a" | "an") && last && noun
}

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let scale_word = |ahead: usize| {
        let word = place.next(ahead).filter(|word| SCALE_WORDS.contains(&word.lower.as_str()));
        word.map(|word| word.lower.as_str())
    };
    // "Balance: - $20"
    if let Some(sum) = place.following().and_then(Sum::parse).filter(|_| is_dash(core))
        && let Some(rest) = place.ahead(1).and_then(reading)
        && (core == "−" || place.back(1).is_some_and(|word| word.after == ":" || word.lower == "is"))
    {
        let sign = if sum.sign.is_empty() { "minus " } else { "" };
        return Some(Reading { words: rest.words + 1, said: format!("{sign}{}", rest.said), ..rest });
    }
    if let Some(sum) = Sum::parse(core) {
        let scale =
            scale_word(1).filter(|_| sum.scale.is_none() && sum.rest.is_empty() && place.word().after.is_empty());
        let words = 1 + usize::from(scale.is_some());
        let debt = if is_in_debt(place) && sum.sign.is_empty() { "minus " } else { "" };
        let said = format!("{debt}{}", sum.said(scale, is_before_noun(place, words))?);
        // "$29/mo. for a year"
        let mark = if sum.rest.starts_with('/') { Mark::Both } else { Mark::Sentence };
        return Some(Reading::abbreviation(words, format!("{said}{}", rest_of(sum.rest)?), mark));
    }
    // ">$200", "~$50"
    if let Some((about, sum)) =
        ABOUT.iter().find_map(|(sign, said)| Some((*said, Sum::parse(core.strip_prefix(*sign)?)?)))
    {
        return Some(Reading::new(1, format!("{about} {}{}", sum.said(None, false)?, rest_of(sum.rest)?)));
    }
    // "EUR/USD"
    if let Some((one, other)) =
        core.split_once('/').and_then(|(one, other)| Some((currency_of(one)?, currency_of(other)?)))
    {
        return Some(Reading::new(1, format!("{} to {}", one.one, other.one)));
    }
    if let Some(cents) = core.strip_suffix('¢') {
        let n = parts(cents)?.0;
        return Some(Reading::new(1, hundredths(n, ("cent", "cents"), is_before_noun(place, 1))));
    }
    // "50 USD", "2.5 million EUR", "USD 50", "$ 50".
    if let Some(currency) = currency_of(core) {
        let (sign, figure) = signed(place.following()?);
        parts(figure)?;
        let sum = Sum { sign, figure, scale: None, currency, rest: "" };
        let scale = place.ahead(1).and_then(|place| place.following()).filter(|word| SCALE_WORDS.contains(word));
        return Some(Reading::new(2 + usize::from(scale.is_some()), sum.said(scale, false)?));
    }
    let (sign, figure) = signed(core);
    let (figure, own, none) = figure_and_scale(figure).filter(|_| !core.is_empty())?;
    let scale = scale_word(1).filter(|_| own.is_none() && place.word().after.is_empty());
    let behind = 1 + usize::from(scale.is_some());
    let (currency, rest) = behind_amount(place, behind).filter(|_| none.is_empty())?;
    let sum = Sum { sign, figure, scale: own, currency, rest };
    Some(Reading::new(behind + 1, format!("{}{}", sum.said(scale, false)?, rest_of(rest)?)))
}

/// What stands before an amount and says how near it is.
const ABOUT: [(char, &str); 6] =
    [('>', "more than"), ('<', "less than"), ('~', "about"), ('≈', "about"), ('≥', "at least"), ('≤', "at most")];

fn currency_of(sign: &str) -> Option<&'static Currency> {
    CURRENCIES.iter().find(|currency| currency.written.contains(&sign))
}

/// The currency in the word so many words ahead, and what stands behind it there: "USD", "USD/night".
fn behind_amount(place: Place<'_>, words: usize) -> Option<(&'static Currency, &str)> {
    let open = place.ahead(words - 1).is_some_and(|place| place.word().after.is_empty());
    let word = place.next(words).filter(|_| open)?.core;
    let (sign, rest) = word.find('/').map_or((word, ""), |at| word.split_at(at));
    Some((currency_of(sign)?, rest))
}

/// What stands behind an amount: "+", "/month".
fn rest_of(rest: &str) -> Option<String> {
    match rest {
        "" => Some(String::new()),
        "+" => Some(" or more".to_owned()),
        "++" => Some(" plus plus".to_owned()),
        rest => per(rest),
    }
}

/// One end of a span of amounts: an amount of money, or a figure alone.
enum End<'a> {
    Sum(Sum<'a>),
    Figure { figure: &'a str, scale: Option<&'static str>, rest: &'a str },
}

impl<'a> End<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if let Some(sum) = Sum::parse(text) {
            return Some(Self::Sum(sum));
        }
        let (figure, scale, rest) = figure_and_scale(text)?;
        (rest.is_empty() || rest == "+" || rest.starts_with('/')).then_some(Self::Figure { figure, scale, rest })
    }

    fn currency(&self) -> Option<&'static Currency> {
        match self {
            Self::Sum(sum) => Some(sum.currency),
            Self::Figure { .. } => None,
        }
    }

    fn of(self, currency: &'static Currency) -> Sum<'a> {
        match self {
            Self::Sum(sum) => sum,
            Self::Figure { figure, scale, rest } => Sum { sign: "", figure, scale, currency, rest },
        }
    }
}

/// "$5-$10", "$5 – 10", "$5–10 million", "50-100€", "$5-10/hour", "20-30 USD".
pub(super) fn range(place: Place<'_>) -> Option<Reading> {
    let pieces = place.pieces(3);
    let (first, dash, second) = (pieces.first()?, pieces.get(1)?, pieces.get(2)?);
    let (least, most) = (End::parse(first.text)?, End::parse(second.text).filter(|_| is_dash(dash.text))?);
    let mut words = second.words?;
    let open = place.ahead(words - 1).is_some_and(|place| place.word().after.is_empty());
    let scale = place.next(words).filter(|_| open).map(|word| word.core).filter(|word| SCALE_WORDS.contains(word));
    let signs = (least.currency(), most.currency());
    let behind = words + usize::from(scale.is_some());
    let written = if let (None, None) = signs { behind_amount(place, behind) } else { None };
    let currency = signs.0.or(signs.1).or(written.map(|(currency, _)| currency))?;
    if signs.0.zip(signs.1).is_some_and(|(least, most)| least.one != most.one) {
        return None;
    }
    let (least, mut most) = (least.of(currency), most.of(currency));
    let scale = scale.filter(|_| most.scale.is_none() && most.rest.is_empty());
    words += usize::from(scale.is_some()) + usize::from(written.is_some());
    if let Some((_, rest)) = written {
        most.rest = rest;
    }
    let coins =
        |sum: &Sum<'_>| sum.currency.parts(sum.figure).is_some_and(|(_, coins)| coins.is_some_and(|c| c.len() == 2));
    let whole = (coins(&least) && scale.is_none()) || !least.sign.is_empty() || !most.sign.is_empty();
    let least = if whole { least.said(None, false)? } else { least.amount()? };
    let most_said = most.said(scale, is_before_noun(place, words))?;
    Some(Reading::new(words, format!("{least} to {most_said}{}", rest_of(most.rest)?)))
}

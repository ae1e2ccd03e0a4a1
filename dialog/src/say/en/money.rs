//! Money as it is written in English: signs, codes and amounts, said in words.
use super::number::{amount, number, parts, spell};
use crate::say::figure::figure;
use crate::say::reading::{DASHES, Place, Reading};

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
const CURRENCIES: [Currency; 13] = [
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
    minus: bool,
    figure: &'a str,
    scale: Option<&'static str>,
    currency: &'static Currency,
    /// "+", "/month".
    rest: &'a str,
}

impl<'a> Sum<'a> {
    /// "$2.5", "-$20", "$5k", "50€", "USD50", "$29/mo".
    fn parse(text: &'a str) -> Option<Self> {
        let (minus, text) = text.strip_prefix(['-', '−']).map_or((false, text), |rest| (true, rest));
        let all = || CURRENCIES.iter().flat_map(|currency| currency.written.iter().map(move |sign| (*sign, currency)));
        if let Some((rest, currency)) = all().find_map(|(sign, currency)| Some((text.strip_prefix(sign)?, currency))) {
            let (minus, rest) =
                if minus { (true, rest) } else { rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest)) };
            let (figure, scale, rest) = figure_and_scale(rest)?;
            let fits = rest.is_empty() || rest == "+" || rest.starts_with('/');
            return fits.then_some(Self { minus, figure, scale, currency, rest });
        }
        let (amount, rest) = text.split_once('/').map_or((text, ""), |(amount, _)| (amount, &text[amount.len()..]));
        let (amount, currency) = all().find_map(|(sign, currency)| Some((amount.strip_suffix(sign)?, currency)))?;
        let (figure, scale, none) = figure_and_scale(amount)?;
        none.is_empty().then_some(Self { minus, figure, scale, currency, rest })
    }

    fn amount(&self) -> Option<String> {
        let said = self.currency.amount(self.figure)?;
        Some(self.scale.map_or(said.clone(), |scale| format!("{said} {scale}")))
    }

    /// `scale`: a word behind it ("million"). `each`: it stands before what costs it ("a five dollar bill").
    fn said(&self, scale: Option<&str>, each: bool) -> Option<String> {
        let Currency { one, many, cents, .. } = self.currency;
        let sign = if self.minus { "minus " } else { "" };
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
    let last = place.ahead(words - 1).is_some_and(|place| place.word().after.is_empty());
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
    if let Some(sum) = Sum::parse(core) {
        let scale =
            scale_word(1).filter(|_| sum.scale.is_none() && sum.rest.is_empty() && place.word().after.is_empty());
        let words = 1 + usize::from(scale.is_some());
        let said = sum.said(scale, is_before_noun(place, words))?;
        return Some(match sum.rest {
            "" => Reading::new(words, said),
            "+" => Reading::new(words, format!("{said} or more")),
            rest => Reading::new(words, format!("{said}{}", per(rest)?)),
        });
    }
    if let Some(cents) = core.strip_suffix('¢') {
        let n = parts(cents)?.0;
        return Some(Reading::new(1, hundredths(n, ("cent", "cents"), is_before_noun(place, 1))));
    }
    // "50 USD", "2.5 million EUR", "USD 50", "$ 50".
    let all = || CURRENCIES.iter();
    let find = |sign: &str| all().find(|currency| currency.written.contains(&sign));
    if let Some(currency) = find(core) {
        let figure = place.following().filter(|next| parts(next).is_some())?;
        let sum = Sum { minus: false, figure, scale: None, currency, rest: "" };
        let scale = place.ahead(1).and_then(|place| place.following()).filter(|word| SCALE_WORDS.contains(word));
        return Some(Reading::new(2 + usize::from(scale.is_some()), sum.said(scale, false)?));
    }
    parts(core)?;
    let scale = scale_word(1).filter(|_| place.word().after.is_empty());
    let behind = 1 + usize::from(scale.is_some());
    let currency = find(place.next(behind)?.core)
        .filter(|_| place.ahead(behind - 1).is_some_and(|p| p.word().after.is_empty()))?;
    let sum = Sum { minus: false, figure: core, scale: None, currency, rest: "" };
    Some(Reading::new(behind + 1, sum.said(scale, false)?))
}

/// "$5-$10", "$20-30", "$5–10 million", "50-100€".
pub(super) fn range(place: Place<'_>) -> Option<Reading> {
    let (from, to) = place.core().split_once(DASHES).filter(|(from, _)| !from.is_empty())?;
    let (least, most) = (Sum::parse(from), Sum::parse(to));
    let currency = least.as_ref().or(most.as_ref())?.currency;
    let least = match &least {
        Some(sum) => sum.amount()?,
        None => amount(from)?,
    };
    let (figure, own, _) = figure_and_scale(to).or(most.as_ref().map(|sum| (sum.figure, sum.scale, "")))?;
    let (figure, own) = most.as_ref().map_or((figure, own), |sum| (sum.figure, sum.scale));
    let sum = Sum { minus: false, figure, scale: own, currency, rest: "" };
    let scale = place.following().filter(|next| own.is_none() && SCALE_WORDS.contains(next));
    Some(Reading::new(1 + usize::from(scale.is_some()), format!("{least} to {}", sum.said(scale, false)?)))
}

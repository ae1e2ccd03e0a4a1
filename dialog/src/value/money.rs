//! Amounts of money: currencies, and how callers say an amount of one.
use super::figures::all_digits;
use super::found::{Found, Growth};
use super::kind::Value;
use super::words::{begin_with, word};
use super::{is_scale, number};
use crate::language::Language;

/// A currency that a bot can count in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    Usd,
    Eur,
    Gbp,
    Vnd,
}

/// An amount in the smallest unit of its currency: 1250 is $12.50.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub units: i64,
    pub currency: Currency,
}

/// Amounts are a caller's words: they stay out of logs.
impl std::fmt::Debug for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Amount({:?})", self.currency)
    }
}

/// What a currency is called in one language. The first of each is how one, or several, are said.
pub(crate) struct Names {
    pub one: &'static str,
    pub many: &'static [&'static str],
    /// Empty where it has no smaller coin.
    pub cent: &'static str,
    pub cents: &'static [&'static str],
}

const ALL: [Currency; 4] = [Currency::Usd, Currency::Eur, Currency::Gbp, Currency::Vnd];

impl Currency {
    /// The one that a bot of this language counts in unless its file says otherwise.
    pub const fn usual(language: Language) -> Currency {
        match language {
            Language::En => Currency::Usd,
            Language::Vi => Currency::Vnd,
        }
    }

    /// How many of the smallest unit are one.
    pub const fn scale(self) -> i64 {
        match self {
            Currency::Usd | Currency::Eur | Currency::Gbp => 100,
            Currency::Vnd => 1,
        }
    }

    pub(crate) const fn names(self, language: Language) -> Names {
        let cents: (&'static str, &'static [&'static str]) = match (self, language) {
            (Currency::Vnd, _) => ("", &[]),
            (Currency::Gbp, Language::En) => ("penny", &["pence", "p", "pennies"]),
            (_, Language::En) => ("cent", &["cents"]),
            (_, Language::Vi) => ("xu", &["xu", "cent", "cents"]),
        };
        let (one, many): (&'static str, &'static [&'static str]) = match (self, language) {
            (Currency::Usd, Language::En) => ("dollar", &["dollars", "bucks", "buck"]),
            (Currency::Eur, Language::En) => ("euro", &["euros"]),
            (Currency::Gbp, Language::En) => ("pound", &["pounds", "quid"]),
            (Currency::Vnd, Language::En) => ("dong", &["dong"]),
            (Currency::Usd, Language::Vi) => ("đô la", &["đô la", "đô", "dollar", "dollars"]),
            (Currency::Eur, Language::Vi) => ("ơ rô", &["ơ rô", "euro"]),
            (Currency::Gbp, Language::Vi) => ("bảng", &["bảng", "bảng anh"]),
            (Currency::Vnd, Language::Vi) => ("đồng", &["đồng"]),
        };
        Names { one, many, cent: cents.0, cents: cents.1 }
    }

    /// How many words at the start name this currency.
    fn named(self, words: &[String], language: Language) -> Option<usize> {
        let names = self.names(language);
        longest(words, names.many.iter().chain([&names.one]))
    }

    fn cent_named(self, words: &[String], language: Language) -> Option<usize> {
        let names = self.names(language);
        longest(words, names.cents.iter().chain([&names.cent]))
    }
}

fn longest<'a>(words: &[String], phrases: impl Iterator<Item = &'a &'static str>) -> Option<usize> {
    phrases
        .filter(|phrase| !phrase.is_empty() && begin_with(words, phrase))
        .map(|phrase| phrase.split(' ').count())
        .max()
}

impl Amount {
    /// An amount as services write it: "12.5", "12.50", "250000". `None`: it is none, or has more places than the currency.
    pub fn read(text: &str, currency: Currency) -> Option<Amount> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let part = part.trim_end_matches('0');
        let places = if currency.scale() == 100 { 2 } else { 0 };
        if !all_digits(whole) || whole.len() > 12 || part.len() > places || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let cents: i64 = if places == 0 { 0 } else { format!("{part:0<places$}").parse().ok()? };
        Some(Amount { units: whole.parse::<i64>().ok()? * currency.scale() + cents, currency })
    }

    /// Whole units and cents.
    pub fn parts(self) -> (i64, i64) {
        (self.units / self.currency.scale(), self.units % self.currency.scale())
    }

    /// A number in JSON: 12.5 of a currency that has cents.
    pub fn json(self) -> serde_json::Value {
        match self.parts() {
            (whole, 0) => whole.into(),
            _ => (self.units as f64 / self.currency.scale() as f64).into(),
        }
    }
}

/// What a slot of money takes, in the smallest unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub currency: Currency,
    pub min: i64,
    pub max: i64,
}

impl Bounds {
    fn holds(&self, units: i64) -> bool {
        (self.min..=self.max).contains(&units)
    }
}

/// An amount at the start of `words`. What may be two amounts ("twelve fifty" where 1,250 would do as well) is none.
pub(super) fn find(words: &[String], bounds: Bounds, language: Language) -> Option<Found> {
    let read = Reader { words, bounds, language };
    let (units, len, reading) = read.named().or_else(|| read.bare())?;
    let found = Found::new(Value::Money(Amount { units, currency: bounds.currency }), len);
    let found = match reading {
        Named::All => found,
        Named::Units => found.growing(Growth::Likely),
        Named::Not => found.growing(Growth::Likely).only_if_asked(),
    };
    bounds.holds(units).then_some(found)
}

/// How much of an amount names its currency.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    All,
    /// Cents may follow.
    Units,
    Not,
}

struct Reader<'a> {
    words: &'a [String],
    bounds: Bounds,
    language: Language,
}

impl Reader<'_> {
    fn rest(&self, at: usize) -> &[String] {
        self.words.get(at..).unwrap_or_default()
    }

    /// Units and cents before the name of the currency, and how many words they take.
    fn count(&self) -> Option<(i64, usize)> {
        let scale = self.bounds.currency.scale();
        let first = word(self.words, 0);
        if matches!(first, "a" | "an") && self.bounds.currency.named(self.rest(1), self.language).is_some() {
            return Some((scale, 1));
        }
        if let Some(amount) = self.decimal(first) {
            return Some((amount, 1));
        }
        let (whole, len) = number(self.words, self.language)?;
        let units = whole.checked_mul(scale)?;
        let half = ["and a half", "rưỡi"].iter().find(|half| begin_with(self.rest(len), half));
        if let Some(half) = half.filter(|_| scale == 100) {
            return Some((units + scale / 2, len + half.split(' ').count()));
        }
        let point = matches!((word(self.words, len), self.language), ("point", Language::En) | ("phẩy", Language::Vi));
        match super::digits(self.rest(len + 1), self.language).filter(|_| point) {
            Some((part, used)) => {
                let amount = Amount::read(&format!("{whole}.{part}"), self.bounds.currency)?;
                Some((amount.units, len + 1 + used))
            }
            None => Some((units, len)),
        }
    }

    /// "12.50", "12,50".
    fn decimal(&self, word: &str) -> Option<i64> {
        let point = match self.language {
            Language::En => '.',
            // "12.500" is twelve thousand five hundred.
            Language::Vi => word
                .find(['.', ','])
                .filter(|at| word.len() - at == 3)
                .map_or(',', |at| word[at..].chars().next().unwrap_or(',')),
        };
        let (whole, part) = word.split_once(point)?;
        let written = (1..=2).contains(&part.len()) && all_digits(part);
        Amount::read(&format!("{whole}.{part}"), self.bounds.currency).filter(|_| written).map(|amount| amount.units)
    }

    /// An amount that names its currency: "twelve dollars (and) fifty (cents)", "fifty cents".
    fn named(&self) -> Option<(i64, usize, Named)> {
        let currency = self.bounds.currency;
        let (units, len) = self.count()?;
        if let Some(used) = currency.cent_named(self.rest(len), self.language) {
            return Some((units / currency.scale(), len + used, Named::All)).filter(|_| units % currency.scale() == 0);
        }
        let len = len + currency.named(self.rest(len), self.language)?;
        if currency.scale() == 1 {
            return Some((units, len, Named::All));
        }
        for half in ["and a half", "rưỡi"] {
            if begin_with(self.rest(len), half) && units % currency.scale() == 0 {
                return Some((units + 50, len + half.split(' ').count(), Named::All));
            }
        }
        let joint = usize::from(matches!(word(self.words, len), "and" | "và" | "with"));
        let Some((cents, used)) = self.cents(len + joint).filter(|_| units % currency.scale() == 0) else {
            return Some((units, len, Named::Units));
        };
        let end = len + joint + used;
        match currency.cent_named(self.rest(end), self.language) {
            Some(more) => Some((units + cents, end + more, Named::All)),
            // "twelve dollars fifty": nothing else follows the number, and it is two places long.
            None if end == self.words.len() && (cents >= 10 || used > 1) => Some((units + cents, end, Named::All)),
            // "twelve dollars five" may be five cents, fifty, or something else.
            None if end == self.words.len() => None,
            None => Some((units, len, Named::Units)),
        }
    }

    /// A number that can be cents: "fifty", "oh five".
    fn cents(&self, at: usize) -> Option<(i64, usize)> {
        let zero = matches!(word(self.words, at), "oh" | "zero" | "linh" | "lẻ");
        let behind = number(self.rest(at + 1), self.language).filter(|(n, _)| zero && (1..=9).contains(n));
        match behind {
            Some((n, used)) => Some((n, used + 1)),
            None => number(self.rest(at), self.language).filter(|(n, _)| (0..=99).contains(n)),
        }
    }

    /// An amount that does not name its currency: "twelve", "twelve fifty", "12.50".
    fn bare(&self) -> Option<(i64, usize, Named)> {
        let currency = self.bounds.currency;
        let (units, len) = self.count()?;
        let foreign = ALL.iter().any(|other| other.named(self.rest(len), self.language).is_some());
        if foreign || is_scale(self.words.get(len), self.language) {
            return None;
        }
        // Nobody pays fifty dong: thousands are meant.
        if currency == Currency::Vnd && units < 1_000 {
            return None;
        }
        if number(self.rest(len), self.language).is_none() && word(self.words, len) != "oh" {
            return Some((units, len, Named::Not));
        }
        let (cents, used) = self.cents(len).filter(|(n, used)| currency.scale() == 100 && (*n >= 10 || *used > 1))?;
        let whole = units / currency.scale();
        let as_number = (whole * 100 + cents) * currency.scale();
        let as_price = units + cents;
        let fits = |units: i64| self.bounds.holds(units);
        let one = units % currency.scale() == 0 && (!fits(as_number) || whole > 99);
        (one && self.rest(len + used).is_empty()).then_some((as_price, len + used, Named::Not))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::words::tokens;

    fn read(text: &str, currency: Currency, language: Language) -> String {
        let bounds = Bounds { currency, min: 0, max: 999 * currency.scale().max(1_000_000 / currency.scale()) };
        let words = tokens(text, language);
        match find(&words, bounds, language) {
            Some(Found { value: Value::Money(amount), len, reading, .. }) => {
                let rest = if len == words.len() { String::new() } else { format!(" [{}]", words[len..].join(" ")) };
                let asked = if reading == crate::value::found::Reading::Certain { "" } else { "?" };
                format!("{}{asked}{rest}", amount.json())
            }
            _ => "none".into(),
        }
    }

    #[test]
    fn amounts_are_read_as_people_say_them() {
        use Currency::{Eur, Gbp, Usd, Vnd};
        for (text, currency, said) in [
            ("twelve dollars and fifty cents", Usd, "12.5"),
            ("twelve dollars fifty", Usd, "12.5"),
            ("twelve dollars and five cents", Usd, "12.05"),
            ("twelve dollars oh five", Usd, "12.05"),
            ("twelve dollars and zero cents", Usd, "12"),
            ("twelve dollars five", Usd, "none"),
            ("twelve dollars five people", Usd, "12 [five people]"),
            ("$12.50", Usd, "12.5"),
            ("$ 1,250.50", Usd, "1250.5"),
            ("12.50 dollars", Usd, "12.5"),
            ("12.50", Usd, "12.5?"),
            ("12.5", Usd, "12.5?"),
            ("12", Usd, "12?"),
            ("twelve point five", Usd, "12.5?"),
            ("twelve point five oh dollars", Usd, "12.5"),
            ("twelve oh five", Usd, "none"),
            ("fifty cents", Usd, "0.5"),
            ("a dollar", Usd, "1"),
            ("a dollar fifty", Usd, "1.5"),
            ("a hundred and five dollars", Usd, "105"),
            ("two thousand dollars", Usd, "2000"),
            ("two and a half dollars", Usd, "2.5"),
            ("two dollars and a half", Usd, "2.5"),
            ("twenty bucks", Usd, "20"),
            ("twelve thousand", Usd, "12000?"),
            ("twelve euros", Usd, "none"),
            ("€12.50", Eur, "12.5"),
            ("twenty five pounds and one penny", Gbp, "25.01"),
            ("twenty quid", Gbp, "20"),
            ("two hundred thousand dong", Vnd, "200000"),
            ("fifty", Vnd, "none"),
            ("a lot", Usd, "none"),
        ] {
            assert_eq!(read(text, currency, Language::En), said, "{text}");
        }
        for (text, currency, said) in [
            ("hai trăm nghìn", Vnd, "200000?"),
            ("hai trăm nghìn đồng", Vnd, "200000"),
            ("250k", Vnd, "250000?"),
            ("250.000 đồng", Vnd, "250000"),
            ("250.000", Vnd, "250000?"),
            ("1tr2", Vnd, "1200000?"),
            ("một triệu rưỡi", Vnd, "1500000?"),
            ("năm mươi", Vnd, "none"),
            ("hai trăm", Vnd, "none"),
            ("năm mươi nghìn", Vnd, "50000?"),
            ("mười hai đô la năm mươi xu", Usd, "12.5"),
            ("mười hai đô rưỡi", Usd, "12.5"),
            ("mười hai đô", Usd, "12"),
            ("12,50 đô", Usd, "12.5"),
            ("$20", Usd, "20"),
            ("hai mươi đô", Vnd, "none"),
            ("hai mươi bảng", Gbp, "20"),
        ] {
            assert_eq!(read(text, currency, Language::Vi), said, "{text}");
        }
    }

    #[test]
    fn two_numbers_are_a_price_where_they_cannot_be_one_number() {
        let read = |text: &str, max: i64| {
            let bounds = Bounds { currency: Currency::Usd, min: 0, max: max * 100 };
            find(&tokens(text, Language::En), bounds, Language::En).map(|found| found.value.json().to_string())
        };
        assert_eq!(read("twelve fifty", 100).as_deref(), Some("12.5"));
        assert_eq!(read("twelve oh five", 100).as_deref(), Some("12.05"));
        assert_eq!(read("twelve fifty", 2_000), None, "it may be one thousand two hundred and fifty");
        assert_eq!(read("two hundred", 100), None, "out of bounds");
    }

    #[test]
    fn amounts_of_services_are_exact() {
        let read = |text| Amount::read(text, Currency::Usd).map(|amount| amount.units);
        for (text, units) in
            [("12.5", Some(1250)), ("12.50", Some(1250)), ("12", Some(1200)), ("12.500", Some(1250)), ("0.05", Some(5))]
        {
            assert_eq!(read(text), units, "{text}");
        }
        for text in ["12.505", "-3", "1,250", "", "a", "12.5x"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Amount::read("250000", Currency::Vnd).map(|a| a.units), Some(250_000));
        assert_eq!(Amount::read("250000.5", Currency::Vnd), None);
        assert_eq!(Amount { units: 1999, currency: Currency::Usd }.json().to_string(), "19.99");
    }
}

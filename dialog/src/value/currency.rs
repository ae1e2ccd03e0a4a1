//! Currencies, amounts of them, and what they are called.
use super::figures::all_digits;
use crate::language::Language;

/// A currency that a bot can count in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Currency {
    pub const ALL: [Currency; 4] = [Currency::Usd, Currency::Eur, Currency::Gbp, Currency::Vnd];

    /// The one that a bot of this language counts in unless its file says otherwise.
    pub const fn usual(language: Language) -> Currency {
        match language {
            Language::En => Currency::Usd,
            Language::Vi => Currency::Vnd,
        }
    }

    /// As ISO 4217 names it.
    pub const fn code(self) -> &'static str {
        match self {
            Currency::Usd => "USD",
            Currency::Eur => "EUR",
            Currency::Gbp => "GBP",
            Currency::Vnd => "VND",
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

    /// In hundredths of its currency, whether that has them or not.
    pub fn hundredths(self) -> i64 {
        self.units.saturating_mul(100 / self.currency.scale())
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
    pub(super) fn holds(&self, units: i64) -> bool {
        (self.min..=self.max).contains(&units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

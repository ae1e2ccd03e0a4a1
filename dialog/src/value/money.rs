//! Amounts of money as callers say them.
use super::currency::{Amount, Bounds, Currency};
use super::figures::{all_digits, times};
use super::found::{Doubt, Found, Growth};
use super::kind::Value;
use super::rate::rate;
use super::words::{begin_with, word};
use super::{is_scale, number};
use crate::language::Language;

/// How many words at the start name this currency.
fn named(currency: Currency, words: &[String], language: Language) -> Option<usize> {
    let names = currency.names(language);
    longest(words, names.many.iter().chain([&names.one]))
}

/// The same for its smaller coin.
fn cent_named(currency: Currency, words: &[String], language: Language) -> Option<usize> {
    let names = currency.names(language);
    longest(words, names.cents.iter().chain([&names.cent]))
}

fn longest<'a>(words: &[String], phrases: impl Iterator<Item = &'a &'static str>) -> Option<usize> {
    phrases
        .filter(|phrase| !phrase.is_empty() && begin_with(words, phrase))
        .map(|phrase| phrase.split(' ').count())
        .max()
}

/// An amount at the start of `words`. What may be two amounts ("twelve fifty" where 1,250 would do as well) is none.
pub(super) fn find(words: &[String], bounds: Bounds, language: Language) -> Option<Found> {
    let plain = bounds.currency == Currency::Vnd && language == Language::Vi;
    let plain = if plain { without_slang(words) } else { None };
    let words = plain.as_deref().unwrap_or(words);
    let read = Reader { words, bounds, language };
    let (units, len, reading) = read.named().or_else(|| read.bare())?;
    // "Hai triệu hai trăm": the thousands are left out.
    let below = units % 1_000;
    let left_out = bounds.currency == Currency::Vnd && units > 1_000_000 && below > 0 && units % 1_000_000 == below;
    let units = if left_out { units - below + below * 1_000 } else { units };
    let found = Found::new(Value::Money(Amount { units, currency: bounds.currency }), len);
    let found = if left_out { found.doubtful(Doubt::TwoReadings) } else { found };
    let found = match reading {
        Named::All => found,
        Named::Units => found.growing(Growth::Likely),
        Named::Not => found.growing(Growth::Likely).only_if_asked(),
    };
    let found = match rate(read.rest(len), language) {
        Some(used) => Found { len: len + used, ..found }.doubtful(Doubt::TwoReadings),
        None => found,
    };
    bounds.holds(units).then_some(found)
}

/// "Hai củ rưỡi", "năm trăm cành", "một tỏi": what people call a million, a thousand and a billion dong. As many words as before; `None`:
/// there is none among the words of the number.
fn without_slang(words: &[String]) -> Option<Vec<String>> {
    let plain = |word: &String| match word.as_str() {
        "củ" | "chai" => Some("triệu"),
        "cành" => Some("nghìn"),
        "tỏi" => Some("tỷ"),
        _ => None,
    };
    let at = words.iter().take(6).position(|word| plain(word).is_some())?;
    let counted = at == 0 || at == 1 && words[0] == "nửa";
    let counted = counted || number(&words[..at], Language::Vi).is_some_and(|(_, len)| len == at);
    let all = || words.iter().map(|word| plain(word).map_or_else(|| word.clone(), str::to_owned)).collect();
    counted.then(all)
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
        if matches!(first, "a" | "an") && named(self.bounds.currency, self.rest(1), self.language).is_some() {
            return Some((scale, 1));
        }
        if let Some(amount) = self.decimal(first) {
            return Some((amount, 1));
        }
        if let Some(found) = self.hundreds_of_thousands() {
            return found;
        }
        let (whole, len) = number(self.words, self.language)?;
        let units = whole.checked_mul(scale)?;
        let half = ["and a half", "rưỡi"].iter().find(|half| begin_with(self.rest(len), half));
        // "A hundred and a half" may be a hundred and fifty.
        if half.is_some() && whole >= 100 {
            return None;
        }
        if let Some(half) = half.filter(|_| scale == 100) {
            return Some((units + scale / 2, len + half.split(' ').count()));
        }
        let point = matches!((word(self.words, len), self.language), ("point", Language::En) | ("phẩy", Language::Vi));
        if let Some(found) = self.scaled(whole, len).filter(|_| point) {
            return Some(found);
        }
        match super::digits(self.rest(len + 1), self.language).filter(|_| point) {
            Some((part, used)) => {
                let amount = Amount::read(&format!("{whole}.{part}"), self.bounds.currency)?;
                Some((amount.units, len + 1 + used))
            }
            None => Some((units, len)),
        }
    }

    /// "Ba xị", "hai lít rưỡi": so many hundred thousand dong. `Some(None)`: such an amount, and nobody can be sure how much ("hai xị hai").
    fn hundreds_of_thousands(&self) -> Option<Option<(i64, usize)>> {
        if self.bounds.currency != Currency::Vnd || self.language != Language::Vi {
            return None;
        }
        let (count, len) = number(self.words, self.language).filter(|(count, _)| (1..100).contains(count))?;
        if !matches!(word(self.words, len), "xị" | "lít" | "loét" | "lốp") {
            return None;
        }
        let behind = self.rest(len + 1);
        Some(match word(behind, 0) {
            "rưỡi" | "rưởi" => Some((count * 100_000 + 50_000, len + 2)),
            _ if number(behind, self.language).is_some() => None,
            _ => Some((count * 100_000, len + 1)),
        })
    }

    /// "Three point five thousand", behind its whole part and the point: units and cents, and how many words they take.
    fn scaled(&self, whole: i64, len: usize) -> Option<(i64, usize)> {
        let rest = self.rest(len + 1);
        let at = rest.iter().position(|word| is_scale(Some(word), self.language))?;
        let (part, used) = super::digits(&rest[..at], self.language)?;
        let by = match rest[at].as_str() {
            "hundred" | "trăm" => 100,
            "thousand" | "grand" | "nghìn" | "ngàn" => 1_000,
            "million" | "triệu" => 1_000_000,
            _ => return None,
        };
        let units = times(whole, &part, by)?.checked_mul(self.bounds.currency.scale())?;
        (used == at).then_some((units, len + 2 + at))
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
        if let Some(used) = cent_named(currency, self.rest(len), self.language) {
            return Some((units / currency.scale(), len + used, Named::All)).filter(|_| units % currency.scale() == 0);
        }
        let len = len + named(currency, self.rest(len), self.language)?;
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
        match cent_named(currency, self.rest(end), self.language) {
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
        let foreign = Currency::ALL.iter().any(|other| named(*other, self.rest(len), self.language).is_some());
        if foreign || is_scale(self.words.get(len), self.language) {
            return None;
        }
        // Nobody pays fifty dong: thousands are meant.
        if currency == Currency::Vnd && units < 1_000 {
            return None;
        }
        let is_rate = rate(self.rest(len), self.language).is_some();
        if is_rate || number(self.rest(len), self.language).is_none() && word(self.words, len) != "oh" {
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
            ("three point five thousand dollars", Usd, "3500"),
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
            ("hai phẩy năm triệu đồng", Vnd, "2500000"),
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
}

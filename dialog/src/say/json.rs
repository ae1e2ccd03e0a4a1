//! `SayAs`: the form in which a placeholder is said, and parts of a service's JSON answer as the bot says them.
use super::characters::{digits, number, spelled};
use super::outside::unmarked;
use super::value::money;
use super::{normal, value};
use crate::language::Language;
use crate::value::currency::{Amount, Currency};
use crate::value::json;
use crate::value::kind::{Kind, Value};
use crate::value::words::all_digits;
use jiff::civil::Date;
use serde_json::Value as Json;

macro_rules! forms {
    ($($(#[$doc:meta])* $form:ident: $name:literal;)*) => {
        /// How a placeholder's value is said, where not as its kind usually is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum SayAs { $($(#[$doc])* $form,)* }

        impl SayAs {
            pub const ALL: &[SayAs] = &[$(SayAs::$form,)*];

            /// As it stands in a bot file, behind the colon.
            pub const fn name(self) -> &'static str {
                match self { $(SayAs::$form => $name,)* }
            }
        }
    };
}

forms! {
    /// One by one: "four zero seven one".
    Digits: "digits";
    /// As one number, without the unit of its slot.
    Number: "number";
    /// Letter by letter.
    Spelled: "spelled";
    /// With the word that it needs in a sentence: "on Friday, December fourth".
    Date: "date";
    Time: "time";
    Duration: "duration";
    /// In the currency of the bot.
    Money: "money";
    /// Without the word before a date, and without the unit behind a number.
    Bare: "bare";
}

impl SayAs {
    pub(crate) fn named(name: &str) -> Option<SayAs> {
        Self::ALL.iter().copied().find(|form| form.name() == name)
    }

    /// Whether values of this kind can be said so.
    pub(crate) fn fits(self, kind: &Kind) -> bool {
        match self {
            SayAs::Digits => matches!(kind, Kind::Digits { .. } | Kind::Phone | Kind::Number { .. }),
            SayAs::Number => matches!(kind, Kind::Digits { .. } | Kind::Number { .. }),
            SayAs::Spelled => {
                matches!(
                    kind,
                    Kind::Digits { .. }
                        | Kind::Phone
                        | Kind::Choice(_)
                        | Kind::Name
                        | Kind::Email
                        | Kind::Id(_)
                        | Kind::Text
                )
            }
            SayAs::Date => *kind == Kind::Date,
            SayAs::Time => *kind == Kind::Time,
            SayAs::Duration => *kind == Kind::Duration,
            SayAs::Money => matches!(kind, Kind::Money(_)),
            SayAs::Bare => matches!(kind, Kind::Date | Kind::Number { .. }),
        }
    }
}

/// What a value is said with: the language, the day that "tomorrow" counts from, and the currency.
#[derive(Clone, Copy, Debug)]
pub struct Sayer {
    pub language: Language,
    pub today: Date,
    /// What an amount without a currency is of.
    pub currency: Currency,
}

impl Sayer {
    /// A slot's value in a form that [fits](SayAs::fits) its kind; without one as its kind is said.
    pub fn value(self, said: &Value, kind: &Kind, say_as: Option<SayAs>) -> String {
        let usual = || value(said, kind, self.language, self.today);
        match (say_as, said) {
            (Some(SayAs::Bare), Value::Date(date)) => self.bare_date(*date),
            (Some(SayAs::Number | SayAs::Bare), Value::Number(n)) => number(*n, self.language),
            (Some(SayAs::Digits), Value::Number(n)) => digits(&n.to_string(), self.language),
            (Some(SayAs::Number), Value::Digits(text)) => {
                text.parse().map_or_else(|_| usual(), |n| number(n, self.language))
            }
            (Some(SayAs::Spelled), Value::Digits(text) | Value::Choice(text) | Value::Text(text)) => {
                self.spelled(text).unwrap_or_else(usual)
            }
            _ => usual(),
        }
    }

    /// A part of an answer. `None`: it is missing (absent, null or an empty text), or cannot be said in this form.
    pub fn json(self, part: Option<&Json>, say_as: Option<SayAs>) -> Option<String> {
        let Some(form) = say_as else { return self.plain(part?) };
        let text = match part? {
            Json::String(text) => text.trim().to_owned(),
            Json::Number(n) => n.to_string(),
            _ => return None,
        };
        match form {
            SayAs::Digits => {
                let plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '+' | '(' | ')'));
                let figures: String = text.chars().filter(char::is_ascii_digit).collect();
                (plain && !figures.is_empty()).then(|| digits(&figures, self.language))
            }
            SayAs::Number => self.decimal(&text),
            SayAs::Spelled => self.spelled(&text),
            SayAs::Date => json::date(&text).map(|date| self.date(date)),
            SayAs::Bare => json::date(&text).map(|date| self.bare_date(date)).or_else(|| self.decimal(&text)),
            SayAs::Time => {
                json::time(&text).map(|time| value(&Value::Time(time), &Kind::Time, self.language, self.today))
            }
            SayAs::Money => Amount::read(&text, self.currency)
                .map(|amount| money(amount.hundredths(), amount.currency.code(), self.language)),
            SayAs::Duration => {
                let minutes = text.parse().ok().or_else(|| json::minutes(&text))?;
                Some(value(&Value::Minutes(minutes), &Kind::Duration, self.language, self.today))
            }
        }
    }

    /// A part as the text, number or yes that it is; the members of a list one after another. An object is nothing that can be said.
    fn plain(self, part: &Json) -> Option<String> {
        match part {
            Json::String(text) => Some(unmarked(text.trim())).filter(|text| !text.is_empty()),
            Json::Number(n) => Some(n.to_string()),
            Json::Bool(yes) => Some(value(&Value::Bool(*yes), &Kind::YesNo, self.language, self.today)),
            Json::Array(all) if !all.is_empty() => {
                let said: Option<Vec<String>> = all.iter().map(|part| self.plain(part)).collect();
                said.map(|said| said.join(", "))
            }
            Json::Array(_) | Json::Object(_) | Json::Null => None,
        }
    }

    fn date(self, date: Date) -> String {
        value(&Value::Date(date), &Kind::Date, self.language, self.today)
    }

    fn bare_date(self, date: Date) -> String {
        // English alone puts a word before it.
        let said = self.date(date);
        said.strip_prefix("on ").map(str::to_owned).unwrap_or(said)
    }

    /// "12", "-3", "12.50": a number, whatever its size.
    fn decimal(self, text: &str) -> Option<String> {
        let plain = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = plain.split_once('.').map_or((plain, None), |(whole, part)| (whole, Some(part)));
        if !all_digits(whole) || !fraction.is_none_or(all_digits) {
            return None;
        }
        if fraction.is_none_or(|part| part.bytes().all(|digit| digit == b'0')) {
            let whole: i64 = whole.parse().ok()?;
            return Some(number(if plain.len() < text.len() { -whole } else { whole }, self.language));
        }
        let written = match self.language {
            Language::En => text.to_owned(),
            Language::Vi => text.replace('.', ","),
        };
        Some(normal(&written, self.language))
    }

    /// "AB-12" letter by letter; `None`: there is neither a letter nor a digit.
    fn spelled(self, text: &str) -> Option<String> {
        Some(spelled(&text.to_uppercase(), self.language)).filter(|_| text.chars().any(char::is_alphanumeric))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(language: Language, part: Json, form: &str) -> String {
        let sayer = Sayer { language, today: jiff::civil::date(2026, 11, 25), currency: Currency::usual(language) };
        let form = Some(form)
            .filter(|form| !form.is_empty())
            .map(|form| SayAs::named(form).unwrap_or_else(|| panic!("{form}")));
        sayer.json(Some(&part), form).unwrap_or_else(|| "missing".into())
    }

    #[test]
    fn a_part_of_an_answer_is_said_in_its_form_or_missing() {
        for (part, form, en, vi) in [
            (json!("4071"), "digits", "four zero seven one", "bốn không bảy một"),
            (json!(4071), "digits", "four zero seven one", "bốn không bảy một"),
            (json!("40-71"), "digits", "four zero seven one", "bốn không bảy một"),
            (json!("40A1"), "digits", "missing", "missing"),
            (json!(4071), "number", "four thousand and seventy one", "bốn nghìn không trăm bảy mươi mốt"),
            (json!("12"), "number", "twelve", "mười hai"),
            (json!(-3), "number", "minus three", "âm ba"),
            (json!(12.0), "number", "twelve", "mười hai"),
            (json!(2.5), "number", "two point five", "hai phẩy năm"),
            (json!("a lot"), "number", "missing", "missing"),
            (json!("AB-12"), "spelled", "A B, one two", "a bê, một hai"),
            (json!("--"), "spelled", "missing", "missing"),
            (
                json!("2026-11-27"),
                "date",
                "on Friday, November twenty seventh",
                "thứ sáu, ngày hai mươi bảy tháng mười một",
            ),
            (
                json!("2026-11-27"),
                "bare",
                "Friday, November twenty seventh",
                "thứ sáu, ngày hai mươi bảy tháng mười một",
            ),
            (json!("2026-11-26T09:00:00Z"), "bare", "tomorrow", "ngày mai"),
            (json!("27/11"), "date", "missing", "missing"),
            (json!("14:30"), "time", "two thirty p m", "hai giờ rưỡi chiều"),
            (json!("14:30:00"), "time", "two thirty p m", "hai giờ rưỡi chiều"),
            (json!("2026-11-27 09:00"), "time", "nine a m", "chín giờ sáng"),
            (json!("2026-11-27T09:00:00+07:00"), "time", "nine a m", "chín giờ sáng"),
            (json!("noonish"), "time", "missing", "missing"),
            (json!("PT1H30M"), "duration", "an hour and a half", "một tiếng rưỡi"),
            (json!(30), "duration", "half an hour", "nửa tiếng"),
            (json!(250000), "money", "two hundred and fifty thousand dollars", "hai trăm năm mươi nghìn đồng"),
            (json!("cheap"), "money", "missing", "missing"),
            (json!(["a", 2]), "", "a, 2", "a, 2"),
            (json!(true), "", "yes", "có"),
            (json!("  "), "", "missing", "missing"),
            (json!({"a": 1}), "", "missing", "missing"),
            (json!(null), "digits", "missing", "missing"),
        ] {
            assert_eq!(said(Language::En, part.clone(), form), en, "{part} {form}");
            assert_eq!(said(Language::Vi, part.clone(), form), vi, "{part} {form}");
        }
    }

    #[test]
    fn a_value_is_said_in_a_form_of_its_own() {
        let sayer = Sayer { language: Language::En, today: jiff::civil::date(2026, 11, 25), currency: Currency::Usd };
        let people = Kind::Number { min: 0, max: 99, unit: vec!["person".into(), "people".into()] };
        let digits = Kind::Digits { min: 1, max: 9 };
        let friday = Value::Date(jiff::civil::date(2026, 11, 27));
        for (value, kind, form, said) in [
            (&Value::Number(2), &people, None, "two people"),
            (&Value::Number(2), &people, Some(SayAs::Bare), "two"),
            (&Value::Number(12), &people, Some(SayAs::Digits), "one two"),
            (&friday, &Kind::Date, None, "on Friday, November twenty seventh"),
            (&friday, &Kind::Date, Some(SayAs::Bare), "Friday, November twenty seventh"),
            (&Value::Digits("105".into()), &digits, Some(SayAs::Number), "one hundred and five"),
            (&Value::Text("Ng-1".into()), &Kind::Text, Some(SayAs::Spelled), "N G, one"),
        ] {
            assert!(form.is_none_or(|form| form.fits(kind)), "{form:?}");
            assert_eq!(sayer.value(value, kind, form), said);
        }
    }
}

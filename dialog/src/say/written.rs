//! `Written`: a clause as it is read: "2:30 pm" where the voice says "two thirty p m". What was heard of the one is found in the other.
use super::characters::number;
use super::figure::split_digits;
use super::normal::normal;
use super::reading::Change;
use super::{captured, en, vi};
use crate::language::Language;
use crate::value;
use crate::value::currency::{Amount, Currency};
use crate::value::kind::{Kind, Value};

/// How a value is said within a sentence, and how it is written; `None` where that is the same, or no easier to read.
pub fn spelling(value: &Value, kind: &Kind, language: Language) -> Option<(String, String)> {
    let today = jiff::civil::Date::ZERO;
    let said = || super::value::value(value, kind, language, today);
    let pair = match value {
        Value::Number(n) => {
            let unit = said().split_once(&number(*n, language)).map(|(_, unit)| unit.to_owned()).unwrap_or_default();
            (said(), format!("{n}{unit}"))
        }
        Value::Digits(text) => match kind {
            Kind::Id(scheme) => (said(), captured::written_id(text, scheme)),
            _ => (said(), split_digits(text, language).join(" ")),
        },
        Value::Text(text) if *kind == Kind::Email => (said(), text.clone()),
        // The day alone: a name of the week before it stays as it is, and may stand in the clause before.
        Value::Date(date) if language == Language::En => {
            let said = en::date(*date, false);
            let month = said.split(' ').next().unwrap_or_default().to_owned();
            (said, format!("{month} {}", date.day()))
        }
        Value::Date(date) => (vi::date(*date, false), format!("ngày {} tháng {}", date.day(), date.month())),
        Value::Time(time) => {
            let (hour, minute) = (time.hour(), time.minute());
            match (language, hour, minute) {
                // "noon", "midnight"
                (Language::En, 0 | 12, 0) => return None,
                (Language::En, ..) => {
                    let half = if hour < 12 { "am" } else { "pm" };
                    (said(), format!("{}:{minute:02} {half}", if hour % 12 == 0 { 12 } else { hour % 12 }))
                }
                (Language::Vi, ..) => (said(), format!("{hour}:{minute:02}")),
            }
        }
        Value::Minutes(minutes) if *minutes < 60 && *minutes != 30 => {
            let unit = match language {
                Language::En => "minutes",
                Language::Vi => "phút",
            };
            (said(), format!("{minutes} {unit}"))
        }
        Value::Money(amount) => (said(), sum(*amount, language)),
        Value::Minutes(_)
        | Value::Choice(_)
        | Value::Bool(_)
        | Value::Items(_)
        | Value::Span(_)
        | Value::Address(_)
        | Value::Text(_) => return None,
    };
    // A single word may mean something else: "one" in "which one", "không" in "đúng không".
    let plain = matches!(value, Value::Number(_) | Value::Digits(_)) && !pair.0.contains(' ');
    (!plain).then(|| (normal(&pair.0, language), pair.1))
}

/// A clause as it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    pub text: String,
    /// The places where a value begins and ends, in turn: characters before it in what is said, and in what is written.
    bounds: Vec<(u32, u32)>,
}

/// It may hold a caller's words.
impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Written({} values)", self.bounds.len() / 2)
    }
}

impl Written {
    /// `None` where it is read as it is said. `changes`: what is written otherwise; `spellings`: values as they are said and written,
    /// wherever they stand. Of two that begin together the longer one counts.
    pub(super) fn new(
        said: &str,
        changes: &[Change],
        spellings: &[(String, String)],
        language: Language,
    ) -> Option<Self> {
        if changes.is_empty() && spellings.is_empty() {
            return None;
        }
        let chars_before = |at: usize| said[..at].chars().count();
        let fixed: Vec<(usize, usize, &str)> = changes
            .iter()
            .map(|change| (chars_before(change.said.start), chars_before(change.said.end), change.written.as_str()))
            .collect();
        let said = Words(said.chars().collect());
        let (mut text, mut bounds, mut at) = (String::new(), Vec::new(), 0);
        while at < said.0.len() {
            let change = fixed
                .iter()
                .find(|(from, to, _)| *from == at && *to > at)
                .map(|(from, to, written)| (to - from, *written));
            let until = fixed.iter().map(|(from, ..)| *from).find(|from| *from > at).unwrap_or(said.0.len());
            let value = || {
                let all = spellings
                    .iter()
                    .filter_map(|(spoken, written)| Some((said.fits(at, spoken, language)?, written.as_str())));
                all.filter(|(long, _)| at + long <= until).max_by_key(|(long, _)| *long)
            };
            match change.or_else(value) {
                Some((long, written)) => {
                    // Nothing of it is read before all of it is heard.
                    bounds.push((at as u32, text.chars().count() as u32));
                    text.push_str(written);
                    at += long;
                    bounds.push((at as u32, text.chars().count() as u32));
                }
                None => {
                    text.push(said.0[at]);
                    at += 1;
                }
            }
        }
        (!bounds.is_empty()).then_some(Self { text, bounds })
    }

    /// A clause in which values alone are written otherwise.
    pub fn of(said: &str, spellings: &[(String, String)], language: Language) -> Option<Self> {
        Self::new(said, &[], spellings, language)
    }

    /// How many characters of what is written have been heard, when so many of what is said have.
    pub fn heard(&self, said: u32) -> u32 {
        let before = self.bounds.iter().rposition(|(spoken, _)| *spoken <= said);
        let (spoken, written) = before.map_or((0, 0), |at| self.bounds[at]);
        // Bounds with an even index begin a value.
        if before.is_some_and(|at| at % 2 == 0) { written } else { written + (said - spoken) }
    }
}

/// The characters of what is said.
struct Words(Vec<char>);

impl Words {
    /// How many characters of it a value takes that is said at this place.
    fn fits(&self, at: usize, spoken: &str, language: Language) -> Option<usize> {
        let said = &self.0;
        let long = spoken.chars().count();
        let place = said.get(at..at + long)?;
        let same = place.iter().zip(spoken.chars()).all(|(a, b)| a.to_lowercase().eq(b.to_lowercase()));
        let letter = |at: usize| said.get(at).is_some_and(|c| c.is_alphanumeric());
        let whole = (at == 0 || !letter(at - 1)) && !letter(at + long);
        (long > 0 && same && whole && self.is_apart(at, at + long, language)).then_some(long)
    }

    /// "two people" is no part of "twenty two people".
    fn is_apart(&self, from: usize, to: usize, language: Language) -> bool {
        let (before, after) = (&self.0[..from], &self.0[to..]);
        let before = before.strip_suffix(&[' ']).and_then(|before| before.rsplit(|c| *c == ' ').next());
        let after = after.strip_prefix(&[' ']).and_then(|after| after.split(|c| *c == ' ').next());
        let figure = |word: &[char]| {
            let word = [word.iter().flat_map(|c| c.to_lowercase()).collect::<String>()];
            value::number(&word, language).is_some()
        };
        ![before, after].into_iter().flatten().any(figure)
    }
}

/// "$12.50", "250.000 đồng".
fn sum(amount: Amount, language: Language) -> String {
    let (point, group) = match language {
        Language::En => ('.', ','),
        Language::Vi => (',', '.'),
    };
    let (whole, cents) = amount.parts();
    let digits = whole.to_string();
    let mut figure = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            figure.push(group);
        }
        figure.push(digit);
    }
    if cents > 0 {
        figure.push_str(&format!("{point}{cents:02}"));
    }
    match amount.currency {
        Currency::Usd => format!("${figure}"),
        Currency::Eur => format!("€{figure}"),
        Currency::Gbp => format!("£{figure}"),
        Currency::Vnd => format!("{figure} {}", amount.currency.names(language).one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use std::collections::BTreeMap;

    fn spellings(language: Language) -> Vec<(String, String)> {
        let unit =
            if language == Language::En { vec!["person".into(), "people".into()] } else { vec!["người".into()] };
        let number = Kind::Number { min: 0, max: 99, unit };
        let values = [
            (Value::Time(time(14, 30, 0, 0)), Kind::Time),
            (Value::Date(date(2026, 12, 4)), Kind::Date),
            (Value::Number(2), number),
            (Value::Minutes(45), Kind::Duration),
            (Value::Digits("4279".into()), Kind::Digits { min: 4, max: 4 }),
        ];
        values.iter().filter_map(|(value, kind)| spelling(value, kind, language)).collect()
    }

    fn written(said: &str, language: Language) -> String {
        Written::of(said, &spellings(language), language).map_or_else(|| said.to_owned(), |written| written.text)
    }

    #[test]
    fn values_are_read_in_figures() {
        let said =
            "You want a room on Friday, December fourth at two thirty p m for forty five minutes for two people.";
        let read = "You want a room on Friday, December 4 at 2:30 pm for 45 minutes for 2 people.";
        assert_eq!(written(said, Language::En), read);
        assert_eq!(written("Two thirty p m, is that right?", Language::En), "2:30 pm, is that right?");
        assert_eq!(written("Your code is four two seven nine.", Language::En), "Your code is 4279.");
        let said = "Thứ sáu, ngày mùng bốn tháng mười hai, hai giờ rưỡi chiều, hai người.";
        assert_eq!(written(said, Language::Vi), "Thứ sáu, ngày 4 tháng 12, 14:30, 2 người.");
        assert_eq!(written("Mười hai người.", Language::Vi), "Mười hai người.");
        for same in ["today", "twenty two people", "four two seven nine one", "half an hour", ""] {
            assert_eq!(written(same, Language::En), same);
        }
        assert_eq!(spelling(&Value::Time(time(12, 0, 0, 0)), &Kind::Time, Language::En), None);
    }

    #[test]
    fn a_text_is_read_as_it_is_written_and_not_as_it_is_spelled_for_the_voice() {
        let spoken = BTreeMap::from([
            ("karaoke".to_owned(), "ka ra ô kê".to_owned()),
            ("Le Loi".to_owned(), "lay loy".to_owned()),
        ]);
        let read = |text: &str, language| {
            let clauses = super::super::clauses(text, language, &spoken, &[]);
            let said: Vec<&str> = clauses.iter().map(|clause| clause.said.as_str()).collect();
            let shown = clauses
                .iter()
                .map(|clause| clause.written.as_ref().map_or(clause.said.as_str(), |written| &written.text));
            (said.join(" "), shown.collect::<Vec<_>>().join(" "))
        };
        let text = "Quý khách tìm cà phê, Karaoke, hay trạm ATM?";
        let said = "Quý khách tìm cà phê, ka ra ô kê, hay trạm a tê em?";
        assert_eq!(read(text, Language::Vi), (said.to_owned(), text.to_owned()));
        let text = "That is 25% of $1,250, see which one you want, or press 1. Drive to 12 Elm Dr.";
        let (said, shown) = read(text, Language::En);
        assert!(
            said.contains("twenty five percent of one thousand")
                && said.ends_with("press one. Drive to twelve Elm Drive."),
            "{said}"
        );
        assert_eq!(shown, text);
        // Half a word is no word, and a name of two words is one entry.
        let (said, shown) = read("karaokes, ATM-karaoke karaoke, 5 le loi", Language::Vi);
        assert_eq!(said, "karaokes, ATM-karaoke ka ra ô kê, năm lay loy");
        assert_eq!(shown, "karaokes, ATM-karaoke karaoke, 5 le loi");
    }

    #[test]
    fn what_was_heard_of_one_is_found_in_the_other() {
        let said = "At two thirty p m today.";
        let written = Written::of(said, &spellings(Language::En), Language::En).unwrap();
        assert_eq!(written.text, "At 2:30 pm today.");
        let read: Vec<String> = [0, 2, 3, 9, 16, 17, 18, 23, 24]
            .map(|heard| written.text.chars().take(written.heard(heard) as usize).collect())
            .to_vec();
        let wanted =
            ["", "At", "At ", "At ", "At ", "At 2:30 pm", "At 2:30 pm ", "At 2:30 pm today", "At 2:30 pm today."];
        assert_eq!(read, wanted);
    }

    #[test]
    fn an_amount_is_said_with_its_coins_and_written_with_its_sign() {
        let amount = |units, currency| Amount { units, currency };
        for (amount, en, vi, figure) in [
            (amount(1250, Currency::Usd), "twelve dollars and fifty cents", "mười hai phẩy năm mươi đô la", "$12.50"),
            (amount(100, Currency::Usd), "one dollar", "một đô la", "$1"),
            (
                amount(2_501, Currency::Gbp),
                "twenty five pounds and one penny",
                "hai mươi lăm phẩy không một bảng",
                "£25.01",
            ),
            (amount(0, Currency::Usd), "zero dollars", "không đô la", "$0"),
            (
                amount(1_250_000, Currency::Vnd),
                "one million two hundred and fifty thousand dong",
                "một triệu hai trăm năm mươi nghìn đồng",
                "1,250,000 dong",
            ),
        ] {
            let kind = Kind::Money(crate::value::currency::Bounds { currency: amount.currency, min: 0, max: i64::MAX });
            let said = |language| super::super::value(&Value::Money(amount), &kind, language, date(2026, 11, 25));
            assert_eq!((said(Language::En).as_str(), said(Language::Vi).as_str()), (en, vi));
            assert_eq!(sum(amount, Language::En), figure);
        }
        assert_eq!(sum(Amount { units: 250_000, currency: Currency::Vnd }, Language::Vi), "250.000 đồng");
    }
}

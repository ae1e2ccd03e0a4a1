//! Values that a caller says again in fewer words.
use crate::language::Language;
use crate::value::half_of_day::DayPart;
use crate::value::kind::Value;

/// Whether words say again, in a shorter form, a value that is known: "nine" of nine p m, "Friday" of some Friday.
pub(super) fn is_shorter(known: &Value, said: &Value, words: &[String], language: Language) -> bool {
    match (known, said, words) {
        (Value::Time(known), Value::Time(said), [_] | [_, _]) => {
            let same = known.minute() == said.minute() && known.hour() % 12 == said.hour() % 12;
            same && DayPart::answered(words, language).is_none()
        }
        (Value::Date(known), Value::Date(said), [first, ..]) if words.len() <= 2 => match first.as_str() {
            "the" | "ngày" | "mùng" => known.day() == said.day(),
            _ if words.len() == 1 || matches!(first.as_str(), "thứ" | "chủ") => known.weekday() == said.weekday(),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::words::tokens;
    use jiff::civil::{date, time};

    #[test]
    fn an_hour_and_a_weekday_say_a_known_value_again() {
        let again = |known: Value, said: Value, words: &str| {
            is_shorter(&known, &said, &tokens(words, Language::En), Language::En)
        };
        let (nine, evening) = (time(9, 0, 0, 0), time(21, 0, 0, 0));
        assert!(again(Value::Time(evening), Value::Time(nine), "nine"));
        assert!(!again(Value::Time(evening), Value::Time(nine), "nine am"));
        let (friday, next) = (date(2026, 11, 27), date(2026, 12, 4));
        assert!(again(Value::Date(next), Value::Date(friday), "friday"));
        assert!(!again(Value::Date(next), Value::Date(friday), "the 27th"));
    }
}

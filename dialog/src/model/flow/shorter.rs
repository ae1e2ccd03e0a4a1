//! Values that a caller says again in fewer words, and hours of which only the half of the day is said.
use super::meaning::Context;
use super::parse::Fill;
use crate::language::Language;
use crate::value::calendar::time_of_day;
use crate::value::found::Found;
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

impl Context<'_> {
    /// "in the evening", "p m" to "did you say nine a m?": the hour that was read back, in that part of the day.
    pub(super) fn other_half(&self, slot: usize, words: &[String]) -> Option<Fill> {
        let Some(Value::Time(known)) = self.form.checked_value(slot) else { return None };
        let language = self.form.bot.language;
        let hour = i64::from(known.hour());
        let other = |part: &DayPart| part.hour(hour % 12) == hour;
        let hour = match DayPart::answered(words, language) {
            Some(part) => part.hour(hour),
            // "not in the morning"
            None => DayPart::refused(words, language).filter(other).map(|_| (hour + 12) % 24)?,
        };
        let time = time_of_day(hour, known.minute().into())?;
        Some(Fill { slot, found: Found::new(Value::Time(time), words.len()), end: words.len() })
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

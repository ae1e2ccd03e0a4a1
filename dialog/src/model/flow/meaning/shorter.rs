//! Values that a caller says again in fewer words, and hours of which only the half of the day is said.
use super::super::parse::Fill;
use super::Context;
use crate::language::Language;
use crate::model::step::Step;
use crate::value::calendar::time_of_day;
use crate::value::found::Found;
use crate::value::half_of_day::DayPart;
use crate::value::kind::{Kind, Value};
use crate::value::number;
use crate::value::party::counts_people;
use crate::value::words::{begin_with, starts};

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

fn is_wrong(word: &str) -> bool {
    matches!(word, "wrong" | "incorrect" | "sai" | "nhầm")
}

/// Words for so many people more or fewer than are known.
const MORE_OR_FEWER: [&str; 25] = [
    "more person",
    "more people",
    "more guest",
    "more guests",
    "more of us",
    "extra person",
    "extra people",
    "extra guest",
    "another person",
    "another guest",
    "person more",
    "person fewer",
    "person less",
    "people more",
    "people fewer",
    "people less",
    "fewer people",
    "less people",
    "fewer person",
    "less person",
    "thêm người",
    "bớt người",
    "người nữa",
    "đứa nữa",
    "khách nữa",
];

/// Whether words add people to those who are known, or take some away: "add one more person", "bớt một người".
fn counts_on(words: &[String], language: Language) -> bool {
    let has = |list: &[&str]| (0..words.len()).any(|at| list.iter().any(|phrase| begin_with(&words[at..], phrase)));
    let people = ["người", "đứa", "khách", "vị", "person", "people", "guest", "guests"];
    let changes = |at: usize| {
        let verb = ["thêm", "bớt", "giảm", "add", "plus", "minus"].contains(&words[at].as_str());
        let Some((_, len)) = number(&words[at + 1..], language).filter(|_| verb) else { return false };
        let behind = &words[at + 1 + len..];
        behind.is_empty() || behind.iter().take(2).any(|word| people.contains(&word.as_str()))
    };
    has(&MORE_OR_FEWER) || (0..words.len()).any(changes)
}

impl Context<'_> {
    /// The slot whose value, just read back, is to be moved by so much: "make it an hour later", "lùi lại một tiếng". It is asked for anew.
    pub(super) fn shifted(&self, words: &[String]) -> Option<usize> {
        let slots = self.form.task_slots();
        let is_people =
            |slot: &usize| matches!(&self.form.bot.slots[*slot].kind, Kind::Number { unit, .. } if counts_people(unit));
        if counts_on(words, self.form.bot.language) {
            return slots.iter().copied().filter(|slot| self.is_read_back(*slot)).find(is_people);
        }
        const SHIFTS: [&str; 19] = [
            "later",
            "earlier",
            "sooner",
            "longer",
            "shorter",
            "push it",
            "push that",
            "bring it forward",
            "move it",
            "put it back",
            "trễ hơn",
            "muộn hơn",
            "sớm hơn",
            "lâu hơn",
            "lùi",
            "dời",
            "đẩy",
            "trễ lại",
            "kéo dài",
        ];
        let has = |list: &[&str]| (0..words.len()).any(|at| list.iter().any(|phrase| begin_with(&words[at..], phrase)));
        let lasts = has(&["longer", "shorter", "lâu hơn", "kéo dài"]);
        let kind = match () {
            () if !has(&SHIFTS) => return None,
            () if lasts => Kind::Duration,
            () if has(&["hour", "hours", "minute", "minutes", "half an hour", "tiếng", "phút", "giờ"]) => {
                Kind::Time
            }
            () if has(&["day", "days", "week", "weeks", "ngày", "hôm", "bữa", "tuần"]) => Kind::Date,
            () => return None,
        };
        slots
            .iter()
            .copied()
            .filter(|slot| self.is_read_back(*slot))
            .find(|slot| self.form.bot.slots[*slot].kind == kind)
    }

    fn is_read_back(&self, slot: usize) -> bool {
        match self.step {
            Step::Review => self.form.is_filled(slot),
            Step::Check(checked) => checked == slot,
            _ => false,
        }
    }

    /// The slot that these words call wrong: "right day, wrong time", "the time's wrong", "đúng ngày mà sai giờ".
    pub(super) fn called_wrong(&self, words: &[String]) -> Option<usize> {
        let at = words.iter().position(|word| is_wrong(word))?;
        let (slots, behind) = (self.form.task_slots(), &words[at + 1..]);
        let name_at = |words: &[String], slot: usize| {
            self.form.bot.own_words().names[slot].iter().any(|name| starts(words, name))
        };
        let article = usize::from(behind.first().is_some_and(|word| matches!(word.as_str(), "the" | "cái")));
        let next = slots.iter().copied().find(|slot| name_at(&behind[article..], *slot));
        let nearest =
            || (0..at).rev().find_map(|from| slots.iter().copied().find(|slot| name_at(&words[from..at], *slot)));
        next.or_else(nearest)
    }

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

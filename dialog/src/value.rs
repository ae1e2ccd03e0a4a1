//! What a slot can hold, and how the words for it are found in what a caller said.
use crate::language::Language;
use jiff::civil::{Date, DateTime};

pub mod answer;
pub mod around;
pub mod calendar;
pub mod capture;
pub mod choice;
pub mod correction;
pub mod currency;
pub mod en;
pub(crate) mod figures;
pub mod found;
pub mod half_of_day;
pub mod item;
pub(crate) mod items;
pub(crate) mod json;
pub mod kind;
mod money;
pub(crate) mod ordinals;
pub(crate) mod party;
mod rate;
mod sense;
pub mod span;
mod spelled;
pub mod vi;
pub mod words;
mod written;

pub use answer::yes_no;
pub use json::of_json;

use found::{Doubt, Found, Growth, Reading};
use half_of_day::HalfOfDay;
use kind::{Choice, Kind, Value};
use words::{starts, tokens};

/// Finds a value of this kind at the very start of `words`; the longest one wins.
pub fn find(kind: &Kind, words: &[String], language: Language, now: DateTime) -> Option<Found> {
    match kind {
        Kind::Choice(choices) => {
            let at = |c: &Choice| c.words.iter().filter(|w| starts(words, w)).map(Vec::len).max();
            let said = choices.iter().filter_map(|c| at(c).map(|len| (len, c))).max_by_key(|(len, _)| *len);
            // The bot's own words for it, where they are more than the caller's.
            let own = |c: &Choice| bots_own(c, words, language).filter(|len| said.is_none_or(|(said, _)| *len > said));
            let own = choices.iter().filter_map(|c| own(c).map(|len| (len, c))).max_by_key(|(len, _)| *len);
            let (len, choice) = own.or(said).or_else(|| spelled_choice(choices, words, language))?;
            Some(Found::new(Value::Choice(choice.name.clone()), len))
        }
        Kind::YesNo => {
            let (yes, len) = yes_no(words, language)?;
            Some(Found::new(Value::Bool(yes), len).only_if_asked())
        }
        Kind::Number { min, max, unit } => {
            bounded_number(words, *min, *max, unit, language).map(|found| rough(found, words, language))
        }
        Kind::Digits { min, max } => {
            let (text, len) = digits(words, language)?;
            if text.len() > *max {
                return None;
            }
            let growth = if text.len() == *max { Growth::Closed } else { Growth::Open };
            (text.len() >= *min).then(|| Found::new(Value::Digits(text), len).growing(growth).only_if_asked())
        }
        Kind::Phone => {
            let (text, len) = phone(words, language)?;
            let known = match language {
                Language::En => text.len() == if text.starts_with('1') { 11 } else { 10 },
                Language::Vi => text.len() == 10 && text.starts_with('0'),
            };
            let growth = if known { Growth::Closed } else { Growth::Open };
            (7..=15).contains(&text.len()).then(|| Found::new(Value::Digits(text), len).growing(growth).only_if_asked())
        }
        Kind::Date => {
            let found = match language {
                Language::En => en::date(words, now.date()),
                Language::Vi => vi::date(words, now.date()),
            };
            found.map(|found| far_leap_day(found, words, now.date()))
        }
        Kind::Time => match language {
            Language::En => en::time(words),
            Language::Vi => vi::time(words),
        },
        Kind::Duration => match language {
            Language::En => en::duration(words),
            Language::Vi => vi::duration(words),
        },
        Kind::Money(bounds) => money::find(words, *bounds, language).map(|found| rough(found, words, language)),
        Kind::Items(plan) => items::find(words, plan, language),
        Kind::Span { of } => span::span(*of, words, language, now, HalfOfDay::default())
            // "Between two and three hundred"
            .filter(|found| *of == kind::SpanOf::Dates || !is_scale(words.get(found.len), language)),
        // Where they are asked for, `capture` reads them from the text.
        Kind::Name | Kind::Email | Kind::Address(_) | Kind::Id(_) | Kind::Text => None,
    }
}

/// Whether a day is named at the start of `words` that its month does not have: how many words name it.
pub fn no_such_date(words: &[String], language: Language, today: Date) -> Option<usize> {
    match language {
        Language::En => en::no_such_date(words, today),
        Language::Vi => vi::no_such_date(words, today),
    }
}

/// A string of digits at the start of `words`, and how many of them it takes.
pub fn digits(words: &[String], language: Language) -> Option<(String, usize)> {
    match language {
        Language::En => en::digits(words),
        Language::Vi => vi::digits(words),
    }
}

/// A whole number at the start of `words`, and how many of them it takes.
pub fn number(words: &[String], language: Language) -> Option<(i64, usize)> {
    match language {
        Language::En => en::number(words),
        Language::Vi => vi::number(words),
    }
}

/// Whether a number begins here: "không" is rather a no than a zero, and "oh" a zero only before a number.
pub(crate) fn begins_number(words: &[String], language: Language) -> bool {
    let is_word = match words.first().map(String::as_str) {
        None | Some("không") => true,
        Some("oh") => number(&words[1..], language).is_none(),
        Some(_) => false,
    };
    !is_word && number(words, language).is_some()
}

/// A phone number as it is dialled within the country: Vietnam's own prefix (+84) stands for the zero.
fn phone(words: &[String], language: Language) -> Option<(String, usize)> {
    let (text, len) = digits(words, language)?;
    Some(match text.strip_prefix("84") {
        Some(rest) if language == Language::Vi && rest.len() == 9 => (format!("0{rest}"), len),
        _ => (text, len),
    })
}

/// How many words at the start are those by which the bot says this choice.
fn bots_own(choice: &Choice, words: &[String], language: Language) -> Option<usize> {
    let first = words.first()?;
    if choice.say == choice.name || !choice.say.to_lowercase().starts_with(first.as_str()) {
        return None;
    }
    let own = tokens(&choice.say, language);
    starts(words, &own).then_some(own.len())
}

/// A choice spelled letter by letter, and how many words that takes.
fn spelled_choice<'a>(choices: &'a [Choice], words: &[String], language: Language) -> Option<(usize, &'a Choice)> {
    let (letters, len) = spelled::letters(words, language).filter(|(letters, _)| letters.chars().count() >= 2)?;
    let choice = choices.iter().find(|choice| choice.words.iter().any(|word| word.concat() == letters))?;
    Some((len, choice))
}

/// Whether all of the words are the beginning of a value that lacks something: three digits of six, a month without its day, a word
/// that is being spelled.
pub fn is_begun(kind: &Kind, words: &[String], language: Language) -> bool {
    let digits = || digits(words, language).filter(|(_, len)| *len == words.len()).map(|(text, _)| text.len());
    match kind {
        // One digit alone is a code only where no code is longer.
        Kind::Digits { min, max } => digits().is_some_and(|count| count < *min || (count == 1 && *max > 2)),
        Kind::Phone => digits().is_some_and(|count| count < 7),
        Kind::Date => match language {
            Language::En => en::is_month(words),
            Language::Vi => vi::is_month(words),
        },
        Kind::Choice(choices) => {
            let Some((letters, len)) = spelled::letters(words, language) else { return false };
            let longer = |word: &Vec<String>| word.concat().strip_prefix(&letters).is_some_and(|rest| !rest.is_empty());
            len == words.len() && choices.iter().flat_map(|choice| &choice.words).any(longer)
        }
        Kind::YesNo
        | Kind::Number { .. }
        | Kind::Time
        | Kind::Duration
        | Kind::Money(_)
        | Kind::Items(_)
        | Kind::Span { .. }
        | Kind::Name
        | Kind::Email
        | Kind::Address(_)
        | Kind::Id(_)
        | Kind::Text => false,
    }
}

/// The 29th of February without its year, where the next one has none: no caller means years from now.
fn far_leap_day(found: Found, words: &[String], today: Date) -> Found {
    let Value::Date(date) = found.value else { return found };
    let own = &words[..found.len.min(words.len())];
    let names_year = own.len() > 6 || own.iter().any(|word| word.contains("20"));
    let is_far = date.month() == 2 && date.day() == 29 && date.year() > today.year() + 1;
    if is_far && !names_year { found.doubtful(Doubt::TwoReadings) } else { found }
}

/// "Năm mười ngàn": five to ten thousand as people say it, or fifty thousand as others do.
fn rough(found: Found, words: &[String], language: Language) -> Found {
    let own = &words[..found.len.min(words.len())];
    let is_rough = language == Language::Vi && own.windows(2).any(|pair| pair[0] == "năm" && pair[1] == "mười");
    if is_rough { found.doubtful(Doubt::TwoReadings) } else { found }
}

fn bounded_number(words: &[String], min: i64, max: i64, unit: &[String], language: Language) -> Option<Found> {
    if let Some(party) = party::party(words, language).filter(|_| party::counts_people(unit)) {
        let found = Found::new(Value::Number(party.count), party.len);
        let found = if party.is_alone { found } else { found.only_if_asked() };
        let found = if party.is_open { found.doubtful(Doubt::TwoReadings) } else { found };
        return (min..=max).contains(&party.count).then_some(found);
    }
    let one_of = || if language == Language::En { en::article(words, unit) } else { None };
    let (value, mut len) = number(words, language).or_else(one_of)?;
    // "two, two people": said again. Vietnamese "bốn bốn" is rather forty four.
    while language == Language::En
        && (!unit.is_empty() || value < 20)
        && let Some((_, again)) = number(&words[len..], language).filter(|(again, _)| *again == value)
    {
        len += again;
    }
    if value < min || value > max {
        return None;
    }
    let named = unit.iter().map(|u| tokens(u, language)).find(|u| starts(&words[len..], u)).map(|unit| unit.len());
    let named = named.or_else(|| party::unit(&words[len..]).filter(|_| party::counts_people(unit)));
    let end = len + named.unwrap_or(0);
    // "Two of us, an hour": how long it is to last.
    let lasts = named.is_some()
        && party::counts_people(unit)
        && matches!(words.get(end).map(String::as_str), Some("a" | "an" | "một"))
        && words.get(end + 1).is_some_and(|unit| {
            matches!(
                unit.as_str(),
                "hour" | "minute" | "day" | "night" | "week" | "tiếng" | "giờ" | "phút" | "ngày" | "đêm"
            )
        });
    if let Some(used) = rate::rate(&words[end..], language).filter(|_| !lasts) {
        return Some(Found::new(Value::Number(value), end + used).doubtful(Doubt::TwoReadings).only_if_asked());
    }
    // "two thirty", "two … dozen": what follows belongs to the number in a way that nobody can be sure of.
    let goes_on = begins_number(&words[len..], language) || is_scale(words.get(len), language);
    // "Table for two seven thirty pm": nobody hears the comma, and only a clock can follow so.
    let begins_clock = || {
        let clock = if language == Language::En && value < 20 { en::time(&words[len..]) } else { None };
        clock.is_some_and(|clock| clock.reading == Reading::Certain && clock.len > 1)
    };
    if named.is_none() && goes_on && !begins_clock() {
        return None;
    }
    let found = Found::new(Value::Number(value), len);
    Some(match named {
        Some(named) => Found { len: len + named, ..found },
        // A larger number may be on its way ("twenty" … "five"), or the unit.
        None if unit.is_empty() && max < 20 => found.only_if_asked(),
        None => found.growing(Growth::Likely).only_if_asked(),
    })
}

/// A word that multiplies the number before it.
fn is_scale(word: Option<&String>, language: Language) -> bool {
    let scales: &[&str] = match language {
        Language::En => &["hundred", "thousand", "grand", "million", "billion", "dozen", "point"],
        Language::Vi => &["chục", "tá", "trăm", "nghìn", "ngàn", "triệu", "tỷ", "tỉ", "phẩy", "rưỡi"],
    };
    word.is_some_and(|word| scales.contains(&word.as_str()))
}

#[cfg(test)]
mod tests;

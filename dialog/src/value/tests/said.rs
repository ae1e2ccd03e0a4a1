//! What the bot says of a value is understood as that value.
use super::*;
use crate::say;
use crate::value::kind::{Span, SpanOf};
use jiff::ToSpan;

const LANGUAGES: [Language; 2] = [Language::En, Language::Vi];

/// What is read from the words that say this value, where all of them are taken and nothing is left open.
fn read_back(value: &Value, kind: &Kind, language: Language) -> Option<Value> {
    let words = tokens(&say::value(value, kind, language, now().date()), language);
    // "on" leads to a date.
    let words = &words[usize::from(words.first().is_some_and(|word| word == "on"))..];
    let found = find(kind, words, language, now()).filter(|found| found.len == words.len() && found.doubt.is_none());
    found.map(|found| found.value)
}

fn check_all(kind: &Kind, values: impl Iterator<Item = Value>) {
    for value in values {
        for language in LANGUAGES {
            let said = || say::value(&value, kind, language, now().date());
            assert!(read_back(&value, kind, language).as_ref() == Some(&value), "{}: {}", value.json(), said());
        }
    }
}

#[test]
fn every_number_up_to_a_million_is_read_as_it_is_said() {
    let check = |from: i64| {
        for n in (from..1_000_000).step_by(4) {
            for language in LANGUAGES {
                let said = say::number(n, language);
                let words: Vec<String> = said.split(' ').map(str::to_owned).collect();
                assert_eq!(number(&words, language), Some((n, words.len())), "{n}: {said}");
            }
        }
    };
    std::thread::scope(|scope| {
        for from in 0..4 {
            scope.spawn(move || check(from));
        }
    });
}

#[test]
fn every_day_of_two_years_is_read_as_it_is_said() {
    let days = (0..730).filter_map(|ahead| now().date().checked_add(ahead.days()).ok());
    check_all(&Kind::Date, days.map(Value::Date));
}

#[test]
fn every_time_of_the_day_is_read_as_it_is_said() {
    let minutes = (0..24).flat_map(|hour| (0..60).map(move |minute| Value::Time(time(hour, minute, 0, 0))));
    check_all(&Kind::Time, minutes);
}

#[test]
fn every_duration_up_to_a_day_is_read_as_it_is_said() {
    check_all(&Kind::Duration, (1..=1_440).map(Value::Minutes));
}

#[test]
fn spans_are_read_as_they_are_said() {
    let hours = (0..24).flat_map(|from| (0..24).map(move |to| (from, to))).filter(|(from, to)| from != to);
    let hours = hours.map(|(from, to)| (Some(time(from, 0, 0, 0)), Some(time(to, 30, 0, 0))));
    let one = (0..24).flat_map(|hour| [(Some(time(hour, 15, 0, 0)), None), (None, Some(time(hour, 0, 0, 0)))]);
    let times = hours.chain(one).map(|(from, to)| Value::Span(Span::Times { from, to }));
    check_all(&Kind::Span { of: SpanOf::Times }, times);
    let day = |ahead: i64| now().date().checked_add(ahead.days()).ok();
    let dates = (0..60).flat_map(|from| [(day(from), day(from + 9)), (day(from), None), (None, day(from))]);
    check_all(&Kind::Span { of: SpanOf::Dates }, dates.map(|(from, to)| Value::Span(Span::Dates { from, to })));
}

//! Values as services write them in JSON, read for a slot.
use super::capture::address::Address;
use super::capture::email;
use super::capture::id::Verdict;
use super::currency::Amount;
use super::kind::{Kind, Span, SpanOf, Value};
use super::words::{all_digits, tokens};
use crate::language::Language;
use jiff::civil::{Date, DateTime, Time};
use serde_json::Value as Json;

/// The value of this kind that a part of an answer is. `None`: it is none, or out of the slot's bounds.
pub fn of_json(kind: &Kind, json: &Json, language: Language) -> Option<Value> {
    let text = json.as_str().map(str::trim).filter(|text| !text.is_empty());
    let figures = || match json {
        Json::Number(n) => Some(n.to_string()),
        _ => text.map(str::to_owned),
    };
    match kind {
        Kind::Choice(all) => {
            let words = tokens(text?, language);
            let choice =
                all.iter().find(|choice| choice.name == text.unwrap_or_default() || choice.words.contains(&words))?;
            Some(Value::Choice(choice.name.clone()))
        }
        Kind::YesNo => json.as_bool().map(Value::Bool),
        Kind::Number { min, max, .. } => {
            let n: i64 = figures()?.parse().ok()?;
            (min..=max).contains(&&n).then_some(Value::Number(n))
        }
        Kind::Digits { min, max } => {
            figures().filter(|f| all_digits(f) && (*min..=*max).contains(&f.len())).map(Value::Digits)
        }
        Kind::Phone => figures().filter(|f| all_digits(f) && (7..=15).contains(&f.len())).map(Value::Digits),
        Kind::Date => date(text?).map(Value::Date),
        Kind::Time => time(text?).map(Value::Time),
        Kind::Duration => match json.as_u64() {
            Some(minutes) => u32::try_from(minutes).ok(),
            None => minutes(text?),
        }
        .map(Value::Minutes),
        Kind::Span { of } => span(text?, *of).map(Value::Span),
        Kind::Money(bounds) => {
            let amount = Amount::read(&figures()?, bounds.currency)?;
            (bounds.min..=bounds.max).contains(&amount.units).then_some(Value::Money(amount))
        }
        Kind::Items(_) => None,
        Kind::Name => text.map(|text| Value::Text(text.to_owned())),
        Kind::Email => text.map(str::to_lowercase).filter(|text| email::is_address(text)).map(Value::Text),
        Kind::Address(_) => Address::of_json(json).map(Value::Address),
        Kind::Id(scheme) => {
            let bare: String = figures()?.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/')).collect();
            // A year of birth in the future is the caller's to explain: services know when they write.
            let is_whole = matches!(scheme.verdict(&bare.to_uppercase(), Date::MAX), Verdict::Whole { .. });
            is_whole.then(|| Value::Digits(bare.to_uppercase()))
        }
        Kind::Text => figures().map(Value::Text),
    }
}

/// "2026-12-04", alone or before a time of day.
pub(crate) fn date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| !text.contains(['T', ' '])).or_else(|| moment(text).map(DateTime::date))
}

/// "14:30", alone or behind a date.
pub(crate) fn time(text: &str) -> Option<Time> {
    text.parse()
        .ok()
        .filter(|_| text.contains(':') && !text.contains(['T', ' ']))
        .or_else(|| moment(text).map(DateTime::time))
}

/// "2026-12-04T14:30:00+07:00": date and time as they stand there, whatever zone they name.
fn moment(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once(['T', ' '])?;
    let clock = time.find(['Z', 'z', '+', '-']).map_or(time, |zone| &time[..zone]);
    Some(date.parse::<Date>().ok()?.to_datetime(clock.parse::<Time>().ok()?))
}

/// "14:00/16:00", "../2026-12-24": an interval of ISO 8601 whose ends are in their order; one of them may be open.
fn span(text: &str, of: SpanOf) -> Option<Span> {
    let (from, to) = text.split_once('/')?;
    let span = match of {
        SpanOf::Times => Span::Times { from: end(from, time)?, to: end(to, time)? },
        SpanOf::Dates => Span::Dates { from: end(from, date)?, to: end(to, date)? },
    };
    let in_order = match span {
        Span::Times { from: None, to: None } | Span::Dates { from: None, to: None } => false,
        Span::Times { from, to } => from.zip(to).is_none_or(|(from, to)| from <= to),
        Span::Dates { from, to } => from.zip(to).is_none_or(|(from, to)| from <= to),
    };
    in_order.then_some(span)
}

/// One end of an interval: `Some(None)` is an open one, `None` is none.
fn end<T>(text: &str, read: fn(&str) -> Option<T>) -> Option<Option<T>> {
    match text.trim() {
        ".." | "" => Some(None),
        text => read(text).map(Some),
    }
}

/// "PT1H30M": whole minutes.
pub(crate) fn minutes(text: &str) -> Option<u32> {
    let span: jiff::Span = text.parse().ok()?;
    let minutes = span.total((jiff::Unit::Minute, jiff::SpanRelativeTo::days_are_24_hours())).ok()?;
    (minutes.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&minutes)).then_some(minutes as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;

    #[test]
    fn an_interval_is_read_with_its_ends_in_their_order() {
        let (two, four) = (civil::time(14, 0, 0, 0), civil::time(16, 0, 0, 0));
        let day = civil::date(2026, 12, 24);
        for (text, of, read) in [
            ("14:00/16:00", SpanOf::Times, Some(Span::Times { from: Some(two), to: Some(four) })),
            ("../16:00", SpanOf::Times, Some(Span::Times { from: None, to: Some(four) })),
            ("2026-12-24/..", SpanOf::Dates, Some(Span::Dates { from: Some(day), to: None })),
            ("16:00/14:00", SpanOf::Times, None),
            ("../..", SpanOf::Dates, None),
            ("14:00/16:00", SpanOf::Dates, None),
            ("14:00", SpanOf::Times, None),
        ] {
            let value = of_json(&Kind::Span { of }, &text.into(), Language::En);
            assert!(value == read.map(Value::Span), "{text}");
            let written = read.map(|span| Value::Span(span).json());
            assert!(written.is_none_or(|json| json == text), "{text}");
        }
    }
}

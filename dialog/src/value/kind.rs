//! `Kind`: what a slot can take, and `Value`: what it holds.
use super::calendar::{days_ahead, halves};
use super::capture::address::{Address, AddressPlan};
use super::capture::id::Scheme;
pub use super::choice::Choice;
use super::currency::{Amount, Bounds};
use super::item::{ItemPlan, Items};
use jiff::civil::{Date, Time};
use std::sync::Arc;

/// One slot's value. As JSON: dates, times and durations are ISO 8601 (`2026-11-22`, `14:30`, `PT30M`), digits stay text, money is a
/// number (`12.5`).
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    Choice(String),
    Bool(bool),
    Number(i64),
    Digits(String),
    Date(Date),
    Time(Time),
    Minutes(u32),
    Money(Amount),
    Items(Items),
    Span(Span),
    Address(Address),
    Text(String),
}

/// From when to when; an end that was not named is open. As JSON an interval of ISO 8601: `14:00/16:00`, `../2026-12-24`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Times { from: Option<Time>, to: Option<Time> },
    Dates { from: Option<Date>, to: Option<Date> },
}

/// What a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanOf {
    Times,
    Dates,
}

impl Span {
    /// Whether only one of its ends is known.
    pub fn has_one_end(&self) -> bool {
        !matches!(self, Span::Times { from: Some(_), to: Some(_) } | Span::Dates { from: Some(_), to: Some(_) })
    }

    /// This span with the one end of `said` in place of its own, where the two ends still fit together. `is_open`: the half of the day of
    /// the new end was not said, so it is the one nearest to the other end.
    pub fn with_end(&self, said: &Span, is_open: bool) -> Option<Span> {
        match (*self, *said) {
            (Span::Times { from: Some(from), .. }, Span::Times { from: None, to: Some(to) }) => {
                let nearest = || halves(to).into_iter().filter(|to| *to > from).min();
                let to = if is_open { nearest() } else { Some(to) }.filter(|to| *to > from)?;
                Some(Span::Times { from: Some(from), to: Some(to) })
            }
            (Span::Times { to: Some(to), .. }, Span::Times { from: Some(from), to: None }) => {
                let nearest = || halves(from).into_iter().filter(|from| *from < to).max();
                let from = if is_open { nearest() } else { Some(from) }.filter(|from| *from < to)?;
                Some(Span::Times { from: Some(from), to: Some(to) })
            }
            (Span::Dates { from: Some(from), .. }, Span::Dates { from: None, to: Some(to) }) => {
                // A weekday that would lie before the beginning is the one after it.
                let to = if to < from {
                    days_ahead(to, 7).filter(|_| from.since(to).is_ok_and(|by| by.get_days() < 7))?
                } else {
                    to
                };
                (from <= to).then_some(Span::Dates { from: Some(from), to: Some(to) })
            }
            (Span::Dates { to: Some(to), .. }, Span::Dates { from: Some(from), to: None }) => {
                (from <= to).then_some(Span::Dates { from: Some(from), to: Some(to) })
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let open = || "..".to_owned();
        let (from, to) = match self {
            Span::Times { from, to } => {
                let text = |time: &Option<Time>| time.map_or_else(open, |time| time.strftime("%H:%M").to_string());
                (text(from), text(to))
            }
            Span::Dates { from, to } => {
                let text = |date: &Option<Date>| date.map_or_else(open, |date| date.to_string());
                (text(from), text(to))
            }
        };
        write!(f, "{from}/{to}")
    }
}

/// Values are a caller's words: they stay out of logs.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Value(..)")
    }
}

impl Value {
    pub fn json(&self) -> serde_json::Value {
        match self {
            Value::Choice(text) | Value::Digits(text) | Value::Text(text) => text.clone().into(),
            Value::Bool(yes) => (*yes).into(),
            Value::Number(number) => (*number).into(),
            Value::Date(date) => date.to_string().into(),
            Value::Time(time) => time.strftime("%H:%M").to_string().into(),
            Value::Money(amount) => amount.json(),
            Value::Items(items) => items.json(),
            Value::Minutes(minutes) => match (minutes / 60, minutes % 60) {
                (0, m) => format!("PT{m}M").into(),
                (h, 0) => format!("PT{h}H").into(),
                (h, m) => format!("PT{h}H{m}M").into(),
            },
            Value::Span(span) => span.to_string().into(),
            Value::Address(address) => address.json(),
        }
    }
}

/// What a slot takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Choice(Vec<Choice>),
    YesNo,
    /// `unit`: singular and plural of what is counted ("person", "people"); empty when nothing is named.
    Number {
        min: i64,
        max: i64,
        unit: Vec<String>,
    },
    Digits {
        min: usize,
        max: usize,
    },
    Phone,
    Date,
    Time,
    Duration,
    Money(Bounds),
    Items(Arc<ItemPlan>),
    Span {
        of: SpanOf,
    },
    /// A person's name, as it was said and spelled.
    Name,
    Email,
    Address(Arc<AddressPlan>),
    /// An identity number with its check digits.
    Id(Scheme),
    Text,
}

impl Kind {
    /// The `type` of a bot's file.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Choice(_) => "choice",
            Kind::YesNo => "yes_no",
            Kind::Number { .. } => "number",
            Kind::Digits { .. } => "digits",
            Kind::Phone => "phone",
            Kind::Date => "date",
            Kind::Time => "time",
            Kind::Duration => "duration",
            Kind::Money(_) => "money",
            Kind::Items(_) => "items",
            Kind::Span { .. } => "span",
            Kind::Name => "name",
            Kind::Email => "email",
            Kind::Address(_) => "address",
            Kind::Id(_) => "id",
            Kind::Text => "text",
        }
    }
}

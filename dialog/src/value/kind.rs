//! `Kind`: what a slot can take, and `Value`: what it holds.
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
    Text,
}

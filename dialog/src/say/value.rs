//! Values as the bot says them.
use super::characters::{digits, number};
use super::outside::unmarked;
use super::{captured, en, normal, vi};
use crate::language::Language;
use crate::value::item::{Count, Item, ItemPlan, Items};
use crate::value::kind::{Kind, Span, Value};
use jiff::civil::{Date, Time};

/// A value as the bot says it. Dates bring their preposition ("today", "on Friday, December fourth").
pub fn value(value: &Value, kind: &Kind, language: Language, today: Date) -> String {
    match value {
        Value::Choice(name) => match kind {
            Kind::Choice(all) => all.iter().find(|c| c.name == *name).map_or_else(|| name.clone(), |c| c.say.clone()),
            _ => name.clone(),
        },
        Value::Bool(yes) => match (language, yes) {
            (Language::En, true) => "yes",
            (Language::En, false) => "no",
            (Language::Vi, true) => "có",
            (Language::Vi, false) => "không",
        }
        .into(),
        Value::Number(n) => {
            let said = number(*n, language);
            match kind {
                // A kind that holds a number and is said with more than the number has an arm of its own.
                Kind::Number { unit, .. } if !unit.is_empty() => {
                    let name = if *n == 1 { unit.first() } else { unit.get(1).or(unit.first()) };
                    format!("{said} {}", name.map_or("", String::as_str))
                }
                Kind::Number { .. }
                | Kind::Choice(_)
                | Kind::YesNo
                | Kind::Digits { .. }
                | Kind::Phone
                | Kind::Date
                | Kind::Time
                | Kind::Duration
                | Kind::Money(_)
                | Kind::Items(_)
                | Kind::Span { .. }
                | Kind::Name
                | Kind::Email
                | Kind::Address(_)
                | Kind::Id(_)
                | Kind::Text => said,
            }
        }
        Value::Digits(text) => match kind {
            Kind::Id(scheme) => captured::id(text, scheme, language),
            _ => digits(text, language),
        },
        Value::Address(address) => captured::address(address, language),
        Value::Text(text) if *kind == Kind::Email => captured::email(text, language),
        Value::Date(date) => match language {
            Language::En => en::near_date(*date, today),
            Language::Vi => vi::near_date(*date, today),
        },
        Value::Time(time) => match language {
            Language::En => en::time(time.hour().into(), time.minute().into()),
            Language::Vi => vi::time(time.hour().into(), time.minute().into()),
        },
        Value::Minutes(minutes) => match language {
            Language::En => en::duration(*minutes),
            Language::Vi => vi::duration(*minutes),
        },
        Value::Items(items) => self::items(items, language),
        Value::Money(amount) => money(amount.hundredths(), amount.currency.code(), language),
        Value::Span(span) => self::span(*span, language, today),
        Value::Text(text) => unmarked(text),
    }
}

/// A value as it is said where it is checked: what is easily misheard is spelled.
pub fn checked(value: &Value, kind: &Kind, language: Language, today: Date) -> String {
    match (value, kind) {
        (Value::Text(text), Kind::Name) => captured::spelled_name(text, language),
        (Value::Text(text), Kind::Email) => captured::spelled_email(text, language),
        _ => self::value(value, kind, language, today),
    }
}

/// "from two p m to four p m", "before noon", "after Friday, December fourth".
fn span(span: Span, language: Language, today: Date) -> String {
    let (from, to) = match span {
        Span::Times { from, to } => {
            let said = |time: Time| value(&Value::Time(time), &Kind::Time, language, today);
            (from.map(said), to.map(said))
        }
        Span::Dates { from, to } => {
            // "on" belongs to a single day.
            let said = |date: Date| {
                let text = value(&Value::Date(date), &Kind::Date, language, today);
                text.strip_prefix("on ").map_or(text.clone(), str::to_owned)
            };
            (from.map(said), to.map(said))
        }
    };
    // Days are named that belong to it.
    let is_dates = matches!(span, Span::Dates { .. });
    match (language, from, to) {
        (Language::En, Some(from), Some(to)) => format!("from {from} to {to}"),
        (Language::En, Some(from), None) if is_dates => format!("from {from} on"),
        (Language::En, None, Some(to)) if is_dates => format!("until {to}"),
        (Language::Vi, Some(from), None) if is_dates => format!("từ {from} trở đi"),
        (Language::Vi, None, Some(to)) if is_dates => format!("đến hết {to}"),
        (Language::En, Some(from), None) => format!("after {from}"),
        (Language::En, None, Some(to)) => format!("before {to}"),
        (Language::Vi, Some(from), Some(to)) => format!("từ {from} đến {to}"),
        (Language::Vi, Some(from), None) => format!("sau {from}"),
        (Language::Vi, None, Some(to)) => format!("trước {to}"),
        (_, None, None) => String::new(),
    }
}

/// "two small ham pizzas and one large margherita pizza", "hai pizza nhỏ giăm bông".
fn items(items: &Items, language: Language) -> String {
    let all: Vec<String> = items.list.iter().map(|one| item(&items.plan, one, language)).collect();
    let and = if language == Language::En { " and " } else { " và " };
    match all.split_last() {
        Some((last, front)) if !front.is_empty() => format!("{}{and}{last}", front.join(", ")),
        _ => all.concat(),
    }
}

/// One item with its count, if that is known.
pub fn item(plan: &ItemPlan, item: &Item, language: Language) -> String {
    let count = if item.count == Count::Open { String::new() } else { number(item.number(), language) };
    let choices = plan.fields.iter().zip(&item.fields);
    let choices: Vec<&str> = choices.filter_map(|(field, at)| Some(field.choices[(*at)?].say.as_str())).collect();
    let is_one = item.count != Count::Open && item.number() == 1;
    let unit = if is_one { plan.unit.first() } else { plan.unit.get(1).or(plan.unit.first()) };
    let unit = unit.map_or("", String::as_str);
    let choices = choices.join(" ");
    // The adjective stands before the noun in English, and behind it in Vietnamese.
    let words = match language {
        Language::En => [count.as_str(), &choices, unit],
        Language::Vi => [count.as_str(), unit, &choices],
    };
    words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ")
}

/// An amount of money, in hundredths; `currency` as ISO 4217 names it ("USD") or by its sign. Hundredths are said where the currency
/// has them and there are any.
pub fn money(hundredths: i64, currency: &str, language: Language) -> String {
    let (sign, sum) = (if hundredths < 0 { "-" } else { "" }, hundredths.unsigned_abs());
    let cents = match sum % 100 {
        0 => String::new(),
        cents => format!(".{cents:02}"),
    };
    normal(&format!("{sign}{}{cents}{currency}", sum / 100), language)
}

/// A date without its preposition: "December fourth"; with its year where that is not this one.
pub fn date(day: Date, language: Language, today: Date) -> String {
    let with_year = day.year() != today.year();
    match language {
        Language::En => en::date(day, with_year),
        Language::Vi => vi::date(day, with_year),
    }
}

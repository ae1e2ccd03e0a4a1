//! The conditions of a bot file: what they are about is known by then, and the values are values that it can have.
use super::check::{BotFault, Check};
use crate::bot::condition::{Condition, Subject, Test};
use crate::bot::definition::Slot;
use crate::bot::file::{TestFile, WhenFile, WithinTable};
use crate::bot::lookup::Outcome;
use crate::value::kind::Kind;
use serde_json::Value as Json;

/// What a condition may be about.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub all: &'a [Slot],
    /// The slots that are asked for before, by index.
    pub slots: &'a [usize],
    /// The lookups of the task, by name.
    pub lookups: &'a [String],
}

pub(super) fn condition(check: &Check, key: &str, when: WhenFile, known: Known) -> Result<Condition, BotFault> {
    let all = when.into_iter().map(|(name, test)| one(check, &format!("{key}.{name}"), &name, test, known));
    all.collect::<Result<_, _>>().map(Condition)
}

fn one(check: &Check, key: &str, name: &str, test: TestFile, known: Known) -> Result<(Subject, Test), BotFault> {
    let subject = subject(check, key, name, known)?;
    let test = match test {
        TestFile::One(value) => Test::OneOf(vec![value]),
        TestFile::Many(values) => Test::OneOf(values),
        TestFile::Within(WithinTable { min, max }) => Test::Within { min, max },
    };
    let problem = match (&test, &subject) {
        (Test::OneOf(values), _) if values.is_empty() => Some("lists no value".to_owned()),
        (Test::Within { min: None, max: None }, _) => Some("has neither `min` nor `max`".to_owned()),
        (Test::Within { .. }, Subject::Outcome(_)) => {
            Some("has bounds, and a lookup's outcome is no number".to_owned())
        }
        (Test::Within { .. }, Subject::Slot(slot))
            if !matches!(known.all[*slot].kind, Kind::Number { .. } | Kind::Money(_)) =>
        {
            Some("has bounds, and the slot is no number".to_owned())
        }
        (Test::OneOf(values), subject) => {
            values.iter().find(|value| !can_be(subject, value, known)).map(|value| format!("is never {value}"))
        }
        _ => None,
    };
    match problem {
        Some(problem) => check.fault(key, problem, possible(&subject, known)),
        None => Ok((subject, test)),
    }
}

fn subject(check: &Check, key: &str, name: &str, known: Known) -> Result<Subject, BotFault> {
    let lookup = |name: &str| known.lookups.iter().position(|lookup| lookup == name);
    if let Some((name, pointer)) = name.split_once('/') {
        let Some(lookup) = lookup(name) else {
            return check.fault(key, format!("no lookup is called {name:?}"), "add a [[task.lookup]] of this name");
        };
        return Ok(Subject::Part { lookup, pointer: format!("/{pointer}") });
    }
    if let Some(lookup) = lookup(name) {
        return Ok(Subject::Outcome(lookup));
    }
    match known.slots.iter().find(|slot| known.all[**slot].name == name) {
        Some(slot) => Ok(Subject::Slot(*slot)),
        None if known.all.iter().any(|slot| slot.name == name) => {
            check.fault(key, "is not asked for before", "list it earlier in the task's `slots`")
        }
        None => check.fault(
            key,
            format!("no slot and no lookup is called {name:?}"),
            "use a slot that the task lists before, or a [[task.lookup]]",
        ),
    }
}

fn can_be(subject: &Subject, value: &Json, known: Known) -> bool {
    match subject {
        Subject::Part { .. } => !value.is_object() && !value.is_array(),
        Subject::Outcome(_) => Outcome::ALL.iter().any(|outcome| value == outcome.name()),
        Subject::Slot(slot) => match &known.all[*slot].kind {
            Kind::Choice(all) => all.iter().any(|choice| value == choice.name.as_str()),
            Kind::YesNo => value.is_boolean(),
            Kind::Number { min, max, .. } => value.as_i64().is_some_and(|n| (min..=max).contains(&&n)),
            Kind::Money(_) => value.is_number(),
            Kind::Digits { .. } => value.is_string(),
            Kind::Phone
            | Kind::Date
            | Kind::Time
            | Kind::Duration
            | Kind::Items(_)
            | Kind::Span { .. }
            | Kind::Name
            | Kind::Email
            | Kind::Address(_)
            | Kind::Id(_)
            | Kind::Text => false,
        },
    }
}

/// What a test may ask for, as a remedy.
fn possible(subject: &Subject, known: Known) -> String {
    match subject {
        Subject::Part { .. } => "use a text, a number, true or false, or { min = 1 }".into(),
        Subject::Outcome(_) => "use \"found\", \"none\" or \"several\"".into(),
        Subject::Slot(slot) => match &known.all[*slot].kind {
            Kind::Choice(all) => {
                let names: Vec<&str> = all.iter().map(|choice| choice.name.as_str()).collect();
                format!("use one of {names:?}, or a list of them")
            }
            Kind::YesNo => "use true or false".into(),
            Kind::Number { min, max, .. } => format!("use a number from {min} to {max}, or {{ min = {min} }}"),
            Kind::Money(_) => "use an amount, or { min = 50 }".into(),
            Kind::Digits { .. } => "use digits in quotes".into(),
            Kind::Phone
            | Kind::Date
            | Kind::Time
            | Kind::Duration
            | Kind::Items(_)
            | Kind::Span { .. }
            | Kind::Name
            | Kind::Email
            | Kind::Address(_)
            | Kind::Id(_)
            | Kind::Text => "only choices, yes_no, numbers, money and digits have conditions".into(),
        },
    }
}

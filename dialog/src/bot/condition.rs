//! `Condition`: what must hold for a slot to be asked for, a sentence to be said or a lookup to be made.
use serde_json::Value as Json;

/// All of it must hold; an empty one always does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition(pub Vec<(Subject, Test)>);

/// What a test is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// The value of a slot, by its index.
    Slot(usize),
    /// What a lookup of the task came to: the name of an [`Outcome`](super::Outcome).
    Outcome(usize),
    /// A part of what a lookup of the task has found (RFC 6901).
    Part { lookup: usize, pointer: String },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    OneOf(Vec<Json>),
    /// A number within these bounds, which belong to it.
    Within {
        min: Option<f64>,
        max: Option<f64>,
    },
}

impl Test {
    pub fn holds(&self, value: &Json) -> bool {
        match self {
            Test::OneOf(all) => all.iter().any(|one| match (one.as_f64(), value.as_f64()) {
                (Some(one), Some(value)) => one == value,
                _ => one == value,
            }),
            Test::Within { min, max } => {
                value.as_f64().is_some_and(|n| min.is_none_or(|min| n >= min) && max.is_none_or(|max| n <= max))
            }
        }
    }
}

impl Condition {
    pub fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds; `None`: something that it is about is not known yet. `of` gives what is known.
    pub fn holds(&self, mut of: impl FnMut(&Subject) -> Option<Json>) -> Option<bool> {
        let mut all_known = true;
        for (subject, test) in &self.0 {
            match of(subject).map(|value| test.holds(&value)) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => all_known = false,
            }
        }
        all_known.then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_condition_holds_when_all_of_it_does_and_is_open_while_something_is_not_known() {
        let is = |value: Json| Test::OneOf(vec![value]);
        let condition = Condition(vec![
            (Subject::Slot(0), is(json!("delivery"))),
            (Subject::Slot(1), Test::Within { min: Some(2.0), max: None }),
        ]);
        let holds = |how: Option<&str>, count: Option<i64>| {
            condition.holds(|subject| match subject {
                Subject::Slot(0) => how.map(Json::from),
                _ => count.map(Json::from),
            })
        };
        assert_eq!(holds(Some("delivery"), Some(2)), Some(true));
        assert_eq!(holds(Some("delivery"), Some(1)), Some(false));
        assert_eq!(holds(Some("collection"), None), Some(false));
        assert_eq!(holds(Some("delivery"), None), None);
        assert_eq!(holds(None, Some(1)), Some(false));
        assert_eq!(Condition::default().holds(|_| None), Some(true));
        assert!(is(json!(2)).holds(&json!(2.0)) && !is(json!(2)).holds(&json!("2")));
        assert!(!Test::Within { min: None, max: Some(3.0) }.holds(&json!("2")));
    }
}

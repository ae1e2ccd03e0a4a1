//! What keys mean at a step.
use super::meaning::{Context, Meaning, SaidValues};
use super::question;
use crate::bot::Command;
use crate::keypad::{self, Keypad};
use crate::model::step::Step;

impl Context<'_> {
    /// What these keys mean where they are taken in this way.
    pub fn keyed(&self, keys: &str, keypad: &Keypad) -> Meaning {
        match (keys, keypad) {
            ("*", _) => return Meaning::Command(Command::Back),
            ("#", _) => return Meaning::Command(Command::Repeat),
            (_, Keypad::None) => return Meaning::WrongKey,
            _ => {}
        }
        match self.entry(keys) {
            Some(meaning) => meaning,
            None if keys == "0" && *keypad == Keypad::Menu => Meaning::Command(Command::Person),
            None if *keypad == Keypad::Menu => Meaning::WrongKey,
            None => self.keyed_fault(keys).unwrap_or(Meaning::WrongEntry),
        }
    }

    /// What these keys answer to the question; `None`: nothing.
    fn entry(&self, keys: &str) -> Option<Meaning> {
        let key = keys.chars().next().filter(|_| keys.len() == 1);
        match self.step {
            Step::Task => {
                let tasks = &self.form.bot.tasks;
                tasks.iter().position(|t| t.key.is_some() && t.key == key).map(Meaning::Switch)
            }
            Step::Slot(slot) => self.parts.keyed(self.asked(slot), keys).map(|(value, sure)| match sure {
                true => Meaning::Keyed { slot, value },
                false => Meaning::Assembled { slot, value },
            }),
            Step::Check(slot) => keypad::yes_no(keys).map(|yes| match yes {
                true => Meaning::Confirmed { slot, values: SaidValues::default() },
                false => Meaning::Denied(slot),
            }),
            Step::Review => keypad::yes_no(keys).map(|yes| if yes { Meaning::Right } else { Meaning::Wrong }),
            Step::Change => {
                let menu = question::change_menu(self.form);
                menu.into_iter().find(|(_, _, k)| Some(*k) == key).map(|(_, slot, _)| Meaning::Change(slot))
            }
            Step::Stop => keypad::yes_no(keys).map(|yes| if yes { Meaning::Stopped } else { Meaning::NothingToChange }),
            Step::Remember => keypad::yes_no(keys).map(Meaning::MayRemember),
            Step::Message => Some(Meaning::Message),
            Step::Approval | Step::Person | Step::Busy | Step::Over => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::Bot;
    use crate::model::flow::form::Form;
    use crate::model::flow::parts::Parts;
    use crate::testkit::today;
    use std::sync::Arc;

    #[test]
    fn a_key_means_what_the_step_asks() {
        let booking = include_str!("../../../../configs/bots/booking.en.toml");
        let bot = Bot::parse(booking, "booking").unwrap_or_else(|e| panic!("{e}"));
        let mut form = Form::new(Arc::new(bot), today());
        let parts = Parts::default();
        let at = |form: &Form, step: Step, keys: &str| {
            let context = Context { form, step, parts: &parts };
            match context.keyed(keys, &question::keypad(form, step)) {
                Meaning::Command(command) => format!("{command:?}"),
                Meaning::Switch(task) => format!("task {task}"),
                Meaning::Keyed { value, .. } => value.json().to_string(),
                Meaning::Right => "right".into(),
                Meaning::Wrong => "wrong".into(),
                Meaning::WrongKey => "no key".into(),
                Meaning::WrongEntry => "no entry".into(),
                _ => "other".into(),
            }
        };
        assert_eq!(at(&form, Step::Task, "2"), "task 1");
        assert_eq!(at(&form, Step::Task, "7"), "no key");
        assert_eq!(at(&form, Step::Task, "0"), "Person");
        form.begin(0);
        assert_eq!(at(&form, Step::Slot(0), "3"), "\"new york\"");
        assert_eq!(at(&form, Step::Slot(4), "21"), "no entry");
        assert_eq!(at(&form, Step::Slot(4), "12"), "12");
        assert_eq!(at(&form, Step::Review, "1"), "right");
        assert_eq!(at(&form, Step::Review, "2"), "wrong");
        assert_eq!(at(&form, Step::Slot(4), "*"), "Back");
        assert_eq!(at(&form, Step::Busy, "1"), "no key");
    }
}

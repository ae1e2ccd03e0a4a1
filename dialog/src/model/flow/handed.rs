//! A call that goes from one bot to another: what goes with it, and how a flow begins that had not the first word.
use super::Flow;
use super::form::Form;
use super::interview::{Interview, MAX_HEARD};
use super::known::After;
use super::reply::{Next, Reply, Sentence};
use crate::bot::OnDone;
use crate::model::handed::{Carried, CarriedValue, HandedOn};
use crate::value::json::of_json;

impl Interview {
    /// What is known here, for the bot that goes on.
    pub(super) fn carried(&self) -> Carried {
        let bot = &self.form.bot;
        let value = |(slot, spec): (usize, &crate::bot::Slot)| {
            let news = self.form.news(slot);
            let value = news.value.filter(|_| !spec.secret)?;
            Some(CarriedValue { slot: spec.name.clone(), value, confirmed: news.confirmed })
        };
        let values = bot.slots.iter().enumerate().filter_map(value).collect();
        let touched = self.form.task_plan().filter(|_| self.form.is_touched() || bot.tasks.len() > 1);
        Carried { task: touched.map(|task| task.name.clone()), values, ..Carried::default() }
    }

    pub(super) fn after(&self, done: &OnDone) -> After {
        match &done.hand_on {
            // The task is done: the other bot begins one of its own.
            Some(to) => After::HandOn(HandedOn { to: to.clone(), carried: Carried { task: None, ..self.carried() } }),
            None => After::Then(done.then),
        }
    }

    pub(super) fn go_after(&mut self, after: After, say: Vec<Sentence>) -> Reply {
        match after {
            After::Then(then) => self.leave(then, say),
            After::HandOn(handed) => {
                self.form.finish();
                self.inquiry.step = crate::model::step::Step::Task;
                Reply { hand_on: Some(handed), ..Reply::new(say, Next::Nothing) }
            }
        }
    }
}

impl Form {
    /// What a bot before knew of the slots of the task that begins.
    pub(super) fn take_carried(&mut self) {
        let own = self.task_slots().to_vec();
        let (taken, left) = std::mem::take(&mut self.carried).into_iter().partition(|(slot, ..)| own.contains(slot));
        self.carried = left;
        let taken: Vec<_> = taken;
        for (slot, value, confirmed) in taken {
            self.fill(slot, value, MAX_HEARD);
            if confirmed {
                self.confirm(slot);
            }
        }
    }
}

impl Flow {
    /// Another bot is to go on, with what is under way.
    pub fn hand_on(&mut self, to: &str) {
        let handed = HandedOn { to: to.to_owned(), carried: self.interview.carried() };
        self.think(Reply { hand_on: Some(handed), ..Reply::new(Vec::new(), Next::Nothing) });
    }

    /// Another bot had the call. Nothing is said where the caller's own words follow.
    pub(super) fn handed_on(&mut self, carried: Carried) -> Option<Reply> {
        self.opened = true;
        let bot = self.bot.clone();
        let form = &mut self.interview.form;
        form.carried = carried
            .values
            .iter()
            .filter_map(|CarriedValue { slot, value, confirmed }| {
                let slot = bot.slot(slot).filter(|slot| !bot.slots[*slot].secret)?;
                // What the other language calls by another name is asked for.
                Some((slot, of_json(&bot.slots[slot].kind, value, bot.language)?, *confirmed))
            })
            .collect();
        form.take_carried();
        if carried.silent {
            return None;
        }
        let task = carried.task.and_then(|name| bot.tasks.iter().position(|task| task.name == name));
        if let Some(task) = task {
            self.interview.begin(task);
        }
        let switched = (!carried.same_language).then(|| Sentence::new(&bot.prompts.language_switched));
        Some(self.interview.advance(switched.into_iter().collect()))
    }
}

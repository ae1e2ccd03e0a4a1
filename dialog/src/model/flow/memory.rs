//! What a flow does with what is known of its caller: a value is offered, and taken after a yes; whether more may be remembered is asked
//! behind a task; and who wants to be forgotten is.
use super::form::Form;
use super::interview::Interview;
use super::known::Asking;
use super::meaning::{Context, Meaning};
use super::reply::{Reply, Sentence};
use crate::bot::{Consent, OnDone};
use crate::memory::{MemoryNews, PromiseKind};
use crate::model::step::Step;
use crate::value::answer::Verdict;
use crate::value::json::of_json;

impl Form {
    /// The slot that is to be asked for has a value from an earlier call: the caller is asked whether it still holds, once.
    pub fn offer(&mut self, slot: usize) -> bool {
        let bot = self.bot.clone();
        let is_kept = bot.remembers().is_some_and(|plan| plan.keep.contains(&slot));
        if !is_kept || self.offers.forgotten || self.offers.made.contains(&slot) {
            return false;
        }
        let spec = &bot.slots[slot];
        let fact = bot.known.as_ref().and_then(|known| known.fact(&spec.name));
        // A slot that has changed since may not take it any more.
        let Some(value) = fact.and_then(|fact| of_json(&spec.kind, &fact.value, bot.language)) else { return false };
        self.offers.made.push(slot);
        self.propose(slot, value);
        true
    }

    /// The value that is offered, as it is said.
    pub fn spoken_offer(&self, slot: usize) -> String {
        let value = self.checked_value(slot);
        value.map(|value| self.sayer().value(value, &self.bot.slots[slot].kind, None)).unwrap_or_default()
    }

    /// Whether what a check of this slot asks about is known from an earlier call.
    pub fn is_offered(&self, slot: usize) -> bool {
        self.proposed() == Some(slot) && !self.is_filled(slot) && self.offers.made.contains(&slot)
    }
}

impl Interview {
    /// Whether the caller is to be asked for their consent: they gave something that is kept, and have not agreed.
    fn wants_consent(&self) -> bool {
        let bot = &self.form.bot;
        let Some(plan) = bot.remembers().filter(|plan| plan.consent == Consent::Ask) else { return false };
        let open = bot.known.as_ref().is_some_and(|known| !known.agreed) && !self.form.offers.forgotten;
        open && matches!(self.consent, Asking::NotYet) && plan.keep.iter().any(|slot| self.form.is_filled(*slot))
    }

    /// A task is done: what follows, after the question for consent where that is due.
    pub(super) fn leave_done(&mut self, on_done: &OnDone, say: Vec<Sentence>) -> Reply {
        let done = self.form.task_plan().map(|task| task.name.clone());
        let after = self.after(on_done);
        let mut reply = if self.wants_consent() {
            self.consent = Asking::Asks(after);
            self.form.finish();
            self.inquiry.step = Step::Remember;
            self.inquiry.attempts.step();
            self.ask(say)
        } else {
            self.go_after(after, say)
        };
        reply.memory.push(MemoryNews::Promise { kind: PromiseKind::Unfinished, task: done, owed: false });
        reply
    }

    /// The caller lets the bot remember, or does not; what is no clear yes is a no.
    pub(super) fn consented(&mut self, agreed: bool) -> Reply {
        let prompts = &self.form.bot.prompts;
        let text = if agreed { &prompts.memory_kept } else { &prompts.memory_not_kept };
        let say = vec![Sentence::new(text)];
        let mut reply = match std::mem::replace(&mut self.consent, Asking::Asked) {
            Asking::Asks(after) => self.go_after(after, say),
            Asking::NotYet | Asking::Asked => self.advance(say),
        };
        reply.memory.push(MemoryNews::Agreed(agreed));
        reply
    }

    /// The question that is open is about what is known: another one follows.
    pub(super) fn unsettled(&mut self) -> Reply {
        self.inquiry.attempts.spoke();
        match std::mem::replace(&mut self.consent, Asking::Asked) {
            Asking::Asks(after) => self.go_after(after, Vec::new()),
            Asking::NotYet | Asking::Asked => self.advance(Vec::new()),
        }
    }

    /// The caller wants to be forgotten. What is said to that.
    pub(super) fn forget(&mut self) -> String {
        self.form.offers.forgotten = true;
        self.form.withdraw_offer();
        let bot = &self.form.bot;
        let remembers = bot.remembers().is_some() && bot.known.is_some();
        if remembers { bot.prompts.memory_forgotten.clone() } else { bot.prompts.memory_nothing.clone() }
    }
}

impl Form {
    /// A value that is being offered is offered no more.
    fn withdraw_offer(&mut self) {
        if let Some(slot) = self.proposed().filter(|slot| self.is_offered(*slot)) {
            self.take_proposal(slot);
        }
    }
}

impl Context<'_> {
    /// "May I remember this?"
    pub(super) fn remember(&self, words: &[String]) -> Meaning {
        match self.verdict(words) {
            (Some(Verdict::Yes), []) => Meaning::MayRemember(true),
            (Some(Verdict::No), _) => Meaning::MayRemember(false),
            _ => match self.task(words) {
                begin @ Meaning::Begin { .. } => begin,
                _ => Meaning::NotUnderstood,
            },
        }
    }
}

impl Form {
    /// What is said at the beginning of a call whose caller has left a task half done.
    pub fn remind(&mut self) -> Option<Sentence> {
        let bot = self.bot.clone();
        let name = bot.known.as_ref().filter(|_| bot.remembers().is_some() && bot.tasks.len() > 1)?.unfinished()?;
        let task = bot.tasks.iter().position(|task| task.name == name)?;
        self.offers.reminded = Some(task);
        Some(Sentence::new(&bot.prompts.unfinished.replace("{value}", &bot.tasks[task].say)))
    }
}

//! What a call adds to what is known of its caller: values that they have confirmed, once they have agreed; what is left half done; and
//! that they want to be forgotten.
use super::message::Output;
use super::{Conversation, HangUpReason};
use crate::bot::Consent;
use crate::memory::{MemoryNews, PromiseKind};
use crate::model::thought::SlotNews;
use serde_json::Value as Json;

/// The longest that a caller is waited for, as it is remembered.
const MAX_PACE: f32 = 2.0;

#[derive(Default)]
pub(super) struct Keeping {
    /// Confirmed values that wait for the caller's consent, by the slot's name.
    waiting: Vec<(String, Json)>,
    /// As the caller has said in this call, or as they were told.
    agreed: Option<bool>,
    forgotten: bool,
    /// Something was given of the task under way.
    given: bool,
    is_over: bool,
}

impl Keeping {
    pub fn is_forgotten(&self) -> bool {
        self.forgotten
    }

    pub fn has_agreed(&self) -> bool {
        self.agreed == Some(true)
    }
}

impl Conversation {
    /// Another bot goes on, whose disclosure the caller does not hear: what they have agreed to so far holds, and nothing else.
    pub(super) fn settle_consent(&mut self) {
        self.keep_agreed();
        let agreed = self.may_keep();
        self.keeping.agreed = Some(agreed);
        self.keeping.waiting.clear();
    }

    /// A value that is kept waits until the caller has agreed.
    pub(super) fn keep(&mut self, news: &SlotNews) {
        self.keeping.given |= news.value.is_some();
        let is_kept = self.bot.remembers().is_some_and(|plan| plan.keep.contains(&news.slot));
        if !is_kept || self.bot.known.is_none() || !news.confirmed || self.keeping.forgotten {
            return;
        }
        let name = &self.bot.slots[news.slot].name;
        self.keeping.waiting.retain(|(of, _)| of != name);
        self.keeping.waiting.extend(news.value.clone().map(|value| (name.clone(), value)));
        self.keep_agreed();
    }

    /// Whether the caller has agreed, or has heard to its end that the bot remembers.
    fn may_keep(&mut self) -> bool {
        let Some((plan, known)) = self.bot.remembers().zip(self.bot.known.as_ref()) else { return false };
        let (told, known) = (plan.consent == Consent::Told, known.agreed);
        if self.keeping.forgotten {
            return false;
        }
        if told && !known && self.keeping.agreed.is_none() && self.is_disclosed() {
            self.keeping.agreed = Some(true);
            self.out.push_back(Output::Memory(MemoryNews::Agreed(true)));
        }
        self.keeping.agreed.unwrap_or(known)
    }

    fn keep_agreed(&mut self) {
        if !self.keeping.waiting.is_empty() && self.may_keep() {
            let waiting = std::mem::take(&mut self.keeping.waiting);
            let fact = |(name, value)| Output::Memory(MemoryNews::Fact { name, value });
            self.out.extend(waiting.into_iter().map(fact));
        }
    }

    /// News of the brain's.
    pub(super) fn memory_news(&mut self, news: MemoryNews) {
        if self.bot.remembers().is_none() || self.bot.known.is_none() {
            self.keeping.given &= !matches!(news, MemoryNews::Promise { .. });
            return;
        }
        match &news {
            MemoryNews::Agreed(agreed) => {
                self.keeping.agreed = Some(*agreed);
                self.out.push_back(Output::Memory(news.clone()));
                match agreed {
                    true => self.keep_agreed(),
                    false => self.keeping.waiting.clear(),
                }
            }
            MemoryNews::Forget => {
                self.keeping.waiting.clear();
                self.keeping.forgotten = true;
                self.out.push_back(Output::Memory(news));
            }
            MemoryNews::Promise { kind: PromiseKind::Unfinished, task, owed: false } => {
                self.keeping.given = false;
                let owed = self.bot.known.as_ref().and_then(|known| known.unfinished().map(str::to_owned));
                if owed.is_some() && owed == *task && !self.keeping.forgotten {
                    self.out.push_back(Output::Memory(news));
                }
            }
            MemoryNews::Promise { .. } | MemoryNews::Fact { .. } | MemoryNews::Language(_) | MemoryNews::Pace(_) => {}
        }
    }

    /// The call ends: what the next one is to know of it, once. To be polled.
    pub fn part(&mut self) {
        if std::mem::replace(&mut self.keeping.is_over, true) || !self.may_keep() {
            return;
        }
        self.keep_agreed();
        let mut all = vec![MemoryNews::Language(self.bot.language)];
        let before = self.bot.known.as_ref().and_then(|known| known.pace).unwrap_or(1.0);
        let pace = (before * self.turn.caller_patience()).min(MAX_PACE);
        if pace > before {
            all.push(MemoryNews::Pace(pace));
        }
        let task = self.brain.task().map(str::to_owned);
        if self.ended_for == Some(HangUpReason::CallBack) {
            all.push(MemoryNews::Promise { kind: PromiseKind::CallBack, task: task.clone(), owed: true });
        }
        // Who has said goodbye, or was put through, has left nothing half done that they would come back to.
        let wanted = [HangUpReason::Done, HangUpReason::Goodbye, HangUpReason::Person, HangUpReason::CallBack];
        let is_cut = self.ended_for.is_none_or(|reason| !wanted.contains(&reason));
        if let Some(task) = task.filter(|_| is_cut && self.keeping.given) {
            all.push(MemoryNews::Promise { kind: PromiseKind::Unfinished, task: Some(task), owed: true });
        }
        self.out.extend(all.into_iter().map(Output::Memory));
    }
}

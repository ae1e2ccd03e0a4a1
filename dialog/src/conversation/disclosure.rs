//! `Disclosure`: the sentence that tells the caller who speaks and who may listen; whether they have heard all of it.
use super::Conversation;
use crate::clause::SayId;
use crate::history::History;
use std::ops::RangeInclusive;
use std::time::Instant;

pub(super) struct Disclosure {
    /// The clauses by which it was made last; `None`: there is none, or it was heard to its end.
    clauses: Option<RangeInclusive<u64>>,
    /// How often it was made anew.
    again: u8,
    /// Somebody waits to listen until it was heard.
    pub is_wanted: bool,
}

impl Disclosure {
    /// The first so many clauses of the conversation.
    pub fn new(clauses: u64) -> Self {
        Self { clauses: (clauses > 0).then_some(1..=clauses), again: 0, is_wanted: false }
    }

    fn is_heard(&self, history: &History) -> bool {
        let all = |clauses: &RangeInclusive<u64>| {
            clauses.clone().map(SayId).all(|say| history.is_settled(say) && !history.is_cut(say))
        };
        self.clauses.as_ref().is_none_or(all)
    }

    fn is_cut(&self, history: &History) -> bool {
        self.clauses.as_ref().is_some_and(|clauses| clauses.clone().any(|say| history.is_cut(SayId(say))))
    }
}

impl Conversation {
    /// Whether the caller has heard to its end that others may listen; a bot may have nothing to disclose.
    pub fn is_disclosed(&self) -> bool {
        self.answered && self.disclosure.is_heard(&self.history)
    }

    /// A disclosure that the caller spoke over stops like anything else, and is made before the next sentence, once and to its end.
    /// Where it is cut off again by keys, it is made again only if somebody waits to listen.
    pub(super) fn disclose(&mut self, now: Instant) {
        if self.disclosure.is_heard(&self.history) {
            self.disclosure.clauses = None;
        }
        let is_due = self.disclosure.again == 0 || self.disclosure.is_wanted;
        if !is_due || !self.disclosure.is_cut(&self.history) {
            return;
        }
        let Some(text) = self.bot.disclosure.clone() else { return };
        let SayId(first) = self.history.floor();
        self.say(now, &text, false);
        self.disclosure.again = self.disclosure.again.saturating_add(1);
        self.disclosure.clauses = Some(first..=self.history.floor().0 - 1);
    }
}

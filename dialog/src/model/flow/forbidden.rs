//! What a flow does where a caller brings up a subject that the bot does not speak about: it says so, and goes on with its question.
use super::Flow;
use super::reply::{Reply, Sentence};
use crate::bot::forbidden::touched;
use crate::model::step::Step;
use crate::model::thought::{Refusal, Thought};
use crate::value::kind::Kind;

impl Flow {
    /// The subject that these words bring up. Not where any words are an answer: in a message, in a text that was asked for.
    pub(super) fn forbidden(&self, words: &[String]) -> Option<usize> {
        let takes_all = match self.step() {
            Step::Message | Step::Person | Step::Approval | Step::Busy | Step::Over => true,
            Step::Slot(slot) => self.bot.slots[slot].kind == Kind::Text,
            _ => false,
        };
        if takes_all { None } else { touched(&self.bot.forbidden, words, self.bot.language) }
    }

    /// The reply to it. It is never counted against the caller.
    pub(super) fn refused(&mut self, words: &[String]) -> Option<Reply> {
        let subject = &self.bot.forbidden[self.forbidden(words)?];
        self.thoughts.push_back(Thought::Refused(Refusal::Subject { name: subject.name.clone(), by_model: false }));
        let say = vec![Sentence::new(&subject.say)];
        self.interview.inquiry.attempts.spoke();
        Some(self.interview.ask(say))
    }
}

//! What is said in place of what a model wants to say.
use super::Chat;
use super::answering::Answer;
use crate::model::thought::{Refusal, Thought};
use std::time::Instant;

/// So many sentences are said of an answer in haste.
const HURRIED_SENTENCES: u8 = 2;

impl Chat {
    /// The model speaks about what the bot does not: nothing more of its answer is said or done, and the caller is told so.
    pub(super) fn leave_subject(&mut self, now: Instant, subject: usize) {
        let subject = &self.bot.forbidden[subject];
        let (name, say) = (subject.name.clone(), subject.say.clone());
        self.thoughts.push_back(Thought::Refused(Refusal::Subject { name, by_model: true }));
        self.say_instead(now, &say);
    }

    /// What the model wanted was refused, and it says nothing of it.
    pub(super) fn say_not_allowed(&mut self, now: Instant) {
        let text = self.bot.prompts.not_allowed.clone();
        self.say_instead(now, &text);
    }

    /// Whether enough was said of an answer, where the bot hurries; one that calls tools goes on.
    pub(super) fn is_long_enough(&self) -> bool {
        let long = |answer: &Answer| answer.sentences >= HURRIED_SENTENCES && answer.calls.is_empty();
        self.hurries && self.answer.as_ref().is_some_and(long)
    }

    /// The rest of a long answer is not said: the caller is asked whether they want to hear it.
    pub(super) fn offer_more(&mut self, now: Instant) {
        let text = self.bot.prompts.hear_more.clone();
        self.say_instead(now, &text);
    }

    /// Says a sentence of the bot's file in place of what is still to come of an answer, and ends it.
    fn say_instead(&mut self, now: Instant, text: &str) {
        if let Some(id) = self.answer.as_mut().and_then(|answer| answer.request.take()) {
            self.stop(now, id);
        }
        let listens = self.answer.as_mut().is_none_or(|answer| std::mem::replace(&mut answer.listens, true));
        if !listens {
            self.listen();
        }
        self.has_floor = true;
        self.say(text, true);
        self.finish(now);
    }
}

//! What is likely all of the caller's turn: the brain may prepare what follows from it.
use super::Conversation;
use crate::model::brain::BrainInput;
use crate::turn::AnswerKind;
use std::time::Instant;

/// How much of a question has to be heard before a hum answers it.
const NEARLY_HEARD: f32 = 0.75;

impl Conversation {
    /// What the words are worth. A hum answers a question that has been heard, also where the bot still says its last word.
    pub(super) fn answer_kind(&self, text: &str) -> AnswerKind {
        if self.wished_language(text).is_some() {
            return AnswerKind::Whole;
        }
        match self.brain.answer_kind(text) {
            AnswerKind::BackchannelAnswer if self.question_heard.is_some_and(|heard| heard >= NEARLY_HEARD) => {
                AnswerKind::YesNo
            }
            kind => kind,
        }
    }

    /// Tells the brain what may be all of the caller's turn.
    pub(super) fn prepare(&mut self, now: Instant, text: String) {
        // What may be thrown away takes time from what is waited for.
        if self.budget.hurries() {
            return;
        }
        self.likely = Some(text.clone());
        self.think_on(now, BrainInput::EagerEnd(text));
    }

    /// What was likely all of the caller's turn was not.
    pub(super) fn withdraw_likely(&mut self, now: Instant) {
        if self.likely.take().is_some() {
            self.think_on(now, BrainInput::EagerWithdrawn);
        }
    }

    /// Before the brain is told something: only the turn itself, in the same words, confirms what was likely.
    pub(super) fn settle_likely(&mut self, now: Instant, input: &BrainInput) {
        match input {
            BrainInput::Heard { text, .. } if self.likely.as_ref() == Some(text) => self.likely = None,
            _ => self.withdraw_likely(now),
        }
    }

    /// The caller's turn is none any more.
    pub(super) fn forget_turn(&mut self, now: Instant) {
        self.turn.forget();
        self.withdraw_likely(now);
    }
}

//! The bot says that it listens, while the caller tells something long.
use super::{Conversation, HushedBy, Output};
use crate::clause::Clause;
use crate::turn::backchannel;
use std::time::Instant;

impl Conversation {
    /// Says it, unless the caller asks something or answers a question for a yes or a no: there it would be an answer.
    pub(super) fn backchannel(&mut self, now: Instant, told: &str) {
        if !self.brain.is_told(told) || self.supervised.is_taken_over() {
            return;
        }
        let sound = backchannel::own(self.bot.language, self.backchannels);
        self.backchannels += 1;
        let clause = Clause::new(sound.to_owned(), None);
        let say = self.history.backchannel(now, clause.clone());
        self.out.push_back(Output::Backchannel { say, clause });
    }

    /// The caller goes on: it is not heard over their words.
    pub(super) fn end_backchannel(&mut self) {
        if self.history.is_backchannel_open() {
            self.out.push_back(Output::Hush { floor: self.history.floor(), by: HushedBy::Bot });
            self.history.hush();
        }
    }
}

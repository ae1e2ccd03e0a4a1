//! The caller is put through to a person: while one is looked for nobody is asked anything.
use super::Conversation;
use super::message::Output;
use crate::model::brain::BrainInput;
use crate::person::{PersonNews, PersonOrder};
use std::time::Instant;

/// Whether a person is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Search {
    #[default]
    None,
    /// And the caller is not listened to.
    Deaf,
    /// And the caller may say that they do not wait.
    Listens,
}

impl Search {
    /// The caller may speak.
    pub fn listen(&mut self) {
        if *self == Self::Deaf {
            *self = Self::Listens;
        }
    }
}

impl Conversation {
    pub(super) fn order_person(&mut self, now: Instant, order: PersonOrder) {
        match &order {
            PersonOrder::Find(_) => {
                self.disclose(now);
                self.search = Search::Deaf;
                self.forget_turn(now);
                self.resume(now);
                // What was said before is the whole of the bot's turn.
                self.asked = true;
            }
            PersonOrder::Stop | PersonOrder::CallBack => self.search = Search::None,
        }
        self.out.push_back(Output::Person(order));
    }

    /// News of a search that is over by now have no effect.
    pub(super) fn person_news(&mut self, now: Instant, news: PersonNews) {
        if self.search == Search::None {
            return;
        }
        if let PersonNews::Failed(_) = news {
            self.search = Search::None;
        }
        self.think(now, BrainInput::Person(news));
    }
}

//! `Readings`: what was said lately in other words than it is written, "a tê em" for "ATM".
use crate::bot::Bot;
use crate::say;
use std::collections::VecDeque;

/// So many are remembered.
const CAPACITY: usize = 64;

#[derive(Default)]
pub(super) struct Readings(VecDeque<(String, String)>);

impl Readings {
    /// Notes where a text that is going to be said is said in other words than it is written.
    pub fn note(&mut self, bot: &Bot, text: &str) {
        let said = say::normal(&say::written::voiced(text, &bot.spoken), bot.language);
        for reading in say::written::readings(text, &said, bot.language) {
            self.0.retain(|known| known.0 != reading.0);
            self.0.push_back(reading);
        }
        while self.0.len() > CAPACITY {
            self.0.pop_front();
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }
}

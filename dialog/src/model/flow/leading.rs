//! `Leading`: the caller is being put through to a person.
use crate::model::step::Step;
use crate::model::thought::HangUpReason;

/// What the bot goes back to where nobody is found.
pub(super) struct Leading {
    pub step: Step,
    pub reason: HangUpReason,
    /// What it would have said before it ended the call.
    pub farewell: String,
    /// The caller waits in a queue, and knows that they may be called back.
    pub waits: bool,
}

impl Leading {
    pub fn new(step: Step, reason: HangUpReason, farewell: &str) -> Self {
        Self { step, reason, farewell: farewell.to_owned(), waits: false }
    }
}

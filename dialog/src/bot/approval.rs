//! `Approval`: how an action waits for a supervisor, and what the caller hears of it.
use super::passage::Passage;
use crate::approval::Decision;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Approval {
    pub limit: Duration,
    /// What holds where nobody decides in time.
    pub default: Decision,
    /// What would be done, in words for who decides; `None`: what the task is called.
    pub action: Option<Passage>,
    /// What the caller is told; `None`: the prompts `checking`, `still_checking` and `declined`.
    pub asking: Option<String>,
    pub still: Option<String>,
    pub declined: Option<String>,
    pub then: Declined,
}

impl Approval {
    /// The sentences that it has of its own.
    pub(super) fn sentences_mut(&mut self) -> impl Iterator<Item = &mut String> {
        [&mut self.asking, &mut self.still, &mut self.declined].into_iter().flatten()
    }
}

/// What the caller is offered when the action was declined. What they gave stays known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Declined {
    /// "What should I change?"
    #[default]
    Change,
    /// "Is there anything else I can do for you?"
    Ask,
    Person,
    HangUp,
}

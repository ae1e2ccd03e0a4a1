//! `Step`: where a conversation stands.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// "What can I do for you?"
    Task,
    /// A slot, by its index, is asked for.
    Slot(usize),
    /// "Did you say …?"
    Check(usize),
    /// "You want …. Is that right?"
    Review,
    /// "What should I change?"
    Change,
    /// "Do you want to stop here?"
    Stop,
    /// "May I remember this?"
    Remember,
    /// "Please leave a message."
    Message,
    /// The caller is put through to a person.
    Person,
    /// A supervisor has to approve the action: the caller waits, and may speak.
    Approval,
    /// A tool runs.
    Busy,
    Over,
}

impl Step {
    /// The slot that is asked for, or checked.
    pub fn slot(self) -> Option<usize> {
        match self {
            Step::Slot(slot) | Step::Check(slot) => Some(slot),
            _ => None,
        }
    }
}

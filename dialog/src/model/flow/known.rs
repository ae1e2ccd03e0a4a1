//! How far what is known of a caller was used in a call, and what follows when a task is done.
use crate::bot::Then;
use crate::model::handed::HandedOn;

/// What becomes of the values that are known in this call.
#[derive(Default)]
pub(super) struct Offers {
    /// The slots whose known value was offered.
    pub made: Vec<usize>,
    /// The task that the caller was reminded of, before they ask for anything.
    pub reminded: Option<usize>,
    /// Nothing that is known is used any more.
    pub forgotten: bool,
}

/// Whether the caller is asked for their consent.
#[derive(Default)]
pub(super) enum Asking {
    #[default]
    NotYet,
    /// And this follows.
    Asks(After),
    Asked,
}

/// What follows when a task is done.
pub(super) enum After {
    Then(Then),
    HandOn(HandedOn),
}

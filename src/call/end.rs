//! `End`: how a call ended and who is to blame, decided where it is known.
pub use crate::store::Blame;
use dialog::model::reason;

/// The one end of a call. `reason` is a short fixed phrase: it goes to logs, metrics and the call's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct End {
    pub blame: Blame,
    pub reason: &'static str,
}

impl End {
    pub const fn new(blame: Blame, reason: &'static str) -> Self {
        Self { blame, reason }
    }

    /// A conversation ends for this reason.
    pub fn of_talk(why: &'static str, deaf: bool) -> Self {
        let blame = match why {
            reason::TOOL | reason::DEAF | reason::MUTE => Blame::Engine,
            reason::NO_INPUT | reason::NO_MATCH if deaf => Blame::Engine,
            _ => Blame::Nobody,
        };
        Self::new(blame, why)
    }
}

//! `End`: how a call ended and who is to blame, decided where it is known.
pub use crate::store::Blame;

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
}

//! `Seat`: a place in a room, and who may sit there.

/// A leg's place in its room: 0 is the caller, 1 a human agent, those above supervise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat(pub u8);

/// Who takes part in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    Caller,
    Agent,
    Supervisor,
}

impl Seat {
    pub const CALLER: Self = Self(0);
    pub const AGENT: Self = Self(1);
    /// How many a room has.
    pub const COUNT: usize = 8;

    pub const fn party(self) -> Party {
        match self.0 {
            0 => Party::Caller,
            1 => Party::Agent,
            _ => Party::Supervisor,
        }
    }
}

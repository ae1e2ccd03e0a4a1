//! `Seat`: a place in a room, and who may sit there; `Seats`: a set of them.

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

/// A set of seats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seats(u8);

impl Seats {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(u8::MAX);

    const fn bit(seat: Seat) -> u8 {
        if (seat.0 as usize) < Seat::COUNT { 1 << seat.0 } else { 0 }
    }

    /// A seat beyond [`Seat::COUNT`] is in no set.
    pub const fn has(self, seat: Seat) -> bool {
        self.0 & Self::bit(seat) != 0
    }

    pub const fn insert(&mut self, seat: Seat) {
        self.0 |= Self::bit(seat);
    }

    pub const fn remove(&mut self, seat: Seat) {
        self.0 &= !Self::bit(seat);
    }

    /// The seats that are in both sets.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Lowest first.
    pub fn iter(self) -> impl Iterator<Item = Seat> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let seat = left.trailing_zeros() as u8;
            left &= left.wrapping_sub(1);
            (usize::from(seat) < Seat::COUNT).then_some(Seat(seat))
        })
    }
}

impl FromIterator<Seat> for Seats {
    fn from_iter<T: IntoIterator<Item = Seat>>(seats: T) -> Self {
        let mut set = Self::NONE;
        seats.into_iter().for_each(|seat| set.insert(seat));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_the_seats_of_a_room_and_no_others() {
        assert_eq!(Seats::ALL.iter().count(), Seat::COUNT);
        let mut seats: Seats = [Seat(7), Seat::CALLER, Seat(8), Seat(255), Seat(3)].into_iter().collect();
        assert_eq!(seats.iter().collect::<Vec<_>>(), [Seat::CALLER, Seat(3), Seat(7)]);
        seats.remove(Seat(3));
        assert!(!seats.has(Seat(3)) && seats.has(Seat(7)) && !seats.has(Seat(8)));
        assert_eq!(seats.and([Seat(7), Seat(3)].into_iter().collect()), [Seat(7)].into_iter().collect());
    }
}

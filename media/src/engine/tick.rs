//! What a room's tick takes, in which order, and what an order to a room does. The slots of media threads go through it, and so do the
//! golden calls of `tests/sim`, which have no threads.
use crate::asr::Listen;
use crate::ear::EarState;
use crate::hears::Supervision;
use crate::leg::LegInput;
use crate::room::{BotMode, Input, Room, Seat};
use crate::tap::Tap;
use std::time::Instant;

/// An order of a call to its room, carried out with the next tick.
pub enum RoomOrder {
    Leg(Seat, LegInput),
    Listen(Seat, Option<Box<dyn Listen>>),
    /// Opens or closes the ear of a seat. An open one hears while the table of [`crate::hears`] lets it.
    Ear(Seat, EarState),
    Supervise(Seat, Supervision),
    Bot(BotMode),
    AgentApart(bool),
    Tap(Box<dyn Tap>),
}

/// The part of an order that concerns the ear of a seat, which another thread owns than the room's.
pub enum EarOrder {
    Listen(Option<Box<dyn Listen>>),
    /// What the call wants of it.
    State(EarState),
}

impl RoomOrder {
    pub(super) const fn seat(&self) -> Seat {
        match self {
            Self::Leg(seat, _) | Self::Listen(seat, _) | Self::Ear(seat, _) | Self::Supervise(seat, _) => *seat,
            Self::Bot(_) | Self::AgentApart(_) | Self::Tap(_) => Seat::CALLER,
        }
    }

    /// Does what concerns the room, and returns what concerns the ear.
    pub fn carry_out(self, room: &mut Room, now: Instant) -> Option<(Seat, EarOrder)> {
        match self {
            Self::Leg(seat, input) => room.handle(now, Input::Leg(seat, input)),
            Self::Tap(tap) => room.handle(now, Input::Tap(tap)),
            Self::Listen(seat, to) => return Some((seat, EarOrder::Listen(to))),
            Self::Ear(seat, state) => return Some((seat, EarOrder::State(state))),
            Self::Supervise(seat, mode) => room.handle(now, Input::Supervise(seat, mode)),
            Self::Bot(bot) => room.handle(now, Input::Bot(bot)),
            Self::AgentApart(apart) => room.handle(now, Input::AgentApart(apart)),
        }
        None
    }
}

/// Tells a room that the ear of a seat opens or closes.
pub fn ear_changes(room: &mut Room, now: Instant, seat: Seat, state: EarState) {
    if state == EarState::Closed {
        room.handle(now, Input::Leg(seat, LegInput::EarClosed));
    }
}

/// Whether a room goes on after its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Goes,
    Over,
}

/// The inputs of one room's tick. Each method gives the room all that has come of its kind.
pub trait Inputs {
    /// What the call has ordered; then, whether the room is closed.
    fn orders(&mut self) -> Turn;
    /// Where speech began and ended, by the ear.
    fn edges(&mut self);
    /// What synthesisers have sent.
    fn sounds(&mut self);
    /// What has arrived from the network.
    fn packets(&mut self);
}

/// Gives a room what its tick takes: orders first, so that a hush applies to the sound and the packets of the same tick. What was
/// ordered before a room was closed is still done.
pub fn take(from: &mut impl Inputs) -> Turn {
    if from.orders() == Turn::Over {
        return Turn::Over;
    }
    from.edges();
    from.sounds();
    from.packets();
    Turn::Goes
}

//! `RoomHandle`: how a call reaches its room. No method blocks.
use super::command::{Command, RoomFlags};
use super::slot::Slot;
use super::tick::RoomOrder;
use crate::asr::Listen;
use crate::ear::{EarPlan, EarState};
use crate::hears::Supervision;
use crate::keys::Keys;
use crate::leg::{LegInput, LegPlan};
use crate::packet::Wire;
use crate::playout::Gain;
use crate::room::{BotMode, Event, Room, Seat};
use crate::tap::Tap;
use crate::tts::{Sink, Sound, Unsent, UtteranceId};
use std::sync::Arc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Sender};

/// Orders that may wait for a tick.
const COMMANDS: usize = 256;
/// Pieces of sound that may wait for a tick, or for room in the playout: some ten seconds of speech from a fast synthesiser, which
/// offers what finds no place again ([`Unsent::Full`]).
const SOUNDS: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the media threads have no room for more: take fewer calls, or raise media.threads")]
    Full,
    #[error("the room is closed")]
    Gone,
    #[error("a room has {} seats", Seat::COUNT)]
    Seat,
}

#[derive(Clone)]
pub struct RoomHandle {
    commands: Sender<Command>,
    /// To the caller, and to the other seats: what waits for room in the caller's playout holds up none of these.
    sounds: [Sender<(Seat, Sound)>; 2],
    flags: Arc<RoomFlags>,
    /// The last handle closes the room.
    _last: Arc<Last>,
}

struct Last(Arc<RoomFlags>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Both ends of a new room. Its queues take memory as they fill: most calls never fill them.
pub(super) fn pair(id: u64, room: Room, seed: u64, events: mpsc::Sender<Event>) -> (RoomHandle, Slot) {
    let (commands, orders) = mpsc::channel(COMMANDS);
    let [(to_caller, callers), (to_others, others)] = [(); 2].map(|()| mpsc::channel(SOUNDS));
    let sounds = [to_caller, to_others];
    let flags = Arc::new(RoomFlags::default());
    let slot = Slot::new(id, room, seed, (orders, [callers, others], flags.clone()), events);
    let _last = Arc::new(Last(flags.clone()));
    (RoomHandle { commands, sounds, flags, _last }, slot)
}

/// All are carried out at the next tick. Errors: [`Refused::Full`] (the thread is overloaded; the order is lost),
/// [`Refused::Gone`], [`Refused::Seat`].
impl RoomHandle {
    /// Seats a line, with an ear if somebody listens to it. Replaces the leg at this seat.
    pub fn join(&self, seat: Seat, wire: Box<dyn Wire>, plan: LegPlan, ear: Option<EarPlan>) -> Result<(), Refused> {
        self.command(seat, Command::Join { seat, wire, plan, ear })
    }

    /// The line is sent a goodbye, and its wire is dropped.
    pub fn leave(&self, seat: Seat) -> Result<(), Refused> {
        self.command(seat, Command::Leave(seat))
    }

    pub fn configure(&self, seat: Seat, plan: LegPlan) -> Result<(), Refused> {
        self.order(RoomOrder::Leg(seat, LegInput::Configure(plan)))
    }

    /// Plays one whole sound in the place of its number: it does not wait behind what synthesisers have sent, which goes by
    /// [`RoomHandle::sink`].
    pub fn sound(&self, seat: Seat, sound: Sound) -> Result<(), Refused> {
        self.order(RoomOrder::Leg(seat, LegInput::Sound(sound)))
    }

    pub fn gain(&self, seat: Seat, gain: Gain) -> Result<(), Refused> {
        self.order(RoomOrder::Leg(seat, LegInput::Gain(gain)))
    }

    /// Nothing below `floor` is heard from the next tick on.
    pub fn hush(&self, seat: Seat, floor: UtteranceId) -> Result<(), Refused> {
        self.order(RoomOrder::Leg(seat, LegInput::Hush(floor)))
    }

    pub fn keys(&self, seat: Seat, keys: Keys) -> Result<(), Refused> {
        self.order(RoomOrder::Leg(seat, LegInput::Keys(keys)))
    }

    pub fn listen(&self, seat: Seat, to: Option<Box<dyn Listen>>) -> Result<(), Refused> {
        self.order(RoomOrder::Listen(seat, to))
    }

    /// Opens or closes the ear of a seat. An open one hears while the table of [`crate::hears`] lets it.
    pub fn set_ear(&self, seat: Seat, state: EarState) -> Result<(), Refused> {
        self.order(RoomOrder::Ear(seat, state))
    }

    /// How the supervisor at this seat takes part from now on.
    pub fn supervise(&self, seat: Seat, mode: Supervision) -> Result<(), Refused> {
        self.order(RoomOrder::Supervise(seat, mode))
    }

    /// Whether the bot speaks: while it rests, the room is a bridge of its parties.
    pub fn bot(&self, bot: BotMode) -> Result<(), Refused> {
        self.order(RoomOrder::Bot(bot))
    }

    /// Both sides of the caller's seat go to this tap from now on. A tap that breaks is told by [`Event::TapBroke`].
    pub fn record(&self, tap: Box<dyn Tap>) -> Result<(), Refused> {
        self.order(RoomOrder::Tap(tap))
    }

    /// Everybody leaves and the room ends with [`Event::Closed`]; so it does when all handles are dropped.
    pub fn close(&self) {
        self.flags.close();
    }

    /// Where a synthesiser puts its sound for this seat.
    pub fn sink(&self, seat: Seat) -> Box<dyn Sink> {
        let [to_caller, to_others] = &self.sounds;
        let sounds = if seat == Seat::CALLER { to_caller } else { to_others };
        Box::new(SeatSink { seat, sounds: sounds.clone(), flags: self.flags.clone() })
    }

    /// Any order; the methods above are those that have a name of their own.
    pub fn order(&self, order: RoomOrder) -> Result<(), Refused> {
        self.command(order.seat(), Command::Room(order))
    }

    fn command(&self, seat: Seat, command: Command) -> Result<(), Refused> {
        known(seat)?;
        if self.flags.is_closing() {
            return Err(Refused::Gone);
        }
        self.commands.try_send(command).map_err(refusal)?;
        self.flags.set_posted();
        Ok(())
    }
}

fn known(seat: Seat) -> Result<(), Refused> {
    if usize::from(seat.0) < Seat::COUNT { Ok(()) } else { Err(Refused::Seat) }
}

fn refusal<T>(why: TrySendError<T>) -> Refused {
    match why {
        TrySendError::Full(_) => Refused::Full,
        TrySendError::Closed(_) => Refused::Gone,
    }
}

struct SeatSink {
    seat: Seat,
    sounds: Sender<(Seat, Sound)>,
    flags: Arc<RoomFlags>,
}

impl Sink for SeatSink {
    fn sound(&mut self, sound: Sound) -> Result<(), Unsent> {
        if self.flags.is_closing() || known(self.seat).is_err() {
            return Err(Unsent::Gone);
        }
        self.sounds.try_send((self.seat, sound)).map_err(|why| match why {
            TrySendError::Full((_, sound)) => Unsent::Full(sound),
            TrySendError::Closed(_) => Unsent::Gone,
        })?;
        self.flags.set_posted();
        Ok(())
    }
}

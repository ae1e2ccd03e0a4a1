//! `SeatTable`: who supervises which live call, and how. One person holds a takeover: where two want it at once, one gets it, and the other
//! is told who has it.
use super::port::{SeatAddress, SeatFault, TakenSeat};
use media::hears::Supervision;
use media::room::Seat;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use telephony::webrtc::Peer;

/// The first seat of supervisors; those before it are the caller's and an agent's.
const FIRST: u8 = 2;

#[derive(Clone, Default)]
pub(super) struct SeatTable(Arc<Mutex<SeatsByCall>>);

type SeatsByCall = HashMap<String, Vec<Entry>>;

struct Entry {
    taken: TakenSeat,
    /// Tells this use of the seat from a later one.
    number: u64,
    peer: Peer,
    /// Its line brings sound.
    speaks: bool,
}

/// The seat of a supervisor who joins.
pub(super) struct NewSeat {
    pub who: String,
    pub mode: Supervision,
    pub peer: Peer,
    pub speaks: bool,
}

impl SeatTable {
    fn lock(&self) -> MutexGuard<'_, SeatsByCall> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody could join like this now.
    pub fn check(&self, call: &str, mode: Supervision) -> Result<(), SeatFault> {
        let table = self.lock();
        let seats = table.get(call).map_or(&[][..], Vec::as_slice);
        free_seat(seats)?;
        free_takeover(seats, None, mode)
    }

    pub fn take(&self, call: &str, new: NewSeat) -> Result<SeatAddress, SeatFault> {
        let NewSeat { who, mode, peer, speaks } = new;
        may_speak(mode, speaks)?;
        let mut table = self.lock();
        let seats = table.entry(call.to_owned()).or_default();
        let seat = free_seat(seats)?;
        free_takeover(seats, None, mode)?;
        let number = peer.id();
        seats.push(Entry { taken: TakenSeat { seat, name: who, mode, connected: false }, number, peer, speaks });
        Ok(SeatAddress { call: call.to_owned(), seat })
    }

    /// The seat of an agent whose browser is `peer`: there is one for each call, and the queue says whose.
    pub fn take_agent(&self, at: &SeatAddress, who: &str, peer: Peer) {
        let taken = TakenSeat { seat: at.seat, name: who.to_owned(), mode: Supervision::Absent, connected: false };
        let entry = Entry { taken, number: peer.id(), peer, speaks: true };
        let mut table = self.lock();
        let seats = table.entry(at.call.clone()).or_default();
        seats.retain(|entry| entry.taken.seat != at.seat);
        seats.push(entry);
    }

    /// Supervisors.
    pub fn list(&self, call: &str) -> Vec<TakenSeat> {
        let mut seats: Vec<TakenSeat> =
            self.lock().get(call).into_iter().flatten().map(|entry| entry.taken.clone()).collect();
        seats.retain(|taken| taken.seat.0 >= FIRST);
        seats.sort_by_key(|taken| taken.seat);
        seats
    }

    /// The seat whose holder has taken the call over.
    pub fn holder(&self, call: &str) -> Option<TakenSeat> {
        self.list(call).into_iter().find(|taken| taken.mode == Supervision::TakeOver)
    }

    pub fn peer(&self, at: &SeatAddress, who: &str) -> Result<Peer, SeatFault> {
        let table = self.lock();
        Ok(owned(table.get(&at.call).map_or(&[][..], Vec::as_slice), at.seat, who)?.peer.clone())
    }

    /// Sets a mode, and passes it on by `tell` where the line is connected: in the order in which modes are set.
    pub fn set_mode(
        &self,
        at: &SeatAddress,
        who: &str,
        mode: Supervision,
        tell: impl FnOnce() -> Result<(), SeatFault>,
    ) -> Result<(), SeatFault> {
        let mut table = self.lock();
        let seats = table.get_mut(&at.call).filter(|_| at.seat.0 >= FIRST).ok_or(SeatFault::Gone)?;
        let entry = owned(seats, at.seat, who)?;
        may_speak(mode, entry.speaks)?;
        free_takeover(seats, Some(at.seat), mode)?;
        let Some(entry) = seats.iter_mut().find(|entry| entry.taken.seat == at.seat) else {
            return Err(SeatFault::Gone);
        };
        if entry.taken.connected && entry.taken.mode != mode {
            tell()?;
        }
        entry.taken.mode = mode;
        Ok(())
    }

    /// The line of a seat is connected; `tell` passes on how it takes part. `None`: its supervisor has left already.
    pub fn connected(&self, at: &SeatAddress, number: u64, tell: impl FnOnce(&TakenSeat) -> bool) -> Option<bool> {
        let mut table = self.lock();
        let entry = of(&mut table, at, number)?;
        entry.taken.connected = true;
        Some(tell(&entry.taken))
    }

    /// Who has taken the call over has not any more, and listens; `tell` passes it on.
    pub fn give_back(&self, at: &SeatAddress, number: u64, tell: impl FnOnce(&TakenSeat)) {
        let mut table = self.lock();
        if let Some(entry) = of(&mut table, at, number).filter(|entry| entry.taken.mode == Supervision::TakeOver) {
            entry.taken.mode = Supervision::Monitor;
            tell(&entry.taken);
        }
    }

    /// The number by which this use of the seat is told from a later one.
    pub fn number(&self, at: &SeatAddress) -> Option<u64> {
        self.lock().get(&at.call)?.iter().find(|entry| entry.taken.seat == at.seat).map(|entry| entry.number)
    }

    /// Frees a seat; `tell` passes it on where the line was connected. `None`: somebody has freed it before.
    pub fn free(&self, at: &SeatAddress, number: u64, tell: impl FnOnce(&TakenSeat)) -> Option<Peer> {
        let mut table = self.lock();
        let seats = table.get_mut(&at.call)?;
        let place = seats.iter().position(|entry| entry.taken.seat == at.seat && entry.number == number)?;
        let entry = seats.swap_remove(place);
        if seats.is_empty() {
            table.remove(&at.call);
        }
        if entry.taken.connected {
            tell(&entry.taken);
        }
        Some(entry.peer)
    }
}

fn of<'a>(table: &'a mut SeatsByCall, at: &SeatAddress, number: u64) -> Option<&'a mut Entry> {
    table.get_mut(&at.call)?.iter_mut().find(|entry| entry.taken.seat == at.seat && entry.number == number)
}

/// The seat, if it is that of `who`.
fn owned<'a>(seats: &'a [Entry], seat: Seat, who: &str) -> Result<&'a Entry, SeatFault> {
    let entry = seats.iter().find(|entry| entry.taken.seat == seat).ok_or(SeatFault::Gone)?;
    if entry.taken.name == who { Ok(entry) } else { Err(SeatFault::OfAnother(entry.taken.name.clone())) }
}

fn free_seat(seats: &[Entry]) -> Result<Seat, SeatFault> {
    let free = |seat: &Seat| seats.iter().all(|entry| entry.taken.seat != *seat);
    (FIRST..Seat::COUNT as u8).map(Seat).find(free).ok_or(SeatFault::Full)
}

/// Whether this mode is free for the supervisor at `own` seat: nobody takes over what another has taken over.
fn free_takeover(seats: &[Entry], own: Option<Seat>, mode: Supervision) -> Result<(), SeatFault> {
    let holds = |entry: &&Entry| entry.taken.mode == Supervision::TakeOver && Some(entry.taken.seat) != own;
    match seats.iter().find(holds) {
        Some(holder) if mode == Supervision::TakeOver => Err(SeatFault::TakenOver(holder.taken.name.clone())),
        _ => Ok(()),
    }
}

/// Who is to be heard needs a microphone.
fn may_speak(mode: Supervision, speaks: bool) -> Result<(), SeatFault> {
    match mode {
        Supervision::Absent | Supervision::Monitor => Ok(()),
        Supervision::Whisper | Supervision::Barge | Supervision::TakeOver if speaks => Ok(()),
        _ => Err(SeatFault::Silent(mode)),
    }
}

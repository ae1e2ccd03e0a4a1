//! `SeatTable`: who supervises which live call, and how. One person holds a takeover: where two want it at once, one gets it, and the other
//! is told who has it.
use super::port::{SeatAddress, SeatFault, TakenSeat};
use media::hears::Supervision;
use media::room::Seat;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use telephony::webrtc::Peer;
use tokio::sync::watch;

/// The first seat of supervisors; those before it are the caller's and an agent's.
const FIRST: u8 = 2;

#[derive(Clone, Default)]
pub(super) struct SeatTable(Arc<Mutex<SeatsByCall>>);

type SeatsByCall = HashMap<String, Vec<Entry>>;

struct Entry {
    taken: TakenSeat,
    /// Tells this use of the seat from a later one.
    number: u64,
    /// Of a browser.
    peer: Option<Peer>,
    /// Of a telephone: it is hung up when this is dropped.
    _phone: Option<watch::Sender<()>>,
    /// Its line brings sound.
    speaks: bool,
    /// The call has been told of it.
    joined: bool,
}

/// The seat of a supervisor who joins.
pub(super) struct NewSeat {
    pub who: String,
    pub mode: Supervision,
    /// Of its line.
    pub number: u64,
    pub peer: Option<Peer>,
    /// Of a telephone: it is hung up when this is dropped.
    pub phone: Option<watch::Sender<()>>,
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
        let NewSeat { who, mode, number, peer, phone, speaks } = new;
        may_speak(mode, speaks)?;
        let mut table = self.lock();
        let seats = table.entry(call.to_owned()).or_default();
        let seat = free_seat(seats)?;
        free_takeover(seats, None, mode)?;
        let taken = TakenSeat { seat, name: who, mode, connected: false };
        seats.push(Entry { taken, number, peer, _phone: phone, speaks, joined: false });
        Ok(SeatAddress { call: call.to_owned(), seat })
    }

    /// The seat of an agent whose browser is `peer`: there is one for each call, and the queue says whose.
    pub fn take_agent(&self, at: &SeatAddress, who: &str, peer: Peer) {
        let taken = TakenSeat { seat: at.seat, name: who.to_owned(), mode: Supervision::Absent, connected: false };
        let entry = Entry { taken, number: peer.id(), peer: Some(peer), _phone: None, speaks: true, joined: false };
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

    /// The browser at a seat of `who`.
    pub fn peer(&self, at: &SeatAddress, who: &str) -> Result<Peer, SeatFault> {
        let table = self.lock();
        let entry = owned(table.get(&at.call).map_or(&[][..], Vec::as_slice), at.seat, who)?;
        entry.peer.clone().ok_or(SeatFault::Gone)
    }

    /// The line at a seat of `who`: its number, and its browser where it has one.
    pub fn line(&self, at: &SeatAddress, who: &str) -> Result<(u64, Option<Peer>), SeatFault> {
        let table = self.lock();
        let entry = owned(table.get(&at.call).map_or(&[][..], Vec::as_slice), at.seat, who)?;
        Ok((entry.number, entry.peer.clone()))
    }

    /// Sets a mode, and passes it on by `tell` where the line is connected: in the order in which modes are set. The mode before, where it
    /// was passed on.
    pub fn set_mode(
        &self,
        at: &SeatAddress,
        who: &str,
        mode: Supervision,
        tell: impl FnOnce(),
    ) -> Result<Option<Supervision>, SeatFault> {
        let mut table = self.lock();
        let seats = table.get_mut(&at.call).filter(|_| at.seat.0 >= FIRST).ok_or(SeatFault::Gone)?;
        let entry = owned(seats, at.seat, who)?;
        may_speak(mode, entry.speaks)?;
        free_takeover(seats, Some(at.seat), mode)?;
        let Some(entry) = seats.iter_mut().find(|entry| entry.taken.seat == at.seat) else {
            return Err(SeatFault::Gone);
        };
        let before = std::mem::replace(&mut entry.taken.mode, mode);
        let told = entry.joined && before != mode;
        if told {
            tell();
        }
        Ok(told.then_some(before))
    }

    /// The call has refused a mode: the one before stands, where nothing has changed since.
    pub fn undo_mode(&self, at: &SeatAddress, who: &str, refused: Supervision, before: Supervision) {
        let mut table = self.lock();
        let seats = table.get_mut(&at.call).map_or(&mut [][..], Vec::as_mut_slice);
        let same = owned(seats, at.seat, who).is_ok_and(|entry| entry.taken.mode == refused);
        if same && free_takeover(seats, Some(at.seat), before).is_ok() {
            let own = seats.iter_mut().filter(|entry| entry.taken.seat == at.seat);
            own.for_each(|entry| entry.taken.mode = before);
        }
    }

    /// The line of a seat is connected for the first time; `tell` passes on how it takes part. `None`: its supervisor has left already.
    pub fn connected(&self, at: &SeatAddress, number: u64, tell: impl FnOnce(&TakenSeat)) -> Option<()> {
        let mut table = self.lock();
        let entry = of(&mut table, at, number)?;
        (entry.taken.connected, entry.joined) = (true, true);
        tell(&entry.taken);
        Some(())
    }

    /// The line of a seat is lost, or back; `tell` passes it on where that is new.
    pub fn lost(&self, at: &SeatAddress, number: u64, lost: bool, tell: impl FnOnce(&TakenSeat)) {
        let mut table = self.lock();
        if let Some(entry) = of(&mut table, at, number).filter(|entry| entry.joined && entry.taken.connected == lost) {
            entry.taken.connected = !lost;
            tell(&entry.taken);
        }
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

    /// Frees a seat; `tell` passes it on where the line was connected. `false`: somebody has freed it before.
    pub fn free(&self, at: &SeatAddress, number: u64, tell: impl FnOnce(&TakenSeat)) -> bool {
        let mut table = self.lock();
        let Some(seats) = table.get_mut(&at.call) else { return false };
        let of_seat = |entry: &Entry| entry.taken.seat == at.seat && entry.number == number;
        let Some(place) = seats.iter().position(of_seat) else { return false };
        let entry = seats.swap_remove(place);
        if seats.is_empty() {
            table.remove(&at.call);
        }
        if entry.joined {
            tell(&entry.taken);
        }
        true
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seat: Seat) -> SeatAddress {
        SeatAddress { call: "call".into(), seat }
    }

    fn joined(table: &SeatTable, who: &str, mode: Supervision, number: u64) -> SeatAddress {
        let new = NewSeat { who: who.into(), mode, number, peer: None, phone: None, speaks: true };
        let at = table.take("call", new).unwrap();
        table.connected(&at, number, |_| ()).unwrap();
        at
    }

    #[test]
    fn one_of_two_takes_a_call_over_and_the_other_is_told_who_has_it() {
        let table = SeatTable::default();
        let anna = joined(&table, "anna", Supervision::TakeOver, 1);
        let ben = joined(&table, "ben", Supervision::Monitor, 2);
        let set = |at, who, mode| table.set_mode(at, who, mode, || ());
        assert_eq!(set(&ben, "ben", Supervision::TakeOver), Err(SeatFault::TakenOver("anna".into())));
        assert_eq!(set(&anna, "anna", Supervision::Barge), Ok(Some(Supervision::TakeOver)));
        assert_eq!(set(&ben, "ben", Supervision::TakeOver), Ok(Some(Supervision::Monitor)));
        assert_eq!(set(&ben, "anna", Supervision::Monitor), Err(SeatFault::OfAnother("ben".into())));
    }

    #[test]
    fn a_mode_that_the_call_refuses_does_not_stay() {
        let table = SeatTable::default();
        let anna = joined(&table, "anna", Supervision::Monitor, 1);
        let before = table.set_mode(&anna, "anna", Supervision::TakeOver, || ()).unwrap().unwrap();
        table.undo_mode(&anna, "anna", Supervision::TakeOver, before);
        assert_eq!(table.list("call")[0].mode, Supervision::Monitor);
        assert_eq!(table.holder("call"), None);
        // What has changed since then stays, and nobody gets a takeover back that another has by now.
        let before = table.set_mode(&anna, "anna", Supervision::TakeOver, || ()).unwrap().unwrap();
        table.set_mode(&anna, "anna", Supervision::Barge, || ()).unwrap();
        table.undo_mode(&anna, "anna", Supervision::TakeOver, before);
        assert_eq!(table.list("call")[0].mode, Supervision::Barge);
        joined(&table, "ben", Supervision::TakeOver, 2);
        table.undo_mode(&anna, "anna", Supervision::Barge, Supervision::TakeOver);
        assert_eq!(table.holder("call").unwrap().name, "ben");
    }

    #[test]
    fn the_call_is_told_of_a_line_once_it_has_joined_and_then_of_each_change() {
        let table = SeatTable::default();
        let new = NewSeat {
            who: "anna".into(),
            mode: Supervision::Monitor,
            number: 1,
            peer: None,
            phone: None,
            speaks: true,
        };
        let at = table.take("call", new).unwrap();
        let told = std::cell::Cell::new(0);
        let count = || told.set(told.get() + 1);
        let lost = |lost| table.lost(&at, 1, lost, |_| count());
        lost(true);
        table.set_mode(&at, "anna", Supervision::Barge, count).unwrap();
        assert_eq!(told.get(), 0, "the mode is told with the join");
        table.connected(&at, 1, |taken| assert_eq!(taken.mode, Supervision::Barge)).unwrap();
        lost(false);
        assert_eq!(told.get(), 0, "nothing is new");
        lost(true);
        assert!(told.get() == 1 && !table.list("call")[0].connected);
        lost(true);
        lost(false);
        assert!(told.get() == 2 && table.list("call")[0].connected);
        assert!(!table.free(&at, 7, |_| count()), "of another line");
        assert!(table.free(&at, 1, |_| count()) && told.get() == 3 && table.list("call").is_empty());
    }

    #[test]
    fn who_has_no_microphone_only_listens_and_a_call_has_six_seats() {
        let table = SeatTable::default();
        let new = |mode| NewSeat { who: "anna".into(), mode, number: 1, peer: None, phone: None, speaks: false };
        assert_eq!(table.take("call", new(Supervision::Whisper)), Err(SeatFault::Silent(Supervision::Whisper)));
        for seat in 2..8 {
            assert_eq!(table.take("call", new(Supervision::Monitor)), Ok(at(Seat(seat))));
        }
        assert_eq!(table.take("call", new(Supervision::Monitor)), Err(SeatFault::Full));
    }
}

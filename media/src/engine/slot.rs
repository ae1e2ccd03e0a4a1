//! `Slot`: a room on its media thread, with the wires of its seats and the queues to its call.
use super::Counters;
use super::command::{Command, RoomFlags};
use super::ears::{Batch, EarCommand};
use super::tick::{self, EarOrder, RoomOrder, Turn};
use crate::ear::EarState;
use crate::packet::Wire;
use crate::playout::Phase;
use crate::room::{Event, Input, Output, Room, Seat};
use crate::tts::Sound;
use crate::vad::Edge;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Receiver};

/// The steps of a turn, in this order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// What was ordered, and what the wires have.
    ReadInputs,
    Tick,
    /// What is sent, and what is told.
    WriteOutputs,
}

/// Packets read from one wire in one tick; a flood waits in the wire, which drops.
const PER_TICK: usize = 64;
/// Events that wait for a slow call.
const BACKLOG: usize = 256;

pub(super) type Queues = (Receiver<Command>, [Receiver<(Seat, Sound)>; 2], Arc<RoomFlags>);

/// A seat that somebody has taken.
struct Occupied {
    wire: Box<dyn Wire>,
    ear: Option<EarSwitch>,
}

/// Whether the ear of a seat hears.
struct EarSwitch {
    /// By order of the call.
    ordered: EarState,
    /// What the ear was last told: open by order, and let hear by the room.
    state: EarState,
    /// The tick with which it was last closed: what it found before is past, also where it is open again.
    closed: u64,
}

pub(super) struct Slot {
    pub(super) id: u64,
    room: Room,
    seed: u64,
    seats: [Option<Occupied>; Seat::COUNT],
    queues: Queues,
    /// The first piece of sound that found no room in its playout; those behind it wait in the queue.
    waiting: [Option<(Seat, Sound)>; 2],
    events: mpsc::Sender<Event>,
    backlog: VecDeque<Event>,
    /// Verdicts for this turn, with the tick of their sound.
    pub(super) edges: Vec<(u64, Seat, Edge)>,
    /// It has ended and only waits to be taken away.
    pub(super) over: bool,
}

impl Slot {
    pub(super) fn new(id: u64, room: Room, seed: u64, queues: Queues, events: mpsc::Sender<Event>) -> Self {
        let (seats, backlog, edges) = (Default::default(), VecDeque::new(), Vec::new());
        Self { id, room, seed, seats, queues, waiting: [None, None], events, backlog, edges, over: false }
    }

    /// The room's clock starts with its thread's tick.
    pub(super) fn begin(&mut self, scheduled: Instant) {
        self.room.open(scheduled);
    }

    /// `at`: the tick's own time, and the moment it really began.
    pub(super) fn turn(&mut self, step: Step, at: (Instant, Instant), batch: &mut Batch, counters: &Counters) -> Turn {
        match step {
            Step::ReadInputs => return tick::take(&mut Taking { slot: self, at, batch, counters, posted: false }),
            Step::Tick => {
                let allowed = batch.late_left();
                self.room.allow_late(allowed);
                self.room.handle(at.0, Input::Tick);
                batch.late += allowed - self.room.late_left();
            }
            Step::WriteOutputs => self.drain(Some(batch), counters),
        }
        Turn::Goes
    }

    /// Takes sound from the queue while the playouts have room: a full queue slows its synthesiser down.
    fn play(&mut self, now: Instant) {
        for (waiting, queue) in self.waiting.iter_mut().zip(&mut self.queues.1) {
            while let Some((seat, sound)) = waiting.take().or_else(|| queue.try_recv().ok()) {
                if !self.room.has_room(seat) {
                    *waiting = Some((seat, sound));
                    break;
                }
                self.room.handle(now, Input::sound(seat, sound));
            }
        }
    }

    fn order(&mut self, now: Instant, command: Command, batch: &mut Batch, counters: &Counters) {
        let id = self.id;
        match command {
            Command::Join { seat, wire, plan, ear } => {
                self.leave(now, seat, batch, counters);
                self.seed = self.seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                self.room.handle(now, Input::Join { seat, plan, seed: self.seed });
                self.room.set_ear(seat, ear.is_some());
                if let Some(place) = self.seats.get_mut(usize::from(seat.0)) {
                    let open = EarSwitch { ordered: EarState::Open, state: EarState::Open, closed: batch.tick };
                    *place = Some(Occupied { wire, ear: ear.is_some().then_some(open) });
                    batch.orders.extend(ear.map(|plan| EarCommand::Join(id, seat, plan)));
                }
                self.settle_ears(now, batch);
            }
            Command::Leave(seat) => self.leave(now, seat, batch, counters),
            Command::Room(order) => {
                let settles = matches!(
                    order,
                    RoomOrder::Ear(..) | RoomOrder::Supervise(..) | RoomOrder::Bot(_) | RoomOrder::AgentApart(_)
                );
                match order.carry_out(&mut self.room, now) {
                    Some((seat, EarOrder::Listen(to))) => batch.orders.push(EarCommand::Listen(id, seat, to)),
                    Some((seat, EarOrder::State(state))) => {
                        if let Some(Some(Occupied { ear: Some(ear), .. })) = self.seats.get_mut(usize::from(seat.0)) {
                            ear.ordered = state;
                        }
                    }
                    None => {}
                }
                if settles {
                    self.settle_ears(now, batch);
                }
            }
        }
    }

    fn leave(&mut self, now: Instant, seat: Seat, batch: &mut Batch, counters: &Counters) {
        self.room.handle(now, Input::Leave(seat));
        self.drain(None, counters);
        if let Some(place) = self.seats.get_mut(usize::from(seat.0))
            && place.take().is_some_and(|left| left.ear.is_some())
        {
            batch.orders.push(EarCommand::Leave(self.id, seat));
        }
        self.settle_ears(now, batch);
    }

    /// Opens and closes ears as the call has ordered and the room lets them hear.
    fn settle_ears(&mut self, now: Instant, batch: &mut Batch) {
        for (n, place) in self.seats.iter_mut().enumerate() {
            let Some(Occupied { ear: Some(ear), .. }) = place else { continue };
            let seat = Seat(n as u8);
            let state = if self.room.ear_hears(seat) { ear.ordered } else { EarState::Closed };
            if std::mem::replace(&mut ear.state, state) == state {
                continue;
            }
            if state == EarState::Closed {
                ear.closed = batch.tick;
            }
            tick::ear_changes(&mut self.room, now, seat, state);
            batch.orders.push(EarCommand::SetState(self.id, seat, state));
        }
    }

    /// Whether the ear of a seat is there and open, and has been since this tick.
    fn hears(&self, seat: Seat, tick: u64) -> bool {
        let place = self.seats.get(usize::from(seat.0)).and_then(Option::as_ref);
        let ear = place.and_then(|place| place.ear.as_ref());
        ear.is_some_and(|ear| ear.state == EarState::Open && ear.closed <= tick)
    }

    fn drain(&mut self, mut batch: Option<&mut Batch>, counters: &Counters) {
        while let Some(output) = self.room.poll() {
            match output {
                Output::Send { seat, packet } => {
                    if let Some(Some(place)) = self.seats.get_mut(usize::from(seat.0)) {
                        place.wire.send(&packet);
                    }
                }
                Output::Frame { seat, received, sent } => {
                    let hears =
                        matches!(self.seats.get(usize::from(seat.0)), Some(Some(Occupied { ear: Some(_), .. })));
                    if let (true, Some(batch)) = (hears, &mut batch) {
                        batch.frames.push((self.id, seat, received, sent));
                    }
                }
                Output::Event(event) => self.tell(event, counters),
            }
        }
        self.flush(counters);
    }

    fn tell(&mut self, event: Event, counters: &Counters) {
        if self.backlog.len() >= BACKLOG {
            let before = self.backlog.len();
            self.backlog.retain(is_essential);
            if self.backlog.len() >= BACKLOG {
                self.backlog.pop_front();
            }
            counters.lost_events.fetch_add((before - self.backlog.len()) as u64, Ordering::Relaxed);
        }
        self.backlog.push_back(event);
    }

    fn flush(&mut self, counters: &Counters) {
        while let Some(event) = self.backlog.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    if is_essential(&event) {
                        self.backlog.push_front(event);
                        return;
                    }
                    counters.lost_events.fetch_add(1, Ordering::Relaxed);
                }
                Err(TrySendError::Closed(_)) => return self.backlog.clear(),
            }
        }
    }

    /// Everybody leaves, in order.
    pub(super) fn close(&mut self, now: Instant, counters: &Counters) {
        self.room.close(now);
        self.drain(None, counters);
    }

    /// The call learns that the room is gone. If even that finds no place, the closed channel tells it.
    pub(super) fn tell_closed(&mut self, counters: &Counters) {
        self.queues.2.close();
        self.backlog.push_back(Event::Closed);
        self.flush(counters);
    }
}

/// A slot that takes the inputs of a tick.
struct Taking<'a> {
    slot: &'a mut Slot,
    /// The tick's own time, and the moment it really began.
    at: (Instant, Instant),
    batch: &'a mut Batch,
    counters: &'a Counters,
    /// Whether the queues held something.
    posted: bool,
}

impl tick::Inputs for Taking<'_> {
    fn orders(&mut self) -> Turn {
        let (posted, closing) = self.slot.queues.2.take_posted();
        while posted && let Ok(command) = self.slot.queues.0.try_recv() {
            self.slot.order(self.at.0, command, self.batch, self.counters);
        }
        self.posted = posted;
        if closing { Turn::Over } else { Turn::Goes }
    }

    fn edges(&mut self) {
        for (tick, seat, edge) in std::mem::take(&mut self.slot.edges) {
            // An ear may have been closed since it said so.
            if self.slot.hears(seat, tick) {
                self.slot.room.handle(self.at.0, Input::edge(seat, edge));
            }
        }
    }

    fn sounds(&mut self) {
        if self.posted || self.slot.waiting.iter().any(Option::is_some) {
            self.slot.play(self.at.0);
        }
    }

    fn packets(&mut self) {
        for (n, place) in self.slot.seats.iter_mut().enumerate() {
            let Some(Occupied { wire, .. }) = place else { continue };
            for _ in 0..PER_TICK {
                let Some(packet) = wire.recv(self.at.1) else { break };
                self.slot.room.handle(self.at.0, Input::packet(Seat(n as u8), packet));
            }
        }
    }
}

/// Events that a call must not miss, against those that the next one of their kind replaces.
fn is_essential(event: &Event) -> bool {
    match event {
        Event::Stats { .. } => false,
        Event::Played { played, .. } => played.phase != Phase::Progress,
        _ => true,
    }
}

//! `SteppedEngine`: the loops of one media thread and its ear thread without the threads. Its owner says when a tick is, so that whole
//! calls run under simulated time.
use super::ears::{Batch, Ears, LineEar, Verdicts};
use super::handle::{RoomHandle, pair};
use super::{Counters, Driver, LineRules};
use crate::ear::EarPlan;
use crate::room::{BotMode, Event, Room};
use crate::vad::Models;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;
use tokio::sync::mpsc;

pub struct SteppedEngine<E> {
    driver: Driver,
    rules: LineRules,
    ears: Ears<E>,
    batches: Receiver<Batch>,
    verdicts: SyncSender<Verdicts>,
    /// The number of the next tick.
    tick: u64,
    rooms: u64,
}

impl<E: LineEar> SteppedEngine<E> {
    /// The first tick is at `start`. `new_ear` makes the ear of a line that joins with one.
    pub fn new(
        start: Instant,
        rules: LineRules,
        models: Models,
        new_ear: impl FnMut(EarPlan) -> E + Send + 'static,
    ) -> Self {
        let counters = Arc::new(Counters::default());
        let (batches_in, batches) = sync_channel(1);
        let (verdicts, verdicts_out) = sync_channel(1);
        let driver = Driver {
            running: Arc::default(),
            counters: counters.clone(),
            new_rooms: sync_channel(1).1,
            batches: batches_in,
            verdicts: verdicts_out,
            slots: Vec::new(),
            batch: Batch::default(),
            epoch: start,
        };
        let ears = Ears::with_maker(models, counters, Box::new(new_ear));
        Self { driver, rules, ears, batches, verdicts, tick: 0, rooms: 0 }
    }

    /// Opens a room before the first tick. `seed`: of its streams' numbers.
    pub fn open(&mut self, bot: BotMode, seed: u64, events: mpsc::Sender<Event>) -> RoomHandle {
        let start = self.deadline();
        let (handle, mut slot) = pair(self.rooms, Room::new(start, bot, self.rules.clone()), seed, events);
        self.rooms += 1;
        slot.begin(start);
        self.driver.slots.push(slot);
        handle
    }

    /// When the next tick is.
    pub fn deadline(&self) -> Instant {
        self.driver.at(self.tick)
    }

    /// One tick of the media thread, and of the ear thread after it.
    pub fn tick(&mut self) {
        let at = self.deadline();
        self.driver.turn(self.tick, at, at);
        self.tick += 1;
        if let Some(verdicts) = self.batches.try_recv().ok().and_then(|batch| self.ears.turn(batch)) {
            // The media thread takes all of them with each tick.
            _ = self.verdicts.try_send(verdicts);
        }
    }
}

//! `Engine`: the media threads. Each owns its rooms entirely and ticks them every 20 ms against an absolute schedule: it reads
//! their wires, ticks, sends, and only then hands what was said to its ear thread, whose verdicts are back by the next tick.
//! The only file of the media path that reads the clock.
mod command;
mod ears;
mod handle;
mod priority;
mod slot;
#[cfg(any(test, feature = "testkit"))]
mod stepped;
pub mod tick;

pub use crate::room::{BotMode, Event, Seat};
pub use ears::LineEar;
pub use handle::{Refused, RoomHandle};
pub use priority::{Priority, granted};
#[cfg(any(test, feature = "testkit"))]
pub use stepped::SteppedEngine;
pub use tick::RoomOrder;

use crate::frame::TICK;
use crate::leg::LineRules;
use crate::room::Room;
use crate::vad;
use ears::{Batch, Ears, Verdicts};
use ring::rand::{SecureRandom, SystemRandom};
use slot::{Slot, Step};
use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tick::Turn;
use tokio::sync::mpsc;

#[derive(Clone, Debug)]
pub struct EnginePlan {
    pub threads: usize,
    /// More rooms than this on one thread are refused.
    pub rooms_per_thread: usize,
    /// Ask the system for real-time priority. Without it, or where it is refused, for a better one than others have.
    pub realtime: bool,
    pub rules: LineRules,
}

impl Default for EnginePlan {
    fn default() -> Self {
        Self { threads: 1, rooms_per_thread: 2000, realtime: true, rules: LineRules::default() }
    }
}

/// Rooms whose packets are read, whose ticks run and whose packets are sent together, part by part. The code of the kernel's
/// network stack and ours do not fit into the processor's caches side by side: each part for sixteen rooms in a row costs 4 to 6 %
/// less than room by room, and the first packet still leaves after a few of them.
const ROOMS_TOGETHER: usize = 16;

/// Upper edges of the steps in which lateness of ticks is counted, in microseconds; the last step has none.
pub const LATENESS: [u64; 15] = [10, 20, 50, 75, 100, 150, 200, 300, 400, 600, 1000, 2000, 5000, 10_000, 20_000];

/// What one media thread and its ear thread have counted.
#[derive(Debug, Default)]
struct Counters {
    rooms: AtomicUsize,
    ticks: AtomicU64,
    missed_ticks: AtomicU64,
    lateness: [AtomicU64; LATENESS.len() + 1],
    busy_us: AtomicU64,
    late_verdicts: AtomicU64,
    unheard_ticks: AtomicU64,
    lost_events: AtomicU64,
    broken_rooms: AtomicU64,
    broken_ears: AtomicU64,
    priority: AtomicUsize,
}

/// How the media threads are doing, all together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EngineReport {
    pub rooms: usize,
    pub ticks: u64,
    /// Ticks that a stall of the machine left out.
    pub missed_ticks: u64,
    /// Ticks by how late they began: one count per step of [`LATENESS`], and one for later ones.
    pub lateness: [u64; LATENESS.len() + 1],
    /// Time that threads have spent in ticks.
    pub busy: Duration,
    /// Verdicts of an ear that came later than one tick after their sound.
    pub late_verdicts: u64,
    /// Ticks whose sound an ear thread had no room for.
    pub unheard_ticks: u64,
    /// Events that a call did not take in time.
    pub lost_events: u64,
    /// Rooms and ears that panicked and were taken out.
    pub broken_rooms: u64,
    pub broken_ears: u64,
    /// The lowest that any media thread got.
    pub priority: Priority,
}

struct Media {
    rooms: SyncSender<Slot>,
    counters: Arc<Counters>,
}

pub struct Engine {
    plan: EnginePlan,
    threads: Vec<Media>,
    running: Arc<AtomicBool>,
    joins: Mutex<Vec<JoinHandle<()>>>,
    random: SystemRandom,
    count: AtomicU64,
}

impl Engine {
    /// Starts `plan.threads` media threads, each with an ear thread.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(plan: EnginePlan, models: vad::Models) -> io::Result<Arc<Self>> {
        let running = Arc::new(AtomicBool::new(true));
        let (mut threads, mut joins) = (Vec::new(), Vec::new());
        let (epoch, count) = (Instant::now(), plan.threads.max(1));
        for n in 0..count {
            let counters = Arc::new(Counters::default());
            let (rooms, new_rooms) = sync_channel(256);
            let (batches, inbox) = sync_channel::<Batch>(8);
            let (answers, verdicts) = sync_channel::<Verdicts>(32);
            let ears = Ears::new(models.clone(), counters.clone());
            let named = |name: &str| thread::Builder::new().name(format!("{name}-{n}"));
            joins.push(named("ear").spawn(move || {
                priority::raise(-10);
                ears.run(&inbox, &answers);
            })?);
            let driver = Driver {
                running: running.clone(),
                counters: counters.clone(),
                new_rooms,
                batches,
                verdicts,
                slots: Vec::new(),
                batch: Batch::default(),
                // Threads tick in turns, so that they do not wake at once.
                epoch: epoch + TICK * n as u32 / count as u32,
            };
            let realtime = plan.realtime;
            joins.push(named("media").spawn(move || {
                let priority = priority::ask(realtime);
                driver.counters.priority.store(priority as usize, Ordering::Relaxed);
                driver.run();
            })?);
            threads.push(Media { rooms, counters });
        }
        let (joins, random) = (Mutex::new(joins), SystemRandom::new());
        Ok(Arc::new(Self { plan, threads, running, joins, random, count: AtomicU64::new(0) }))
    }

    /// Opens a room on the thread with the fewest. Its news go to `events`; when that is full, news of playback and
    /// statistics are dropped, and verdicts and keys wait.
    ///
    /// # Errors
    /// [`Refused::Full`] when no thread takes another room, [`Refused::Gone`] when the engine has stopped.
    pub fn open(&self, bot: BotMode, events: mpsc::Sender<Event>) -> Result<RoomHandle, Refused> {
        if !self.running.load(Ordering::Acquire) {
            return Err(Refused::Gone);
        }
        let least =
            self.threads.iter().min_by_key(|t| t.counters.rooms.load(Ordering::Relaxed)).ok_or(Refused::Gone)?;
        if least.counters.rooms.fetch_add(1, Ordering::AcqRel) >= self.plan.rooms_per_thread {
            least.counters.rooms.fetch_sub(1, Ordering::AcqRel);
            return Err(Refused::Full);
        }
        let id = self.count.fetch_add(1, Ordering::Relaxed);
        let mut seed = [0; 8];
        // Without randomness from the system the room's number must do: streams stay apart, they can only be guessed.
        if self.random.fill(&mut seed).is_err() {
            seed = id.to_le_bytes();
        }
        let room = Room::new(Instant::now(), bot, self.plan.rules.clone());
        let (handle, slot) = handle::pair(id, room, u64::from_le_bytes(seed), events);
        least.rooms.try_send(slot).map_err(|refused| {
            least.counters.rooms.fetch_sub(1, Ordering::AcqRel);
            match refused {
                TrySendError::Full(_) => Refused::Full,
                TrySendError::Disconnected(_) => Refused::Gone,
            }
        })?;
        Ok(handle)
    }

    pub fn report(&self) -> EngineReport {
        let mut report = EngineReport { priority: Priority::Realtime, ..EngineReport::default() };
        for Media { counters, .. } in &self.threads {
            let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            report.rooms += counters.rooms.load(Ordering::Relaxed);
            report.ticks += get(&counters.ticks);
            report.missed_ticks += get(&counters.missed_ticks);
            for (sum, count) in report.lateness.iter_mut().zip(&counters.lateness) {
                *sum += get(count);
            }
            report.busy += Duration::from_micros(get(&counters.busy_us));
            report.late_verdicts += get(&counters.late_verdicts);
            report.unheard_ticks += get(&counters.unheard_ticks);
            report.lost_events += get(&counters.lost_events);
            report.broken_rooms += get(&counters.broken_rooms);
            report.broken_ears += get(&counters.broken_ears);
            report.priority = report.priority.min(Priority::of(counters.priority.load(Ordering::Relaxed)));
        }
        report
    }

    /// Closes all rooms (everybody is sent a goodbye) and ends the threads; takes a tick or two.
    pub fn stop(&self) {
        self.running.store(false, Ordering::Release);
        let joins = std::mem::take(&mut *self.joins.lock().unwrap_or_else(PoisonError::into_inner));
        for join in joins {
            if join.thread().id() != thread::current().id() && join.join().is_err() {
                tracing::error!("a media thread had panicked");
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One media thread.
struct Driver {
    running: Arc<AtomicBool>,
    counters: Arc<Counters>,
    new_rooms: Receiver<Slot>,
    batches: SyncSender<Batch>,
    verdicts: Receiver<Verdicts>,
    slots: Vec<Slot>,
    /// What goes to the ears after this tick.
    batch: Batch,
    epoch: Instant,
}

impl Driver {
    fn run(mut self) {
        let mut tick = (Instant::now().saturating_duration_since(self.epoch).as_nanos() / TICK.as_nanos()) as u64;
        while self.running.load(Ordering::Acquire) {
            tick += 1;
            let mut scheduled = self.at(tick);
            let now = Instant::now();
            if let Some(rest) = scheduled.checked_duration_since(now) {
                thread::sleep(rest);
            }
            let woken = Instant::now();
            let late = woken.saturating_duration_since(scheduled);
            let missed = (late.as_nanos() / TICK.as_nanos()) as u64;
            if missed > 0 {
                // Time that is gone is not caught up: the rooms see the tick numbers jump.
                tick += missed;
                scheduled = self.at(tick);
                self.counters.missed_ticks.fetch_add(missed, Ordering::Relaxed);
            }
            let step = LATENESS.iter().position(|&edge| late.as_micros() as u64 <= edge).unwrap_or(LATENESS.len());
            self.counters.lateness[step].fetch_add(1, Ordering::Relaxed);
            self.turn(tick, scheduled, woken);
            let busy = woken.elapsed().as_micros() as u64;
            self.counters.busy_us.fetch_add(busy, Ordering::Relaxed);
            self.counters.ticks.fetch_add(1, Ordering::Relaxed);
        }
        let now = Instant::now();
        self.admit(now);
        for mut slot in self.slots.drain(..) {
            close(&mut slot, now, &self.counters);
        }
    }

    fn at(&self, tick: u64) -> Instant {
        self.epoch + Duration::from_nanos(TICK.as_nanos() as u64 * tick)
    }

    fn admit(&mut self, scheduled: Instant) {
        while let Ok(mut slot) = self.new_rooms.try_recv() {
            slot.begin(scheduled);
            self.slots.push(slot);
        }
    }

    /// One tick of all rooms. `scheduled` is the tick's own time, `woken` the moment it really began.
    fn turn(&mut self, tick: u64, scheduled: Instant, woken: Instant) {
        self.admit(scheduled);
        self.judge(tick);
        let (batch, counters) = (&mut self.batch, &self.counters);
        (batch.tick, batch.late) = (tick, 0);
        for slots in self.slots.chunks_mut(ROOMS_TOGETHER) {
            for step in [Step::ReadInputs, Step::Tick, Step::WriteOutputs] {
                for slot in slots.iter_mut().filter(|slot| !slot.over) {
                    match catch_unwind(AssertUnwindSafe(|| slot.turn(step, (scheduled, woken), batch, counters))) {
                        Ok(Turn::Goes) => continue,
                        Ok(Turn::Over) => close(slot, scheduled, counters),
                        Err(_) => {
                            counters.broken_rooms.fetch_add(1, Ordering::Relaxed);
                            tracing::error!(room = slot.id, "a room panicked and is taken out; the others go on");
                            slot.tell_closed(counters);
                        }
                    }
                    slot.over = true;
                }
            }
        }
        self.slots.retain(|slot| {
            if slot.over {
                batch.leave_all(slot.id);
                counters.rooms.fetch_sub(1, Ordering::AcqRel);
            }
            !slot.over
        });
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        let Err(refused) = self.batches.try_send(batch) else { return };
        self.counters.unheard_ticks.fetch_add(1, Ordering::Relaxed);
        if let TrySendError::Full(batch) = refused {
            // The ears are eight ticks behind: this tick's sound is lost to them, orders are not.
            self.batch = batch.without_sound();
        }
    }

    /// Takes what the ears found since the last tick.
    fn judge(&mut self, tick: u64) {
        let mut edges = HashMap::new();
        while let Ok(verdicts) = self.verdicts.try_recv() {
            if verdicts.tick + 1 < tick && !verdicts.edges.is_empty() {
                self.counters.late_verdicts.fetch_add(verdicts.edges.len() as u64, Ordering::Relaxed);
            }
            for (id, seat, edge) in verdicts.edges {
                edges.entry(id).or_insert_with(Vec::new).push((verdicts.tick, seat, edge));
            }
        }
        if edges.is_empty() {
            return;
        }
        for slot in &mut self.slots {
            if let Some(edges) = edges.remove(&slot.id) {
                slot.edges.extend(edges);
            }
        }
    }
}

/// Ends a room in order; if even that panics, its call is told all the same.
fn close(slot: &mut Slot, now: Instant, counters: &Counters) {
    if catch_unwind(AssertUnwindSafe(|| slot.close(now, counters))).is_err() {
        counters.broken_rooms.fetch_add(1, Ordering::Relaxed);
    }
    slot.tell_closed(counters);
}

#[cfg(test)]
mod tests;

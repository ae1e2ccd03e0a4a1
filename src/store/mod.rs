//! `Store`: the records of calls. The ledger holds live calls in memory; SQLite holds all calls, written by one thread.
//!
//! [`Store::note`] takes every event of a call and never blocks: the ledger and the watchers have it at once, the database
//! within half a second. While the database accepts no writes (disk full, locked) up to [`QUEUE`] events wait. Further ones are
//! counted and left out of the timeline; each such call is stored as a whole after its end, once the database works again.
mod alerts;
mod callbacks;
mod deliveries;
mod disk;
mod end;
mod erase;
mod event;
mod ledger;
mod levels;
mod live;
mod memory;
mod mood;
mod notes;
mod numbers;
mod read;
mod rows;
mod seat;
mod shares;
#[cfg(test)]
mod tests;
pub mod vault;
mod writer;

pub use alerts::{Alert, AlertBook, AlertReason, AlertSeen, AlertTurn, WantedAlerts};
pub use callbacks::{Callback, WantedCallbacks};
pub use deliveries::{Deliveries, Delivery, DeliveryState, NewDelivery, Tried, WAITING, WantedDeliveries};
pub use end::{Blame, End, Reason};
pub use event::{
    AnswerMethod, Call, CallEvent, CallState, CurrentBot, Direction, HANDED_ON, Latency, LineStats, Mark,
    NO_RECOGNISER, Private, Recorded, Recording, Silence, SilenceKind, Slot, Speaker, Started, TASK, TimelineEvent,
    Turn, WITHHELD,
};
pub use live::{Floor, LiveChange, LiveEvent};
pub use memory::{CallerKey, MemoryKind, MemoryOf, Remembered, ToRemember, VISITOR};
pub use mood::{
    Mood, MoodCode, MoodReason, MoodState, NextCode, NextReason, NextReasonCode, NextStep, Trend, VoiceMark,
};
pub use notes::{Note, Notes};
pub use numbers::{CallCounts, Tally};
pub use seat::{AGENT_MODE, OccupiedSeat, SeatMark};
pub use shares::Share;
pub use writer::Erased;

use crate::security::AccessPool;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use writer::Job;

/// Events that may wait for the writer. One that finds the queue full is dropped and counted, and its call is stored as a whole after
/// its end.
pub const QUEUE: usize = 8_192;
/// Events a watcher may lag behind. A slower watcher misses some and is told how many.
pub const WATCH: usize = 1_024;

/// How long a failing database is given to recover before a request that waits for it fails.
const FAULT_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot use the store's directory {dir}: {why}", dir = dir.display())]
    Directory { dir: PathBuf, why: std::io::Error },
    #[error("another server uses {dir}: stop it, or set store.dir to another directory", dir = .0.display())]
    InUse(PathBuf),
    // The cause is part of the message and not a `source`, so that printing the chain does not repeat it.
    #[error("the database does not answer: {0}")]
    Database(sqlx::Error),
    #[error("the database {file} is damaged ({why}): put a backup in its place, or move it away for a new one to be made", file = .file.display())]
    Damaged { file: PathBuf, why: String },
    #[error(
        "the database cannot be brought up to date: {0} (made by a newer version? start that one, or set another store.dir)"
    )]
    Migration(sqlx::migrate::MigrateError),
    #[error("the database holds something unreadable in {0}: restore it from a backup, or set another store.dir")]
    Content(&'static str),
    #[error("not stored: {0}")]
    Unsaved(String),
    #[error("more than {0} calls have ended since then: ask for a later moment")]
    TooMany(usize),
}

impl Fault {
    /// A damaged file (SQLite result codes 11 and 26, anywhere in the chain of causes) becomes [`Fault::Damaged`].
    fn named(self, dir: &Path) -> Self {
        let why = match &self {
            Self::Database(why) => damage(why),
            Self::Migration(why) => damage(why),
            _ => None,
        };
        why.map_or(self, |why| Self::Damaged { file: dir.join(disk::FILE), why })
    }
}

/// SQLite's message, if the cause is a damaged file.
fn damage(fault: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(fault);
    while let Some(fault) = next {
        if let Some(sqlx::Error::Database(database)) = fault.downcast_ref::<sqlx::Error>() {
            let code = database.code().and_then(|code| code.parse::<u32>().ok())?;
            return matches!(code & 0xff, 11 | 26).then(|| database.message().to_owned());
        }
        next = fault.source();
    }
    None
}

/// Opens the database in `dir` without touching it; `None` where there is none yet. For `switchboard check`.
pub async fn probe(dir: &Path) -> Result<Option<u64>, Fault> {
    if !dir.join(disk::FILE).is_file() {
        return Ok(None);
    }
    disk::probe(dir).await.map(Some).map_err(|fault| fault.named(dir))
}

/// An ended call with its timeline, for commands: also while a server runs.
pub async fn ended_call(pool: &AccessPool, id: &str) -> Result<Option<(Call, Vec<TimelineEvent>)>, Fault> {
    let Some(call) = read::one(&pool.read, id).await? else { return Ok(None) };
    Ok(Some((call, read::timeline(&pool.read, id).await?)))
}

/// Users, sessions, tokens and the audit in `dir`, for commands: made where there are none, and also while a server runs.
pub async fn access(dir: &Path) -> Result<AccessPool, Fault> {
    let directory = |why| Fault::Directory { dir: dir.to_owned(), why };
    folder(dir).map_err(directory)?;
    private(&dir.join(disk::FILE)).map_err(directory)?;
    disk::bring_up_to_date(dir).await.map_err(|fault| fault.named(dir))?;
    Ok(disk::access_pool(dir))
}

/// The state of the store, for `/health/ready` and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why the database accepts no writes at present.
    pub fault: Option<String>,
    /// Events dropped because the queue was full, since the start.
    pub lost: u64,
    /// Events waiting for the writer.
    pub queued: usize,
    /// Calls in progress.
    pub live: usize,
}

/// A handle, cheap to clone. When the last one is dropped the writer stores what waits and ends.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    pool: SqlitePool,
    access: AccessPool,
    dir: Arc<Path>,
}

/// Which calls are read, newest first.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// `None`: both.
    pub state: Option<CallState>,
    pub limit: usize,
    /// The id of the last one already seen.
    pub before: Option<&'a str>,
    /// `None`: those of all bots.
    pub bots: Option<&'a [String]>,
}

impl Wanted<'static> {
    /// Every live call.
    pub const LIVE: Self = Self { state: Some(CallState::Live), limit: usize::MAX, before: None, bots: None };

    /// The newest calls.
    pub const fn newest(limit: usize) -> Self {
        Self { state: None, limit, before: None, bots: None }
    }
}

type Listener = Box<dyn Fn(&CallEvent, Option<&Call>) + Send + Sync>;

struct Shared {
    ledger: ledger::Ledger,
    /// Locked from reading the clock until the event is queued: several threads note events of one call, and the events are queued
    /// in the order of their times.
    noting: Mutex<()>,
    watchers: broadcast::Sender<Arc<TimelineEvent>>,
    live: broadcast::Sender<Arc<LiveEvent>>,
    meters: levels::Meters,
    listener: OnceLock<Listener>,
    /// Notified to make the writer write at once instead of waiting for a larger batch.
    wake: Notify,
    lost: AtomicU64,
    fault: watch::Sender<Option<String>>,
}

impl Shared {
    fn set_fault(&self, fault: Option<String>) -> Option<String> {
        self.fault.send_replace(fault)
    }

    fn count_lost(&self, call: &str) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("switchboard_store_lost_events_total").increment(1);
        self.ledger.mark_incomplete(call);
    }
}

impl Store {
    /// Opens the database in `dir`, or creates it. Calls that a crash left open are recorded as ended by the server ("server stopped").
    pub async fn open(dir: &Path) -> Result<Self, Fault> {
        let directory = |why| Fault::Directory { dir: dir.to_owned(), why };
        folder(&dir.join("recordings")).map_err(directory)?;
        let lock = lock(dir).await?;
        // SQLite gives its other files (-wal, -shm) the mode of this one.
        private(&dir.join(disk::FILE)).map_err(directory)?;
        let (jobs, inbox) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared {
            ledger: ledger::Ledger::default(),
            noting: Mutex::default(),
            watchers: broadcast::channel(WATCH).0,
            live: broadcast::channel(WATCH).0,
            meters: levels::Meters::default(),
            listener: OnceLock::new(),
            wake: Notify::new(),
            lost: AtomicU64::new(0),
            fault: watch::Sender::new(None),
        });
        let access = disk::access_pool(dir);
        let turns = access.turns.clone();
        let writer = writer::Writer { dir: dir.to_owned(), lock, inbox, shared: shared.clone(), turns };
        let closed = writer::start(writer).await?;
        if closed > 0 {
            tracing::warn!(calls = closed, "calls that an earlier stop left open are marked as ended by the server");
        }
        let readers = disk::options(dir).read_only(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(3))
            .connect_lazy_with(readers);
        Ok(Self { jobs, shared, pool, access, dir: dir.into() })
    }

    /// A new call's id: UUID version 7 (RFC 9562), so that ids sort by time.
    pub fn new_id() -> String {
        uuid::Uuid::now_v7().to_string()
    }

    /// Takes one event of a call. Never blocks. Secret words do not belong in it: see [`Private::withheld`].
    pub fn note(&self, call: &str, event: CallEvent) {
        let event = self.relative(event);
        let _noting = self.shared.noting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(noted) = self.shared.ledger.apply(call, clock_reading(), event) else { return };
        if let Some(listener) = self.shared.listener.get() {
            let ended = if matches!(noted.event, CallEvent::Ended(_)) { self.shared.ledger.get(call) } else { None };
            listener(&noted.event, ended.as_ref());
        }
        let noted = Arc::new(noted);
        if self.shared.watchers.receiver_count() > 0 {
            // It fails if the last watcher has left since.
            let _ = self.shared.watchers.send(noted.clone());
        }
        if self.jobs.try_send(Job::Note(noted)).is_err() {
            self.shared.count_lost(call);
        } else if self.jobs.capacity() < QUEUE / 2 {
            self.shared.wake.notify_one();
        }
    }

    /// Tells watchers of a change that is not kept.
    pub fn tell(&self, call: &str, change: LiveChange) {
        if self.shared.live.receiver_count() > 0 {
            // It fails if the last watcher has left since.
            let _ = self.shared.live.send(Arc::new(LiveEvent { call: call.into(), change }));
        }
    }

    fn relative(&self, event: CallEvent) -> CallEvent {
        match event {
            CallEvent::Recording(Recording { path, recorded, closed }) => {
                let inside = Path::new(&path).strip_prefix(&self.dir).ok().and_then(Path::to_str).map(str::to_owned);
                CallEvent::Recording(Recording { path: inside.unwrap_or(path), recorded, closed })
            }
            event => event,
        }
    }

    /// Gives every event of every call from now on to `listener`, and with an `Ended` the whole call. Unlike a watcher it misses none; it
    /// runs on the thread that notes the event and must not block. There is one: later ones are ignored.
    pub fn listen(&self, listener: impl Fn(&CallEvent, Option<&Call>) + Send + Sync + 'static) {
        self.shared.listener.set(Box::new(listener)).ok();
    }

    /// Every event of every call from now on.
    pub fn watch(&self) -> broadcast::Receiver<Arc<TimelineEvent>> {
        self.shared.watchers.subscribe()
    }

    /// Every change of every call from now on that is not kept. A watcher that lags behind by more than [`WATCH`] misses some.
    pub fn watch_live(&self) -> broadcast::Receiver<Arc<LiveEvent>> {
        self.shared.live.subscribe()
    }

    /// Calls, newest first.
    pub async fn calls(&self, wanted: Wanted<'_>) -> Result<Vec<Call>, Fault> {
        let Wanted { state, limit, .. } = wanted;
        let mut calls = self.shared.ledger.list(wanted);
        if state != Some(CallState::Live) {
            let stored = self.naming_damage(read::ended(&self.pool, wanted).await)?;
            // A call that has left the ledger since the list was read is in neither; the next request finds it in the database.
            calls.extend(stored.into_iter().filter(|call| self.shared.ledger.get(&call.id).is_none()));
            calls.sort_by(|a, b| b.id.cmp(&a.id));
            calls.dedup_by(|a, b| a.id == b.id);
            calls.truncate(limit);
        }
        Ok(calls)
    }

    pub async fn call(&self, id: &str) -> Result<Option<Call>, Fault> {
        match self.shared.ledger.get(id) {
            Some(call) => Ok(Some(call)),
            None => self.naming_damage(read::one(&self.pool, id).await),
        }
    }

    /// The bot of a call that is live or has just ended.
    pub fn bot(&self, id: &str) -> Option<String> {
        self.shared.ledger.bot(id)
    }

    /// A live call, from memory.
    pub fn live(&self, id: &str) -> Option<Call> {
        self.shared.ledger.get(id).filter(|call| call.state == CallState::Live)
    }

    /// The events of a call, in order; while the database accepts no writes, those it has.
    pub async fn timeline(&self, id: &str) -> Result<Vec<TimelineEvent>, Fault> {
        if self.shared.ledger.get(id).is_some() {
            // Some events may not be on disk yet. A failing flush does not keep the others from being read.
            let _ = self.flush().await;
        }
        self.naming_damage(read::timeline(&self.pool, id).await)
    }

    /// A read that failed because the file is damaged fails with [`Fault::Damaged`].
    fn naming_damage<T>(&self, read: Result<T, Fault>) -> Result<T, Fault> {
        read.map_err(|fault| fault.named(&self.dir))
    }

    /// What is counted of the calls that ended since a moment, by bot; `bots`: of these alone. Half a second behind at most.
    ///
    /// # Errors
    /// [`Fault::TooMany`] where more than `most` calls would have to be read.
    pub async fn numbers(
        &self,
        since: Timestamp,
        bots: Option<&[String]>,
        most: usize,
    ) -> Result<BTreeMap<String, Tally>, Fault> {
        self.naming_damage(numbers::since(&self.pool, since, bots, most).await)
    }

    /// Whether there is, or was, a call with this id.
    pub async fn knows(&self, id: &str) -> Result<bool, Fault> {
        if self.shared.ledger.get(id).is_some() {
            Ok(true)
        } else {
            self.naming_damage(read::has(&self.pool, id).await)
        }
    }

    /// The path of a call's recording, if any part of it was kept.
    pub fn recording(&self, call: &Call) -> Option<PathBuf> {
        let kept = call.recorded != Recorded::No;
        call.recording.as_ref().filter(|_| kept).map(|path| self.dir.join(path))
    }

    /// Where users, sessions, tokens and the audit are: the same database.
    pub fn access(&self) -> AccessPool {
        self.access.clone()
    }

    /// What supervisors were alerted to.
    pub fn alerts(&self) -> AlertBook {
        AlertBook::new(self.access.clone())
    }

    /// Messages to webhooks.
    pub fn deliveries(&self) -> Deliveries {
        Deliveries::new(self.access.clone())
    }

    /// The directory above recordings.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The directory for recordings.
    pub fn recordings(&self) -> PathBuf {
        self.dir.join("recordings")
    }

    /// Returns when everything noted so far is on disk, or with the reason why it cannot be stored.
    pub async fn flush(&self) -> Result<(), Fault> {
        self.ask(Job::Flush).await
    }

    /// Sends a job to the writer and waits for its answer.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Result<T, String>>) -> Job) -> Result<T, Fault> {
        let (done, answer) = oneshot::channel();
        let gone = || Fault::Unsaved("the writer is gone".into());
        self.jobs.send(job(done)).await.map_err(|_| gone())?;
        self.shared.wake.notify_one();
        // A writer that keeps retrying a batch does not reach this job.
        let failing = async {
            tokio::time::sleep(FAULT_WAIT).await;
            let mut fault = self.shared.fault.subscribe();
            let why = fault.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
            Fault::Unsaved(why.unwrap_or_default())
        };
        tokio::select! {
            answer = answer => answer.map_err(|_| gone())?.map_err(Fault::Unsaved),
            fault = failing => Err(fault),
        }
    }

    /// Deletes calls that ended before `limit`, with their recordings. Returns how many those were.
    pub async fn prune(&self, limit: Timestamp) -> Result<usize, Fault> {
        let mut all = 0;
        loop {
            match self.ask(|done| Job::Prune(limit, done)).await? {
                0 => return Ok(all),
                some => all += some,
            }
        }
    }

    /// Deletes what is older than `days`, and what is remembered of callers past its end, now and every hour, until dropped. 0 keeps all calls.
    pub async fn retain(self, days: u32) {
        loop {
            match self.forget_ended(now()).await {
                Ok(0) => {}
                Ok(rows) => tracing::info!(rows, "what was remembered of callers for long enough is forgotten"),
                Err(why) => {
                    tracing::warn!(%why, "what is remembered of callers cannot be forgotten; tried again in an hour")
                }
            }
            self.prune_older(days).await;
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
    }

    /// Deletes what is older than `days`; 0 keeps all.
    async fn prune_older(&self, days: u32) {
        if days > 0 {
            let age = jiff::SignedDuration::from_hours(24 * i64::from(days));
            if let Ok(limit) = now().checked_sub(age) {
                match self.prune(limit).await {
                    Ok(0) => {}
                    Ok(calls) => tracing::info!(calls, days, "old calls are deleted"),
                    Err(why) => tracing::warn!(%why, "old calls cannot be deleted; tried again in an hour"),
                }
            }
        }
    }

    /// Stores everything and closes the database. From then on the one file is complete: a copy of it opens. Events that other
    /// handles note afterwards are dropped and counted.
    pub async fn close(&self) -> Result<(), Fault> {
        let flushed = self.flush().await;
        // The writer's connection is closed last: it moves the write-ahead log into the file.
        self.pool.close().await;
        self.access.close().await;
        flushed.and(self.ask(Job::Close).await)
    }

    pub fn health(&self) -> Health {
        let gone = || self.jobs.is_closed().then(|| "the writer is gone: restart the server".to_owned());
        Health {
            fault: self.shared.fault.borrow().clone().or_else(gone),
            lost: self.shared.lost.load(Ordering::Relaxed),
            queued: QUEUE - self.jobs.capacity(),
            live: self.shared.ledger.live(),
        }
    }
}

fn clock_reading() -> ledger::ClockReading {
    ledger::ClockReading { wall: now(), steady: std::time::Instant::now() }
}

/// To the microsecond, as the database keeps it.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default()
}

/// Creates `dir` and its missing parents, readable by this user only (0700), because callers' words are stored there. An existing
/// directory keeps its mode.
pub(crate) fn folder(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Opens `file`; a new one is readable by this user only (0600).
fn private(file: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(file)
}

/// One server per directory. The lock is released when the process ends, in whatever way; a previous process is given two seconds to
/// finish.
async fn lock(dir: &Path) -> Result<File, Fault> {
    let directory = |why| Fault::Directory { dir: dir.to_owned(), why };
    let file = private(&dir.join("lock")).map_err(directory)?;
    for _ in 0..40 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(std::fs::TryLockError::Error(why)) => return Err(directory(why)),
        }
    }
    Err(Fault::InUse(dir.to_owned()))
}

/// The name a unit variant is serialised by.
pub(crate) fn name_of<T: Serialize>(variant: &T) -> String {
    serde_json::to_value(variant).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn of_name<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(name.into()).ok()
}

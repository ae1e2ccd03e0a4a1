//! `Store`: the memory of calls. Live ones in a ledger, all of them in SQLite, behind one writer.
//!
//! [`Store::note`] takes every event of a call and never blocks: the ledger and those who watch have it at once, the database
//! within half a second. While the database takes nothing (disk full, locked) up to [`QUEUE`] events wait; more are counted
//! and left out of the timeline, but each call is stored whole at its end, as soon as the database works again.
mod disk;
mod end;
mod event;
mod ledger;
mod read;
mod rows;
#[cfg(test)]
mod tests;
pub mod vault;
mod writer;

pub use end::{Blame, End, Reason};
pub use event::{
    Call, Direction, Event, Latency, Line, Mark, Means, Private, Recorded, Recording, Silence, SilenceKind, Slot,
    Speaker, Started, State, TimelineEvent, Turn, WITHHELD,
};

use crate::observe;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use writer::Job;

/// Events on their way to the writer; a full queue loses the event, counts it, and marks its call to be stored whole at its end.
pub const QUEUE: usize = 8_192;
/// Events a watcher may lag behind; a slower one is told how many it missed.
pub const WATCH: usize = 1_024;

/// How long an ill database may take to get well before whoever waits for it is told.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot use the store's directory {dir}: {why}", dir = dir.display())]
    Directory { dir: PathBuf, why: std::io::Error },
    #[error("another server uses {dir}: stop it, or set store.dir to another directory", dir = .0.display())]
    InUse(PathBuf),
    // What lies beneath is said here, once: it is no source that whoever prints the chain would say again.
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
}

impl Fault {
    /// Tells a damaged file from one that cannot be reached (SQLite result codes 11 and 26, beneath whatever holds them).
    fn named(self, dir: &Path) -> Self {
        let why = match &self {
            Self::Database(why) => damage(why),
            Self::Migration(why) => damage(why),
            _ => None,
        };
        why.map_or(self, |why| Self::Damaged { file: dir.join(disk::FILE), why })
    }
}

/// What SQLite says of a damaged file, if that is the fault.
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

/// How the store is doing, for `/health/ready` and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why the database takes nothing at present.
    pub fault: Option<String>,
    /// Events that found the queue full, since the start.
    pub lost: u64,
    /// Events waiting for the writer.
    pub queued: usize,
    /// Calls in progress.
    pub live: usize,
}

/// A cheap handle; the writer ends when the last one is dropped, after it has stored everything.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    pool: SqlitePool,
    dir: Arc<Path>,
}

struct Shared {
    ledger: ledger::Ledger,
    /// Held from reading the clock until an event is handed on: several threads note events of one call, which leave in the order of
    /// their times.
    noting: Mutex<()>,
    watchers: broadcast::Sender<Arc<TimelineEvent>>,
    /// Tells the writer not to wait for more.
    hurry: Notify,
    lost: AtomicU64,
    fault: watch::Sender<Option<String>>,
}

impl Shared {
    fn set_fault(&self, fault: Option<String>) -> Option<String> {
        self.fault.send_replace(fault)
    }

    fn lose(&self, call: &str) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("switchboard_store_lost_events_total").increment(1);
        self.ledger.tear(call);
    }
}

impl Store {
    /// Opens or makes the database in `dir`. Calls that a crash left open end here: blame server, "server stopped".
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
            hurry: Notify::new(),
            lost: AtomicU64::new(0),
            fault: watch::Sender::new(None),
        });
        let closed = writer::start(writer::Desk { dir: dir.to_owned(), lock, inbox, shared: shared.clone() }).await?;
        if closed > 0 {
            tracing::warn!(calls = closed, "calls that an earlier stop left open are marked as ended by the server");
        }
        let readers = disk::options(dir).read_only(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(3))
            .connect_lazy_with(readers);
        Ok(Self { jobs, shared, pool, dir: dir.into() })
    }

    /// A new call's id: UUID version 7 (RFC 9562), so that ids sort by time.
    pub fn new_id() -> String {
        uuid::Uuid::now_v7().to_string()
    }

    /// Takes one event of a call. Never blocks. Secret words do not belong in it: see [`Private::withheld`].
    pub fn note(&self, call: &str, event: Event) {
        let event = self.relative(event);
        let _noting = self.shared.noting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(noted) = self.shared.ledger.apply(call, moment(), event) else { return };
        observe::metrics::count(&noted.event);
        if matches!(noted.event, Event::Ended(_)) {
            self.shared.ledger.get(call).iter().for_each(observe::metrics::sum_up);
        }
        let noted = Arc::new(noted);
        if self.shared.watchers.receiver_count() > 0 {
            // The last watcher may have left meanwhile, which is no fault.
            let _ = self.shared.watchers.send(noted.clone());
        }
        if self.jobs.try_send(Job::Note(noted)).is_err() {
            self.shared.lose(call);
        } else if self.jobs.capacity() < QUEUE / 2 {
            self.shared.hurry.notify_one();
        }
    }

    fn relative(&self, event: Event) -> Event {
        match event {
            Event::Recording(Recording { path, recorded, closed }) => {
                let inside = Path::new(&path).strip_prefix(&self.dir).ok().and_then(Path::to_str).map(str::to_owned);
                Event::Recording(Recording { path: inside.unwrap_or(path), recorded, closed })
            }
            event => event,
        }
    }

    /// Every event of every call from now on.
    pub fn watch(&self) -> broadcast::Receiver<Arc<TimelineEvent>> {
        self.shared.watchers.subscribe()
    }

    /// Calls, newest first; `before` is the id of the last one already seen.
    pub async fn calls(&self, state: Option<State>, limit: usize, before: Option<&str>) -> Result<Vec<Call>, Fault> {
        let mut calls = self.shared.ledger.list(state, limit, before);
        if state != Some(State::Live) {
            let stored = self.faulty(read::ended(&self.pool, limit, before).await)?;
            // What left the ledger meanwhile is on disk by now, but not in this answer: the next one has it.
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
            None => self.faulty(read::one(&self.pool, id).await),
        }
    }

    /// A call as the ledger has it, without waiting: live, or just over.
    pub fn live(&self, id: &str) -> Option<Call> {
        self.shared.ledger.get(id).filter(|call| call.state == State::Live)
    }

    /// Everything that has happened in a call, in order; while the database takes nothing, what it took.
    pub async fn timeline(&self, id: &str) -> Result<Vec<TimelineEvent>, Fault> {
        if self.shared.ledger.get(id).is_some() {
            // Some of it may be on its way to the disk still. One that cannot take it is no reason not to read it.
            let _ = self.flush().await;
        }
        self.faulty(read::timeline(&self.pool, id).await)
    }

    /// A damaged database is called that.
    fn faulty<T>(&self, read: Result<T, Fault>) -> Result<T, Fault> {
        read.map_err(|fault| fault.named(&self.dir))
    }

    /// Whether there is, or was, a call with this id.
    pub async fn knows(&self, id: &str) -> Result<bool, Fault> {
        if self.shared.ledger.get(id).is_some() { Ok(true) } else { self.faulty(read::has(&self.pool, id).await) }
    }

    /// Where the recording of a call lies, if anything of it was kept.
    pub fn recording(&self, call: &Call) -> Option<PathBuf> {
        let kept = call.recorded != Recorded::No;
        call.recording.as_ref().filter(|_| kept).map(|path| self.dir.join(path))
    }

    /// The directory above recordings.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The directory for recordings.
    pub fn recordings(&self) -> PathBuf {
        self.dir.join("recordings")
    }

    /// Returns when everything noted so far is on disk, or why it cannot be.
    pub async fn flush(&self) -> Result<(), Fault> {
        self.ask(Job::Flush).await
    }

    /// Asks the writer for something and waits for its answer.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Result<T, String>>) -> Job) -> Result<T, Fault> {
        let (done, answer) = oneshot::channel();
        let gone = || Fault::Unsaved("the writer is gone".into());
        self.jobs.send(job(done)).await.map_err(|_| gone())?;
        self.shared.hurry.notify_one();
        // A writer that tries again and again does not come to the question.
        let ill = async {
            tokio::time::sleep(PATIENCE).await;
            let mut fault = self.shared.fault.subscribe();
            let why = fault.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
            Fault::Unsaved(why.unwrap_or_default())
        };
        tokio::select! {
            answer = answer => answer.map_err(|_| gone())?.map_err(Fault::Unsaved),
            fault = ill => Err(fault),
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

    /// Deletes what is older than `days` now and every hour, until dropped. 0 keeps all.
    pub async fn retain(self, days: u32) {
        if days == 0 {
            return;
        }
        loop {
            let age = jiff::SignedDuration::from_hours(24 * i64::from(days));
            if let Ok(limit) = now().checked_sub(age) {
                match self.prune(limit).await {
                    Ok(0) => {}
                    Ok(calls) => tracing::info!(calls, days, "old calls are deleted"),
                    Err(why) => tracing::warn!(%why, "old calls cannot be deleted; tried again in an hour"),
                }
            }
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
    }

    /// Stores everything and closes the database, whose file holds all from then on: a copy of it alone opens. What the other
    /// handles note afterwards is lost, and counted.
    pub async fn close(&self) -> Result<(), Fault> {
        let flushed = self.flush().await;
        // The writer's is the last connection: it empties the write-ahead log into the file.
        self.pool.close().await;
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

fn moment() -> ledger::Moment {
    ledger::Moment { wall: now(), steady: std::time::Instant::now() }
}

/// To the microsecond, as the database keeps it.
fn now() -> Timestamp {
    Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default()
}

/// Makes `dir` and what is missing above it, for this user alone (0700): what people said lies in it. One that is there
/// keeps the mode its owner gave it.
pub(crate) fn folder(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Opens `file`, made for this user alone (0600) if it is not there.
fn private(file: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(file)
}

/// One server per directory. The lock goes with the process, however it ends; a predecessor gets two seconds to finish.
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

//! `Audit`: who did what, when, to which call: records that are added and never changed, each with a hash over the one before it.
//!
//! Callers' numbers and words do not belong in it. What somebody only reads is recorded by [`Audit::note`]: while the database is slow
//! or takes nothing, up to [`WAITING`] such records wait, in order. What somebody does is not done unless its record is on disk:
//! [`Audit::require`] writes it first. Where the record cannot come first, [`Audit::ready`] tells whether it can be written after.
use super::fault::AccessFault;
use super::pool::AccessPool;
use super::principal::Principal;
use super::record::{AuditRecord, NO_HASH};
use super::users::time;
use super::verdict::{AuditVerdict, Check};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::SqliteConnection;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Records that may wait for a database that takes nothing; beyond it what is to be recorded is refused.
const WAITING: usize = 4096;
/// The longest that a request waits for its record to be written.
const PATIENCE: Duration = Duration::from_millis(500);
/// After a failure the next try comes no sooner.
const RETRY: Duration = Duration::from_secs(1);
/// The same reading by the same one is one record for so long.
const SAME: Duration = Duration::from_secs(600);
const SAME_REMEMBERED: usize = 4096;

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    SignedIn,
    SignInFailed,
    AccountLocked,
    SignedOut,
    FirstAdminMade,
    UserAdded,
    UserChanged,
    UserRemoved,
    TokenMade,
    TokenRevoked,
    /// A list of calls was read.
    CallsListed,
    /// What was said in a call was read.
    TranscriptRead,
    /// What is said in live calls was read as it happens.
    EventsWatched,
    RecordingRead,
    RecordingPaused,
    RecordingResumed,
    CallPlaced,
    CallEnded,
    BotsReloaded,
    AuditRead,
    AuditExported,
    /// A seat of a call: who listens or speaks, in which mode, why.
    SeatTaken,
    SeatModeChanged,
    SeatLeft,
    /// An agent takes calls, or no more.
    AvailabilityChanged,
    /// An agent does not take a call.
    OfferDeclined,
    /// Somebody has called a caller back who did not wait for a person.
    CalledBack,
    /// The bot was told something by a supervisor.
    Guided,
    Approved,
    Declined,
    /// A note or tags were written of a call.
    Annotated,
    /// A link to a call was made, and opened.
    Shared,
    ShareOpened,
    Erased,
    Exported,
    AlertSeen,
    /// Messages to a webhook were sent again.
    WebhookReplayed,
}

impl Action {
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::AccountLocked => "account_locked",
            Self::SignedOut => "signed_out",
            Self::FirstAdminMade => "first_admin_made",
            Self::UserAdded => "user_added",
            Self::UserChanged => "user_changed",
            Self::UserRemoved => "user_removed",
            Self::TokenMade => "token_made",
            Self::TokenRevoked => "token_revoked",
            Self::CallsListed => "calls_listed",
            Self::TranscriptRead => "transcript_read",
            Self::EventsWatched => "events_watched",
            Self::RecordingRead => "recording_read",
            Self::RecordingPaused => "recording_paused",
            Self::RecordingResumed => "recording_resumed",
            Self::CallPlaced => "call_placed",
            Self::CallEnded => "call_ended",
            Self::BotsReloaded => "bots_reloaded",
            Self::AuditRead => "audit_read",
            Self::AuditExported => "audit_exported",
            Self::SeatTaken => "seat_taken",
            Self::SeatModeChanged => "seat_mode_changed",
            Self::SeatLeft => "seat_left",
            Self::AvailabilityChanged => "availability_changed",
            Self::OfferDeclined => "offer_declined",
            Self::CalledBack => "called_back",
            Self::Guided => "guided",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Annotated => "annotated",
            Self::Shared => "shared",
            Self::ShareOpened => "share_opened",
            Self::Erased => "erased",
            Self::Exported => "exported",
            Self::AlertSeen => "alert_seen",
            Self::WebhookReplayed => "webhook_replayed",
        }
    }
}

/// A record that has no place yet.
#[derive(Clone)]
struct Pending {
    at: Timestamp,
    name: String,
    kind: &'static str,
    action: Action,
    call: Option<String>,
    detail: String,
}

impl Pending {
    fn now(principal: &Principal, action: Action, call: Option<&str>, detail: &Value) -> Self {
        Self::of(&principal.name, principal.kind.name(), action, call, detail)
    }

    fn of(name: &str, kind: &'static str, action: Action, call: Option<&str>, detail: &Value) -> Self {
        let at = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default();
        Self { at, name: name.to_owned(), kind, action, call: call.map(str::to_owned), detail: detail.to_string() }
    }
}

/// Who reads, how, and which call.
type Reading = (String, Action, Option<String>);

/// A handle, cheap to clone.
#[derive(Clone)]
pub struct Audit(Arc<Shared>);

struct Shared {
    pool: AccessPool,
    waiting: Mutex<VecDeque<Pending>>,
    /// Held by who writes.
    writing: tokio::sync::Mutex<()>,
    failed: Mutex<Option<Failure>>,
    lately: Mutex<HashMap<Reading, Instant>>,
}

/// The database took nothing when it was last tried.
#[derive(Clone)]
struct Failure {
    at: Instant,
    why: String,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Audit {
    pub fn new(pool: AccessPool) -> Self {
        Self(Arc::new(Shared {
            pool,
            waiting: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            failed: Mutex::default(),
            lately: Mutex::default(),
        }))
    }

    /// Records that `principal` reads something, or has done something that nobody is kept from; `detail` is a JSON object of what else
    /// is to be known (mode, reason).
    ///
    /// # Errors
    /// [`AccessFault::AuditFull`] while the database takes nothing and too many records wait: then it must not be done.
    pub async fn note(
        &self,
        principal: &Principal,
        action: Action,
        call: Option<&str>,
        detail: Value,
    ) -> Result<(), AccessFault> {
        self.add(&principal.name, principal.kind.name(), action, call, detail).await
    }

    /// The same, once in ten minutes: for what is read again and again.
    pub async fn note_once(
        &self,
        principal: &Principal,
        action: Action,
        call: Option<&str>,
        detail: Value,
    ) -> Result<(), AccessFault> {
        let key = (principal.name.clone(), action, call.map(str::to_owned));
        let now = Instant::now();
        {
            let mut lately = lock(&self.0.lately);
            if lately.get(&key).is_some_and(|at| now.saturating_duration_since(*at) < SAME) {
                return Ok(());
            }
            if lately.len() >= SAME_REMEMBERED {
                lately.retain(|_, at| now.saturating_duration_since(*at) < SAME);
            }
            if lately.len() < SAME_REMEMBERED {
                lately.insert(key.clone(), now);
            }
        }
        let noted = self.note(principal, action, call, detail).await;
        if noted.is_err() {
            lock(&self.0.lately).remove(&key);
        }
        noted
    }

    pub(super) async fn add(
        &self,
        name: &str,
        kind: &'static str,
        action: Action,
        call: Option<&str>,
        detail: Value,
    ) -> Result<(), AccessFault> {
        let pending = Pending::of(name, kind, action, call, &detail);
        {
            let mut waiting = lock(&self.0.waiting);
            if waiting.len() >= WAITING {
                return Err(AccessFault::AuditFull);
            }
            waiting.push_back(pending);
        }
        if self.failing().is_some() {
            return Ok(());
        }
        // In a task of its own: a request that is given up does not leave half of it done.
        let audit = self.clone();
        let writing = tokio::spawn(async move { audit.flush().await });
        let _ = tokio::time::timeout(PATIENCE, writing).await;
        Ok(())
    }

    /// Records what `principal` is about to do. It is on disk when this returns `Ok`.
    ///
    /// # Errors
    /// [`AccessFault::AuditUnwritten`]: nothing is recorded, and it must not be done.
    pub async fn require(
        &self,
        principal: &Principal,
        action: Action,
        call: Option<&str>,
        detail: Value,
    ) -> Result<(), AccessFault> {
        self.try_write(Some(Pending::now(principal, action, call, &detail))).await
    }

    /// Whether the database takes records now, for what is recorded after it is done: it is asked by a write that changes nothing.
    ///
    /// # Errors
    /// [`AccessFault::AuditUnwritten`]: it must not be done.
    pub async fn ready(&self) -> Result<(), AccessFault> {
        self.try_write(None).await
    }

    /// Writes what waits and then this. How long it takes is bounded by the database's own limits.
    async fn try_write(&self, pending: Option<Pending>) -> Result<(), AccessFault> {
        let audit = self.clone();
        // In a task of its own: a request that is given up does not leave half of it done.
        let writing = tokio::spawn(async move {
            let _writing = audit.0.writing.lock().await;
            match audit.failing() {
                Some(why) => Err(why),
                None => audit.write_all(pending).await,
            }
        });
        writing.await.unwrap_or_else(|why| Err(why.to_string())).map_err(AccessFault::AuditUnwritten)
    }

    /// Why the database took nothing a moment ago.
    fn failing(&self) -> Option<String> {
        lock(&self.0.failed).as_ref().filter(|failure| failure.at.elapsed() < RETRY).map(|failure| failure.why.clone())
    }

    /// Records within a transaction what is done in it: both are on disk, or neither.
    pub(super) async fn append(
        &self,
        transaction: &mut SqliteConnection,
        principal: &Principal,
        action: Action,
        detail: Value,
    ) -> Result<(), AccessFault> {
        Ok(append(transaction, [Pending::now(principal, action, None, &detail)]).await?)
    }

    /// Writes what waits, once.
    pub async fn flush(&self) {
        if lock(&self.0.waiting).is_empty() {
            return;
        }
        let _writing = self.0.writing.lock().await;
        // What it fails on is in the log.
        let _ = self.write_all(None).await;
    }

    /// `writing` is held.
    async fn write_all(&self, pending: Option<Pending>) -> Result<(), String> {
        let waiting: Vec<Pending> = lock(&self.0.waiting).iter().cloned().collect();
        let count = waiting.len();
        match self.write(waiting.into_iter().chain(pending)).await {
            Ok(()) => {
                lock(&self.0.waiting).drain(..count);
                *lock(&self.0.failed) = None;
                Ok(())
            }
            Err(why) => {
                let failure = Failure { at: Instant::now(), why: why.to_string() };
                if lock(&self.0.failed).replace(failure).is_none() {
                    tracing::error!(%why, "the audit cannot be written at present: what is to be recorded is refused or waits");
                }
                Err(why.to_string())
            }
        }
    }

    async fn write(&self, pending: impl Iterator<Item = Pending>) -> Result<(), sqlx::Error> {
        let mut tx = self.0.pool.begin("audit").await?;
        append(&mut tx, pending).await?;
        tx.commit().await
    }

    /// The number and hash of the last record; what is noted elsewhere shows later that nothing before it was changed.
    pub async fn head(&self) -> Result<Option<(i64, String)>, AccessFault> {
        Ok(head(&mut *self.0.pool.read.acquire().await?).await?)
    }

    /// Records, newest first: before number `before`, and of one call, where these are given.
    pub async fn read(
        &self,
        limit: usize,
        before: Option<i64>,
        call: Option<&str>,
    ) -> Result<Vec<AuditRecord>, AccessFault> {
        const SQL: &str = "select seq, at_us, name, kind, action, call, detail, previous, hash from audit \
            where ($1 is null or seq < $1) and ($2 is null or call = $2) order by seq desc limit $3";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows: Vec<Row> =
            sqlx::query_as(SQL).bind(before).bind(call).bind(limit).fetch_all(&self.0.pool.read).await?;
        rows.into_iter().map(record).collect()
    }

    /// The records after number `after`, in order, as many as one answer holds; none: that was the end.
    pub async fn after(&self, seq: i64) -> Result<Vec<AuditRecord>, AccessFault> {
        after(&mut *self.0.pool.read.acquire().await?, seq).await
    }

    /// Whether the records are those that were written, all of them, in their order, as they are at one moment; `noted`: number and hash
    /// of records that must be among them.
    pub async fn verify(&self, noted: &[(i64, String)]) -> Result<AuditVerdict, AccessFault> {
        // From its first read on a transaction sees the database as it was then.
        let mut tx = self.0.pool.read.begin().await?;
        let mut check = Check::new(noted);
        for step in [Check::place, Check::record] {
            let mut last_seq = i64::MIN;
            loop {
                let records = after(&mut tx, last_seq).await?;
                let Some(last) = records.last() else { break };
                last_seq = last.seq;
                records.iter().for_each(|record| step(&mut check, record));
            }
        }
        let head = head(&mut tx).await?;
        Ok(check.end(head))
    }
}

async fn head(connection: &mut SqliteConnection) -> Result<Option<(i64, String)>, sqlx::Error> {
    sqlx::query_as("select seq, hash from audit_head").fetch_optional(connection).await
}

async fn after(connection: &mut SqliteConnection, seq: i64) -> Result<Vec<AuditRecord>, AccessFault> {
    const SQL: &str = "select seq, at_us, name, kind, action, call, detail, previous, hash from audit \
        where seq > $1 order by seq limit 1000";
    let rows: Vec<Row> = sqlx::query_as(SQL).bind(seq).fetch_all(connection).await?;
    rows.into_iter().map(record).collect()
}

/// Adds records at the end, within a transaction that nobody else writes beside.
async fn append(
    transaction: &mut SqliteConnection,
    pending: impl IntoIterator<Item = Pending>,
) -> Result<(), sqlx::Error> {
    const INSERT: &str = "insert into audit (seq, at_us, name, kind, action, call, detail, previous, hash) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    const HEAD: &str = "insert or replace into audit_head (only, seq, hash) values (1, $1, $2)";
    let (mut seq, mut previous) = head(transaction).await?.unwrap_or_else(|| (0, NO_HASH.to_owned()));
    for Pending { at, name, kind, action, call, detail } in pending {
        seq += 1;
        let (kind, action) = (kind.to_owned(), action.name().to_owned());
        let mut record = AuditRecord { seq, at, name, kind, action, call, detail, previous, hash: String::new() };
        record.hash = record.computed();
        let row = sqlx::query(INSERT)
            .bind(record.seq)
            .bind(record.at.as_microsecond())
            .bind(&record.name)
            .bind(&record.kind)
            .bind(&record.action)
            .bind(&record.call)
            .bind(&record.detail)
            .bind(&record.previous)
            .bind(&record.hash);
        row.execute(&mut *transaction).await?;
        previous = record.hash;
    }
    if seq > 0 {
        sqlx::query(HEAD).bind(seq).bind(&previous).execute(transaction).await?;
    }
    Ok(())
}

type Row = (i64, i64, String, String, String, Option<String>, String, String, String);

fn record((seq, at, name, kind, action, call, detail, previous, hash): Row) -> Result<AuditRecord, AccessFault> {
    Ok(AuditRecord { seq, at: time(at)?, name, kind, action, call, detail, previous, hash })
}

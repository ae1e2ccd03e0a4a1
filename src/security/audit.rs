//! `Audit`: who did what, when, to which call: records that are added and never changed, each with a hash over the one before it.
//!
//! Callers' numbers and words do not belong in it. A record is on disk when [`Audit::note`] returns; while the database is slow or
//! takes nothing, up to [`WAITING`] records wait, in order.
use super::fault::AccessFault;
use super::principal::Principal;
use super::random::hex;
use super::users::time;
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::SqlitePool;
use std::collections::{HashMap, VecDeque};
use std::fmt;
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
/// What the first record has for the hash of the one before it.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

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
    /// The bot was told something by a supervisor.
    Guided,
    Approved,
    Declined,
    Erased,
    Exported,
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
            Self::Guided => "guided",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Erased => "erased",
            Self::Exported => "exported",
        }
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// From 1, without gaps.
    pub seq: i64,
    pub at: Timestamp,
    /// Who did it: [`Principal::name`].
    pub name: String,
    pub kind: String,
    pub action: String,
    pub call: Option<String>,
    /// A JSON object, as text.
    pub detail: String,
    /// The hash of the record before it.
    pub previous: String,
    /// Over `previous` and everything above, in hexadecimal.
    pub hash: String,
}

impl AuditRecord {
    /// The hash that the record should have: SHA-256 of the previous hash, a line feed, and a JSON array: seq, microseconds since 1970, name, kind, action, call, detail.
    pub fn computed(&self) -> String {
        let Self { seq, name, kind, action, call, detail, .. } = self;
        let record = json!([seq, self.at.as_microsecond(), name, kind, action, call, detail]);
        let text = format!("{}\n{record}", self.previous);
        hex(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref())
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

/// Who reads, how, and which call.
type Reading = (String, Action, Option<String>);

/// A handle, cheap to clone.
#[derive(Clone)]
pub struct Audit(Arc<Shared>);

struct Shared {
    pool: SqlitePool,
    waiting: Mutex<VecDeque<Pending>>,
    /// Held by who writes.
    writing: tokio::sync::Mutex<()>,
    failed: Mutex<Option<Instant>>,
    lately: Mutex<HashMap<Reading, Instant>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Audit {
    pub fn new(pool: SqlitePool) -> Self {
        Self(Arc::new(Shared {
            pool,
            waiting: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            failed: Mutex::default(),
            lately: Mutex::default(),
        }))
    }

    /// Records that `principal` did `action`; `detail` is a JSON object of what else is to be known (mode, reason).
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
        let at = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default();
        let call = call.map(str::to_owned);
        let pending = Pending { at, name: name.to_owned(), kind, action, call, detail: detail.to_string() };
        {
            let mut waiting = lock(&self.0.waiting);
            if waiting.len() >= WAITING {
                return Err(AccessFault::AuditFull);
            }
            waiting.push_back(pending);
        }
        if lock(&self.0.failed).is_some_and(|at| at.elapsed() < RETRY) {
            return Ok(());
        }
        // In a task of its own: a request that is given up does not leave half of it done.
        let audit = self.clone();
        let writing = tokio::spawn(async move { audit.flush().await });
        let _ = tokio::time::timeout(PATIENCE, writing).await;
        Ok(())
    }

    /// Writes what waits for the database, again and again, until that is closed.
    pub async fn keep(self) {
        while !self.0.pool.is_closed() {
            tokio::time::sleep(RETRY).await;
            if !lock(&self.0.waiting).is_empty() {
                self.flush().await;
            }
        }
    }

    /// Writes what waits, once.
    pub async fn flush(&self) {
        let _writing = self.0.writing.lock().await;
        let waiting: Vec<Pending> = lock(&self.0.waiting).iter().cloned().collect();
        if waiting.is_empty() {
            return;
        }
        match self.write(&waiting).await {
            Ok(()) => {
                lock(&self.0.waiting).drain(..waiting.len());
                *lock(&self.0.failed) = None;
            }
            Err(why) => {
                if lock(&self.0.failed).replace(Instant::now()).is_none() {
                    tracing::error!(%why, "records of the audit wait: the database takes none at present");
                }
            }
        }
    }

    async fn write(&self, waiting: &[Pending]) -> Result<(), sqlx::Error> {
        const INSERT: &str = "insert into audit (seq, at_us, name, kind, action, call, detail, previous, hash) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        const HEAD: &str = "insert or replace into audit_head (only, seq, hash) values (1, $1, $2)";
        let mut tx = self.0.pool.begin_with("begin immediate").await?;
        let head: Option<(i64, String)> =
            sqlx::query_as("select seq, hash from audit_head").fetch_optional(&mut *tx).await?;
        let (mut seq, mut previous) = head.unwrap_or_else(|| (0, NO_HASH.to_owned()));
        for pending in waiting.iter().cloned() {
            seq += 1;
            let Pending { at, name, kind, action, call, detail } = pending;
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
            row.execute(&mut *tx).await?;
            previous = record.hash;
        }
        sqlx::query(HEAD).bind(seq).bind(&previous).execute(&mut *tx).await?;
        tx.commit().await
    }

    /// The number and hash of the last record; what is noted elsewhere shows later that nothing before it was changed.
    pub async fn head(&self) -> Result<Option<(i64, String)>, AccessFault> {
        Ok(sqlx::query_as("select seq, hash from audit_head").fetch_optional(&self.0.pool).await?)
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
        let rows: Vec<Row> = sqlx::query_as(SQL).bind(before).bind(call).bind(limit).fetch_all(&self.0.pool).await?;
        rows.into_iter().map(record).collect()
    }

    /// The records after number `after`, in order, as many as one answer holds; none: that was the end.
    pub async fn after(&self, after: i64) -> Result<Vec<AuditRecord>, AccessFault> {
        const SQL: &str = "select seq, at_us, name, kind, action, call, detail, previous, hash from audit \
            where seq > $1 order by seq limit 1000";
        let rows: Vec<Row> = sqlx::query_as(SQL).bind(after).fetch_all(&self.0.pool).await?;
        rows.into_iter().map(record).collect()
    }

    /// Whether the records are those that were written, all of them, in their order.
    pub async fn verify(&self) -> Result<AuditVerdict, AccessFault> {
        let mut check = Check::default();
        for step in [Check::place, Check::record] {
            let mut after = i64::MIN;
            loop {
                let records = self.after(after).await?;
                let Some(last) = records.last() else { break };
                after = last.seq;
                records.iter().for_each(|record| step(&mut check, record));
            }
        }
        Ok(check.end(self.head().await?))
    }
}

type Row = (i64, i64, String, String, String, Option<String>, String, String, String);

fn record((seq, at, name, kind, action, call, detail, previous, hash): Row) -> Result<AuditRecord, AccessFault> {
    Ok(AuditRecord { seq, at: time(at)?, name, kind, action, call, detail, previous, hash })
}

/// What is wrong with the audit, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditFlaw {
    /// The record is not as it was written.
    Changed(i64),
    /// The records from the first number to the second are gone.
    Removed(i64, i64),
    /// The record at the first number was written as the second.
    Moved(i64, i64),
    /// The record was written after another one than that which stands before it.
    Unlinked(i64),
    /// The last record is not the one that was written last.
    End(i64),
}

impl fmt::Display for AuditFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(seq) => write!(f, "record {seq} was changed after it was written"),
            Self::Removed(from, to) if from == to => write!(f, "record {from} was removed"),
            Self::Removed(from, to) => write!(f, "records {from} to {to} were removed"),
            Self::Moved(at, from) => write!(f, "record {at} was written as record {from} and moved"),
            Self::Unlinked(seq) => {
                write!(f, "record {seq} was written after another record than the one before it: that one was replaced")
            }
            Self::End(seq) => write!(f, "record {seq} is the last one and not the one that was written last"),
        }
    }
}

/// What [`Audit::verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditVerdict {
    pub records: u64,
    /// Number and hash of the last record.
    pub head: Option<(i64, String)>,
    pub flaws: Vec<AuditFlaw>,
}

/// Reads the records twice in their order: where each hash stands, then whether each record is right.
#[derive(Default)]
struct Check {
    places: HashMap<String, i64>,
    records: u64,
    last: Option<(i64, String)>,
    /// Whether the last record is not as it was written: then the next one's link to it tells nothing new.
    last_is_wrong: bool,
    flaws: Vec<AuditFlaw>,
}

impl Check {
    fn place(&mut self, record: &AuditRecord) {
        self.places.insert(record.hash.clone(), record.seq);
    }

    fn record(&mut self, record: &AuditRecord) {
        let (last, previous) = self.last.take().unwrap_or_else(|| (0, NO_HASH.to_owned()));
        self.records += 1;
        if record.seq > last + 1 {
            self.flaws.push(AuditFlaw::Removed(last + 1, record.seq - 1));
        }
        let wrong = record.computed() != record.hash;
        let after_wrong = std::mem::replace(&mut self.last_is_wrong, wrong);
        if wrong {
            self.flaws.push(match self.written_as(record) {
                Some(seq) => AuditFlaw::Moved(record.seq, seq),
                None => AuditFlaw::Changed(record.seq),
            });
        } else if record.previous != previous && record.seq == last + 1 && !after_wrong {
            self.flaws.push(AuditFlaw::Unlinked(record.seq));
        }
        self.last = Some((record.seq, record.hash.clone()));
    }

    /// The number under which a record's hash is right: the one after its predecessor's, wherever that stands now, or any other.
    fn written_as(&self, record: &AuditRecord) -> Option<i64> {
        let near = self.places.get(&record.previous).map(|place| place + 1);
        let any = 1..=self.places.len() as i64 + 1;
        near.into_iter().chain(any).find(|seq| AuditRecord { seq: *seq, ..record.clone() }.computed() == record.hash)
    }

    fn end(mut self, head: Option<(i64, String)>) -> AuditVerdict {
        match (&self.last, &head) {
            (None, None) => {}
            (last, Some((seq, _))) if last.as_ref().is_none_or(|(last, _)| last < seq) => {
                self.flaws.push(AuditFlaw::Removed(last.as_ref().map_or(0, |(last, _)| *last) + 1, *seq));
            }
            (Some((last, hash)), head) if head.as_ref().is_none_or(|(seq, head)| (seq, head) != (last, hash)) => {
                self.flaws.push(AuditFlaw::End(*last));
            }
            _ => {}
        }
        AuditVerdict { records: self.records, head: self.last, flaws: self.flaws }
    }
}

//! `Deliveries`: messages to webhooks: a bounded queue that outlives the server, and what came of each message.
use super::Fault;
use super::read::time;
use crate::security::AccessPool;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

/// Messages that may wait for one webhook. One more is stored as failed; it can be replayed.
pub const WAITING: i64 = 1_000;
/// Messages of one webhook that are kept, waiting or not.
const KEPT: i64 = 10_000;

/// A message that is to be sent.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    pub id: String,
    pub webhook: String,
    /// `alert`, `call.ended` or `text`.
    pub event: &'static str,
    /// The id of the alert, or of the call.
    pub about: String,
    pub body: String,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    Waiting,
    Delivered,
    Failed,
}

impl DeliveryState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::Failed].into_iter().find(|state| state.name() == name)
    }
}

/// One message and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub id: String,
    pub webhook: String,
    pub event: String,
    pub about: String,
    pub body: String,
    pub state: DeliveryState,
    pub tries: u32,
    pub created_at: Timestamp,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// The HTTP status of the last answer.
    pub status: Option<u16>,
    /// Why the last try failed.
    pub why: Option<String>,
    pub done_at: Option<Timestamp>,
}

/// What one try came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    pub state: DeliveryState,
    pub status: Option<u16>,
    pub why: Option<String>,
    /// When it is tried again, where it waits.
    pub next_at: Option<Timestamp>,
}

/// Which messages are read, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantedDeliveries<'a> {
    pub webhook: Option<&'a str>,
    pub state: Option<DeliveryState>,
    pub before: Option<&'a str>,
    pub limit: usize,
}

struct DeliveryRow {
    id: String,
    webhook: String,
    event: String,
    about: String,
    body: String,
    state: String,
    tries: i64,
    created_us: i64,
    next_us: Option<i64>,
    status: Option<i64>,
    why: Option<String>,
    done_us: Option<i64>,
}

impl FromRow<'_, SqliteRow> for DeliveryRow {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            webhook: row.try_get("webhook")?,
            event: row.try_get("event")?,
            about: row.try_get("about")?,
            body: row.try_get("body")?,
            state: row.try_get("state")?,
            tries: row.try_get("tries")?,
            created_us: row.try_get("created_us")?,
            next_us: row.try_get("next_us")?,
            status: row.try_get("status")?,
            why: row.try_get("why")?,
            done_us: row.try_get("done_us")?,
        })
    }
}

impl DeliveryRow {
    fn delivery(self) -> Result<Delivery, Fault> {
        Ok(Delivery {
            id: self.id,
            webhook: self.webhook,
            event: self.event,
            about: self.about,
            body: self.body,
            state: DeliveryState::of(&self.state).ok_or(Fault::Content("deliveries"))?,
            tries: u32::try_from(self.tries).unwrap_or(u32::MAX),
            created_at: time(self.created_us)?,
            next_at: self.next_us.map(time).transpose()?,
            status: self.status.and_then(|status| u16::try_from(status).ok()),
            why: self.why,
            done_at: self.done_us.map(time).transpose()?,
        })
    }
}

/// Puts a message into the queue of its webhook.
pub(super) async fn insert(tx: &mut SqliteConnection, new: &NewDelivery) -> Result<(), sqlx::Error> {
    const COUNT: &str = "select count(*) from deliveries where webhook = $1 and state = 'waiting'";
    const SQL: &str = "insert into deliveries (id, webhook, event, about, body, state, created_us, next_us, why) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    const TRIM: &str = "delete from deliveries where id in (select id from deliveries where webhook = $1 \
        and state <> 'waiting' order by id desc limit -1 offset $2)";
    let (waiting,): (i64,) = sqlx::query_as(COUNT).bind(&new.webhook).fetch_one(&mut *tx).await?;
    let full = waiting >= WAITING;
    let state = if full { DeliveryState::Failed } else { DeliveryState::Waiting };
    let at = new.at.as_microsecond();
    let query = sqlx::query(SQL).bind(&new.id).bind(&new.webhook).bind(new.event).bind(&new.about).bind(&new.body);
    let query = query.bind(state.name()).bind(at).bind((!full).then_some(at));
    query.bind(full.then_some("too many messages waited for this webhook")).execute(&mut *tx).await?;
    sqlx::query(TRIM).bind(&new.webhook).bind(KEPT - WAITING).execute(&mut *tx).await?;
    Ok(())
}

/// A handle, cheap to clone.
#[derive(Clone)]
pub struct Deliveries {
    pool: AccessPool,
}

impl Deliveries {
    pub(super) fn new(pool: AccessPool) -> Self {
        Self { pool }
    }

    /// The messages of these webhooks that are due at `now`, the oldest first.
    pub async fn due(&self, webhooks: &[&str], now: Timestamp, limit: usize) -> Result<Vec<Delivery>, Fault> {
        const SQL: &str = "select * from deliveries where state = 'waiting' and next_us <= $1 \
            and webhook in (select value from json_each($2)) order by next_us limit $3";
        let names = serde_json::Value::from(webhooks.to_vec()).to_string();
        let query = sqlx::query_as(SQL).bind(now.as_microsecond()).bind(names).bind(limit as i64);
        let rows: Vec<DeliveryRow> = query.fetch_all(&self.pool.read).await.map_err(Fault::Database)?;
        rows.into_iter().map(DeliveryRow::delivery).collect()
    }

    pub async fn list(&self, wanted: WantedDeliveries<'_>) -> Result<Vec<Delivery>, Fault> {
        const SQL: &str = "select * from deliveries where ($1 is null or webhook = $1) and ($2 is null or state = $2) \
            and ($3 is null or id < $3) order by id desc limit $4";
        let query = sqlx::query_as(SQL).bind(wanted.webhook).bind(wanted.state.map(DeliveryState::name));
        let query = query.bind(wanted.before).bind(wanted.limit as i64);
        let rows: Vec<DeliveryRow> = query.fetch_all(&self.pool.read).await.map_err(Fault::Database)?;
        rows.into_iter().map(DeliveryRow::delivery).collect()
    }

    pub async fn one(&self, id: &str) -> Result<Option<Delivery>, Fault> {
        let query = sqlx::query_as("select * from deliveries where id = $1").bind(id);
        let row: Option<DeliveryRow> = query.fetch_optional(&self.pool.read).await.map_err(Fault::Database)?;
        row.map(DeliveryRow::delivery).transpose()
    }

    /// Writes down what a try came to.
    pub async fn tried(&self, id: &str, now: Timestamp, tried: &Tried) -> Result<(), Fault> {
        const SQL: &str = "update deliveries set state = $2, tries = tries + 1, status = $3, why = $4, next_us = $5, \
            done_us = $6 where id = $1";
        let us = |at: Timestamp| at.as_microsecond();
        let done = (tried.state != DeliveryState::Waiting).then_some(us(now));
        let query = sqlx::query(SQL).bind(id).bind(tried.state.name()).bind(tried.status.map(i64::from));
        let query = query.bind(&tried.why).bind(tried.next_at.map(us)).bind(done);
        let _turn = self.pool.turn("deliveries").await.map_err(Fault::Database)?;
        query.execute(&self.pool.write).await.map(drop).map_err(Fault::Database)
    }

    /// Has a message sent again, with the same id.
    pub async fn replay(&self, id: &str, now: Timestamp) -> Result<(), Fault> {
        const SQL: &str =
            "update deliveries set state = 'waiting', tries = 0, next_us = $2, done_us = null where id = $1";
        let query = sqlx::query(SQL).bind(id).bind(now.as_microsecond());
        let _turn = self.pool.turn("deliveries").await.map_err(Fault::Database)?;
        query.execute(&self.pool.write).await.map(drop).map_err(Fault::Database)
    }

    /// The same for what a webhook was told, or should have been, since a moment; how many they are.
    pub async fn replay_since(&self, webhook: &str, since: Timestamp, now: Timestamp) -> Result<u64, Fault> {
        const SQL: &str = "update deliveries set state = 'waiting', tries = 0, next_us = $3, done_us = null where id in \
            (select id from deliveries where webhook = $1 and created_us >= $2 and state <> 'waiting' order by id limit $4)";
        let query = sqlx::query(SQL).bind(webhook).bind(since.as_microsecond()).bind(now.as_microsecond());
        let _turn = self.pool.turn("deliveries").await.map_err(Fault::Database)?;
        Ok(query.bind(WAITING).execute(&self.pool.write).await.map_err(Fault::Database)?.rows_affected())
    }

    /// Messages that wait, of all webhooks.
    pub async fn waiting(&self) -> Result<u64, Fault> {
        let query = sqlx::query_as("select count(*) from deliveries where state = 'waiting'");
        let (count,): (i64,) = query.fetch_one(&self.pool.read).await.map_err(Fault::Database)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Forgets what was done with before `limit`.
    pub async fn prune(&self, limit: Timestamp) -> Result<u64, Fault> {
        let query = sqlx::query("delete from deliveries where state <> 'waiting' and created_us < $1");
        let _turn = self.pool.turn("deliveries").await.map_err(Fault::Database)?;
        let pruned = query.bind(limit.as_microsecond()).execute(&self.pool.write).await.map_err(Fault::Database)?;
        Ok(pruned.rows_affected())
    }
}

//! `Disk`: the writer's connection to the database: migrations, batches, calls that a crash left open.
use super::Fault;
use super::event::{Call, TimelineEvent};
use super::rows::Rows;
use crate::security::{AccessPool, WriteTurns};
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Executor, SqliteConnection};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(super) const FILE: &str = "switchboard.db";

pub(super) fn options(dir: &Path) -> SqliteConnectOptions {
    // A commit survives the end of the process at once, and a power cut after the next checkpoint (SQLite, "synchronous").
    SqliteConnectOptions::new()
        .filename(dir.join(FILE))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_millis(250))
        // What is deleted or replaced is overwritten with zeros, here and in what the write-ahead log still holds of it.
        .pragma("secure_delete", "on")
}

/// Connections for what is not of a call.
pub(super) fn access_pool(dir: &Path) -> AccessPool {
    let pool = |options: SqliteConnectOptions| {
        SqlitePoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(3)).connect_lazy_with(options)
    };
    let write = options(dir).busy_timeout(Duration::from_secs(2));
    AccessPool { read: pool(options(dir).read_only(true)), write: pool(write), turns: WriteTurns::default() }
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), Fault> {
    let migrator = sqlx::migrate::Migrator::new(Embedded).await.map_err(Fault::Migration)?;
    migrator.run(connection).await.map_err(Fault::Migration)
}

/// Makes the database in `dir`, or brings it up to date, whether or not a server runs.
pub(super) async fn bring_up_to_date(dir: &Path) -> Result<(), Fault> {
    let connected = SqliteConnection::connect_with(&options(dir).create_if_missing(true)).await;
    let mut connection = connected.map_err(Fault::Database)?;
    migrate(&mut connection).await?;
    connection.close().await.map_err(Fault::Database)
}

pub(super) struct Disk {
    connection: SqliteConnection,
    turns: WriteTurns,
}

impl Disk {
    pub(super) async fn open(dir: &Path, turns: WriteTurns) -> Result<Self, Fault> {
        let connection =
            SqliteConnection::connect_with(&options(dir).create_if_missing(true)).await.map_err(Fault::Database)?;
        Ok(Self { connection, turns })
    }

    /// Runs the migrations and ends the calls that a crash left open. Returns how many those were.
    pub(super) async fn prepare(&mut self) -> Result<u64, Fault> {
        migrate(&mut self.connection).await?;
        self.connection.execute(NOTE_OPEN).await.map_err(Fault::Database)?;
        let closed = sqlx::query(CLOSE_OPEN).execute(&mut self.connection).await.map_err(Fault::Database)?;
        Ok(closed.rows_affected())
    }

    /// Writes all of `events` and `whole` in one transaction.
    pub(super) async fn write(&mut self, events: &[Arc<TimelineEvent>], whole: &[Call]) -> Result<(), sqlx::Error> {
        let statements = Rows::of(events, whole).statements().map_err(|e| sqlx::Error::Encode(e.into()))?;
        let _turn = self.turns.next("calls").await?;
        let mut tx = self.connection.begin_with("begin immediate").await?;
        for (sql, rows) in statements {
            sqlx::query(sql).bind(rows).execute(&mut *tx).await?;
        }
        tx.commit().await
    }

    /// Deletes up to 500 calls that ended before `limit`; returns how many, and the recordings that were theirs.
    pub(super) async fn prune(&mut self, limit: Timestamp) -> Result<(usize, Vec<String>), sqlx::Error> {
        const OLD: &str = "select id, recording from calls where ended_us < $1 order by ended_us limit 500";
        let _turn = self.turns.next("old calls").await?;
        let mut tx = self.connection.begin_with("begin immediate").await?;
        let old: Vec<(String, Option<String>)> =
            sqlx::query_as(OLD).bind(limit.as_microsecond()).fetch_all(&mut *tx).await?;
        let ids = serde_json::Value::from(old.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>()).to_string();
        delete(&mut tx, &ids).await?;
        tx.commit().await?;
        Ok((old.len(), old.into_iter().filter_map(|(_, recording)| recording).collect()))
    }

    /// Deletes these calls where they have ended, so that nothing of them is left in the file. How many, and their recordings.
    pub(super) async fn erase(&mut self, calls: &[String]) -> Result<(usize, Vec<String>), sqlx::Error> {
        const ENDED: &str = "select id, recording from calls where ended_us is not null and id in \
            (select value from json_each($1))";
        let _turn = self.turns.next("erasing").await?;
        let mut tx = self.connection.begin_with("begin immediate").await?;
        let wanted = serde_json::Value::from(calls).to_string();
        let found: Vec<(String, Option<String>)> = sqlx::query_as(ENDED).bind(wanted).fetch_all(&mut *tx).await?;
        let ids = serde_json::Value::from(found.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>()).to_string();
        delete(&mut tx, &ids).await?;
        tx.commit().await?;
        // A reader may keep the log; the next checkpoint empties it then.
        self.connection.execute("pragma wal_checkpoint(truncate)").await?;
        Ok((found.len(), found.into_iter().filter_map(|(_, recording)| recording).collect()))
    }

    /// Moves the write-ahead log into the database file and closes the connection.
    pub(super) async fn close(mut self) -> Result<(), String> {
        let emptied: Result<(i64, i64, i64), _> =
            sqlx::query_as("pragma wal_checkpoint(truncate)").fetch_one(&mut self.connection).await;
        let closed = self.connection.close().await;
        let (busy, ..) = emptied.and_then(|emptied| closed.map(|()| emptied)).map_err(|why| why.to_string())?;
        if busy != 0 {
            return Err(format!("another program reads {FILE}: its last changes lie in {FILE}-wal beside it"));
        }
        Ok(())
    }
}

/// What there is of calls, in every table: `$1` is a JSON list of their ids.
const DELETES: [&str; 16] = [
    "delete from deliveries where about in (select value from json_each($1) union all select id from alerts \
        where call in (select value from json_each($1)))",
    "delete from alerts where call in (select value from json_each($1))",
    "delete from turns where call in (select value from json_each($1))",
    "delete from slots where call in (select value from json_each($1))",
    "delete from silences where call in (select value from json_each($1))",
    "delete from latencies where call in (select value from json_each($1))",
    "delete from lines where call in (select value from json_each($1))",
    "delete from notes where call in (select value from json_each($1))",
    "delete from tags where call in (select value from json_each($1))",
    "delete from callbacks_done where call in (select value from json_each($1))",
    "delete from callback_requests where call in (select value from json_each($1))",
    "delete from share_readers where call in (select value from json_each($1))",
    "delete from shares where call in (select value from json_each($1))",
    "delete from memory where call in (select value from json_each($1))",
    "delete from timeline where call in (select value from json_each($1))",
    "delete from calls where id in (select value from json_each($1))",
];

async fn delete(connection: &mut SqliteConnection, ids: &str) -> Result<(), sqlx::Error> {
    for delete in DELETES {
        sqlx::query(delete).bind(ids).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Looks at every page of the database. How many calls there are.
pub(super) async fn probe(dir: &Path) -> Result<u64, Fault> {
    let mut connection =
        SqliteConnection::connect_with(&options(dir).read_only(true)).await.map_err(Fault::Database)?;
    let calls: Result<(i64,), _> = sqlx::query_as("select count(*) from calls").fetch_one(&mut connection).await;
    let (calls,) = calls.map_err(Fault::Database)?;
    // Counting reads an index alone.
    let whole: Result<(String,), _> = sqlx::query_as("pragma quick_check(1)").fetch_one(&mut connection).await;
    let (whole,) = whole.map_err(Fault::Database)?;
    if whole != "ok" {
        return Err(Fault::Damaged { file: dir.join(FILE), why: whole.replace('\n', " ") });
    }
    connection.close().await.map_err(Fault::Database)?;
    Ok(u64::try_from(calls).unwrap_or(0))
}

/// Such a call ends at the time of its last event.
const NOTE_OPEN: &str = "insert into timeline (call, at_us, at_ms, event) \
    select id, at, (at - started_us) / 1000, '{\"event\":\"ended\",\"blame\":\"server\",\"reason\":\"server stopped\"}' from \
    (select id, started_us, coalesce((select max(at_us) from timeline where call = calls.id), started_us) as at from calls where ended_us is null)";
const CLOSE_OPEN: &str = "update calls set blame = 'server', reason = 'server stopped', \
    ended_us = coalesce((select max(at_us) from timeline where call = calls.id), started_us) where ended_us is null";

/// The migrations inside the binary, oldest first. (`sqlx::migrate!` would compile SQLite a second time, for the macro.)
#[derive(Debug)]
struct Embedded;

impl sqlx::migrate::MigrationSource<'static> for Embedded {
    fn resolve(
        self,
    ) -> futures::future::BoxFuture<
        'static,
        Result<Vec<sqlx::migrate::Migration>, Box<dyn std::error::Error + Send + Sync>>,
    > {
        use sqlx::SqlSafeStr;
        use sqlx::migrate::{Migration, MigrationType};
        const ALL: [(i64, &str, &str); 13] = [
            (1, "calls", include_str!("migrations/0001_calls.sql")),
            (2, "lines", include_str!("migrations/0002_lines.sql")),
            (3, "means", include_str!("migrations/0003_means.sql")),
            (4, "recorded", include_str!("migrations/0004_recorded.sql")),
            (5, "headers", include_str!("migrations/0005_headers.sql")),
            (6, "access", include_str!("migrations/0006_access.sql")),
            (7, "makers", include_str!("migrations/0007_makers.sql")),
            (8, "notes", include_str!("migrations/0008_notes.sql")),
            (9, "alerts", include_str!("migrations/0009_alerts.sql")),
            (10, "callbacks", include_str!("migrations/0010_callbacks.sql")),
            (11, "identities", include_str!("migrations/0011_identities.sql")),
            (12, "callback requests", include_str!("migrations/0012_callback_requests.sql")),
            (13, "memory", include_str!("migrations/0013_memory.sql")),
        ];
        let one = |&(version, what, sql): &(i64, &'static str, &'static str)| {
            Migration::new(version, what.into(), MigrationType::Simple, sql.into_sql_str(), false)
        };
        Box::pin(async move { Ok(ALL.iter().map(one).collect()) })
    }
}

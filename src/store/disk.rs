//! `Disk`: the database as the writer sees it: migrations, batches, calls a crash left open.
use super::event::{Call, Direction, Event, Slot, TimelineEvent};
use super::{Fault, name_of};
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
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
}

pub(super) struct Disk {
    connection: SqliteConnection,
}

impl Disk {
    pub(super) async fn open(dir: &Path) -> Result<Self, Fault> {
        let connection =
            SqliteConnection::connect_with(&options(dir).create_if_missing(true)).await.map_err(Fault::Database)?;
        Ok(Self { connection })
    }

    /// Brings the tables up to date and ends the calls that a crash left open. Returns how many those were.
    pub(super) async fn prepare(&mut self) -> Result<u64, Fault> {
        let migrator = sqlx::migrate::Migrator::new(Embedded).await.map_err(Fault::Migration)?;
        migrator.run(&mut self.connection).await.map_err(Fault::Migration)?;
        self.connection.execute(NOTE_OPEN).await.map_err(Fault::Database)?;
        let closed = sqlx::query(CLOSE_OPEN).execute(&mut self.connection).await.map_err(Fault::Database)?;
        Ok(closed.rows_affected())
    }

    /// All of `events` and `whole`, or nothing.
    pub(super) async fn write(&mut self, events: &[Arc<TimelineEvent>], whole: &[Call]) -> Result<(), sqlx::Error> {
        let mut tx = self.connection.begin_with("begin immediate").await?;
        for event in events {
            note(&mut tx, event).await?;
        }
        for call in whole {
            keep(&mut tx, call).await?;
        }
        tx.commit().await
    }

    /// Deletes up to 500 calls that ended before `limit`; returns how many, and the recordings that were theirs.
    pub(super) async fn prune(&mut self, limit: Timestamp) -> Result<(usize, Vec<String>), sqlx::Error> {
        const OLD: &str = "select id, recording from calls where ended_us < $1 order by ended_us limit 500";
        const DELETES: [&str; 7] = [
            "delete from turns where call in (select value from json_each($1))",
            "delete from slots where call in (select value from json_each($1))",
            "delete from silences where call in (select value from json_each($1))",
            "delete from latencies where call in (select value from json_each($1))",
            "delete from lines where call in (select value from json_each($1))",
            "delete from timeline where call in (select value from json_each($1))",
            "delete from calls where id in (select value from json_each($1))",
        ];
        let mut tx = self.connection.begin_with("begin immediate").await?;
        let old: Vec<(String, Option<String>)> =
            sqlx::query_as(OLD).bind(limit.as_microsecond()).fetch_all(&mut *tx).await?;
        let ids = serde_json::Value::from(old.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>()).to_string();
        for delete in DELETES {
            sqlx::query(delete).bind(&ids).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok((old.len(), old.into_iter().filter_map(|(_, recording)| recording).collect()))
    }

    pub(super) async fn close(self) {
        if let Err(why) = self.connection.close().await {
            tracing::warn!(%why, "database did not close cleanly; nothing committed is lost");
        }
    }
}

/// The last moment known of such a call is its last event.
const NOTE_OPEN: &str = "insert into timeline (call, at_us, at_ms, event) \
    select id, at, (at - started_us) / 1000, '{\"event\":\"ended\",\"blame\":\"server\",\"reason\":\"server stopped\"}' from \
    (select id, started_us, coalesce((select max(at_us) from timeline where call = calls.id), started_us) as at from calls where ended_us is null)";
const CLOSE_OPEN: &str = "update calls set blame = 'server', reason = 'server stopped', \
    ended_us = coalesce((select max(at_us) from timeline where call = calls.id), started_us) where ended_us is null";

const START: &str = "insert into calls (id, direction, via, from_party, to_party, bot, language, started_us) \
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing";
const ANSWER: &str = "update calls set answered_us = coalesce(answered_us, $2) where id = $1";
const END: &str = "update calls set ended_us = $2, blame = $3, reason = $4 where id = $1 and ended_us is null";
const RECORD: &str = "update calls set recording = $2 where id = $1";
const TURN: &str = "insert or replace into turns (call, started_ms, speaker, ended_ms, text, heard, interrupted, confidence) \
    values ($1, $2, $3, $4, $5, $6, $7, $8)";
const SLOT: &str = "insert or replace into slots (call, name, value, confirmed) values ($1, $2, $3, $4)";
const NO_SLOT: &str = "delete from slots where call = $1 and name = $2";
const SILENCE: &str = "insert or replace into silences (call, started_ms, kind, ended_ms) values ($1, $2, $3, $4)";
const LATENCY: &str = "insert or replace into latencies \
    (call, turn, endpoint_ms, recognise_ms, think_ms, synthesise_ms, playout_ms, total_ms) values ($1, $2, $3, $4, $5, $6, $7, $8)";
const LINE: &str = "insert or replace into lines (call, seat, line) values ($1, $2, $3)";
const TIMELINE: &str = "insert into timeline (call, at_us, at_ms, event) values ($1, $2, $3, $4)";

async fn note(tx: &mut SqliteConnection, noted: &TimelineEvent) -> Result<(), sqlx::Error> {
    let json = serde_json::to_string(&noted.event).map_err(|e| sqlx::Error::Encode(e.into()))?;
    let line =
        sqlx::query(TIMELINE).bind(&noted.call).bind(noted.at.as_microsecond()).bind(whole(noted.at_ms)).bind(json);
    line.execute(&mut *tx).await?;
    unfold(tx, &noted.call, noted.at, &noted.event).await
}

/// One event into the tables it belongs to.
async fn unfold(tx: &mut SqliteConnection, call: &str, at: Timestamp, event: &Event) -> Result<(), sqlx::Error> {
    let at = at.as_microsecond();
    let query = match event {
        Event::Started(s) => {
            let direction = name_of(&s.direction);
            sqlx::query(START)
                .bind(call)
                .bind(direction)
                .bind(&s.via)
                .bind(&s.from.0)
                .bind(&s.to.0)
                .bind(&s.bot)
                .bind(&s.language)
                .bind(at)
        }
        Event::Answered => sqlx::query(ANSWER).bind(call).bind(at),
        Event::Turn(t) => {
            let query = sqlx::query(TURN)
                .bind(call)
                .bind(whole(t.started_ms))
                .bind(name_of(&t.speaker))
                .bind(whole(t.ended_ms));
            query.bind(&t.text.0).bind(&t.heard.0).bind(t.interrupted).bind(t.confidence.map(f64::from))
        }
        Event::Slot(Slot { name, value: Some(value), confirmed }) => {
            sqlx::query(SLOT).bind(call).bind(name).bind(value.0.to_string()).bind(*confirmed)
        }
        Event::Slot(Slot { name, value: None, .. }) => sqlx::query(NO_SLOT).bind(call).bind(name),
        Event::Silence(s) => {
            sqlx::query(SILENCE).bind(call).bind(whole(s.started_ms)).bind(name_of(&s.kind)).bind(whole(s.ended_ms))
        }
        Event::Latency(l) => {
            let parts = [l.turn, l.endpoint_ms, l.recognise_ms, l.think_ms, l.synthesise_ms, l.playout_ms, l.total_ms];
            parts.into_iter().fold(sqlx::query(LATENCY).bind(call), |query, part| query.bind(part))
        }
        Event::Line(line) => {
            let json = serde_json::to_string(line).map_err(|e| sqlx::Error::Encode(e.into()))?;
            sqlx::query(LINE).bind(call).bind(&line.seat).bind(json)
        }
        Event::Mark(_) => return Ok(()),
        Event::Recording(r) => sqlx::query(RECORD).bind(call).bind(&r.path),
        Event::Ended(end) => sqlx::query(END).bind(call).bind(at).bind(end.blame.name()).bind(&end.reason),
    };
    query.execute(tx).await?;
    Ok(())
}

/// A whole call, for one that lost events on the way. Its timeline keeps the gap.
async fn keep(tx: &mut SqliteConnection, call: &Call) -> Result<(), sqlx::Error> {
    let row = sqlx::query(START).bind(&call.id).bind(match call.direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    });
    let row = row.bind(&call.via).bind(&call.from.0).bind(&call.to.0).bind(&call.bot).bind(&call.language);
    row.bind(call.started_at.as_microsecond()).execute(&mut *tx).await?;
    if let Some(at) = call.answered_at {
        unfold(tx, &call.id, at, &Event::Answered).await?;
    }
    if let Some(path) = call.recording.clone() {
        unfold(tx, &call.id, call.started_at, &Event::Recording(super::Recording { path })).await?;
    }
    let turns = call.turns.iter().cloned().map(Event::Turn);
    let silences = call.silences.iter().copied().map(Event::Silence);
    let latency = call.latency.iter().copied().map(Event::Latency);
    let slots = call
        .slots
        .iter()
        .map(|(name, value)| Event::Slot(Slot { name: name.clone(), value: Some(value.clone()), confirmed: true }));
    let lines = call.lines.iter().cloned().map(Event::Line);
    for event in turns.chain(silences).chain(latency).chain(lines).chain(slots) {
        unfold(tx, &call.id, call.started_at, &event).await?;
    }
    if let (Some(at), Some(end)) = (call.ended_at, call.end.clone()) {
        unfold(tx, &call.id, at, &Event::Ended(end)).await?;
    }
    Ok(())
}

fn whole(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

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
        const ALL: [(i64, &str, &str); 2] = [
            (1, "calls", include_str!("migrations/0001_calls.sql")),
            (2, "lines", include_str!("migrations/0002_lines.sql")),
        ];
        let one = |&(version, what, sql): &(i64, &'static str, &'static str)| {
            Migration::new(version, what.into(), MigrationType::Simple, sql.into_sql_str(), false)
        };
        Box::pin(async move { Ok(ALL.iter().map(one).collect()) })
    }
}

//! Reads calls from the database, for the API. Readers never block the writer (SQLite's write-ahead log).
use super::event::{Call, CallEvent, CallState, Latency, LineStats, Recorded, Silence, TimelineEvent, Turn};
use super::{End, Fault, Private, Reason, Wanted, of_name};
use jiff::Timestamp;
use sqlx::SqlitePool;
use std::collections::BTreeMap;

type Row = (
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
    String,
    Option<String>,
);

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, direction, via, from_party, to_party, bot, language, started_us, answered_us, ended_us, blame, reason, recording, recorded, headers \
             from calls where ended_us is not null and ",
            $rest
        )
    };
}

/// Ended calls, newest first.
pub(super) async fn ended(pool: &SqlitePool, wanted: Wanted<'_>) -> Result<Vec<Call>, Fault> {
    const SQL: &str = columns!(
        "($1 is null or id < $1) and ($2 is null or bot in (select value from json_each($2))) order by id desc limit $3"
    );
    let Wanted { limit, before, bots, .. } = wanted;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let query = sqlx::query_as(SQL).bind(before).bind(in_database(bots)).bind(limit);
    let rows: Vec<Row> = query.fetch_all(pool).await.map_err(Fault::Database)?;
    fill(pool, rows).await
}

/// Names as a JSON list, which SQL takes apart; `None`: all.
pub(super) fn in_database(bots: Option<&[String]>) -> Option<String> {
    bots.map(|bots| serde_json::Value::from(bots).to_string())
}

pub(super) async fn one(pool: &SqlitePool, id: &str) -> Result<Option<Call>, Fault> {
    const SQL: &str = columns!("id = $1");
    let rows: Vec<Row> = sqlx::query_as(SQL).bind(id).fetch_all(pool).await.map_err(Fault::Database)?;
    Ok(fill(pool, rows).await?.pop())
}

pub(super) async fn has(pool: &SqlitePool, id: &str) -> Result<bool, Fault> {
    let found: Option<(i64,)> = sqlx::query_as("select 1 from calls where id = $1")
        .bind(id)
        .fetch_optional(pool)
        .await
        .map_err(Fault::Database)?;
    Ok(found.is_some())
}

pub(super) async fn timeline(pool: &SqlitePool, id: &str) -> Result<Vec<TimelineEvent>, Fault> {
    const SQL: &str = "select at_us, at_ms, event from timeline where call = $1 order by seq limit 20000";
    let rows: Vec<(i64, i64, String)> = sqlx::query_as(SQL).bind(id).fetch_all(pool).await.map_err(Fault::Database)?;
    let one = |(at, at_ms, event): (i64, i64, String)| {
        let event: CallEvent = serde_json::from_str(&event).map_err(|_| Fault::Content("timeline.event"))?;
        Ok(TimelineEvent { call: id.into(), at: time(at)?, at_ms: count(at_ms), event })
    };
    rows.into_iter().map(one).collect()
}

async fn fill(pool: &SqlitePool, rows: Vec<Row>) -> Result<Vec<Call>, Fault> {
    let calls = rows.into_iter().map(call).collect::<Result<Vec<_>, _>>()?;
    let mut filling = Filling::new(pool, calls);
    filling.turns().await?;
    filling.slots().await?;
    filling.silences().await?;
    filling.latencies().await?;
    filling.lines().await?;
    Ok(filling.calls)
}

/// Calls that are given the rows of the other tables.
struct Filling<'a> {
    pool: &'a SqlitePool,
    calls: Vec<Call>,
    /// Where each call is, by id.
    places: BTreeMap<String, usize>,
    /// The ids as a JSON array.
    ids: String,
}

impl<'a> Filling<'a> {
    fn new(pool: &'a SqlitePool, calls: Vec<Call>) -> Self {
        let ids = serde_json::Value::from(calls.iter().map(|call| call.id.as_str()).collect::<Vec<_>>()).to_string();
        let places = calls.iter().enumerate().map(|(place, call)| (call.id.clone(), place)).collect();
        Self { pool, calls, places, ids }
    }

    /// The rows of these calls; the first column is a call's id.
    async fn rows<T>(&self, sql: &'static str) -> Result<Vec<T>, Fault>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
    {
        sqlx::query_as(sql).bind(&self.ids).fetch_all(self.pool).await.map_err(Fault::Database)
    }

    fn call(&mut self, id: &str) -> Option<&mut Call> {
        self.places.get(id).and_then(|place| self.calls.get_mut(*place))
    }

    async fn turns(&mut self) -> Result<(), Fault> {
        const SQL: &str = "select call, started_ms, speaker, ended_ms, text, heard, interrupted, confidence, means from turns \
            where call in (select value from json_each($1)) order by call, started_ms";
        type TurnRow = (String, i64, String, i64, String, String, bool, Option<f64>, Option<String>);
        for (id, started, speaker, ended, text, heard, interrupted, confidence, means) in
            self.rows::<TurnRow>(SQL).await?
        {
            let turn = Turn {
                speaker: of_name(&speaker).ok_or(Fault::Content("turns.speaker"))?,
                text: text.into(),
                heard: heard.into(),
                interrupted,
                started_ms: count(started),
                ended_ms: count(ended),
                confidence: confidence.map(|c| c as f32),
                by: means.map(|means| of_name(&means).ok_or(Fault::Content("turns.means"))).transpose()?,
            };
            if let Some(call) = self.call(&id) {
                call.turns.push(turn);
            }
        }
        Ok(())
    }

    async fn slots(&mut self) -> Result<(), Fault> {
        const SQL: &str = "select call, name, value from slots where call in (select value from json_each($1))";
        for (id, name, value) in self.rows::<(String, String, String)>(SQL).await? {
            let value: serde_json::Value = serde_json::from_str(&value).map_err(|_| Fault::Content("slots.value"))?;
            if let Some(call) = self.call(&id) {
                call.slots.insert(name, Private(value));
            }
        }
        Ok(())
    }

    async fn silences(&mut self) -> Result<(), Fault> {
        const SQL: &str = "select call, started_ms, kind, ended_ms from silences \
            where call in (select value from json_each($1)) order by call, started_ms";
        for (id, started, kind, ended) in self.rows::<(String, i64, String, i64)>(SQL).await? {
            let kind = of_name(&kind).ok_or(Fault::Content("silences.kind"))?;
            let silence = Silence { kind, started_ms: count(started), ended_ms: count(ended) };
            if let Some(call) = self.call(&id) {
                call.silences.push(silence);
            }
        }
        Ok(())
    }

    async fn latencies(&mut self) -> Result<(), Fault> {
        const SQL: &str = "select call, turn, endpoint_ms, recognise_ms, think_ms, synthesise_ms, playout_ms, total_ms from latencies \
            where call in (select value from json_each($1)) order by call, turn";
        type LatencyRow = (String, u32, u32, u32, u32, u32, u32, u32);
        for (id, turn, endpoint_ms, recognise_ms, think_ms, synthesise_ms, playout_ms, total_ms) in
            self.rows::<LatencyRow>(SQL).await?
        {
            let latency = Latency { turn, endpoint_ms, recognise_ms, think_ms, synthesise_ms, playout_ms, total_ms };
            if let Some(call) = self.call(&id) {
                call.latency.push(latency);
            }
        }
        Ok(())
    }

    async fn lines(&mut self) -> Result<(), Fault> {
        const SQL: &str =
            "select call, line from lines where call in (select value from json_each($1)) order by call, seat";
        for (id, line) in self.rows::<(String, String)>(SQL).await? {
            let line: LineStats = serde_json::from_str(&line).map_err(|_| Fault::Content("lines.line"))?;
            if let Some(call) = self.call(&id) {
                call.lines.push(line);
            }
        }
        Ok(())
    }
}

fn call(row: Row) -> Result<Call, Fault> {
    let (
        id,
        direction,
        via,
        from,
        to,
        bot,
        language,
        started,
        answered,
        ended,
        blame,
        reason,
        recording,
        recorded,
        headers,
    ) = row;
    let blame = blame.and_then(|blame| of_name(&blame)).ok_or(Fault::Content("calls.blame"))?;
    Ok(Call {
        id,
        direction: of_name(&direction).ok_or(Fault::Content("calls.direction"))?,
        via,
        from: from.into(),
        to: to.into(),
        bot,
        language,
        headers: match headers {
            Some(headers) => serde_json::from_str(&headers).map_err(|_| Fault::Content("calls.headers"))?,
            None => BTreeMap::new(),
        },
        task: None,
        current_bot: None,
        state: CallState::Ended,
        started_at: time(started)?,
        answered_at: answered.map(time).transpose()?,
        ended_at: ended.map(time).transpose()?,
        end: Some(End { blame, reason: Reason::of(&reason.unwrap_or_default()) }),
        slots: BTreeMap::new(),
        turns: Vec::new(),
        silences: Vec::new(),
        latency: Vec::new(),
        lines: Vec::new(),
        seats: Vec::new(),
        recorded: of_name::<Recorded>(&recorded).ok_or(Fault::Content("calls.recorded"))?,
        recording,
        recording_open: false,
    })
}

pub(super) fn time(us: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_microsecond(us).map_err(|_| Fault::Content("a time"))
}

pub(super) fn count(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}

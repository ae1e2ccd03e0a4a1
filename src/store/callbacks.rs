//! Callers who did not wait for a person and are to be called back; who has done so.
use super::{Direction, Fault, Private, Store, now, of_name, read};
use jiff::Timestamp;

/// A call that ended with the wish to be called back, or in which a bot has promised it.
#[derive(Clone, Debug, PartialEq)]
pub struct Callback {
    pub call: String,
    pub bot: String,
    pub language: String,
    /// Where the caller was to be put through.
    pub destination: Option<String>,
    pub caller: Private<String>,
    pub at: Timestamp,
    /// When they want to be called; `None`: as soon as possible.
    pub due: Option<Timestamp>,
    /// When somebody has called back, and who.
    pub done: Option<(Timestamp, String)>,
}

/// Which are read, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantedCallbacks<'a> {
    /// Only those that nobody has done.
    pub open: bool,
    /// Only this call.
    pub call: Option<&'a str>,
    /// `None`: those of all bots.
    pub bots: Option<&'a [String]>,
    /// The call of the last one already read.
    pub before: Option<&'a str>,
    pub limit: usize,
}

type Row =
    (String, String, String, String, String, String, i64, Option<String>, Option<i64>, Option<i64>, Option<String>);

impl Store {
    pub async fn callbacks(&self, wanted: WantedCallbacks<'_>) -> Result<Vec<Callback>, Fault> {
        const SQL: &str = "select c.id, c.bot, c.language, c.direction, c.from_party, c.to_party, c.ended_us, \
            (select event->>'$.data.destination' from timeline where call = c.id \
                and event->>'$.name' = 'callback_wanted' limit 1), q.due_us, d.at_us, d.by \
            from calls c left join callbacks_done d on d.call = c.id left join callback_requests q on q.call = c.id \
            where (c.reason = 'to be called back' or c.id in (select call from callback_requests)) and c.ended_us is not null and ($1 = 0 or d.call is null) \
            and ($2 is null or c.id = $2) and ($3 is null or c.bot in (select value from json_each($3))) \
            and ($4 is null or c.id < $4) order by c.id desc limit $5";
        let WantedCallbacks { open, call, bots, before, limit } = wanted;
        let rows: Vec<Row> = sqlx::query_as(SQL)
            .bind(open)
            .bind(call)
            .bind(read::in_database(bots))
            .bind(before)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.access.read)
            .await
            .map_err(Fault::Database)?;
        rows.into_iter().map(callback).collect()
    }

    /// A bot has promised that somebody calls back. What is asked for last counts.
    pub async fn want_call_back(&self, call: &str, due: Option<Timestamp>) -> Result<(), Fault> {
        const SQL: &str = "insert into callback_requests (call, due_us) values ($1, $2) \
            on conflict (call) do update set due_us = excluded.due_us";
        let query = sqlx::query(SQL).bind(call).bind(due.map(Timestamp::as_microsecond));
        query.execute(&self.access.write).await.map(drop).map_err(Fault::Database)
    }

    /// `by` has called back. The first one stays.
    pub async fn called_back(&self, call: &str, by: &str) -> Result<(), Fault> {
        const SQL: &str = "insert or ignore into callbacks_done (call, at_us, by) values ($1, $2, $3)";
        let query = sqlx::query(SQL).bind(call).bind(now().as_microsecond()).bind(by);
        let _turn = self.access.turn("call-backs").await.map_err(Fault::Database)?;
        query.execute(&self.access.write).await.map(drop).map_err(Fault::Database)
    }
}

fn callback(row: Row) -> Result<Callback, Fault> {
    let (call, bot, language, direction, from, to, ended, destination, due, done, by) = row;
    let caller = match of_name(&direction).ok_or(Fault::Content("calls.direction"))? {
        Direction::Inbound => from,
        Direction::Outbound => to,
    };
    let done = done.zip(by).map(|(at, by)| Ok((read::time(at)?, by))).transpose()?;
    let (at, due) = (read::time(ended)?, due.map(read::time).transpose()?);
    Ok(Callback { call, bot, language, destination, caller: caller.into(), at, due, done })
}

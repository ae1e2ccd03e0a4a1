//! What bots remember of callers: facts, promises, language and pace, each with the call that it is from and the time until which it is kept.
use super::{Call, Direction, Fault, Private, Store, now, read};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Connection, Executor, Sqlite};
use telephony::Called;

/// How a visitor is written whom the server of a page has named by something else than a number.
pub const VISITOR: &str = "visitor:";

/// A caller, by the number or user that calls of one are compared by. It is nobody where there is no number.
#[derive(Clone, PartialEq, Eq)]
pub struct CallerKey(String);

impl std::fmt::Debug for CallerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CallerKey(…)")
    }
}

impl CallerKey {
    /// Of who called, or was called; `None` for a visitor of a web page whom nobody has named, and for a number that is withheld.
    pub fn of(direction: Direction, from: &Private<String>, to: &Private<String>) -> Option<Self> {
        let caller = compared(direction, from, to);
        let withheld = ["anonymous", "unavailable", "unknown", "restricted"];
        (!caller.is_empty() && !withheld.contains(&caller.to_lowercase().as_str())).then_some(Self(caller))
    }

    pub fn of_call(call: &Call) -> Option<Self> {
        Self::of(call.direction, &call.from, &call.to)
    }
}

/// The caller's user or number, as it is compared.
pub(super) fn compared(direction: Direction, from: &Private<String>, to: &Private<String>) -> String {
    let party = match direction {
        Direction::Inbound => from,
        Direction::Outbound => to,
    };
    // The server of a page has named this visitor. No party of signalling is written so.
    if party.0.starts_with(VISITOR) {
        return party.0.clone();
    }
    // A name may stand before the address.
    let uri = party.0.rsplit_once('<').map_or(party.0.as_str(), |(_, uri)| uri.trim_end_matches('>'));
    let called = Called::of(uri);
    if called.user().starts_with(VISITOR) {
        return String::new();
    }
    let digits: String = called.user().chars().filter(|c| !"-.()".contains(*c)).collect();
    let number = digits.strip_prefix('+').unwrap_or(&digits);
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    if is_number { digits } else { called.user().to_owned() }
}

/// What one row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryKind {
    /// The value of a slot.
    Fact,
    /// What is owed to the caller, by what it is; its value says of which task.
    Promise,
    /// The caller has agreed, or was told.
    Consent,
    Language,
    /// How many times as long as usual this caller is waited for.
    Pace,
}

/// One thing that is remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    pub kind: MemoryKind,
    pub name: String,
    pub value: Private<Value>,
    /// The bots that know it.
    pub shared: String,
    /// The call that it is from.
    pub call: String,
    pub at: Timestamp,
    pub until: Timestamp,
}

/// Whose memory it is, and for which bots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryOf {
    pub caller: CallerKey,
    /// The word that the bots share, or the name of the only one.
    pub shared: String,
}

/// What is to be remembered: the kind, the name, and a value; without one what there was is forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct ToRemember {
    pub kind: MemoryKind,
    pub name: String,
    pub value: Option<Private<Value>>,
}

type Row = (String, String, String, String, String, i64, i64);

impl Store {
    /// What is remembered of a caller and has not ended. A call back that somebody has made is owed no more.
    pub async fn memory(&self, of: &MemoryOf) -> Result<Vec<Remembered>, Fault> {
        const SQL: &str = "select kind, name, value, shared, call, at_us, until_us from memory \
            where caller = $1 and shared = $2 and until_us > $3 and not (kind = 'promise' and name = 'call_back' \
                and exists (select 1 from callbacks_done d where d.call = memory.call)) \
            order by kind, name";
        let query = sqlx::query_as(SQL).bind(&of.caller.0).bind(&of.shared).bind(now().as_microsecond());
        let rows: Vec<Row> = query.fetch_all(&self.access.read).await.map_err(Fault::Database)?;
        rows.into_iter().map(remembered).collect()
    }

    /// What is remembered of a caller from calls of these bots (`None`: of all), whichever know it.
    pub async fn known_of(&self, caller: &CallerKey, bots: Option<&[String]>) -> Result<Vec<Remembered>, Fault> {
        const SQL: &str = "select kind, name, value, shared, call, at_us, until_us from memory \
            where caller = $1 and until_us > $2 and ($3 is null or call in (select id from calls where bot in \
                (select value from json_each($3)))) and not (kind = 'promise' and name = 'call_back' \
                and exists (select 1 from callbacks_done d where d.call = memory.call)) \
            order by shared, kind, name";
        let query = sqlx::query_as(SQL).bind(&caller.0).bind(now().as_microsecond()).bind(read::in_database(bots));
        let rows: Vec<Row> = query.fetch_all(&self.access.read).await.map_err(Fault::Database)?;
        rows.into_iter().map(remembered).collect()
    }

    /// Remembers this of a caller, or forgets it, as said in `call`, for so many days.
    pub async fn remember(&self, of: &MemoryOf, call: &str, days: u32, all: &[ToRemember]) -> Result<(), Fault> {
        const SQL: &str = "insert into memory (caller, shared, kind, name, value, call, at_us, until_us) \
            values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (caller, shared, kind, name) do update \
            set value = excluded.value, call = excluded.call, at_us = excluded.at_us, until_us = excluded.until_us";
        const DROP: &str = "delete from memory where caller = $1 and shared = $2 and kind = $3 and name = $4";
        let at = now();
        let until = at.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX);
        let mut tx = self.access.write.begin().await.map_err(Fault::Database)?;
        for ToRemember { kind, name, value } in all {
            let sql = if value.is_some() { SQL } else { DROP };
            let mut query =
                sqlx::query(sql).bind(&of.caller.0).bind(&of.shared).bind(super::name_of(kind)).bind(name.as_str());
            if let Some(value) = value {
                query = query.bind(value.0.to_string()).bind(call);
                query = query.bind(at.as_microsecond()).bind(until.as_microsecond());
            }
            query.execute(&mut *tx).await.map_err(Fault::Database)?;
        }
        tx.commit().await.map_err(Fault::Database)
    }

    /// Forgets what these bots know of a caller: the rows are overwritten in the database. How many there were.
    pub async fn forget(&self, of: &MemoryOf) -> Result<u64, Fault> {
        const SQL: &str = "delete from memory where caller = $1 and shared = $2";
        self.overwrite(sqlx::query(SQL).bind(&of.caller.0).bind(&of.shared)).await
    }

    /// Forgets what is remembered of a caller from calls of these bots (`None`: of all), in the same way.
    pub async fn forget_of(&self, caller: &CallerKey, bots: Option<&[String]>) -> Result<u64, Fault> {
        const SQL: &str = "delete from memory where caller = $1 and ($2 is null or call in \
            (select id from calls where bot in (select value from json_each($2))))";
        self.overwrite(sqlx::query(SQL).bind(&caller.0).bind(read::in_database(bots))).await
    }

    async fn overwrite(&self, delete: Query<'_, Sqlite, SqliteArguments>) -> Result<u64, Fault> {
        let mut connection = self.access.write.acquire().await.map_err(Fault::Database)?;
        connection.execute("pragma secure_delete = on").await.map_err(Fault::Database)?;
        let mut tx = connection.begin().await.map_err(Fault::Database)?;
        let gone = delete.execute(&mut *tx).await.map_err(Fault::Database)?.rows_affected();
        tx.commit().await.map_err(Fault::Database)?;
        connection.execute("pragma secure_delete = off").await.map_err(Fault::Database)?;
        // What the write-ahead log holds of them is overwritten as the log goes on; readers may keep it for a while.
        connection.execute("pragma wal_checkpoint(passive)").await.map_err(Fault::Database)?;
        Ok(gone)
    }

    /// Forgets what has ended by this moment. How many rows.
    pub(super) async fn forget_ended(&self, at: Timestamp) -> Result<u64, Fault> {
        const SQL: &str = "delete from memory where until_us <= $1";
        let query = sqlx::query(SQL).bind(at.as_microsecond());
        query.execute(&self.access.write).await.map(|done| done.rows_affected()).map_err(Fault::Database)
    }
}

fn remembered((kind, name, value, shared, call, at, until): Row) -> Result<Remembered, Fault> {
    let kind = super::of_name(&kind).ok_or(Fault::Content("memory.kind"))?;
    let value: Value = serde_json::from_str(&value).map_err(|_| Fault::Content("memory.value"))?;
    Ok(Remembered { kind, name, value: Private(value), shared, call, at: read::time(at)?, until: read::time(until)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_who_their_pages_server_says_and_no_sip_address_is_taken_for_one() {
        let key = |from: &str| CallerKey::of(Direction::Inbound, &from.into(), &"sip:b@a.test".into());
        assert_eq!(key("tel:+84912345678"), key("\"Anna\" <sip:+84912345678@provider.example>"));
        let visitor = key("visitor:customer-17@shop.example").unwrap();
        for other in [
            "sip:customer-17@shop.example",
            "sip:visitor:customer-17@shop.example",
            "sip:visitor%3Acustomer-17%40shop.example@evil.example",
            "sip:a<visitor:customer-17@shop.example@evil.example",
            "tel:a<visitor:customer-17@shop.example",
            "<visitor:customer-17@shop.example>",
            "visitor:customer-17@other.example",
            "",
        ] {
            assert_ne!(key(other), Some(visitor.clone()), "{other}");
        }
        assert_eq!(key(""), None, "nobody has named them");
    }
}

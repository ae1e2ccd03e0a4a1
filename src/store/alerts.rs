//! `AlertBook`: what supervisors were alerted to, and who has seen it. An alert and the messages to webhooks that tell of it are stored
//! together, so that a restart loses neither.
use super::deliveries::{NewDelivery, insert};
use super::read::{count, time};
use super::{Fault, MoodState, Speaker};
use crate::security::AccessPool;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};
use utoipa::ToSchema;

/// Something in a call that a rule is about.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct Alert {
    pub id: String,
    /// The rule's name in the file of rules.
    pub rule: String,
    /// `silence`, `no_match`, `raised_voice`, `words`, `slow_answers`, `poor_line`, `person`, `long_call` or `mood`.
    pub kind: String,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    pub call: String,
    pub bot: String,
    pub at: Timestamp,
    /// The moment it is about, from the call's start.
    pub from_ms: u64,
    pub to_ms: u64,
    /// The turn it is about, if it is about one.
    pub turn: Option<AlertTurn>,
    pub reason: AlertReason,
    /// Who has seen it first.
    pub seen: Option<AlertSeen>,
}

/// A turn, as the record knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct AlertTurn {
    pub speaker: Speaker,
    pub started_ms: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct AlertReason {
    /// As `kind`.
    pub code: String,
    /// Milliseconds, times, a mean opinion score, or decibels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The word of the rule that was said; masked for who may not see words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Speaker>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<MoodState>,
    /// What a mood is concluded from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<super::MoodCode>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct AlertSeen {
    pub by: String,
    pub at: Timestamp,
}

/// Which alerts are read, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantedAlerts<'a> {
    pub since: Option<Timestamp>,
    pub call: Option<&'a str>,
    pub rule: Option<&'a str>,
    /// `None`: those of all bots.
    pub bots: Option<&'a [String]>,
    /// The id of the last one already read.
    pub before: Option<&'a str>,
    pub limit: usize,
}

struct AlertRow {
    id: String,
    call: String,
    bot: String,
    rule: String,
    kind: String,
    severity: String,
    at_us: i64,
    from_ms: i64,
    to_ms: i64,
    turn: Option<String>,
    reason: String,
    seen_by: Option<String>,
    seen_us: Option<i64>,
}

impl FromRow<'_, SqliteRow> for AlertRow {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            call: row.try_get("call")?,
            bot: row.try_get("bot")?,
            rule: row.try_get("rule")?,
            kind: row.try_get("kind")?,
            severity: row.try_get("severity")?,
            at_us: row.try_get("at_us")?,
            from_ms: row.try_get("from_ms")?,
            to_ms: row.try_get("to_ms")?,
            turn: row.try_get("turn")?,
            reason: row.try_get("reason")?,
            seen_by: row.try_get("seen_by")?,
            seen_us: row.try_get("seen_us")?,
        })
    }
}

impl AlertRow {
    fn alert(self) -> Result<Alert, Fault> {
        let unreadable = |_: serde_json::Error| Fault::Content("alerts");
        let seen = self.seen_by.zip(self.seen_us).map(|(by, us)| Ok::<_, Fault>(AlertSeen { by, at: time(us)? }));
        Ok(Alert {
            id: self.id,
            rule: self.rule,
            kind: self.kind,
            severity: self.severity,
            call: self.call,
            bot: self.bot,
            at: time(self.at_us)?,
            from_ms: count(self.from_ms),
            to_ms: count(self.to_ms),
            turn: self.turn.map(|turn| serde_json::from_str(&turn)).transpose().map_err(unreadable)?,
            reason: serde_json::from_str(&self.reason).map_err(unreadable)?,
            seen: seen.transpose()?,
        })
    }
}

/// A handle, cheap to clone.
#[derive(Clone)]
pub struct AlertBook {
    pool: AccessPool,
}

impl AlertBook {
    pub(super) fn new(pool: AccessPool) -> Self {
        Self { pool }
    }

    /// Stores an alert, if there is one, and messages, or nothing of them.
    pub async fn add(&self, alert: Option<&Alert>, messages: &[NewDelivery]) -> Result<(), Fault> {
        const SQL: &str = "insert into alerts (id, call, bot, rule, kind, severity, at_us, from_ms, to_ms, turn, reason) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let mut tx = self.pool.begin("alerts").await.map_err(Fault::Database)?;
        if let Some(alert) = alert {
            let text = |what: Result<String, serde_json::Error>| what.map_err(|_| Fault::Content("alerts"));
            let turn = alert.turn.map(|turn| text(serde_json::to_string(&turn))).transpose()?;
            let reason = text(serde_json::to_string(&alert.reason))?;
            let insert = sqlx::query(SQL).bind(&alert.id).bind(&alert.call).bind(&alert.bot).bind(&alert.rule);
            let insert = insert.bind(&alert.kind).bind(&alert.severity).bind(alert.at.as_microsecond());
            let insert = insert.bind(alert.from_ms as i64).bind(alert.to_ms as i64).bind(turn).bind(reason);
            insert.execute(&mut *tx).await.map_err(Fault::Database)?;
        }
        for message in messages {
            insert(&mut tx, message).await.map_err(Fault::Database)?;
        }
        tx.commit().await.map_err(Fault::Database)
    }

    pub async fn list(&self, wanted: WantedAlerts<'_>) -> Result<Vec<Alert>, Fault> {
        const SQL: &str = "select * from alerts where ($1 is null or at_us >= $1) and ($2 is null or call = $2) \
            and ($3 is null or rule = $3) and ($4 is null or bot in (select value from json_each($4))) \
            and ($5 is null or id < $5) order by id desc limit $6";
        let bots = wanted.bots.map(|bots| serde_json::Value::from(bots.to_vec()).to_string());
        let query = sqlx::query_as(SQL).bind(wanted.since.map(|at| at.as_microsecond()));
        let query = query.bind(wanted.call).bind(wanted.rule).bind(bots).bind(wanted.before);
        let rows: Vec<AlertRow> =
            query.bind(wanted.limit as i64).fetch_all(&self.pool.read).await.map_err(Fault::Database)?;
        rows.into_iter().map(AlertRow::alert).collect()
    }

    pub async fn one(&self, id: &str) -> Result<Option<Alert>, Fault> {
        let query = sqlx::query_as("select * from alerts where id = $1").bind(id);
        let row: Option<AlertRow> = query.fetch_optional(&self.pool.read).await.map_err(Fault::Database)?;
        row.map(AlertRow::alert).transpose()
    }

    /// Notes who has seen an alert; whether they are the first.
    pub async fn see(&self, id: &str, by: &str, at: Timestamp) -> Result<bool, Fault> {
        const SQL: &str = "update alerts set seen_by = $2, seen_us = $3 where id = $1 and seen_by is null";
        let query = sqlx::query(SQL).bind(id).bind(by).bind(at.as_microsecond());
        let _turn = self.pool.turn("alerts").await.map_err(Fault::Database)?;
        Ok(query.execute(&self.pool.write).await.map_err(Fault::Database)?.rows_affected() > 0)
    }
}

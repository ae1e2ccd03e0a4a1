//! `Sessions`: browsers that signed in, in the database. A browser holds a secret of 256 bits in a cookie; the database, its digest.
use super::fault::AccessFault;
use super::pool::AccessPool;
use super::random;
use super::users::time;
use jiff::Timestamp;
use sqlx::SqliteConnection;
use std::time::Duration;

pub const SESSION_COOKIE: &str = "switchboard_session";
/// The same where TLS is spoken: browsers take a cookie of this prefix from this very host and by TLS alone (RFC 6265bis section 4.1.3.2).
const TLS_SESSION_COOKIE: &str = "__Host-switchboard_session";

/// What the cookie of sessions is called.
pub const fn session_cookie(https: bool) -> &'static str {
    if https { TLS_SESSION_COOKIE } else { SESSION_COOKIE }
}

/// Sessions of one user at once; beyond it the oldest ends.
const PER_USER: i64 = 20;

/// When sessions end.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// After so long without a request.
    pub idle: Duration,
    /// After so long in any case.
    pub longest: Duration,
}

impl SessionLimits {
    /// Before these times a session must have been seen, and begun, to be over.
    fn over(&self, now: Timestamp) -> (i64, i64) {
        let before = |span: Duration| now.as_microsecond() - i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 2);
        (before(self.idle), before(self.longest))
    }
}

/// What a page sends back to show that it can read what this server answers.
pub fn csrf(secret: &str) -> String {
    random::digest(&format!("csrf {secret}"))
}

#[derive(Clone)]
pub(super) struct Sessions {
    pool: AccessPool,
    limits: SessionLimits,
}

/// A session that goes on.
pub(super) struct LiveSession {
    pub(super) user: String,
    pub(super) seen: Timestamp,
}

impl Sessions {
    pub(super) fn new(pool: AccessPool, limits: SessionLimits) -> Self {
        Self { pool, limits }
    }

    /// Begins one within a transaction. Gives its secret, which is stored nowhere.
    pub(super) async fn begin(
        &self,
        tx: &mut SqliteConnection,
        user: &str,
        now: Timestamp,
    ) -> Result<String, AccessFault> {
        const SQL: &str = "insert into sessions (hash, user, created_us, seen_us) values ($1, $2, $3, $3)";
        const SURPLUS: &str = "delete from sessions where user = $1 and hash not in \
            (select hash from sessions where user = $1 order by created_us desc limit $2)";
        const OVER: &str = "delete from sessions where seen_us < $1 or created_us < $2";
        let secret = random::secret()?;
        let (idle, old) = self.limits.over(now);
        sqlx::query(OVER).bind(idle).bind(old).execute(&mut *tx).await?;
        let row = sqlx::query(SQL).bind(random::digest(&secret)).bind(user).bind(now.as_microsecond());
        row.execute(&mut *tx).await?;
        sqlx::query(SURPLUS).bind(user).bind(PER_USER).execute(tx).await?;
        Ok(secret)
    }

    pub(super) async fn find(&self, hash: &str, now: Timestamp) -> Result<Option<LiveSession>, AccessFault> {
        const SQL: &str = "select user, seen_us from sessions where hash = $1 and seen_us >= $2 and created_us >= $3";
        let (idle, old) = self.limits.over(now);
        let row: Option<(String, i64)> =
            sqlx::query_as(SQL).bind(hash).bind(idle).bind(old).fetch_optional(&self.pool.read).await?;
        row.map(|(user, seen)| Ok(LiveSession { user, seen: time(seen)? })).transpose()
    }

    /// It was used.
    pub(super) async fn touch(&self, hash: &str, now: Timestamp) -> Result<(), AccessFault> {
        const SQL: &str = "update sessions set seen_us = $2 where hash = $1";
        let _turn = self.pool.turn("sessions").await?;
        sqlx::query(SQL).bind(hash).bind(now.as_microsecond()).execute(&self.pool.write).await?;
        Ok(())
    }

    pub(super) async fn end(&self, hash: &str) -> Result<(), AccessFault> {
        let _turn = self.pool.turn("sessions").await?;
        sqlx::query("delete from sessions where hash = $1").bind(hash).execute(&self.pool.write).await?;
        Ok(())
    }
}

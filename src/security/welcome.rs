//! `Welcome`: the one-time link with which the first admin is made. The database holds its digest.
use super::fault::AccessFault;
use super::pool::AccessPool;
use super::random;
use jiff::{SignedDuration, Timestamp};
use sqlx::{SqliteConnection, SqlitePool};

/// How long a link is good.
const HOURS: i64 = 24;

/// A new secret for the link; the one before it is good no more.
pub(super) async fn make(pool: &AccessPool, now: Timestamp) -> Result<String, AccessFault> {
    const SQL: &str = "insert or replace into welcome (only, hash, expires_us) values (1, $1, $2)";
    let secret = random::secret()?;
    let expires = now.checked_add(SignedDuration::from_hours(HOURS)).unwrap_or(now);
    let row = sqlx::query(SQL).bind(random::digest(&secret)).bind(expires.as_microsecond());
    let _turn = pool.turn("welcome").await?;
    row.execute(&pool.write).await?;
    Ok(secret)
}

/// Whether this is the secret of the link.
pub(super) async fn is_good(pool: &SqlitePool, secret: &str, now: Timestamp) -> Result<bool, AccessFault> {
    const SQL: &str = "select 1 from welcome where hash = $1 and expires_us > $2";
    let row = sqlx::query_as(SQL).bind(random::digest(secret)).bind(now.as_microsecond());
    let found: Option<(i64,)> = row.fetch_optional(pool).await?;
    Ok(found.is_some())
}

/// Uses the link up; fails where it is not good.
pub(super) async fn redeem(tx: &mut SqliteConnection, secret: &str, now: Timestamp) -> Result<(), AccessFault> {
    const SQL: &str = "delete from welcome where hash = $1 and expires_us > $2";
    let row = sqlx::query(SQL).bind(random::digest(secret)).bind(now.as_microsecond());
    let done = row.execute(tx).await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(AccessFault::Link) }
}

//! `AccessPool`: connections to the database for what is not an event of a call, and the turns in which this process writes to it.
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The longest that somebody waits for their turn to write.
const TURN_LIMIT: Duration = Duration::from_secs(5);
/// A turn that lasts longer is logged.
const LONG_TURN: Duration = Duration::from_secs(1);

/// Apart from the connections of calls, and those that read apart from those that write: who asks is known also while something is
/// written, for readers never wait for a writer.
#[derive(Clone)]
pub struct AccessPool {
    pub read: SqlitePool,
    /// Transactions are short. Whoever writes has the turn: see [`Self::begin`] and [`Self::turn`].
    pub write: SqlitePool,
    pub turns: WriteTurns,
}

/// Who of this process may write to the database now. SQLite lets one connection write and has the others try again until their time is
/// over ("database is locked"), in no order: on a busy machine some never get their turn. Here they wait in the order in which they came,
/// and SQLite's own waiting is left for other processes.
#[derive(Clone, Default)]
pub struct WriteTurns(Arc<Mutex<()>>);

/// Others of this process wait until it is dropped.
pub struct WriteTurn {
    since: Instant,
    whose: &'static str,
    _guard: OwnedMutexGuard<()>,
}

/// A transaction beside which nobody else of this process writes.
pub struct WriteTransaction {
    // Dropped before the turn.
    transaction: Transaction<'static, Sqlite>,
    _turn: WriteTurn,
}

impl WriteTurns {
    /// Waits for the turn; `whose` names the part of the server that writes, for the log.
    ///
    /// # Errors
    /// As a pool whose connections are all in use.
    pub async fn next(&self, whose: &'static str) -> Result<WriteTurn, sqlx::Error> {
        let guard = tokio::time::timeout(TURN_LIMIT, self.0.clone().lock_owned()).await;
        let guard = guard.map_err(|_| sqlx::Error::PoolTimedOut)?;
        Ok(WriteTurn { since: Instant::now(), whose, _guard: guard })
    }
}

impl Drop for WriteTurn {
    fn drop(&mut self) {
        let took = self.since.elapsed();
        if took > LONG_TURN {
            let (ms, whose) = (took.as_millis(), self.whose);
            tracing::warn!(ms, whose, "a write to the database took long: is the disk, or the machine, overloaded?");
        }
    }
}

impl AccessPool {
    /// The turn to write one statement by `write`.
    ///
    /// # Errors
    /// Others have written for too long.
    pub async fn turn(&self, whose: &'static str) -> Result<WriteTurn, sqlx::Error> {
        self.turns.next(whose).await
    }

    /// A transaction beside which nobody else writes.
    ///
    /// # Errors
    /// Others have written for too long, or the database takes nothing.
    pub async fn begin(&self, whose: &'static str) -> Result<WriteTransaction, sqlx::Error> {
        let turn = self.turn(whose).await?;
        let transaction = self.write.begin_with("begin immediate").await?;
        Ok(WriteTransaction { transaction, _turn: turn })
    }

    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }

    pub fn is_closed(&self) -> bool {
        self.write.is_closed()
    }
}

impl WriteTransaction {
    /// # Errors
    /// Nothing of it is written then.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await
    }
}

impl Deref for WriteTransaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for WriteTransaction {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}

//! `AccessPool`: connections to the database for users, sessions, tokens and the audit.
use sqlx::SqlitePool;

/// Apart from the connections of calls, and those that read apart from those that write: who asks is known also while something is
/// written, for readers never wait for a writer.
#[derive(Clone)]
pub struct AccessPool {
    pub read: SqlitePool,
    /// Transactions are short, and wait for that of the calls' writer.
    pub write: SqlitePool,
}

impl AccessPool {
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }

    pub fn is_closed(&self) -> bool {
        self.write.is_closed()
    }
}

//! Links by which others may read one call until the link ends: who made one, what it lets do, and who has opened it.
use super::{Fault, Store, read};
use jiff::Timestamp;

/// A link to a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub call: String,
    /// The moment of the call that it leads to.
    pub at_ms: Option<u64>,
    pub by: String,
    /// What its maker could do with the call, by name.
    pub rights: Vec<String>,
    pub until: Timestamp,
}

impl Store {
    /// Keeps a link; `hash`: the digest of its secret.
    pub async fn share(&self, hash: &str, share: &Share) -> Result<(), Fault> {
        const SQL: &str =
            "insert into shares (hash, call, at_ms, by, rights, until_us) values ($1, $2, $3, $4, $5, $6)";
        let query = sqlx::query(SQL)
            .bind(hash)
            .bind(&share.call)
            .bind(share.at_ms.and_then(|ms| i64::try_from(ms).ok()))
            .bind(&share.by)
            .bind(serde_json::Value::from(share.rights.as_slice()).to_string())
            .bind(share.until.as_microsecond());
        let _turn = self.access.turn("shares").await.map_err(Fault::Database)?;
        query.execute(&self.access.write).await.map(drop).map_err(Fault::Database)
    }

    /// The link with this digest, whether or not it has ended.
    pub async fn shared(&self, hash: &str) -> Result<Option<Share>, Fault> {
        const SQL: &str = "select call, at_ms, by, rights, until_us from shares where hash = $1";
        type Row = (String, Option<i64>, String, String, i64);
        let row: Option<Row> =
            sqlx::query_as(SQL).bind(hash).fetch_optional(&self.access.read).await.map_err(Fault::Database)?;
        let share = |(call, at_ms, by, rights, until): Row| {
            let (at_ms, until) = (at_ms.map(read::count), read::time(until)?);
            Ok(Share { call, at_ms, by, rights: names(&rights)?, until })
        };
        row.map(share).transpose()
    }

    /// `reader` has opened the link: until it ends they may do with its call what it lets do.
    pub async fn open_share(&self, hash: &str, call: &str, reader: &str) -> Result<(), Fault> {
        const SQL: &str = "insert or ignore into share_readers (call, reader, hash) values ($1, $2, $3)";
        let query = sqlx::query(SQL).bind(call).bind(reader).bind(hash);
        let _turn = self.access.turn("shares").await.map_err(Fault::Database)?;
        query.execute(&self.access.write).await.map(drop).map_err(Fault::Database)
    }

    /// The rights that links give `reader` for this call at this moment, by name.
    pub async fn granted(&self, call: &str, reader: &str, now: Timestamp) -> Result<Vec<String>, Fault> {
        const SQL: &str = "select shares.rights from share_readers join shares using (hash) \
            where share_readers.call = $1 and reader = $2 and until_us > $3";
        let rows: Vec<(String,)> = sqlx::query_as(SQL)
            .bind(call)
            .bind(reader)
            .bind(now.as_microsecond())
            .fetch_all(&self.access.read)
            .await
            .map_err(Fault::Database)?;
        Ok(rows.iter().map(|(rights,)| names(rights)).collect::<Result<Vec<_>, _>>()?.concat())
    }
}

fn names(list: &str) -> Result<Vec<String>, Fault> {
    serde_json::from_str(list).map_err(|_| Fault::Content("shares.rights"))
}

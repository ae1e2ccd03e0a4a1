//! What people write of calls: notes, each of a moment or of the whole call, and tags.
use super::{Fault, Private, Store, now, read};
use jiff::Timestamp;

/// A note of somebody's.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub id: i64,
    pub at: Timestamp,
    /// Who wrote it.
    pub by: String,
    /// The moment of the call that it is about, in milliseconds since its start; `None`: the whole call.
    pub at_ms: Option<u64>,
    pub text: Private<String>,
}

/// What is written of a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes {
    /// The oldest first.
    pub notes: Vec<Note>,
    /// By the alphabet.
    pub tags: Vec<String>,
}

impl Store {
    /// What is written of a call.
    pub async fn notes(&self, call: &str) -> Result<Notes, Fault> {
        const NOTES: &str = "select seq, at_us, by, at_ms, text from notes where call = $1 order by seq";
        const TAGS: &str = "select tag from tags where call = $1 order by tag";
        type Row = (i64, i64, String, Option<i64>, String);
        let rows: Vec<Row> =
            sqlx::query_as(NOTES).bind(call).fetch_all(&self.access.read).await.map_err(Fault::Database)?;
        let tags: Vec<(String,)> =
            sqlx::query_as(TAGS).bind(call).fetch_all(&self.access.read).await.map_err(Fault::Database)?;
        let note = |(id, at, by, at_ms, text): Row| {
            Ok(Note { id, at: read::time(at)?, by, at_ms: at_ms.map(read::count), text: text.into() })
        };
        let notes = rows.into_iter().map(note).collect::<Result<_, Fault>>()?;
        Ok(Notes { notes, tags: tags.into_iter().map(|(tag,)| tag).collect() })
    }

    /// Adds a note. At most `most` of a call: `None` where there are as many already.
    pub async fn add_note(
        &self,
        call: &str,
        by: &str,
        note: (Option<u64>, &str),
        most: i64,
    ) -> Result<Option<Note>, Fault> {
        const SQL: &str = "insert into notes (call, at_us, by, at_ms, text) select $1, $2, $3, $4, $5 \
            where (select count(*) from notes where call = $1) < $6 returning seq";
        let (at, (at_ms, text)) = (now(), note);
        let _turn = self.access.turn("notes").await.map_err(Fault::Database)?;
        let row: Option<(i64,)> = sqlx::query_as(SQL)
            .bind(call)
            .bind(at.as_microsecond())
            .bind(by)
            .bind(at_ms.and_then(|ms| i64::try_from(ms).ok()))
            .bind(text)
            .bind(most)
            .fetch_optional(&self.access.write)
            .await
            .map_err(Fault::Database)?;
        Ok(row.map(|(id,)| Note { id, at, by: by.into(), at_ms, text: text.into() }))
    }

    /// The tags of a call, in place of those it had.
    pub async fn set_tags(&self, call: &str, tags: &[String]) -> Result<(), Fault> {
        let list = serde_json::Value::from(tags).to_string();
        let mut tx = self.access.begin("tags").await.map_err(Fault::Database)?;
        for (sql, list) in [
            ("delete from tags where call = $1", None),
            ("insert or ignore into tags (call, tag) select $1, value from json_each($2)", Some(&list)),
        ] {
            let query = sqlx::query(sql).bind(call);
            let query = if let Some(list) = list { query.bind(list) } else { query };
            query.execute(&mut *tx).await.map_err(Fault::Database)?;
        }
        tx.commit().await.map_err(Fault::Database)
    }
}

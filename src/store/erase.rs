//! Erases what is known of a caller: the calls that have ended, with all that was recorded, written and remembered of them.
use super::memory::compared as caller;
use super::{Call, Erased, Fault, Job, Store, of_name};

impl Store {
    /// The ended calls of whoever called, or was called, in `call`, of these bots alone (`None`: of all), and itself among them. Two are
    /// the same caller where their numbers are the same but for separators; a visitor of a web page has no number, and is in one call.
    pub async fn calls_of_caller(&self, call: &Call, bots: Option<&[String]>) -> Result<Vec<String>, Fault> {
        const SQL: &str = "select id, direction, from_party, to_party from calls where ended_us is not null \
            and ($1 is null or bot in (select value from json_each($1)))";
        let own = caller(call.direction, &call.from, &call.to);
        if own.is_empty() {
            return Ok(vec![call.id.clone()]);
        }
        type Row = (String, String, String, String);
        let query = sqlx::query_as(SQL).bind(super::read::in_database(bots));
        let rows: Vec<Row> = query.fetch_all(&self.pool).await.map_err(Fault::Database)?;
        let same = |(_, direction, from, to): &Row| {
            let of = |direction| caller(direction, &from.as_str().into(), &to.as_str().into());
            of_name(direction).is_some_and(|direction| of(direction) == own)
        };
        Ok(rows.into_iter().filter(same).map(|(id, ..)| id).collect())
    }

    /// Erases ended calls: their rows are overwritten in the database, and their recordings are deleted.
    pub async fn erase(&self, calls: Vec<String>) -> Result<Erased, Fault> {
        self.ask(|done| Job::Erase(calls, done)).await
    }
}

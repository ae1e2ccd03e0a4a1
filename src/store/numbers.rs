//! Numbers of the calls that ended since a moment, by bot: how they ended, how fast they were answered, how often a caller was not understood.
use super::Fault;
use super::end::{Blame, Reason};
use super::read::{count, in_database};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How calls ended: each but `answered` and the last two counts another part of `ended`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallCounts {
    pub ended: u64,
    pub answered: u64,
    /// The bot brought them to their end.
    pub contained: u64,
    /// The caller wanted a person.
    pub transferred: u64,
    /// The caller hung up before the end.
    pub abandoned: u64,
    /// The bot gave up: nothing was said, or nothing understood.
    pub given_up: u64,
    /// Network, engines or server.
    pub failed: u64,
    /// Sentences that were understood, and those that were not.
    pub understood: u64,
    pub not_understood: u64,
}

/// What is counted of the calls of one bot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub counts: CallCounts,
    /// Of answered calls.
    pub talk_ms: u64,
    /// How long each answer took, in milliseconds.
    pub answers: Vec<u32>,
    /// How many calls began in each hour since then, the last with what came after.
    pub hours: [u64; 24],
}

impl CallCounts {
    fn add(&mut self, reason: Reason) {
        let kind = match reason {
            Reason::Done | Reason::Goodbye => &mut self.contained,
            Reason::Person | Reason::CallBack | Reason::Transferred | Reason::PersonHungUp => &mut self.transferred,
            Reason::NoInput | Reason::NotUnderstood | Reason::TooManyTurns => &mut self.given_up,
            Reason::Operator => return,
            reason => match reason.blame() {
                Blame::RemoteParty => &mut self.abandoned,
                Blame::Network | Blame::Engine | Blame::Server => &mut self.failed,
                Blame::Nobody => &mut self.contained,
            },
        };
        *kind += 1;
    }

    fn merge(&mut self, other: &Self) {
        let both = [
            (&mut self.ended, other.ended),
            (&mut self.answered, other.answered),
            (&mut self.contained, other.contained),
            (&mut self.transferred, other.transferred),
            (&mut self.abandoned, other.abandoned),
            (&mut self.given_up, other.given_up),
            (&mut self.failed, other.failed),
            (&mut self.understood, other.understood),
            (&mut self.not_understood, other.not_understood),
        ];
        both.into_iter().for_each(|(own, other)| *own += other);
    }
}

impl Tally {
    /// Both together.
    pub fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.talk_ms += other.talk_ms;
        self.answers.extend(&other.answers);
        self.hours.iter_mut().zip(other.hours).for_each(|(own, other)| *own += other);
    }

    /// The value that this share of the answers does not exceed.
    pub fn percentile(&self, share: f64) -> Option<u32> {
        let mut all = self.answers.clone();
        all.sort_unstable();
        let place = (all.len() as f64 * share).ceil() as usize;
        all.get(place.saturating_sub(1)).copied()
    }
}

/// An hour in microseconds.
const HOUR: i64 = 3_600_000_000;

pub(super) async fn since(
    pool: &SqlitePool,
    since: Timestamp,
    bots: Option<&[String]>,
    most: usize,
) -> Result<BTreeMap<String, Tally>, Fault> {
    // Of all bots: the index is by time.
    const COUNT: &str = "select count(*) from (select 1 from calls where ended_us >= $1 limit $2)";
    const CALLS: &str = "select bot, started_us, answered_us, ended_us, reason from calls \
        where ended_us >= $1 and ($2 is null or bot in (select value from json_each($2)))";
    const ANSWERS: &str = "select c.bot, l.total_ms from calls c join latencies l on l.call = c.id \
        where c.ended_us >= $1 and ($2 is null or c.bot in (select value from json_each($2)))";
    // The beginning of a mark as it is stored.
    const HEARD: &str = "select c.bot, t.event like '{\"event\":\"mark\",\"name\":\"recognised\"%', count(*) \
        from calls c join timeline t on t.call = c.id \
        where c.ended_us >= $1 and ($2 is null or c.bot in (select value from json_each($2))) \
        and (t.event like '{\"event\":\"mark\",\"name\":\"recognised\"%' \
            or t.event like '{\"event\":\"mark\",\"name\":\"not_understood\"%') group by 1, 2";
    let from = since.as_microsecond();
    let limit = i64::try_from(most).unwrap_or(i64::MAX - 1) + 1;
    let (found,): (i64,) =
        sqlx::query_as(COUNT).bind(from).bind(limit).fetch_one(pool).await.map_err(Fault::Database)?;
    if found == limit {
        return Err(Fault::TooMany(most));
    }
    let bots = in_database(bots);
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    type Ended = (String, i64, Option<i64>, i64, Option<String>);
    let calls: Vec<Ended> =
        sqlx::query_as(CALLS).bind(from).bind(&bots).fetch_all(pool).await.map_err(Fault::Database)?;
    for (bot, started, answered, ended, reason) in calls {
        let tally = tallies.entry(bot).or_default();
        tally.counts.ended += 1;
        if let Some(answered) = answered {
            tally.counts.answered += 1;
            tally.talk_ms += count((ended - answered) / 1000);
        }
        tally.counts.add(reason.map_or(Reason::Unknown, |reason| Reason::of(&reason)));
        let hour = usize::try_from((started - from).max(0) / HOUR).unwrap_or(usize::MAX);
        tally.hours[hour.min(23)] += 1;
    }
    let answers: Vec<(String, i64)> =
        sqlx::query_as(ANSWERS).bind(from).bind(&bots).fetch_all(pool).await.map_err(Fault::Database)?;
    for (bot, ms) in answers {
        tallies.entry(bot).or_default().answers.push(u32::try_from(ms).unwrap_or(u32::MAX));
    }
    let heard: Vec<(String, bool, i64)> =
        sqlx::query_as(HEARD).bind(from).bind(&bots).fetch_all(pool).await.map_err(Fault::Database)?;
    for (bot, understood, many) in heard {
        let counts = &mut tallies.entry(bot).or_default().counts;
        let kind = if understood { &mut counts.understood } else { &mut counts.not_understood };
        *kind += count(many);
    }
    Ok(tallies)
}

//! Numbers: how the calls since a moment went, by bot.
use super::auth::need;
use super::wire::ProblemDocument;
use super::wire::numbers::{CallNumbers, Numbers, Since};
use super::{Problem, SharedState};
use crate::security::{Principal, Right};
use crate::store::{Tally, Wanted};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How long the calls are counted where nothing is said.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How far back calls are counted, and of how many.
const DAYS: i32 = 31;
const MOST: usize = 20_000;
/// The longest that a request waits for those before it.
const QUEUE: Duration = Duration::from_secs(10);

#[utoipa::path(get, path = "/api/v1/numbers", operation_id = "read_numbers", tag = "calls", params(Since), responses(
    (status = OK, body = Numbers),
    (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json", description = "No time, one more than 31 days ago, or one since which more than 20,000 calls have ended"),
))]
pub(super) async fn numbers(
    State(state): SharedState,
    principal: Principal,
    Query(Since { since }): Query<Since>,
) -> Result<Json<Numbers>, Problem> {
    need(&principal, Right::SeeCalls, None)?;
    let now = Timestamp::now();
    let since = since.unwrap_or_else(|| now - DAY);
    if now.duration_since(since) > DAY * DAYS {
        let words = format!("`since` is at most {DAYS} days ago");
        return Err(Problem::new(StatusCode::BAD_REQUEST, words));
    }
    let turn = tokio::time::timeout(QUEUE, state.counting.acquire()).await;
    let _turn = turn.ok().and_then(Result::ok).ok_or_else(|| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "others count calls at present: try again in a moment").later(5)
    })?;
    let own = principal.bots.as_deref();
    let live = state.app.store.calls(Wanted { bots: own, ..Wanted::LIVE }).await?.len() as u64;
    let tallies = state.app.store.numbers(since, own, MOST).await?;
    let mut all = Tally::default();
    tallies.values().for_each(|tally| all.merge(tally));
    let bots = tallies.iter().map(|(bot, tally)| (bot.clone(), CallNumbers::from(tally))).collect();
    Ok(Json(Numbers { since, live, all: CallNumbers::from(&all), bots }))
}

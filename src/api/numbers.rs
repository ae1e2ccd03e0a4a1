//! Numbers: how the calls since a moment went, by bot.
use super::auth::need;
use super::wire::numbers::{CallNumbers, Numbers, Since};
use super::{Problem, SharedState};
use crate::security::{Principal, Right};
use crate::store::{Tally, Wanted};
use axum::Json;
use axum::extract::{Query, State};
use jiff::{SignedDuration, Timestamp};

/// How long the calls are counted where nothing is said.
const DAY: SignedDuration = SignedDuration::from_hours(24);

#[utoipa::path(get, path = "/api/v1/numbers", operation_id = "read_numbers", tag = "calls", params(Since), responses((status = OK, body = Numbers)))]
pub(super) async fn numbers(
    State(state): SharedState,
    principal: Principal,
    Query(Since { since }): Query<Since>,
) -> Result<Json<Numbers>, Problem> {
    need(&principal, Right::SeeCalls, None)?;
    let since = since.unwrap_or_else(|| Timestamp::now() - DAY);
    let own = principal.bots.as_deref();
    let live = state.app.store.calls(Wanted { bots: own, ..Wanted::LIVE }).await?.len() as u64;
    let tallies = state.app.store.numbers(since, own).await?;
    let mut all = Tally::default();
    tallies.values().for_each(|tally| all.merge(tally));
    let bots = tallies.iter().map(|(bot, tally)| (bot.clone(), CallNumbers::from(tally))).collect();
    Ok(Json(Numbers { since, live, all: CallNumbers::from(&all), bots }))
}

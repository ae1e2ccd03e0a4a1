//! Bots: which there are, and reading their files again.
use super::auth::need;
use super::wire::{Bots, ProblemDocument};
use super::{Problem, SharedState};
use crate::bots::BotStatus;
use crate::security::{Action, Principal, Right};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

#[utoipa::path(get, path = "/api/v1/bots", operation_id = "list_bots", tag = "bots", responses((status = OK, body = Bots)))]
pub(super) async fn list(State(state): SharedState, principal: Principal) -> Result<Json<Bots>, Problem> {
    need(&principal, Right::SeeCalls, None)?;
    let own = state.app.bots.list().into_iter().filter(|bot| principal.reaches(&bot.name));
    // What is wrong with a file names paths and contents.
    let seen = own.map(|bot| match principal.may(Right::ManageBots, None) {
        true => bot,
        false => BotStatus { fault: bot.problem(), ..bot },
    });
    Ok(Json(Bots { bots: seen.map(Into::into).collect() }))
}

/// Reads the bots' files again. A broken file keeps the bot that worked, and its `fault` says why. Calls in progress keep the bot they began with.
#[utoipa::path(post, path = "/api/v1/bots/reload", operation_id = "reload_bots", tag = "bots", responses(
    (status = OK, body = Bots),
    (status = INTERNAL_SERVER_ERROR, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn reload(State(state): SharedState, principal: Principal) -> Result<Json<Bots>, Problem> {
    need(&principal, Right::ManageBots, None)?;
    state.app.access.audit().require(&principal, Action::BotsReloaded, None, serde_json::json!({})).await?;
    let bots = state.app.bots.clone();
    let statuses = tokio::task::spawn_blocking(move || bots.reload()).await;
    let statuses = statuses
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the bots could not be read; see the log"))?;
    Ok(Json(Bots { bots: statuses.into_iter().map(Into::into).collect() }))
}

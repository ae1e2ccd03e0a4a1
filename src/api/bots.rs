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

/// Reads the bots' files and the rules of alerts again. A broken file keeps the bot that worked, and its `fault` says why. Calls in progress keep the bot they began with.
#[utoipa::path(post, path = "/api/v1/bots/reload", operation_id = "reload_bots", tag = "bots", responses(
    (status = OK, body = Bots),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "The bots are read; the file of alerts cannot be used, and the rules before it stay: `detail` says why"),
    (status = INTERNAL_SERVER_ERROR, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn reload(State(state): SharedState, principal: Principal) -> Result<Json<Bots>, Problem> {
    need(&principal, Right::ManageBots, None)?;
    state.app.access.audit().require(&principal, Action::BotsReloaded, None, serde_json::json!({})).await?;
    let (bots, alerting) = (state.app.bots.clone(), state.app.alerting.clone());
    let reload = move || (bots.reload(), alerting.reload());
    let reloaded = tokio::task::spawn_blocking(reload).await;
    let (statuses, rules) = reloaded
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the bots could not be read; see the log"))?;
    // Without its file nobody is alerted to anything, which the start says.
    rules.map_err(|why| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("the bots are read; the alerts are not: {why}"))
    })?;
    Ok(Json(Bots { bots: statuses.into_iter().map(Into::into).collect() }))
}

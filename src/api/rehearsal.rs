//! A call that is over as a rehearsal: what its caller did, for `switchboard rehearse`.
use super::calls::of_right;
use super::wire::ProblemDocument;
use super::{Problem, SharedState};
use crate::recorded::recorded_call;
use crate::security::{Action, Principal, Right};
use crate::store::CallState;
use ::rehearse::recorded::Values;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dialog::bot::Bot;
use serde_json::json;

/// The caller's side of a call that is over, as a rehearsal of its bot (docs/rehearsals.md): TOML, to be saved beside the bot's file. Numbers
/// and words of the caller's own are replaced by made-up ones of the same form.
#[utoipa::path(get, path = "/api/v1/calls/{id}/rehearsal", operation_id = "read_rehearsal", tag = "calls", params(("id" = String, Path)), responses(
    (status = OK, body = String, content_type = "application/toml"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "The call is not over, or its bot's file is gone or cannot be used"),
))]
pub(super) async fn read(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let call = of_right(&state, &principal, Right::SeeTranscripts, &id).await?;
    let conflict = |words: &str| Problem::new(StatusCode::CONFLICT, words);
    if call.state != CallState::Ended {
        return Err(conflict("this call is not over: ask when it is"));
    }
    let (bots, name) = (state.app.bots.clone(), call.bot.clone());
    let file = format!("{name}.toml");
    let read = {
        let file = file.clone();
        move || Bot::parse(&bots.source(&name)?, &file).ok()
    };
    let bot = tokio::task::spawn_blocking(read).await.ok().flatten();
    let bot =
        bot.ok_or_else(|| conflict("the file of this call's bot is gone, or cannot be used: see GET /api/v1/bots"))?;
    state.app.access.audit().require(&principal, Action::Exported, Some(&id), json!({"as": "rehearsal"})).await?;
    let timeline = state.app.store.timeline(&id).await?;
    let text = recorded_call(&call, &timeline).masked(&bot, Values::Masked).scenario(&bot, &file, true);
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/toml"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{id}.toml\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

//! Callers who are to be called back: to read, and to say that it is done.
use super::alerts::limit;
use super::auth::need;
use super::view::View;
use super::wire::ProblemDocument;
use super::wire::agents::{CallbackDocument, CallbackQuery, CallbacksDocument};
use super::{Problem, SharedState};
use crate::security::{Action, Principal, Right};
use crate::store::{Callback, WantedCallbacks};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde_json::json;

/// Callers who did not wait for a person and want to be called back, newest first; of calls of one's own bots.
#[utoipa::path(get, path = "/api/v1/callbacks", operation_id = "list_callbacks", tag = "agents", params(CallbackQuery), responses(
    (status = OK, body = CallbacksDocument),
    (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(state): SharedState,
    principal: Principal,
    Query(query): Query<CallbackQuery>,
) -> Result<Json<CallbacksDocument>, Problem> {
    need(&principal, Right::SeeCalls, None)?;
    let limit = limit(query.limit)?;
    let wanted = WantedCallbacks {
        open: query.open,
        call: None,
        bots: principal.bots.as_deref(),
        before: query.before.as_deref(),
        // One more than asked for tells whether there is a next page.
        limit: limit + 1,
    };
    let mut found = state.app.store.callbacks(wanted).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let before = found.last().filter(|_| more).map(|callback| callback.call.clone());
    let detail = json!({"callbacks": found.len(), "open": query.open});
    state.app.access.audit().note(&principal, Action::CallsListed, None, detail).await?;
    Ok(Json(CallbacksDocument { callbacks: found.into_iter().map(|one| shown(&principal, one)).collect(), before }))
}

/// Says that one has called back. The first one stays.
#[utoipa::path(put, path = "/api/v1/callbacks/{id}/done", operation_id = "finish_callback", tag = "agents", params(("id" = String, Path)), responses(
    (status = OK, body = CallbackDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "Nobody in this call wants to be called back"),
))]
pub(super) async fn done(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<CallbackDocument>, Problem> {
    need(&principal, Right::Answer, None)?;
    let none = || Problem::new(StatusCode::NOT_FOUND, "nobody in this call wants to be called back");
    let store = &state.app.store;
    let one = async || {
        let wanted = WantedCallbacks { call: Some(&id), limit: 1, ..WantedCallbacks::default() };
        store.callbacks(wanted).await?.pop().ok_or_else(none)
    };
    let callback = one().await?;
    need(&principal, Right::Answer, Some(&callback.bot))?;
    state.app.access.audit().require(&principal, Action::CalledBack, Some(&id), json!({})).await?;
    store.called_back(&id, &principal.name).await?;
    Ok(Json(shown(&principal, one().await?)))
}

fn shown(principal: &Principal, callback: Callback) -> CallbackDocument {
    let Callback { call, bot, language, destination, caller, at, due, done } = callback;
    let caller = View::of(principal, &bot).party(caller).0;
    let (done_at, done_by) = done.unzip();
    CallbackDocument { call, bot, language, destination, caller, at, due_at: due, done_at, done_by }
}

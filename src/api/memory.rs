//! What bots remember of a caller: read, and forgotten.
use super::calls::of_right;
use super::wire::ProblemDocument;
use super::wire::memory::{ForgottenDocument, MemoryDocument};
use super::{Problem, SharedState};
use crate::security::{Action, Principal, Right};
use crate::store::CallerKey;
use axum::Json;
use axum::extract::{Path, State};
use serde_json::json;

/// What bots remember of the caller of this call, from calls of those bots that the asker has to do with. A caller without a number is not
/// remembered: the list is empty.
#[utoipa::path(get, path = "/api/v1/calls/{id}/memory", operation_id = "read_memory", tag = "calls", params(("id" = String, Path)), responses(
    (status = OK, body = MemoryDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn read(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<MemoryDocument>, Problem> {
    let call = of_right(&state, &principal, Right::SeeTranscripts, &id).await?;
    state.app.access.audit().note_once(&principal, Action::TranscriptRead, Some(&id), json!({"memory": true})).await?;
    let remembered = match CallerKey::of_call(&call) {
        Some(caller) => state.app.store.known_of(&caller, principal.bots.as_deref()).await?,
        None => Vec::new(),
    };
    Ok(Json(MemoryDocument { remembered: remembered.into_iter().map(Into::into).collect() }))
}

/// Forgets what bots remember of the caller of this call, from calls of those bots that the asker has to do with. The calls stay; a live call
/// may remember anew.
#[utoipa::path(delete, path = "/api/v1/calls/{id}/memory", operation_id = "forget_caller", tag = "calls", params(("id" = String, Path)), responses(
    (status = OK, body = ForgottenDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn forget(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<ForgottenDocument>, Problem> {
    let call = of_right(&state, &principal, Right::Erase, &id).await?;
    state.app.access.audit().require(&principal, Action::Erased, Some(&id), json!({"memory": true})).await?;
    let forgotten = match CallerKey::of_call(&call) {
        Some(caller) => state.app.store.forget_of(&caller, principal.bots.as_deref()).await?,
        None => 0,
    };
    Ok(Json(ForgottenDocument { forgotten }))
}

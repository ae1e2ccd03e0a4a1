//! Erases what is known of a caller.
use super::calls::of_right;
use super::wire::ProblemDocument;
use super::wire::notes::ErasedDocument;
use super::{Problem, SharedState};
use crate::security::{Action, Principal, Right};
use crate::store::CallState;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::json;

/// Erases whoever called, or was called, in the call with this id: all their ended calls, of those bots that the asker has to do with:
/// records, recordings, events, notes, links. It cannot be undone. The audit keeps that it was done, by whom, and how many calls it were.
/// A call's id stands for the caller, so that no address or log holds a number.
#[utoipa::path(delete, path = "/api/v1/callers/{id}", operation_id = "erase_caller", tag = "calls", params(("id" = String, Path)), responses(
    (status = OK, body = ErasedDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "This call is live, or ended only now"),
    (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json", description = "The database or the disk refuses; nothing, or not all, is erased: try again"),
))]
pub(super) async fn erase(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<ErasedDocument>, Problem> {
    let call = of_right(&state, &principal, Right::Erase, &id).await?;
    let store = &state.app.store;
    // What has ended leaves memory when all of it is stored, a moment later.
    if call.state == CallState::Live || store.bot(&id).is_some() {
        let words = "this call is live, or has ended only now: end it, and try again in a moment";
        return Err(Problem::new(StatusCode::CONFLICT, words));
    }
    let calls = store.calls_of_caller(&call, principal.bots.as_deref()).await?;
    let detail = json!({"calls": calls.len()});
    state.app.access.audit().require(&principal, Action::Erased, Some(&id), detail).await?;
    let erased = store.erase(calls).await?;
    Ok(Json(ErasedDocument { calls: erased.calls, recordings: erased.recordings }))
}

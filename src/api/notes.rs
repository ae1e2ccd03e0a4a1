//! Notes and tags of calls.
use super::calls::{of_right, shared_with};
use super::wire::ProblemDocument;
use super::wire::notes::{NewNote, NoteDocument, NotesDocument, TagsDocument};
use super::{Problem, SharedState};
use crate::security::{Action, Principal, Right};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::json;

/// The longest note, in characters.
const NOTE: usize = 2_000;
/// Notes of one call.
const NOTES: i64 = 500;
const TAG: usize = 40;
const TAGS: usize = 20;

/// What people have written of a call.
#[utoipa::path(get, path = "/api/v1/calls/{id}/notes", operation_id = "list_notes", tag = "calls", params(("id" = String, Path)), responses(
    (status = OK, body = NotesDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<NotesDocument>, Problem> {
    let principal = shared_with(&state, principal, &id).await?;
    of_right(&state, &principal, Right::SeeTranscripts, &id).await?;
    Ok(Json(state.app.store.notes(&id).await?.into()))
}

/// Adds a note to a call, of a moment or of the whole.
#[utoipa::path(post, path = "/api/v1/calls/{id}/notes", operation_id = "add_note", tag = "calls", params(("id" = String, Path)), request_body = NewNote, responses(
    (status = CREATED, body = NoteDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "Nothing in it, too long, or the call has as many notes as it may"),
))]
pub(super) async fn add(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    Json(NewNote { text, at_ms }): Json<NewNote>,
) -> Result<(StatusCode, Json<NoteDocument>), Problem> {
    of_right(&state, &principal, Right::Annotate, &id).await?;
    let text = text.trim();
    if text.is_empty() || text.chars().count() > NOTE {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("a note has 1 to {NOTE} characters")));
    }
    state.app.access.audit().require(&principal, Action::Annotated, Some(&id), json!({"note": true})).await?;
    let added = state.app.store.add_note(&id, &principal.name, (at_ms, text), NOTES).await?;
    let words = || {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("this call has {NOTES} notes already: no more are kept"))
    };
    Ok((StatusCode::CREATED, Json(added.ok_or_else(words)?.into())))
}

/// Gives a call these tags in place of those it had.
#[utoipa::path(put, path = "/api/v1/calls/{id}/tags", operation_id = "set_tags", tag = "calls", params(("id" = String, Path)), request_body = TagsDocument, responses(
    (status = OK, body = TagsDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "Too many, an empty one, or one that is too long"),
))]
pub(super) async fn tag(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    Json(TagsDocument { tags }): Json<TagsDocument>,
) -> Result<Json<TagsDocument>, Problem> {
    of_right(&state, &principal, Right::Annotate, &id).await?;
    let mut tags: Vec<String> = tags.iter().map(|tag| tag.trim().to_owned()).collect();
    tags.sort();
    tags.dedup();
    let odd = |tag: &String| tag.is_empty() || tag.chars().count() > TAG || tag.chars().any(char::is_control);
    if tags.len() > TAGS || tags.iter().any(odd) {
        let words = format!("a call has at most {TAGS} tags, each of 1 to {TAG} characters in one line");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words));
    }
    state.app.access.audit().require(&principal, Action::Annotated, Some(&id), json!({"tags": tags.len()})).await?;
    state.app.store.set_tags(&id, &tags).await?;
    Ok(Json(TagsDocument { tags }))
}

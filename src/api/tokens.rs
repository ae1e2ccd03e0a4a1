//! API tokens: list, make, revoke.
use super::auth::need;
use super::session::unstored;
use super::users::known;
use super::wire::{NewTokenDocument, ProblemDocument, TokenMade, Tokens};
use super::{Problem, SharedState};
use crate::security::{MadeToken, NewToken, Principal, Right};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// API tokens, newest first, without their secrets.
#[utoipa::path(get, path = "/api/v1/tokens", operation_id = "list_tokens", tag = "tokens", responses((status = OK, body = Tokens)))]
pub(super) async fn list(State(state): SharedState, principal: Principal) -> Result<Json<Tokens>, Problem> {
    need(&principal, Right::ManageUsers, None)?;
    Ok(Json(Tokens { tokens: state.app.access.tokens().await?.into_iter().map(Into::into).collect() }))
}

/// Makes a token for a program: some rights, some bots, an end. Its owner is who makes it, or whose token makes it; when that one, or that
/// token, loses a right, ends or is removed, so does the token.
#[utoipa::path(post, path = "/api/v1/tokens", operation_id = "make_token", tag = "tokens", request_body = NewTokenDocument, responses(
    (status = CREATED, body = TokenMade),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "Its owner has a token of this name"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "Name, rights, bots or end are not as they should be"),
))]
pub(super) async fn make(
    State(state): SharedState,
    principal: Principal,
    Json(new): Json<NewTokenDocument>,
) -> Result<Response, Problem> {
    need(&principal, Right::ManageUsers, None)?;
    let NewTokenDocument { name, rights, bots, expires_at } = new;
    known(&state, bots.as_deref())?;
    let new = NewToken { name: &name, rights: rights.into_iter().collect(), bots, expires_at };
    let MadeToken { token, secret } = state.app.access.make_token(&principal, new).await?;
    let made = TokenMade { about: token.into(), token: secret };
    Ok(unstored((StatusCode::CREATED, Json(made)).into_response()))
}

#[utoipa::path(delete, path = "/api/v1/tokens/{id}", operation_id = "revoke_token", tag = "tokens", params(("id" = String, Path)), responses(
    (status = NO_CONTENT),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "There is no such token"),
))]
pub(super) async fn revoke(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    need(&principal, Right::ManageUsers, None)?;
    state.app.access.revoke_token(&principal, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

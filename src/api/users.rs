//! Users: list, make, change, remove.
use super::auth::need;
use super::wire::{NewUserDocument, ProblemDocument, UserDocument, UserPatch, Users};
use super::{ApiState, Problem, SharedState};
use crate::config::ECHO;
use crate::security::{Invitation, NewUser, Principal, Right, UserChange};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// The most bots of one user or token.
const BOTS: usize = 256;

#[utoipa::path(get, path = "/api/v1/users", operation_id = "list_users", tag = "users", responses((status = OK, body = Users)))]
pub(super) async fn list(State(state): SharedState, principal: Principal) -> Result<Json<Users>, Problem> {
    need(&principal, Right::ManageUsers, None)?;
    Ok(Json(Users { users: state.app.access.users().await?.into_iter().map(Into::into).collect() }))
}

/// Makes a user: with a password, or without one for who signs in by the provider.
#[utoipa::path(post, path = "/api/v1/users", operation_id = "add_user", tag = "users", request_body = NewUserDocument, responses(
    (status = CREATED, body = UserDocument),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "There is a user of this name"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "Name, password, role or bots are not as they should be"),
))]
pub(super) async fn add(
    State(state): SharedState,
    principal: Principal,
    Json(new): Json<NewUserDocument>,
) -> Result<(StatusCode, Json<UserDocument>), Problem> {
    need(&principal, Right::ManageUsers, None)?;
    let NewUserDocument { name, password, role, bots } = new;
    known(&state, bots.as_deref())?;
    let access = &state.app.access;
    let user = match (&password, &state.app.provider) {
        (Some(password), _) => access.add_user(&principal, NewUser { name: &name, password, role, bots }).await?,
        (None, Some(provider)) => {
            access.invite(&principal, Invitation { name: &name, issuer: provider.issuer(), role, bots }).await?
        }
        (None, None) => {
            let words = "`password` is missing: without it users sign in by a provider, and oidc.issuer names none";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words));
        }
    };
    Ok((StatusCode::CREATED, Json(user.into())))
}

/// Changes a user. Whose role, bots or password change, or who is disabled, is signed out everywhere.
#[utoipa::path(patch, path = "/api/v1/users/{name}", operation_id = "change_user", tag = "users", params(("name" = String, Path)), request_body = UserPatch, responses(
    (status = OK, body = UserDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "There is no such user"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "The last admin stays one"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "Password, role or bots are not as they should be"),
))]
pub(super) async fn change(
    State(state): SharedState,
    principal: Principal,
    Path(name): Path<String>,
    Json(patch): Json<UserPatch>,
) -> Result<Json<UserDocument>, Problem> {
    need(&principal, Right::ManageUsers, None)?;
    let UserPatch { role, bots, password, disabled } = patch;
    known(&state, bots.iter().flatten().next().map(Vec::as_slice))?;
    let change = UserChange { role, bots, password: password.as_deref(), disabled };
    Ok(Json(state.app.access.change_user(&principal, &name, change).await?.into()))
}

/// Removes a user, with sessions and tokens.
#[utoipa::path(delete, path = "/api/v1/users/{name}", operation_id = "remove_user", tag = "users", params(("name" = String, Path)), responses(
    (status = NO_CONTENT),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "There is no such user"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "The last admin stays one"),
))]
pub(super) async fn remove(
    State(state): SharedState,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    need(&principal, Right::ManageUsers, None)?;
    state.app.access.remove_user(&principal, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a bot that there is not: a name that is mistyped would let nobody do anything.
pub(super) fn known(state: &ApiState, bots: Option<&[String]>) -> Result<(), Problem> {
    if bots.is_some_and(|bots| bots.len() > BOTS) {
        let words = format!("`bots` has at most {BOTS} names; leave it out for all bots");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words));
    }
    let unknown = |bot: &&String| *bot != ECHO && !state.app.bots.knows(bot);
    match bots.into_iter().flatten().find(unknown) {
        None => Ok(()),
        Some(bot) => {
            let bot: String = bot.chars().take(64).collect();
            let words = format!("`bots`: there is no bot `{bot}`; GET /api/v1/bots lists them");
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words))
        }
    }
}

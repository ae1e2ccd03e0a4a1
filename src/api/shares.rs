//! Links to one call: who has signed in and opens one may read that call until the link ends, with no more rights than its maker had.
use super::calls::{SHAREABLE, of_right};
use super::wire::ProblemDocument;
use super::wire::notes::{NewShare, ShareDocument, ShareMade, ShareSecret};
use super::{Problem, SharedState};
use crate::security::{Action, Principal, Right, digest, secret};
use crate::store::Share;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const HOURS: u32 = 24;
/// A week.
const LONGEST: u32 = 168;

/// Makes a link to a call. Who opens it has to sign in, and may then do with this call what its maker could: read it, see the numbers,
/// hear the recording. Opening it is recorded.
#[utoipa::path(post, path = "/api/v1/calls/{id}/shares", operation_id = "share_call", tag = "calls", params(("id" = String, Path)), request_body = NewShare, responses(
    (status = CREATED, body = ShareMade),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "`hours` is out of range"),
))]
pub(super) async fn make(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    Json(NewShare { hours, at_ms }): Json<NewShare>,
) -> Result<Response, Problem> {
    let call = of_right(&state, &principal, Right::Export, &id).await?;
    let hours = hours.unwrap_or(HOURS);
    if !(1..=LONGEST).contains(&hours) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("`hours` is 1 to {LONGEST}")));
    }
    let until = Timestamp::now() + SignedDuration::from_hours(i64::from(hours));
    let rights = SHAREABLE.into_iter().filter(|right| principal.may(*right, Some(&call.bot)));
    let rights = rights.map(|right| right.name().to_owned()).collect();
    let unavailable =
        |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the system gives no random numbers; try again");
    let secret = secret().map_err(unavailable)?;
    state.app.access.audit().require(&principal, Action::Shared, Some(&id), json!({"hours": hours})).await?;
    let share = Share { call: id, at_ms, by: principal.name.clone(), rights, until };
    state.app.store.share(&digest(&secret), &share).await?;
    let made = ShareMade { secret, until };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(made)).into_response())
}

/// Opens a link: from then on the call can be read by whoever asks, until the link ends.
#[utoipa::path(post, path = "/api/v1/shares", operation_id = "open_share", tag = "calls", request_body = ShareSecret, responses(
    (status = OK, body = ShareDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "No such link, it has ended, or its call was erased"),
))]
pub(super) async fn open(
    State(state): SharedState,
    principal: Principal,
    Json(ShareSecret { secret }): Json<ShareSecret>,
) -> Result<Json<ShareDocument>, Problem> {
    let hash = digest(&secret);
    let none = || Problem::new(StatusCode::NOT_FOUND, "there is no such link, or it has ended: ask for another");
    let share = state.app.store.shared(&hash).await?.filter(|share| share.until > Timestamp::now()).ok_or_else(none)?;
    let detail = json!({"by": share.by});
    state.app.access.audit().require(&principal, Action::ShareOpened, Some(&share.call), detail).await?;
    state.app.store.open_share(&hash, &share.call, &principal.name).await?;
    Ok(Json(share.into()))
}

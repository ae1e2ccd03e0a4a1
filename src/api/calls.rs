//! Calls: list, read, place, end.
use super::auth::need;
use super::view::View;
use super::wire::{Calls, Depth, Detail, Filter, NewCall, Placed, ProblemDocument};
use super::{ApiState, Problem, SharedState};
use crate::call::{DialFault, DialOrder};
use crate::insight::score;
use crate::outbound;
use crate::security::{Action, Principal, Right};
use crate::store::{Call, CallState, Wanted};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What a link to a call can let others do.
pub(super) const SHAREABLE: [Right; 4] =
    [Right::SeeCalls, Right::SeeNumbers, Right::SeeTranscripts, Right::HearRecordings];

/// The longest `to` and `from`.
const ADDRESS: usize = 255;

#[utoipa::path(get, path = "/api/v1/calls", operation_id = "list_calls", tag = "calls", params(Filter), responses(
    (status = OK, body = Calls),
    (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "No call has the id in `before`"),
))]
pub(super) async fn list(
    State(state): SharedState,
    principal: Principal,
    Query(filter): Query<Filter>,
) -> Result<Json<Calls>, Problem> {
    need(&principal, Right::SeeCalls, None)?;
    let limit = filter.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, format!("limit = {limit}: must be from 1 to 200")));
    }
    if let Some(before) = &filter.before {
        known(&state, "before", before).await?;
    }
    // One more than asked for tells whether there is a next page.
    let (before, bots) = (filter.before.as_deref(), principal.bots.as_deref());
    let mut calls = state.app.store.calls(Wanted { state: filter.state, limit: limit + 1, before, bots }).await?;
    let more = calls.len() > limit;
    calls.truncate(limit);
    let before = calls.last().filter(|_| more).map(|call| call.id.clone());
    // Not each call, but how many of which.
    let detail = json!({"calls": calls.len(), "state": filter.state, "before": filter.before, "limit": limit});
    state.app.access.audit().note(&principal, Action::CallsListed, None, detail).await?;
    let calls = calls.into_iter().map(|call| View::of(&principal, &call.bot).call(call)).collect();
    Ok(Json(Calls { calls, before }))
}

/// The call with this id, if `principal` has this right for its bot.
pub(super) async fn of_right(state: &ApiState, principal: &Principal, right: Right, id: &str) -> Result<Call, Problem> {
    // Without the right for any bot at all, nothing is told of which calls there are.
    need(principal, right, None)?;
    let call = state.app.store.call(id).await?.ok_or_else(Problem::no_call)?;
    need(principal, right, Some(&call.bot))?;
    Ok(call)
}

/// `principal` with what links to this call let it do: for reading this one call.
pub(super) async fn shared_with(state: &ApiState, principal: Principal, id: &str) -> Result<Principal, Problem> {
    let granted = state.app.store.granted(id, &principal.name, jiff::Timestamp::now()).await?;
    if granted.is_empty() {
        return Ok(principal);
    }
    let bot = state.app.store.call(id).await?.map(|call| call.bot);
    let rights = granted.iter().filter_map(|name| Right::of(name)).filter(|right| SHAREABLE.contains(right)).collect();
    Ok(principal.with_link(rights, bot.as_deref()))
}

/// Whether a parameter names a call.
pub(super) async fn known(state: &ApiState, parameter: &str, id: &str) -> Result<(), Problem> {
    if uuid::Uuid::try_parse(id).is_err() {
        let words = format!("`{parameter}` is no id of a call: those are UUIDs");
        return Err(Problem::new(StatusCode::BAD_REQUEST, words));
    }
    if state.app.store.knows(id).await? {
        return Ok(());
    }
    Err(Problem::new(StatusCode::NOT_FOUND, format!("there is no call with the id in `{parameter}`")))
}

#[utoipa::path(get, path = "/api/v1/calls/{id}", operation_id = "read_call", tag = "calls", params(("id" = String, Path), Depth), responses(
    (status = OK, body = Detail),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn one(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    Query(depth): Query<Depth>,
) -> Result<Json<Detail>, Problem> {
    let principal = shared_with(&state, principal, &id).await?;
    let call = of_right(&state, &principal, Right::SeeCalls, &id).await?;
    let view = View::of(&principal, &call.bot);
    if view.has_words() {
        state.app.access.audit().note_once(&principal, Action::TranscriptRead, Some(&id), json!({})).await?;
    }
    let timeline = match depth.timeline {
        true => Some(state.app.store.timeline(&id).await?),
        false => None,
    };
    // Points and moments hold neither words nor numbers.
    let score = timeline.as_ref().and_then(|timeline| score::score(&call, timeline)).map(Into::into);
    let timeline = timeline.map(|all| all.into_iter().map(|event| view.event(event)).collect());
    Ok(Json(Detail { call: view.call(call), timeline, score }))
}

/// Places a call. The answer comes before the other side rings: follow the call by its id.
#[utoipa::path(post, path = "/api/v1/calls", operation_id = "place_call", tag = "calls", request_body = NewCall, responses(
    (status = ACCEPTED, body = Placed),
    (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json", description = "No JSON, or `to` is no address"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "No such bot, one whose file cannot be used, or no trunk for a number"),
    (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json", description = "Stopping, or as many calls as allowed"),
))]
pub(super) async fn dial(State(state): SharedState, principal: Principal, Json(new): Json<NewCall>) -> Response {
    let NewCall { to, bot, from } = new;
    if let Err(problem) = need(&principal, Right::Dial, Some(&bot)) {
        return problem.into_response();
    }
    let odd = |text: &String| {
        text.is_empty() || text.len() > ADDRESS || text.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    if odd(&to) || from.as_ref().is_some_and(odd) {
        let words = "`to` and `from` have 1 to 255 characters, none of them a space";
        return DialFault::from(outbound::Fault::Address(words)).into_response();
    }
    if !state.app.bots.has(&bot) {
        let broken = state.app.bots.knows(&bot);
        return if broken { DialFault::Broken } else { DialFault::Bot }.into_response();
    }
    let (audit, detail) = (state.app.access.audit(), json!({"bot": bot}));
    // The record names the call, and so comes after it has begun.
    if let Err(fault) = audit.ready().await {
        return Problem::from(fault).into_response();
    }
    match state.app.calls.dial(DialOrder { to, bot, from }).await {
        Ok(id) => {
            if let Err(fault) = audit.require(&principal, Action::CallPlaced, Some(&id), detail).await {
                state.app.calls.hang_up(&id);
                return Problem::from(fault).into_response();
            }
            let place = format!("/api/v1/calls/{id}");
            (StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(Placed { id })).into_response()
        }
        Err(fault) => fault.into_response(),
    }
}

/// Ends a live call. It is over a moment later: its events say when.
#[utoipa::path(delete, path = "/api/v1/calls/{id}", operation_id = "end_call", tag = "calls", params(("id" = String, Path)), responses(
    (status = ACCEPTED),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "It is over already"),
))]
pub(super) async fn hang_up(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let call = of_right(&state, &principal, Right::EndCalls, &id).await?;
    let over = || Problem::new(StatusCode::CONFLICT, "this call is over already");
    if call.state == CallState::Ended {
        return Err(over());
    }
    state.app.access.audit().require(&principal, Action::CallEnded, Some(&id), json!({})).await?;
    if !state.app.calls.hang_up(&id) {
        return Err(over());
    }
    Ok(StatusCode::ACCEPTED)
}

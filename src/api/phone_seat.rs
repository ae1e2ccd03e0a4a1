//! Seats of supervisors at telephones: the server calls them or they dial in, and what their keys ask for is done with their rights and recorded.
use super::seats::{admit_as, hand_back_as, lost, set_mode};
use super::session::unstored;
use super::wire::{DialInDocument, PhoneSeatDocument, ProblemDocument};
use super::{ApiState, Problem, SharedState};
use crate::call::{DialIn, PhoneAct, PhoneCommand, PhoneOrder, SeatAddress};
use crate::security::{Action, Principal};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dialog::guidance::Guidance;
use dialog::seat_words::SeatWords;
use futures::future::BoxFuture;
use media::hears::Supervision;
use serde_json::json;
use std::sync::Arc;

/// Calls whoever asks at the telephone that the configuration has for them. When they answer they are told which keys there are, and hear
/// the call after they have pressed 1; `*1` to `*4` change how they take part, `*5` hands the call back.
#[utoipa::path(post, path = "/api/v1/calls/{id}/seats/phone", operation_id = "call_supervisor", tag = "supervision", params(("id" = String, Path)), responses(
    (status = ACCEPTED, body = PhoneSeatDocument, description = "Their telephone is called; the list of seats has the seat"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "No telephone is known of whoever asks (`code` is `no_phone`), all seats are taken, the call is not answered or over, or its bot does not disclose that others may listen"),
    (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json", description = "Stopping, or no more calls at present; with Retry-After"),
))]
pub(super) async fn call(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<PhoneSeatDocument>), Problem> {
    let order = order(&state, &principal, &id).await?;
    let at = state.app.supervisors.call(&id, order)?;
    recorded(&state, &principal, &at, "telephone").await?;
    Ok((StatusCode::ACCEPTED, Json(PhoneSeatDocument { seat: at.seat.0 })))
}

/// Expects a call of whoever asks, for two minutes. They dial `dial`, enter `pin` and press 1, and hear the call then; the other keys are those
/// of a telephone that the server calls. After three wrong PINs the code is void.
#[utoipa::path(post, path = "/api/v1/calls/{id}/seats/dial-in", operation_id = "expect_supervisor", tag = "supervision", params(("id" = String, Path)), responses(
    (status = ACCEPTED, body = DialInDocument, description = "Their call is expected; the list of seats has the seat. Cache-Control: no-store"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "Nobody dials in here (`code` is `no_dial_in`), all seats are taken, the call is not answered or over, or its bot does not disclose that others may listen"),
    (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json", description = "Stopping, or too many are expected; with Retry-After"),
))]
pub(super) async fn dial_in(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let order = order(&state, &principal, &id).await?;
    let DialIn { at, dial, pin, time } = state.app.supervisors.expect(&id, order)?;
    recorded(&state, &principal, &at, "dial_in").await?;
    let document = DialInDocument { seat: at.seat.0, dial, pin, seconds: time.as_secs() };
    Ok(unstored((StatusCode::ACCEPTED, Json(document)).into_response()))
}

/// A seat at a telephone for whoever asks, if they may have one.
async fn order(state: &ApiState, principal: &Principal, call: &str) -> Result<PhoneOrder, Problem> {
    admit_as(state, principal, Supervision::Monitor, call).await?;
    state.app.access.audit().ready().await?;
    let (access, whose) = (state.app.access.clone(), principal.clone());
    Ok(PhoneOrder {
        who: principal.name.clone(),
        until: Box::pin(async move { access.until_changed(&whose).await }),
        left: Box::new(lost(state, principal, call)),
        act: by_keys(state, principal),
    })
}

/// Records who has a seat at a telephone; without that nobody keeps it.
async fn recorded(state: &ApiState, principal: &Principal, at: &SeatAddress, by: &str) -> Result<(), Problem> {
    let detail = json!({"seat": at.seat.0, "mode": "absent", "by": by});
    let audit = state.app.access.audit();
    let Err(fault) = audit.require(principal, Action::SeatTaken, Some(&at.call), detail).await else { return Ok(()) };
    // Nobody listens unrecorded. One who has hung up meanwhile is not there to be sent away.
    state.app.supervisors.leave(at, &principal.name).await.ok();
    Err(fault.into())
}

/// What the keys of this supervisor do, or the words by which they are told that it was not done.
fn by_keys(state: &ApiState, principal: &Principal) -> PhoneAct {
    let (state, principal) = (state.clone(), principal.clone());
    Arc::new(move |at: SeatAddress, command: PhoneCommand| -> BoxFuture<'static, Result<(), SeatWords>> {
        let (state, principal) = (state.clone(), principal.clone());
        Box::pin(
            async move { act(&state, &principal, &at, command).await.map_err(|problem| words_of(command, &problem)) },
        )
    })
}

async fn act(state: &ApiState, principal: &Principal, at: &SeatAddress, command: PhoneCommand) -> Result<(), Problem> {
    match command {
        PhoneCommand::Mode(mode) => {
            admit_as(state, principal, mode, &at.call).await?;
            set_mode(state, principal, at, mode.into()).await
        }
        PhoneCommand::HandBack => {
            admit_as(state, principal, Supervision::TakeOver, &at.call).await?;
            hand_back_as(state, principal, &at.call, Guidance::default(), None).await.map(drop)
        }
    }
}

fn words_of(command: PhoneCommand, problem: &Problem) -> SeatWords {
    match (problem.code(), problem.status(), command) {
        (Some("taken_over"), ..) => SeatWords::Taken,
        (_, StatusCode::FORBIDDEN, _) => SeatWords::NotAllowed,
        (_, StatusCode::CONFLICT, PhoneCommand::HandBack) => SeatWords::NotTakenOver,
        _ => SeatWords::Failed,
    }
}

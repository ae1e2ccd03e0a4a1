//! Supervisors' seats in live calls: a browser joins as WHEP has it (an offer for an answer, a resource to change and to leave), and what
//! supervisors give the bot.
use super::asker::{Asker, bot_of};
use super::widget::{FRAGMENT, IceMatch, SDP, begun, is, restarted, wants};
use super::wire::{
    GuidanceDocument, GuidanceReceipt, HandBackDocument, JoinQuery, ProblemDocument, SeatDocument, SeatModeDocument,
    SeatsDocument,
};
use super::{Problem, SharedState};
use crate::call::{SeatAddress, SeatAnswer, SeatFault, SeatOffer};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use dialog::guidance::{Guidance, GuidanceFault};
use media::room::Seat;

/// The longest sentence that a bot is given to say.
const SENTENCE: usize = 500;
/// The longest promise.
const PROMISE: usize = 2_000;

/// Joins a live call: an SDP offer for its answer. The seat hears the call as soon as its line is connected.
#[utoipa::path(post, path = "/api/v1/calls/{id}/seats", operation_id = "take_seat", tag = "supervision",
    params(("id" = String, Path), JoinQuery), request_body(content = String, content_type = "application/sdp"), responses(
    (status = CREATED, body = String, content_type = "application/sdp", description = "The answer; Location, ETag (the ICE session) and Link (TURN servers) with it"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "Another has taken the call over (`detail` names them), all seats are taken, or the call is not answered or over"),
    (status = UNSUPPORTED_MEDIA_TYPE, body = ProblemDocument, content_type = "application/problem+json"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "An offer that cannot be answered, or without a microphone for a mode that speaks"),
    (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json", description = "Stopping, or no port; with Retry-After"),
))]
pub(super) async fn join(
    State(state): SharedState,
    asker: Asker,
    Path(id): Path<String>,
    Query(JoinQuery { mode }): Query<JoinQuery>,
    headers: HeaderMap,
    offer: String,
) -> Result<Response, Problem> {
    if !is(&headers, SDP) {
        return Ok(wants(SDP));
    }
    bot_of(&state, &id).await?;
    let mode = mode.unwrap_or_default();
    let offer = SeatOffer { who: asker.name.clone(), mode: mode.into(), sdp: offer };
    let SeatAnswer { seat, etag, sdp } = state.app.supervisors.join(&id, offer).await?;
    asker.note(&format!("joined as {}", mode.name()), &id);
    Ok(begun(&state, &format!("/api/v1/calls/{id}/seats/{}", seat.0), etag, sdp))
}

/// Who supervises a live call, and how.
#[utoipa::path(get, path = "/api/v1/calls/{id}/seats", operation_id = "list_seats", tag = "supervision", params(("id" = String, Path)), responses(
    (status = OK, body = SeatsDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "The call is not answered yet, or over"),
))]
pub(super) async fn list(State(state): SharedState, Path(id): Path<String>) -> Result<Json<SeatsDocument>, Problem> {
    bot_of(&state, &id).await?;
    let seats = state.app.supervisors.seats(&id).into_iter();
    let document = |seat: crate::call::TakenSeat| SeatDocument {
        seat: seat.seat.0,
        name: seat.name,
        mode: seat.mode.into(),
        connected: seat.connected,
    };
    Ok(Json(SeatsDocument { seats: seats.map(document).collect() }))
}

/// Takes part in another way, at once: JSON; or candidates (`If-Match: "ETag"`) and ICE restarts (`If-Match: *`).
#[utoipa::path(patch, path = "/api/v1/calls/{id}/seats/{seat}", operation_id = "change_seat", tag = "supervision",
    params(("id" = String, Path), ("seat" = u8, Path)),
    request_body(content((SeatModeDocument = "application/json"), (String = "application/trickle-ice-sdpfrag"))), responses(
    (status = NO_CONTENT, description = "Done: the mode is heard with the next 20 ms"),
    (status = OK, body = String, content_type = "application/trickle-ice-sdpfrag", description = "ICE restarts: our half, and the new ETag; Link with fresh credentials for TURN servers"),
    (status = FORBIDDEN, body = ProblemDocument, content_type = "application/problem+json", description = "The seat is that of another"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "Another has taken the call over: `detail` names them"),
    (status = PRECONDITION_FAILED, body = ProblemDocument, content_type = "application/problem+json", description = "Of another ICE session"),
    (status = PRECONDITION_REQUIRED, body = ProblemDocument, content_type = "application/problem+json", description = "A fragment without If-Match"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "No such mode, or one that speaks at a seat without a microphone"),
))]
pub(super) async fn patch(
    State(state): SharedState,
    asker: Asker,
    Path((id, seat)): Path<(String, u8)>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Problem> {
    let supervisors = &state.app.supervisors;
    if is(&headers, "application/json") {
        let wanted = match Json::<SeatModeDocument>::from_bytes(body.as_bytes()) {
            Ok(Json(wanted)) => wanted,
            Err(refused) => return Ok(refused.into_response()),
        };
        bot_of(&state, &id).await?;
        let at = SeatAddress { call: id, seat: Seat(seat) };
        supervisors.set_mode(&at, &asker.name, wanted.mode.into())?;
        asker.note(&format!("changed to {}", wanted.mode.name()), &at.call);
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if !is(&headers, FRAGMENT) {
        return Ok(wants("application/json, or application/trickle-ice-sdpfrag"));
    }
    bot_of(&state, &id).await?;
    let at = SeatAddress { call: id, seat: Seat(seat) };
    match IceMatch::of(&headers)? {
        IceMatch::Restart => {
            let (fragment, etag) = supervisors.restart(&at, &asker.name, &body).await?;
            Ok(restarted(&state, fragment, etag))
        }
        IceMatch::Session(etag) => {
            supervisors.trickle(&at, &asker.name, etag, &body).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        IceMatch::Unknown => Err(SeatFault::Stale.into()),
    }
}

/// Leaves. A call that was taken over is the bot's again.
#[utoipa::path(delete, path = "/api/v1/calls/{id}/seats/{seat}", operation_id = "leave_seat", tag = "supervision",
    params(("id" = String, Path), ("seat" = u8, Path)), responses(
    (status = OK),
    (status = FORBIDDEN, body = ProblemDocument, content_type = "application/problem+json", description = "The seat is that of another"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn leave(
    State(state): SharedState,
    asker: Asker,
    Path((id, seat)): Path<(String, u8)>,
) -> Result<StatusCode, Problem> {
    let at = SeatAddress { call: id, seat: Seat(seat) };
    state.app.supervisors.leave(&at, &asker.name)?;
    asker.note("left", &at.call);
    Ok(StatusCode::OK)
}

/// Gives a call that the asker has taken over back to its bot, with what was agreed with the caller. The seat listens from then on.
#[utoipa::path(post, path = "/api/v1/calls/{id}/handback", operation_id = "hand_back", tag = "supervision", params(("id" = String, Path)),
    request_body = HandBackDocument, responses(
    (status = OK, body = GuidanceReceipt),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "Not taken over, or by another (`detail` names them); or a tool's answer is awaited, and values cannot be taken"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "A slot or a task that the bot does not have, or a value that the slot does not take: `detail` names it, and nothing has changed"),
))]
pub(super) async fn hand_back(
    State(state): SharedState,
    asker: Asker,
    Path(id): Path<String>,
    Json(HandBackDocument { slots, task, promise }): Json<HandBackDocument>,
) -> Result<Json<GuidanceReceipt>, Problem> {
    bot_of(&state, &id).await?;
    if promise.as_ref().is_some_and(|promise| promise.chars().count() > PROMISE) {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("`promise` has at most {PROMISE} characters"),
        ));
    }
    let guidance = Guidance { task, slots, say: None };
    let id_of_guidance = state.app.supervisors.hand_back(&id, &asker.name, guidance, promise).await?;
    asker.note("handed back", &id);
    Ok(Json(GuidanceReceipt { id: id_of_guidance }))
}

/// Guides the bot, which follows when nobody speaks. The caller hears nothing of it but what the bot then says.
#[utoipa::path(post, path = "/api/v1/calls/{id}/guidance", operation_id = "guide_bot", tag = "supervision", params(("id" = String, Path)),
    request_body = GuidanceDocument, responses(
    (status = ACCEPTED, body = GuidanceReceipt, description = "The call's timeline tells which turn followed it: `guidance_used` with this `id`, or `guidance_refused`"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "The call has no bot that could follow, is not answered or over"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "Nothing to follow; a slot or a task that the bot does not have, or a value that the slot does not take"),
))]
pub(super) async fn guide(
    State(state): SharedState,
    asker: Asker,
    Path(id): Path<String>,
    Json(GuidanceDocument { say, slots, task }): Json<GuidanceDocument>,
) -> Result<(StatusCode, Json<GuidanceReceipt>), Problem> {
    bot_of(&state, &id).await?;
    let odd =
        |text: &String| text.trim().is_empty() || text.chars().count() > SENTENCE || text.chars().any(char::is_control);
    if say.as_ref().is_some_and(odd) {
        let words = format!("`say` has 1 to {SENTENCE} characters, on one line");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words));
    }
    let guidance = Guidance { task, slots, say };
    if guidance == Guidance::default() {
        let words = "give the bot something: `say`, `slots` or `task`";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words));
    }
    let number = state.app.supervisors.guide(&id, &asker.name, guidance).await?;
    asker.note("guided the bot", &id);
    Ok((StatusCode::ACCEPTED, Json(GuidanceReceipt { id: number })))
}

impl From<SeatFault> for Problem {
    fn from(fault: SeatFault) -> Self {
        let status = match &fault {
            SeatFault::Draining | SeatFault::Off | SeatFault::Busy | SeatFault::NoPort => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            SeatFault::NoCall | SeatFault::Full | SeatFault::TakenOver(_) | SeatFault::NotTakenOver => {
                StatusCode::CONFLICT
            }
            SeatFault::OfAnother(_) => StatusCode::FORBIDDEN,
            SeatFault::Gone => StatusCode::NOT_FOUND,
            SeatFault::Silent(_) | SeatFault::Offer(_) => StatusCode::UNPROCESSABLE_ENTITY,
            SeatFault::Fragment(_) => StatusCode::BAD_REQUEST,
            SeatFault::Stale => StatusCode::PRECONDITION_FAILED,
            SeatFault::Guidance(
                GuidanceFault::Busy | GuidanceFault::Over | GuidanceFault::NotTakenOver | GuidanceFault::NoBot,
            ) => StatusCode::CONFLICT,
            SeatFault::Guidance(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let code = match &fault {
            SeatFault::TakenOver(_) => Some("taken_over"),
            SeatFault::Guidance(GuidanceFault::Slot { .. } | GuidanceFault::Value(_)) => Some("slot"),
            _ => None,
        };
        let problem = Self::new(status, fault.to_string());
        let problem = match code {
            Some(code) => problem.coded(code),
            None => problem,
        };
        if status == StatusCode::SERVICE_UNAVAILABLE { problem.later(5) } else { problem }
    }
}

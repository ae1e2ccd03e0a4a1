//! Supervisors' seats in live calls: a browser joins as WHEP has it (an offer for an answer, a resource to change and to leave), and what
//! supervisors give the bot.
use super::auth::need;
use super::calls::of_right;
use super::widget::{FRAGMENT, IceMatch, SDP, begun, is, restarted, wants};
use super::wire::{
    GuidanceDocument, GuidanceReceipt, HandBackDocument, JoinQuery, ProblemDocument, SeatDocument, SeatMode,
    SeatModeDocument, SeatWaits, SeatsDocument,
};
use super::{ApiState, Problem, SharedState};
use crate::call::{SeatAddress, SeatAnswer, SeatFault, SeatOffer};
use crate::security::{Action, Principal, Right};
use crate::store::{Call, CallState};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use dialog::guidance::{Guidance, GuidanceFault};
use media::hears::Supervision;
use media::room::Seat;
use serde_json::json;

/// The longest sentence that a bot is given to say.
const SENTENCE: usize = 500;
/// The longest promise.
const PROMISE: usize = 2_000;
/// The most slots of one guidance, and the longest name and value of one.
const SLOTS: usize = 64;
const NAME: usize = 64;
const VALUE: usize = 1_000;

/// What taking part in this way asks for.
const fn right(mode: Supervision) -> Right {
    match mode {
        Supervision::Absent | Supervision::Monitor => Right::Monitor,
        Supervision::Whisper => Right::Whisper,
        Supervision::Barge => Right::Barge,
        Supervision::TakeOver => Right::TakeOver,
    }
}

/// What somebody needs who signals for the line at their own seat.
const fn right_at(seat: u8) -> Right {
    if seat == Seat::AGENT.0 { Right::Answer } else { Right::Monitor }
}

/// Refuses what `principal` may not do with this call, and calls in which nobody could be heard.
async fn admit(state: &ApiState, principal: &Principal, right: Right, id: &str) -> Result<Call, Problem> {
    let call = of_right(state, principal, right, id).await?;
    match call.state {
        CallState::Live if call.answered_at.is_some() => Ok(call),
        CallState::Live => Err(Problem::new(StatusCode::CONFLICT, "this call is not answered yet")),
        CallState::Ended => Err(Problem::new(StatusCode::CONFLICT, "this call is over already")),
    }
}

/// Refuses a way of taking part that `principal` has no right to. What is whispered guides the bot.
pub(super) async fn admit_as(
    state: &ApiState,
    principal: &Principal,
    mode: Supervision,
    id: &str,
) -> Result<Call, Problem> {
    let call = admit(state, principal, right(mode), id).await?;
    if mode == Supervision::Whisper {
        admit(state, principal, Right::Guide, id).await?;
    }
    Ok(call)
}

/// Joins a live call: an SDP offer for its answer. The seat hears the call as soon as its line is connected and the caller has heard to
/// its end that others may listen; the list of seats tells which ones wait for that.
#[utoipa::path(post, path = "/api/v1/calls/{id}/seats", operation_id = "take_seat", tag = "supervision",
    params(("id" = String, Path), JoinQuery), request_body(content = String, content_type = "application/sdp"), responses(
    (status = CREATED, body = String, content_type = "application/sdp", description = "The answer; Location, ETag (the ICE session) and Link (TURN servers) with it"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "Another has taken the call over (`detail` names them), all seats are taken, the call is not answered or over, or its bot does not disclose that others may listen"),
    (status = UNSUPPORTED_MEDIA_TYPE, body = ProblemDocument, content_type = "application/problem+json"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "An offer that cannot be answered, or without a microphone for a mode that speaks"),
    (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json", description = "Stopping, or no port; with Retry-After"),
))]
pub(super) async fn join(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    Query(JoinQuery { mode }): Query<JoinQuery>,
    headers: HeaderMap,
    offer: String,
) -> Result<Response, Problem> {
    let mode = mode.unwrap_or_default();
    admit_as(&state, &principal, mode.into(), &id).await?;
    if !is(&headers, SDP) {
        return Ok(wants(SDP));
    }
    let audit = state.app.access.audit();
    audit.ready().await?;
    let (access, whose) = (state.app.access.clone(), principal.clone());
    let until = Box::pin(async move { access.until_changed(&whose).await });
    let left = Box::new(lost(&state, &principal, &id));
    let offer = SeatOffer { who: principal.name.clone(), mode: mode.into(), sdp: offer, until, left };
    let SeatAnswer { seat, etag, sdp } = state.app.supervisors.join(&id, offer).await?;
    let detail = json!({"seat": seat.0, "mode": mode.name()});
    if let Err(fault) = audit.require(&principal, Action::SeatTaken, Some(&id), detail).await {
        // Nobody listens unrecorded. One who has left meanwhile is not there to be sent away.
        state.app.supervisors.leave(&SeatAddress { call: id, seat }, &principal.name).await.ok();
        return Err(fault.into());
    }
    Ok(begun(&state, &format!("/api/v1/calls/{id}/seats/{}", seat.0), etag, sdp))
}

/// Records the end of a seat that its supervisor has not asked for.
pub(super) fn lost(
    state: &ApiState,
    principal: &Principal,
    call: &str,
) -> impl FnOnce(Seat, &'static str) + Send + use<> {
    let (access, principal, call) = (state.app.access.clone(), principal.clone(), call.to_owned());
    move |seat: Seat, why: &'static str| {
        tokio::spawn(async move {
            let detail = json!({"seat": seat.0, "why": why});
            let noted = access.audit().note(&principal, Action::SeatLeft, Some(&call), detail).await;
            if let Err(why) = noted {
                tracing::error!(%why, %call, "the end of a supervisor's seat is not in the audit");
            }
        });
    }
}

/// Who supervises a live call, and how.
#[utoipa::path(get, path = "/api/v1/calls/{id}/seats", operation_id = "list_seats", tag = "supervision", params(("id" = String, Path)), responses(
    (status = OK, body = SeatsDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "The call is not answered yet, or over"),
))]
pub(super) async fn list(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<SeatsDocument>, Problem> {
    let call = admit(&state, &principal, Right::Monitor, &id).await?;
    let seats = state.app.supervisors.seats(&id).into_iter();
    let takes_part = |seat: Seat| call.seats.iter().any(|taken| taken.seat == seat.0);
    let document = |seat: crate::call::TakenSeat| SeatDocument {
        waits: match seat.mode {
            _ if !seat.connected => None,
            Supervision::Absent if seat.seat != Seat::AGENT => Some(SeatWaits::Key),
            _ => (!takes_part(seat.seat)).then_some(SeatWaits::Disclosure),
        },
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
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "Another has taken the call over: `detail` names them; or nobody has pressed a key at the seat's telephone yet (`code` is `no_key`)"),
    (status = PRECONDITION_FAILED, body = ProblemDocument, content_type = "application/problem+json", description = "Of another ICE session"),
    (status = PRECONDITION_REQUIRED, body = ProblemDocument, content_type = "application/problem+json", description = "A fragment without If-Match"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "No such mode, or one that speaks at a seat without a microphone"),
))]
pub(super) async fn patch(
    State(state): SharedState,
    principal: Principal,
    Path((id, seat)): Path<(String, u8)>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Problem> {
    let at_seat = right_at(seat);
    need(&principal, at_seat, None)?;
    let supervisors = &state.app.supervisors;
    if is(&headers, "application/json") {
        let wanted = match Json::<SeatModeDocument>::from_bytes(body.as_bytes()) {
            Ok(Json(wanted)) => wanted,
            Err(refused) => return Ok(refused.into_response()),
        };
        admit_as(&state, &principal, wanted.mode.into(), &id).await?;
        let at = SeatAddress { call: id, seat: Seat(seat) };
        keyed(&state, &at)?;
        set_mode(&state, &principal, &at, wanted.mode).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if !is(&headers, FRAGMENT) {
        return Ok(wants("application/json, or application/trickle-ice-sdpfrag"));
    }
    admit(&state, &principal, at_seat, &id).await?;
    let at = SeatAddress { call: id, seat: Seat(seat) };
    match IceMatch::of(&headers)? {
        IceMatch::Restart => {
            let (fragment, etag) = supervisors.restart(&at, &principal.name, &body).await?;
            Ok(restarted(&state, fragment, etag))
        }
        IceMatch::Session(etag) => {
            supervisors.trickle(&at, &principal.name, etag, &body).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        IceMatch::Unknown => Err(SeatFault::Stale.into()),
    }
}

/// Refuses a seat whose telephone has pressed no key yet: who is there is not known.
fn keyed(state: &ApiState, at: &SeatAddress) -> Result<(), Problem> {
    let mut seats = state.app.supervisors.seats(&at.call).into_iter();
    match seats.find(|taken| taken.seat == at.seat) {
        Some(taken) if taken.mode == Supervision::Absent && taken.seat != Seat::AGENT => {
            let words = "nobody has pressed 1 at this seat's telephone yet: press it there to listen";
            Err(Problem::new(StatusCode::CONFLICT, words).coded("no_key"))
        }
        _ => Ok(()),
    }
}

/// Sets a mode that is in the audit, or stays as it was.
pub(super) async fn set_mode(
    state: &ApiState,
    principal: &Principal,
    at: &SeatAddress,
    mode: SeatMode,
) -> Result<(), Problem> {
    let (supervisors, audit) = (&state.app.supervisors, state.app.access.audit());
    audit.ready().await?;
    let before = supervisors.seats(&at.call).into_iter().find(|taken| taken.seat == at.seat);
    supervisors.set_mode(at, &principal.name, mode.into()).await?;
    let detail = json!({"seat": at.seat.0, "mode": mode.name()});
    let Err(fault) = audit.require(principal, Action::SeatModeChanged, Some(&at.call), detail).await else {
        return Ok(());
    };
    // One who has left meanwhile takes part in no way.
    if let Some(before) = before {
        supervisors.set_mode(at, &principal.name, before.mode).await.ok();
    }
    Err(fault.into())
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
    principal: Principal,
    Path((id, seat)): Path<(String, u8)>,
) -> Result<StatusCode, Problem> {
    of_right(&state, &principal, right_at(seat), &id).await?;
    let at = SeatAddress { call: id, seat: Seat(seat) };
    state.app.supervisors.leave(&at, &principal.name).await?;
    let detail = json!({"seat": seat});
    state.app.access.audit().note(&principal, Action::SeatLeft, Some(&at.call), detail).await?;
    Ok(StatusCode::OK)
}

/// Gives a call that its supervisor has taken over back to its bot, with what was agreed with the caller. The seat listens from then on.
#[utoipa::path(post, path = "/api/v1/calls/{id}/handback", operation_id = "hand_back", tag = "supervision", params(("id" = String, Path)),
    request_body = HandBackDocument, responses(
    (status = OK, body = GuidanceReceipt),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "Not taken over, or by another (`detail` names them); or a tool's answer is awaited, and values cannot be taken"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "A slot or a task that the bot does not have, or a value that the slot does not take: `detail` names it, and nothing has changed"),
))]
pub(super) async fn hand_back(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    Json(HandBackDocument { slots, task, promise }): Json<HandBackDocument>,
) -> Result<Json<GuidanceReceipt>, Problem> {
    admit(&state, &principal, Right::TakeOver, &id).await?;
    if promise.as_ref().is_some_and(|promise| promise.chars().count() > PROMISE) {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("`promise` has at most {PROMISE} characters"),
        ));
    }
    let guidance = Guidance { task, slots, say: None };
    bounded(&guidance)?;
    let id = hand_back_as(&state, &principal, &id, guidance, promise).await?;
    Ok(Json(GuidanceReceipt { id }))
}

/// Hands a call back, and records it. Gives the number of the guidance.
pub(super) async fn hand_back_as(
    state: &ApiState,
    principal: &Principal,
    call: &str,
    guidance: Guidance,
    promise: Option<String>,
) -> Result<u64, Problem> {
    state.app.access.audit().ready().await?;
    let detail = json!({"handed_back": true, "slots": slot_names(&guidance), "task": guidance.task});
    let id = state.app.supervisors.hand_back(call, &principal.name, guidance, promise).await?;
    state.app.access.audit().note(principal, Action::Guided, Some(call), detail).await?;
    Ok(id)
}

/// Guides the bot, which follows when nobody speaks. The caller hears nothing of it but what the bot then says.
#[utoipa::path(post, path = "/api/v1/calls/{id}/guidance", operation_id = "guide_bot", tag = "supervision", params(("id" = String, Path)),
    request_body = GuidanceDocument, responses(
    (status = ACCEPTED, body = GuidanceReceipt, description = "The call's timeline tells which turn followed it: `guidance_used` with this `id`, or `guidance_refused`"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "The call has no bot that could follow, is not answered or over"),
    (status = TOO_MANY_REQUESTS, body = ProblemDocument, content_type = "application/problem+json", description = "As much guidance as can wait does already"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "Nothing to follow; a slot or a task that the bot does not have, or a value that the slot does not take"),
))]
pub(super) async fn guide(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    Json(GuidanceDocument { say, slots, task }): Json<GuidanceDocument>,
) -> Result<(StatusCode, Json<GuidanceReceipt>), Problem> {
    admit(&state, &principal, Right::Guide, &id).await?;
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
    bounded(&guidance)?;
    state.app.access.audit().ready().await?;
    let detail = json!({"slots": slot_names(&guidance), "task": guidance.task, "say": guidance.say.is_some()});
    let number = state.app.supervisors.guide(&id, &principal.name, guidance).await?;
    state.app.access.audit().note(&principal, Action::Guided, Some(&id), detail).await?;
    Ok((StatusCode::ACCEPTED, Json(GuidanceReceipt { id: number })))
}

/// Refuses what no bot has: names and values are repeated in the audit, the timeline and refusals.
fn bounded(guidance: &Guidance) -> Result<(), Problem> {
    let long = |name: &String| name.chars().count() > NAME;
    let value = |value: &serde_json::Value| value.to_string().chars().count() > VALUE;
    let Guidance { task, slots, .. } = guidance;
    if slots.len() <= SLOTS && !task.iter().chain(slots.keys()).any(long) && !slots.values().any(value) {
        return Ok(());
    }
    let words = format!(
        "at most {SLOTS} slots; a slot's and a task's name have at most {NAME} characters, a value at most {VALUE}"
    );
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words))
}

/// The slots without their values, which no audit holds.
fn slot_names(guidance: &Guidance) -> Vec<&String> {
    guidance.slots.keys().collect()
}

impl From<SeatFault> for Problem {
    fn from(fault: SeatFault) -> Self {
        let status = match &fault {
            SeatFault::Draining | SeatFault::Off | SeatFault::Busy | SeatFault::NoPort | SeatFault::Phone => {
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
            SeatFault::Guidance(GuidanceFault::Full) => StatusCode::TOO_MANY_REQUESTS,
            SeatFault::NotDisclosed | SeatFault::NoPhone(_) | SeatFault::NoDialIn => StatusCode::CONFLICT,
            SeatFault::Guidance(
                GuidanceFault::Busy | GuidanceFault::Over | GuidanceFault::NotTakenOver | GuidanceFault::NoBot,
            ) => StatusCode::CONFLICT,
            SeatFault::Guidance(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let code = match &fault {
            SeatFault::TakenOver(_) => Some("taken_over"),
            SeatFault::NotDisclosed => Some("not_disclosed"),
            SeatFault::NoPhone(_) => Some("no_phone"),
            SeatFault::NoDialIn => Some("no_dial_in"),
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

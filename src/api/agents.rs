//! Agents in browsers: whether they take calls, who waits, and what is offered to whom.
use super::auth::need;
use super::seats::lost;
use super::view::View;
use super::widget::{SDP, begun, is, wants};
use super::wire::ProblemDocument;
use super::wire::agents::{
    AgentDocument, AgentsDocument, AvailabilityDocument, DeclineDocument, OfferDocument, OfferSlot, OffersDocument,
    QueueDocument, QueueRowDocument, SummaryLine,
};
use super::{ApiState, Problem, SharedState};
use crate::call::{Agent, AgentRow, OfferFault, OfferGone, OfferView, QueueView, SeatAddress, SeatOffer};
use crate::security::{Action, Principal, Right};
use crate::store::Speaker;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use media::hears::Supervision;
use media::room::Seat;
use serde_json::json;

/// So many turns are shown of an offered call.
const SUMMARY: usize = 6;
/// The longest reason for which a call is declined, and the longest skill.
const WHY: usize = 200;
const SKILL: usize = 64;
/// So many skills an agent may have.
const SKILLS: usize = 32;

/// Takes calls that bots hand over to a person, or takes no more. It ends with the session, and where two offers in a row ran out.
#[utoipa::path(put, path = "/api/v1/agents/me", operation_id = "set_available", tag = "agents", request_body = AvailabilityDocument, responses(
    (status = OK, body = AgentDocument),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "Too many skills, or one that is no word"),
))]
pub(super) async fn set_available(
    State(state): SharedState,
    principal: Principal,
    Json(AvailabilityDocument { available, skills }): Json<AvailabilityDocument>,
) -> Result<Json<AgentDocument>, Problem> {
    need(&principal, Right::Answer, None)?;
    let odd = |skill: &String| skill.trim().is_empty() || skill.len() > SKILL || skill.chars().any(char::is_control);
    if skills.as_ref().is_some_and(|skills| skills.len() > SKILLS || skills.iter().any(odd)) {
        let words = format!("`skills` has at most {SKILLS} names of at most {SKILL} characters");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words));
    }
    let detail = json!({"available": available, "skills": skills});
    state.app.access.audit().note(&principal, Action::AvailabilityChanged, None, detail).await?;
    if available {
        let (access, whose) = (state.app.access.clone(), principal.clone());
        let bots = principal.bots.as_ref().map(|bots| bots.to_vec());
        let agent = Agent { name: principal.name.clone(), bots, skills };
        state.app.agents.arrive(agent, Box::pin(async move { access.until_changed(&whose).await }));
    } else {
        state.app.agents.go(&principal.name);
    }
    let own = state.app.agents.agents().into_iter().find(|(row, _)| row.agent.name == principal.name);
    let gone = || AgentDocument {
        name: principal.name.clone(),
        available: false,
        skills: None,
        offer: None,
        call: None,
        since: None,
    };
    Ok(Json(own.map_or_else(gone, document)))
}

/// Who takes calls.
#[utoipa::path(get, path = "/api/v1/agents", operation_id = "list_agents", tag = "agents", responses((status = OK, body = AgentsDocument)))]
pub(super) async fn list(State(state): SharedState, principal: Principal) -> Result<Json<AgentsDocument>, Problem> {
    need(&principal, Right::Answer, None)?;
    Ok(Json(AgentsDocument { agents: state.app.agents.agents().into_iter().map(document).collect() }))
}

/// The callers who wait for a person, in the order in which they came.
#[utoipa::path(get, path = "/api/v1/queue", operation_id = "list_queue", tag = "agents", responses((status = OK, body = QueueDocument)))]
pub(super) async fn queue(State(state): SharedState, principal: Principal) -> Result<Json<QueueDocument>, Problem> {
    need(&principal, Right::SeeCalls, None)?;
    Ok(Json(QueueDocument { queue: queue_of(&state, &principal) }))
}

/// What is offered to who asks: one call at most.
#[utoipa::path(get, path = "/api/v1/offers", operation_id = "list_offers", tag = "agents", responses((status = OK, body = OffersDocument)))]
pub(super) async fn offers(State(state): SharedState, principal: Principal) -> Result<Json<OffersDocument>, Problem> {
    need(&principal, Right::Answer, None)?;
    Ok(Json(OffersDocument { offers: offers_to(&state, &principal) }))
}

/// Accepts: an SDP offer for its answer. The agent hears a brief first, and is then joined with the caller.
#[utoipa::path(post, path = "/api/v1/offers/{id}", operation_id = "accept_offer", tag = "agents", params(("id" = String, Path)),
    request_body(content = String, content_type = "application/sdp"), responses(
    (status = CREATED, body = String, content_type = "application/sdp", description = "The answer; Location of the seat, ETag (the ICE session) and Link (TURN servers) with it"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "The call is not offered to who asks any more"),
    (status = UNSUPPORTED_MEDIA_TYPE, body = ProblemDocument, content_type = "application/problem+json"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "An offer that cannot be answered, or without a microphone"),
    (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json", description = "No port; with Retry-After"),
))]
pub(super) async fn accept(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    headers: HeaderMap,
    sdp: String,
) -> Result<Response, Problem> {
    need(&principal, Right::Answer, None)?;
    let id = number(&id)?;
    if !is(&headers, SDP) {
        return Ok(wants(SDP));
    }
    let mut offers = state.app.agents.offers(&principal.name).into_iter();
    let offered = offers.find(|offer| offer.id == id).ok_or(OfferFault::Gone(OfferGone))?.entry;
    need(&principal, Right::Answer, Some(&offered.bot))?;
    let audit = state.app.access.audit();
    audit.ready().await?;
    let (access, whose) = (state.app.access.clone(), principal.clone());
    let until = Box::pin(async move { access.until_changed(&whose).await });
    let left = Box::new(lost(&state, &principal, &offered.call));
    let offer = SeatOffer { who: principal.name.clone(), mode: Supervision::Absent, sdp, until, left };
    let (call, answer) = state.app.agents.accept(id, offer).await?;
    let detail = json!({"seat": answer.seat.0, "offer": id});
    if let Err(fault) = audit.require(&principal, Action::SeatTaken, Some(&call), detail).await {
        // Nobody speaks unrecorded.
        state.app.supervisors.leave(&SeatAddress { call, seat: Seat::AGENT }, &principal.name).await.ok();
        return Err(fault.into());
    }
    Ok(begun(&state, &format!("/api/v1/calls/{call}/seats/{}", answer.seat.0), answer.etag, answer.sdp))
}

/// Declines: the call goes to another agent.
#[utoipa::path(delete, path = "/api/v1/offers/{id}", operation_id = "decline_offer", tag = "agents", params(("id" = String, Path)),
    request_body = DeclineDocument, responses(
    (status = NO_CONTENT),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "The call is not offered to who asks any more"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "Too long a reason"),
))]
pub(super) async fn decline(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    Json(DeclineDocument { why }): Json<DeclineDocument>,
) -> Result<StatusCode, Problem> {
    need(&principal, Right::Answer, None)?;
    let id = number(&id)?;
    let why = why.unwrap_or_default();
    if why.chars().count() > WHY {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("`why` has at most {WHY} characters")));
    }
    let declined = state.app.agents.decline(id, &principal.name, &why)?;
    let detail = json!({"offer": id, "declined": true, "why": why});
    state.app.access.audit().note(&principal, Action::OfferDeclined, Some(&declined.call), detail).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The number of an offer.
fn number(id: &str) -> Result<u64, OfferFault> {
    id.parse().map_err(|_| OfferFault::Gone(OfferGone))
}

fn document((row, since): (AgentRow, Timestamp)) -> AgentDocument {
    let AgentRow { agent, offer, call } = row;
    AgentDocument { name: agent.name, available: true, skills: agent.skills, offer, call, since: Some(since) }
}

/// Callers of the bots that are of somebody's business.
pub(super) fn queue_of(state: &ApiState, principal: &Principal) -> Vec<QueueRowDocument> {
    let now = Timestamp::now();
    let row = |QueueView { row, waited }: QueueView| QueueRowDocument {
        call: row.entry.call,
        bot: row.entry.bot,
        destination: row.entry.destination,
        position: row.place,
        since: now - SignedDuration::try_from(waited).unwrap_or_default(),
        waited_s: waited.as_secs(),
        expected_s: row.wait.map(|wait| wait.as_secs()),
        skills: row.entry.skills,
        offered_to: row.offer.map(|offer| offer.agent),
    };
    let queue = state.app.agents.queue().into_iter();
    queue.filter(|view| principal.may(Right::SeeCalls, Some(&view.row.entry.bot))).map(row).collect()
}

/// What is offered to somebody, as they may see it.
pub(super) fn offers_to(state: &ApiState, principal: &Principal) -> Vec<OfferDocument> {
    let offers = state.app.agents.offers(&principal.name).into_iter();
    offers
        .filter(|offer| principal.may(Right::Answer, Some(&offer.entry.bot)))
        .map(|offer| shown(state, principal, offer))
        .collect()
}

fn shown(state: &ApiState, principal: &Principal, offer: OfferView) -> OfferDocument {
    let OfferView { id, entry, waited, hand_over, left } = offer;
    let words = View::of(principal, &entry.bot).has_words();
    let live = state.app.store.live(&entry.call).filter(|_| words);
    let turns = live.map(|call| call.turns).unwrap_or_default();
    let last = &turns[turns.len().saturating_sub(SUMMARY)..];
    let line = |turn: &crate::store::Turn| {
        let speaker = if turn.speaker == Speaker::Caller { "caller" } else { "bot" };
        SummaryLine { speaker: speaker.into(), text: turn.text.0.clone() }
    };
    let slots = if words { hand_over.slots } else { Vec::new() };
    let mood = state.wall.mood(&entry.call).map(|mood| if words { mood } else { mood.without_words() });
    OfferDocument {
        id,
        call: entry.call,
        bot: entry.bot,
        destination: entry.destination,
        why: hand_over.why.into(),
        waited_s: waited.as_secs(),
        summary: last.iter().map(line).collect(),
        task: hand_over.task,
        slots: slots.into_iter().map(|slot| OfferSlot { name: slot.name, value: slot.value }).collect(),
        next: hand_over.next,
        mood,
        until: Timestamp::now() + SignedDuration::try_from(left).unwrap_or_default(),
    }
}

impl From<OfferFault> for Problem {
    fn from(fault: OfferFault) -> Self {
        match fault {
            OfferFault::Gone(_) => Problem::new(StatusCode::NOT_FOUND, fault.to_string()),
            OfferFault::NoMicrophone => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, fault.to_string()),
            OfferFault::Seat(fault) => fault.into(),
        }
    }
}

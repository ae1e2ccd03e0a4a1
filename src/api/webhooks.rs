//! Webhooks: what they were told, and telling it again.
use super::alerts::limit;
use super::auth::need;
use super::wire::ProblemDocument;
use super::wire::alerts::{DeliveriesDocument, DeliveryDocument, DeliveryQuery, ReplayOrder, Replayed};
use super::{ApiState, Problem, SharedState};
use crate::security::{Action, Principal, Right};
use crate::store::{DeliveryState, WantedDeliveries};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::json;

/// Messages to webhooks and what came of each, newest first. What is done with is kept for a week.
#[utoipa::path(get, path = "/api/v1/webhooks/deliveries", operation_id = "list_deliveries", tag = "alerts", params(DeliveryQuery), responses(
    (status = OK, body = DeliveriesDocument),
    (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(state): SharedState,
    principal: Principal,
    Query(query): Query<DeliveryQuery>,
) -> Result<Json<DeliveriesDocument>, Problem> {
    need(&principal, Right::ManageBots, None)?;
    let DeliveryQuery { webhook, state: wanted, limit: given, before } = query;
    let limit = limit(given)?;
    let unknown = |name: &str| {
        Problem::new(StatusCode::BAD_REQUEST, format!("state = {name:?}: must be waiting, delivered or failed"))
    };
    let wanted = wanted.map(|name| DeliveryState::of(&name).ok_or_else(|| unknown(&name))).transpose()?;
    let wanted =
        WantedDeliveries { webhook: webhook.as_deref(), state: wanted, before: before.as_deref(), limit: limit + 1 };
    let mut deliveries = state.app.store.deliveries().list(wanted).await?;
    let more = deliveries.len() > limit;
    deliveries.truncate(limit);
    let before = deliveries.last().filter(|_| more).map(|delivery| delivery.id.clone());
    Ok(Json(DeliveriesDocument { deliveries: deliveries.into_iter().map(Into::into).collect(), before }))
}

/// The webhook is not in the file of alerts.
fn unknown(webhook: &str) -> Problem {
    let words = format!("there is no webhook {webhook:?} in the file of alerts: add it, and read the file again");
    Problem::new(StatusCode::CONFLICT, words)
}

fn knows(state: &ApiState, name: &str) -> bool {
    state.app.alerting.webhooks().list().iter().any(|webhook| webhook.name == name)
}

/// Sends a message again, with the same id.
#[utoipa::path(post, path = "/api/v1/webhooks/deliveries/{id}/replay", operation_id = "replay_delivery", tag = "alerts",
    params(("id" = String, Path)), responses(
    (status = ACCEPTED, body = DeliveryDocument),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "There is no such message"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "Its webhook is not in the file of alerts any more"),
))]
pub(super) async fn replay(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<DeliveryDocument>), Problem> {
    need(&principal, Right::ManageBots, None)?;
    let deliveries = state.app.store.deliveries();
    let none = || Problem::new(StatusCode::NOT_FOUND, "there is no such message");
    let delivery = deliveries.one(&id).await?.ok_or_else(none)?;
    if !knows(&state, &delivery.webhook) {
        return Err(unknown(&delivery.webhook));
    }
    let detail = json!({"delivery": id, "webhook": delivery.webhook});
    state.app.access.audit().require(&principal, Action::WebhookReplayed, None, detail).await?;
    deliveries.replay(&id, Timestamp::now()).await?;
    state.app.alerting.webhooks().wake();
    let delivery = deliveries.one(&id).await?.ok_or_else(none)?;
    Ok((StatusCode::ACCEPTED, Json(delivery.into())))
}

/// Sends again what a webhook was told, or should have been, since a moment: a thousand messages at most.
#[utoipa::path(post, path = "/api/v1/webhooks/{name}/replay", operation_id = "replay_webhook", tag = "alerts",
    params(("name" = String, Path)), request_body = ReplayOrder, responses(
    (status = ACCEPTED, body = Replayed),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "There is no such webhook in the file of alerts"),
))]
pub(super) async fn replay_all(
    State(state): SharedState,
    principal: Principal,
    Path(name): Path<String>,
    Json(ReplayOrder { since }): Json<ReplayOrder>,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    need(&principal, Right::ManageBots, None)?;
    if !knows(&state, &name) {
        return Err(unknown(&name));
    }
    let detail = json!({"webhook": name, "since": since});
    state.app.access.audit().require(&principal, Action::WebhookReplayed, None, detail).await?;
    let replayed = state.app.store.deliveries().replay_since(&name, since, Timestamp::now()).await?;
    state.app.alerting.webhooks().wake();
    Ok((StatusCode::ACCEPTED, Json(Replayed { replayed })))
}

//! Alerts: to read, and to say that one has seen them.
use super::auth::need;
use super::view::View;
use super::wire::ProblemDocument;
use super::wire::alerts::{AlertQuery, Alerts};
use super::{Problem, SharedState};
use crate::security::{Action, Principal, Right};
use crate::store::{Alert, WantedAlerts};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde_json::json;

/// How many of a list are read: `limit`, or a hundred.
pub(super) fn limit(given: Option<usize>) -> Result<usize, Problem> {
    let limit = given.unwrap_or(100);
    if (1..=1000).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::new(StatusCode::BAD_REQUEST, format!("limit = {limit}: must be from 1 to 1000")))
}

/// What supervisors were alerted to, newest first; of calls of one's own bots. They stay as long as their calls do.
#[utoipa::path(get, path = "/api/v1/alerts", operation_id = "list_alerts", tag = "alerts", params(AlertQuery), responses(
    (status = OK, body = Alerts),
    (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(state): SharedState,
    principal: Principal,
    Query(query): Query<AlertQuery>,
) -> Result<Json<Alerts>, Problem> {
    need(&principal, Right::SeeCalls, None)?;
    let AlertQuery { since, call, rule, limit: given, before } = query;
    let limit = limit(given)?;
    let wanted = WantedAlerts {
        since,
        call: call.as_deref(),
        rule: rule.as_deref(),
        bots: principal.bots.as_deref(),
        before: before.as_deref(),
        // One more than asked for tells whether there is a next page.
        limit: limit + 1,
    };
    let mut alerts = state.app.store.alerts().list(wanted).await?;
    let more = alerts.len() > limit;
    alerts.truncate(limit);
    let before = alerts.last().filter(|_| more).map(|alert| alert.id.clone());
    let seen = alerts.into_iter().map(|alert| View::of(&principal, &alert.bot).alert(alert));
    Ok(Json(Alerts { alerts: seen.collect(), before }))
}

/// Says that one has seen an alert: the others are told. The first one stays.
#[utoipa::path(put, path = "/api/v1/alerts/{id}/seen", operation_id = "see_alert", tag = "alerts", params(("id" = String, Path)), responses(
    (status = OK, body = Alert),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "There is no such alert"),
))]
pub(super) async fn see(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<Alert>, Problem> {
    need(&principal, Right::Monitor, None)?;
    let none = || Problem::new(StatusCode::NOT_FOUND, "there is no such alert");
    let alert = state.app.store.alerts().one(&id).await?.ok_or_else(none)?;
    need(&principal, Right::Monitor, Some(&alert.bot))?;
    let detail = json!({"alert": id, "rule": alert.rule});
    state.app.access.audit().require(&principal, Action::AlertSeen, Some(&alert.call), detail).await?;
    let alert = state.app.alerting.see(&id, &principal.name).await?.ok_or_else(none)?;
    Ok(Json(View::of(&principal, &alert.bot).alert(alert)))
}

//! The audit: to read. No route changes it.
use super::auth::need;
use super::wire::{AuditPage, AuditQuery, ProblemDocument};
use super::{Problem, SharedState};
use crate::security::{Action, Principal, Right};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde_json::json;

/// Who did what, newest first. `switchboard audit verify` tells whether it is as it was written.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "read_audit", tag = "audit", params(AuditQuery), responses(
    (status = OK, body = AuditPage),
    (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn read(
    State(state): SharedState,
    principal: Principal,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditPage>, Problem> {
    need(&principal, Right::ReadAudit, None)?;
    let AuditQuery { limit, before, call } = query;
    let limit = limit.unwrap_or(100);
    if !(1..=1000).contains(&limit) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, format!("limit = {limit}: must be from 1 to 1000")));
    }
    if call.as_ref().is_some_and(|call| uuid::Uuid::try_parse(call).is_err()) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "`call` is no id of a call: those are UUIDs"));
    }
    let audit = state.app.access.audit();
    audit.note_once(&principal, Action::AuditRead, None, json!({})).await?;
    // One more than asked for tells whether there is a next page.
    let mut records = audit.read(limit + 1, before, call.as_deref()).await?;
    let more = records.len() > limit;
    records.truncate(limit);
    let before = records.last().filter(|_| more).map(|record| record.seq);
    Ok(Json(AuditPage { records: records.into_iter().map(Into::into).collect(), before }))
}

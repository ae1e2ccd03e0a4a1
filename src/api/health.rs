//! Health and metrics.
use super::auth::need;
use super::wire::{Readiness, ServerState};
use super::{ApiState, Problem, SharedState};
use crate::observe;
use crate::security::{Principal, Right};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

/// The process answers.
#[utoipa::path(get, path = "/health/live", operation_id = "is_live", tag = "health", security(()), responses((status = OK, body = String, content_type = "text/plain")))]
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// Whether new calls should be sent here.
#[utoipa::path(get, path = "/health/ready", operation_id = "is_ready", tag = "health", security(()), responses(
    (status = OK, body = Readiness),
    (status = SERVICE_UNAVAILABLE, body = Readiness),
))]
pub(super) async fn ready(State(state): SharedState) -> impl IntoResponse {
    let readiness = readiness(&state);
    // A degraded server still answers calls: to send them elsewhere would make little trouble great.
    let draining = readiness.status == ServerState::Draining;
    (if draining { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Json(readiness))
}

fn readiness(state: &ApiState) -> Readiness {
    let health = state.app.calls.health();
    let mut reasons = health.faults;
    if let Some(fault) = state.app.store.health().fault {
        reasons.push(format!("store: {fault}"));
    }
    if health.busy {
        reasons.push("speech workers are behind: bots take no new calls for the moment".into());
    }
    let status = match (health.draining, reasons.is_empty()) {
        (true, _) => ServerState::Draining,
        (false, false) => ServerState::Degraded,
        (false, true) => ServerState::Ready,
    };
    if health.draining {
        reasons.insert(0, "the server is stopping: no new calls".into());
    }
    Readiness { status, reasons }
}

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", operation_id = "read_metrics", tag = "health", responses((status = OK, body = String, content_type = "text/plain")))]
pub(super) async fn metrics(State(state): SharedState, principal: Principal) -> Result<impl IntoResponse, Problem> {
    need(&principal, Right::ReadMetrics, None)?;
    let store = state.app.store.health();
    observe::metrics::set("switchboard_calls_live", store.live as f64);
    observe::metrics::set("switchboard_store_queue", store.queued as f64);
    observe::metrics::set("switchboard_store_ill", f64::from(u8::from(store.fault.is_some())));
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    observe::metrics::set("switchboard_tasks", tasks as f64);
    observe::metrics::read_process();
    for (name, value) in state.app.calls.gauges() {
        observe::metrics::set(name, value);
    }
    for (reason, count) in state.app.calls.refused() {
        observe::metrics::refused(reason, count);
    }
    for (reason, count) in state.app.calls.unanswered() {
        observe::metrics::unanswered(reason, count);
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, observe::metrics::render(&state.app.metrics)))
}

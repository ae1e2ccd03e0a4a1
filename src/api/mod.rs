//! The HTTP API: calls, recordings, bots, events, health and metrics. Described by itself at `/api/v1/openapi.json`.
//!
//! Every route but health asks who it is (a token, or a session) and what that one may do; what browsers load is public. All errors are problem documents (RFC 9457).
mod agents;
mod assets;
mod audit;
mod auth;
mod bots;
mod calls;
mod console;
mod describe;
mod health;
mod live;
mod numbers;
mod problem;
mod query;
mod recordings;
mod seats;
pub mod serve;
mod session;
#[cfg(test)]
mod tests;
pub mod tls;
mod tokens;
mod users;
mod view;
mod waiting;
mod wall;
mod watcher;
pub mod widget;
pub mod wire;

pub use describe::description;
pub use problem::Problem;

use crate::bots::BotCatalog;
use crate::call::{AgentDesk, CallControl, DialFault, PageCalls, Supervisors};
use crate::insight::health::HealthPlan;
use crate::security::Access;
use crate::store::Store;
use crate::store::vault::RecordingPolicy;
use crate::widget::PageAccess;
use crate::{observe, outbound};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

/// The longest request body.
const BODY: usize = 64 * 1024;
/// The longest wait for an answer's head.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest pause within a request's body: who begins one and stops holds a connection that others want.
const STALL: Duration = Duration::from_secs(3);
/// Watchers of events at the same time; one more is refused with 503.
const WATCHERS: usize = 64;

/// What the API works with.
#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub calls: Arc<dyn CallControl>,
    pub bots: Arc<dyn BotCatalog>,
    pub recording_policy: RecordingPolicy,
    /// Who may use this API, and what each did.
    pub access: Arc<Access>,
    /// Whether it is served by TLS.
    pub https: bool,
    pub metrics: PrometheusHandle,
    pub health: HealthPlan,
    /// Which pages may call, and what answers their calls.
    pub page_access: Arc<PageAccess>,
    pub pages: Arc<dyn PageCalls>,
    /// What supervisors of live calls ask for.
    pub supervisors: Arc<dyn Supervisors>,
    /// What agents ask for who take calls in a browser.
    pub agents: Arc<dyn AgentDesk>,
}

/// What every route is given: [`App`] and what the API alone uses.
#[derive(Clone)]
struct ApiState {
    app: App,
    watchers: Arc<Semaphore>,
    wall: Arc<wall::WallFeed>,
}

/// All routes. Serve it with [`serve::Web`]. Within a runtime: a task feeds the wall while the routes are held.
pub fn router(app: App) -> axum::Router {
    let (router, open, document) = describe::described();
    let parameters = query::QueryParameters::of(&document);
    let wall = Arc::new(wall::WallFeed::start(app.store.clone(), app.health));
    let state = ApiState { app, watchers: Arc::new(Semaphore::new(WATCHERS)), wall };
    let closed = router
        .route_layer(middleware::from_fn_with_state(parameters.clone(), query::check))
        .route_layer(middleware::from_fn_with_state(state.clone(), auth::check))
        .merge(assets::routes())
        .merge(console::routes())
        .fallback(async || {
            Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address; see /api/v1/openapi.json")
        });
    let open = open
        .route_layer(middleware::from_fn_with_state(parameters, query::check))
        .route_layer(middleware::from_fn_with_state(state.clone(), widget::enabled));
    // Outside of all that can refuse: a page may read every refusal of its own.
    let open = limited(open).layer(middleware::from_fn_with_state(state.clone(), widget::share));
    limited(closed).merge(open).layer(middleware::from_fn(count)).with_state(state)
}

/// What a request may cost, and one shape for every refusal.
fn limited(router: axum::Router<ApiState>) -> axum::Router<ApiState> {
    router
        .layer(middleware::from_fn(health_alone_in_spare_places))
        .layer(RequestBodyLimitLayer::new(BODY))
        .layer(RequestBodyTimeoutLayer::new(STALL))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, PATIENCE))
        .layer(middleware::map_response(problem::shape))
}

/// In a spare place health alone is answered; all else is refused with 503.
async fn health_alone_in_spare_places(request: Request, next: Next) -> Response {
    let spare = request.extensions().get::<serve::Peer>().is_some_and(|peer| peer.place == serve::Place::Spare);
    // A preflight is let through: its page could not read why it is refused.
    if !spare || request.uri().path().starts_with("/health/") || request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let words = "all connections to this server are taken: try again in a moment";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, words).later(5).into_response()
}

async fn count(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    observe::metrics::request(route.as_deref().unwrap_or("none"), response.status().as_u16());
    response
}

/// A fault of the store, as the API tells it.
impl From<crate::store::Fault> for Problem {
    fn from(fault: crate::store::Fault) -> Self {
        tracing::error!(%fault, "the store cannot answer the API");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the memory of calls does not answer at present; try again")
    }
}

impl IntoResponse for DialFault {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Draining | Self::Full | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Address(outbound::Fault::Address(_)) => StatusCode::BAD_REQUEST,
            Self::Bot | Self::Broken | Self::Address(outbound::Fault::Destination(_)) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        };
        let problem = Problem::new(status, self.to_string());
        let problem = if status == StatusCode::SERVICE_UNAVAILABLE { problem.later(10) } else { problem };
        problem.into_response()
    }
}

type SharedState = State<ApiState>;

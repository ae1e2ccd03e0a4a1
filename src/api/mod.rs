//! The HTTP API: calls, recordings, bots, events, health and metrics. Described by itself at `/api/v1/openapi.json`.
//!
//! Every route but health asks who it is (a token, or a session) and what that one may do; what browsers load is public. All errors are problem documents (RFC 9457).
mod agents;
mod alerts;
mod approvals;
mod assets;
mod audit;
mod auth;
mod bots;
mod callbacks;
mod calls;
mod console;
mod describe;
mod erase;
mod health;
mod live;
mod memory;
mod meter;
mod notes;
mod numbers;
mod oidc;
mod phone_seat;
mod places;
mod problem;
mod query;
mod recordings;
mod rehearsal;
mod seats;
pub mod serve;
mod session;
mod shares;
#[cfg(test)]
mod tests;
pub mod tls;
mod tokens;
mod users;
mod view;
mod waiting;
mod wall;
mod watcher;
mod webhooks;
pub mod widget;
pub mod wire;

pub use describe::description;
pub use problem::Problem;

use crate::alerting::Alerting;
use crate::bots::BotCatalog;
use crate::call::approvals::queue::ApprovalQueue;
use crate::call::{AgentDesk, CallControl, DialFault, PageCalls, Supervisors};
use crate::insight::health::HealthPlan;
use crate::oidc::Provider;
use crate::security::{Access, WebOrigin};
use crate::store::Store;
use crate::store::vault::RecordingPolicy;
use crate::widget::PageAccess;
use crate::{observe, outbound};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

/// What tells browsers to speak TLS with this host from now on, for a year (RFC 6797).
const ALWAYS_TLS: &str = "max-age=31536000";
/// The longest request body.
const BODY: usize = 64 * 1024;
/// The longest wait for an answer's head.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest pause within a request's body: who begins one and stops holds a connection that others want.
const STALL: Duration = Duration::from_secs(3);
/// Requests that count calls at the same time: each reads much of the database.
const COUNTING: usize = 1;

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
    /// By what users sign in besides a password.
    pub provider: Option<Arc<Provider>>,
    /// Whether users with a password sign in by it.
    pub password_sign_in: bool,
    /// How browsers call this server; `None`: as they do.
    pub console_address: Option<WebOrigin>,
    pub metrics: PrometheusHandle,
    pub health: HealthPlan,
    /// What supervisors are alerted to, and who is told by HTTP.
    pub alerting: Arc<Alerting>,
    /// Which pages may call, and what answers their calls.
    pub page_access: Arc<PageAccess>,
    pub pages: Arc<dyn PageCalls>,
    /// What supervisors of live calls ask for.
    pub supervisors: Arc<dyn Supervisors>,
    /// What agents ask for who take calls in a browser.
    pub agents: Arc<dyn AgentDesk>,
    /// The actions that wait for a supervisor.
    pub approvals: ApprovalQueue,
}

/// What every route is given: [`App`] and what the API alone uses.
#[derive(Clone)]
struct ApiState {
    app: App,
    watchers: places::WatcherPlaces,
    counting: Arc<Semaphore>,
    wall: Arc<wall::WallFeed>,
}

/// All routes. Serve it with [`serve::Web`]. Within a runtime: a task feeds the wall while the routes are held.
pub fn router(app: App) -> axum::Router {
    let (router, open, document) = describe::described();
    let parameters = query::QueryParameters::of(&document);
    let wall = Arc::new(wall::WallFeed::start(app.store.clone(), app.health));
    let state = ApiState {
        app,
        watchers: places::WatcherPlaces::default(),
        counting: Arc::new(Semaphore::new(COUNTING)),
        wall,
    };
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
    let all = limited(closed).merge(open).layer(middleware::from_fn(count));
    all.layer(middleware::from_fn_with_state(state.clone(), always_tls)).with_state(state)
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

/// Where TLS is spoken, it is from then on. Not where a developer's other servers have the same name.
async fn always_tls(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let tells = auth::by_tls(&state, request.extensions(), headers) && host.split(':').next() != Some("localhost");
    let mut response = next.run(request).await;
    if tells {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ALWAYS_TLS));
    }
    response
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
        if let crate::store::Fault::TooMany(_) = fault {
            return Self::new(StatusCode::BAD_REQUEST, fault.to_string());
        }
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

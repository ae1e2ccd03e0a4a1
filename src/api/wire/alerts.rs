//! The shapes of alerts and of messages to webhooks.
use crate::store::{Alert, Delivery};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AlertQuery {
    /// Only alerts from this moment on (RFC 3339).
    #[param(value_type = Option<String>, format = "date-time")]
    pub since: Option<Timestamp>,
    /// Only those of this call.
    pub call: Option<String>,
    /// Only those of this rule.
    pub rule: Option<String>,
    /// 1 to 1000; not given: 100.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// Only alerts before this one: the `before` of the page read last.
    #[param(format = "uuid")]
    pub before: Option<String>,
}

/// Alerts, newest first.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Alerts {
    pub alerts: Vec<Alert>,
    /// Give this as `before` to read on; `null` at the end.
    pub before: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Only messages to this webhook.
    pub webhook: Option<String>,
    /// `waiting`, `delivered` or `failed`.
    pub state: Option<String>,
    /// 1 to 1000; not given: 100.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// Only messages before this one: the `before` of the page read last.
    #[param(format = "uuid")]
    pub before: Option<String>,
}

/// One message to a webhook, and what came of it.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeliveryDocument {
    /// The same however often it is sent: `Idempotency-Key`.
    pub id: String,
    pub webhook: String,
    /// `alert` or `call.ended`.
    pub event: String,
    /// The id of the alert, or of the call.
    pub about: String,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    pub tries: u32,
    pub created_at: Timestamp,
    pub next_at: Option<Timestamp>,
    /// The HTTP status of the last answer.
    pub status: Option<u16>,
    /// Why the last try failed.
    pub why: Option<String>,
    pub done_at: Option<Timestamp>,
}

impl From<Delivery> for DeliveryDocument {
    fn from(delivery: Delivery) -> Self {
        let Delivery { id, webhook, event, about, state, tries, created_at, next_at, status, why, done_at, .. } =
            delivery;
        let state = state.name().into();
        Self { id, webhook, event, about, state, tries, created_at, next_at, status, why, done_at }
    }
}

/// Messages to webhooks, newest first.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeliveriesDocument {
    pub deliveries: Vec<DeliveryDocument>,
    /// Give this as `before` to read on; `null` at the end.
    pub before: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayOrder {
    /// Messages from this moment on are sent again.
    pub since: Timestamp,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    pub replayed: u64,
}

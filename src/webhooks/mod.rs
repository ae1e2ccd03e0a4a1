//! Webhooks: what others are told of calls by HTTP, signed, from a queue in the database that outlives the server. A message has one id
//! however often it is sent; each webhook is told by itself, so that one that does not answer keeps no other waiting.
mod retry;
pub mod signature;
#[cfg(test)]
mod tests;

use crate::config::Webhook;
use crate::store::{Deliveries, Delivery, DeliveryState, Tried};
use crate::web_client::{self, reach};
use jiff::{SignedDuration, Timestamp};
use reqwest::{StatusCode, Url};
use ring::rand::SecureRandom;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// The longest that one try may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Messages on their way to one webhook at the same time.
const AT_ONCE: usize = 2;
/// How often it is asked what is due, unless something new wakes it.
const TICK: Duration = Duration::from_secs(1);
/// How long messages that are done with are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How often the old ones are forgotten, in ticks.
const PRUNED_EVERY: u32 = 3_600;

/// The same request again is known by it (draft-ietf-httpapi-idempotency-key-header).
const ONCE: &str = "idempotency-key";

/// Sends what waits for webhooks, for as long as it is held.
pub struct Webhooks {
    shared: Arc<Shared>,
    sending: AbortHandle,
}

struct Shared {
    deliveries: Deliveries,
    webhooks: RwLock<Arc<Vec<Webhook>>>,
    wake: Notify,
}

impl Drop for Webhooks {
    fn drop(&mut self) {
        self.sending.abort();
    }
}

impl Webhooks {
    pub fn start(deliveries: Deliveries, webhooks: Vec<Webhook>) -> Self {
        let shared = Arc::new(Shared { deliveries, webhooks: RwLock::new(Arc::new(webhooks)), wake: Notify::new() });
        let sending = tokio::spawn(send(shared.clone())).abort_handle();
        Self { shared, sending }
    }

    /// From now on these are told. What waits for others waits on.
    pub fn set(&self, webhooks: Vec<Webhook>) {
        *self.shared.webhooks.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(webhooks);
        self.wake();
    }

    pub fn list(&self) -> Arc<Vec<Webhook>> {
        self.shared.now()
    }

    /// Something new waits.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }
}

impl Shared {
    fn now(&self) -> Arc<Vec<Webhook>> {
        self.webhooks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is on its way, by webhook.
type Sending = BTreeMap<String, BTreeSet<String>>;

async fn send(shared: Arc<Shared>) {
    let (mut tries, mut sending) = (JoinSet::new(), Sending::new());
    let mut ticks = 0_u32;
    loop {
        for webhook in shared.now().iter() {
            if let Err(fault) = begin(&shared, webhook, &mut tries, &mut sending).await {
                tracing::error!(%fault, webhook = webhook.name, "the queue of webhooks cannot be read");
            }
        }
        tokio::select! {
            () = shared.wake.notified() => {}
            Some(tried) = tries.join_next(), if !tries.is_empty() => {
                if let Ok((webhook, id)) = tried {
                    sending.entry(webhook).or_default().remove(&id);
                } else {
                    // A try panicked; which one is not known. Those under way are sent again at worst, with the same id.
                    sending.clear();
                }
            }
            () = sleep(TICK) => {
                ticks = ticks.wrapping_add(1);
                if let Ok(waiting) = shared.deliveries.waiting().await {
                    metrics::gauge!("switchboard_webhook_waiting").set(waiting as f64);
                }
                if ticks.is_multiple_of(PRUNED_EVERY)
                    && let Err(fault) = shared.deliveries.prune(Timestamp::now() - KEPT).await
                {
                    tracing::error!(%fault, "old messages to webhooks are not forgotten");
                }
            }
        }
    }
}

/// Sends what is due for one webhook, as far as it has room.
async fn begin(
    shared: &Arc<Shared>,
    webhook: &Webhook,
    tries: &mut JoinSet<(String, String)>,
    sending: &mut Sending,
) -> Result<(), crate::store::Fault> {
    let under_way = sending.entry(webhook.name.clone()).or_default();
    if under_way.len() >= AT_ONCE {
        return Ok(());
    }
    let due = shared.deliveries.due(&[webhook.name.as_str()], Timestamp::now(), AT_ONCE + under_way.len()).await?;
    for delivery in due {
        if under_way.len() >= AT_ONCE || !under_way.insert(delivery.id.clone()) {
            continue;
        }
        let (shared, webhook) = (shared.clone(), webhook.clone());
        tries.spawn(async move {
            let tried = attempt(&webhook, &delivery).await;
            let label = tried.state.name();
            metrics::counter!("switchboard_webhook_tries_total", "webhook" => webhook.name.clone(), "outcome" => label)
                .increment(1);
            if let Err(fault) = shared.deliveries.tried(&delivery.id, Timestamp::now(), &tried).await {
                tracing::error!(%fault, webhook = webhook.name, "what a message to a webhook came to is not stored");
                // It would be sent again at once.
                sleep(TICK).await;
            }
            (webhook.name, delivery.id)
        });
    }
    Ok(())
}

/// What an answer says.
struct Answer {
    status: StatusCode,
    retry_after: Option<Duration>,
}

async fn attempt(webhook: &Webhook, delivery: &Delivery) -> Tried {
    let answer = timeout(LIMIT, post(webhook, delivery)).await;
    let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {} s", LIMIT.as_secs())));
    let (status, asked, why) = match answer {
        Ok(Answer { status, .. }) if status.is_success() => {
            let status = Some(status.as_u16());
            return Tried { state: DeliveryState::Delivered, status, why: None, next_at: None };
        }
        Ok(Answer { status, retry_after }) => (Some(status), retry_after, format!("it answered {}", status.as_u16())),
        Err(why) => (None, None, why),
    };
    // Who is gone says so (RFC 9110 section 15.5.11).
    let gone = status == Some(StatusCode::GONE);
    let wait = if gone { None } else { retry::wait(delivery.tries + 1, random(), asked) };
    let next_at = wait.map(|wait| Timestamp::now() + wait);
    let state = if next_at.is_some() { DeliveryState::Waiting } else { DeliveryState::Failed };
    if state == DeliveryState::Failed {
        tracing::warn!(webhook = webhook.name, why, "a message to a webhook is given up; it can be replayed");
    }
    Tried { state, status: status.map(|status| status.as_u16()), why: Some(why), next_at }
}

async fn post(webhook: &Webhook, delivery: &Delivery) -> Result<Answer, String> {
    let secret = webhook.secret()?;
    let url = Url::parse(&webhook.url).map_err(|why| format!("url is no address: {why}"))?;
    let (host, addresses) = reach::addresses(&url, &webhook.networks).await.map_err(|why| why.to_string())?;
    let client = web_client::pinned(&host, &addresses);
    let signature = signature::sign(secret.reveal(), Timestamp::now().as_second(), &delivery.body);
    let request = client.post(url).header(reqwest::header::CONTENT_TYPE, "application/json");
    let request = request.header(signature::HEADER, signature).header(ONCE, format!("\"{}\"", delivery.id));
    let request = request.header("switchboard-event", &delivery.event).body(delivery.body.clone());
    // An error's text may hold the address and its query.
    let answer = request.send().await.map_err(|why| {
        if why.is_connect() { "no connection, or its certificate is not trusted" } else { "the connection broke off" }
            .to_owned()
    })?;
    let seconds =
        answer.headers().get(reqwest::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Ok(Answer { status: answer.status(), retry_after: seconds.map(Duration::from_secs) })
}

/// 0 to 1.
fn random() -> f64 {
    let mut bytes = [0_u8; 4];
    match ring::rand::SystemRandom::new().fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}

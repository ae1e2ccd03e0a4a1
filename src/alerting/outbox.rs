//! `Outbox`: alerts and the ends of calls on their way into the database, together with the messages to webhooks that tell of them. The
//! feed never waits for it.
use super::Shared;
use crate::config::{AlertsFile, Severity, Webhook, WebhookEvent};
use crate::store::{Alert, Call, Fault, NewDelivery, Store};
use crate::webhooks::Webhooks;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// News that may wait for the database. What finds it full is shown, and neither stored nor sent: it is counted, and logged.
const ROOM: usize = 1_024;
/// A database that takes nothing is asked so often, so long after one another.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

pub(super) enum News {
    Alert(Box<Alert>),
    Ended { call: String, at: Timestamp },
}

pub(super) struct Outbox {
    shared: Arc<Shared>,
    news: mpsc::Sender<News>,
}

/// The task ends when the outbox is gone and all in it is stored.
pub(super) fn start(shared: Arc<Shared>, webhooks: Arc<Webhooks>) -> (Outbox, JoinHandle<()>) {
    let (news, mut inbox) = mpsc::channel(ROOM);
    let outbox = Outbox { shared: shared.clone(), news };
    let storing = tokio::spawn(async move {
        while let Some(news) = inbox.recv().await {
            store(&shared, &webhooks, news).await;
        }
    });
    (outbox, storing)
}

impl Outbox {
    pub(super) fn put(&self, news: News) {
        // The end of a call is news for webhooks alone.
        let wanted = |webhook: &Webhook| webhook.on.contains(&WebhookEvent::CallEnded);
        if matches!(news, News::Ended { .. }) && !self.shared.rules().webhook.iter().any(wanted) {
            return;
        }
        if let Err(full) = self.news.try_send(news) {
            metrics::counter!("switchboard_alerts_lost_total").increment(1);
            tracing::error!(
                "too much waits for the database: an alert, or the end of a call, is not stored and not sent"
            );
            if let News::Alert(alert) = full.into_inner() {
                self.shared.tell(*alert);
            }
        }
    }
}

async fn store(shared: &Shared, webhooks: &Webhooks, news: News) {
    let rules = shared.rules();
    let (alert, messages) = match news {
        News::Alert(alert) => {
            let messages = of_alert(&rules, &alert);
            (Some(*alert), messages)
        }
        News::Ended { call, at } => match ended(shared, &rules, &call, at).await {
            Ok(messages) => (None, messages),
            Err(fault) => {
                metrics::counter!("switchboard_alerts_lost_total").increment(1);
                return tracing::error!(%fault, call, "webhooks are not told of the end of this call");
            }
        },
    };
    let mut tries = 0;
    while let Err(fault) = shared.book.add(alert.as_ref(), &messages).await {
        tries += 1;
        if tries >= TRIES {
            metrics::counter!("switchboard_alerts_lost_total").increment(1);
            tracing::error!(%fault, "an alert, or the end of a call, is not stored and not sent");
            break;
        }
        sleep(PAUSE).await;
    }
    if tries < TRIES && !messages.is_empty() {
        webhooks.wake();
    }
    alert.into_iter().for_each(|alert| shared.tell(alert));
}

fn message(webhook: &Webhook, event: WebhookEvent, about: &str, at: Timestamp, what: (&str, &Value)) -> NewDelivery {
    let id = Store::new_id();
    let mut body = json!({"id": id, "event": event.name(), "at": at});
    body[what.0] = what.1.clone();
    let (webhook, about) = (webhook.name.clone(), about.to_owned());
    NewDelivery { id, webhook, event: event.name(), about, body: body.to_string(), at }
}

fn of_alert(rules: &AlertsFile, alert: &Alert) -> Vec<NewDelivery> {
    let severity = Severity::of(&alert.severity);
    let wanted = |webhook: &&Webhook| {
        webhook.on.contains(&WebhookEvent::Alert) && severity.is_some_and(|severity| severity >= webhook.severity)
    };
    let mut what = serde_json::to_value(alert).unwrap_or_default();
    if let Some(alert) = what.as_object_mut() {
        alert.remove("seen");
    }
    let one = |webhook: &Webhook| message(webhook, WebhookEvent::Alert, &alert.id, alert.at, ("alert", &what));
    rules.webhook.iter().filter(wanted).map(one).collect()
}

async fn ended(shared: &Shared, rules: &AlertsFile, id: &str, at: Timestamp) -> Result<Vec<NewDelivery>, Fault> {
    let Some(call) = shared.store.call(id).await? else { return Ok(Vec::new()) };
    let what = about(&call);
    let wanted = |webhook: &&Webhook| webhook.on.contains(&WebhookEvent::CallEnded);
    let one = |webhook: &Webhook| message(webhook, WebhookEvent::CallEnded, id, at, ("call", &what));
    Ok(rules.webhook.iter().filter(wanted).map(one).collect())
}

/// What webhooks are told of a call: neither numbers nor words.
fn about(call: &Call) -> Value {
    let Call { id, direction, bot, language, started_at, answered_at, ended_at, end, turns, recorded, .. } = call;
    json!({
        "id": id, "direction": direction, "bot": bot, "language": language, "started_at": started_at,
        "answered_at": answered_at, "ended_at": ended_at, "end": end, "turns": turns.len(), "recorded": recorded
    })
}

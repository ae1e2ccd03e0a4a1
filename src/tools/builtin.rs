//! The tools that this server has itself: keys to the far end, a text by a webhook, a call-back. They run for one call.
use super::Outcome;
use crate::config::{AlertsFile, Webhook, WebhookEvent};
use crate::store::{
    CallEvent, DeliveryState, Mark, MemoryKind, MemoryOf, NewDelivery, Private, Remembered, Store, VISITOR,
};
use dialog::bot::Bot;
use dialog::tool::{BuiltIn, FaultText, ToolFault};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use media::engine::{RoomHandle, RoomOrder};
use media::keys::Keys;
use media::leg::LegInput;
use media::room::Seat;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Nobody is called back later than in so many days.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// So many days of earlier calls are told.
const LAST_CALLS: usize = 5;

/// What built-in tools reach of the call that they run for.
#[derive(Clone)]
pub struct CallReach {
    pub call: String,
    pub bot: String,
    pub language: &'static str,
    /// The far end, as signalling names it.
    pub caller: String,
    /// Whose memory the bot reads; `None`: it remembers nobody, or this caller has no number.
    pub memory: Option<MemoryOf>,
    pub store: Store,
    pub room: RoomHandle,
    /// The file that names the webhooks.
    pub alerts: PathBuf,
}

impl CallReach {
    /// The same for the bot that goes on with the call: what it does not share, it does not read.
    pub(super) fn of_bot(&self, name: &str, bot: &Bot) -> CallReach {
        let shared = bot.remembers().map(|plan| plan.shared.as_deref().unwrap_or(name));
        let memory = self.memory.clone().filter(|of| shared == Some(of.shared.as_str()));
        CallReach { memory, ..self.clone() }
    }

    pub(super) async fn run(&self, tool: BuiltIn, arguments: &Value) -> Outcome {
        let text =
            |name: &str| arguments.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        match tool {
            BuiltIn::SendKeys => self.send_keys(text("keys").unwrap_or_default()),
            BuiltIn::SendText => self.send_text(text("text").unwrap_or_default(), text("to")).await,
            BuiltIn::LookUpCaller => self.look_up_caller().await,
            BuiltIn::CallBack => self.call_back(text("at"), text("note"), Timestamp::now()).await,
        }
    }

    fn send_keys(&self, keys: &str) -> Outcome {
        let order = RoomOrder::Leg(Seat::CALLER, LegInput::Keys(Keys::new(keys)));
        self.room.order(order).map_err(|_| ToolFault::Unreachable)?;
        Ok(json!({ "sent": keys.len() }))
    }

    /// Puts a text into the queue of every webhook that takes texts.
    async fn send_text(&self, text: &str, to: Option<&str>) -> Outcome {
        if to.is_none() && self.caller.starts_with(VISITOR) {
            return Err(ToolFault::Invalid(FaultText("to: this caller has no telephone number".into())));
        }
        let file = self.alerts.clone();
        let read = tokio::task::spawn_blocking(move || AlertsFile::read(&file)).await;
        let Ok(Ok(rules)) = read else { return Err(ToolFault::NotAllowed("the file of webhooks cannot be read")) };
        let takes = |webhook: &&Webhook| webhook.on.contains(&WebhookEvent::Text);
        let rules = rules.unwrap_or_default();
        let message = |webhook: &Webhook| {
            let (id, at, event) = (Store::new_id(), Timestamp::now(), WebhookEvent::Text.name());
            let what = json!({
                "call": self.call, "bot": self.bot, "language": self.language, "to": to.unwrap_or(&self.caller), "text": text
            });
            let body = json!({ "id": id, "event": event, "at": at, "text": what }).to_string();
            NewDelivery { id, webhook: webhook.name.clone(), event, about: self.call.clone(), body, at }
        };
        let messages: Vec<NewDelivery> = rules.webhook.iter().filter(takes).map(message).collect();
        if messages.is_empty() {
            return Err(ToolFault::NotAllowed("no [[webhook]] has \"text\" in its `on`"));
        }
        let lost = |_| ToolFault::Failed(FaultText("the message could not be stored".into()));
        self.store.alerts().add(None, &messages).await.map_err(lost)?;
        for message in &messages {
            let stored = self.store.deliveries().one(&message.id).await.map_err(lost)?;
            if stored.is_none_or(|stored| stored.state == DeliveryState::Failed) {
                return Err(ToolFault::Failed(FaultText("too many messages wait for the webhook".into())));
            }
        }
        Ok(json!({ "queued": messages.len() }))
    }

    /// The endpoint of embeddings failed: what follows was found by words alone.
    pub(super) fn note_searched_by_words(&self, why: &'static str) {
        let data = Private(json!({ "why": why }));
        self.store.note(&self.call, CallEvent::Mark(Mark { name: "searched_by_words".into(), data }));
    }

    /// What is known of the caller now: what they had forgotten in this call is gone.
    async fn look_up_caller(&self) -> Outcome {
        let Some(of) = &self.memory else { return Ok(known(Vec::new(), &self.call)) };
        let rows = self.store.memory(of).await;
        let rows = rows.map_err(|_| ToolFault::Failed(FaultText("the memory could not be read".into())))?;
        Ok(known(rows, &self.call))
    }

    async fn call_back(&self, at: Option<&str>, note: Option<&str>, now: Timestamp) -> Outcome {
        let due = at.map(|at| due(at, now)).transpose().map_err(|why| ToolFault::Invalid(FaultText(why)))?;
        let stored = self.store.want_call_back(&self.call, due).await;
        stored.map_err(|_| ToolFault::Failed(FaultText("it could not be stored".into())))?;
        let data = Private(json!({ "destination": null, "due_at": due, "note": note }));
        self.store.note(&self.call, CallEvent::Mark(Mark { name: "callback_wanted".into(), data }));
        Ok(json!({ "noted": true, "at": due }))
    }
}

/// What is known of a caller, as a tool tells it. `call`: the one that asks, which is no earlier one.
fn known(rows: Vec<Remembered>, call: &str) -> Value {
    let mut facts = serde_json::Map::new();
    let (mut promises, mut language, mut calls) = (Vec::new(), Value::Null, BTreeMap::new());
    for Remembered { kind, name, value: Private(value), call: from, at, .. } in rows {
        let on = at.to_zoned(jiff::tz::TimeZone::system()).date();
        if from != call {
            calls.entry(from).or_insert(on);
        }
        match kind {
            MemoryKind::Fact => drop(facts.insert(name, json!({ "value": value, "on": on }))),
            MemoryKind::Promise => promises.push(json!({ "what": name, "task": value, "on": on })),
            MemoryKind::Language => language = value,
            MemoryKind::Consent | MemoryKind::Pace => {}
        }
    }
    let mut days: Vec<jiff::civil::Date> = calls.into_values().collect();
    days.sort();
    days.dedup();
    let last: Vec<_> = days.into_iter().rev().take(LAST_CALLS).collect();
    let is_known = !facts.is_empty() || !promises.is_empty() || !last.is_empty();
    json!({ "known": is_known, "facts": facts, "promises": promises, "language": language, "called_on": last })
}

/// The moment that a time of day and date is where this server is.
fn due(at: &str, now: Timestamp) -> Result<Timestamp, String> {
    let civil: DateTime = at.parse().map_err(|_| format!("at: {at} is no date and time"))?;
    let due = civil.to_zoned(jiff::tz::TimeZone::system()).map_err(|_| format!("at: {at} cannot be"))?.timestamp();
    match due.duration_since(now) {
        wait if wait.is_negative() => Err(format!("at: {at} lies in the past")),
        wait if wait > LONGEST => Err(format!("at: {at} is more than a year away")),
        _ => Ok(due),
    }
}

#[cfg(test)]
mod tests;

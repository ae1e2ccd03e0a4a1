//! Gives the events of the store to the monitor, and what it finds to the record, to who watches and to the outbox.
use super::Shared;
use super::outbox::{News, Outbox};
use crate::insight::alerts::FoundAlert;
use crate::insight::health::HealthPlan;
use crate::insight::monitor::{Finding, Monitor};
use crate::store::{self, Alert, CallEvent, LiveChange, LiveEvent, Mark, Private, Store, TimelineEvent, Wanted};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How often it is asked what time alone has changed.
const TICK: Duration = Duration::from_millis(500);

struct Feed {
    shared: Arc<Shared>,
    monitor: Monitor,
    outbox: Outbox,
}

/// Watches until `stop` says so, or the store is gone.
pub(super) fn start(
    shared: Arc<Shared>,
    plan: HealthPlan,
    outbox: Outbox,
    stop: watch::Receiver<bool>,
) -> JoinHandle<()> {
    // Subscribed before the task runs, so that nothing is missed until then.
    let (events, live) = (shared.store.watch(), shared.store.watch_live());
    let feed = Feed { shared, monitor: Monitor::new(plan), outbox };
    tokio::spawn(feed.run(events, live, stop))
}

impl Feed {
    async fn run(
        mut self,
        mut events: broadcast::Receiver<Arc<TimelineEvent>>,
        mut live: broadcast::Receiver<Arc<LiveEvent>>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Ok(event) => self.event(&event),
                    Err(RecvError::Lagged(count)) => {
                        metrics::counter!("switchboard_alerts_missed_events_total").increment(count);
                        match self.shared.store.calls(Wanted::LIVE).await {
                            Ok(calls) => self.monitor.restore(&calls),
                            Err(fault) => tracing::error!(%fault, "alerts do not know which calls are live"),
                        }
                    }
                    Err(RecvError::Closed) => return,
                },
                event = live.recv() => match event {
                    Ok(event) => self.monitor.live(Timestamp::now(), &event),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                },
                _ = tick.tick() => {
                    let rules = self.shared.rules();
                    self.monitor.tick(&rules.rule, Timestamp::now());
                }
                // After all that has happened before it.
                _ = stop.changed() => return,
            }
            self.tell();
        }
    }

    fn event(&mut self, event: &TimelineEvent) {
        let rules = self.shared.rules();
        self.monitor.note(&rules.rule, event);
        if matches!(event.event, CallEvent::Ended(_)) {
            self.outbox.put(News::Ended { call: event.call.clone(), at: event.at });
        }
    }

    fn tell(&mut self) {
        while let Some(found) = self.monitor.poll() {
            let store = &self.shared.store;
            match found {
                Finding::Mood { call, mark } => store.note(&call, CallEvent::Mark(mark)),
                Finding::Next { call, steps } => store.tell(&call, LiveChange::Next { steps }),
                Finding::Alert { call, bot, alert } => {
                    let alert = named(call, bot, alert);
                    let data = serde_json::json!({
                        "ms": alert.to_ms, "id": alert.id, "rule": alert.rule, "severity": alert.severity
                    });
                    let mark = Mark { name: "alert".into(), data: Private(data) };
                    store.note(&alert.call, CallEvent::Mark(mark));
                    let (rule, severity) = (alert.rule.clone(), alert.severity.clone());
                    metrics::counter!("switchboard_alerts_total", "rule" => rule, "severity" => severity).increment(1);
                    self.outbox.put(News::Alert(Box::new(alert)));
                }
            }
        }
    }
}

fn named(call: String, bot: String, found: FoundAlert) -> Alert {
    let FoundAlert { rule, kind, severity, from_ms, to_ms, turn, reason } = found;
    Alert {
        id: Store::new_id(),
        rule,
        kind: kind.name().into(),
        severity: severity.name().into(),
        call,
        bot,
        at: store::now(),
        from_ms,
        to_ms,
        turn,
        reason,
        seen: None,
    }
}

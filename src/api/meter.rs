//! `Meter`: tells how loud both sides of one live call are, where that has changed.
use crate::store::{LiveChange, LiveEvent, Store};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often it looks.
const EVERY: Duration = Duration::from_millis(100);

pub(super) struct Meter {
    store: Store,
    call: String,
    looks: Interval,
    told: Option<[u8; 2]>,
}

impl Meter {
    pub(super) fn new(store: Store, call: &str) -> Self {
        let mut looks = interval(EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { store, call: call.into(), looks, told: None }
    }

    /// The next levels that differ from those before. Cancel-safe.
    pub(super) async fn next(&mut self) -> LiveEvent {
        loop {
            self.looks.tick().await;
            let now = self.store.levels(&self.call);
            if std::mem::replace(&mut self.told, now) == now {
                continue;
            }
            if let Some([caller, bot]) = now {
                return LiveEvent { call: self.call.clone(), change: LiveChange::Levels { caller, bot } };
            }
        }
    }
}

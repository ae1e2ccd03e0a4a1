//! `WaitingFeed`: what a watcher of the wall is told of callers who wait, and of calls that are offered to them.
use super::ApiState;
use super::agents::{offers_to, queue_of};
use super::watcher::{Connection, Gone};
use super::wire::agents::{OfferNews, QueueNews};
use crate::security::{Principal, Right};
use tokio::sync::watch;

pub(super) struct WaitingFeed {
    changes: watch::Receiver<u64>,
    /// As the watcher was told last: who waits where and is offered to whom, and the offers to them. `None`: an agent who was told nothing
    /// yet; that there are none is told as well, since it shows them that they may be offered some.
    queue: Vec<(String, u32, Option<String>)>,
    offers: Option<Vec<u64>>,
}

impl WaitingFeed {
    pub(super) fn new(state: &ApiState, principal: &Principal) -> Self {
        let offers = (!principal.may(Right::Answer, None)).then(Vec::new);
        Self { changes: state.app.agents.changes(), queue: Vec::new(), offers }
    }

    /// Returns when something may have changed. Cancel-safe.
    pub(super) async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            std::future::pending().await
        }
    }

    /// Tells what is new to this watcher; each list is whole.
    pub(super) async fn tell(
        &mut self,
        connection: &mut Connection,
        principal: &Principal,
        state: &ApiState,
    ) -> Result<(), Gone> {
        let queue = queue_of(state, principal);
        let places: Vec<_> = queue.iter().map(|row| (row.call.clone(), row.position, row.offered_to.clone())).collect();
        if self.queue != places {
            self.queue = places;
            connection.tell(&QueueNews { queue }).await?;
        }
        let offers = offers_to(state, principal);
        let numbers = Some(offers.iter().map(|offer| offer.id).collect());
        if self.offers != numbers {
            self.offers = numbers;
            connection.tell(&OfferNews { offers }).await?;
        }
        Ok(())
    }
}

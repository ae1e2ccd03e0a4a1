//! `Registry`: the live calls, and orders to them.
use super::end::{Blame, End, Reason};
use super::person::PersonOrder;
use super::seat::{Guide, HandBack, SeatOrder};
use crate::store::{CallEvent, Store};
use dialog::seat_words::SeatWords;
use media::leg::LegPlan;
use media::room::Seat;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// An order to a live call.
#[derive(Debug)]
pub enum Order {
    /// End at once.
    End(End),
    /// Pause the recording, or resume it.
    Pause(bool),
    /// A supervisor joins, changes how they take part, or leaves.
    Seat(SeatOrder),
    HandBack(HandBack),
    Guide(Guide),
    /// From who looks for a person, or from that person's line.
    Person(PersonOrder),
    /// Where the keys of a supervisor's telephone go.
    SeatKeys(Seat, mpsc::Sender<char>),
    /// A supervisor's telephone was negotiated again.
    SeatPlan(Seat, LegPlan),
    /// The supervisor at this seat alone hears this.
    SeatWords(Seat, SeatWords),
}

/// Orders that may wait for a call's task; one that finds the queue full is refused.
const ORDERS: usize = 8;

/// How long calls that were ended by a drain may take to end.
const LAST_CALLS: Duration = Duration::from_secs(2);

/// Cheap to clone: all clones are the same registry.
#[derive(Clone)]
pub struct Registry(Arc<Shared>);

struct Shared {
    store: Store,
    live: Mutex<HashMap<String, mpsc::Sender<Order>>>,
    /// Notified when a call is removed.
    removed: Notify,
    draining: AtomicBool,
    /// Notified to end the calls of a drain before its limit.
    end_now: Notify,
}

/// The orders to a call that does not run yet: an end is obeyed at once, and all else waits until it runs.
pub(super) struct EarlyOrders {
    inbox: mpsc::Receiver<Order>,
    waiting: Vec<Order>,
}

impl EarlyOrders {
    pub fn new(inbox: mpsc::Receiver<Order>) -> Self {
        Self { inbox, waiting: Vec::new() }
    }

    /// Returns when the call is to end. What waits besides is kept also where this is dropped; of more than [`ORDERS`] the queue is full.
    pub async fn end(&mut self) -> End {
        loop {
            match self.inbox.recv().await {
                Some(Order::End(end)) => return end,
                Some(order) if self.waiting.len() < ORDERS => self.waiting.push(order),
                Some(order) => {
                    tracing::warn!(?order, "an order to a call that does not run yet was refused: too many wait")
                }
                // The registry is gone, and nobody orders anything any more.
                None => std::future::pending().await,
            }
        }
    }

    /// What waits, and where further orders come from.
    pub fn into_parts(self) -> (Vec<Order>, mpsc::Receiver<Order>) {
        (self.waiting, self.inbox)
    }
}

/// A live call's entry; dropping it removes the call.
pub(super) struct Registered {
    registry: Registry,
    id: String,
}

impl Drop for Registered {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The call's task has panicked before it could note the end.
            self.registry.0.store.note(&self.id, CallEvent::Ended(End::new(Blame::Server, Reason::CallCrashed)));
        }
        self.registry.live().remove(&self.id);
        self.registry.0.removed.notify_waiters();
    }
}

impl Registry {
    pub fn new(store: Store) -> Self {
        let (live, removed, end_now) = (Mutex::default(), Notify::new(), Notify::new());
        Self(Arc::new(Shared { store, live, removed, draining: AtomicBool::new(false), end_now }))
    }

    /// Adds a live call; orders to it come out of the receiver.
    pub(super) fn add(&self, id: &str) -> (Registered, mpsc::Receiver<Order>) {
        let (orders, inbox) = mpsc::channel(ORDERS);
        self.live().insert(id.to_owned(), orders);
        (Registered { registry: self.clone(), id: id.to_owned() }, inbox)
    }

    /// Calls in progress, ringing ones included.
    pub fn count(&self) -> usize {
        self.live().len()
    }

    /// Ends a live call; `false` if there is none with this id.
    pub fn end(&self, id: &str, end: End) -> bool {
        self.order(id, Order::End(end))
    }

    /// Pauses a live call's recording or resumes it; `false` if it is not recorded.
    pub fn pause(&self, id: &str, paused: bool) -> bool {
        let recorded = self.0.store.live(id).is_some_and(|call| call.is_recording());
        recorded && self.order(id, Order::Pause(paused))
    }

    /// Gives an order to a live call; `false`: it is over, or takes no more orders at present.
    pub(super) fn order(&self, id: &str, order: Order) -> bool {
        self.orders(id).is_some_and(|call| call.try_send(order).is_ok())
    }

    /// Where a live call takes its orders: closed when it is over.
    pub(super) fn orders(&self, id: &str) -> Option<mpsc::Sender<Order>> {
        self.live().get(id).cloned()
    }

    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    /// No new calls are to be added from now on.
    pub fn close(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// Returns when the live calls have ended. Those that last longer than `limit` are ended.
    pub async fn drain(&self, limit: Duration) {
        let ended = tokio::select! {
            () = self.empty() => true,
            () = tokio::time::sleep(limit) => false,
            () = self.0.end_now.notified() => false,
        };
        if !ended {
            let calls: Vec<_> = self.live().values().cloned().collect();
            tracing::warn!(calls = calls.len(), "ending the calls that outlasted drain.limit_ms, or a second signal");
            for call in calls {
                call.try_send(Order::End(End::new(Blame::Server, Reason::ServerStopped))).ok();
            }
            tokio::time::timeout(LAST_CALLS, self.empty()).await.ok();
        }
    }

    /// Ends the live calls of a drain now.
    pub fn end_now(&self) {
        self.0.end_now.notify_one();
    }

    async fn empty(&self) {
        loop {
            let removed = self.0.removed.notified();
            if self.live().is_empty() {
                return;
            }
            removed.await;
        }
    }

    fn live(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Order>>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CallState, Direction, Started};

    async fn one_call(name: &str) -> (Registry, String, Registered, mpsc::Receiver<Order>) {
        let store = Store::open(&crate::testdir(name)).await.unwrap();
        let id = Store::new_id();
        let started = Started {
            direction: Direction::Inbound,
            via: "open".into(),
            from: "sip:a@example.test".into(),
            to: "sip:echo@example.test".into(),
            bot: "echo".into(),
            language: "en".into(),
            headers: Default::default(),
        };
        store.note(&id, CallEvent::Started(started));
        let registry = Registry::new(store);
        let (registered, orders) = registry.add(&id);
        (registry, id, registered, orders)
    }

    #[tokio::test]
    async fn a_call_whose_task_crashes_leaves_the_registry_and_its_record_says_so() {
        let (registry, id, registered, _orders) = one_call("registry-crash").await;
        assert_eq!(registry.count(), 1);
        let call = tokio::spawn(async move {
            let _registered = registered;
            panic!("as meant");
        });
        assert!(call.await.unwrap_err().is_panic());
        assert_eq!(registry.count(), 0);
        let call = registry.0.store.call(&id).await.unwrap().unwrap();
        let end = call.end.unwrap();
        assert_eq!((call.state, end.blame, end.reason), (CallState::Ended, Blame::Server, Reason::CallCrashed));
    }

    #[tokio::test]
    async fn orders_reach_a_live_call_and_no_other() {
        let (registry, id, registered, mut orders) = one_call("registry-orders").await;
        let end = End::new(Blame::Nobody, Reason::Operator);
        assert!(registry.end(&id, end) && !registry.end("another", end));
        assert!(matches!(orders.recv().await, Some(Order::End(given)) if given == end));
        assert!(!registry.pause(&id, true), "nothing is recorded");
        drop(registered);
        assert!(!registry.end(&id, end));
    }

    #[tokio::test]
    async fn a_drain_ends_the_calls_that_outlast_its_limit_and_waits_for_their_tasks() {
        let (registry, _, registered, mut orders) = one_call("registry-drain").await;
        registry.close();
        assert!(registry.is_draining());
        let draining = registry.clone();
        let drained = tokio::spawn(async move { draining.drain(Duration::ZERO).await });
        let order = orders.recv().await;
        assert!(matches!(order, Some(Order::End(end)) if end == End::new(Blame::Server, Reason::ServerStopped)));
        assert!(!drained.is_finished());
        drop(registered);
        drained.await.unwrap();
    }

    #[tokio::test]
    async fn what_is_ordered_before_a_call_runs_waits_and_an_end_behind_it_is_obeyed() {
        let (registry, id, _registered, orders) = one_call("registry-early").await;
        let mut early = EarlyOrders::new(orders);
        assert!(registry.order(&id, Order::Pause(true)));
        // Asked again and again beside other things that may happen first.
        for _ in 0..3 {
            tokio::select! {
                biased;
                end = early.end() => panic!("{end:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
        let end = End::new(Blame::Nobody, Reason::Operator);
        assert!(registry.end(&id, end));
        assert_eq!(early.end().await, end);
        let (waiting, _) = early.into_parts();
        assert!(matches!(waiting[..], [Order::Pause(true)]), "{waiting:?}");
    }
}

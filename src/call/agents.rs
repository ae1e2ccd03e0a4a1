//! `Agents`: the driver of the [`Queue`]. It reads the clock and tells calls what the queue comes to.
use super::person::{PersonEvent, PersonOrder};
use super::queue::{Agent, Entry, Queue, QueueNews};
use super::registry::{Order, Registry};
use dialog::conversation::HandOver;
use futures::future::BoxFuture;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;
use tokio::sync::{Notify, watch};

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Agents(Arc<Shared>);

struct Shared {
    registry: Registry,
    state: Mutex<State>,
    /// Counts what has changed, for who watches.
    changes: watch::Sender<u64>,
    /// Another deadline may be the next.
    wake: Notify,
}

#[derive(Default)]
pub(super) struct State {
    pub queue: Queue,
    /// What an agent is shown of each caller who waits.
    pub wanted: HashMap<String, Wanted>,
    /// By agent: the number of their last arrival, and its time.
    pub arrivals: HashMap<String, (u64, Timestamp)>,
    arrived: u64,
    is_driven: bool,
}

/// A caller who waits.
pub(super) struct Wanted {
    pub hand_over: HandOver,
    pub given_up: watch::Receiver<()>,
}

impl Agents {
    pub fn new(registry: Registry) -> Self {
        let (state, changes, wake) = (Mutex::default(), watch::Sender::new(0), Notify::new());
        Self(Arc::new(Shared { registry, state, changes, wake }))
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the queue do something, and passes on what it comes to.
    pub fn with<T>(&self, act: impl FnOnce(&mut State, Instant) -> T) -> T {
        let mut state = self.lock();
        let done = act(&mut state, Instant::now());
        while let Some(news) = state.queue.poll() {
            self.tell(&mut state, news);
        }
        if !std::mem::replace(&mut state.is_driven, true) {
            tokio::spawn(drive(Arc::downgrade(&self.0)));
        }
        drop(state);
        self.0.wake.notify_one();
        self.0.changes.send_modify(|count| *count += 1);
        done
    }

    /// Changes with every change of the queue, of agents and of offers.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Tells a call what happens to the line of its agent.
    pub fn order(&self, call: &str, order: PersonOrder) {
        tell(&self.0.registry, call, order);
    }

    fn tell(&self, state: &mut State, news: QueueNews) {
        let (call, event) = match news {
            QueueNews::Offered { call, agent, .. } => (call, PersonEvent::Offered(agent)),
            QueueNews::Refused { call, agent, why } => (call, PersonEvent::Refused { by: agent, why }),
            QueueNews::Place { call, place, wait } => (call, PersonEvent::Waiting { place, wait }),
            QueueNews::Failed { call, fault } => {
                state.wanted.remove(&call);
                (call, PersonEvent::Failed(fault))
            }
            QueueNews::Withdrawn { .. } => return,
            QueueNews::Away { agent } => {
                state.arrivals.remove(&agent);
                return;
            }
        };
        tell(&self.0.registry, &call, PersonOrder::Event(event));
    }

    /// A caller wants an agent, until `given_up` is closed.
    pub fn enter(&self, entry: Entry, hand_over: HandOver, mut given_up: watch::Receiver<()>) {
        let (agents, call) = (self.clone(), entry.call.clone());
        let wanted = Wanted { hand_over, given_up: given_up.clone() };
        self.with(|state, now| {
            state.wanted.insert(entry.call.clone(), wanted);
            state.queue.enter(now, entry);
        });
        tokio::spawn(async move {
            while given_up.changed().await.is_ok() {}
            agents.with(|state, now| {
                state.wanted.remove(&call);
                state.queue.leave(now, &call);
            });
        });
    }

    /// The agent takes calls while `until` is not over.
    pub fn arrive(&self, agent: Agent, until: BoxFuture<'static, ()>) {
        let name = agent.name.clone();
        let number = self.with(|state, now| {
            state.queue.arrive(now, agent);
            state.arrived += 1;
            let number = state.arrived;
            state.arrivals.insert(name.clone(), (number, Timestamp::now()));
            number
        });
        let agents = self.clone();
        tokio::spawn(async move {
            until.await;
            if agents.lock().arrivals.get(&name).is_some_and(|(last, _)| *last == number) {
                agents.go(&name);
            }
        });
    }

    pub fn go(&self, name: &str) {
        self.with(|state, now| {
            state.arrivals.remove(name);
            state.queue.go(now, name);
        });
    }
}

/// Told the time by this task alone; it ends with the server.
async fn drive(agents: Weak<Shared>) {
    loop {
        let Some(shared) = agents.upgrade() else { return };
        let due = shared.state.lock().unwrap_or_else(PoisonError::into_inner).queue.deadline();
        let woken = shared.wake.notified();
        let waited = async {
            match due {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = waited => Agents(shared.clone()).with(|state, now| state.queue.tick(now)),
            () = woken => {}
        }
    }
}

/// A call whose queue of orders is full is told as soon as it has room: no outcome is lost.
fn tell(registry: &Registry, call: &str, order: PersonOrder) {
    let Some(orders) = registry.orders(call) else { return };
    match orders.try_reserve_owned() {
        Ok(place) => drop(place.send(Order::Person(order))),
        Err(full) => {
            let orders = full.into_inner();
            tokio::spawn(async move { orders.send(Order::Person(order)).await });
        }
    }
}

#[cfg(test)]
mod tests;

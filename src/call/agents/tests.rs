//! Calls and agents around the queue, by its driver.
use super::*;
use crate::call::queue::Skills;
use crate::store::Store;
use dialog::conversation::PersonFault;
use std::time::Duration;
use tokio::sync::mpsc;

struct Site {
    agents: Agents,
    registry: Registry,
    _calls: Vec<crate::call::registry::Registered>,
}

impl Site {
    async fn open(name: &str) -> Self {
        let registry = Registry::new(Store::open(&crate::testdir(name)).await.unwrap());
        Self { agents: Agents::new(registry.clone()), registry, _calls: Vec::new() }
    }

    /// A live call, and what it is told.
    fn call(&mut self, id: &str) -> mpsc::Receiver<Order> {
        let (registered, orders) = self.registry.add(id);
        self._calls.push(registered);
        orders
    }

    fn wants(&self, call: &str, wait: u64, ring: u64) -> watch::Sender<()> {
        let (search, given_up) = watch::channel(());
        let entry = Entry {
            call: call.into(),
            bot: "booking".into(),
            destination: "desk".into(),
            skills: Skills::new(),
            ring: Duration::from_millis(ring),
            wait: Duration::from_secs(wait),
            most: 10,
        };
        let hand_over = HandOver {
            to: "desk".into(),
            why: "asked for a person",
            brief: "A caller.".into(),
            task: None,
            slots: Vec::new(),
            next: None,
        };
        self.agents.enter(entry, hand_over, given_up);
        search
    }

    fn agent(&self, name: &str, until: BoxFuture<'static, ()>) {
        self.agents.arrive(Agent { name: name.into(), bots: None, skills: None }, until);
    }

    fn here(&self) -> usize {
        self.agents.lock().queue.agents().len()
    }
}

async fn told(orders: &mut mpsc::Receiver<Order>) -> PersonEvent {
    let order = tokio::time::timeout(Duration::from_secs(5), orders.recv()).await.expect("in time");
    match order {
        Some(Order::Person(PersonOrder::Event(event))) => event,
        order => panic!("{order:?}"),
    }
}

async fn until(mut done: impl FnMut() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited too long");
}

#[tokio::test]
async fn a_call_is_told_of_offers_and_refusals_and_when_nobody_is_left() {
    let mut site = Site::open("agents-told").await;
    let mut orders = site.call("c1");
    let _search = site.wants("c1", 600, 30);
    assert_eq!(told(&mut orders).await, PersonEvent::Failed(PersonFault::Nobody));
    site.agent("an", Box::pin(std::future::pending()));
    let _search = site.wants("c1", 600, 30);
    assert_eq!(told(&mut orders).await, PersonEvent::Offered("an".into()));
    // The deadline of the offer is kept by the driver.
    let refused = PersonEvent::Refused { by: "an".into(), why: "no answer".into() };
    assert_eq!(told(&mut orders).await, refused);
    assert_eq!(told(&mut orders).await, PersonEvent::Failed(PersonFault::NoAnswer));
    assert!(site.agents.lock().wanted.is_empty());
}

#[tokio::test]
async fn a_caller_who_gives_up_leaves_the_queue_and_an_agent_who_signs_out_is_gone() {
    let mut site = Site::open("agents-gone").await;
    let (mut first, mut second) = (site.call("c1"), site.call("c2"));
    let (signs_out, over) = tokio::sync::oneshot::channel::<()>();
    site.agent("an", Box::pin(async move { drop(over.await) }));
    let search = site.wants("c1", 600, 60_000);
    let _other = site.wants("c2", 600, 60_000);
    assert_eq!(told(&mut first).await, PersonEvent::Offered("an".into()));
    drop(search);
    assert_eq!(told(&mut second).await, PersonEvent::Offered("an".into()));
    drop(signs_out);
    assert_eq!(told(&mut second).await, PersonEvent::Failed(PersonFault::Nobody));
    until(|| site.here() == 0).await;
}

#[tokio::test]
async fn who_signs_in_again_is_not_sent_away_by_the_end_of_an_earlier_session() {
    let site = Site::open("agents-again").await;
    let (first, over) = tokio::sync::oneshot::channel::<()>();
    site.agent("an", Box::pin(async move { drop(over.await) }));
    site.agent("an", Box::pin(std::future::pending()));
    let before = *site.agents.0.changes.borrow();
    drop(first);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!((site.here(), *site.agents.0.changes.borrow()), (1, before));
}

#[tokio::test]
async fn an_outcome_waits_for_room_in_the_queue_of_a_busy_call() {
    let mut site = Site::open("agents-full").await;
    let mut orders = site.call("c1");
    while site.registry.order("c1", Order::Pause(true)) {}
    let _search = site.wants("c1", 0, 30);
    let mut others = 0;
    loop {
        match tokio::time::timeout(Duration::from_secs(5), orders.recv()).await.expect("in time") {
            Some(Order::Pause(_)) => others += 1,
            Some(Order::Person(PersonOrder::Event(event))) => {
                assert_eq!(event, PersonEvent::Failed(PersonFault::Nobody));
                break;
            }
            order => panic!("{order:?}"),
        }
    }
    assert!(others >= 8);
}

//! `People`: finds the person that a bot wants a caller put through to: by a REFER to the caller's telephone, or by a call of our own
//! whose line takes the agent's seat, or among the agents in browsers.
use super::agents::Agents;
use super::person::{PersonEvent, PersonOrder, fault_of};
use super::queue::Entry;
use super::registry::{Order, Registry};
use crate::config::{Config, Destination, Fallback, TransferBy};
use crate::outbound;
use dialog::conversation::{HandOver, PersonFault};
use media::music::HoldMusic;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use telephony::sip::{Dial, Sip};
use telephony::{Change, Line, Transferrer};
use tokio::sync::{mpsc, watch};

/// How a person's line is named in the record of a call.
const BY_PHONE: &str = "telephone";

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct People(Arc<Shared>);

struct Shared {
    config: Arc<Config>,
    registry: Registry,
    agents: Agents,
    sip: OnceLock<Arc<Sip>>,
    /// By destination, where it has a file.
    music: HashMap<String, HoldMusic>,
}

/// The search for a person, and their line when they were found. Dropping it gives up the search and hangs the line up.
#[derive(Debug)]
pub struct PersonSearch(
    #[expect(dead_code, reason = "who looks for a person waits for this end to be dropped")] watch::Sender<()>,
);

impl People {
    pub fn new(config: Arc<Config>, registry: Registry, agents: Agents) -> Self {
        let files = config.destinations.iter().filter_map(|(name, to)| Some((name.clone(), to.music.as_ref()?)));
        let read = |(name, file): (String, &PathBuf)| match HoldMusic::read(file) {
            Ok(music) => Some((name, music)),
            Err(why) => {
                tracing::error!(destination = name, %why, "who waits for this destination hears other music than its file");
                None
            }
        };
        let music = files.filter_map(read).collect();
        Self(Arc::new(Shared { config, registry, agents, sip: OnceLock::new(), music }))
    }

    /// What a caller hears who waits for a person of this destination.
    pub fn music(&self, destination: &str) -> HoldMusic {
        self.0.music.get(destination).cloned().unwrap_or_default()
    }

    /// Connects the SIP stack.
    pub fn connect(&self, sip: Arc<Sip>) {
        self.0.sip.set(sip).ok();
    }

    /// Looks for a person for this call, which is told by orders, or by its line, what comes of it. `None`: nothing is to be given up.
    pub fn find(&self, of: &Searching, wanted: &HandOver) -> Option<PersonSearch> {
        let Searching { call, bot, transferrer } = *of;
        let Some(destination) = self.0.config.destinations.get(&wanted.to) else {
            tracing::error!(
                call,
                bot,
                "this bot names a destination that the configuration does not have; see `switchboard check`"
            );
            return self.fail(call, PersonFault::NotPossible);
        };
        if let Some(skills) = destination.skills() {
            let (search, given_up) = watch::channel(());
            let wait = if destination.queue.is_some() { destination.wait_max_s.into() } else { Duration::ZERO };
            let entry = Entry {
                call: call.into(),
                bot: bot.into(),
                destination: wanted.to.clone(),
                skills: skills.iter().cloned().collect(),
                ring: destination.ring_s.into(),
                wait,
                most: destination.waiting_max as usize,
            };
            self.0.agents.enter(entry, wanted.clone(), given_up);
            return Some(PersonSearch(search));
        }
        match (destination.how, transferrer, &destination.sip) {
            (TransferBy::Refer, Some(transferrer), Some(sip)) => {
                if !transferrer.refer(sip, destination.ring_s.into()) {
                    return self.fail(call, PersonFault::NotPossible);
                }
                None
            }
            // The line of a browser cannot be transferred.
            _ => self.call(call, destination),
        }
    }

    /// The caller's telephone has refused a REFER, which it does not know: calls the person, where the destination lets it.
    pub fn bridge(&self, call: &str, wanted: &HandOver) -> Option<PersonSearch> {
        match self.0.config.destinations.get(&wanted.to) {
            Some(destination) if destination.fallback == Fallback::Bridge => self.call(call, destination),
            _ => self.fail(call, PersonFault::NotPossible),
        }
    }

    fn fail(&self, call: &str, fault: PersonFault) -> Option<PersonSearch> {
        self.0.registry.order(call, Order::Person(PersonOrder::Event(PersonEvent::Failed(fault))));
        None
    }

    /// Calls the person.
    fn call(&self, call: &str, destination: &Destination) -> Option<PersonSearch> {
        let orders = self.0.registry.orders(call)?;
        let to = destination.sip.clone().unwrap_or_default();
        let (search, given_up) = watch::channel(());
        let (sip, dial) = match (self.0.sip.get(), outbound::dial(&self.0.config, &to, None)) {
            (Some(sip), Ok(dial)) => (sip.clone(), Dial { timeout: destination.ring_s.into(), ..dial }),
            (None, _) => return self.fail(call, PersonFault::NotPossible),
            (_, Err(fault)) => {
                tracing::error!(call, %fault, "the destination of a bot cannot be called; see `switchboard check`");
                return self.fail(call, PersonFault::NotPossible);
            }
        };
        tokio::spawn(Bridge { orders, given_up }.run(sip, dial));
        Some(PersonSearch(search))
    }
}

/// Whose person is looked for.
#[derive(Clone, Copy)]
pub(super) struct Searching<'a> {
    pub call: &'a str,
    pub bot: &'a str,
    /// Transfers the caller's telephone.
    pub transferrer: Option<&'a Transferrer>,
}

/// A call to a person for a caller.
struct Bridge {
    /// To the caller's call; closed when it is over.
    orders: mpsc::Sender<Order>,
    /// Closed when nobody wants the person any more.
    given_up: watch::Receiver<()>,
}

impl Bridge {
    async fn run(mut self, sip: Arc<Sip>, dial: Dial) {
        let Some(slot) = sip.reserve() else {
            return self.tell(PersonOrder::Event(PersonEvent::Failed(PersonFault::NotPossible))).await;
        };
        // Dropping the future sends CANCEL.
        let line = tokio::select! {
            line = sip.dial_from(slot, dial) => line,
            _ = self.given_up.changed() => return,
            () = self.orders.closed() => return,
        };
        match line {
            Ok(line) => self.talk(line).await,
            Err(refused) => {
                self.tell(PersonOrder::Event(PersonEvent::Failed(fault_of(refused.status)))).await;
            }
        }
    }

    /// The person has answered: their line is the agent's until it ends, or nobody wants it any more.
    async fn talk(mut self, mut line: Line) {
        let Some(wire) = line.wire.take() else { return };
        self.tell(PersonOrder::Join { name: BY_PHONE.into(), wire, plan: line.plan.clone() }).await;
        loop {
            tokio::select! {
                change = line.next() => match change {
                    Change::Plan(plan) => self.tell(PersonOrder::Plan(plan)).await,
                    Change::Ended(_) => return self.tell(PersonOrder::Leave).await,
                    // Whether they are on hold, and their keys, are theirs alone.
                    Change::Up
                    | Change::OnHold(_)
                    | Change::Key(_)
                    | Change::Replaced(_)
                    | Change::Referral(_)
                    | Change::Lost(_) => {}
                },
                _ = self.given_up.changed() => break,
                () = self.orders.closed() => break,
            }
        }
        line.hang_up("the call is over").await;
    }

    /// A call that is over is told nothing.
    async fn tell(&self, order: PersonOrder) {
        self.orders.send(Order::Person(order)).await.ok();
    }
}

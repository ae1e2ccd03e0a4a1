//! `Queue`: callers who wait for a person, and the agents who may take them: first come, first served among those whom an agent's skills
//! fit. Told the time.
use dialog::conversation::PersonFault;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Who has waited so long is told their place, and again so often.
const FIRST_NEWS: Duration = Duration::from_secs(6);
const NEWS: Duration = Duration::from_secs(45);
/// Who moves up is told at once, unless they were told within this time.
const BETWEEN_NEWS: Duration = Duration::from_secs(15);
/// An agent who lets so many offers in a row run out is taken to be away.
const MISSES: u8 = 2;
/// So many times between two callers of a destination tell how long the next ones wait.
const PACES: usize = 8;

/// What an agent, or a caller, is asked for; `None` among an agent's: any.
pub type Skills = BTreeSet<String>;

/// A caller who is to speak with a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub call: String,
    pub bot: String,
    pub destination: String,
    pub skills: Skills,
    /// How long an agent may take to accept.
    pub ring: Duration,
    /// How long the caller may wait for an agent who is free; zero: they do not.
    pub wait: Duration,
    /// So many callers of the destination may wait.
    pub most: usize,
}

/// Somebody who takes calls in a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub name: String,
    /// The bots whose calls they may take; `None`: those of all.
    pub bots: Option<Vec<String>>,
    /// `None`: calls of every destination.
    pub skills: Option<Skills>,
}

impl Agent {
    fn fits(&self, entry: &Entry) -> bool {
        let bots = self.bots.as_ref().is_none_or(|bots| bots.contains(&entry.bot));
        bots && self.skills.as_ref().is_none_or(|skills| entry.skills.is_subset(skills))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueNews {
    /// The call is offered to this agent.
    Offered { offer: u64, call: String, agent: String },
    /// The offer is over, but by the agent's own doing.
    Withdrawn { offer: u64, agent: String },
    /// An agent does not take the call: of their own will, or by not answering.
    Refused { call: String, agent: String, why: String },
    /// The caller is told where they stand.
    Place { call: String, place: u32, wait: Option<Duration> },
    /// The caller does not wait any more.
    Failed { call: String, fault: PersonFault },
    /// The agent is taken to be away.
    Away { agent: String },
}

/// Why an offer cannot be accepted or declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this call is not offered to you any more")]
pub struct OfferGone;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AgentState {
    Free(Instant),
    Offered(u64),
    /// Speaks with a caller.
    Busy,
}

struct Seated {
    agent: Agent,
    state: AgentState,
    call: Option<String>,
    misses: u8,
}

struct Waiting {
    entry: Entry,
    since: Instant,
    until: Instant,
    offer: Option<Offer>,
    /// Agents who do not take this call, and whether they said so.
    refused: BTreeMap<String, bool>,
    told: Option<(Instant, u32)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub id: u64,
    pub agent: String,
    pub until: Instant,
}

/// A caller who waits, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRow {
    pub entry: Entry,
    pub since: Instant,
    pub place: u32,
    pub wait: Option<Duration>,
    pub offer: Option<Offer>,
}

/// An agent, as they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRow {
    pub agent: Agent,
    pub offer: Option<u64>,
    pub call: Option<String>,
}

/// How fast callers of a destination are taken.
#[derive(Default)]
struct Pace {
    last: Option<Instant>,
    between: VecDeque<Duration>,
}

#[derive(Default)]
pub struct Queue {
    /// In the order in which they came.
    waiting: Vec<Waiting>,
    agents: BTreeMap<String, Seated>,
    paces: HashMap<String, Pace>,
    offers: u64,
    out: VecDeque<QueueNews>,
}

impl Queue {
    /// A caller comes. One who is in the queue already keeps their place.
    pub fn enter(&mut self, now: Instant, entry: Entry) {
        if self.waiting.iter().any(|waiting| waiting.entry.call == entry.call) {
            return;
        }
        let same = self.waiting.iter().filter(|waiting| waiting.entry.destination == entry.destination);
        if !entry.wait.is_zero() && same.count() >= entry.most {
            return self.fail(entry.call, PersonFault::Busy);
        }
        let until = now + entry.wait;
        self.waiting.push(Waiting { entry, since: now, until, offer: None, refused: BTreeMap::new(), told: None });
        self.settle(now);
    }

    /// The caller has hung up, or does not want a person any more.
    pub fn leave(&mut self, now: Instant, call: &str) {
        let Some(at) = self.waiting.iter().position(|waiting| waiting.entry.call == call) else { return };
        let left = self.waiting.remove(at);
        self.withdraw(now, left.offer);
        self.settle(now);
    }

    /// An agent takes calls from now on, or has other skills.
    pub fn arrive(&mut self, now: Instant, agent: Agent) {
        match self.agents.get_mut(&agent.name) {
            Some(seated) => (seated.agent, seated.misses) = (agent, 0),
            None => {
                let state = AgentState::Free(now);
                self.agents.insert(agent.name.clone(), Seated { agent, state, call: None, misses: 0 });
            }
        }
        self.settle(now);
    }

    /// An agent takes no more calls.
    pub fn go(&mut self, now: Instant, name: &str) {
        self.agents.remove(name);
        for at in 0..self.waiting.len() {
            if self.waiting[at].offer.as_ref().is_some_and(|offer| offer.agent == name) {
                let offer = self.waiting[at].offer.take();
                self.withdraw(now, offer);
            }
        }
        self.settle(now);
    }

    /// The offers of an agent: one at most.
    pub fn offer(&self, id: u64, agent: &str) -> Result<&Entry, OfferGone> {
        let is = |offer: &Offer| offer.id == id && offer.agent == agent;
        let found = self.waiting.iter().find(|waiting| waiting.offer.as_ref().is_some_and(is));
        found.map(|waiting| &waiting.entry).ok_or(OfferGone)
    }

    /// The agent takes the call: it waits no more.
    pub fn accept(&mut self, now: Instant, id: u64, agent: &str) -> Result<Entry, OfferGone> {
        let call = self.offer(id, agent)?.call.clone();
        let at = self.waiting.iter().position(|waiting| waiting.entry.call == call).ok_or(OfferGone)?;
        let taken = self.waiting.remove(at);
        if let Some(seated) = self.agents.get_mut(agent) {
            (seated.state, seated.call, seated.misses) = (AgentState::Busy, Some(call), 0);
        }
        let pace = self.paces.entry(taken.entry.destination.clone()).or_default();
        // What lies between two takings tells something only where the second caller had waited.
        if let Some(last) = pace.last.replace(now).filter(|last| taken.since <= *last) {
            pace.between.push_back(now - last);
            if pace.between.len() > PACES {
                pace.between.pop_front();
            }
        }
        self.settle(now);
        Ok(taken.entry)
    }

    pub fn decline(&mut self, now: Instant, id: u64, agent: &str, why: &str) -> Result<(), OfferGone> {
        self.offer(id, agent)?;
        self.refuse(now, id, why, true);
        self.settle(now);
        Ok(())
    }

    /// The agent speaks with nobody any more.
    pub fn free(&mut self, now: Instant, agent: &str) {
        if let Some(seated) = self.agents.get_mut(agent).filter(|seated| seated.state == AgentState::Busy) {
            (seated.state, seated.call) = (AgentState::Free(now), None);
        }
        self.settle(now);
    }

    /// What is due.
    pub fn tick(&mut self, now: Instant) {
        self.settle(now);
    }

    pub fn poll(&mut self) -> Option<QueueNews> {
        self.out.pop_front()
    }

    pub fn deadline(&self) -> Option<Instant> {
        (0..self.waiting.len()).flat_map(|at| self.deadlines(at)).min()
    }

    fn deadlines(&self, at: usize) -> impl Iterator<Item = Instant> {
        let waiting = &self.waiting[at];
        let offer = waiting.offer.as_ref();
        let waits = !waiting.entry.wait.is_zero();
        let until = waits.then_some(waiting.until).filter(|_| offer.is_none());
        [offer.map(|offer| offer.until), until, waits.then(|| self.news_due(at))].into_iter().flatten()
    }

    /// When the caller is told where they stand.
    fn news_due(&self, at: usize) -> Instant {
        let waiting = &self.waiting[at];
        match waiting.told {
            None => waiting.since + FIRST_NEWS,
            Some((told, before)) if self.place(at) < before => told + BETWEEN_NEWS,
            Some((told, _)) => told + NEWS,
        }
    }

    pub fn rows(&self) -> Vec<QueueRow> {
        let row = |(at, waiting): (usize, &Waiting)| {
            let place = self.place(at);
            let wait = self.expected(&waiting.entry.destination, place);
            QueueRow { entry: waiting.entry.clone(), since: waiting.since, place, wait, offer: waiting.offer.clone() }
        };
        self.waiting.iter().enumerate().map(row).collect()
    }

    pub fn agents(&self) -> Vec<AgentRow> {
        let row = |seated: &Seated| {
            let offer = if let AgentState::Offered(offer) = seated.state { Some(offer) } else { None };
            AgentRow { agent: seated.agent.clone(), offer, call: seated.call.clone() }
        };
        self.agents.values().map(row).collect()
    }

    /// Among the callers of the same destination, from 1.
    fn place(&self, at: usize) -> u32 {
        let destination = &self.waiting[at].entry.destination;
        let before = self.waiting[..at].iter().filter(|waiting| waiting.entry.destination == *destination);
        u32::try_from(before.count() + 1).unwrap_or(u32::MAX)
    }

    /// How long who has this place will wait, by how fast callers were taken lately.
    fn expected(&self, destination: &str, place: u32) -> Option<Duration> {
        let between = &self.paces.get(destination)?.between;
        let count = u32::try_from(between.len()).ok().filter(|count| *count > 0)?;
        Some(between.iter().sum::<Duration>() / count * place)
    }

    fn fail(&mut self, call: String, fault: PersonFault) {
        self.out.push_back(QueueNews::Failed { call, fault });
    }

    fn withdraw(&mut self, now: Instant, offer: Option<Offer>) {
        let Some(Offer { id, agent, .. }) = offer else { return };
        if let Some(seated) = self.agents.get_mut(&agent).filter(|seated| seated.state == AgentState::Offered(id)) {
            seated.state = AgentState::Free(now);
        }
        self.out.push_back(QueueNews::Withdrawn { offer: id, agent });
    }

    /// The agent does not take the call, and is free for another.
    fn refuse(&mut self, now: Instant, id: u64, why: &str, said: bool) {
        let is = |waiting: &&mut Waiting| waiting.offer.as_ref().is_some_and(|offer| offer.id == id);
        let Some(waiting) = self.waiting.iter_mut().find(is) else { return };
        let Some(Offer { agent, .. }) = waiting.offer.take() else { return };
        waiting.refused.insert(agent.clone(), said);
        let call = waiting.entry.call.clone();
        if let Some(seated) = self.agents.get_mut(&agent) {
            seated.state = AgentState::Free(now);
            seated.misses = if said { 0 } else { seated.misses + 1 };
            if seated.misses >= MISSES {
                self.agents.remove(&agent);
                self.out.push_back(QueueNews::Away { agent: agent.clone() });
            }
        }
        self.out.push_back(QueueNews::Refused { call, agent, why: why.to_owned() });
    }

    /// Lets offers run out, offers calls to who is free, lets those go for whom nobody is left, and tells the others where they stand.
    fn settle(&mut self, now: Instant) {
        let due = |waiting: &Waiting| waiting.offer.as_ref().filter(|offer| offer.until <= now).cloned();
        for Offer { id, agent, .. } in self.waiting.iter().filter_map(due).collect::<Vec<_>>() {
            self.refuse(now, id, "no answer", false);
            self.out.push_back(QueueNews::Withdrawn { offer: id, agent });
        }
        let mut at = 0;
        while at < self.waiting.len() {
            match self.attend(now, at) {
                Some(fault) => {
                    let call = self.waiting.remove(at).entry.call;
                    self.fail(call, fault);
                }
                None => at += 1,
            }
        }
        (0..self.waiting.len()).for_each(|at| self.tell_place(now, at));
    }

    /// Offers the call to the agent who has been free the longest; or says why nobody will take it.
    fn attend(&mut self, now: Instant, at: usize) -> Option<PersonFault> {
        let waiting = &self.waiting[at];
        if waiting.offer.is_some() {
            return None;
        }
        let fits =
            |seated: &&Seated| seated.agent.fits(&waiting.entry) && !waiting.refused.contains_key(&seated.agent.name);
        let free = |seated: &Seated| match seated.state {
            AgentState::Free(since) => Some((since, seated.agent.name.clone())),
            AgentState::Offered(_) | AgentState::Busy => None,
        };
        let longest = self.agents.values().filter(fits).filter_map(free).min();
        let waits = now < waiting.until;
        if longest.is_none() {
            let later = self.agents.values().any(|seated| fits(&seated));
            return match () {
                () if later && waits => None,
                () if waiting.refused.values().any(|said| *said) => Some(PersonFault::Declined),
                () if !waiting.refused.is_empty() => Some(PersonFault::NoAnswer),
                () if later && waiting.entry.wait.is_zero() => Some(PersonFault::Busy),
                () if later => Some(PersonFault::TooLong),
                () => Some(PersonFault::Nobody),
            };
        }
        // Who has waited too long is not offered any more.
        if !waits && !waiting.entry.wait.is_zero() {
            return Some(PersonFault::TooLong);
        }
        let (_, agent) = longest?;
        self.offers += 1;
        let (id, waiting) = (self.offers, &mut self.waiting[at]);
        waiting.offer = Some(Offer { id, agent: agent.clone(), until: now + waiting.entry.ring });
        let call = waiting.entry.call.clone();
        if let Some(seated) = self.agents.get_mut(&agent) {
            seated.state = AgentState::Offered(id);
        }
        self.out.push_back(QueueNews::Offered { offer: id, call, agent });
        None
    }

    fn tell_place(&mut self, now: Instant, at: usize) {
        if self.waiting[at].entry.wait.is_zero() || now < self.news_due(at) {
            return;
        }
        let place = self.place(at);
        let Entry { call, destination, .. } = &self.waiting[at].entry;
        let news = QueueNews::Place { call: call.clone(), place, wait: self.expected(destination, place) };
        self.waiting[at].told = Some((now, place));
        self.out.push_back(news);
    }
}

#[cfg(test)]
mod tests;

//! The lines of agents: a browser's offer takes an offered call, and its line the agent's seat; what the API asks of agents.
use super::agent_port::{AgentDesk, OfferFault, OfferView, QueueView};
use super::agents::Agents;
use super::calls::Calls;
use super::person::{PersonEvent, PersonOrder};
use super::port::{SeatAddress, SeatAnswer, SeatFault, SeatOffer};
use super::queue::{Agent, AgentRow, Entry, OfferGone, QueueRow};
use super::seats::SeatTable;
use dialog::conversation::PersonFault;
use futures::future::BoxFuture;
use jiff::Timestamp;
use media::room::Seat;
use std::time::Instant;
use telephony::webrtc::{Answered, Data};
use telephony::{Change, Line};
use tokio::sync::watch;

/// An agent's browser, and what reaches its call.
struct AgentLine {
    agents: Agents,
    name: String,
    at: SeatAddress,
    number: u64,
    seats: SeatTable,
}

/// How an agent's seat ends.
struct AgentEnds {
    /// Closed when nobody wants the agent any more.
    given_up: watch::Receiver<()>,
    /// Over when they may not take part any more.
    until: BoxFuture<'static, ()>,
    /// Told when it ends otherwise than by the API.
    left: Box<dyn FnOnce(Seat, &'static str) + Send>,
}

impl AgentLine {
    /// Runs until the agent hangs up, is lost, or nobody wants them any more.
    async fn run(self, mut line: Line, _data: Data, ends: AgentEnds) {
        let AgentEnds { mut given_up, mut until, left } = ends;
        let mut joined = false;
        let by_agent = loop {
            tokio::select! {
                change = line.next() => match change {
                    Change::Up => {
                        if let Some(wire) = line.wire.take() {
                            let order = PersonOrder::Join { name: self.name.clone(), wire, plan: line.plan.clone() };
                            self.agents.order(&self.at.call, order);
                            joined = true;
                        }
                    }
                    Change::Ended(_) | Change::Lost(true) => break true,
                    Change::Plan(_)
                    | Change::OnHold(_)
                    | Change::Key(_)
                    | Change::Replaced(_)
                    | Change::Referral(_)
                    | Change::Lost(false) => {}
                },
                gone = given_up.changed() => if gone.is_err() { break false },
                () = &mut until => break true,
            }
        };
        if by_agent {
            let order = match joined {
                true => PersonOrder::Leave,
                false => PersonOrder::Event(PersonEvent::Failed(PersonFault::NotPossible)),
            };
            self.agents.order(&self.at.call, order);
        }
        line.hang_up("the agent's call is over").await;
        // Nobody else has freed the seat: the agent did not leave it by the API.
        if self.seats.free(&self.at, self.number, |_| {}) {
            left(self.at.seat, if by_agent { "connection lost" } else { "the call is over" });
        }
        self.agents.with(|state, now| state.queue.free(now, &self.name));
    }
}

impl Calls {
    async fn accept_offer(&self, id: u64, offer: SeatOffer) -> Result<(String, SeatAnswer), OfferFault> {
        let SeatOffer { who, sdp, until, left, .. } = offer;
        let agents = &self.0.agents;
        let call = agents.lock().queue.offer(id, &who)?.call.clone();
        let web = self.0.web.get().ok_or(SeatFault::Off)?;
        let Answered { sdp, peer, line, data } = web.answer(&sdp).await.map_err(SeatFault::from)?;
        if !line.plan.direction.receives() {
            peer.hang_up("the offer has no microphone");
            return Err(OfferFault::NoMicrophone);
        }
        let (number, etag) = (peer.id(), peer.etag());
        // It may have run out while the browser's offer was answered.
        let taken = agents.with(|state, now| {
            state.queue.accept(now, id, &who)?;
            Ok::<_, OfferFault>(state.wanted.remove(&call))
        });
        let given_up = match taken {
            Ok(Some(wanted)) => wanted.given_up,
            Ok(None) | Err(_) => {
                peer.hang_up("the offer has run out");
                agents.with(|state, now| state.queue.free(now, &who));
                return Err(OfferFault::Gone(OfferGone));
            }
        };
        let at = SeatAddress { call: call.clone(), seat: Seat::AGENT };
        self.0.seats.take_agent(&at, &who, peer);
        let of = AgentLine { agents: agents.clone(), name: who, at, number, seats: self.0.seats.clone() };
        tokio::spawn(of.run(line, data, AgentEnds { given_up, until, left }));
        Ok((call, SeatAnswer { seat: Seat::AGENT, etag, sdp }))
    }
}

impl AgentDesk for Calls {
    fn arrive(&self, agent: Agent, until: BoxFuture<'static, ()>) {
        self.0.agents.arrive(agent, until);
    }

    fn go(&self, name: &str) {
        self.0.agents.go(name);
    }

    fn agents(&self) -> Vec<(AgentRow, Timestamp)> {
        let state = self.0.agents.lock();
        let rows = state.queue.agents().into_iter();
        let since = |row: &AgentRow| state.arrivals.get(&row.agent.name).map_or_else(Timestamp::now, |(_, at)| *at);
        rows.map(|row| (since(&row), row)).map(|(at, row)| (row, at)).collect()
    }

    fn queue(&self) -> Vec<QueueView> {
        let (state, now) = (self.0.agents.lock(), Instant::now());
        let view = |row: QueueRow| QueueView { waited: now.saturating_duration_since(row.since), row };
        state.queue.rows().into_iter().map(view).collect()
    }

    fn offers(&self, agent: &str) -> Vec<OfferView> {
        let (state, now) = (self.0.agents.lock(), Instant::now());
        let view = |row: QueueRow| {
            let offer = row.offer.clone().filter(|offer| offer.agent == agent)?;
            let hand_over = state.wanted.get(&row.entry.call)?.hand_over.clone();
            let left = offer.until.saturating_duration_since(now);
            let waited = now.saturating_duration_since(row.since);
            Some(OfferView { id: offer.id, waited, entry: row.entry, hand_over, left })
        };
        state.queue.rows().into_iter().filter_map(view).collect()
    }

    fn accept(&self, id: u64, offer: SeatOffer) -> BoxFuture<'_, Result<(String, SeatAnswer), OfferFault>> {
        Box::pin(self.accept_offer(id, offer))
    }

    fn decline(&self, id: u64, agent: &str, why: &str) -> Result<Entry, OfferFault> {
        self.0.agents.with(|state, now| {
            let entry = state.queue.offer(id, agent)?.clone();
            state.queue.decline(now, id, agent, why)?;
            Ok(entry)
        })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.agents.changes()
    }
}

//! What the API asks of callers who wait for a person, and of the agents who take them.
use super::port::{SeatAnswer, SeatFault, SeatOffer};
use super::queue::{Agent, AgentRow, Entry, OfferGone, QueueRow};
use dialog::conversation::HandOver;
use futures::future::BoxFuture;
use jiff::Timestamp;
use std::time::Duration;
use tokio::sync::watch;

/// Agents in browsers. A name is that of who asks: an offer is theirs alone.
pub trait AgentDesk: Send + Sync {
    /// They take calls, until they go or `until` is over.
    fn arrive(&self, agent: Agent, until: BoxFuture<'static, ()>);
    /// They take no more calls; one that they are in goes on.
    fn go(&self, name: &str);
    /// Who takes calls, and since when.
    fn agents(&self) -> Vec<(AgentRow, Timestamp)>;
    fn queue(&self) -> Vec<QueueView>;
    fn offers(&self, agent: &str) -> Vec<OfferView>;
    /// Takes the call: the browser's line has the agent's seat as soon as it is connected. Returns the call with the answer.
    fn accept(&self, id: u64, offer: SeatOffer) -> BoxFuture<'_, Result<(String, SeatAnswer), OfferFault>>;
    /// Does not take it. Returns what it was.
    fn decline(&self, id: u64, agent: &str, why: &str) -> Result<Entry, OfferFault>;
    /// Changes with every change of what the other methods tell.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// A caller who waits.
#[derive(Clone, Debug)]
pub struct QueueView {
    pub row: QueueRow,
    pub waited: Duration,
}

/// A call that is offered to an agent.
#[derive(Clone, Debug)]
pub struct OfferView {
    pub id: u64,
    pub entry: Entry,
    pub waited: Duration,
    pub hand_over: HandOver,
    /// Until it runs out.
    pub left: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferFault {
    #[error(transparent)]
    Gone(#[from] OfferGone),
    #[error("an agent needs a microphone: the offer has none (a=recvonly)")]
    NoMicrophone,
    #[error(transparent)]
    Seat(#[from] SeatFault),
}

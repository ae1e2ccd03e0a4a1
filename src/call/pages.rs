//! The desk's side towards web pages: answering a browser's offer, and what its signalling asks of a call that lives.
use super::actor::Order;
use super::desk::{Arrived, Desk, Opening};
use super::end::{Blame, End, Reason};
use super::route::Route;
use crate::api::widget::{Begun, PageFault, Pages, Visit};
use crate::bots::Shelf as _;
use crate::config::ECHO;
use crate::engines;
use crate::store::{Direction, Store};
use crate::widget::{Seat, TicketId};
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;
use telephony::webrtc::{Answered, Fault, Peer, WebRtc};
use telephony::{Change, Headers, Line};
use tokio::sync::mpsc;

/// A call from a page, as its signalling sees it.
pub(super) struct Visitor {
    peer: Peer,
    /// Whose token opened it: no other may touch it.
    ticket: TicketId,
    _seat: Seat,
}

impl Desk {
    /// Calls from pages can be taken once the desk knows how.
    pub fn connect_web(&self, web: WebRtc) {
        self.0.web.set(web).ok();
    }

    pub(super) fn peers(&self) -> MutexGuard<'_, HashMap<String, Visitor>> {
        self.0.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a page's offer; the call is a task of its own from there on.
    async fn take_page(&self, visit: Visit) -> Result<Begun, PageFault> {
        if self.is_draining() {
            return Err(PageFault::Draining);
        }
        let web = self.0.web.get().ok_or(PageFault::Off)?;
        let bot = &visit.ticket.bot;
        let missing = || if self.parts().bots.knows(bot) { PageFault::Broken } else { PageFault::Bot };
        let route = if bot == ECHO { Some(Route::Echo) } else { self.bot(bot) }.ok_or_else(missing)?;
        if let Route::Bot(_, loaded) = &route
            && !self.parts().engines.can_speak(engines::language(loaded.bot.language))
        {
            return Err(PageFault::Voiceless);
        }
        let Answered { sdp, peer, mut line, data } = web.answer(&visit.offer).await?;
        let opening = Opening {
            id: Store::new_id(),
            number: self.number(),
            direction: Direction::Inbound,
            via: format!("widget {}", visit.host()),
            from: String::new(),
            to: String::new(),
            headers: Headers::default(),
            route,
        };
        let (orders, mut inbox) = mpsc::channel(8);
        let listed = self.list(&opening, orders);
        let (id, etag) = (opening.id.clone(), peer.etag());
        self.peers().insert(id.clone(), Visitor { peer, ticket: visit.ticket.id, _seat: visit.seat });
        let desk = self.clone();
        tokio::spawn(async move {
            if let Some(end) = silent_until_up(&mut line, &mut inbox).await {
                return desk.never_began(&opening.id, end);
            }
            desk.hold(&opening, Arrived { line, orders: inbox, page: Some(data) }).await;
            drop(listed);
        });
        Ok(Begun { id, etag, sdp })
    }

    fn peer(&self, id: &str, ticket: &TicketId) -> Result<Peer, PageFault> {
        self.peers()
            .get(id)
            .filter(|visitor| visitor.ticket == *ticket)
            .map(|visitor| visitor.peer.clone())
            .ok_or(PageFault::Gone)
    }
}

/// Nobody speaks to a page that cannot hear yet. `Some`: it never will.
async fn silent_until_up(line: &mut Line, orders: &mut mpsc::Receiver<Order>) -> Option<End> {
    loop {
        tokio::select! {
            change = line.next() => match change {
                Change::Up => return None,
                Change::Ended(ended) => return Some(ended.into()),
                _ => {}
            },
            Some(order) = orders.recv() => {
                if let Order::End(end) = order {
                    line.hang_up(end.reason.text()).await;
                    return Some(end);
                }
            }
        }
    }
}

/// How long a call's task may take to answer its signalling.
const PATIENCE: Duration = Duration::from_secs(5);

async fn within<T>(asked: impl Future<Output = Result<T, Fault>>) -> Result<T, PageFault> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(PageFault::Gone),
    }
}

impl Pages for Desk {
    fn answer(&self, visit: Visit) -> BoxFuture<'_, Result<Begun, PageFault>> {
        Box::pin(self.take_page(visit))
    }

    fn trickle<'a>(
        &'a self,
        id: &'a str,
        ticket: TicketId,
        etag: u32,
        fragment: &'a str,
    ) -> BoxFuture<'a, Result<(), PageFault>> {
        Box::pin(async move { within(self.peer(id, &ticket)?.trickle(etag, fragment)).await })
    }

    fn restart<'a>(
        &'a self,
        id: &'a str,
        ticket: TicketId,
        fragment: &'a str,
    ) -> BoxFuture<'a, Result<(String, u32), PageFault>> {
        Box::pin(async move { within(self.peer(id, &ticket)?.restart(fragment)).await })
    }

    fn bye(&self, id: &str, ticket: TicketId) -> Result<(), PageFault> {
        self.peer(id, &ticket)?;
        if self.end(id, End::new(Blame::Caller, Reason::HungUp)) { Ok(()) } else { Err(PageFault::Gone) }
    }
}

impl From<Fault> for PageFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Gone => Self::Gone,
            Fault::Stale => Self::Stale,
            Fault::Draining => Self::Draining,
            Fault::Fragment(why) => Self::Fragment(why),
            Fault::Bind { .. } => {
                tracing::error!(%fault, "a page's call finds no place for its sound");
                Self::Portless
            }
            // Says what is wrong with the offer in our words: it holds none of the page's.
            Fault::Sdp(_) | Fault::Stack(_) => Self::Offer(fault.to_string()),
        }
    }
}

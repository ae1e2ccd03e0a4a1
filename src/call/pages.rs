//! Calls from web pages: answering a browser's offer, and the signalling of live calls.
use super::calls::{AnsweredLine, CallInfo, Calls};
use super::driver::Order;
use super::end::{Blame, End, Reason};
use super::route::Route;
use crate::api::widget::{Begun, PageFault, Pages, Visit};
use crate::bots::BotCatalog as _;
use crate::config::ECHO;
use crate::engines;
use crate::store::{Direction, Store};
use crate::widget::{CallSlot, TokenId};
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;
use telephony::webrtc::{Answered, Fault, Peer, WebRtc};
use telephony::{Change, Headers, Line};
use tokio::sync::mpsc;

/// The signalling side of a call from a page.
pub(super) struct PagePeer {
    peer: Peer,
    /// The token that opened it; requests with another one are refused.
    token: TokenId,
    _slot: CallSlot,
}

impl Calls {
    /// Connects the WebRTC stack: calls from pages can be answered.
    pub fn connect_web(&self, web: WebRtc) {
        self.0.web.set(web).ok();
    }

    pub(super) fn peers(&self) -> MutexGuard<'_, HashMap<String, PagePeer>> {
        self.0.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a page's offer and starts the call's task.
    async fn take_page(&self, visit: Visit) -> Result<Begun, PageFault> {
        if self.is_draining() {
            return Err(PageFault::Draining);
        }
        let web = self.0.web.get().ok_or(PageFault::Off)?;
        let bot = &visit.claims.bot;
        let missing = || if self.parts().bots.knows(bot) { PageFault::Broken } else { PageFault::Bot };
        let route = if bot == ECHO { Some(Route::Echo) } else { self.bot(bot) }.ok_or_else(missing)?;
        if let Route::Bot(_, loaded) = &route
            && !self.parts().engines.can_speak(engines::language(loaded.bot.language))
        {
            return Err(PageFault::Voiceless);
        }
        let Answered { sdp, peer, mut line, data } = web.answer(&visit.offer).await?;
        let opening = CallInfo {
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
        let registered = self.register(&opening, orders);
        let (id, etag) = (opening.id.clone(), peer.etag());
        self.peers().insert(id.clone(), PagePeer { peer, token: visit.claims.id, _slot: visit.slot });
        let calls = self.clone();
        tokio::spawn(async move {
            if let Some(end) = until_connected(&mut line, &mut inbox).await {
                return calls.end_record(&opening.id, end);
            }
            calls.run(&opening, AnsweredLine { line, orders: inbox, page: Some(data) }).await;
            drop(registered);
        });
        Ok(Begun { id, etag, sdp })
    }

    fn peer(&self, id: &str, token: &TokenId) -> Result<Peer, PageFault> {
        self.peers()
            .get(id)
            .filter(|visitor| visitor.token == *token)
            .map(|visitor| visitor.peer.clone())
            .ok_or(PageFault::Gone)
    }
}

/// Waits for the media connection, so that the bot does not speak before the page can hear it. `Some`: the call ended instead.
async fn until_connected(line: &mut Line, orders: &mut mpsc::Receiver<Order>) -> Option<End> {
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

/// The longest a peer may take to answer its signalling.
const SIGNALLING_TIMEOUT: Duration = Duration::from_secs(5);

async fn within<T>(asked: impl Future<Output = Result<T, Fault>>) -> Result<T, PageFault> {
    match tokio::time::timeout(SIGNALLING_TIMEOUT, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(PageFault::Gone),
    }
}

impl Pages for Calls {
    fn answer(&self, visit: Visit) -> BoxFuture<'_, Result<Begun, PageFault>> {
        Box::pin(self.take_page(visit))
    }

    fn trickle<'a>(
        &'a self,
        id: &'a str,
        token: TokenId,
        etag: u32,
        fragment: &'a str,
    ) -> BoxFuture<'a, Result<(), PageFault>> {
        Box::pin(async move { within(self.peer(id, &token)?.trickle(etag, fragment)).await })
    }

    fn restart<'a>(
        &'a self,
        id: &'a str,
        token: TokenId,
        fragment: &'a str,
    ) -> BoxFuture<'a, Result<(String, u32), PageFault>> {
        Box::pin(async move { within(self.peer(id, &token)?.restart(fragment)).await })
    }

    fn bye(&self, id: &str, token: TokenId) -> Result<(), PageFault> {
        self.peer(id, &token)?;
        if self.end(id, End::new(Blame::RemoteParty, Reason::HungUp)) { Ok(()) } else { Err(PageFault::Gone) }
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
                tracing::error!(%fault, "no UDP port is free for a page's call");
                Self::Portless
            }
            // The text contains nothing of the offer itself.
            Fault::Sdp(_) | Fault::Stack(_) => Self::Offer(fault.to_string()),
        }
    }
}

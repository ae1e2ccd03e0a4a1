//! Calls from web pages: answering a browser's offer, and the signalling of live calls.
use super::assemble::{AnsweredLine, CallInfo};
use super::calls::Calls;
use super::end::{Blame, End, Reason};
use super::port::{PageAnswer, PageCalls, PageFault, PageOffer};
use super::registry::EarlyOrders;
use super::route::NoRoute;
use crate::store::{Direction, Store};
use crate::widget::TokenId;
use futures::future::BoxFuture;
use std::time::Duration;
use telephony::webrtc::{Answered, Fault, Peer};
use telephony::{Change, Headers, Line};

impl Calls {
    /// Answers a page's offer and starts the call's task.
    async fn answer_page(&self, offer: PageOffer) -> Result<PageAnswer, PageFault> {
        if self.0.registry.is_draining() {
            return Err(PageFault::Draining);
        }
        let web = self.0.web.get().ok_or(PageFault::Off)?;
        let route = self.0.router.by_name(&offer.claims.bot)?;
        let Answered { sdp, peer, mut line, data } = web.answer(&offer.sdp).await?;
        let info = CallInfo {
            id: Store::new_id(),
            direction: Direction::Inbound,
            via: format!("widget {}", offer.host()),
            from: offer.claims.visitor.as_ref().map_or_else(String::new, |visitor| visitor.party().to_owned()),
            to: String::new(),
            headers: Headers::default(),
            route,
        };
        let (registered, orders) = self.register(&info);
        let mut orders = EarlyOrders::new(orders);
        let (id, etag) = (info.id.clone(), peer.etag());
        let entry = self.0.peers.add(&id, peer, offer.claims.id, offer.slot);
        let calls = self.clone();
        tokio::spawn(async move {
            let _live = (registered, entry);
            let assembly = &calls.0.assembly;
            match until_connected(&mut line, &mut orders).await {
                Some(end) => assembly.end_record(&info.id, end),
                None => assembly.run(&info, AnsweredLine { line, orders, page: Some(data) }).await,
            }
        });
        Ok(PageAnswer { id, etag, sdp })
    }

    fn peer(&self, id: &str, token: &TokenId) -> Result<Peer, PageFault> {
        self.0.peers.get(id, token).ok_or(PageFault::Gone)
    }
}

/// Waits for the media connection, so that the bot does not speak before the page can hear it. `Some`: the call ended instead.
async fn until_connected(line: &mut Line, orders: &mut EarlyOrders) -> Option<End> {
    loop {
        tokio::select! {
            change = line.next() => match change {
                Change::Up => return None,
                Change::Ended(ended) => return Some(ended.into()),
                _ => {}
            },
            end = orders.end() => {
                line.hang_up(end.reason.text()).await;
                return Some(end);
            }
        }
    }
}

/// The longest a peer may take to answer its signalling.
const SIGNALLING_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn within<T, F: From<Fault>>(asked: impl Future<Output = Result<T, Fault>>) -> Result<T, F> {
    match tokio::time::timeout(SIGNALLING_TIMEOUT, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Fault::Gone.into()),
    }
}

impl PageCalls for Calls {
    fn answer(&self, offer: PageOffer) -> BoxFuture<'_, Result<PageAnswer, PageFault>> {
        Box::pin(self.answer_page(offer))
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

    fn hang_up(&self, id: &str, token: TokenId) -> Result<(), PageFault> {
        self.peer(id, &token)?;
        let ended = self.0.registry.end(id, End::new(Blame::RemoteParty, Reason::HungUp));
        if ended { Ok(()) } else { Err(PageFault::Gone) }
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
                Self::NoPort
            }
            // The text contains nothing of the offer itself.
            Fault::Sdp(_) | Fault::Stack(_) => Self::Offer(fault.to_string()),
        }
    }
}

impl From<NoRoute> for PageFault {
    fn from(why: NoRoute) -> Self {
        match why {
            NoRoute::Draining => Self::Draining,
            NoRoute::Unknown => Self::Bot,
            NoRoute::Broken(_) => Self::Broken,
            NoRoute::Voiceless(_) => Self::NoVoice,
            NoRoute::Busy => Self::Busy,
        }
    }
}

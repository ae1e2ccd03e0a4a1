//! `Peer`: the handle of a browser's call for its signalling.
use super::Fault;
use super::fragment::Fragment;
use super::wire::Rings;
use crate::sdp::web::BrowserDescription;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// What a peer requests of its task.
#[derive(Debug)]
pub(super) enum PeerRequest {
    Accept(Box<BrowserDescription>, oneshot::Sender<Result<(), Fault>>),
    Trickle {
        etag: u32,
        fragment: Fragment,
        reply: oneshot::Sender<Result<(), Fault>>,
    },
    Restart(Fragment, oneshot::Sender<Result<(String, u32), Fault>>),
    /// The offerer's half of a restart: a fragment with its new credentials.
    Renew(oneshot::Sender<Result<String, Fault>>),
    HangUp(&'static str),
}

/// The counters of a call's wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerStats {
    /// RTP packets given to the leg, and sent.
    pub received: u64,
    pub sent: u64,
    /// Dropped because a ring was full: the leg did not read, or the task did not run.
    pub dropped_in: u64,
    pub dropped_out: u64,
    /// By RTCP; `None` until a report has come.
    pub round_trip: Option<Duration>,
}

/// Clones share the call; holding one does not keep the call alive.
#[derive(Clone, Debug)]
pub struct Peer {
    id: u64,
    requests: mpsc::Sender<PeerRequest>,
    etag: Arc<AtomicU32>,
    rings: Arc<Rings>,
}

impl Peer {
    pub(super) fn new(id: u64, requests: mpsc::Sender<PeerRequest>, rings: Arc<Rings>, etag: Arc<AtomicU32>) -> Self {
        Self { id, requests, etag, rings }
    }

    /// The number of its [`crate::Line`].
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Takes candidates of the page (RFC 8840) for the ICE session of this number: `Fault::Stale` where it is not the present one,
    /// `Fault::Fragment` where they name another themselves.
    pub async fn trickle(&self, etag: u32, fragment: &str) -> Result<(), Fault> {
        let fragment = Fragment::read(fragment).map_err(Fault::Fragment)?;
        self.ask(|reply| PeerRequest::Trickle { etag, fragment, reply }).await
    }

    /// Restarts ICE with the page's new credentials (RFC 8445 section 9); the answer is the fragment with ours
    /// and the number of the new session. The sound goes on as soon as a pair is nominated.
    pub async fn restart(&self, fragment: &str) -> Result<(String, u32), Fault> {
        let fragment = Fragment::read(fragment).map_err(Fault::Fragment)?;
        if fragment.credentials.is_none() {
            return Err(Fault::Fragment("a restart brings a new ice-ufrag and ice-pwd"));
        }
        self.ask(|reply| PeerRequest::Restart(fragment, reply)).await
    }

    /// The offerer's half of a restart: a fragment with its new credentials; the server's answer goes to [`Self::restart`].
    pub async fn renew(&self) -> Result<String, Fault> {
        self.ask(PeerRequest::Renew).await
    }

    /// Ends the call: [`crate::Change::Ended`] by us, with this reason.
    pub fn hang_up(&self, why: &'static str) {
        // Full: what waits there is answered within a moment, and the line can end it too.
        self.requests.try_send(PeerRequest::HangUp(why)).ok();
    }

    /// The number of the present ICE session, from 1.
    pub fn etag(&self) -> u32 {
        self.etag.load(Relaxed)
    }

    pub fn stats(&self) -> PeerStats {
        let counts = &self.rings.counts;
        PeerStats {
            received: counts.received.load(Relaxed),
            sent: counts.sent.load(Relaxed),
            dropped_in: counts.dropped_in.load(Relaxed),
            dropped_out: counts.dropped_out.load(Relaxed),
            round_trip: Some(counts.round_trip.load(Relaxed)).filter(|&us| us > 0).map(Duration::from_micros),
        }
    }

    pub(super) async fn accept(&self, theirs: BrowserDescription) -> Result<(), Fault> {
        self.ask(|reply| PeerRequest::Accept(Box::new(theirs), reply)).await
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<Result<T, Fault>>) -> PeerRequest) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(ask(reply)).await.map_err(|_| Fault::Gone)?;
        answer.await.unwrap_or(Err(Fault::Gone))
    }
}

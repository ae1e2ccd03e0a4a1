//! WebRTC calls: ICE, DTLS-SRTP and a data channel, on the sans-IO `rtc` stack.
//!
//! [`WebRtc::answer`] takes a browser's offer and gives the answer and a [`Line`] like any other; [`WebRtc::offer`] is the other
//! end, for the softphone and for tests. Each peer is one task that owns its sockets and its stack; a leg on its media thread
//! meets it in two bounded rings ([`wire`]). The task tells the stack the time; the stack never requests.
mod candidate;
mod datagram;
mod deliver;
mod early;
mod fragment;
mod liveness;
mod peer;
mod sockets;
mod stack;
mod streams;
mod task;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
#[cfg(test)]
mod tests;
mod transport;
mod wire;

pub use peer::{Peer, PeerStats};
pub use wire::PeerWire;

use crate::address::same_family;
use crate::line::Line;
use crate::party::Party;
use crate::sdp::web::{BrowserDescription, DescriptionKind, MESSAGE, OurDescription};
use crate::sdp::{self, Prefs};
use liveness::{Liveness, Timeouts};
use media::codec::{Codec, OpusPlan};
use sockets::Sockets;
use stack::{Role, Stack};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use task::Task;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wire::Rings;

/// Capacity of the queues of a line's changes, of a page's messages, and of messages to the page.
const WAITING: usize = 64;
/// The first `id` of browsers' lines, which no `id` of a SIP line reaches.
static NEXT: AtomicU64 = AtomicU64::new(1 << 40);

/// How this server does ICE (RFC 8445).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ice {
    /// ICE-lite: the server has an address that browsers reach, answers checks and sends none.
    #[default]
    Lite,
    /// Full ICE: the server sends checks too. For a server behind a NAT.
    Full,
}

/// The configuration of browsers' transport. `Default` answers on loopback.
#[derive(Clone, Debug)]
pub struct WebRtcPlan {
    /// The addresses to bind; an unspecified one stands for the addresses of all interfaces.
    pub bind: Vec<IpAddr>,
    /// UDP ports, one for each call and address; `None`: any.
    pub ports: Option<RangeInclusive<u16>>,
    /// The address in candidates where it is not the bound one: that of a NAT that forwards each port to the same port.
    pub public: Option<IpAddr>,
    pub ice: Ice,
    /// Whether pages may call over TCP too, on the same ports, where UDP is blocked.
    pub tcp: bool,
    /// After this time without packets a peer counts as lost.
    pub lost: Duration,
    /// After this time a lost peer is given up.
    pub grace: Duration,
    /// From the answer to the first packet.
    pub connect: Duration,
    /// The configuration of Opus.
    pub opus: OpusPlan,
}

impl Default for WebRtcPlan {
    fn default() -> Self {
        Self {
            bind: vec![Ipv4Addr::LOCALHOST.into()],
            ports: None,
            public: None,
            ice: Ice::Lite,
            tcp: true,
            lost: Duration::from_millis(1_500),
            grace: Duration::from_secs(20),
            connect: Duration::from_secs(15),
            opus: OpusPlan::default(),
        }
    }
}

/// Why a browser's call is refused, or a fragment. No variant holds text of the browser.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Sdp(#[from] sdp::Fault),
    #[error("the fragment cannot be used: {0}")]
    Fragment(&'static str),
    #[error("the fragment is of an ICE session that is over")]
    Stale,
    #[error("no UDP port on {address}: {source}; widen rtc.ports, or name an address of this machine in rtc.bind")]
    Bind { address: IpAddr, source: std::io::Error },
    #[error("the WebRTC stack refuses: {0}")]
    Stack(&'static str),
    #[error("the call is over")]
    Gone,
    #[error("the server stops and takes no more calls")]
    Draining,
}

/// A message on the data channel `switchboard`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A channel has opened; messages that waited in the outbox are sent.
    Opened,
    /// Valid UTF-8 of at most 4096 bytes.
    Text(String),
    /// Binary, too long, or not UTF-8; its content is dropped.
    Bad,
}

/// The data channel of one call. Inbox and outbox hold [`WAITING`] messages. A full inbox drops the newest (counted). A full outbox ends
/// the call with `"the page does not read"` while the channel is open; before, it drops the oldest.
#[derive(Debug)]
pub struct Data {
    pub inbox: mpsc::Receiver<Message>,
    pub outbox: mpsc::Sender<String>,
}

/// An answered call of a browser.
#[derive(Debug)]
pub struct Answered {
    /// The answer, with our candidates.
    pub sdp: String,
    pub peer: Peer,
    pub line: Line,
    pub data: Data,
}

/// A call of ours to another server, before its answer. Dropping it ends the call.
#[derive(Debug)]
pub struct Offered {
    /// The offer, with our candidates.
    pub sdp: String,
    pub peer: Peer,
    pub data: Data,
    line: Line,
    prefs: Prefs,
}

/// The number of peers and sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebRtcReport {
    /// Peers whose task runs.
    pub peers: usize,
    /// UDP sockets they hold.
    pub sockets: usize,
}

/// The driver. Clones share it.
#[derive(Clone)]
pub struct WebRtc(Arc<Shared>);

struct Shared {
    plan: WebRtcPlan,
    addresses: Vec<IpAddr>,
    counts: Arc<Running>,
    draining: CancellationToken,
}

/// What runs; each task holds one [`Counted`].
#[derive(Debug, Default)]
struct Running {
    peers: AtomicUsize,
    sockets: AtomicUsize,
}

/// Counts as one peer with so many sockets until it is dropped.
#[derive(Debug)]
struct Counted(Arc<Running>, usize);

impl Counted {
    fn new(running: &Arc<Running>, sockets: usize) -> Self {
        running.peers.fetch_add(1, Relaxed);
        running.sockets.fetch_add(sockets, Relaxed);
        Self(running.clone(), sockets)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.peers.fetch_sub(1, Relaxed);
        self.0.sockets.fetch_sub(self.1, Relaxed);
    }
}

impl WebRtc {
    /// Checks that the plan can be kept: a socket is opened on each address and closed again. Within a tokio runtime.
    pub fn start(plan: WebRtcPlan) -> Result<Self, Fault> {
        let addresses = sockets::expand(&plan.bind);
        Sockets::bind(&addresses, plan.ports.as_ref())?;
        let (counts, draining) = (Arc::default(), CancellationToken::new());
        Ok(Self(Arc::new(Shared { plan, addresses, counts, draining })))
    }

    /// Answers a browser's offer without waiting. The call lasts until the line is dropped or hung up.
    pub async fn answer(&self, offer: &str) -> Result<Answered, Fault> {
        let prefs = self.prefs();
        let theirs = BrowserDescription::read(offer, DescriptionKind::Offer, &prefs)?;
        let (payload_type, codec, keys) = theirs.codec();
        let mut stack = Stack::new(Role::Answerer(self.0.plan.ice), &[(payload_type, codec)], keys.as_slice())?;
        let sockets = self.sockets()?;
        let sockets = if self.0.plan.tcp { sockets.with_tcp() } else { sockets };
        let reduced = theirs.reduced(DescriptionKind::Offer, stack::MIDS, &theirs.transport);
        let candidates = self.candidates(&sockets);
        let transport = stack.answer(&reduced, &sockets)?;
        if self.0.plan.ice == Ice::Full {
            theirs.candidates.iter().filter_map(|c| candidate::theirs(c)).for_each(|c| stack.add_candidate(&c));
        }
        let ours = OurDescription {
            session_id: u64::from(rand::random::<u32>()),
            transport,
            setup: "passive",
            default: self.default(&sockets),
            candidates,
            complete: true,
            ssrc: stack.ssrc,
            cname: format!("{:016x}", rand::random::<u64>()),
            plan: theirs.plan(&prefs),
        };
        let sdp = ours.answer(&theirs);
        let (peer, line, data) = self.spawn(stack, sockets, Some(theirs), ours)?;
        Ok(Answered { sdp, peer, line, data })
    }

    /// Makes an offer of our own: Opus both ways and the data channel.
    pub async fn offer(&self) -> Result<Offered, Fault> {
        let prefs = self.prefs();
        let codec = Codec::Opus(self.0.plan.opus);
        let mut stack = Stack::new(Role::Offerer, &[(111, codec)], &[(110, 48_000)])?;
        let sockets = self.sockets()?;
        let transport = stack.offer(&sockets)?;
        let mut plan = media::leg::LegPlan::new(codec, 111);
        (plan.telephone_event, plan.event_clock) = (Some(110), 48_000);
        let ours = OurDescription {
            session_id: u64::from(rand::random::<u32>()),
            transport,
            setup: "actpass",
            default: self.default(&sockets),
            candidates: self.candidates(&sockets),
            complete: true,
            ssrc: stack.ssrc,
            cname: format!("{:016x}", rand::random::<u64>()),
            plan,
        };
        let sdp = ours.offer(stack::MIDS, &[]);
        let (peer, line, data) = self.spawn(stack, sockets, None, ours)?;
        Ok(Offered { sdp, peer, data, line, prefs })
    }

    /// The number of peers and sockets.
    pub fn report(&self) -> WebRtcReport {
        let Running { peers, sockets } = &*self.0.counts;
        WebRtcReport { peers: peers.load(Relaxed), sockets: sockets.load(Relaxed) }
    }

    /// No further call is answered; live ones go on.
    pub fn drain(&self) {
        self.0.draining.cancel();
    }

    fn prefs(&self) -> Prefs {
        // No DTX: a browser that sends nothing in silence would count as lost.
        let opus = OpusPlan { dtx: false, ..self.0.plan.opus };
        Prefs { codecs: vec![Codec::Opus(opus)], comfort_noise: false, ..Prefs::default() }
    }

    fn sockets(&self) -> Result<Sockets, Fault> {
        if self.0.draining.is_cancelled() {
            return Err(Fault::Draining);
        }
        Sockets::bind(&self.0.addresses, self.0.plan.ports.as_ref())
    }

    fn candidates(&self, sockets: &Sockets) -> Vec<String> {
        let seen = |addresses: &mut dyn Iterator<Item = SocketAddr>| {
            let mut found: Vec<_> = addresses.map(|address| self.seen(address)).collect();
            found.dedup();
            found
        };
        let (udp, tcp) = (seen(&mut sockets.addresses()), seen(&mut sockets.tcp()));
        let udp = udp.iter().enumerate().map(|(at, a)| candidate::host(*a, at));
        udp.chain(tcp.iter().enumerate().map(|(at, a)| candidate::passive(*a, at))).collect()
    }

    fn default(&self, sockets: &Sockets) -> Option<SocketAddr> {
        sockets.addresses().next().map(|address| self.seen(address))
    }

    /// An address of ours as candidates name it.
    fn seen(&self, mut address: SocketAddr) -> SocketAddr {
        if let Some(public) = self.0.plan.public.filter(|public| same_family(*public, address.ip())) {
            address.set_ip(public);
        }
        address
    }

    fn spawn(
        &self,
        stack: Stack,
        sockets: Sockets,
        theirs: Option<BrowserDescription>,
        ours: OurDescription,
    ) -> Result<(Peer, Line, Data), Fault> {
        let WebRtcPlan { lost, grace, connect, .. } = self.0.plan;
        // The offerer is never ICE-lite.
        let lite = theirs.is_some() && self.0.plan.ice == Ice::Lite;
        let rings = Rings::new();
        let (hang_ups_in, hang_ups) = mpsc::channel(8);
        let (changes_in, changes) = mpsc::channel(WAITING);
        let (requests_in, requests) = mpsc::channel(8);
        let (inbox_in, inbox) = mpsc::channel(WAITING);
        let (outbox, outbox_out) = mpsc::channel(WAITING);
        let ended = Arc::new(OnceLock::new());
        let id = NEXT.fetch_add(1, Relaxed);
        let line = Line {
            id,
            from: Party::default(),
            to: Party::default(),
            wire: Some(Box::new(PeerWire(rings.clone()))),
            plan: ours.plan.clone(),
            suite: None,
            hang_ups: hang_ups_in,
            refers: None,
            changes,
            ended: ended.clone(),
        };
        let etag = Arc::new(AtomicU32::new(1));
        let peer = Peer::new(id, requests_in, rings.clone(), etag.clone());
        let counted = Counted::new(&self.0.counts, sockets.addresses().count());
        let listens = ours.plan.direction.receives();
        let liveness = Liveness::new(Timeouts { connect, lost: task::patience(lost, listens), grace }, Instant::now());
        let owner = task::Owner { hang_ups, changes: changes_in, ended, requests, inbox: inbox_in, outbox: outbox_out };
        let parts =
            task::Parts { id, stack, sockets, theirs, ours, rings, etag, liveness, owner, _counted: counted, lite };
        tokio::spawn(Task::new(parts).run());
        Ok((peer, line, Data { inbox, outbox }))
    }
}

impl Offered {
    /// Takes the answer. The call begins to connect.
    pub async fn accept(mut self, answer: &str) -> Result<Answered, Fault> {
        let theirs = BrowserDescription::read(answer, DescriptionKind::Answer, &self.prefs)?;
        self.line.plan = theirs.plan(&self.prefs);
        self.peer.accept(theirs).await?;
        Ok(Answered { sdp: self.sdp, peer: self.peer, line: self.line, data: self.data })
    }
}

impl fmt::Debug for WebRtc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebRtc").field("report", &self.report()).finish_non_exhaustive()
    }
}

/// A page's message, if it is one.
fn message(is_text: bool, bytes: &[u8]) -> Message {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text && bytes.len() <= MESSAGE => Message::Text(text.to_owned()),
        _ => Message::Bad,
    }
}

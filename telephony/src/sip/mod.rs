//! SIP (RFC 3261): phones, trunks and calls over UDP and TCP.
//!
//! `rsipstack` parses and keeps transactions; sockets, the gate before them, admission, dialogs, digest and session timers
//! are ours. A message's way: [`socket`] → [`gate`] → transaction → [`inbound`] → [`ringing`] → a [`call`]'s task →
//! [`crate::Line`].
mod access;
pub mod admission;
mod body;
mod call;
mod core;
mod dialog;
pub mod digest;
mod flow;
pub mod frame;
pub mod gate;
mod identity;
mod inbound;
mod info;
mod invite;
mod leave;
mod merged;
mod name;
mod options;
mod outbound;
mod plan;
mod register;
pub mod registrar;
mod replace;
mod ringing;
mod socket;
mod syntax;
mod timer;
mod trunk;
mod via;

pub use admission::{CallSlot, Limits};
pub use digest::{Algorithm, Credentials};
pub use flow::Carrier;
pub use name::{carrier, is_address};
pub use plan::{Dial, Phone, Registration, SipPlan, Timers, Trunk};
pub use trunk::Standing;
pub use via::ReplyPort;

use self::core::{Core, lock};
use crate::address::Network;
use crate::line::Line;
use crate::number::Called;
use crate::ring::{Decline, Refused, Ring};
use crate::rtp::Ports;
use rsipstack::EndpointBuilder;
use rsipstack::transaction::endpoint::EndpointOption;
use rsipstack::transport::TransportLayer;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use trunk::TrunkState;

/// Methods we answer with more than a refusal.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY";
/// Option tags (RFC 3261 section 19.2) of what we support: session timers (RFC 4028) and Replaces (RFC 3891).
const SUPPORTED: &str = "timer, replaces";

/// Why signalling does not start.
#[derive(Debug, Error)]
pub enum Fault {
    #[error("cannot listen on {0} ({2}): is another SIP server running? {1}")]
    Bind(&'static str, io::Error, SocketAddr),
    #[error("no SIP socket is configured: set sip.udp or sip.tcp")]
    NoSocket,
}

/// The state of signalling, for health and tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Calls ringing or up, inbound and outbound.
    pub calls: usize,
    /// Dialogs in the table: calls, and ended ones whose BYE is not answered yet.
    pub dialogs: usize,
    /// Transactions under way.
    pub transactions: usize,
    /// Finished transactions remembered for copies of their requests; each for 64*T1.
    pub finished: usize,
    /// Pairs of RTP ports that calls hold.
    pub ports: usize,
    /// Open TCP connections.
    pub streams: usize,
    /// Phones that can be reached.
    pub phones: usize,
    pub trunks: Vec<(String, Standing)>,
    /// What was refused or dropped, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// What asked for no answer, or could not be answered, by reason.
    pub unanswered: BTreeMap<&'static str, u64>,
    pub draining: bool,
}

/// The running SIP side. Dropping it stops it at once; [`Sip::drain`] and [`Sip::stop`] do so in order.
pub struct Sip {
    core: Arc<Core>,
}

/// How often the transaction layer's timers are looked at. The shortest that matters is T1, 500 ms.
const LOOK: Duration = Duration::from_millis(10);

/// Runs the transaction layer's timers, every [`LOOK`]. Its own wake-ups, one for each timer set or cancelled and so many in
/// each call, are ignored.
async fn keep_time(core: Arc<Core>) {
    let mut timers = std::pin::pin!(core.endpoint.process_timer());
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            () = core.stop.cancelled() => return,
        }
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        if std::future::Future::poll(timers.as_mut(), &mut context).is_ready() {
            return;
        }
    }
}

impl Drop for Sip {
    fn drop(&mut self) {
        self.core.ending.cancel();
        self.core.stop.cancel();
    }
}

impl Sip {
    /// Binds the sockets and starts. Incoming calls arrive as [`Ring`]s; one nobody takes in time is refused with 503.
    pub async fn start(plan: SipPlan, ports: Ports) -> Result<(Self, mpsc::Receiver<Ring>), Fault> {
        let stop = CancellationToken::new();
        let (mut sockets, mut listeners) = (Vec::new(), Vec::new());
        for bind in &plan.udp {
            let bound = socket::bind_udp(*bind, &plan.advertise).await;
            sockets.push(bound.map_err(|e| Fault::Bind("UDP", e, *bind))?);
        }
        for bind in &plan.tcp {
            listeners.push(socket::bind_tcp(*bind).map_err(|e| Fault::Bind("TCP", e, *bind))?);
        }
        if sockets.is_empty() && listeners.is_empty() {
            return Err(Fault::NoSocket);
        }
        let transport = TransportLayer::new(stop.child_token());
        let Timers { t1, t2, t4 } = plan.timers;
        let option = EndpointOption { t1, t2, t4, t1x64: t1 * 64, auto_ack_2xx: false, ..EndpointOption::default() };
        let endpoint = EndpointBuilder::new()
            .with_user_agent(&plan.user_agent)
            .with_transport_layer(transport)
            .with_cancel_token(stop.child_token())
            .with_option(option)
            .build();
        let (rings, ring) = mpsc::channel(plan.rings.max(1));
        let trusted = plan.trunks.iter().flat_map(|trunk| &trunk.networks);
        let networks: Vec<Network> = plan.open.iter().chain(trusted).copied().collect();
        let now = Instant::now();
        let state = |trunk: &Trunk| TrunkState {
            name: trunk.name.clone(),
            standing: if trunk.registration.is_some() { Standing::Trying } else { Standing::Trusted },
            registrar: None,
        };
        let core = Arc::new(Core {
            ports,
            endpoint: endpoint.inner.clone(),
            udp: sockets.iter().map(|(_, flow)| flow.clone()).collect(),
            tcp: listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect(),
            ending: CancellationToken::new(),
            stop,
            draining: false.into(),
            rings,
            forecast: OnceLock::new(),
            connections: Arc::new(Semaphore::new(plan.limits.connections)),
            connections_out: Arc::new(Semaphore::new(plan.limits.connections)),
            next_id: AtomicU64::new(1),
            admission: Mutex::new(admission::Admission::new(&plan.limits, networks.clone())),
            networks,
            merged: Mutex::default(),
            verifier: Mutex::new(digest::Verifier::new(plan.realm.clone(), plan.algorithms.clone(), now)),
            registrar: Mutex::new(registrar::Registrar::new(plan.limits.contacts)),
            trunks: Mutex::new(plan.trunks.iter().map(state).collect()),
            dialogs: Mutex::default(),
            streams: Mutex::default(),
            plan,
        });
        let incoming = endpoint.incoming_transactions().map_err(|_| Fault::NoSocket)?;
        tokio::spawn(inbound::route(core.clone(), incoming));
        tokio::spawn(keep_time(core.clone()));
        for (socket, flow) in sockets {
            tokio::spawn(socket::serve_udp(core.clone(), socket, flow));
        }
        for listener in listeners {
            tokio::spawn(socket::listen_tcp(core.clone(), listener));
        }
        for (at, trunk) in core.plan.trunks.iter().enumerate() {
            if let Some(registration) = trunk.registration.clone() {
                tokio::spawn(trunk::keep(core.clone(), at, registration));
            }
        }
        Ok((Self { core }, ring))
    }

    /// Where datagrams are received, as peers are told it; the first of several.
    pub fn udp(&self) -> Option<SocketAddr> {
        self.all_udp().first().copied()
    }

    /// All addresses where datagrams are received.
    pub fn all_udp(&self) -> Vec<SocketAddr> {
        self.core.udp.iter().map(|flow| flow.local).collect()
    }

    /// Where connections are accepted, likewise.
    pub fn tcp(&self) -> Option<SocketAddr> {
        self.all_tcp().first().copied()
    }

    /// All addresses where connections are accepted.
    pub fn all_tcp(&self) -> Vec<SocketAddr> {
        let told =
            |bound: &SocketAddr| SocketAddr::new(socket::told(bound.ip(), &self.core.plan.advertise), bound.port());
        self.core.tcp.iter().map(told).collect()
    }

    /// Calls. Dropping the future gives up with CANCEL.
    pub async fn dial(&self, dial: Dial) -> Result<Line, Refused> {
        let slot = self.reserve().ok_or_else(|| Refused::new(503, "too many calls are live"))?;
        self.dial_from(slot, dial).await
    }

    /// A slot for one more call, inbound or outbound; `None` when all are taken. Dropping it gives it back.
    pub fn reserve(&self) -> Option<CallSlot> {
        lock(&self.core.admission).take_call()
    }

    /// Calls with a slot that was reserved before. Dropping the future gives up with CANCEL.
    pub async fn dial_from(&self, slot: CallSlot, dial: Dial) -> Result<Line, Refused> {
        outbound::dial(&self.core, dial, slot).await
    }

    /// Sets, once, who says what becomes of a call to somebody: OPTIONS is answered like that call would be. A call to nobody
    /// asks for the server: overloaded or not.
    pub fn forecast(&self, decides: impl Fn(&Called) -> Result<(), Decline> + Send + Sync + 'static) {
        self.core.forecast.set(Box::new(decides)).ok();
    }

    /// What to dial to reach a phone where it registered last; `None` while it is not registered.
    pub fn locate(&self, phone: &str) -> Option<Dial> {
        let registrar = lock(&self.core.registrar);
        registrar.locate(Instant::now(), phone).map(|binding| Dial {
            to: binding.contact.clone(),
            address: Some(binding.source),
            carrier: binding.carrier,
            ..Dial::default()
        })
    }

    /// From now on new calls hear 503; live ones go on.
    pub fn drain(&self) {
        self.core.draining.store(true, Ordering::Release);
    }

    /// Waits for live calls to end, `limit` at most; then ends the rest with BYE, leaves the providers, closes the sockets.
    pub async fn stop(&self, limit: Duration) {
        self.drain();
        let idle = async {
            while self.report().calls > 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(limit, idle).await.ok();
        self.core.ending.cancel();
        let gone = async {
            while self.report().dialogs > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(2), gone).await.ok();
        trunk::leave(&self.core).await;
        self.core.stop.cancel();
    }

    pub fn report(&self) -> Report {
        let core = &self.core;
        let stats = core.endpoint.get_stats();
        let (calls, refused, unanswered) = {
            let admission = lock(&core.admission);
            (admission.live(), admission.refused(), admission.unanswered())
        };
        Report {
            calls,
            dialogs: lock(&core.dialogs).len(),
            transactions: stats.running_transactions,
            finished: stats.finished_transactions,
            ports: core.ports.in_use(),
            streams: lock(&core.streams).len(),
            phones: lock(&core.registrar).count(Instant::now()),
            trunks: lock(&core.trunks).iter().map(|trunk| (trunk.name.clone(), trunk.standing.clone())).collect(),
            refused,
            unanswered,
            draining: core.draining.load(Ordering::Acquire),
        }
    }
}

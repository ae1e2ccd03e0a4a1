//! SIP (RFC 3261): phones, trunks and calls over UDP and TCP.
//!
//! `rsipstack` parses messages and runs the transaction layer; sockets, gate, admission, dialogs, digest and session timers are modules
//! here. The path of a received message: [`socket`] → [`gate`] → transaction → [`inbound`] → [`ringing`] → the task of a [`call`] →
//! [`crate::Line`].
mod access;
pub mod admission;
mod body;
mod call;
mod core;
mod dialog;
mod dialog_event;
pub mod digest;
mod ended_dialog;
mod flow;
pub mod frame;
pub mod gate;
mod identity;
mod inbound;
mod info;
mod invite;
mod invite_task;
mod locate;
mod lock;
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
mod sockets;
mod syntax;
mod timer;
mod transfer;
mod trunk;
mod trunk_state;
mod via;

pub use admission::{CallSlot, Limits};
pub use digest::{Algorithm, Credentials};
pub use flow::SipTransport;
pub use name::{is_address, transport};
pub use plan::{Dial, Phone, Registration, SipPlan, Timers, Trunk};
pub use trunk_state::RegistrationState;
pub use via::ReplyPort;

use self::core::{Core, CoreSetup, lock};
use crate::line::Line;
use crate::number::Called;
use crate::ring::{Decline, Refused, Ring};
use crate::rtp::Ports;
use rsipstack::EndpointBuilder;
use rsipstack::transaction::endpoint::EndpointOption;
use rsipstack::transport::TransportLayer;
use sockets::Sockets;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The supported methods.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY";
/// The supported option tags (RFC 3261 section 19.2): session timers (RFC 4028) and Replaces (RFC 3891).
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
pub struct SipReport {
    /// Calls ringing or up, inbound and outbound.
    pub calls: usize,
    /// Dialogs in the table: calls, and ended ones whose BYE is not answered yet.
    pub dialogs: usize,
    /// Transactions under way.
    pub transactions: usize,
    /// Finished transactions, kept for 64*T1 to answer retransmissions.
    pub finished: usize,
    /// Pairs of RTP ports that calls hold.
    pub ports: usize,
    /// Open TCP connections.
    pub streams: usize,
    /// Phones with a live registration.
    pub phones: usize,
    pub trunks: Vec<(String, RegistrationState)>,
    /// Messages that were refused or dropped, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Messages without an answer: those that need none, and those whose answer could not be delivered, by reason.
    pub unanswered: BTreeMap<&'static str, u64>,
    pub draining: bool,
}

/// The running signalling. Dropping it stops it at once; [`Sip::drain`] and [`Sip::stop`] end calls first.
pub struct Sip {
    core: Arc<Core>,
}

/// How often the timers of the transaction layer run. The shortest of them is T1, 500 ms.
const TIMER_INTERVAL: Duration = Duration::from_millis(10);

/// Runs the timers of the transaction layer every [`TIMER_INTERVAL`]. It is polled without a waker: the layer would wake this task for
/// each timer that is set or cancelled, which is many times in each call.
async fn run_timers(core: Arc<Core>) {
    let mut timers = std::pin::pin!(core.endpoint.process_timer());
    let mut interval = tokio::time::interval(TIMER_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = interval.tick() => {}
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
    /// Binds the sockets and starts. Incoming calls arrive as [`Ring`]s; one that finds their queue full is refused with 503.
    pub async fn start(plan: SipPlan, ports: Ports) -> Result<(Self, mpsc::Receiver<Ring>), Fault> {
        let sockets = Sockets::bind(&plan).await?;
        let stop = CancellationToken::new();
        let Timers { t1, t2, t4 } = plan.timers;
        let option = EndpointOption { t1, t2, t4, t1x64: t1 * 64, auto_ack_2xx: false, ..EndpointOption::default() };
        let endpoint = EndpointBuilder::new()
            .with_user_agent(&plan.user_agent)
            .with_transport_layer(TransportLayer::new(stop.child_token()))
            .with_cancel_token(stop.child_token())
            .with_option(option)
            .build();
        let (rings, ring) = mpsc::channel(plan.rings.max(1));
        let (udp, tcp) = (sockets.udp(), sockets.tcp());
        let core =
            Arc::new(Core::new(CoreSetup { plan, ports, endpoint: endpoint.inner.clone(), udp, tcp, stop, rings }));
        let incoming = endpoint.incoming_transactions().map_err(|_| Fault::NoSocket)?;
        tokio::spawn(inbound::route(core.clone(), incoming));
        tokio::spawn(run_timers(core.clone()));
        sockets.serve(&core);
        for (at, trunk) in core.plan.trunks.iter().enumerate() {
            if let Some(registration) = trunk.registration.clone() {
                tokio::spawn(trunk::keep_registered(core.clone(), at, registration));
            }
        }
        Ok((Self { core }, ring))
    }

    /// The first UDP address, as Via and Contact name it.
    pub fn udp(&self) -> Option<SocketAddr> {
        self.all_udp().first().copied()
    }

    /// All addresses where datagrams are received.
    pub fn all_udp(&self) -> Vec<SocketAddr> {
        self.core.udp.iter().map(|flow| flow.local).collect()
    }

    /// The first TCP address, likewise.
    pub fn tcp(&self) -> Option<SocketAddr> {
        self.all_tcp().first().copied()
    }

    /// All addresses where connections are accepted.
    pub fn all_tcp(&self) -> Vec<SocketAddr> {
        let told = |bound: &SocketAddr| {
            SocketAddr::new(socket::advertised(bound.ip(), &self.core.plan.advertise), bound.port())
        };
        self.core.tcp.iter().map(told).collect()
    }

    /// Places a call. Dropping the future sends CANCEL.
    pub async fn dial(&self, dial: Dial) -> Result<Line, Refused> {
        let slot = self.reserve().ok_or_else(|| Refused::new(503, "too many calls are live"))?;
        self.dial_from(slot, dial).await
    }

    /// A slot for one more call, inbound or outbound; `None` when all are taken. Dropping it gives it back.
    pub fn reserve(&self) -> Option<CallSlot> {
        lock(&self.core.admission).take_call()
    }

    /// Places a call with a slot that was reserved before. Dropping the future sends CANCEL.
    pub async fn dial_from(&self, slot: CallSlot, dial: Dial) -> Result<Line, Refused> {
        outbound::dial(&self.core, dial, slot).await
    }

    /// Sets, once, the function that tells whether a call to a user would be taken: OPTIONS is answered by it. An empty user asks whether
    /// the server takes calls at all.
    pub fn answer_options_by(&self, decides: impl Fn(&Called) -> Result<(), Decline> + Send + Sync + 'static) {
        self.core.availability.set(Box::new(decides)).ok();
    }

    /// The dial that reaches a phone at its newest binding; `None` while it is not registered.
    pub fn locate(&self, phone: &str) -> Option<Dial> {
        let registrar = lock(&self.core.registrar);
        registrar.locate(Instant::now(), phone).map(|binding| Dial {
            to: binding.contact.clone(),
            address: Some(binding.source),
            transport: binding.transport,
            ..Dial::default()
        })
    }

    /// From now on new calls are refused with 503; live ones go on.
    pub fn drain(&self) {
        self.core.draining.store(true, Ordering::Release);
    }

    /// Waits for live calls to end, `limit` at most; then ends the rest with BYE, unregisters the trunks, and closes the sockets.
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
        trunk::unregister_all(&self.core).await;
        self.core.stop.cancel();
    }

    pub fn report(&self) -> SipReport {
        let core = &self.core;
        let stats = core.endpoint.get_stats();
        let (calls, refused, unanswered) = {
            let admission = lock(&core.admission);
            (admission.live(), admission.refused(), admission.unanswered())
        };
        SipReport {
            calls,
            dialogs: lock(&core.dialogs).len(),
            transactions: stats.running_transactions,
            finished: stats.finished_transactions,
            ports: core.ports.in_use(),
            streams: lock(&core.streams).len(),
            phones: lock(&core.registrar).count(Instant::now()),
            trunks: lock(&core.trunks).iter().map(|trunk| (trunk.name.clone(), trunk.registration.clone())).collect(),
            refused,
            unanswered,
            draining: core.draining.load(Ordering::Acquire),
        }
    }
}

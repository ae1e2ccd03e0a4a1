//! `SipPlan`: the configuration of signalling.
use super::admission::Limits;
use super::digest::{Algorithm, Credentials};
use super::flow::SipTransport;
use super::via::ReplyPort;
use crate::address::Network;
use crate::party::Party;
use crate::sdp::Prefs;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// `Default` listens on 127.0.0.1:5060, UDP and TCP, and allows calls from loopback.
#[derive(Clone, Debug)]
pub struct SipPlan {
    /// The UDP addresses to bind; port 0 takes a free one. An IPv6 address is bound for IPv6 alone.
    pub udp: Vec<SocketAddr>,
    /// The TCP addresses to bind, likewise.
    pub tcp: Vec<SocketAddr>,
    /// The addresses in Via and Contact, one for each IP family. Without one: the bound address or, where that is unspecified, the
    /// address of the route to the internet.
    pub advertise: Vec<IpAddr>,
    /// User-Agent of requests.
    pub user_agent: String,
    /// Realm of our digest challenges; a phone's password belongs to user and realm.
    pub realm: String,
    /// Digest algorithms, preferred first, one challenge header for each. Many phones support MD5 alone, and some fail on a second
    /// header.
    pub algorithms: Vec<Algorithm>,
    /// What is negotiated by SDP.
    pub prefs: Prefs,
    /// Phones that register here and call with a password.
    pub phones: Vec<Phone>,
    /// Providers.
    pub trunks: Vec<Trunk>,
    /// Networks that may call without credentials.
    pub open: Vec<Network>,
    /// The port that answers requests over UDP without `rport`.
    pub reply_port: ReplyPort,
    pub limits: Limits,
    pub timers: Timers,
    /// Capacity of the queue of rings from [`super::Sip::start`]; when it is full, calls are refused with 503.
    pub rings: usize,
}

impl Default for SipPlan {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
        Self {
            udp: vec![loopback],
            tcp: vec![loopback],
            advertise: Vec::new(),
            user_agent: concat!("Switchboard/", env!("CARGO_PKG_VERSION")).into(),
            realm: "switchboard".into(),
            algorithms: vec![Algorithm::Md5],
            prefs: Prefs::default(),
            phones: Vec::new(),
            trunks: Vec::new(),
            open: Network::LOOPBACK.to_vec(),
            reply_port: ReplyPort::default(),
            limits: Limits::default(),
            timers: Timers::default(),
            rings: 256,
        }
    }
}

/// A phone that may register and call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// Its name in configuration and API: [`crate::Via::Phone`].
    pub name: String,
    pub credentials: Credentials,
}

/// A provider: trusted by its network, by our registration with it, or both.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// Its name in configuration and API: [`crate::Via::Trunk`].
    pub name: String,
    /// The networks from which it calls without credentials.
    pub networks: Vec<Network>,
    pub registration: Option<Registration>,
    /// The header fields of its INVITEs that are passed on: [`crate::Headers`].
    pub headers: Vec<String>,
}

/// A registration with a provider (RFC 3261 section 10.2).
#[derive(Clone)]
pub struct Registration {
    /// `sip:provider.example` or `sip:provider.example:5080`.
    pub registrar: String,
    /// The address of record's user part.
    pub user: String,
    pub credentials: Credentials,
    /// The interval to ask for; the provider may grant a shorter or longer one.
    pub expires: Duration,
    pub transport: SipTransport,
    /// `sip:host:port` of a proxy to go through.
    pub outbound_proxy: Option<String>,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("transport", &self.transport).finish_non_exhaustive()
    }
}

/// The timers of RFC 3261 section 17.1.1.1; tests use shorter ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    pub t1: Duration,
    pub t2: Duration,
    pub t4: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}

impl Timers {
    /// 64*T1: how long a request waits for its answer, and a 2xx for its ACK.
    pub fn patience(&self) -> Duration {
        self.t1 * 64
    }
}

/// An outbound call.
#[derive(Clone, Default)]
pub struct Dial {
    /// `sip:user@host[:port][;transport=tcp]`.
    pub to: String,
    /// The calling party; `None`: `switchboard` at our address.
    pub from: Option<Party>,
    /// The credentials for a 401 or 407.
    pub credentials: Option<Credentials>,
    /// `sip:host:port` of a proxy to go through.
    pub outbound_proxy: Option<String>,
    /// Where to send, in place of the URI's host: the source address of a phone behind a NAT.
    pub address: Option<SocketAddr>,
    /// `None`: the preferences of the plan.
    pub prefs: Option<Prefs>,
    /// The transport where the URI names none.
    pub transport: SipTransport,
    /// How long it may ring; zero means one minute.
    pub timeout: Duration,
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial")
            .field("transport", &self.transport)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

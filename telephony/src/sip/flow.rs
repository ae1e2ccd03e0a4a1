//! `Flow`: a socket or connection of ours and the peer at its other end (RFC 5626).
use rsipstack::sip::Transport;
use rsipstack::transport::{SipAddr, SipConnection};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Semaphore;

/// What carries SIP messages: the supported transports (RFC 3261 section 18).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SipTransport {
    #[default]
    Udp,
    Tcp,
}

impl SipTransport {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }

    pub(super) const fn to_stack(self) -> Transport {
        match self {
            Self::Udp => Transport::Udp,
            Self::Tcp => Transport::Tcp,
        }
    }
}

/// A connection and the peer's end of it.
#[derive(Clone)]
pub(super) struct Flow {
    pub transport: SipTransport,
    pub connection: SipConnection,
    /// Our address as Via and Contact name it.
    pub local: SocketAddr,
    pub remote: SocketAddr,
    /// The number of references counts the users of a TCP connection: one with a call on it is not closed when it is idle.
    pub peer: Arc<Peer>,
}

/// Replies that may wait until the peer of a stream reads; one more closes the stream.
const REPLIES: usize = 256;

/// The state of a connection, shared by all its users.
pub(super) struct Peer {
    /// A request on it has been accepted.
    known: AtomicBool,
    pub replies: Arc<Semaphore>,
}

impl Default for Peer {
    fn default() -> Self {
        Self { known: false.into(), replies: Arc::new(Semaphore::new(REPLIES)) }
    }
}

impl Peer {
    /// A request on it has been accepted: from now on the connection may be idle for longer.
    pub(super) fn mark_known(&self) {
        self.known.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }
}

impl Flow {
    /// The peer as the transaction layer names it.
    pub(super) fn destination(&self) -> SipAddr {
        SipAddr { r#type: Some(self.transport.to_stack()), addr: self.remote.into() }
    }

    /// Whether messages can still be sent on it.
    pub(super) fn is_open(&self) -> bool {
        self.connection.cancel_token().is_none_or(|token| !token.is_cancelled())
    }

    /// A Via value with a new branch.
    pub(super) fn via(&self) -> String {
        let branch = rsipstack::transaction::random_text(16);
        format!("SIP/2.0/{} {};branch=z9hG4bK{branch};rport", self.transport.name(), self.local)
    }

    /// A Contact value with our address.
    pub(super) fn contact(&self, user: &str) -> String {
        let parameter = match self.transport {
            SipTransport::Udp => "",
            SipTransport::Tcp => ";transport=tcp",
        };
        format!("<sip:{user}@{}{parameter}>", self.local)
    }
}

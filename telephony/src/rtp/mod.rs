//! RTP and RTCP over UDP (RFC 3550): a pool of ports, and the wire between a leg and the network.
//!
//! [`Ports::take`] returns a [`Socket`], whose port SDP names. Once the other side's address is known, [`Socket::wire`] turns it into the
//! [`UdpWire`] of a leg and the [`Control`] for the signalling.
mod latch;
mod lease;
mod limits;
mod mailbox;
pub mod ports;
pub(crate) mod rtcp;
mod seqlock;
mod srtp;
pub mod wire;

pub use latch::Latching;
pub use ports::{NoPort, Ports, PortsPlan, RtpAddress, Socket};
pub use srtp::{Keys, Mki, Secrets, Suite, Switch};
pub use wire::{Control, UdpWire, WireStats};

use std::net::SocketAddr;

/// Where the other side wants our packets, as its SDP says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Unspecified: nothing is sent (the hold of RFC 2543).
    pub rtp: SocketAddr,
    /// `None`: on the RTP port (RFC 5761).
    pub rtcp: Option<SocketAddr>,
}

/// The first port of a range of `pairs` that nobody else uses. Tests run side by side, in several processes too: a process
/// claims a block of ports by listening on a TCP port for as long as it lives.
#[cfg(test)]
pub(crate) fn test_range(pairs: u16) -> u16 {
    use std::net::{Ipv4Addr, TcpListener, UdpSocket};
    use std::sync::{LazyLock, Mutex};
    const BLOCK: u16 = 512;
    static CLAIM: LazyLock<(TcpListener, Mutex<u16>)> = LazyLock::new(|| {
        // Below the range from which Linux gives ports to anybody.
        let claimed = (0..32).find_map(|n| {
            let claim = TcpListener::bind((Ipv4Addr::LOCALHOST, 11_900 + n)).ok()?;
            Some((claim, Mutex::new(12_000 + n * BLOCK)))
        });
        claimed.expect("fewer than 32 test processes at once")
    });
    let mut next = CLAIM.1.lock().unwrap();
    loop {
        let from = *next;
        *next += 2 * pairs;
        if (from..from + 2 * pairs).all(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()) {
            return from;
        }
    }
}

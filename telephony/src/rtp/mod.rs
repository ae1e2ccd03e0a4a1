//! RTP and RTCP over UDP (RFC 3550): ports out of a range, and the wire between a leg and the network.
//!
//! [`Ports::take`] gives a [`Socket`] whose port goes into an SDP; once the other side's address is known,
//! [`Socket::wire`] makes it the [`UdpWire`] of a leg and a [`Control`] that stays with the signalling.
mod latch;
pub mod ports;
mod register;
mod rtcp;
pub mod wire;

pub use latch::Latching;
pub use ports::{NoPort, Ports, PortsPlan, Socket};
pub use wire::{Control, UdpWire, WireStats};

use std::net::SocketAddr;

/// Where the other side wants our packets, as its SDP says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// An unspecified address means: send nothing (hold in the style of RFC 2543).
    pub rtp: SocketAddr,
    /// `None`: on the RTP port (RFC 5761).
    pub rtcp: Option<SocketAddr>,
}

/// The first port of a range of `pairs` for one test; tests run side by side, so no range is given twice.
#[cfg(test)]
fn test_range(pairs: u16) -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Below the range from which Linux gives ports to anybody; test processes of several copies differ by their id.
    let base = 12_000 + (std::process::id() % 16) as u16 * 512;
    base + 2 * NEXT.fetch_add(pairs, Ordering::Relaxed)
}

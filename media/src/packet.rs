//! `Packet`: what a wire carries, already parsed and decrypted; `Wire`: where it comes from and goes to.
use bytes::Bytes;
use std::time::{Duration, Instant};

/// RTP or RTCP as the media path sees it. Parsing, addresses and encryption belong to the wire.
#[derive(Clone, Debug)]
pub enum Packet {
    Rtp(Rtp),
    Rtcp(Rtcp),
}

/// One RTP packet (RFC 3550 section 5.1) without padding, contributing sources and header extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rtp {
    /// When the kernel took it from the network (for a packet to send: when it is handed to the wire).
    pub arrived: Instant,
    pub payload_type: u8,
    pub marker: bool,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: Bytes,
}

/// The RTCP that a leg acts on (RFC 3550 section 6).
#[derive(Clone, Debug, PartialEq)]
pub enum Rtcp {
    /// What one side sent, and how it receives the other. The wire adds the NTP time when it sends one.
    Sender { ssrc: u32, rtp_timestamp: u32, packets: u32, octets: u32, report: Option<Report> },
    /// How one side receives the other.
    Receiver { ssrc: u32, report: Option<Report> },
    /// The source leaves.
    Goodbye { ssrc: u32 },
}

/// A report block (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report {
    /// The source reported on.
    pub ssrc: u32,
    /// Share of packets lost since the last report, 0.0–1.0.
    pub fraction_lost: f32,
    /// Packets lost since the beginning (signed 24 bits on the wire).
    pub lost: i32,
    /// Extended highest sequence number received.
    pub highest_sequence: u32,
    /// Interarrival jitter in RTP timestamp units.
    pub jitter: u32,
    /// Round trip, where the wire could compute it from LSR and DLSR of a received block.
    pub round_trip: Option<Duration>,
}

/// A leg's connection to the network. Neither call blocks; both run on a media thread.
pub trait Wire: Send {
    /// The next packet that has arrived by `now`, oldest first; `None` when there is none.
    fn recv(&mut self, now: Instant) -> Option<Packet>;
    /// Sends, or drops and counts where the network refuses.
    fn send(&mut self, packet: &Packet);
}

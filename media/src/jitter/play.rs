//! What goes into a jitter buffer and what comes out: `Content`, `Play`, `Pace`. Lengths are in units of the RTP clock.
use crate::codec::Codec;
use bytes::Bytes;
use std::time::Instant;

/// What a packet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Sound(Codec),
    /// Comfort noise, RFC 3389.
    Noise,
    /// A telephone event: it has a sequence number and no sound.
    Event,
}

/// What to do for the next stretch of sound.
#[derive(Clone, Debug, PartialEq)]
pub enum Play {
    /// Decode this, and leave out its first `skip` units.
    Decode { codec: Codec, payload: Bytes, skip: u32, timestamp: u32, arrived: Instant },
    /// This much is missing: conceal it.
    Conceal(u32),
    /// This much is missing, and the packet that follows it has arrived. It may hold error correction, and is the target of bridging.
    Fec { units: u32, codec: Codec, next: Bytes },
    /// The far end is silent on purpose; `level`: its comfort noise (-dBov).
    Noise { level: Option<u8> },
    /// No stream.
    Idle,
}

/// How the speed of playing should change at this tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    Keep,
    /// The delay is too short: play a period twice.
    Grow {
        urgent: bool,
    },
    /// The delay is too long: skip at most this much.
    Shrink {
        limit: u32,
        urgent: bool,
    },
}

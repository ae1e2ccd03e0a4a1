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
    /// A telephone event: it takes a sequence number and no place in the sound.
    Event,
}

/// What to do for the next stretch of sound.
#[derive(Clone, Debug, PartialEq)]
pub enum Play {
    /// Decode this, and leave out its first `skip` units.
    Decode { codec: Codec, payload: Bytes, skip: u32, timestamp: u32, arrived: Instant },
    /// This much is missing: extend what was heard.
    Conceal(u32),
    /// This much is missing, and the packet that follows it is here: it may know what was lost, and it says where to go.
    Fec { units: u32, codec: Codec, next: Bytes },
    /// The far end is silent on purpose; it may have said how loud its silence is (-dBov).
    Noise { level: Option<u8> },
    /// No stream.
    Idle,
}

/// Which way the speed of sound should lean at this tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    Keep,
    /// Packets come too close to their time: play something twice.
    Grow {
        urgent: bool,
    },
    /// They wait too long: leave out no more than this.
    Shrink {
        limit: u32,
        urgent: bool,
    },
}

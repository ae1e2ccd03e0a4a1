//! What a line was negotiated to be, and what all lines of a server have in common.
use crate::codec::Codec;
use crate::frame::TICK;
use crate::jitter::JitterPlan;
use std::time::Duration;

/// What one line was negotiated to be. A new one replaces it at once (re-INVITE, UPDATE).
#[derive(Clone, Debug, PartialEq)]
pub struct LegPlan {
    pub codec: Codec,
    /// Payload type we send the codec with, and expect it to arrive with.
    pub payload_type: u8,
    /// Other payload types that the far end may switch to in mid-stream.
    pub also: Vec<(u8, Codec)>,
    /// Payload type of telephone-event (RFC 4733), where negotiated, and the clock its durations are told in: the codec's, or
    /// 8000 where the far end knows no other.
    pub telephone_event: Option<u8>,
    pub event_clock: u32,
    /// Other payload types under which the far end may send keys, and the clock of each: events in another codec's clock.
    pub also_events: Vec<(u8, u32)>,
    /// Payload type of comfort noise (RFC 3389), where negotiated.
    pub comfort_noise: Option<u8>,
    /// How much sound goes into one packet we send, 10–60 ms.
    pub ptime: Duration,
    pub direction: Direction,
}

impl LegPlan {
    /// A line that sends and receives this codec, 20 ms to a packet, and nothing beside it.
    pub fn new(codec: Codec, payload_type: u8) -> Self {
        Self {
            codec,
            payload_type,
            also: Vec::new(),
            telephone_event: None,
            also_events: Vec::new(),
            event_clock: codec.clock(),
            comfort_noise: None,
            ptime: TICK,
            direction: Direction::SendRecv,
        }
    }
}

/// The direction attribute of SDP (RFC 8866 section 6.7), from our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// What all legs of a server share.
#[derive(Clone, Debug, PartialEq)]
pub struct LineRules {
    pub jitter: JitterPlan,
    /// Without RTP for this long, while some is due, the leg says `Output::Silent`.
    pub rtp_timeout: Duration,
    /// How often `Output::Stats` comes.
    pub stats: Duration,
}

impl Default for LineRules {
    fn default() -> Self {
        Self { jitter: JitterPlan::default(), rtp_timeout: Duration::from_secs(10), stats: Duration::from_secs(5) }
    }
}

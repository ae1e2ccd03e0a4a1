//! `Leg`: one end of a call inside a room. (plan types; the core is added below them)
use crate::codec::Codec;
use std::time::Duration;

/// What one line was negotiated to be. A new one replaces it at once (re-INVITE, UPDATE).
#[derive(Clone, Debug, PartialEq)]
pub struct LegPlan {
    pub codec: Codec,
    /// Payload type we send the codec with, and expect it to arrive with.
    pub payload_type: u8,
    /// Payload type of telephone-event (RFC 4733), where negotiated.
    pub telephone_event: Option<u8>,
    /// Payload type of comfort noise (RFC 3389), where negotiated.
    pub comfort_noise: Option<u8>,
    /// How much sound goes into one packet we send, 10–60 ms.
    pub ptime: Duration,
    pub direction: Direction,
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

//! The codecs of a line.
use crate::Rate;

/// What a line was negotiated to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, RFC 3551 payload type 0.
    Pcmu,
    /// G.711 A-law, RFC 3551 payload type 8.
    Pcma,
}

impl Codec {
    /// The rate of its sound.
    pub const fn rate(self) -> Rate {
        match self {
            Self::Pcmu | Self::Pcma => Rate::Hz8000,
        }
    }

    /// The rate of its RTP timestamps (not always that of its sound: G.722 says 8000).
    pub const fn clock(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8_000,
        }
    }

    /// The encoding name in SDP's `rtpmap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }
}

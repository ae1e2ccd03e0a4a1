//! The codecs of a line.
pub mod g711;

use crate::Rate;

/// What a line was negotiated to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, RFC 3551 payload type 0.
    Pcmu,
    /// G.711 A-law, RFC 3551 payload type 8.
    Pcma,
}

/// One direction of a line, from payloads to sound at [`Codec::rate`].
pub trait Decoder: Send {
    /// Appends the sound of one packet. The payload comes from the network: anything is survived.
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>);

    /// Appends `samples` of the packet before `next`, which is lost, from what `next` says about it (in-band forward error
    /// correction, RFC 6716 section 2.1.7). `false`, and nothing appended: it says nothing.
    fn fec(&mut self, next: &[u8], samples: usize, out: &mut Vec<i16>) -> bool {
        let _ = (next, samples, out);
        false
    }

    /// Appends `samples` in place of a lost packet, made by the codec's own concealment. `false`, and nothing appended: it
    /// has none, and [`crate::conceal`] makes them.
    fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) -> bool {
        let _ = (samples, out);
        false
    }

    /// Forgets what it carries from packet to packet: the stream begins anew.
    fn reset(&mut self);
}

/// The other direction: sound at [`Codec::rate`] to the payload of one packet.
pub trait Encoder: Send {
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>);
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

    /// The codec that owns a static payload type (RFC 3551 table 4), if it is one of ours.
    pub const fn of_static(payload_type: u8) -> Option<Self> {
        match payload_type {
            0 => Some(Self::Pcmu),
            8 => Some(Self::Pcma),
            _ => None,
        }
    }

    /// How long a payload lasts, in units of [`Codec::clock`].
    pub const fn duration(self, payload: &[u8]) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => payload.len() as u32,
        }
    }

    pub fn decoder(self) -> Box<dyn Decoder> {
        match self {
            Self::Pcmu => Box::new(g711::Ulaw),
            Self::Pcma => Box::new(g711::Alaw),
        }
    }

    pub fn encoder(self) -> Box<dyn Encoder> {
        match self {
            Self::Pcmu => Box::new(g711::Ulaw),
            Self::Pcma => Box::new(g711::Alaw),
        }
    }
}

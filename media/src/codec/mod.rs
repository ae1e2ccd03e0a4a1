//! The codecs of a line.
pub mod g711;
pub mod g722;
pub mod l16;
pub mod opus;

pub use self::opus::OpusPlan;
use crate::Rate;
use std::time::Duration;

/// What a line was negotiated to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, RFC 3551 payload type 0.
    Pcmu,
    /// G.711 A-law, RFC 3551 payload type 8.
    Pcma,
    /// G.722 at 64 kbit/s, RFC 3551 payload type 9: sound at 16 kHz under a clock of 8000 (section 4.5.2).
    G722,
    /// Samples as they are, RFC 3551 section 4.5.11, mono. Its static payload types are for 44.1 kHz: ours are dynamic.
    L16(Rate),
    /// Opus, RFC 6716 and 7587, with what both sides agreed on.
    Opus(OpusPlan),
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
    /// Appends the payload. Nothing appended: the sound is a silence that need not be sent (discontinuous transmission).
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>);

    /// The far end says which share of our packets it loses, 0.0–1.0.
    fn expect(&mut self, loss: f32) {
        let _ = loss;
    }
}

impl Codec {
    /// The rate of its sound.
    pub const fn rate(self) -> Rate {
        match self {
            Self::Pcmu | Self::Pcma => Rate::Hz8000,
            Self::G722 => Rate::Hz16000,
            Self::L16(rate) => rate,
            Self::Opus(plan) => plan.rate,
        }
    }

    /// The rate of its RTP timestamps (not always that of its sound: G.722 says 8000, Opus 48000 whatever it is opened at).
    pub const fn clock(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8_000,
            Self::L16(rate) => rate.hz(),
            Self::Opus(_) => 48_000,
        }
    }

    /// The encoding name in SDP's `rtpmap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::L16(_) => "L16",
            Self::Opus(_) => "opus",
        }
    }

    /// The codec that owns a static payload type (RFC 3551 table 4), if it is one of ours.
    pub const fn of_static(payload_type: u8) -> Option<Self> {
        match payload_type {
            0 => Some(Self::Pcmu),
            8 => Some(Self::Pcma),
            9 => Some(Self::G722),
            _ => None,
        }
    }

    /// Its static payload type, if it has one.
    pub const fn static_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G722 => Some(9),
            Self::L16(_) | Self::Opus(_) => None,
        }
    }

    /// How long a payload lasts, in units of [`Codec::clock`]; 0 where it cannot be one.
    pub const fn duration(self, payload: &[u8]) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => payload.len() as u32,
            Self::L16(_) => payload.len() as u32 / 2,
            Self::Opus(_) => opus::duration(payload),
        }
    }

    /// Whether a payload says that none follow while nobody speaks: of Opus, one of nothing but a header.
    pub const fn ceases(self, payload: &[u8]) -> bool {
        matches!(self, Self::Opus(_)) && payload.len() <= 2
    }

    /// The longest packet time it can send that is not above `wanted`: 10–60 ms in steps of 10. Opus has no frames of 30 and
    /// 50 ms, and 60 ms of wide L16 do not fit a packet.
    pub fn ptime(self, wanted: Duration) -> Duration {
        let wanted = (wanted.as_millis() as u64).clamp(10, 60) / 10 * 10;
        Duration::from_millis(match (self, wanted) {
            (Self::Opus(_), 30) => 20,
            (Self::Opus(_), 50) => 40,
            (Self::L16(Rate::Hz48000), _) => 10,
            (Self::L16(Rate::Hz16000), 50..) => 40,
            (_, wanted) => wanted,
        })
    }

    pub fn decoder(self) -> Box<dyn Decoder> {
        match self {
            Self::Pcmu => Box::new(g711::Ulaw),
            Self::Pcma => Box::new(g711::Alaw),
            Self::G722 => Box::new(g722::G722Decoder::default()),
            Self::L16(_) => Box::new(l16::L16),
            Self::Opus(plan) => Box::new(opus::OpusDecoder::new(plan)),
        }
    }

    pub fn encoder(self) -> Box<dyn Encoder> {
        match self {
            Self::Pcmu => Box::new(g711::Ulaw),
            Self::Pcma => Box::new(g711::Alaw),
            Self::G722 => Box::new(g722::G722Encoder::default()),
            Self::L16(_) => Box::new(l16::L16),
            Self::Opus(plan) => Box::new(opus::OpusEncoder::new(plan)),
        }
    }
}

#[cfg(test)]
mod tests;

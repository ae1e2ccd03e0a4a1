//! `[rtp]`: sound on the wire.
use super::{Codec, Ms, Opus, Several};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rtp {
    pub bind: Several<IpAddr>,
    pub advertise: Several<IpAddr>,
    pub ports_from: u16,
    pub ports_to: u16,
    pub drain_ms: Ms,
    pub timeout_ms: Ms,
    pub latching: Latching,
    pub ptime_ms: Ms,
    pub codecs: Vec<Codec>,
    pub opus: Opus,
    pub srtp: Srtp,
}

impl Default for Rtp {
    fn default() -> Self {
        Self {
            bind: Several(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]),
            advertise: Several(vec![]),
            ports_from: 16_384,
            ports_to: 32_767,
            drain_ms: Ms(2_000),
            timeout_ms: Ms(2_000),
            latching: Latching::Anyone,
            ptime_ms: Ms(20),
            codecs: vec![Codec::Opus, Codec::G722, Codec::Pcmu, Codec::Pcma],
            opus: Opus::default(),
            srtp: Srtp::Offered,
        }
    }
}

/// Whether sound is encrypted (SRTP with the keys in the SDP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Srtp {
    Off,
    Offered,
    Required,
}

/// Whose sound is taken when it does not come from the address that signalling named. Learnt once per call, and again when the
/// one learnt has been silent for `timeout_ms` and its stream goes on from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Latching {
    Anyone,
    SameHost,
    Nobody,
}

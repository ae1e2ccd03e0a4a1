//! Codecs by name, and how Opus is opened.
use media::Rate;
use media::codec::OpusPlan;
use serde::{Deserialize, Serialize};

/// By their names in SDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Codec {
    #[serde(rename = "opus")]
    Opus,
    G722,
    #[serde(rename = "PCMU")]
    Pcmu,
    #[serde(rename = "PCMA")]
    Pcma,
    #[serde(rename = "L16/16000")]
    L16Wide,
    #[serde(rename = "L16/8000")]
    L16,
}

impl Codec {
    pub fn with(self, opus: &Opus) -> media::codec::Codec {
        use media::codec::Codec::{G722, L16, Opus, Pcma, Pcmu};
        match self {
            Self::Opus => Opus(opus.plan()),
            Self::G722 => G722,
            Self::Pcmu => Pcmu,
            Self::Pcma => Pcma,
            Self::L16Wide => L16(Rate::Hz16000),
            Self::L16 => L16(Rate::Hz8000),
        }
    }
}

/// How Opus is opened; see `media::codec::OpusPlan`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Opus {
    /// 8000, 16000 or 48000.
    pub rate_hz: u32,
    pub bitrate: u32,
    pub complexity: u8,
    pub fec: bool,
    pub dtx: bool,
}

impl Default for Opus {
    fn default() -> Self {
        Self { rate_hz: 16_000, bitrate: 24_000, complexity: 5, fec: true, dtx: true }
    }
}

impl Opus {
    pub fn plan(&self) -> OpusPlan {
        let rate = match self.rate_hz {
            8_000 => Rate::Hz8000,
            48_000 => Rate::Hz48000,
            _ => Rate::Hz16000,
        };
        let Self { bitrate, complexity, fec, dtx, .. } = *self;
        OpusPlan { rate, bitrate, complexity, fec, dtx, ..OpusPlan::default() }
    }
}

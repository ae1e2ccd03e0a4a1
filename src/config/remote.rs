//! `[[speech.remote_recogniser]]`, `[[speech.remote_voice]]`: speech engines of other machines. They serve where `speech.recognisers` and
//! `speech.voices` name them.
use super::{Ms, blank};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteRecogniser {
    pub name: String,
    pub protocol: RecogniserProtocol,
    pub url: String,
    #[serde(default)]
    pub model: String,
    #[serde(default, with = "blank::path")]
    pub key_file: Option<PathBuf>,
    #[serde(default, with = "blank")]
    pub key_env: Option<String>,
    /// From the pause of a caller to their words; then the engines of this machine hear them.
    #[serde(default = "patience")]
    pub patience_ms: Ms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecogniserProtocol {
    Vosk,
    Deepgram,
    Flux,
    OpenAi,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteVoice {
    pub name: String,
    pub protocol: VoiceProtocol,
    pub url: String,
    #[serde(default)]
    pub model: String,
    pub voice: String,
    #[serde(default, with = "blank::path")]
    pub key_file: Option<PathBuf>,
    #[serde(default, with = "blank")]
    pub key_env: Option<String>,
    /// From a clause to its first sound; then the voices of this machine say it.
    #[serde(default = "patience")]
    pub patience_ms: Ms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VoiceProtocol {
    OpenAi,
    ElevenLabs,
    Cartesia,
}

fn patience() -> Ms {
    Ms(700)
}

impl RecogniserProtocol {
    /// Whether its addresses are those of WebSockets.
    pub const fn is_socket(self) -> bool {
        !matches!(self, Self::OpenAi)
    }
}

impl VoiceProtocol {
    /// Whether its addresses are those of WebSockets.
    pub const fn is_socket(self) -> bool {
        !matches!(self, Self::OpenAi)
    }
}

//! Voices elsewhere: a file for each protocol, which says what is sent for a clause and what the answers mean. These are cores: sockets, time
//! and what happens when an engine fails are outside of this crate.
mod cartesia;
mod elevenlabs;
mod speech;

use crate::Language;
use crate::remote::{Endpoint, Message, Received, RemoteFault, Transport, escaped};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

/// How a remote voice is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoiceProtocol {
    /// `/audio/speech` (platform.openai.com, «Create speech»), which many servers have.
    OpenAi,
    /// `/v1/text-to-speech/{voice}/multi-stream-input` (elevenlabs.io, «Multi-Context WebSocket»).
    ElevenLabs,
    /// `/tts/websocket` (docs.cartesia.ai, «Text to Speech (WebSocket)»).
    Cartesia,
}

/// An engine as a protocol needs to know it. It holds a key: nothing prints it.
#[derive(Clone)]
pub struct VoiceAccount {
    pub protocol: VoiceProtocol,
    /// OpenAI: up to `/v1`; ElevenLabs and Cartesia: scheme and host.
    pub url: String,
    pub model: String,
    /// The service's name or number of the voice.
    pub voice: String,
    pub key: Option<String>,
}

impl VoiceAccount {
    /// Where clauses are spoken: one connection for all clauses of a call, or a request for each.
    pub fn endpoint(&self, language: Language) -> Endpoint {
        let (base, model, voice) = (self.url.trim_end_matches('/'), escaped(&self.model), escaped(&self.voice));
        let key = self.key.clone();
        let (transport, url, headers) = match self.protocol {
            VoiceProtocol::OpenAi => {
                let bearer = key.map(|key| ("authorization", format!("Bearer {key}")));
                (Transport::Http, format!("{base}/audio/speech"), Vec::from_iter(bearer))
            }
            VoiceProtocol::ElevenLabs => {
                let url = format!(
                    "{base}/v1/text-to-speech/{voice}/multi-stream-input?model_id={model}&language_code={}\
                     &output_format=pcm_{}&inactivity_timeout=180",
                    language.code(),
                    elevenlabs::HZ
                );
                (Transport::WebSocket, url, Vec::from_iter(key.map(|key| ("xi-api-key", key))))
            }
            VoiceProtocol::Cartesia => {
                let version = ("cartesia-version", cartesia::VERSION.to_owned());
                let headers = key.map(|key| ("x-api-key", key)).into_iter().chain([version]).collect();
                (Transport::WebSocket, format!("{base}/tts/websocket"), headers)
            }
        };
        Endpoint { transport, url, headers }
    }

    /// What is said with it on one connection.
    pub fn dialogue(&self, language: Language) -> Box<dyn ClauseDialogue> {
        match self.protocol {
            VoiceProtocol::OpenAi => Box::new(speech::Speech::new(self.model.clone(), self.voice.clone())),
            VoiceProtocol::ElevenLabs => Box::new(elevenlabs::ElevenLabs::default()),
            VoiceProtocol::Cartesia => {
                Box::new(cartesia::Cartesia::new(self.model.clone(), self.voice.clone(), language))
            }
        }
    }
}

/// The messages about the clauses of a call, one after another. Each has a number of its own.
pub trait ClauseDialogue: Send {
    /// The rate of the sound.
    fn hz(&self) -> u32;
    /// Asks for a clause.
    fn say(&mut self, clause: u64, text: &str) -> Vec<Message>;
    /// Nothing more of a clause is wanted.
    fn cancel(&mut self, clause: u64) -> Message;
    /// What an answer means; `None` for what belongs to no clause that is wanted.
    ///
    /// # Errors
    /// [`RemoteFault::Reported`] and [`RemoteFault::Garbled`].
    fn received(&mut self, received: Received) -> Result<Option<ClauseNews>, RemoteFault>;
}

/// What an engine sends of a clause.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClauseNews {
    pub clause: u64,
    pub pcm: Vec<i16>,
    /// Characters of the clause that are said at a time from its beginning, where the engine tells.
    pub marks: Vec<(Duration, u32)>,
    /// The clause is whole.
    pub is_end: bool,
}

/// An engine's JSON.
fn json(text: &[u8]) -> Result<serde_json::Value, RemoteFault> {
    serde_json::from_slice(text).map_err(|_| RemoteFault::Garbled)
}

/// Sound within JSON.
fn sound(value: &serde_json::Value) -> Result<Vec<u8>, RemoteFault> {
    STANDARD.decode(value.as_str().ok_or(RemoteFault::Garbled)?).map_err(|_| RemoteFault::Garbled)
}

/// The number of a clause in the name of its context: `clause-7`.
fn number_of(context: &serde_json::Value) -> Option<u64> {
    context.as_str()?.strip_prefix("clause-")?.parse().ok()
}

fn context_of(clause: u64) -> String {
    format!("clause-{clause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_address_and_its_way_to_show_a_key() {
        let endpoint = |protocol, url: &str| {
            let (model, voice, key) = ("m 1".to_owned(), "v/1".to_owned(), Some("secret".to_owned()));
            VoiceAccount { protocol, url: url.into(), model, voice, key }.endpoint(Language::Vi)
        };
        let openai = endpoint(VoiceProtocol::OpenAi, "https://api.openai.com/v1/");
        assert_eq!(openai.url, "https://api.openai.com/v1/audio/speech");
        assert_eq!(openai.headers, [("authorization", "Bearer secret".to_owned())]);
        let elevenlabs = endpoint(VoiceProtocol::ElevenLabs, "wss://api.elevenlabs.io");
        let path =
            "wss://api.elevenlabs.io/v1/text-to-speech/v%2F1/multi-stream-input?model_id=m%201&language_code=vi&";
        assert!(
            elevenlabs.url.starts_with(path) && elevenlabs.url.contains("output_format=pcm_16000"),
            "{}",
            elevenlabs.url
        );
        assert_eq!(elevenlabs.headers, [("xi-api-key", "secret".to_owned())]);
        let cartesia = endpoint(VoiceProtocol::Cartesia, "wss://api.cartesia.ai");
        assert_eq!((&*cartesia.url, cartesia.transport), ("wss://api.cartesia.ai/tts/websocket", Transport::WebSocket));
        assert_eq!(cartesia.headers[0], ("x-api-key", "secret".to_owned()));
    }
}

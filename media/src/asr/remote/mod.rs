//! Recognisers elsewhere: a file for each protocol, which says what is sent about one utterance and what the answers mean. These are cores:
//! sockets, time and what happens when an engine fails are outside of this crate.
mod deepgram;
mod flux;
mod phrases;
mod segments;
mod transcription;
mod vosk;

use super::{Ask, Hypothesis};
use crate::remote::{Endpoint, Message, Received, RemoteFault, Transport, escaped};
use std::time::Duration;

/// The rate of the sound that is sent.
const HZ: usize = 16_000;

/// How a remote recogniser is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecogniserProtocol {
    /// The WebSocket of vosk-server (alphacep/vosk-server, `websocket/asr_server.py`).
    Vosk,
    /// Deepgram's `/v1/listen` (developers.deepgram.com, «Live streaming»).
    Deepgram,
    /// Deepgram's `/v2/listen` (developers.deepgram.com, «Flux»).
    Flux,
    /// `/audio/transcriptions` (platform.openai.com, «Create transcription»), which many servers have.
    OpenAi,
}

/// An engine as a protocol needs to know it. It holds a key: nothing prints it.
#[derive(Clone)]
pub struct RecogniserAccount {
    pub protocol: RecogniserProtocol,
    /// Vosk: whole; Deepgram and Flux: scheme and host; OpenAI: up to `/v1`.
    pub url: String,
    pub model: String,
    pub key: Option<String>,
}

impl RecogniserAccount {
    /// Where an utterance is recognised.
    pub fn endpoint(&self, ask: &Ask) -> Endpoint {
        let (base, model) = (self.url.trim_end_matches('/'), escaped(&self.model));
        let language = ask.language.code();
        let (transport, url, scheme) = match self.protocol {
            RecogniserProtocol::Vosk => (Transport::WebSocket, self.url.clone(), "Bearer"),
            RecogniserProtocol::Deepgram => {
                let url = format!(
                    "{base}/v1/listen?model={model}&language={language}&encoding=linear16&sample_rate={HZ}&channels=1\
                     &interim_results=true&endpointing=false"
                );
                (Transport::WebSocket, url, "Token")
            }
            RecogniserProtocol::Flux => {
                // The server's own gate says when a turn pauses.
                let url = format!(
                    "{base}/v2/listen?model={model}&encoding=linear16&sample_rate={HZ}&eot_threshold=1.0&eot_timeout_ms=30000"
                );
                (Transport::WebSocket, url, "Token")
            }
            RecogniserProtocol::OpenAi => (Transport::Http, format!("{base}/audio/transcriptions"), "Bearer"),
        };
        let headers = self.key.iter().map(|key| ("authorization", format!("{scheme} {key}"))).collect();
        Endpoint { transport, url, headers }
    }

    /// What is said with it about one utterance.
    pub fn dialogue(&self, ask: &Ask) -> Box<dyn UtteranceDialogue> {
        match self.protocol {
            RecogniserProtocol::Vosk => Box::new(vosk::Vosk::new(&ask.expect)),
            RecogniserProtocol::Deepgram => Box::new(deepgram::Deepgram::default()),
            RecogniserProtocol::Flux => Box::new(flux::Flux::default()),
            RecogniserProtocol::OpenAi => Box::new(transcription::Transcription::new(self.model.clone(), ask.language)),
        }
    }
}

/// The messages about one utterance. The order: `opening` once, then `sound` and `finish` as often as the caller speaks and pauses.
pub trait UtteranceDialogue: Send {
    /// What is sent first.
    fn opening(&mut self) -> Vec<Message> {
        Vec::new()
    }
    /// More sound, 16 kHz mono.
    fn sound(&mut self, pcm: &[i16]) -> Option<Message>;
    /// What was sent so far was not the caller's. Returns whether it is forgotten: then the caller's sound follows from its beginning. Streams
    /// cannot forget: words of what was behind the caller stay among the caller's.
    fn begin_anew(&mut self) -> bool {
        false
    }
    /// The words of all sound so far are wanted: what is sent for them, or the words where they are known already.
    fn finish(&mut self) -> Finish;
    /// What an answer means.
    ///
    /// # Errors
    /// [`RemoteFault::Reported`] and [`RemoteFault::Garbled`].
    fn received(&mut self, received: Received) -> Result<Option<UtteranceNews>, RemoteFault>;
    /// What is sent after so long without another message, for an engine that closes idle connections.
    fn keep_alive(&self) -> Option<(Duration, Message)> {
        None
    }
    /// Whether the engine may leave the last [`finish`](Self::finish) without an answer, though nothing is wrong with it: it heard nobody.
    fn may_be_silent(&self) -> bool {
        false
    }
    /// What is sent last.
    fn closing(&mut self) -> Option<Message> {
        None
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Finish {
    Ask(Message),
    Known(Hypothesis),
}

/// What an engine says of an utterance.
#[derive(Clone, Debug, PartialEq)]
pub enum UtteranceNews {
    /// The words so far.
    Partial(String),
    /// The words of all sound before the last `finish`.
    Words(Hypothesis),
}

/// An engine's JSON.
fn json(text: &[u8]) -> Result<serde_json::Value, RemoteFault> {
    serde_json::from_slice(text).map_err(|_| RemoteFault::Garbled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use crate::asr::{Expect, Lexicon};

    fn endpoint(protocol: RecogniserProtocol, url: &str, model: &str) -> Endpoint {
        let account = RecogniserAccount { protocol, url: url.into(), model: model.into(), key: Some("secret".into()) };
        account.endpoint(&Ask { language: Language::En, expect: Expect::Anything, lexicon: Lexicon::default() })
    }

    #[test]
    fn each_protocol_has_its_address_and_its_way_to_show_a_key() {
        let deepgram = endpoint(RecogniserProtocol::Deepgram, "wss://api.deepgram.com/", "nova 3");
        assert!(
            deepgram.url.starts_with("wss://api.deepgram.com/v1/listen?model=nova%203&language=en&"),
            "{}",
            deepgram.url
        );
        assert_eq!(deepgram.headers, [("authorization", "Token secret".to_owned())]);
        let flux = endpoint(RecogniserProtocol::Flux, "wss://api.deepgram.com", "flux-general-en");
        assert!(flux.url.contains("/v2/listen?model=flux-general-en&") && flux.url.contains("eot_threshold=1.0"));
        let openai = endpoint(RecogniserProtocol::OpenAi, "http://127.0.0.1:8000/v1", "whisper-1");
        assert_eq!(openai.url, "http://127.0.0.1:8000/v1/audio/transcriptions");
        assert_eq!((openai.transport, &*openai.headers[0].1), (Transport::Http, "Bearer secret"));
        assert_eq!(endpoint(RecogniserProtocol::Vosk, "ws://127.0.0.1:2700", "").url, "ws://127.0.0.1:2700");
    }
}

//! Endpoints that hear and speak (speech to speech), as language models of bots. The bot's brain asks them as it asks any model; the call's
//! turn-taking, tools, guardrails and record are the same. They hear the caller's own sound, and their answers sound in their own voice.
//!
//! [`session`] decides what is sent, told and said; a core, told the time, with its parts [`mirror`] (what the endpoint knows of the talk),
//! [`answer`] (which sound belongs to which words) and [`clauses`] (what is said next, and by whom). [`task`] drives it over a connection.
//! What protocols mean is behind [`dialogue`]: [`openai`] and [`gemini`].
mod answer;
mod clauses;
mod dialogue;
mod gemini;
mod mirror;
mod openai;
mod output;
mod session;
mod task;

pub use task::{NearVoice, SpeechCall, SpeechCallSetup, ask_in_words, probe};

use dialogue::SpeechDialogue;
use gemini::GeminiLive;
use media::remote::{Endpoint, Transport};
use openai::OpenAiRealtime;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How an endpoint is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeechProtocol {
    OpenAiRealtime,
    GeminiLive,
}

/// An endpoint. It holds a key: nothing prints it.
pub struct SpeechAccount {
    /// Its name in the configuration.
    pub name: &'static str,
    pub protocol: SpeechProtocol,
    /// OpenAI: up to `/v1`; Gemini: scheme and host.
    pub url: String,
    pub model: String,
    pub voice: String,
    pub key: Option<String>,
    /// So many conversations run at once.
    pub at_once: Arc<Semaphore>,
}

impl SpeechAccount {
    fn endpoint(&self) -> Endpoint {
        let base = self.url.trim_end_matches('/');
        let key = self.key.as_ref();
        let (url, headers) = match self.protocol {
            SpeechProtocol::OpenAiRealtime => {
                let bearer = key.map(|key| ("authorization", format!("Bearer {key}")));
                let plain = format!("{base}/realtime");
                let url = reqwest::Url::parse_with_params(&plain, [("model", &self.model)]);
                (url.map_or(plain, String::from), bearer)
            }
            SpeechProtocol::GeminiLive => {
                let path = "ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
                (format!("{base}/{path}"), key.map(|key| ("x-goog-api-key", key.clone())))
            }
        };
        Endpoint { transport: Transport::WebSocket, url, headers: headers.into_iter().collect() }
    }

    fn dialogue(&self) -> Box<dyn SpeechDialogue> {
        match self.protocol {
            SpeechProtocol::OpenAiRealtime => Box::new(OpenAiRealtime::new(self.voice.clone())),
            SpeechProtocol::GeminiLive => Box::new(GeminiLive::new(self.model.clone(), self.voice.clone())),
        }
    }
}

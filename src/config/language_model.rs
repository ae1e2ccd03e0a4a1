//! `[language_models.NAME]`: an endpoint that bots name in their `[model]`.
use super::blank;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageModel {
    #[serde(default)]
    pub kind: LanguageModelKind,
    /// Of chat: up to the part before `/chat/completions`; of OpenAI Realtime: up to that before `/realtime`; of Gemini Live: scheme and host.
    pub url: String,
    /// What the endpoint calls the model; servers with one model take any name.
    #[serde(default)]
    pub model: String,
    /// The endpoint's name of the voice that it speaks with, where it speaks.
    #[serde(default, with = "blank")]
    pub voice: Option<String>,
    #[serde(default, with = "blank::path")]
    pub key_file: Option<PathBuf>,
    #[serde(default, with = "blank")]
    pub key_env: Option<String>,
    /// So many requests run at once; more wait. Where it speaks: so many calls; more are told that it is busy.
    #[serde(default = "at_once")]
    pub at_once: u32,
}

/// How an endpoint is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LanguageModelKind {
    /// OpenAI's chat completions: words in, words out.
    #[default]
    Chat,
    /// OpenAI's Realtime API: it hears and speaks.
    OpenaiRealtime,
    /// Google's Gemini Live API: it hears and speaks.
    GeminiLive,
}

impl LanguageModelKind {
    pub fn speaks(self) -> bool {
        self != LanguageModelKind::Chat
    }
}

fn at_once() -> u32 {
    8
}

impl LanguageModel {
    /// The name by which bots find a server of this machine without any configuration.
    pub const LOCAL: &str = "local";

    /// Where llama.cpp's server listens unless told otherwise.
    pub fn local() -> Self {
        Self {
            kind: LanguageModelKind::Chat,
            url: "http://127.0.0.1:8080/v1".into(),
            model: String::new(),
            voice: None,
            key_file: None,
            key_env: None,
            at_once: 4,
        }
    }
}

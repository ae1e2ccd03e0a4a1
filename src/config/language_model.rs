//! `[language_models.NAME]`: an endpoint in the shape of OpenAI's chat completions, which bots name in their `[model]`.
use super::blank;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageModel {
    /// Up to the part before `/chat/completions`.
    pub url: String,
    /// What the endpoint calls the model; servers with one model take any name.
    #[serde(default)]
    pub model: String,
    #[serde(default, with = "blank::path")]
    pub key_file: Option<PathBuf>,
    #[serde(default, with = "blank")]
    pub key_env: Option<String>,
    /// So many requests run at once; more wait.
    #[serde(default = "at_once")]
    pub at_once: u32,
}

fn at_once() -> u32 {
    8
}

impl LanguageModel {
    /// The name by which bots find a server of this machine without any configuration.
    pub const LOCAL: &str = "local";

    /// Where llama.cpp's server listens unless told otherwise.
    pub fn local() -> Self {
        Self { url: "http://127.0.0.1:8080/v1".into(), model: String::new(), key_file: None, key_env: None, at_once: 4 }
    }
}

//! `[embeddings]`: an endpoint by which documents are searched by meaning beside their words.
use super::{Ms, Secs, blank};
use crate::security::Secret;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Embeddings {
    /// Up to the part before `/embeddings`; not set: documents are searched by words alone.
    #[serde(with = "blank")]
    pub url: Option<String>,
    /// What the endpoint calls the model. Vectors on disk are known by it.
    pub model: String,
    #[serde(with = "blank::path")]
    pub key_file: Option<PathBuf>,
    #[serde(with = "blank")]
    pub key_env: Option<String>,
    /// How long a caller's question waits for its vector.
    pub patience_ms: Ms,
    /// How long one request for the vectors of passages may take, and how many passages it has.
    pub limit_s: Secs,
    pub batch: u32,
    /// What the model wants to stand before each text (`query: `).
    pub question_prefix: String,
    pub passage_prefix: String,
    /// What the endpoint wants to be told of each text as `input_type`; not set: nothing.
    #[serde(with = "blank")]
    pub question_type: Option<String>,
    #[serde(with = "blank")]
    pub passage_type: Option<String>,
}

impl Default for Embeddings {
    fn default() -> Self {
        Self {
            url: None,
            model: String::new(),
            key_file: None,
            key_env: None,
            patience_ms: Ms(400),
            limit_s: Secs(60),
            batch: 32,
            question_prefix: String::new(),
            passage_prefix: String::new(),
            question_type: None,
            passage_type: None,
        }
    }
}

impl Embeddings {
    /// The key, read now from where the configuration says; `None` where it needs none.
    pub fn key(&self) -> Result<Option<Secret>, String> {
        super::check::key(self.key_file.as_deref(), self.key_env.as_deref())
    }
}

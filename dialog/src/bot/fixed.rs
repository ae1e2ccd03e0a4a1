//! `FixedSentences`: what a bot's sentences come to that are the same in every call, each made when it is first said.
use crate::say::Sentence;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// Of the sentences of a bot's file alone, so what a caller says is never kept here. Copies of the bot for one call share it: all
/// pronounce words alike.
#[derive(Clone, Default)]
pub(super) struct FixedSentences(Arc<HashMap<String, OnceLock<Sentence>>>);

impl FixedSentences {
    pub fn new(texts: Vec<String>) -> Self {
        Self(Arc::new(texts.into_iter().map(|text| (text, OnceLock::new())).collect()))
    }

    /// What a text comes to; `None`: it is none of them. `make` makes it where that was not done before.
    pub fn get(&self, text: &str, make: impl FnOnce() -> Sentence) -> Option<&Sentence> {
        self.0.get(text).map(|made| made.get_or_init(make))
    }
}

impl std::fmt::Debug for FixedSentences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FixedSentences({})", self.0.len())
    }
}

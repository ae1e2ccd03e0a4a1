//! `[media]`: the media threads.
use super::Ms;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    pub threads: usize,
    /// Ask the system for real-time priority for the media threads; refused: go on without and say so.
    pub realtime: bool,
    pub jitter_min_ms: Ms,
    pub jitter_max_ms: Ms,
}

impl Default for Media {
    fn default() -> Self {
        Self { threads: 1, realtime: true, jitter_min_ms: Ms(0), jitter_max_ms: Ms(500) }
    }
}

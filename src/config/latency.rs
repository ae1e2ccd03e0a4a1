//! `[latency]`: how long callers may wait for an answer before a bot hurries.
use super::Ms;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LatencyConfig {
    /// From the caller's last sound to the bot's first; 0: as long as it takes.
    pub budget_ms: Ms,
}

impl Default for LatencyConfig {
    fn default() -> Self {
        Self { budget_ms: Ms(2_500) }
    }
}

impl LatencyConfig {
    /// The limit for bots whose file names none.
    pub fn budget(&self) -> Option<Duration> {
        (self.budget_ms.0 > 0).then(|| Duration::from(self.budget_ms))
    }
}

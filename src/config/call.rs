//! `[call]`: the course of a call.
use super::{Ms, Secs};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Call {
    pub answer_delay_ms: Ms,
    pub max_duration_s: Secs,
    pub dial_timeout_s: Secs,
    pub dead_air_ms: Ms,
    pub no_rtp_ms: Ms,
    pub held_max_s: Secs,
}

impl Default for Call {
    fn default() -> Self {
        Self {
            answer_delay_ms: Ms(0),
            max_duration_s: Secs(3600),
            dial_timeout_s: Secs(45),
            dead_air_ms: Ms(1_100),
            no_rtp_ms: Ms(20_000),
            held_max_s: Secs(600),
        }
    }
}

//! `JitterPlan`: the settings of a jitter buffer.
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub struct JitterPlan {
    /// The least delay beyond that of the fastest packet.
    pub min_delay: Duration,
    /// The largest delay; older sound is skipped for people, and not for ears ([`super::Late`]).
    pub max_delay: Duration,
    /// The delay that is worth as much as one percent of packets.
    pub delay_per_loss: Duration,
    /// The decay of the histogram per packet.
    pub memory: f32,
}

impl Default for JitterPlan {
    fn default() -> Self {
        Self {
            min_delay: Duration::ZERO,
            max_delay: Duration::from_millis(500),
            delay_per_loss: Duration::from_millis(12),
            memory: 0.999,
        }
    }
}

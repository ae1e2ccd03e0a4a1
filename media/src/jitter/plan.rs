//! `JitterPlan`: how a line's delay is chosen.
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub struct JitterPlan {
    /// Never less waiting than this beyond what the fastest packet needs.
    pub min_delay: Duration,
    /// A packet this late is not waited for; older sound is left out of what people hear. What an ear hears is not ([`super::Late`]).
    pub max_delay: Duration,
    /// The delay that is worth as much as one packet in a hundred: a conversation bears about 12 ms.
    pub delay_per_loss: Duration,
    /// How much of the histogram a packet leaves in place.
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

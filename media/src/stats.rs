//! What is counted about a leg: for the call's record, for metrics, and for the other side (RTCP).
use crate::jitter::Counts;
use std::time::Duration;

/// How one leg has gone since it joined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LegStats {
    /// Packets of sound, as the jitter buffer saw them.
    pub packets: Counts,
    /// Sound that was made up in place of packets that did not come in time.
    pub concealed: Duration,
    /// How often sound was made longer or shorter by a pitch period.
    pub stretches: u64,
    /// How long sound waits between the fastest packet's arrival and being heard.
    pub delay: Duration,
    /// The delay that the network asks for.
    pub target: Duration,
    /// Interarrival jitter, RFC 3550 section 6.4.1.
    pub jitter: Duration,
    pub sent_packets: u32,
    pub sent_octets: u32,
    /// What the other side says about what we send.
    pub remote_loss: Option<f32>,
    pub remote_jitter: Option<Duration>,
    pub round_trip: Option<Duration>,
    /// How often the synthesiser was slower than the caller's ear.
    pub underruns: u64,
}

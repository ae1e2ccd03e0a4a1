//! Insight: what the events of live calls tell those who watch over them. Cores; who feeds them are `src/api/wall.rs` (the wall) and
//! `src/alerting` (moods, alerts, what could be done next).

pub mod alerts;
pub mod health;
pub mod monitor;
pub mod mood;
pub mod next;
pub mod score;
pub mod taken_over;
pub mod voice;
pub mod wall;

use jiff::Timestamp;

/// How far a call is that began at `start`, in milliseconds.
fn ms_since(start: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.duration_since(start).as_millis()).unwrap_or(0)
}

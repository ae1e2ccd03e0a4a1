//! Insight: what the events of live calls tell those who watch over them. Cores; who feeds them are `src/api/wall.rs` (the wall) and
//! `src/alerting` (moods, alerts, what could be done next).

pub mod alerts;
pub mod health;
pub mod monitor;
pub mod mood;
pub mod next;
pub mod voice;
pub mod wall;

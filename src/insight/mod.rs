//! Insight: what the events of live calls tell those who watch over them. Cores; who feeds them is `src/api/wall.rs`.

pub mod health;
pub mod wall;

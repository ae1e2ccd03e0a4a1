//! What operators see of the running server: logs and metrics. Neither holds a caller's number or words.
pub mod log;
pub mod metrics;

pub use log::{Fault, start};

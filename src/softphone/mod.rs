//! Switchboard's own softphone: calls a bot over SIP, holds a conversation with it and measures it on the wire.
pub mod args;
pub mod clip;
pub mod driver;
pub mod keypad;
pub mod level;
pub mod phone;
pub mod report;
#[cfg(test)]
mod tests;

pub use args::Args;

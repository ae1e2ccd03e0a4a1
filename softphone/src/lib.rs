//! Switchboard's own softphone: calls a bot over SIP or, as a browser does, by WebRTC, holds a conversation with it and measures it on the wire.
//!
//! [`phone::Softphone`] is the core, [`driver::Driver`] the thread that owns the wire and the clock, [`run`] the command.
pub mod args;
mod call;
pub mod clip;
pub mod driver;
pub mod level;
pub mod noise;
pub mod page;
pub mod phone;
pub mod place;
pub mod report;
pub mod speak;
#[cfg(test)]
mod tests;
mod words;

pub use args::Args;
pub use call::{Print, run};

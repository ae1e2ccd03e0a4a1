//! `Bot`: one conversation partner, read from one TOML file and checked whole before the first call.
mod commands;
mod definition;
pub(crate) mod fact;
mod file;
mod filled;
mod headers;
mod load;
mod template;
mod words;

pub use crate::language::Language;
pub use commands::{Command, Commands};
pub use definition::{Bot, Confirm, OnDone, RequestTemplate, SilencePlan, Slot, Task, Then};
pub use fact::Fact;
pub use headers::Headers;
pub(crate) use headers::without_holes;
pub use load::BotFault;
pub use template::{Part, Template};
pub use words::Prompts;

#[cfg(test)]
mod tests;

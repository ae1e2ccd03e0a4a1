//! `Bot`: one conversation partner, read from one TOML file and checked whole before the first call.
pub(crate) mod approval;
mod call_back;
mod commands;
mod condition;
mod definition;
pub(crate) mod fact;
mod file;
mod filled;
pub(crate) mod filling;
pub(crate) mod forbidden;
mod headers;
mod load;
mod lookup;
mod model;
mod passage;
mod request;
pub(crate) mod rights;
mod template;
mod tool;
mod words;

pub use crate::language::Language;
pub use approval::{Approval, Declined};
pub(crate) use call_back::{asks_for_call_back, call_back_phrases};
pub use commands::{Command, Commands, asks_for_person};
pub use condition::{Condition, Subject, Test};
pub use definition::{Bot, Confirm, OnDone, SilencePlan, Slot, Task, Then};
pub use fact::Fact;
pub use forbidden::Forbidden;
pub use headers::Headers;
pub(crate) use headers::without_holes;
pub use load::BotFault;
pub use lookup::{Branch, Lookup, Need, Onward, Outcome, Source, Use};
pub use model::ModelPlan;
pub use passage::{Passage, Saying};
pub use request::{RequestTemplate, Target};
pub use rights::Right;
pub use template::{AnswerGap, Part, SlotGap, Template};
pub use tool::{BotTool, HeaderValue, HttpBody, HttpTool, McpTool, OpenApiTool, SecretSource, ToolSource};
pub use words::Prompts;

#[cfg(test)]
mod tests;

//! `RequestTemplate`: an HTTP request, or a call of a tool, with gaps for what is known by then.
use super::template::Template;
use crate::tool::{Effect, Method};
use std::time::Duration;

/// Whom a request asks.
#[derive(Clone, Debug)]
pub enum Target {
    Http {
        method: Method,
        url: Template,
    },
    /// A tool of the bot, by its name.
    Tool(String),
}

/// What does a task, or looks something up.
#[derive(Clone, Debug)]
pub struct RequestTemplate {
    pub target: Target,
    pub effect: Effect,
    /// The body of a request, or the arguments of a tool; `None`: the values of the task.
    pub body: Option<serde_json::Value>,
    pub limit: Duration,
    /// Said when it takes too long; `None`: the prompt of that name.
    pub late: Option<String>,
    pub failed: Option<String>,
    /// Said in place of the last sentence when what was to be done is done, and the answer lacks a part of that sentence.
    pub incomplete: Option<String>,
}

impl RequestTemplate {
    /// The sentences that it has of its own.
    pub(super) fn sentences_mut(&mut self) -> impl Iterator<Item = &mut String> {
        [&mut self.late, &mut self.failed, &mut self.incomplete].into_iter().flatten()
    }
}

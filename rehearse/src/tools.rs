//! `Tools`: who answers what a bot asks of tools in a rehearsal, and `ScenarioTools`: the answers that stand in its file.
use crate::scenario::{ToolAnswer, ToolName, ToolPattern};
use dialog::approval::ApprovalCall;
use dialog::tool::{HttpRequest, ToolCall, ToolFault};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// What a call of a tool comes to, and after which time.
pub struct Answer {
    pub after: Duration,
    pub result: Result<Json, ToolFault>,
}

pub trait Tools {
    /// `None`: nobody knows what to answer, which is a fault of the rehearsal.
    fn answer(&mut self, call: &ToolCall) -> Option<Answer>;
}

/// Answers from the file, in their order.
pub struct ScenarioTools<'a> {
    answers: &'a [ToolAnswer],
    given: Vec<u32>,
}

impl<'a> ScenarioTools<'a> {
    pub fn new(answers: &'a [ToolAnswer]) -> Self {
        Self { answers, given: vec![0; answers.len()] }
    }
}

impl Tools for ScenarioTools<'_> {
    fn answer(&mut self, call: &ToolCall) -> Option<Answer> {
        let fits = |(answer, given): &(&ToolAnswer, &mut u32)| {
            answer.times.is_none_or(|times| **given < times) && answer.calls.fits(call)
        };
        let Some((answer, given)) = self.answers.iter().zip(&mut self.given).find(fits) else {
            return undecided(call);
        };
        *given += 1;
        let Ok(result) = &answer.result else {
            // A tool that is late has had all its time.
            let late = answer.result == Err(ToolFault::Late);
            let after = if late { call.limit } else { answer.delay };
            return Some(Answer { after, result: answer.result.clone() });
        };
        Some(if answer.delay > call.limit {
            Answer { after: call.limit, result: Err(ToolFault::Late) }
        } else {
            Answer { after: answer.delay, result: Ok(result.clone()) }
        })
    }
}

/// Where nobody decides on an approval, its default holds after its time.
pub fn undecided(call: &ToolCall) -> Option<Answer> {
    let asked = ApprovalCall::of(call)?;
    Some(Answer { after: asked.limit, result: Ok(json!({ "decision": asked.default.name() })) })
}

impl ToolPattern {
    pub fn fits(&self, call: &ToolCall) -> bool {
        match &self.of {
            ToolName::Named(name) => call.name == *name && self.holds.fits(&call.arguments),
            ToolName::Request(pattern) => HttpRequest::of(call).is_some_and(|request| {
                let is_any = self.holds.0.as_object().is_some_and(serde_json::Map::is_empty);
                pattern.fits(&request) && (is_any || request.body.is_some_and(|body| self.holds.fits(&body)))
            }),
        }
    }

    pub fn text(&self) -> String {
        let name = match &self.of {
            ToolName::Named(name) => name.clone(),
            ToolName::Request(pattern) => pattern.text(),
        };
        match self.holds.0.as_object() {
            Some(holds) if !holds.is_empty() => format!("{name} {}", self.holds.0),
            _ => name,
        }
    }
}

/// A call as a report shows it: method, address and body of a request, or name and arguments.
pub fn shown(call: &ToolCall) -> String {
    match HttpRequest::of(call) {
        Some(HttpRequest { method, url, body }) => {
            let body = body.map(|body| format!(" {body}")).unwrap_or_default();
            format!("{} {url}{body}", method.name())
        }
        None => format!("{} {}", call.name, call.arguments),
    }
}

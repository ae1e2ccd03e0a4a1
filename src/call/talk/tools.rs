//! The tools that a conversation calls: when each was called, by name, and what it came to.
use super::Talk;
use crate::call::core::Act;
use dialog::approval::ApprovalCall;
use dialog::conversation::{Citation, ToolCall, ToolFault, ToolId};
use serde_json::json;
use std::time::Instant;

/// A call of a tool that has no outcome yet.
pub(super) struct CalledTool {
    name: String,
    since: Instant,
}

impl Talk {
    pub(super) fn run(&mut self, now: Instant, call: ToolCall) {
        match ApprovalCall::of(&call) {
            Some(asked) => self.ask_approval(now, call.id, &asked),
            None => self.tool_called(now, call.id, &call.name, None),
        }
        self.act(Act::Run(call));
    }

    /// A tool is called. `of`: it does not run, for this earlier call has done or does the same.
    pub(super) fn tool_called(&mut self, now: Instant, id: ToolId, name: &str, of: Option<ToolId>) {
        let mut data = json!({ "ms": self.ms(now), "id": id.0, "tool": name });
        if let Some(of) = of {
            data["same_as"] = of.0.into();
        }
        self.note_mark("tool_called", data);
        self.tools.insert(id, CalledTool { name: name.to_owned(), since: now });
        self.due.expect_nothing();
    }

    pub(super) fn cancel(&mut self, now: Instant, id: ToolId) {
        self.withdraw(now, id);
        self.act(Act::Cancel(id));
    }

    /// A call of a tool has its outcome. What it answered is the bot's business and is not recorded; why it failed is. What the bot
    /// says to it is due, once no tool runs any more.
    pub(super) fn tool_ended(&mut self, now: Instant, id: ToolId, fault: Option<&ToolFault>) {
        // The record of an approval has its own words.
        let Some(CalledTool { name, since }) = self.tools.remove(&id) else { return };
        if self.tools.is_empty() {
            match self.sounds() {
                true => self.due.expect_nothing(),
                false => self.due.expect_more(now),
            }
        }
        let mark = match fault {
            None => "tool_answered",
            Some(ToolFault::Cancelled) => "tool_cancelled",
            Some(_) => "tool_failed",
        };
        let took = now.saturating_duration_since(since).as_millis() as u64;
        let why = fault.filter(|fault| **fault != ToolFault::Cancelled).map(ToString::to_string);
        let data = json!({ "ms": self.ms(now), "id": id.0, "tool": name, "why": why, "took_ms": took });
        self.note_mark(mark, data);
    }

    /// What the bot says stands there in its documents.
    pub(super) fn cited(&mut self, now: Instant, citation: &Citation) {
        let Citation { document, heading, line } = citation;
        let data = json!({ "ms": self.ms(now), "document": document, "heading": heading, "line": line });
        self.note_mark("cited", data);
    }

    /// The call is over: nobody waits for its tools any more.
    pub(super) fn end_tools(&mut self, now: Instant) {
        for id in self.tools.keys().copied().collect::<Vec<_>>() {
            self.tool_ended(now, id, Some(&ToolFault::Cancelled));
        }
    }
}

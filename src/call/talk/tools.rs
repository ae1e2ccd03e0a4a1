//! The tools that a conversation calls: when each runs, by name, and what it came to.
use super::Talk;
use crate::call::core::Act;
use dialog::approval::ApprovalCall;
use dialog::conversation::{self, ToolCall, ToolFault, ToolId};
use serde_json::{Value, json};
use std::time::Instant;

impl Talk {
    pub(super) fn run(&mut self, now: Instant, call: ToolCall) {
        match ApprovalCall::of(&call) {
            Some(asked) => self.ask_approval(now, call.id, &asked),
            None => {
                self.note_mark("tool_called", json!({ "ms": self.ms(now), "id": call.id.0, "tool": call.name }));
                self.tools.insert(call.id, call.name.clone());
                self.due.expect_nothing();
            }
        }
        self.act(Act::Run(call));
    }

    pub(super) fn cancel(&mut self, now: Instant, id: ToolId) {
        if !self.withdraw(now, id) {
            self.tool_ended(now, id);
        }
        self.act(Act::Cancel(id));
    }

    /// What it answered is the bot's business and is not recorded; why it failed is.
    pub(super) fn tool_done(&mut self, now: Instant, id: ToolId, result: Result<Value, ToolFault>) {
        let tool = self.tool_ended(now, id);
        let (name, why) = match &result {
            Ok(_) => ("tool_answered", None),
            Err(fault) => ("tool_failed", Some(fault.to_string())),
        };
        self.note_mark(name, json!({ "ms": self.ms(now), "id": id.0, "tool": tool, "why": why }));
        self.tell_conversation(now, conversation::Input::ToolDone { id, result });
    }

    /// What the bot says to the result is due, once no tool runs any more. Gives the name of the tool, if it ran.
    fn tool_ended(&mut self, now: Instant, id: ToolId) -> Option<String> {
        let tool = self.tools.remove(&id);
        if tool.is_some() && self.tools.is_empty() {
            match self.sounds() {
                true => self.due.expect_nothing(),
                false => self.due.expect_more(now),
            }
        }
        tool
    }
}

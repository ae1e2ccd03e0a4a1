//! `ToolDefinition`: what a tool is called, what it takes and does, as a brain and a model are told of it.
use super::{Effect, ToolCall, ToolId};
use serde_json::Value as Json;
use std::time::Duration;

/// A tool that a bot may call.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolDefinition {
    /// What the bot's file calls it: a letter, then letters, figures and underscores, 64 characters at most.
    pub name: String,
    /// What it is for, in words for a model.
    pub description: String,
    /// The JSON schema of its arguments, which are an object.
    pub parameters: Json,
    pub effect: Effect,
    /// How long it may take.
    pub limit: Duration,
    pub confirm: ConfirmedBy,
    /// Said when it is called and the caller waits for it; `None`: what the bot says when a tool is slow.
    pub filler: Option<String>,
}

/// Who has to say yes before a tool is called, after its values were restated. The brain that calls it asks them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConfirmedBy {
    #[default]
    Nobody,
    Caller,
    /// A supervisor, who is asked by a call of [`ApprovalCall`](crate::approval::ApprovalCall).
    Supervisor,
}

impl ToolDefinition {
    /// A call of this tool.
    pub fn call(&self, id: ToolId, arguments: Json) -> ToolCall {
        ToolCall { id, name: self.name.clone(), arguments, effect: self.effect, limit: self.limit }
    }

    /// Whether a tool may be called this.
    pub fn is_name(name: &str) -> bool {
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
        begins && name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_the_effect_and_the_limit_of_its_tool() {
        let tool = ToolDefinition {
            name: "book_table".into(),
            description: "Books a table.".into(),
            parameters: serde_json::json!({ "type": "object" }),
            effect: Effect::Acts,
            limit: Duration::from_secs(4),
            confirm: ConfirmedBy::Caller,
            filler: None,
        };
        let call = tool.call(ToolId(3), serde_json::json!({ "people": 2 }));
        assert_eq!((call.id, call.name.as_str(), call.effect), (ToolId(3), "book_table", Effect::Acts));
        assert_eq!((call.limit, &call.arguments["people"]), (Duration::from_secs(4), &2.into()));
    }

    #[test]
    fn names_are_those_that_every_model_and_protocol_takes() {
        for name in ["a", "book_table", "find2"] {
            assert!(ToolDefinition::is_name(name), "{name}");
        }
        for name in ["", "2nd", "book-table", "đặt_bàn", "a b", &"a".repeat(65)] {
            assert!(!ToolDefinition::is_name(name), "{name}");
        }
    }
}

//! `BuiltIn`: tools that whoever runs a call has itself, and no service: what they are called, take and do. All but one act.
use super::Effect;
use serde_json::{Value as Json, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// Keys of the telephone to the far end.
    SendKeys,
    /// A text to a telephone, by a webhook.
    SendText,
    /// Somebody is to call the caller back.
    CallBack,
    /// What is known of the caller from earlier calls. It reads.
    LookUpCaller,
}

impl BuiltIn {
    pub const ALL: [BuiltIn; 4] = [BuiltIn::SendKeys, BuiltIn::SendText, BuiltIn::CallBack, BuiltIn::LookUpCaller];

    /// As a bot's file names it.
    pub const fn name(self) -> &'static str {
        match self {
            BuiltIn::SendKeys => "send_keys",
            BuiltIn::SendText => "send_text",
            BuiltIn::CallBack => "call_back",
            BuiltIn::LookUpCaller => "look_up_caller",
        }
    }

    pub const fn effect(self) -> Effect {
        match self {
            BuiltIn::SendKeys | BuiltIn::SendText | BuiltIn::CallBack => Effect::Acts,
            BuiltIn::LookUpCaller => Effect::Reads,
        }
    }

    pub fn of(name: &str) -> Option<BuiltIn> {
        BuiltIn::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// What it is for, in words for a model.
    pub const fn description(self) -> &'static str {
        match self {
            BuiltIn::SendKeys => {
                "Presses keys of the telephone for the other side of the line, such as a menu or an extension."
            }
            BuiltIn::SendText => {
                "Sends a short text message to the caller's telephone, or to another number that they gave."
            }
            BuiltIn::CallBack => "Notes that somebody of the company is to call the caller back.",
            BuiltIn::LookUpCaller => {
                "Tells what is known of the caller from earlier calls: their name and other facts, what they were promised, \
                 and when they called. It is data, and may be of somebody else who uses the same telephone: ask before you rely on it."
            }
        }
    }

    /// The JSON schema of its arguments.
    pub fn parameters(self) -> Json {
        match self {
            BuiltIn::SendKeys => json!({
                "type": "object",
                "title": "press keys",
                "properties": { "keys": { "type": "string", "pattern": "^[0-9A-Da-d*#]{1,32}$", "description": "0-9, *, #" } },
                "required": ["keys"],
                "additionalProperties": false
            }),
            BuiltIn::SendText => json!({
                "type": "object",
                "title": "send a text",
                "properties": {
                    "text": { "type": "string", "minLength": 1, "maxLength": 480 },
                    "to": { "type": "string", "pattern": "^\\+?[0-9 ]{4,24}$", "description": "Left out: the caller's own number." }
                },
                "required": ["text"],
                "additionalProperties": false
            }),
            BuiltIn::LookUpCaller => json!({
                "type": "object",
                "title": "look up the caller",
                "properties": {},
                "additionalProperties": false
            }),
            BuiltIn::CallBack => json!({
                "type": "object",
                "title": "call back",
                "properties": {
                    "at": {
                        "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$",
                        "description": "YYYY-MM-DDTHH:MM where the company is. Left out: as soon as possible."
                    },
                    "note": { "type": "string", "maxLength": 300, "description": "What it is about." }
                },
                "additionalProperties": false
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::arguments::{check, schema_fault};
    use crate::tool::{ConfirmedBy, ToolDefinition};
    use std::time::Duration;

    #[test]
    fn each_has_a_name_of_its_own_and_a_schema_that_tells_good_arguments_from_bad() {
        for (tool, good, bad) in [
            (BuiltIn::SendKeys, json!({ "keys": "12#*" }), json!({ "keys": "12 34" })),
            (
                BuiltIn::SendText,
                json!({ "text": "Table 4 at 8.", "to": "+84 912 345 678" }),
                json!({ "text": "", "to": "x" }),
            ),
            (BuiltIn::CallBack, json!({ "at": "2026-12-01T09:00" }), json!({ "at": "tomorrow" })),
            (BuiltIn::LookUpCaller, json!({}), json!({ "number": "+84912345678" })),
        ] {
            assert_eq!(BuiltIn::of(tool.name()), Some(tool));
            let parameters = tool.parameters();
            assert_eq!(schema_fault(&parameters), None, "{tool:?}");
            let definition = ToolDefinition {
                name: tool.name().into(),
                description: tool.description().into(),
                parameters,
                effect: tool.effect(),
                limit: Duration::from_secs(8),
                confirm: ConfirmedBy::Caller,
                filler: None,
            };
            assert!(check(&definition, &good).is_ok() && check(&definition, &bad).is_err(), "{tool:?}");
        }
        assert_eq!(BuiltIn::of("hang_up"), None);
    }
}

//! `ApprovalCall`: an action that a supervisor has to approve before it is done, as the tool that asks for it.
use crate::tool::{Effect, ToolCall, ToolFault, ToolId};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// How long after its limit a queue that does not answer is given up.
const GRACE: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decision {
    Approve,
    #[default]
    Decline,
}

impl Decision {
    const ALL: [Decision; 2] = [Decision::Approve, Decision::Decline];

    pub fn of(name: &str) -> Option<Decision> {
        Decision::ALL.into_iter().find(|decision| decision.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Decision::Approve => "approve",
            Decision::Decline => "decline",
        }
    }
}

/// A value with which the action would be done, as people read it. A secret one comes masked.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownValue {
    pub slot: String,
    pub label: String,
    pub text: String,
}

/// It is a caller's words: it stays out of logs.
impl std::fmt::Debug for ShownValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShownValue({})", self.slot)
    }
}

/// What a supervisor is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovalCall {
    pub task: String,
    /// What would be done, in words.
    pub action: String,
    pub values: Vec<ShownValue>,
    /// How long a decision is waited for.
    pub limit: Duration,
    /// What holds where nobody decides in time.
    pub default: Decision,
}

impl ApprovalCall {
    pub const TOOL: &str = "approval";

    pub fn call(self, id: ToolId) -> ToolCall {
        let limit = self.limit + GRACE;
        let value = |value: &ShownValue| json!({ "slot": value.slot, "label": value.label, "text": value.text });
        let arguments = json!({
            "task": self.task, "action": self.action, "values": self.values.iter().map(value).collect::<Vec<_>>(),
            "limit_ms": self.limit.as_millis() as u64, "default": self.default.name()
        });
        ToolCall { id, name: Self::TOOL.to_owned(), arguments, effect: Effect::Reads, limit }
    }

    /// What a call asks; `None` for another tool.
    pub fn of(call: &ToolCall) -> Option<ApprovalCall> {
        let arguments = Some(&call.arguments).filter(|_| call.name == Self::TOOL)?;
        let text = |json: &Json, key: &str| Some(json.get(key)?.as_str()?.to_owned());
        let value = |json: &Json| {
            Some(ShownValue { slot: text(json, "slot")?, label: text(json, "label")?, text: text(json, "text")? })
        };
        Some(ApprovalCall {
            task: text(arguments, "task")?,
            action: text(arguments, "action")?,
            values: arguments.get("values")?.as_array()?.iter().map(value).collect::<Option<_>>()?,
            limit: Duration::from_millis(arguments.get("limit_ms")?.as_u64()?),
            default: Decision::of(arguments.get("default")?.as_str()?)?,
        })
    }

    /// The decision that an outcome is. Where there is none, nobody has approved.
    pub fn decided(outcome: &Result<Json, ToolFault>) -> Decision {
        let decision = outcome.as_ref().ok().and_then(|answer| answer.get("decision"));
        decision.and_then(Json::as_str).and_then(Decision::of).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_read_from_its_call_and_no_answer_is_no_approval() {
        let value = ShownValue { slot: "amount".into(), label: "amount".into(), text: "$4821".into() };
        let (limit, default) = (Duration::from_secs(60), Decision::Approve);
        let asked =
            ApprovalCall { task: "refund".into(), action: "a refund".into(), values: vec![value], limit, default };
        let call = asked.clone().call(ToolId(7));
        assert_eq!(ApprovalCall::of(&call), Some(asked));
        assert_eq!(call.limit, Duration::from_secs(63));
        assert!(!format!("{call:?} {:?}", ApprovalCall::of(&call)).contains("4821"));
        assert_eq!(ApprovalCall::of(&ToolCall { name: "http".into(), ..call }), None);
        for (outcome, decision) in [
            (Ok(serde_json::json!({"decision": "approve", "by": "ada"})), Decision::Approve),
            (Ok(serde_json::json!({"decision": "decline"})), Decision::Decline),
            (Ok(serde_json::json!({"decision": "perhaps"})), Decision::Decline),
            (Ok(serde_json::json!({})), Decision::Decline),
            (Err(ToolFault::Late), Decision::Decline),
        ] {
            assert_eq!(ApprovalCall::decided(&outcome), decision, "{outcome:?}");
        }
    }
}

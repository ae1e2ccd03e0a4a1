//! Approvals as JSON.
use crate::call::approvals::Approval;
use dialog::approval::{Decision, ShownValue};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalDecision {
    Approve,
    Decline,
}

impl From<ApprovalDecision> for Decision {
    fn from(decision: ApprovalDecision) -> Self {
        match decision {
            ApprovalDecision::Approve => Self::Approve,
            ApprovalDecision::Decline => Self::Decline,
        }
    }
}

impl From<Decision> for ApprovalDecision {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Approve => Self::Approve,
            Decision::Decline => Self::Decline,
        }
    }
}

/// A value that the action is done with.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ApprovalValue {
    pub slot: String,
    /// The slot's name as people read it.
    pub label: String,
    /// As people read it; masked where it is secret, or for who may not see transcripts.
    pub text: String,
}

/// An action that waits for a supervisor.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ApprovalDocument {
    pub id: String,
    /// The call's id.
    pub call: String,
    pub bot: String,
    pub task: String,
    /// What would be done, in words.
    pub action: String,
    pub values: Vec<ApprovalValue>,
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    /// When the default is done.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// What is done where nobody decides in time.
    pub default: ApprovalDecision,
}

impl From<Approval> for ApprovalDocument {
    fn from(approval: Approval) -> Self {
        let Approval { id, call, bot, task, action, values, asked_at, until, default } = approval;
        let value = |ShownValue { slot, label, text }| ApprovalValue { slot, label, text };
        let values = values.into_iter().map(value).collect();
        Self { id, call, bot, task, action, values, asked_at, until, default: default.into() }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ApprovalsDocument {
    pub approvals: Vec<ApprovalDocument>,
}

/// The approvals that wait, on the wall's WebSocket: at the start and whenever one comes or goes.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename = "approvals")]
pub struct WallApprovals {
    pub approvals: Vec<ApprovalDocument>,
}

/// What somebody decides.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionDocument {
    pub decision: ApprovalDecision,
    /// Why, for the record.
    pub note: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct DecisionReceipt {
    pub id: String,
    pub decision: ApprovalDecision,
    pub by: String,
}

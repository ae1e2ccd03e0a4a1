//! The queue of actions that wait for a supervisor: who may decide sees them, and decides.
use super::auth::need;
use super::calls::of_right;
use super::view::View;
use super::wire::ProblemDocument;
use super::wire::approvals::{ApprovalDocument, ApprovalsDocument, DecisionDocument, DecisionReceipt};
use super::{Problem, SharedState};
use crate::call::approvals::{Approval, DecisionFault, Reason, Verdict};
use crate::security::{Action, Principal, Right};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dialog::approval::Decision;
use serde_json::json;

/// The longest note of who decides.
const NOTE: usize = 500;

/// Those that `principal` may decide on, as they see them.
pub(super) fn seen(principal: &Principal, all: Vec<Approval>) -> Vec<ApprovalDocument> {
    let own = all.into_iter().filter(|approval| principal.may(Right::Approve, Some(&approval.bot)));
    own.map(|approval| View::of(principal, &approval.bot).approval(approval).into()).collect()
}

/// The actions that wait for a supervisor, over all calls, the oldest first.
#[utoipa::path(get, path = "/api/v1/approvals", operation_id = "list_approvals", tag = "supervision", responses(
    (status = OK, body = ApprovalsDocument),
))]
pub(super) async fn list(State(state): SharedState, principal: Principal) -> Result<Json<ApprovalsDocument>, Problem> {
    need(&principal, Right::Approve, None)?;
    Ok(Json(ApprovalsDocument { approvals: seen(&principal, state.app.approvals.list()) }))
}

/// Decides on an action that waits. The first who decides wins; the action is done once, or not at all.
#[utoipa::path(post, path = "/api/v1/approvals/{id}", operation_id = "decide_approval", tag = "supervision", params(("id" = String, Path)),
    request_body = DecisionDocument, responses(
    (status = OK, body = DecisionReceipt),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "It does not wait any more: `detail` says who decided, or why not"),
    (status = UNPROCESSABLE_ENTITY, body = ProblemDocument, content_type = "application/problem+json", description = "No such decision, or a note that is too long"),
))]
pub(super) async fn decide(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    Json(DecisionDocument { decision, note }): Json<DecisionDocument>,
) -> Result<Json<DecisionReceipt>, Problem> {
    let call = id.split('.').next().unwrap_or_default();
    of_right(&state, &principal, Right::Approve, call).await?;
    if note.as_ref().is_some_and(|note| note.chars().count() > NOTE) {
        let words = format!("`note` has at most {NOTE} characters");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words));
    }
    let decision = Decision::from(decision);
    let by = principal.name.clone();
    let reason = Reason::Decided { by: by.clone(), note };
    state.app.access.audit().ready().await?;
    state.app.approvals.decide(&id, Verdict { decision, reason })?;
    let action = match decision {
        Decision::Approve => Action::Approved,
        Decision::Decline => Action::Declined,
    };
    state.app.access.audit().note(&principal, action, Some(call), json!({"approval": id})).await?;
    Ok(Json(DecisionReceipt { id, decision: decision.into(), by }))
}

impl From<DecisionFault> for Problem {
    fn from(fault: DecisionFault) -> Self {
        match fault {
            DecisionFault::Unknown => Self::new(StatusCode::NOT_FOUND, fault.to_string()),
            DecisionFault::Decided { .. } | DecisionFault::Default(_) | DecisionFault::Withdrawn => {
                Self::new(StatusCode::CONFLICT, fault.to_string()).coded("decided")
            }
        }
    }
}

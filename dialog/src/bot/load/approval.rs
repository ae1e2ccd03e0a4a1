//! `confirm = "supervisor"` and `[task.on_done.approval]` of a bot file.
use super::check::{BotFault, Check};
use crate::approval::Decision;
use crate::bot::approval::Approval;
use crate::bot::file::{ApprovalFile, ConfirmedBy, DecisionFile};
use crate::bot::passage::Passage;
use std::time::Duration;

/// How long a decision is waited for where the file does not say.
const USUAL_LIMIT_MS: u64 = 60_000;

/// `passage`: how what would be done is read.
pub(super) fn approval(
    check: &Check,
    key: &str,
    by: Option<ConfirmedBy>,
    file: Option<ApprovalFile>,
    passage: impl FnOnce(String) -> Result<Passage, BotFault>,
) -> Result<Option<Approval>, BotFault> {
    let file = match (by, file) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            return check.fault(
                format!("{key}.approval"),
                "belongs to an action that waits for a supervisor",
                "add `confirm = \"supervisor\"`, or remove it",
            );
        }
        (Some(ConfirmedBy::Supervisor), file) => file.unwrap_or_default(),
    };
    let at = |name: &str| format!("{key}.approval.{name}");
    let limit = Duration::from_millis(file.limit_ms.unwrap_or(USUAL_LIMIT_MS));
    if !(1_000..=600_000).contains(&limit.as_millis()) {
        return check.fault(at("limit_ms"), "is not a time a caller waits", "use 1000 to 600000");
    }
    for (name, text) in [("asking", &file.asking), ("still", &file.still), ("declined", &file.declined)] {
        if let Some(text) = text {
            check.plain(&at(name), text)?;
        }
    }
    let ApprovalFile { default, action, asking, still, declined, then, .. } = file;
    let action = action.map(passage).transpose()?;
    let default = match default {
        DecisionFile::Approve => Decision::Approve,
        DecisionFile::Decline => Decision::Decline,
    };
    Ok(Some(Approval { limit, default, action, asking, still, declined, then }))
}

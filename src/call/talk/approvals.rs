//! Actions that wait for a supervisor: what the call's record has of them.
use super::Talk;
use dialog::approval::ApprovalCall;
use dialog::conversation::{self, ToolFault, ToolId};
use serde_json::{Value, json};
use std::time::Instant;

impl Talk {
    /// An action waits. The caller may speak meanwhile: no sound is due.
    pub(super) fn ask_approval(&mut self, now: Instant, id: ToolId, asked: &ApprovalCall) {
        let until_ms = self.ms(now + asked.limit);
        self.approvals.insert(id);
        self.note_mark(
            "approval_asked",
            json!({
                "ms": self.ms(now), "id": id.0, "task": asked.task, "until_ms": until_ms, "default": asked.default.name()
            }),
        );
    }

    /// Somebody has decided, or nobody in time.
    pub(super) fn decided(&mut self, now: Instant, id: ToolId, result: Result<Value, ToolFault>) {
        self.approvals.remove(&id);
        let mut data = json!({ "ms": self.ms(now), "id": id.0, "decision": ApprovalCall::decided(&result).name() });
        for key in ["by", "why", "note"] {
            data[key] = result.as_ref().ok().and_then(|verdict| verdict.get(key)).cloned().unwrap_or_default();
        }
        self.note_mark("approval_decided", data);
        self.tell_conversation(now, conversation::Input::ToolDone { id, result });
    }

    /// The conversation does not want the action any more; `false`: this tool is no approval.
    pub(super) fn withdraw(&mut self, now: Instant, id: ToolId) -> bool {
        let waits = self.approvals.remove(&id);
        if waits {
            self.note_mark("approval_withdrawn", json!({ "ms": self.ms(now), "id": id.0 }));
        }
        waits
    }

    /// The call is over.
    pub(super) fn withdraw_all(&mut self, now: Instant) {
        for id in std::mem::take(&mut self.approvals) {
            self.note_mark("approval_withdrawn", json!({ "ms": self.ms(now), "id": id.0 }));
        }
    }
}

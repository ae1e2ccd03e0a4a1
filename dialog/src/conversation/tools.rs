//! `Tools`: the tools that run, each with its own limit, and how long the caller has waited for them.
use super::message::Why;
use crate::approval::ApprovalCall;
use crate::tool::{ToolCall, ToolId};
use std::time::{Duration, Instant};

/// How long after its own limit a tool is given up.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(super) struct Tools {
    running: Vec<Running>,
    wait: Option<Wait>,
}

struct Running {
    id: ToolId,
    is_approval: bool,
    lost_at: Instant,
}

/// The caller is not listened to while tools run.
struct Wait {
    since: Instant,
    asked: u8,
}

impl Tools {
    /// A tool runs; the caller waits for it until they are told to speak ([`listen`](Self::listen)).
    pub fn run(&mut self, now: Instant, call: &ToolCall) {
        let is_approval = call.name == ApprovalCall::TOOL;
        self.running.push(Running { id: call.id, is_approval, lost_at: now + call.limit + GRACE });
        self.wait.get_or_insert(Wait { since: now, asked: 0 });
    }

    /// The caller may speak while tools run.
    pub fn listen(&mut self) {
        self.wait = None;
    }

    /// Whether the caller is kept waiting.
    pub fn is_awaited(&self) -> bool {
        self.wait.is_some()
    }

    /// Whether this one runs.
    pub fn has(&self, id: ToolId) -> bool {
        self.running.iter().any(|tool| tool.id == id)
    }

    /// Whether this one asks a supervisor, and does nothing by itself.
    pub fn is_approval(&self, id: ToolId) -> bool {
        self.running.iter().any(|tool| tool.id == id && tool.is_approval)
    }

    /// A tool has its outcome, or is given up; `false`: it is not one that runs.
    pub fn done(&mut self, id: ToolId) -> bool {
        let before = self.running.len();
        self.running.retain(|tool| tool.id != id);
        if self.running.is_empty() {
            self.wait = None;
        }
        self.running.len() < before
    }

    /// The first tool that should have answered long ago.
    pub fn lost(&self, now: Instant) -> Option<ToolId> {
        self.running.iter().find(|tool| tool.lost_at <= now).map(|tool| tool.id)
    }

    pub fn lost_deadline(&self) -> Option<(Instant, Why)> {
        self.running.iter().map(|tool| (tool.lost_at, Why::ToolLost)).min_by_key(|(at, _)| *at)
    }

    /// When the caller is to be asked for patience: after `slow`, and once more after four times as long.
    pub fn slow_deadline(&self, slow: Duration) -> Option<(Instant, Why)> {
        let wait = self.wait.as_ref()?;
        let after = [slow, slow * 4].get(usize::from(wait.asked)).copied()?;
        Some((wait.since + after, Why::ToolSlow))
    }

    /// The caller is asked for patience: how often, with this time.
    pub fn ask_patience(&mut self) -> u8 {
        self.wait.as_mut().map_or(0, |wait| {
            wait.asked += 1;
            wait.asked
        })
    }
}

//! `Approvals`: the actions of all calls that wait for a supervisor, in one queue, and who decided on those that do not wait any more. A core:
//! its driver (`queue.rs`) tells it when the time of one is over.
use dialog::approval::{ApprovalCall, Decision, ShownValue};
use jiff::Timestamp;
use std::collections::VecDeque;
use tokio::sync::oneshot;

pub mod queue;

/// So many actions wait at most; of one more the default is done at once.
pub const MOST: usize = 256;
/// So many that do not wait any more are remembered, for who decides on one too late.
const REMEMBERED: usize = 512;

/// An action that waits for a supervisor.
#[derive(Clone, PartialEq)]
pub struct Approval {
    /// The call's id and the number of the tool in it.
    pub id: String,
    pub call: String,
    pub bot: String,
    pub task: String,
    /// What would be done, in words.
    pub action: String,
    pub values: Vec<ShownValue>,
    pub asked_at: Timestamp,
    pub until: Timestamp,
    /// What is done where nobody decides in time.
    pub default: Decision,
}

/// What it would do, and for whom, may be a caller's words: they stay out of logs.
impl std::fmt::Debug for Approval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Approval {{ id: {}, task: {:?}, values: {} }}", self.id, self.task, self.values.len())
    }
}

impl Approval {
    /// The approval that a call of a bot asks for at `now`.
    pub fn new(call: &str, bot: &str, asked: ApprovalCall, number: u64, now: Timestamp) -> Self {
        let ApprovalCall { task, action, values, limit, default } = asked;
        let until = now.saturating_add(jiff::SignedDuration::try_from(limit).unwrap_or_default()).unwrap_or(now);
        let id = format!("{call}.{number}");
        Self { id, call: call.into(), bot: bot.into(), task, action, values, asked_at: now, until, default }
    }
}

/// Why a decision is what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Somebody decided, and perhaps says why.
    Decided { by: String, note: Option<String> },
    /// Nobody did in time.
    Default,
    /// As many as can wait did already.
    Full,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub decision: Decision,
    pub reason: Reason,
}

impl Verdict {
    /// As the call's record has it.
    pub fn record(&self) -> serde_json::Value {
        let (by, note, why) = match &self.reason {
            Reason::Decided { by, note } => (Some(by), note.as_ref(), "decided"),
            Reason::Default => (None, None, "default"),
            Reason::Full => (None, None, "full"),
        };
        serde_json::json!({ "decision": self.decision.name(), "by": by, "why": why, "note": note })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecisionFault {
    #[error("there is no such approval")]
    Unknown,
    #[error("{by} has {} this already", past(*.decision))]
    Decided { by: String, decision: Decision },
    #[error("{} by default: nobody decided in time", past(*.0))]
    Default(Decision),
    #[error("the caller does not want it any more, or has hung up: it is withdrawn")]
    Withdrawn,
}

const fn past(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "approved",
        Decision::Decline => "declined",
    }
}

/// One that does not wait any more; without a verdict it was withdrawn.
struct Settled {
    id: String,
    verdict: Option<Verdict>,
}

struct Waiting {
    approval: Approval,
    reply: oneshot::Sender<Verdict>,
}

/// The oldest first.
#[derive(Default)]
pub struct Approvals {
    waiting: Vec<Waiting>,
    settled: VecDeque<Settled>,
}

impl Approvals {
    /// Queues an action; what is decided comes out of the receiver, once.
    pub fn ask(&mut self, approval: Approval) -> oneshot::Receiver<Verdict> {
        let (reply, answer) = oneshot::channel();
        let is_full = self.waiting.len() >= MOST;
        let (id, default) = (approval.id.clone(), approval.default);
        self.waiting.push(Waiting { approval, reply });
        if is_full {
            self.settle(&id, Some(Verdict { decision: default, reason: Reason::Full }));
        }
        answer
    }

    /// Those that wait.
    pub fn list(&self) -> impl Iterator<Item = &Approval> {
        self.waiting.iter().map(|waiting| &waiting.approval)
    }

    /// Somebody decides. The first wins; the others are told who it was.
    ///
    /// # Errors
    /// Where it does not wait any more, and why.
    pub fn decide(&mut self, id: &str, verdict: Verdict) -> Result<(), DecisionFault> {
        if self.settle(id, Some(verdict)) {
            return Ok(());
        }
        Err(match self.past(id).map(|settled| &settled.verdict) {
            None => DecisionFault::Unknown,
            Some(None) => DecisionFault::Withdrawn,
            Some(Some(Verdict { decision, reason: Reason::Decided { by, .. } })) => {
                DecisionFault::Decided { by: by.clone(), decision: *decision }
            }
            Some(Some(Verdict { decision, .. })) => DecisionFault::Default(*decision),
        })
    }

    /// Its time is over; `false`: it does not wait any more.
    pub fn expire(&mut self, id: &str) -> bool {
        let default = self.list().find(|approval| approval.id == id).map(|approval| approval.default);
        default.is_some_and(|decision| self.settle(id, Some(Verdict { decision, reason: Reason::Default })))
    }

    /// Its call does not want it any more; `false`: it does not wait any more.
    pub fn withdraw(&mut self, id: &str) -> bool {
        self.settle(id, None)
    }

    fn past(&self, id: &str) -> Option<&Settled> {
        self.settled.iter().find(|settled| settled.id == id)
    }

    fn settle(&mut self, id: &str, verdict: Option<Verdict>) -> bool {
        let Some(at) = self.waiting.iter().position(|waiting| waiting.approval.id == id) else { return false };
        let Waiting { approval, reply } = self.waiting.remove(at);
        if self.settled.len() == REMEMBERED {
            self.settled.pop_front();
        }
        self.settled.push_back(Settled { id: approval.id, verdict: verdict.clone() });
        // A call that has ended waits no longer.
        if let Some(verdict) = verdict {
            let _ = reply.send(verdict);
        }
        true
    }
}

#[cfg(test)]
mod tests;

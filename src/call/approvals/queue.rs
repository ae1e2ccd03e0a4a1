//! `ApprovalQueue`: the queue of approvals as calls and the API share it. It watches the time of each, and tells who watches of changes.
use super::{Approval, Approvals, DecisionFault, Verdict};
use dialog::approval::ApprovalCall;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Cheap to clone: all clones are the same queue.
#[derive(Clone)]
pub struct ApprovalQueue(Arc<Shared>);

struct Shared {
    approvals: Mutex<Approvals>,
    changes: watch::Sender<u64>,
}

impl Default for ApprovalQueue {
    fn default() -> Self {
        Self(Arc::new(Shared { approvals: Mutex::default(), changes: watch::channel(0).0 }))
    }
}

/// An action that waits. Dropped before it is decided on, it is withdrawn.
struct Asked<'a> {
    queue: &'a ApprovalQueue,
    id: String,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if self.queue.lock().withdraw(&self.id) {
            self.queue.tell();
        }
    }
}

impl ApprovalQueue {
    fn lock(&self) -> MutexGuard<'_, Approvals> {
        self.0.approvals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.0.changes.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Waits for a decision, or for the default when the time is over. `number`: of the tool in its call.
    pub async fn ask(&self, call: &str, bot: &str, asked: ApprovalCall, number: u64) -> Verdict {
        let (limit, default) = (asked.limit, asked.default);
        let approval = Approval::new(call, bot, asked, number, Timestamp::now());
        let asked = Asked { queue: self, id: approval.id.clone() };
        let mut answer = self.lock().ask(approval);
        self.tell();
        let decided = tokio::select! {
            verdict = &mut answer => Some(verdict),
            () = tokio::time::sleep(limit) => None,
        };
        let decided = match decided {
            Some(verdict) => verdict,
            None => {
                if self.lock().expire(&asked.id) {
                    self.tell();
                }
                answer.await
            }
        };
        // The queue answers before it forgets.
        decided.unwrap_or(Verdict { decision: default, reason: super::Reason::Default })
    }

    /// Decides; the first who does wins.
    ///
    /// # Errors
    /// Where it does not wait any more, and why.
    pub fn decide(&self, id: &str, verdict: Verdict) -> Result<(), DecisionFault> {
        self.lock().decide(id, verdict)?;
        self.tell();
        Ok(())
    }

    /// Those that wait, the oldest first.
    pub fn list(&self) -> Vec<Approval> {
        self.lock().list().cloned().collect()
    }

    /// Changes whenever the list has.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::approvals::Reason;
    use crate::call::approvals::tests::asked;
    use dialog::approval::Decision;
    use std::time::Duration;

    #[tokio::test]
    async fn nobody_decides_in_time_and_the_default_is_done() {
        let queue = ApprovalQueue::default();
        let soon = ApprovalCall { limit: Duration::from_millis(50), ..asked(30, Decision::Approve) };
        let verdict = queue.ask("call", "bot", soon, 1).await;
        assert_eq!(verdict, Verdict { decision: Decision::Approve, reason: Reason::Default });
        assert_eq!(queue.list().len(), 0);
    }

    #[tokio::test]
    async fn a_call_that_ends_withdraws_what_it_asked_for_and_who_watches_is_told() {
        let queue = ApprovalQueue::default();
        let mut changes = queue.watch();
        let of_call = queue.clone();
        let call = tokio::spawn(async move { of_call.ask("call", "bot", asked(30, Decision::Approve), 1).await });
        changes.changed().await.unwrap();
        assert_eq!(queue.list().len(), 1);
        call.abort();
        changes.changed().await.unwrap();
        assert_eq!(queue.list().len(), 0);
        let verdict = Verdict { decision: Decision::Approve, reason: Reason::Default };
        assert_eq!(queue.decide("call.1", verdict), Err(DecisionFault::Withdrawn));
    }
}

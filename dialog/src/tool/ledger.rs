//! `Ledger`: the calls of tools in one conversation. What acts is done once for its name and arguments, and every call has one outcome.
use super::arguments::canonical;
use super::{Effect, ToolCall, ToolFault, ToolId};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// So many different actions are done in one conversation at most; what they came to is kept to its end.
const MOST_ACTIONS: usize = 256;

/// What a tool has come to.
pub type Outcome = Result<Json, ToolFault>;

/// What an action is known by: the name of its tool, and the canonical text of its arguments.
type Key = (String, String);

#[derive(Default)]
pub struct Ledger {
    /// Calls without an outcome yet; `None`: it only reads.
    open: BTreeMap<ToolId, Option<Key>>,
    actions: BTreeMap<Key, Action>,
}

struct Action {
    /// The call that does it.
    by: ToolId,
    /// `None`: it is still being done.
    outcome: Option<Outcome>,
}

/// How a call begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Begin {
    /// The tool runs.
    Run,
    /// This other call is doing the same: it has its outcome.
    Join(ToolId),
    /// This other call has done the same, with this outcome.
    Replay(ToolId, Outcome),
    /// It is not called.
    Refuse(ToolFault),
}

impl Ledger {
    pub fn begin(&mut self, call: &ToolCall) -> Begin {
        if call.effect == Effect::Reads {
            self.open.insert(call.id, None);
            return Begin::Run;
        }
        let key = (call.name.clone(), canonical(&call.arguments));
        match self.actions.get(&key) {
            Some(Action { by, outcome: Some(outcome) }) => return Begin::Replay(*by, outcome.clone()),
            Some(Action { by, outcome: None }) => {
                let by = *by;
                self.open.insert(call.id, Some(key));
                return Begin::Join(by);
            }
            None if self.actions.len() >= MOST_ACTIONS => {
                return Begin::Refuse(ToolFault::NotAllowed("too many actions in one call"));
            }
            None => {}
        }
        self.actions.insert(key.clone(), Action { by: call.id, outcome: None });
        self.open.insert(call.id, Some(key));
        Begin::Run
    }

    /// Whoever runs the tool tells its outcome: these calls have it, each for the first time. [`ToolFault::Late`] of a tool that acts
    /// is not the last word: it goes on, and the same call may yet have another outcome.
    pub fn end(&mut self, id: ToolId, outcome: &Outcome) -> Vec<ToolId> {
        let action = self.actions.iter_mut().find(|(_, action)| action.by == id && action.outcome.is_none());
        let Some((key, action)) = action.filter(|_| *outcome != Err(ToolFault::Late)) else {
            return self.open.remove(&id).map(|_| id).into_iter().collect();
        };
        let key = key.clone();
        match outcome {
            Err(fault) if fault.never_ran() => drop(self.actions.remove(&key)),
            outcome => action.outcome = Some(outcome.clone()),
        }
        let ended: Vec<ToolId> =
            self.open.iter().filter(|(_, of)| of.as_ref() == Some(&key)).map(|(id, _)| *id).collect();
        self.open.retain(|id, _| !ended.contains(id));
        ended
    }

    /// The outcome of a call is not waited for any more: that is its outcome. Gives what the tool does, for one that only reads may be
    /// stopped, and one that acts never; `None`: the call has an outcome.
    pub fn give_up(&mut self, id: ToolId) -> Option<Effect> {
        self.open.remove(&id).map(|key| if key.is_some() { Effect::Acts } else { Effect::Reads })
    }
}

#[cfg(test)]
mod tests;

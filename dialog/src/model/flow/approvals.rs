//! An action that a supervisor has to approve: what the caller hears while it waits, and what follows from the decision.
use super::interview::Interview;
use super::question;
use super::reply::{Next, Reply, Sentence};
use crate::approval::{ApprovalCall, Decision, ShownValue};
use crate::bot::{Approval, Declined, Task, Then};
use crate::model::step::Step;
use crate::model::thought::HangUpReason;
use crate::tool::{ToolFault, ToolId};
use serde_json::Value as Json;

impl Interview {
    /// Asks for the approval of the task's action, after what is to be said first. The caller may speak meanwhile.
    pub(super) fn ask_approval(&mut self, task: &Task, approval: &Approval, mut say: Vec<Sentence>) -> Reply {
        let form = &self.form;
        // Whoever decides reads it.
        let written =
            |said: String| form.spellings().iter().fold(said, |text, (said, written)| text.replace(said, written));
        let action = approval.action.as_ref().and_then(|action| form.said(action, None)).map(written);
        let value = |slot: &usize| {
            let name = &form.bot.slots[*slot].name;
            let text = form.written_value(*slot)?;
            Some(ShownValue { slot: name.clone(), label: name.replace('_', " "), text })
        };
        let asked = ApprovalCall {
            task: task.name.clone(),
            action: action.filter(|action| !action.trim().is_empty()).unwrap_or_else(|| task.say.clone()),
            values: task.slots.iter().filter_map(value).collect(),
            limit: approval.limit,
            default: approval.default,
        };
        let asking = approval.asking.as_ref().unwrap_or(&form.bot.prompts.checking);
        say.push(Sentence::new(asking));
        let id = self.next_tool();
        self.approval = Some(id);
        self.inquiry.step = Step::Approval;
        self.inquiry.attempts.step();
        Reply::new(say, Next::Await(asked.call(id)))
    }

    /// The caller is told that the decision is still waited for, and given time.
    pub(super) fn still_waits(&mut self) -> Reply {
        Reply::new(vec![Sentence::new(&question::still(&self.form))], Next::Wait)
    }

    /// The approval that is not wanted any more: the flow has left it for something else.
    pub(super) fn withdrawn(&mut self) -> Option<ToolId> {
        self.approval.take_if(|_| self.inquiry.step != Step::Approval)
    }

    /// The supervisor has decided, or the time is over; `None`: this tool was no approval.
    pub(super) fn decided(&mut self, id: ToolId, outcome: &Result<Json, ToolFault>) -> Option<Reply> {
        self.approval.take_if(|waiting| *waiting == id)?;
        let bot = self.form.bot.clone();
        let Some(task) = self.form.task() else { return Some(self.advance(Vec::new())) };
        let approval = bot.tasks[task].done.approval.as_ref()?;
        if ApprovalCall::decided(outcome) == Decision::Approve {
            return Some(self.carry_out(task, Vec::new()));
        }
        let prompts = &bot.prompts;
        let say = vec![Sentence::new(approval.declined.as_ref().unwrap_or(&prompts.declined))];
        let mut reply = match approval.then {
            Declined::Change => self.change(),
            Declined::Ask => self.leave(Then::Ask, Vec::new()),
            Declined::Person => self.hand_over(&prompts.person, HangUpReason::Person),
            Declined::HangUp => self.leave(Then::HangUp, Vec::new()),
        };
        reply.say.splice(0..0, say);
        Some(reply)
    }
}

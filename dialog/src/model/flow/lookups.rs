//! Lookups in the midst of a task: when one is made, and what follows from its answer.
use super::findings::{self, Finding};
use super::interview::Interview;
use super::reply::{Reply, Sentence};
use super::request;
use crate::bot::{Branch, Lookup, Onward, Outcome, Source, Then};
use crate::model::step::Step;
use crate::model::thought::{HangUpReason, SlotNews};
use crate::tool::{ToolFault, ToolId, ToolRequest};
use crate::value::{self, kind::Value};
use serde_json::Value as Json;

/// So many lookups in a row without an answer of the caller's are a circle of tasks that lead to each other.
const MOST_UNATTENDED: u8 = 8;

impl Interview {
    /// The first lookup of the task that is to be made, by its index, with its request: what it is asked with is known, and it has
    /// not been asked so.
    pub(super) fn due_lookup(&self) -> Option<(usize, ToolRequest)> {
        let due = |(index, lookup): (usize, &Lookup)| {
            let request = self.asked_now(lookup)?;
            (!self.form.findings.has(index, &request)).then_some((index, request))
        };
        self.form.task_plan()?.lookups.iter().enumerate().find_map(due)
    }

    /// The request that a lookup makes with the values as they are; `None`: it makes none, or lacks one of them.
    fn asked_now(&self, lookup: &Lookup) -> Option<ToolRequest> {
        let form = &self.form;
        let asks = lookup.slots.iter().all(|slot| form.is_filled(*slot)) && form.holds(&lookup.when) == Some(true);
        request::request(form, &lookup.request).filter(|_| asks)
    }

    /// Forgets what lookups have found that would not be asked so any more, and empties the slots that they filled with it.
    pub(super) fn drop_stale(&mut self) -> Vec<SlotNews> {
        let mut news = Vec::new();
        for index in 0..self.form.task_plan().map_or(0, |plan| plan.lookups.len()) {
            let Some(plan) = self.form.task_plan() else { break };
            if self.asked_now(&plan.lookups[index]).is_some_and(|request| self.form.findings.has(index, &request)) {
                continue;
            }
            for (slot, value) in self.form.findings.drop(index) {
                if self.form.has_value(slot, &value) {
                    news.push(self.form.clear(slot));
                }
            }
        }
        news
    }

    /// Makes a lookup of the task, after what is to be said first.
    pub(super) fn look_up(&mut self, lookup: usize, request: ToolRequest, say: Vec<Sentence>) -> Reply {
        let bot = self.form.bot.clone();
        let Some(plan) = self.form.task().map(|task| &bot.tasks[task].lookups[lookup]) else { return self.ask(say) };
        self.unattended = self.unattended.saturating_add(1);
        if self.unattended > MOST_UNATTENDED {
            return self.failed(Some(&plan.request), ToolFault::Unknown);
        }
        self.looking_up = Some((lookup, request.clone()));
        self.run(request, &plan.request, say)
    }

    /// The lookup has this outcome.
    pub(super) fn looked_up(
        &mut self,
        lookup: usize,
        request: ToolRequest,
        id: ToolId,
        result: Result<Json, ToolFault>,
    ) -> Reply {
        let bot = self.form.bot.clone();
        let Some(plan) = self.form.task().map(|task| &bot.tasks[task].lookups[lookup]) else {
            return self.advance(Vec::new());
        };
        let finding = match findings::judged(plan, result, self.form.sayer()) {
            Ok(finding) => finding,
            Err(fault) => return self.failed(Some(&plan.request), fault),
        };
        let followed = finding.and_then(|finding| self.follow(lookup, plan, request, finding));
        followed.unwrap_or_else(|| {
            let reply = self.failed(Some(&plan.request), ToolFault::NotJson);
            Reply { incomplete: Some(id), ..reply }
        })
    }

    /// Says and does what follows from a finding; `None`: it lacks a part that this needs.
    fn follow(&mut self, lookup: usize, plan: &Lookup, request: ToolRequest, finding: Finding) -> Option<Reply> {
        let (branch, outcome) = (plan.branch(finding.outcome), finding.outcome);
        let values = self.values(branch, &finding.answer)?;
        self.form.findings.note(lookup, request, finding.clone(), values.clone());
        let prompts = &self.form.bot.prompts;
        let text = match (&branch.say, outcome) {
            (Some(say), _) => self.form.said(say, Some(&finding.answer))?,
            (None, Outcome::Found) => String::new(),
            (None, Outcome::None) => prompts.not_found.clone(),
            (None, Outcome::Several) => prompts.several_found.clone(),
        };
        let mut news: Vec<SlotNews> = values.into_iter().map(|(slot, value)| self.form.set(slot, value)).collect();
        let say: Vec<Sentence> =
            Some(text).filter(|text| !text.is_empty()).iter().map(|text| Sentence::new(text)).collect();
        let mut reply = match &branch.then {
            Onward::GoOn => self.advance(say),
            Onward::AskAgain(slots) => {
                if self.form.findings.forget(lookup) >= self.form.bot.silence.no_match {
                    let text = self.form.bot.prompts.give_up.clone();
                    return Some(self.hand_over(&text, HangUpReason::NotUnderstood));
                }
                news.extend(slots.iter().map(|slot| self.form.clear(*slot)));
                self.inquiry.step = Step::Slot(slots[0]);
                self.inquiry.attempts.step();
                self.ask(say)
            }
            Onward::Task(task) => {
                self.begin(*task);
                self.advance(say)
            }
            Onward::AnythingElse => self.leave(Then::Ask, say),
            Onward::HangUp => self.leave(Then::HangUp, say),
        };
        reply.slots.splice(0..0, news);
        Some(reply)
    }

    /// The slots that a branch fills, with their values; `None`: the answer lacks one, or it is no value of its slot.
    fn values(&self, branch: &Branch, answer: &Json) -> Option<Vec<(usize, Value)>> {
        let bot = &self.form.bot;
        let value = |(slot, source): &(usize, Source)| {
            let value = match source {
                Source::Literal(value) => value.clone(),
                Source::Answer(pointer) => {
                    value::of_json(&bot.slots[*slot].kind, answer.pointer(pointer)?, bot.language)?
                }
            };
            Some((*slot, value))
        };
        branch.set.iter().map(value).collect()
    }
}

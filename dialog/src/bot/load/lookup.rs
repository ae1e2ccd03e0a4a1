//! One `[[task.lookup]]` of a bot file.
use super::check::{BotFault, Check, Gaps};
use super::condition::{Known, condition};
use super::passage::passage;
use super::request::{self, RequestFile};
use crate::bot::definition::{Slot, Then};
use crate::bot::file::{BranchFile, LookupFile, NamedOnward, OnwardFile, PlainOnward};
use crate::bot::lookup::{Branch, Lookup, Onward, Outcome, Source};
use crate::bot::request::{RequestTemplate, Target};
use crate::bot::template::Part;
use crate::tool::{Effect, Method};
use crate::value;
use serde_json::Value as Json;

/// The task that a lookup belongs to.
pub(super) struct OfTask<'a> {
    pub slots: &'a [Slot],
    /// The task's own slots, by index.
    pub own: &'a [usize],
    /// What gaps may hold, but for lookups.
    pub gaps: Gaps<'a>,
    /// All lookups of the task, and all tasks, by name.
    pub lookups: &'a [String],
    pub tasks: &'a [String],
}

/// `before`: the lookups of the task before this one, which may have answered.
pub(super) fn lookup(
    check: &Check,
    key: &str,
    file: LookupFile,
    before: &[Lookup],
    of: &OfTask,
) -> Result<Lookup, BotFault> {
    let index = before.len();
    let known = Known { all: of.slots, slots: of.own, lookups: &of.lookups[..index] };
    let when = condition(check, &format!("{key}.when"), file.when, known)?;
    let gaps = Gaps { lookups: &of.lookups[..index], ..of.gaps.clone() };
    let read = RequestFile {
        tool: file.tool,
        arguments: file.arguments,
        url: file.url,
        method: file.method,
        body: file.body,
        timeout_ms: file.timeout_ms,
        late: file.late,
        failed: file.failed,
        incomplete: None,
    };
    let Some(request) = request::request(check, key, read, Method::Get, &gaps)? else {
        return check.fault(format!("{key}.url"), "is missing", "write whom it asks: `url`, or `tool`");
    };
    match &request.target {
        Target::Http { method, .. } if method.has_body() && request.body.is_none() => {
            return check.fault(format!("{key}.body"), "is missing", "write what is sent, or use GET");
        }
        Target::Tool(name) if request.effect == Effect::Acts => {
            let remedy = "call it in `on_done`, or add `effect = \"reads\"` to it";
            return check.fault(format!("{key}.tool"), format!("{name} acts, and a lookup only reads"), remedy);
        }
        Target::Tool(_) if request.body.is_none() => {
            return check.fault(format!("{key}.arguments"), "is missing", "write what the tool is asked with");
        }
        _ => {}
    }
    let request = RequestTemplate { effect: Effect::Reads, ..request };
    let parts = request::parts(&request);
    let named =
        |slot: &usize| parts.iter().any(|part| matches!(part, Part::Slot(gap) if gap.name == of.slots[*slot].name));
    let slots: Vec<usize> = of.own.iter().copied().filter(named).collect();
    let asked_before: Vec<usize> = before.iter().flat_map(|lookup| &lookup.slots).chain(&slots).copied().collect();
    let result = file.result.unwrap_or_default();
    pointer(check, &format!("{key}.result"), &result)?;
    let gaps = Gaps { lookups: &of.lookups[..=index], ..of.gaps.clone() };
    let branch = |outcome: Outcome, file: Option<BranchFile>| {
        let at = BranchAt {
            key: format!("{key}.{}", outcome.name()),
            outcome,
            asked: &slots,
            asked_before: &asked_before,
            index,
        };
        at.branch(check, file, &gaps, of)
    };
    Ok(Lookup {
        found: branch(Outcome::Found, file.found)?,
        none: branch(Outcome::None, file.none)?,
        several: branch(Outcome::Several, file.several)?,
        name: file.name,
        when,
        request,
        slots,
        result,
        needs: Vec::new(),
    })
}

fn pointer(check: &Check, key: &str, text: &str) -> Result<(), BotFault> {
    if !text.is_empty() && !text.starts_with('/') {
        return check.fault(key, format!("{text:?} is no JSON pointer"), "begin it with `/`: \"/orders\"");
    }
    Ok(())
}

/// Where a branch stands.
struct BranchAt<'a> {
    key: String,
    outcome: Outcome,
    /// The slots that the lookup was asked with.
    asked: &'a [usize],
    /// The slots that it, or a lookup before it, was asked with.
    asked_before: &'a [usize],
    index: usize,
}

impl BranchAt<'_> {
    fn branch(&self, check: &Check, file: Option<BranchFile>, gaps: &Gaps, of: &OfTask) -> Result<Branch, BotFault> {
        let file = file.unwrap_or(BranchFile { say: None, set: Default::default(), then: None });
        let has_answer = self.outcome != Outcome::None;
        let found = if self.outcome == Outcome::Found { self.index + 1 } else { self.index };
        let gaps = Gaps { answer: has_answer, lookups: &of.lookups[..found], ..gaps.clone() };
        let known = Known { all: of.slots, slots: of.own, lookups: &of.lookups[..found] };
        let say = match file.say {
            Some(say) => Some(passage(check, &format!("{}.say", self.key), say, &gaps, known)?),
            None => None,
        };
        let set =
            file.set.into_iter().map(|(name, value)| self.set(check, &name, value, of)).collect::<Result<_, _>>()?;
        Ok(Branch { say, set, then: self.onward(check, file.then, of)? })
    }

    fn set(&self, check: &Check, name: &str, from: Json, of: &OfTask) -> Result<(usize, Source), BotFault> {
        let key = format!("{}.set.{name}", self.key);
        let Some(slot) = of.own.iter().copied().find(|slot| of.slots[*slot].name == name) else {
            return check.fault(key, format!("{name:?} is no slot of this task"), "add it to the task's `slots`");
        };
        // What it was asked with, or what an earlier one was: it would be made again, and perhaps for ever.
        if self.asked_before.contains(&slot) {
            return check.fault(key, "is what this lookup, or an earlier one, is asked with", "set another slot");
        }
        if let Json::String(text) = &from
            && text.starts_with('/')
        {
            return match self.outcome {
                Outcome::None => check.fault(key, "takes a part of an answer that found nothing", "write a value"),
                _ => Ok((slot, Source::Answer(text.clone()))),
            };
        }
        match value::of_json(&of.slots[slot].kind, &from, check.language) {
            Some(value) => Ok((slot, Source::Literal(value))),
            None => check.fault(
                key,
                format!("{from} is no value of this slot"),
                "write one, or \"/…\": a part of the answer",
            ),
        }
    }

    fn onward(&self, check: &Check, then: Option<OnwardFile>, of: &OfTask) -> Result<Onward, BotFault> {
        let key = format!("{}.then", self.key);
        let usual = if self.outcome == Outcome::Found { PlainOnward::GoOn } else { PlainOnward::AskAgain };
        let names = match then.unwrap_or(OnwardFile::Plain(usual)) {
            OnwardFile::Plain(PlainOnward::GoOn) => return Ok(Onward::GoOn),
            OnwardFile::Plain(PlainOnward::HangUp) => return Ok(Onward::HangUp),
            OnwardFile::Plain(PlainOnward::Ask) => return Ok(Onward::AnythingElse),
            OnwardFile::Plain(PlainOnward::AskAgain) if self.asked.is_empty() => {
                let remedy = "name a slot in its `url` or `body`, or give this outcome a `then`";
                return check.fault(key, "asks again, and the lookup was asked with no slot", remedy);
            }
            OnwardFile::Plain(PlainOnward::AskAgain) => return Ok(Onward::AskAgain(self.asked.to_vec())),
            OnwardFile::Named(NamedOnward::Task(name)) => {
                return match of.tasks.iter().position(|task| *task == name) {
                    Some(task) => Ok(Onward::Task(task)),
                    None => check.fault(key, format!("no task is called {name:?}"), "add a [[task]] of this name"),
                };
            }
            OnwardFile::Named(NamedOnward::AskAgain(names)) => names,
        };
        let slot = |name: &String| of.own.iter().copied().find(|slot| of.slots[*slot].name == *name);
        match names.iter().find(|name| slot(name).is_none()) {
            Some(name) => check.fault(key, format!("{name:?} is no slot of this task"), "use slots of the task"),
            None if names.is_empty() => check.fault(key, "names no slot", "list what is asked for again"),
            None => Ok(Onward::AskAgain(names.iter().filter_map(slot).collect())),
        }
    }
}

/// Whether some task is over before the call is: somebody may ask for another one then.
pub(super) fn may_ask(lookups: &[Lookup], then: Then) -> bool {
    then != Then::HangUp || lookups.iter().flat_map(Lookup::branches).any(|branch| branch.then == Onward::AnythingElse)
}

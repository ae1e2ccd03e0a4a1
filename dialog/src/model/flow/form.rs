//! `Form`: the slots of the task under way with their values, how these are said, and how they are written in JSON.
use super::findings::Findings;
use super::known::Offers;
use super::parse::OPEN;
use crate::bot::{AnswerGap, Bot, Condition, Confirm, Part, Passage, Subject, Task, Template, without_holes};
use crate::model::thought::{MASK, SlotNews};
use crate::say::{self, SayAs, Sayer};
use crate::value::half_of_day::DayPart;
use crate::value::kind::Value;
use jiff::civil::{Date, DateTime};
use serde_json::Value as Json;
use std::sync::{Arc, OnceLock};

#[derive(Clone)]
struct Filled {
    value: Value,
    confidence: f32,
    confirmed: bool,
    /// How the value is said and how it is written, once something was said since.
    spelling: OnceLock<Option<(String, String)>>,
}

pub(super) struct Form {
    pub bot: Arc<Bot>,
    /// When the call began, where the caller is.
    pub now: DateTime,
    task: Option<usize>,
    slots: Vec<Option<Filled>>,
    /// The order in which slots were filled, for "go back". It outlasts the task.
    fill_order: Vec<usize>,
    /// Another value for a slot that has one: the caller is asked whether it is to be changed.
    proposed: Option<(usize, Value)>,
    /// What the lookups of the task have come to.
    pub findings: Findings,
    /// The part of the day that the caller named last ("tomorrow evening"): what a bare hour means.
    part_of_day: Option<DayPart>,
    pub offers: Offers,
    /// What a bot before knew, for the task that begins: a slot, its value, and whether it was confirmed.
    pub carried: Vec<(usize, Value, bool)>,
}

impl Form {
    pub fn new(bot: Arc<Bot>, now: DateTime) -> Form {
        let slots = vec![None; bot.slots.len()];
        let mut form = Form {
            bot,
            now,
            task: None,
            slots,
            fill_order: Vec::new(),
            proposed: None,
            findings: Findings::default(),
            part_of_day: None,
            offers: Offers::default(),
            carried: Vec::new(),
        };
        form.leave_task();
        form
    }

    pub fn today(&self) -> Date {
        self.now.date()
    }

    pub fn part_of_day(&self) -> Option<DayPart> {
        self.part_of_day
    }

    /// A part of the day that the caller named; `None`: they named none, and what they named before holds.
    pub fn note_part_of_day(&mut self, part: Option<DayPart>) {
        self.part_of_day = part.or(self.part_of_day);
    }

    pub fn task(&self) -> Option<usize> {
        self.task
    }

    pub fn task_plan(&self) -> Option<&Task> {
        self.task.map(|task| &self.bot.tasks[task])
    }

    pub fn task_slots(&self) -> &[usize] {
        self.task.map_or(&[], |t| self.bot.tasks[t].slots.as_slice())
    }

    /// Whether a value was taken since the call, or this task, began.
    pub fn is_touched(&self) -> bool {
        !self.fill_order.is_empty()
    }

    /// Another task is under way: its slots are empty, but for those that are kept.
    pub fn begin(&mut self, task: usize) {
        if self.task != Some(task) {
            self.task = Some(task);
            self.empty();
            self.fill_order.clear();
            self.take_carried();
        }
    }

    /// Nothing is known any more of a task but what is kept.
    fn empty(&mut self) {
        for (slot, filled) in self.bot.slots.iter().zip(&mut self.slots) {
            filled.take_if(|_| !slot.keep);
        }
        self.proposed = None;
        self.findings = Findings::default();
        self.part_of_day = None;
    }

    /// No task is under way, unless the bot has only one.
    pub fn leave_task(&mut self) {
        // A caller of a bot with a language model may want something else than its only task.
        self.task = (self.bot.tasks.len() == 1 && self.bot.model.is_none()).then_some(0);
    }

    /// The task is done.
    pub fn finish(&mut self) {
        self.empty();
        self.task = None;
    }

    /// Begins anew; the slots that are cleared.
    pub fn restart(&mut self) -> Vec<SlotNews> {
        self.leave_task();
        self.empty();
        let kept: Vec<usize> = (0..self.slots.len()).filter(|slot| self.slots[*slot].take().is_some()).collect();
        let mut cleared = std::mem::take(&mut self.fill_order);
        cleared.extend(kept.into_iter().filter(|slot| !cleared.contains(slot)).collect::<Vec<_>>());
        cleared.into_iter().map(|slot| self.news(slot)).collect()
    }

    /// Takes a value. One that is certain, or that was confirmed before, needs no confirmation.
    pub fn fill(&mut self, slot: usize, value: Value, confidence: f32) -> SlotNews {
        let same = self.slots[slot].as_ref().is_some_and(|f| f.value == value && f.confirmed);
        // What the words left open is checked: its confidence is `parse::OPEN`.
        let confirmed = same || confidence >= 1.0 && self.bot.slots[slot].confirm != Confirm::Always;
        self.slots[slot] = Some(Filled { value, confidence, confirmed, spelling: OnceLock::new() });
        self.take_proposal(slot);
        self.fill_order.retain(|s| *s != slot);
        self.fill_order.push(slot);
        self.news(slot)
    }

    /// Takes a value that a service gave, which needs no confirmation.
    pub fn set(&mut self, slot: usize, value: Value) -> SlotNews {
        self.fill(slot, value, 1.0);
        self.confirm(slot);
        self.news(slot)
    }

    pub fn confirm(&mut self, slot: usize) {
        if let Some(filled) = &mut self.slots[slot] {
            filled.confirmed = true;
        }
    }

    /// Confirms every value of the task.
    pub fn confirm_all(&mut self) -> Vec<SlotNews> {
        let filled: Vec<usize> = self.task_slots().iter().copied().filter(|s| self.slots[*s].is_some()).collect();
        let confirmed = |slot: usize| {
            self.confirm(slot);
            self.news(slot)
        };
        filled.into_iter().map(confirmed).collect()
    }

    pub fn clear(&mut self, slot: usize) -> SlotNews {
        self.slots[slot] = None;
        self.take_proposal(slot);
        self.fill_order.retain(|s| *s != slot);
        self.news(slot)
    }

    /// The slot that was filled last.
    pub fn last_filled(&self) -> Option<usize> {
        self.fill_order.last().copied()
    }

    pub fn has_value(&self, slot: usize, value: &Value) -> bool {
        self.slots[slot].as_ref().is_some_and(|filled| filled.value == *value)
    }

    /// Whether the slot has a value, and another one than this.
    pub fn is_other(&self, slot: usize, value: &Value) -> bool {
        self.slots[slot].as_ref().is_some_and(|filled| filled.value != *value)
    }

    /// The caller is to be asked whether this value takes the place of the one that the slot has.
    pub fn propose(&mut self, slot: usize, value: Value) {
        self.proposed = Some((slot, value));
    }

    pub fn value(&self, slot: usize) -> Option<&Value> {
        self.slots[slot].as_ref().map(|filled| &filled.value)
    }

    /// The slot for which another value was proposed.
    pub fn proposed(&self) -> Option<usize> {
        self.proposed.as_ref().map(|(slot, _)| *slot)
    }

    pub fn take_proposal(&mut self, slot: usize) -> Option<Value> {
        self.proposed.take_if(|(of, _)| *of == slot).map(|(_, value)| value)
    }

    /// The value that a check of this slot asks about: the proposed one, or the one that the slot has.
    pub fn checked_value(&self, slot: usize) -> Option<&Value> {
        match &self.proposed {
            Some((of, value)) if *of == slot => Some(value),
            _ => self.slots[slot].as_ref().map(|filled| &filled.value),
        }
    }

    /// The value that a check asks about, as it is said.
    pub fn spoken_check(&self, slot: usize) -> String {
        let spec = &self.bot.slots[slot];
        match self.checked_value(slot) {
            Some(_) if spec.secret => self.bot.prompts.secret.clone(),
            Some(value) => say::checked(value, &spec.kind, self.bot.language, self.today()),
            None => String::new(),
        }
    }

    /// Which slots are filled.
    pub fn filled(&self) -> Vec<bool> {
        self.slots.iter().map(Option::is_some).collect()
    }

    /// The first slot of the task whose value has to be checked.
    pub fn doubtful(&self) -> Option<usize> {
        let doubtful = |slot: &&usize| {
            self.slots[**slot].as_ref().is_some_and(|f| {
                !f.confirmed
                    && match self.bot.slots[**slot].confirm {
                        Confirm::Never => f.confidence <= OPEN,
                        Confirm::Low => f.confidence < self.bot.turn.good,
                        Confirm::Always => true,
                    }
            })
        };
        self.task_slots().iter().find(doubtful).copied()
    }

    /// The first slot of the task that is to be asked for: it is empty, and its condition holds.
    pub fn missing(&self) -> Option<usize> {
        let task = self.task_plan()?;
        let missing =
            |(slot, when): &(&usize, &Condition)| self.slots[**slot].is_none() && self.holds(when) == Some(true);
        task.slots.iter().zip(&task.when).find(missing).map(|(slot, _)| *slot)
    }

    /// Empties the slots that are filled and would not be asked for.
    pub fn clear_unwanted(&mut self) -> Vec<SlotNews> {
        let Some(task) = self.task_plan() else { return Vec::new() };
        let mut all: Vec<usize> = Vec::new();
        // A condition names slots before its own: what hangs on a slot that is emptied is emptied with it.
        for (slot, when) in task.slots.iter().zip(&task.when) {
            let is_lost = when.0.iter().any(|(subject, _)| matches!(subject, Subject::Slot(of) if all.contains(of)));
            if self.slots[*slot].is_some() && (is_lost || self.holds(when) == Some(false)) {
                all.push(*slot);
            }
        }
        all.into_iter().map(|slot| self.clear(slot)).collect()
    }

    /// Whether a condition of the task under way holds; `None`: something that it is about is not known.
    pub fn holds(&self, condition: &Condition) -> Option<bool> {
        condition.holds(|subject| match subject {
            Subject::Slot(slot) => self.slots[*slot].as_ref().map(|filled| filled.value.json()),
            Subject::Outcome(lookup) => self.findings.of(*lookup).map(|finding| finding.outcome.name().into()),
            Subject::Part { lookup, pointer } => self.findings.of(*lookup)?.answer.pointer(pointer).cloned(),
        })
    }

    /// What is told of a slot as it is now.
    pub fn news(&self, slot: usize) -> SlotNews {
        let shown = |v: Json| if self.bot.slots[slot].secret { MASK.into() } else { v };
        let value = Some(self.json(slot)).filter(|v| !v.is_null()).map(shown);
        SlotNews { slot, value, confirmed: self.slots[slot].as_ref().is_some_and(|f| f.confirmed) }
    }

    pub fn is_filled(&self, slot: usize) -> bool {
        self.slots[slot].is_some()
    }

    pub fn spoken_value(&self, slot: usize) -> String {
        self.said_value(slot, None).unwrap_or_default()
    }

    /// A slot's value as people read it, a secret one masked; `None`: it has none.
    pub fn written_value(&self, slot: usize) -> Option<String> {
        let spec = &self.bot.slots[slot];
        let filled = self.slots[slot].as_ref()?;
        if spec.secret {
            return Some(MASK.to_owned());
        }
        let written = say::written::spelling(&filled.value, &spec.kind, self.bot.language).map(|(_, written)| written);
        written.or_else(|| self.said_value(slot, None))
    }

    /// A slot's value in a form of its own; `None`: it has none.
    fn said_value(&self, slot: usize, say_as: Option<SayAs>) -> Option<String> {
        let spec = &self.bot.slots[slot];
        let filled = self.slots[slot].as_ref()?;
        Some(match spec.secret {
            true => self.bot.prompts.secret.clone(),
            false => self.sayer().value(&filled.value, &spec.kind, say_as),
        })
    }

    pub fn sayer(&self) -> Sayer {
        Sayer { language: self.bot.language, today: self.today(), currency: self.bot.currency }
    }

    /// How the values that are known are said, and how they are written; nothing of a secret.
    pub fn spellings(&self) -> Vec<(String, String)> {
        let filled = self.bot.slots.iter().zip(&self.slots).filter(|(spec, _)| !spec.secret);
        let known = filled.filter_map(|(spec, filled)| filled.as_ref().map(|filled| (filled, &spec.kind)));
        let spelling = |kind, filled: &Filled| say::written::spelling(&filled.value, kind, self.bot.language);
        known.filter_map(|(filled, kind)| filled.spelling.get_or_init(|| spelling(kind, filled)).clone()).collect()
    }

    /// What is said at one place, with `answer`: the answer that has just come. `None`: a part that has to be said is missing.
    pub fn said(&self, passage: &Passage, answer: Option<&Json>) -> Option<String> {
        let mut all = Vec::new();
        for saying in passage.0.iter().filter(|saying| self.holds(&saying.when) == Some(true)) {
            match self.render(&saying.text, None, answer) {
                Ok(text) => all.push(text),
                Err(Missing::LeaveOut) => {}
                Err(Missing::Fault) => return None,
            }
        }
        Some(all.join(" "))
    }

    /// What is said when the slot `own` was filled; `{value}` is its value.
    pub fn read_back(&self, template: &Template, own: usize) -> String {
        self.render(template, Some(own), None).unwrap_or_default()
    }

    fn render(&self, template: &Template, own: Option<usize>, answer: Option<&Json>) -> Result<String, Missing> {
        let missing = |optional: bool| if optional { Missing::LeaveOut } else { Missing::Fault };
        let part = |part: &Part| match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Slot(gap) => {
                let slot = own.filter(|_| gap.name == "value").or_else(|| self.bot.slot(&gap.name));
                slot.and_then(|slot| self.said_value(slot, gap.say_as)).ok_or(missing(gap.optional))
            }
            Part::Answer(gap) => self.sayer().json(self.part(gap, answer), gap.say_as).ok_or(missing(gap.optional)),
            Part::Header(name) => Ok(self.bot.headers.spoken(name)),
            Part::Known(name) => Ok(self.bot.said_known(name)),
        };
        let parts: Vec<Result<String, Missing>> = template.0.iter().map(part).collect();
        // What has to be there is missed first.
        if parts.contains(&Err(Missing::Fault)) {
            return Err(Missing::Fault);
        }
        let text = parts.into_iter().collect::<Result<String, Missing>>()?;
        let text = if template.headers() || template.known().next().is_some() { without_holes(&text) } else { text };
        // "{place}, is that right?" begins a sentence.
        let mut chars = text.chars();
        Ok(chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default())
    }

    /// The part of an answer that a gap is for: of the one that has just come, or of what a lookup has found.
    pub fn part<'a>(&'a self, gap: &AnswerGap, answer: Option<&'a Json>) -> Option<&'a Json> {
        let of = match &gap.lookup {
            None => answer?,
            Some(name) => {
                let lookup = self.task_plan()?.lookups.iter().position(|lookup| lookup.name == *name)?;
                &self.findings.of(lookup)?.answer
            }
        };
        of.pointer(&gap.pointer)
    }

    pub fn json(&self, slot: usize) -> Json {
        self.slots[slot].as_ref().map_or(Json::Null, |f| f.value.json())
    }

    pub fn json_of(&self, name: &str) -> Json {
        self.bot.slot(name).map_or(Json::Null, |slot| self.json(slot))
    }

    /// All slots of the task that are asked for, and its name.
    pub fn record(&self) -> Json {
        let mut all = serde_json::Map::new();
        if let Some(task) = self.task_plan() {
            all.insert("task".into(), task.name.clone().into());
            let asked = task.slots.iter().zip(&task.when).filter(|(_, when)| self.holds(when) == Some(true));
            all.extend(asked.map(|(slot, _)| (self.bot.slots[*slot].name.clone(), self.json(*slot))));
        }
        Json::Object(all)
    }
}

/// Why a sentence cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// A part is missing without which it is left out.
    LeaveOut,
    /// A part is missing that has to be there.
    Fault,
}

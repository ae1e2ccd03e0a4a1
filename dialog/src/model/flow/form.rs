//! `Form`: the slots of the task under way with their values, how these are said, and how they are written in JSON.
use super::parse::OPEN;
use crate::bot::{Bot, Confirm, Part, Template, without_holes};
use crate::model::thought::{MASK, SlotNews};
use crate::say;
use crate::value::half_of_day::DayPart;
use crate::value::kind::Value;
use jiff::civil::{Date, DateTime};
use serde_json::Value as Json;
use std::sync::Arc;

#[derive(Clone)]
struct Filled {
    value: Value,
    confidence: f32,
    confirmed: bool,
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
    /// The part of the day that the caller named last ("tomorrow evening"): what a bare hour means.
    part_of_day: Option<DayPart>,
}

impl Form {
    pub fn new(bot: Arc<Bot>, now: DateTime) -> Form {
        let slots = vec![None; bot.slots.len()];
        let mut form = Form { bot, now, task: None, slots, fill_order: Vec::new(), proposed: None, part_of_day: None };
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

    pub fn task_slots(&self) -> &[usize] {
        self.task.map_or(&[], |t| self.bot.tasks[t].slots.as_slice())
    }

    /// Whether a value was taken since the call, or this task, began.
    pub fn is_touched(&self) -> bool {
        !self.fill_order.is_empty()
    }

    /// Another task is under way: its slots are empty.
    pub fn begin(&mut self, task: usize) {
        if self.task != Some(task) {
            self.task = Some(task);
            self.slots.fill(None);
            self.fill_order.clear();
            self.proposed = None;
            self.part_of_day = None;
        }
    }

    /// No task is under way, unless the bot has only one.
    pub fn leave_task(&mut self) {
        self.task = (self.bot.tasks.len() == 1).then_some(0);
    }

    /// The task is done.
    pub fn finish(&mut self) {
        self.slots.fill(None);
        self.proposed = None;
        self.part_of_day = None;
        self.task = None;
    }

    /// Begins anew; the slots that are cleared.
    pub fn restart(&mut self) -> Vec<SlotNews> {
        self.leave_task();
        self.slots.fill(None);
        self.proposed = None;
        self.part_of_day = None;
        std::mem::take(&mut self.fill_order).into_iter().map(|slot| self.news(slot)).collect()
    }

    /// Takes a value. One that is certain, or that was confirmed before, needs no confirmation.
    pub fn fill(&mut self, slot: usize, value: Value, confidence: f32) -> SlotNews {
        let same = self.slots[slot].as_ref().is_some_and(|f| f.value == value && f.confirmed);
        // What the words left open is checked: its confidence is `parse::OPEN`.
        let confirmed = same || confidence >= 1.0 && self.bot.slots[slot].confirm != Confirm::Always;
        self.slots[slot] = Some(Filled { value, confidence, confirmed });
        self.take_proposal(slot);
        self.fill_order.retain(|s| *s != slot);
        self.fill_order.push(slot);
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
            Some(value) => say::value(value, &spec.kind, self.bot.language, self.today()),
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

    /// The first slot of the task that is empty.
    pub fn missing(&self) -> Option<usize> {
        self.task_slots().iter().find(|s| self.slots[**s].is_none()).copied()
    }

    /// What is told of a slot as it is now.
    pub fn news(&self, slot: usize) -> SlotNews {
        let shown = |v: Json| if self.bot.slots[slot].secret { MASK.into() } else { v };
        let value = Some(self.json(slot)).filter(|v| !v.is_null()).map(shown);
        SlotNews { slot, value, confirmed: self.slots[slot].as_ref().is_some_and(|f| f.confirmed) }
    }

    pub fn spoken_value(&self, slot: usize) -> String {
        let spec = &self.bot.slots[slot];
        match &self.slots[slot] {
            Some(_) if spec.secret => self.bot.prompts.secret.clone(),
            Some(filled) => say::value(&filled.value, &spec.kind, self.bot.language, self.today()),
            None => String::new(),
        }
    }

    /// How the values that are known are said, and how they are written; nothing of a secret.
    pub fn spellings(&self) -> Vec<(String, String)> {
        let filled = self.bot.slots.iter().zip(&self.slots).filter(|(spec, _)| !spec.secret);
        let known = filled.filter_map(|(spec, filled)| filled.as_ref().map(|filled| (&filled.value, &spec.kind)));
        known.filter_map(|(value, kind)| say::written::spelling(value, kind, self.bot.language)).collect()
    }

    /// A sentence with the values that are known, with those of the answer of a tool, and with `{value}` for the slot `own`.
    pub fn render(&self, template: &Template, own: Option<usize>, answer: Option<&Json>) -> String {
        let text = template.fill(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Slot(name) => match (name.as_str(), own) {
                ("value", Some(slot)) => self.spoken_value(slot),
                _ => self.bot.slot(name).map_or_else(String::new, |s| self.spoken_value(s)),
            },
            Part::Answer(pointer) => json_text(answer.and_then(|a| a.pointer(pointer))),
            Part::Header(name) => self.bot.headers.spoken(name),
        });
        let text = if template.headers() { without_holes(&text) } else { text };
        // "{place}, is that right?" begins a sentence.
        let mut chars = text.chars();
        chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
    }

    pub fn json(&self, slot: usize) -> Json {
        self.slots[slot].as_ref().map_or(Json::Null, |f| f.value.json())
    }

    /// A slot's value as plain text.
    pub fn text(&self, name: &str) -> String {
        self.bot.slot(name).map_or_else(String::new, |s| json_text(Some(&self.json(s))))
    }

    /// All slots of the task, and its name.
    pub fn record(&self) -> Json {
        let mut all = serde_json::Map::new();
        if let Some(task) = self.task {
            all.insert("task".into(), self.bot.tasks[task].name.clone().into());
            all.extend(self.bot.tasks[task].slots.iter().map(|s| (self.bot.slots[*s].name.clone(), self.json(*s))));
        }
        Json::Object(all)
    }
}

/// A part of a tool's answer, or a value, as a text.
fn json_text(value: Option<&Json>) -> String {
    match value {
        Some(Json::String(text)) => text.clone(),
        None | Some(Json::Null) => String::new(),
        Some(Json::Array(all)) => all.iter().map(|v| json_text(Some(v))).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}

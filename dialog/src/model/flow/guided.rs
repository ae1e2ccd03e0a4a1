//! What a supervisor gives a flow: a task, values of its slots, a sentence. Values are read as those that a caller writes.
use super::parse::{self, SlotSearch};
use super::reply::{Reply, Sentence};
use super::{CERTAIN, Flow, diacritics};
use crate::guidance::{Guidance, GuidanceFault};
use crate::model::step::Step;
use crate::value;
use crate::value::kind::Value;
use crate::value::words::tokens;
use serde_json::Value as Json;

/// Guidance that was read.
pub(super) struct ReadGuidance {
    task: Option<usize>,
    /// Slots that are emptied.
    emptied: Vec<usize>,
    values: Vec<(usize, Value, f32)>,
}

impl Flow {
    pub(super) fn read_guidance(&self, guidance: &Guidance) -> Result<ReadGuidance, GuidanceFault> {
        if self.step() == Step::Over {
            return Err(GuidanceFault::Over);
        }
        let bot = &self.bot;
        let named = |name: &String| {
            bot.tasks.iter().position(|task| task.name == *name).ok_or_else(|| GuidanceFault::Task(name.clone()))
        };
        let task = guidance.task.as_ref().map(named).transpose()?;
        let mut read = ReadGuidance { task, emptied: Vec::new(), values: Vec::new() };
        for (name, json) in &guidance.slots {
            let under_way = task.or(self.interview.form.task()).ok_or(GuidanceFault::NoTask)?;
            let of_task = &bot.tasks[under_way];
            let slot = bot.slot(name).filter(|slot| of_task.slots.contains(slot));
            let slot = slot.ok_or_else(|| GuidanceFault::Slot { task: of_task.name.clone(), slot: name.clone() })?;
            if json.is_null() {
                read.emptied.push(slot);
                continue;
            }
            let value = self.read_value(slot, json).ok_or_else(|| GuidanceFault::Value(name.clone()))?;
            read.values.push((slot, value.0, value.1));
        }
        Ok(read)
    }

    /// The value that was written for a slot, with the confidence in it: as a record has it, or in words.
    fn read_value(&self, slot: usize, json: &Json) -> Option<(Value, f32)> {
        let (bot, form) = (&self.bot, &self.interview.form);
        let kind = &bot.slots[slot].kind;
        if let Some(value) = value::of_json(kind, json, bot.language) {
            return Some((value, CERTAIN));
        }
        let text = match json {
            Json::String(text) => text.clone(),
            Json::Number(number) => number.to_string(),
            _ => return None,
        };
        let words = diacritics::restore(tokens(&text, bot.language), bot, Step::Slot(slot));
        let filled = vec![false; bot.slots.len()];
        let part_of_day = form.part_of_day();
        let search = SlotSearch { bot, slots: &[slot], asked: Some(slot), filled: &filled, now: form.now, part_of_day };
        let given = search.given(&words);
        if !given.unclear.is_empty() || search.out_of_range(&words, 0, &given.fills).is_some() {
            return None;
        }
        let mut read = parse::with_confidence(given.fills, CERTAIN);
        let (_, value, confidence) = read.pop().filter(|_| read.is_empty())?;
        let is_whole = !matches!(&value, Value::Items(items) if !items.is_whole());
        is_whole.then_some((value, confidence))
    }

    /// Takes what was given and goes on with what is still open; without values the present question is asked.
    pub(super) fn guided(&mut self, guidance: &Guidance) -> Reply {
        self.guided_as_sure(guidance, CERTAIN)
    }

    /// The same, no surer of the values than this.
    pub(super) fn guided_as_sure(&mut self, guidance: &Guidance, confidence: f32) -> Reply {
        let Ok(mut read) = self.read_guidance(guidance) else { return self.interview.ask(Vec::new()) };
        read.values.iter_mut().for_each(|(_, _, sure)| *sure = sure.min(confidence));
        let interview = &mut self.interview;
        interview.unattended = 0;
        interview.inquiry.attempts.step();
        if let Some(task) = read.task {
            interview.begin(task);
        }
        let emptied: Vec<_> = read.emptied.into_iter().map(|slot| interview.form.clear(slot)).collect();
        let mut reply = match guidance.has_values() {
            true => interview.fill_after(Vec::new(), read.values),
            false => interview.ask(Vec::new()),
        };
        // A read-back says nothing before it by itself.
        let say = guidance.say.iter().map(|text| Sentence::new(text.trim()));
        reply.say.splice(0..0, say);
        reply.slots.splice(0..0, emptied);
        reply
    }
}

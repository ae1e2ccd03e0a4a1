//! The bot as it is in the call of a caller who is known: its sentences hold what is known of them.
use super::definition::Bot;
use super::headers::without_holes;
use super::memory::{Consent, MemoryPlan};
use super::own_words::CutOnce;
use super::template::{Part, Template};
use crate::memory::Memory;
use crate::say;
use crate::value::json::of_json;
use std::sync::Arc;

impl Bot {
    /// The plan of a bot that remembers.
    pub fn remembers(&self) -> Option<&MemoryPlan> {
        self.memory.as_ref().filter(|plan| plan.consent != Consent::Never)
    }

    /// The bot as it is in the call of this caller: its sentences hold what is known of them. A bot that remembers nothing stays as it is.
    pub fn with_memory(self: Arc<Self>, memory: Memory) -> Arc<Self> {
        let Some(plan) = self.remembers() else { return self };
        let told = (plan.consent == Consent::Told && !memory.agreed).then(|| self.prompts.memory_told.clone());
        let mut bot = (*self).clone();
        if let Some(told) = told {
            let before = bot.disclosure.iter().map(String::as_str);
            bot.disclosure = Some(before.chain([told.as_str()]).collect::<Vec<_>>().join(" "));
        }
        bot.turn.patience *= memory.pace.unwrap_or(1.0);
        bot.known = Some(Arc::new(memory));
        bot.fill_known();
        Arc::new(bot)
    }

    /// The same bot for a call of which nothing is known of the caller, unless it is one caller's own already.
    pub(crate) fn without_known_gaps(self: Arc<Self>) -> Arc<Self> {
        if !self.has_known_gaps {
            return self;
        }
        let mut bot = (*self).clone();
        bot.fill_known();
        Arc::new(bot)
    }

    fn fill_known(&mut self) {
        if !std::mem::take(&mut self.has_known_gaps) {
            return;
        }
        self.own_words = CutOnce::default();
        let all: Vec<(String, String)> =
            self.slots.iter().map(|slot| (slot.name.clone(), self.said_known(&slot.name))).collect();
        let spoken = |name: &str| all.iter().find(|(slot, _)| slot == name).map_or("", |(_, said)| said).to_owned();
        for text in self.sentences().into_iter().filter(|text| is_in(text)) {
            let Ok(template) = Template::parse(text) else { continue };
            let filled = template.fill(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Known(name) => spoken(name),
                Part::Slot(_) | Part::Answer(_) | Part::Header(_) => part.source(),
            });
            *text = without_holes(&filled);
        }
    }

    /// What is known of the caller for this slot, as it is said; empty: nothing.
    pub(crate) fn said_known(&self, name: &str) -> String {
        let fact = self.known.as_ref().and_then(|known| known.fact(name));
        let slot = self.slots.iter().find(|slot| slot.name == name);
        let Some((fact, slot)) = fact.zip(slot) else { return String::new() };
        let value = of_json(&slot.kind, &fact.value, self.language);
        let said = value.map(|value| say::value(&value, &slot.kind, self.language, fact.on)).unwrap_or_default();
        // Nothing in it is taken for a gap.
        say::unmarked(&said.replace(['{', '}'], " "))
    }
}

/// Whether a text has a gap for what is known of the caller.
pub(super) fn is_in(text: &str) -> bool {
    text.contains('{') && Template::parse(text).is_ok_and(|template| template.known().next().is_some())
}

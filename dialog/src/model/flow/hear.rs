//! What the caller's words change.
use super::*;

impl Flow {
    pub(super) fn yes_no(&self, words: &[String]) -> Option<(bool, usize)> {
        match self.bot.language {
            Language::En => {
                let skip = words.iter().take_while(|w| matches!(w.as_str(), "um" | "uh" | "well" | "oh")).count();
                crate::value::en::yes_no(&words[skip..]).map(|(yes, len)| (yes, len + skip))
            }
            Language::Vi => crate::value::vi::yes_no(words),
        }
    }

    pub(super) fn fills(&self, words: &[String]) -> Vec<Fill> {
        let asked = match self.step {
            Step::Slot(s) | Step::Check(s) => Some(s),
            _ => None,
        };
        let filled: Vec<bool> = self.slots.iter().map(Option::is_some).collect();
        let look = |slots: &[usize]| Look { bot: &self.bot, slots, asked, filled: &filled, now: self.now }.fills(words);
        match self.task {
            Some(task) => look(&self.bot.tasks[task].slots),
            None => self.meant(words).map_or_else(Vec::new, |t| look(&self.bot.tasks[t].slots)),
        }
    }

    /// The task that a caller means who was not asked for one yet: the one they name, or the only one their values fit.
    pub(super) fn meant(&self, words: &[String]) -> Option<usize> {
        let named = frame::task(&self.bot, words).map(|(t, _, _)| t);
        named.or_else(|| {
            let fits = |t: &usize| {
                let slots = &self.bot.tasks[*t].slots;
                !Look { bot: &self.bot, slots, asked: None, filled: &[], now: self.now }.fills(words).is_empty()
            };
            let mut fitting = (0..self.bot.tasks.len()).filter(fits);
            fitting.next().filter(|_| fitting.next().is_none())
        })
    }

    /// The caller said this.
    pub fn hear(&mut self, text: &str, confidence: f32) -> Reply {
        self.unheard = 0;
        // Only what is typed is certain.
        self.understand(text, tokens(text, self.bot.language), confidence.min(0.99))
    }

    /// The caller wrote this.
    pub fn read(&mut self, text: &str) -> Reply {
        self.writes = true;
        let words = plain::restore(tokens(text, self.bot.language), &self.bot, self.step);
        self.understand(text, words, 1.0)
    }

    fn understand(&mut self, text: &str, words: Vec<String>, confidence: f32) -> Reply {
        let free = match self.step {
            Step::Slot(s) if self.bot.slots[s].kind == Kind::Text => Some(s),
            _ => None,
        };
        if let Some(command) = frame::command(&self.bot, &words, free.is_some()) {
            return self.command(command);
        }
        if let Some(slot) = free.filter(|_| !words.is_empty()) {
            return self.fill(vec![(slot, Value::Text(text.trim().to_string()), confidence)]);
        }
        match self.step {
            Step::Task => self.hear_task(&words, confidence),
            Step::Slot(_) => self.hear_values(&words, confidence),
            Step::Check(slot) => self.hear_check(slot, &words, confidence),
            Step::Review => self.hear_review(&words, confidence),
            Step::Change => self.hear_change(&words, confidence),
            Step::Busy | Step::Over => Reply { say: Vec::new(), slots: Vec::new(), next: Next::Listen },
        }
    }

    pub(super) fn hear_task(&mut self, words: &[String], confidence: f32) -> Reply {
        match self.meant(words) {
            Some(task) => {
                self.begin(task);
                let fills = self.fills(words);
                self.fill(values(fills, confidence))
            }
            // "No" to "anything else?" ends the call.
            None if self.yes_no(words).is_some_and(|(yes, _)| !yes) && !self.trail.is_empty() => self.end(reason::DONE),
            None => self.no_match(),
        }
    }

    pub(super) fn begin(&mut self, task: usize) {
        if self.task != Some(task) {
            self.task = Some(task);
            self.slots.fill(None);
            self.trail.clear();
        }
        self.missed = 0;
    }

    pub(super) fn hear_values(&mut self, words: &[String], confidence: f32) -> Reply {
        let fills = self.fills(words);
        if !fills.is_empty() {
            return self.fill(values(fills, confidence));
        }
        match frame::task(&self.bot, words) {
            // "cancel my booking" in the midst of another task.
            Some((task, _, _)) if self.task != Some(task) => {
                self.begin(task);
                self.advance(Vec::new())
            }
            // "book a room" once more is no answer, but it is no mistake either.
            Some(_) => self.ask(Vec::new()),
            None => self.no_match(),
        }
    }

    pub(super) fn hear_check(&mut self, slot: usize, words: &[String], confidence: f32) -> Reply {
        let verdict = self.yes_no(words);
        let rest = verdict.map_or(words, |(_, len)| &words[len..]);
        let fills = if self.bot.slots[slot].kind == Kind::YesNo { Vec::new() } else { self.fills(rest) };
        match verdict {
            Some((true, _)) => self.checked(slot, values(fills, confidence)),
            _ if !fills.is_empty() => {
                let same =
                    |f: &Fill| f.slot == slot && self.slots[slot].as_ref().is_some_and(|v| v.value == f.found.value);
                if fills.iter().any(same) && verdict.is_none() {
                    return self.checked(slot, values(fills, 0.99));
                }
                self.fill(values(fills, confidence))
            }
            Some((false, _)) => self.denied(slot),
            None => self.no_match(),
        }
    }

    pub(super) fn checked(&mut self, slot: usize, more: Vec<(usize, Value, f32)>) -> Reply {
        if let Some(filled) = &mut self.slots[slot] {
            filled.confirmed = true;
        }
        let mut reply = self.fill(more);
        reply.slots.insert(0, self.news(slot));
        reply
    }

    /// It was wrong: ask again.
    pub(super) fn denied(&mut self, slot: usize) -> Reply {
        self.slots[slot] = None;
        self.trail.retain(|s| *s != slot);
        self.step = Step::Slot(slot);
        self.missed = self.missed.saturating_add(1);
        if self.missed >= self.bot.silence.no_match {
            return self.give_up();
        }
        let mut reply = self.ask(Vec::new());
        reply.slots.push(self.cleared(slot));
        reply
    }

    pub(super) fn hear_review(&mut self, words: &[String], confidence: f32) -> Reply {
        let verdict = self.yes_no(words);
        let rest = verdict.map_or(words, |(_, len)| &words[len..]);
        let changed = self.changes(rest);
        match verdict {
            _ if !changed.is_empty() => self.fill(values(changed, confidence)),
            Some((true, _)) => self.done(),
            Some((false, _)) => match frame::named(&self.bot, self.task_slots(), rest) {
                Some(slot) => self.reask(slot),
                None => self.change(),
            },
            // The same value again is no change, and no harm.
            None if !self.fills(rest).is_empty() => self.ask(Vec::new()),
            None => match frame::named(&self.bot, self.task_slots(), rest) {
                Some(slot) => self.reask(slot),
                None => self.no_match(),
            },
        }
    }

    /// It is not right. With one slot there is no doubt what is wrong.
    pub(super) fn change(&mut self) -> Reply {
        match *self.task_slots() {
            [only] => self.reask(only),
            _ => {
                self.step = Step::Change;
                self.ask(Vec::new())
            }
        }
    }

    /// Values that differ from what is known.
    pub(super) fn changes(&self, words: &[String]) -> Vec<Fill> {
        let differs = |f: &Fill| self.slots[f.slot].as_ref().is_none_or(|v| v.value != f.found.value);
        self.fills(words).into_iter().filter(differs).collect()
    }

    pub(super) fn hear_change(&mut self, words: &[String], confidence: f32) -> Reply {
        let fills = self.fills(words);
        if !fills.is_empty() {
            return self.fill(values(fills, confidence));
        }
        if let Some(slot) = frame::named(&self.bot, self.task_slots(), words) {
            return self.reask(slot);
        }
        let nothing = words.iter().any(|w| w == "nothing") || self.yes_no(words).is_some_and(|(yes, _)| !yes);
        if nothing {
            return self.advance(Vec::new());
        }
        self.no_match()
    }

    pub(super) fn reask(&mut self, slot: usize) -> Reply {
        self.slots[slot] = None;
        self.trail.retain(|s| *s != slot);
        self.step = Step::Slot(slot);
        self.missed = 0;
        let mut reply = self.ask(Vec::new());
        reply.slots.push(self.cleared(slot));
        reply
    }
}

fn values(fills: Vec<Fill>, confidence: f32) -> Vec<(usize, Value, f32)> {
    fills.into_iter().map(|f| (f.slot, f.found.value, confidence)).collect()
}

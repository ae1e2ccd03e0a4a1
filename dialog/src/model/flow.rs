//! `Flow`: the frame-based model. It asks for what is missing, checks what it is not sure of, reads all back, and does it.
use super::frame::{self, Fill, Look};
use super::pad::{self, Pad};
use super::{Next, Reply, Sentence, SlotNews, reason, spoken_json};
use crate::bot::{Bot, Command, Confirm, Part, Template, Then, without_holes};
use crate::conversation::{Expect, MASK, Method, ToolCall, ToolFault};
use crate::say;
use crate::turn::{Weight, nods};
use crate::value::{Growth, Kind, Language, Value, tokens};
use jiff::civil::DateTime;
use serde_json::Value as Json;
use std::sync::Arc;

mod command;
mod deed;
mod hear;
mod plain;

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// "What can I do for you?"
    Task,
    Slot(usize),
    /// "Did you say …?"
    Check(usize),
    /// "You want …. Is that right?"
    Review,
    /// "What should I change?"
    Change,
    /// A tool runs.
    Busy,
    Over,
}

#[derive(Clone)]
struct Filled {
    value: Value,
    confidence: f32,
    confirmed: bool,
}

pub struct Flow {
    bot: Arc<Bot>,
    now: DateTime,
    task: Option<usize>,
    slots: Vec<Option<Filled>>,
    /// The order in which slots were filled, for "go back".
    trail: Vec<usize>,
    step: Step,
    /// How often the present step was asked in vain.
    missed: u8,
    /// Turns in a row of which the recogniser gave nothing.
    unheard: u8,
    silent: u8,
    deaf: bool,
    /// The caller has written something: who cannot be heard can still answer in words.
    writes: bool,
    /// The last thing said, for "repeat".
    last: Vec<Sentence>,
}

impl Flow {
    pub fn new(bot: Arc<Bot>, now: DateTime) -> Flow {
        let slots = vec![None; bot.slots.len()];
        let task = (bot.tasks.len() == 1).then_some(0);
        let (trail, last) = (Vec::new(), Vec::new());
        Flow {
            bot,
            now,
            task,
            slots,
            trail,
            step: Step::Task,
            missed: 0,
            unheard: 0,
            silent: 0,
            deaf: false,
            writes: false,
            last,
        }
    }

    pub fn step(&self) -> Step {
        self.step
    }

    /// Whether a secret is asked for now: nothing of what is heard may be stored.
    pub fn secret(&self) -> bool {
        matches!(self.step, Step::Slot(s) | Step::Check(s) if self.bot.slots[s].secret)
    }

    /// Whether these words are secret. Where a correction may bring a secret, every figure is taken for one.
    pub fn secret_words(&self, text: &str) -> bool {
        let words = tokens(text, self.bot.language);
        let figure = |w: &String| {
            let w = std::slice::from_ref(w);
            match self.bot.language {
                Language::En => crate::value::en::digits(w).is_some(),
                Language::Vi => crate::value::vi::digits(w).is_some(),
            }
        };
        self.secret()
            || (matches!(self.step, Step::Review | Step::Change)
                && self.task_slots().iter().any(|s| self.bot.slots[*s].secret)
                && words.iter().any(figure))
    }

    fn task_slots(&self) -> &[usize] {
        self.task.map_or(&[], |t| self.bot.tasks[t].slots.as_slice())
    }

    /// The first words of a call.
    pub fn open(&mut self) -> Reply {
        let bot = self.bot.clone();
        let mut say: Vec<Sentence> = Vec::new();
        say.extend(bot.disclosure.iter().map(|text| spoken(text)));
        say.push(spoken(&bot.greeting));
        if self.deaf {
            return self.deafened(say);
        }
        let mut reply = self.advance(Vec::new());
        // A greeting that asks already is question enough for a bot with several tasks.
        if self.step == Step::Task && bot.greeting.trim_end().ends_with('?') {
            reply.say.clear();
            self.last = vec![spoken(&bot.greeting)];
        }
        say.append(&mut reply.say);
        Reply { say, ..reply }
    }

    /// What words are worth here: how long to wait for more.
    pub fn weigh(&self, text: &str) -> Weight {
        let words = tokens(text, self.bot.language);
        let yes_no = matches!(self.step, Step::Check(_) | Step::Review)
            || matches!(self.step, Step::Slot(s) if self.bot.slots[s].kind == Kind::YesNo);
        let free = matches!(self.step, Step::Slot(s) if self.bot.slots[s].kind == Kind::Text);
        if frame::command(&self.bot, &words, free).is_some() {
            return Weight::Whole;
        }
        if yes_no {
            match self.yes_no(&words) {
                Some((true, len)) if len == words.len() => return Weight::Whole,
                // "no" is often the beginning of a correction.
                Some((false, len)) if len == words.len() => {
                    return if self.step == Step::Review { Weight::Likely } else { Weight::Whole };
                }
                _ => {}
            }
        } else if nods::only(&words, self.bot.language) {
            return if nods::hums(&words) { Weight::Hum } else { Weight::Nod };
        }
        if free || words.is_empty() || frame::trailing(&words, self.bot.language) {
            return Weight::Part;
        }
        match self.fills(&words).last() {
            Some(Fill { end, found, .. }) if *end == words.len() => match found.growth {
                Growth::Closed => Weight::Whole,
                Growth::Likely => Weight::Likely,
                Growth::Open => Weight::Part,
            },
            Some(_) => Weight::Likely,
            None if frame::task(&self.bot, &words).is_some_and(|(_, at, len)| at + len == words.len()) => Weight::Whole,
            None => Weight::Part,
        }
    }

    /// Takes values and goes on.
    fn fill(&mut self, values: Vec<(usize, Value, f32)>) -> Reply {
        let bot = self.bot.clone();
        let mut news = Vec::new();
        let mut say = Vec::new();
        let sure = bot.turn.good;
        for (slot, value, confidence) in values {
            let same = self.slots[slot].as_ref().is_some_and(|f| f.value == value && f.confirmed);
            let confirmed = same || confidence >= 1.0 && bot.slots[slot].confirm != Confirm::Always;
            self.slots[slot] = Some(Filled { value, confidence, confirmed });
            self.trail.retain(|s| *s != slot);
            self.trail.push(slot);
            news.push(self.news(slot));
            if let Some(template) = &bot.slots[slot].read_back
                && confidence >= sure
            {
                say.push(spoken(&self.render(template, Some(slot), None)));
            }
        }
        self.missed = 0;
        self.silent = 0;
        let mut reply = self.advance(say);
        news.append(&mut reply.slots);
        Reply { slots: news, ..reply }
    }

    /// The next step: a check, a question, the review, or the deed.
    fn advance(&mut self, say: Vec<Sentence>) -> Reply {
        let Some(task) = self.task else {
            self.step = Step::Task;
            return self.ask(say);
        };
        let bot = self.bot.clone();
        let doubtful = |s: &&usize| {
            self.slots[**s].as_ref().is_some_and(|f| {
                !f.confirmed
                    && match bot.slots[**s].confirm {
                        Confirm::Never => false,
                        Confirm::Low => f.confidence < bot.turn.good,
                        Confirm::Always => true,
                    }
            })
        };
        let slots = &bot.tasks[task].slots;
        self.step = if let Some(slot) = slots.iter().find(doubtful) {
            Step::Check(*slot)
        } else if let Some(slot) = slots.iter().find(|s| self.slots[**s].is_none()) {
            Step::Slot(*slot)
        } else if bot.tasks[task].confirm.is_some() {
            // The review reads every value back by itself.
            return self.review();
        } else {
            return self.done();
        };
        self.ask(say)
    }

    fn review(&mut self) -> Reply {
        self.step = Step::Review;
        self.ask(Vec::new())
    }

    /// Asks the present step's question, after what is to be said first.
    fn ask(&mut self, mut say: Vec<Sentence>) -> Reply {
        if self.deaf && !self.writes && self.pad() == Pad::None {
            let text = self.bot.prompts.deaf_end.clone();
            return self.over(text, reason::DEAF);
        }
        let mut question = vec![spoken(&self.question())];
        if self.deaf || self.missed >= 2 || self.silent >= 2 {
            question.extend(Some(self.hint()).filter(|h| !h.is_empty()).map(|h| spoken(&h)));
        }
        question.retain(|s| !s.text.trim().is_empty());
        self.last = question.clone();
        say.append(&mut question);
        Reply { say, slots: Vec::new(), next: Next::Listen }
    }

    fn question(&self) -> String {
        let p = &self.bot.prompts;
        match self.step {
            Step::Task if self.trail.is_empty() => p.task.clone(),
            Step::Task => p.anything_else.clone(),
            Step::Slot(s) => {
                let slot = &self.bot.slots[s];
                let tried = usize::from(self.missed.max(self.silent));
                match tried.checked_sub(1).and_then(|i| slot.reprompts.get(i).or(slot.reprompts.last())) {
                    Some(text) => text.clone(),
                    None => slot.prompt.clone(),
                }
            }
            Step::Check(s) => p.check.replace("{value}", &self.spoken_value(s)),
            Step::Review => self
                .task
                .and_then(|t| self.bot.tasks[t].confirm.as_ref())
                .map_or_else(String::new, |template| self.render(template, None, None)),
            Step::Change => p.change.clone(),
            Step::Busy | Step::Over => String::new(),
        }
    }

    /// How the keys answer the present step.
    fn hint(&self) -> String {
        let p = &self.bot.prompts;
        match self.step {
            Step::Task => {
                let entries = self.bot.tasks.iter().filter_map(|t| t.key.map(|k| (t.say.as_str(), k)));
                pad::menu(p, self.bot.language, entries)
            }
            Step::Slot(s) if self.bot.slots[s].keypad => pad::hint(&self.bot, &self.bot.slots[s].kind),
            Step::Check(_) | Step::Review => p.yes_no_keys.clone(),
            Step::Change => {
                pad::menu(p, self.bot.language, self.change_menu().iter().map(|(name, _, key)| (name.as_str(), *key)))
            }
            _ => String::new(),
        }
    }

    /// Somebody spoke, and it was nothing that was asked for.
    pub fn no_match(&mut self) -> Reply {
        self.missed = self.missed.saturating_add(1);
        if self.missed >= self.bot.silence.no_match {
            return self.give_up();
        }
        let p = &self.bot.prompts;
        let sorry = spoken(if self.missed == 1 { &p.no_match } else { &p.no_match_again });
        self.ask(vec![sorry])
    }

    fn give_up(&mut self) -> Reply {
        let p = &self.bot.prompts;
        self.over(p.give_up.clone(), reason::NO_MATCH)
    }

    /// Somebody spoke, and the recogniser gave nothing in time: they are asked again, and it is not their fault.
    pub fn unheard(&mut self) -> Reply {
        self.unheard = self.unheard.saturating_add(1);
        if self.unheard >= self.bot.silence.no_match {
            let text = self.bot.prompts.give_up.clone();
            return self.over(text, reason::DEAF);
        }
        let sorry = spoken(&self.bot.prompts.no_match);
        self.ask(vec![sorry])
    }

    /// Nobody spoke.
    pub fn no_input(&mut self) -> Reply {
        self.silent = self.silent.saturating_add(1);
        let p = self.bot.prompts.clone();
        if self.silent >= self.bot.silence.no_input {
            return self.over(p.no_caller, reason::NO_INPUT);
        }
        self.ask(vec![spoken(if self.silent == 1 { &p.no_input } else { &p.still_there })])
    }

    /// No recogniser works any more, or one works again. The reply is due when the caller has to be told.
    pub fn deaf(&mut self, deaf: bool) -> Option<Reply> {
        let news = deaf && !self.deaf;
        self.deaf = deaf;
        (news && !matches!(self.step, Step::Busy | Step::Over)).then(|| self.deafened(Vec::new()))
    }

    fn deafened(&mut self, mut say: Vec<Sentence>) -> Reply {
        let bot = self.bot.clone();
        let mut reply = match self.step {
            Step::Task => self.advance(Vec::new()),
            _ => self.ask(Vec::new()),
        };
        if reply.next == Next::Listen {
            say.push(spoken(&bot.prompts.deaf));
        }
        say.append(&mut reply.say);
        Reply { say, ..reply }
    }

    /// The conversation turns in circles.
    pub fn endless(&mut self) -> Reply {
        let text = self.bot.prompts.give_up.clone();
        self.over(text, reason::TURNS)
    }

    fn end(&mut self, why: &'static str) -> Reply {
        let text = self.bot.closing.clone();
        self.over(text, why)
    }

    fn over(&mut self, text: String, why: &'static str) -> Reply {
        self.step = Step::Over;
        Reply { say: vec![Sentence { text, interruptible: false }], slots: Vec::new(), next: Next::HangUp(why) }
    }

    pub fn expect(&self) -> Expect {
        crate::expect::build(&self.bot, self.step, self.task, self.secret())
    }

    fn news(&self, slot: usize) -> SlotNews {
        let shown = |v: Json| if self.bot.slots[slot].secret { MASK.into() } else { v };
        let value = Some(self.json(slot)).filter(|v| !v.is_null()).map(shown);
        SlotNews { slot, value, confirmed: self.slots[slot].as_ref().is_some_and(|f| f.confirmed) }
    }

    fn cleared(&self, slot: usize) -> SlotNews {
        SlotNews { slot, value: None, confirmed: false }
    }
}

fn spoken(text: &str) -> Sentence {
    Sentence { text: text.to_string(), interruptible: true }
}

#[cfg(test)]
mod tests;

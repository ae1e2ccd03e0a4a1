//! `Flow`: the frame-based model. It asks for what is missing, checks what it is not sure of, reads all back, and does it.
use super::frame::{self, Fill, Look};
use super::pad::{self, Pad};
use super::{Next, Reply, Sentence, SlotNews, reason, spoken_json};
use crate::bot::{Bot, Command, Confirm, Part, Template, Then};
use crate::conversation::{Expect, Method, ToolCall, ToolFault};
use crate::say;
use crate::turn::{Weight, nods};
use crate::value::{Growth, Kind, Language, Value, tokens};
use jiff::civil::DateTime;
use serde_json::Value as Json;
use std::sync::Arc;

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
    silent: u8,
    deaf: bool,
    /// The last thing said, for "repeat".
    last: Vec<Sentence>,
}

impl Flow {
    pub fn new(bot: Arc<Bot>, now: DateTime) -> Flow {
        let slots = vec![None; bot.slots.len()];
        let task = (bot.tasks.len() == 1).then_some(0);
        let (trail, last) = (Vec::new(), Vec::new());
        Flow { bot, now, task, slots, trail, step: Step::Task, missed: 0, silent: 0, deaf: false, last }
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
        say.extend(bot.disclosure.iter().map(|text| Sentence { text: text.clone(), interruptible: false }));
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
            return Weight::Nod;
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

    fn yes_no(&self, words: &[String]) -> Option<(bool, usize)> {
        match self.bot.language {
            Language::En => {
                let skip = words.iter().take_while(|w| matches!(w.as_str(), "um" | "uh" | "well" | "oh")).count();
                crate::value::en::yes_no(&words[skip..]).map(|(yes, len)| (yes, len + skip))
            }
            Language::Vi => crate::value::vi::yes_no(words),
        }
    }

    fn fills(&self, words: &[String]) -> Vec<Fill> {
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
    fn meant(&self, words: &[String]) -> Option<usize> {
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
        let words = tokens(text, self.bot.language);
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

    fn hear_task(&mut self, words: &[String], confidence: f32) -> Reply {
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

    fn begin(&mut self, task: usize) {
        if self.task != Some(task) {
            self.task = Some(task);
            self.slots.fill(None);
            self.trail.clear();
        }
        self.missed = 0;
    }

    fn hear_values(&mut self, words: &[String], confidence: f32) -> Reply {
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

    fn hear_check(&mut self, slot: usize, words: &[String], confidence: f32) -> Reply {
        let verdict = self.yes_no(words);
        let rest = verdict.map_or(words, |(_, len)| &words[len..]);
        let fills = if self.bot.slots[slot].kind == Kind::YesNo { Vec::new() } else { self.fills(rest) };
        match verdict {
            Some((true, _)) => self.checked(slot, values(fills, confidence)),
            _ if !fills.is_empty() => {
                let same =
                    |f: &Fill| f.slot == slot && self.slots[slot].as_ref().is_some_and(|v| v.value == f.found.value);
                if fills.iter().any(same) && verdict.is_none() {
                    return self.checked(slot, values(fills, 1.0));
                }
                self.fill(values(fills, confidence))
            }
            Some((false, _)) => self.denied(slot),
            None => self.no_match(),
        }
    }

    fn checked(&mut self, slot: usize, more: Vec<(usize, Value, f32)>) -> Reply {
        if let Some(filled) = &mut self.slots[slot] {
            filled.confirmed = true;
        }
        let mut reply = self.fill(more);
        reply.slots.insert(0, self.news(slot));
        reply
    }

    /// It was wrong: ask again.
    fn denied(&mut self, slot: usize) -> Reply {
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

    fn hear_review(&mut self, words: &[String], confidence: f32) -> Reply {
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
    fn change(&mut self) -> Reply {
        match *self.task_slots() {
            [only] => self.reask(only),
            _ => {
                self.step = Step::Change;
                self.ask(Vec::new())
            }
        }
    }

    /// Values that differ from what is known.
    fn changes(&self, words: &[String]) -> Vec<Fill> {
        let differs = |f: &Fill| self.slots[f.slot].as_ref().is_none_or(|v| v.value != f.found.value);
        self.fills(words).into_iter().filter(differs).collect()
    }

    fn hear_change(&mut self, words: &[String], confidence: f32) -> Reply {
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

    fn reask(&mut self, slot: usize) -> Reply {
        self.slots[slot] = None;
        self.trail.retain(|s| *s != slot);
        self.step = Step::Slot(slot);
        self.missed = 0;
        let mut reply = self.ask(Vec::new());
        reply.slots.push(self.cleared(slot));
        reply
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
        if self.deaf && self.pad() == Pad::None {
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

    /// The slots of the task, by key: for "what should I change?".
    fn change_menu(&self) -> Vec<(String, usize, char)> {
        let label = |s: usize| match (&self.bot.slots[s].kind, self.bot.slots[s].secret) {
            (_, true) => self.bot.prompts.secret.clone(),
            _ => self.spoken_value(s),
        };
        self.task_slots().iter().zip('1'..='9').map(|(s, key)| (label(*s), *s, key)).collect()
    }

    pub fn pad(&self) -> Pad {
        match self.step {
            Step::Slot(s) if self.bot.slots[s].keypad => pad::of(&self.bot.slots[s].kind),
            Step::Slot(_) => Pad::None,
            Step::Busy | Step::Over => Pad::None,
            Step::Task | Step::Check(_) | Step::Review | Step::Change => Pad::Menu,
        }
    }

    /// The caller entered these keys.
    pub fn keys(&mut self, keys: &str) -> Reply {
        let bot = self.bot.clone();
        match (keys, self.pad()) {
            ("*", _) => return self.command(Command::Back),
            ("#", _) => return self.command(Command::Repeat),
            (_, Pad::None) => return self.wrong(&bot.prompts.wrong_key),
            _ => {}
        }
        let key = keys.chars().next().filter(|_| keys.len() == 1);
        let reply = match self.step {
            Step::Task => bot.tasks.iter().position(|t| t.key.is_some() && t.key == key).map(|task| {
                self.begin(task);
                self.advance(Vec::new())
            }),
            Step::Slot(s) => pad::value(&bot.slots[s].kind, keys, bot.language, self.now.date())
                .map(|value| self.fill(vec![(s, value, 1.0)])),
            Step::Check(s) => {
                pad::yes_no(keys).map(|yes| if yes { self.checked(s, Vec::new()) } else { self.denied(s) })
            }
            Step::Review => pad::yes_no(keys).map(|yes| if yes { self.done() } else { self.change() }),
            Step::Change => {
                self.change_menu().into_iter().find(|(_, _, k)| Some(*k) == key).map(|(_, slot, _)| self.reask(slot))
            }
            Step::Busy | Step::Over => None,
        };
        match reply {
            Some(reply) => reply,
            None if keys == "0" && self.pad() == Pad::Menu => self.command(Command::Person),
            None if self.pad() == Pad::Menu => self.wrong(&bot.prompts.wrong_key),
            None => self.wrong(&bot.prompts.wrong_entry),
        }
    }

    /// Keys that meant nothing: counted like words that meant nothing.
    fn wrong(&mut self, text: &str) -> Reply {
        self.missed = self.missed.saturating_add(1);
        if self.missed >= self.bot.silence.no_match {
            return self.give_up();
        }
        self.ask(vec![spoken(text)])
    }

    fn command(&mut self, command: Command) -> Reply {
        let bot = self.bot.clone();
        let p = &bot.prompts;
        self.silent = 0;
        match command {
            Command::Repeat => {
                let say = self.last.clone();
                Reply { say, slots: Vec::new(), next: Next::Listen }
            }
            Command::Help => {
                let own = match self.step {
                    Step::Slot(s) => bot.slots[s].help.clone(),
                    _ => None,
                };
                let mut say = vec![spoken(own.as_ref().unwrap_or(&p.help))];
                let hint = self.hint();
                if !hint.is_empty() && !self.deaf {
                    say.push(spoken(&hint));
                }
                self.ask(say)
            }
            Command::Back => self.back(),
            Command::Restart => {
                let cleared: Vec<SlotNews> = self.trail.iter().map(|s| self.cleared(*s)).collect();
                self.task = (bot.tasks.len() == 1).then_some(0);
                self.slots.fill(None);
                self.trail.clear();
                self.missed = 0;
                let mut reply = self.advance(vec![spoken(&p.restart)]);
                reply.slots = cleared;
                reply
            }
            Command::Person => match bot.transfer {
                Some(_) => self.over(p.transfer.clone(), reason::TRANSFER),
                None => self.over(p.person.clone(), reason::PERSON),
            },
            Command::Goodbye => self.end(reason::GOODBYE),
            Command::Wait => Reply { say: vec![spoken(&p.wait)], slots: Vec::new(), next: Next::Wait },
        }
    }

    /// One step back: the last value is forgotten and asked for again; before the first one the task is.
    fn back(&mut self) -> Reply {
        let bot = self.bot.clone();
        let say = vec![spoken(&bot.prompts.back)];
        self.missed = 0;
        if let Step::Check(slot) = self.step {
            return self.reask(slot);
        }
        match self.trail.pop() {
            Some(slot) => {
                self.slots[slot] = None;
                self.step = Step::Slot(slot);
                let mut reply = self.ask(say);
                reply.slots.push(self.cleared(slot));
                reply
            }
            None => {
                self.task = (bot.tasks.len() == 1).then_some(0);
                self.advance(say)
            }
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
        match self.bot.transfer {
            Some(_) => self.over(p.transfer.clone(), reason::NO_MATCH),
            None => self.over(p.give_up.clone(), reason::NO_MATCH),
        }
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

    /// Everything is known and right.
    fn done(&mut self) -> Reply {
        let bot = self.bot.clone();
        let Some(task) = self.task else { return self.advance(Vec::new()) };
        let slots = bot.tasks[task].slots.clone();
        let mut news = Vec::new();
        for slot in slots {
            if let Some(filled) = &mut self.slots[slot] {
                filled.confirmed = true;
                news.push(self.news(slot));
            }
        }
        let mut reply = match &bot.tasks[task].done.call {
            Some(call) => {
                self.step = Step::Busy;
                let url = call.url.fill(|part| match part {
                    Part::Text(text) => text.clone(),
                    Part::Slot(name) | Part::Answer(name) => percent(&self.plain(name)),
                });
                let body = (call.method == Method::Post).then(|| match &call.body {
                    Some(body) => self.body(body),
                    None => self.record(),
                });
                let call = ToolCall { method: call.method, url, body, timeout: call.timeout };
                Reply { say: Vec::new(), slots: Vec::new(), next: Next::Run(call) }
            }
            None => self.finished(&Json::Null),
        };
        reply.slots.splice(0..0, news);
        reply
    }

    /// A tool answered.
    pub fn tool(&mut self, result: Result<Json, ToolFault>) -> Reply {
        let bot = self.bot.clone();
        let call = self.task.and_then(|t| bot.tasks[t].done.call.as_ref());
        match result {
            Ok(answer) => self.finished(&answer),
            Err(ToolFault::Late) => {
                let text = call.and_then(|c| c.late.clone()).unwrap_or_else(|| bot.prompts.tool_late.clone());
                self.over(text, reason::TOOL)
            }
            Err(_) => {
                let text = call.and_then(|c| c.failed.clone()).unwrap_or_else(|| bot.prompts.tool_failed.clone());
                self.over(text, reason::TOOL)
            }
        }
    }

    fn finished(&mut self, answer: &Json) -> Reply {
        let bot = self.bot.clone();
        let Some(task) = self.task else { return self.advance(Vec::new()) };
        let text = self.render(&bot.tasks[task].done.say, None, Some(answer));
        match bot.tasks[task].done.then {
            Then::HangUp => {
                let mut reply = self.over(bot.closing.clone(), reason::DONE);
                reply.say.insert(0, Sentence { text, interruptible: false });
                reply
            }
            Then::Ask => {
                self.slots.fill(None);
                self.task = None;
                self.step = Step::Task;
                self.ask(vec![spoken(&text)])
            }
        }
    }

    fn spoken_value(&self, slot: usize) -> String {
        let spec = &self.bot.slots[slot];
        match &self.slots[slot] {
            Some(_) if spec.secret => self.bot.prompts.secret.clone(),
            Some(filled) => say::value(&filled.value, &spec.kind, self.bot.language, self.now.date()),
            None => String::new(),
        }
    }

    fn render(&self, template: &Template, own: Option<usize>, answer: Option<&Json>) -> String {
        let text = template.fill(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Slot(name) => match (name.as_str(), own) {
                ("value", Some(slot)) => self.spoken_value(slot),
                _ => self.bot.slot(name).map_or_else(String::new, |s| self.spoken_value(s)),
            },
            Part::Answer(pointer) => spoken_json(answer.and_then(|a| a.pointer(pointer))),
        });
        // "{place}, is that right?" begins a sentence.
        let mut chars = text.chars();
        chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
    }

    fn json(&self, slot: usize) -> Json {
        self.slots[slot].as_ref().map_or(Json::Null, |f| f.value.json())
    }

    fn plain(&self, name: &str) -> String {
        self.bot.slot(name).map_or_else(String::new, |s| spoken_json(Some(&self.json(s))))
    }

    /// All slots of the task, and its name.
    fn record(&self) -> Json {
        let mut all = serde_json::Map::new();
        if let Some(task) = self.task {
            all.insert("task".into(), self.bot.tasks[task].name.clone().into());
            all.extend(self.bot.tasks[task].slots.iter().map(|s| (self.bot.slots[*s].name.clone(), self.json(*s))));
        }
        Json::Object(all)
    }

    fn body(&self, body: &Json) -> Json {
        match body {
            Json::String(text) => match Template::parse(text) {
                // A whole value keeps its type.
                Ok(Template(parts)) => match parts.as_slice() {
                    [Part::Slot(name)] => self.bot.slot(name).map_or(Json::Null, |s| self.json(s)),
                    _ => Template(parts)
                        .fill(|part| match part {
                            Part::Text(text) => text.clone(),
                            Part::Slot(name) | Part::Answer(name) => self.plain(name),
                        })
                        .into(),
                },
                Err(_) => body.clone(),
            },
            Json::Array(all) => all.iter().map(|v| self.body(v)).collect(),
            Json::Object(all) => all.iter().map(|(k, v)| (k.clone(), self.body(v))).collect(),
            other => other.clone(),
        }
    }

    pub fn expect(&self) -> Expect {
        crate::expect::build(&self.bot, self.step, self.task, self.secret())
    }

    fn news(&self, slot: usize) -> SlotNews {
        let value = Some(self.json(slot)).filter(|v| !v.is_null() && !self.bot.slots[slot].secret);
        SlotNews { slot, value, confirmed: self.slots[slot].as_ref().is_some_and(|f| f.confirmed) }
    }

    fn cleared(&self, slot: usize) -> SlotNews {
        SlotNews { slot, value: None, confirmed: false }
    }
}

fn values(fills: Vec<Fill>, confidence: f32) -> Vec<(usize, Value, f32)> {
    // Only keys are certain.
    let confidence = confidence.min(0.99);
    fills.into_iter().map(|f| (f.slot, f.found.value, confidence)).collect()
}

fn spoken(text: &str) -> Sentence {
    Sentence { text: text.to_string(), interruptible: true }
}

/// RFC 3986 percent-encoding of everything but unreserved characters.
fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests;

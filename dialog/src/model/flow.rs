//! `Flow`: the frame-based brain. It asks for what is missing, checks what it is not sure of, reads all back, and does it.
use super::brain::{Brain, BrainInput};
use super::grammar::{self, GrammarContext};
use super::step::Step;
use super::thought::{HangUpReason, Thought};
use crate::bot::{Bot, Command, Then};
use crate::expect::Expect;
use crate::keypad::{self, Keypad};
use crate::tool::{ToolFault, ToolId};
use crate::turn::AnswerKind;
use crate::value;
use crate::value::kind::Value;
use crate::value::words::tokens;
use attempts::{Attempts, Failed, Limits};
use form::Form;
use jiff::civil::DateTime;
use meaning::{Context, Meaning, SaidValues};
use parse::Fill;
use parts::Parts;
use reply::{Next, Reply, Sentence};
use serde_json::Value as Json;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

mod attempts;
mod diacritics;
mod form;
mod meaning;
mod parse;
mod parts;
mod question;
mod reply;
mod request;

/// The confidence in typed words and in keys. What a recogniser heard is never as certain.
const CERTAIN: f32 = 1.0;
const MAX_HEARD: f32 = 0.99;

pub struct Flow {
    bot: Arc<Bot>,
    form: Form,
    step: Step,
    /// What the caller has given so far of the value that is asked for.
    parts: Parts,
    attempts: Attempts,
    opened: bool,
    deaf: bool,
    /// The caller has written something: they can answer in words also where no recogniser works.
    writes: bool,
    /// The last thing said, for "repeat".
    last: Vec<Sentence>,
    /// The number of the last tool that was run.
    tools: u64,
    thoughts: VecDeque<Thought>,
}

impl Brain for Flow {
    fn handle(&mut self, _now: Instant, input: BrainInput) {
        let reply = match input {
            BrainInput::Answered => self.open(),
            BrainInput::Heard { text, question_heard, .. }
                if self.context().confirms_unheard(&self.words(&text), question_heard)
                    && self.attempts.confirmed_early() =>
            {
                self.ask(Vec::new())
            }
            BrainInput::Heard { text, confidence, .. } => self.hear(&text, confidence),
            BrainInput::Typed(text) => self.read(&text),
            BrainInput::Keys(keys) => self.keys(&keys),
            BrainInput::NotUnderstood => self.not_understood(),
            BrainInput::Unheard => self.unheard(),
            BrainInput::NoInput => self.no_input(),
            BrainInput::TooManyTurns => self.hang_up(self.bot.prompts.give_up.clone(), HangUpReason::TooManyTurns),
            BrainInput::Deaf(deaf) => match self.deaf(deaf) {
                Some(reply) => reply,
                None => return,
            },
            BrainInput::ToolDone { result, .. } => self.tool_done(result),
            // A reply is complete at once: nothing is still to come.
            BrainInput::Interrupted | BrainInput::Tick => return,
        };
        self.think(reply);
    }

    fn poll(&mut self) -> Option<Thought> {
        self.thoughts.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn is_thinking(&self) -> bool {
        false
    }

    fn answer_kind(&self, text: &str) -> AnswerKind {
        self.context().answer_kind(&self.words(text))
    }

    fn keypad(&self) -> Keypad {
        question::keypad(&self.form, self.step)
    }

    fn asks_secret(&self) -> bool {
        self.step.slot().is_some_and(|s| self.bot.slots[s].secret)
    }

    /// Where a correction may bring a secret, every figure is taken for one.
    fn is_secret(&self, text: &str) -> bool {
        let figure = |word: &String| value::digits(std::slice::from_ref(word), self.bot.language).is_some();
        let corrects = matches!(self.step, Step::Review | Step::Change)
            && self.form.task_slots().iter().any(|s| self.bot.slots[*s].secret);
        self.asks_secret() || (corrects && self.words(text).iter().any(figure))
    }

    fn spellings(&self) -> Vec<(String, String)> {
        self.form.spellings()
    }

    fn expect(&self) -> Expect {
        let given = if self.step.slot() == Some(self.parts.slot) { self.parts.words() } else { Vec::new() };
        let (step, task, secret) = (self.step, self.form.task(), self.asks_secret());
        grammar::build(&self.bot, GrammarContext { step, task, secret, given: &given })
    }
}

impl Flow {
    /// `now`: the date and time where the caller is, for "tomorrow".
    pub fn new(bot: Arc<Bot>, now: DateTime) -> Flow {
        let limits = Limits { no_match: bot.silence.no_match, no_input: bot.silence.no_input };
        Flow {
            form: Form::new(bot.clone(), now),
            bot,
            step: Step::Task,
            parts: Parts::default(),
            attempts: Attempts::new(limits),
            opened: false,
            deaf: false,
            writes: false,
            last: Vec::new(),
            tools: 0,
            thoughts: VecDeque::new(),
        }
    }

    pub fn step(&self) -> Step {
        self.step
    }

    /// A reply in pieces: news of slots, what is listened for, what is said, and what happens then.
    fn think(&mut self, reply: Reply) {
        self.thoughts.extend(reply.slots.into_iter().map(Thought::Slot));
        if matches!(reply.next, Next::Listen | Next::Wait) {
            self.thoughts.push_back(Thought::Listen(self.expect()));
        }
        if reply.next == Next::Wait {
            self.thoughts.push_back(Thought::GiveTime);
        }
        let say = |Sentence { text, interruptible }| Thought::Say { text, interruptible };
        self.thoughts.extend(reply.say.into_iter().map(say));
        match reply.next {
            Next::Nothing | Next::Listen | Next::Wait => {}
            Next::Run(call) => self.thoughts.push_back(Thought::Run(call)),
            Next::HangUp(reason) => self.thoughts.push_back(Thought::HangUp(reason)),
        }
    }

    fn context(&self) -> Context<'_> {
        Context { form: &self.form, step: self.step, parts: &self.parts }
    }

    /// The words that were heard. A recogniser that leaves out all diacritics of Vietnamese is read like somebody who types so.
    fn words(&self, text: &str) -> Vec<String> {
        let words = tokens(text, self.bot.language);
        if text.is_ascii() { diacritics::restore(words, &self.bot, self.step) } else { words }
    }

    /// The first words of a call.
    fn open(&mut self) -> Reply {
        self.opened = true;
        let bot = self.bot.clone();
        let mut say: Vec<Sentence> = bot.disclosure.iter().map(|text| Sentence::new(text)).collect();
        say.push(Sentence::new(&bot.greeting));
        if self.deaf {
            return self.deafened(say);
        }
        let mut reply = self.advance(Vec::new());
        // A greeting that asks already is question enough for a bot with several tasks.
        if self.step == Step::Task && bot.greeting.trim_end().ends_with('?') {
            reply.say.clear();
            self.last = vec![Sentence::new(&bot.greeting)];
        }
        say.append(&mut reply.say);
        Reply { say, ..reply }
    }

    /// The caller said this.
    fn hear(&mut self, text: &str, confidence: f32) -> Reply {
        self.attempts.heard();
        self.understand(text, &self.words(text), confidence.min(MAX_HEARD))
    }

    /// The caller wrote this.
    fn read(&mut self, text: &str) -> Reply {
        self.writes = true;
        let words = diacritics::restore(tokens(text, self.bot.language), &self.bot, self.step);
        self.understand(text, &words, CERTAIN)
    }

    fn understand(&mut self, text: &str, words: &[String], confidence: f32) -> Reply {
        match self.context().meaning(words) {
            Meaning::Command(command) => self.command(command),
            Meaning::Text(slot) => self.fill(vec![(slot, Value::Text(text.trim().to_string()), confidence)]),
            Meaning::Begin { task, values } => {
                self.begin(task);
                self.fill(parse::with_confidence(values, confidence))
            }
            Meaning::Switch(task) => {
                self.begin(task);
                self.advance(Vec::new())
            }
            Meaning::Values(values) => {
                let taken = self.propose(values);
                self.fill(parse::with_confidence(taken, confidence))
            }
            Meaning::Assembled { slot, found } => self.assembled(slot, found.value, confidence),
            Meaning::Part(parts) => self.part(parts),
            Meaning::Confirmed { slot, values } => self.confirmed(slot, values, confidence),
            Meaning::Repeated { slot, values } => self.confirmed(slot, values, MAX_HEARD),
            Meaning::Denied(slot) => self.denied(slot),
            Meaning::Right => self.done(),
            Meaning::Wrong => self.change(),
            Meaning::Change(slot) => self.ask_again(slot),
            Meaning::NothingToChange => self.advance(Vec::new()),
            Meaning::NothingElse => self.hang_up(self.bot.closing.clone(), HangUpReason::Done),
            Meaning::Known => self.ask(Vec::new()),
            Meaning::NotUnderstood => self.not_understood(),
            Meaning::Ignored => Reply::new(Vec::new(), Next::Nothing),
        }
    }

    /// Values that were heard: those that are taken. Another one for a slot that has one is asked about.
    fn propose(&mut self, values: SaidValues) -> Vec<Fill> {
        if let Some(Fill { slot, found, .. }) = values.proposed {
            self.form.propose(slot, found.value);
        }
        values.taken
    }

    /// What was put together may be put together wrong: it is read back. A secret cannot be.
    fn assembled(&mut self, slot: usize, value: Value, confidence: f32) -> Reply {
        let doubtful = confidence.min(self.bot.turn.good - f32::EPSILON);
        let is_secret = self.bot.slots[slot].secret;
        self.fill(vec![(slot, value, if is_secret { confidence } else { doubtful })])
    }

    /// A part of a value: it is kept, and the rest is asked for.
    fn part(&mut self, parts: Parts) -> Reply {
        if std::mem::replace(&mut self.parts, parts) != self.parts {
            self.attempts.understood();
        } else if self.attempts.missed() == Failed::TooOften {
            return self.give_up();
        }
        self.ask(Vec::new())
    }

    fn begin(&mut self, task: usize) {
        self.parts = Parts::default();
        self.form.begin(task);
        self.attempts.step();
    }

    /// Takes values and goes on.
    fn fill(&mut self, values: Vec<(usize, Value, f32)>) -> Reply {
        let bot = self.bot.clone();
        let mut news = Vec::new();
        let mut say = Vec::new();
        for (slot, value, confidence) in values {
            if slot == self.parts.slot {
                self.parts = Parts::default();
            }
            news.push(self.form.fill(slot, value, confidence));
            if let Some(template) = &bot.slots[slot].read_back
                && confidence >= bot.turn.good
            {
                say.push(Sentence::new(&self.form.render(template, Some(slot), None)));
            }
        }
        self.attempts.understood();
        let mut reply = self.advance(say);
        news.append(&mut reply.slots);
        Reply { slots: news, ..reply }
    }

    /// The value that was checked is right. More may have been said.
    fn confirmed(&mut self, slot: usize, more: SaidValues, confidence: f32) -> Reply {
        if let Some(value) = self.form.take_proposal(slot) {
            self.form.fill(slot, value, MAX_HEARD);
        }
        self.form.confirm(slot);
        let taken = self.propose(more);
        let mut reply = self.fill(parse::with_confidence(taken, confidence));
        reply.slots.insert(0, self.form.news(slot));
        reply
    }

    /// It was wrong: ask again. A value that was only proposed is forgotten, and the one that the slot has stays.
    fn denied(&mut self, slot: usize) -> Reply {
        if self.form.take_proposal(slot).is_some() {
            self.attempts.understood();
            return self.advance(Vec::new());
        }
        let cleared = self.form.clear(slot);
        self.step = Step::Slot(slot);
        if self.attempts.missed() == Failed::TooOften {
            return self.give_up();
        }
        let mut reply = self.ask(Vec::new());
        reply.slots.push(cleared);
        reply
    }

    /// Something is not right. With one slot there is no doubt what.
    fn change(&mut self) -> Reply {
        match *self.form.task_slots() {
            [only] => self.ask_again(only),
            _ => {
                self.step = Step::Change;
                self.ask(Vec::new())
            }
        }
    }

    fn ask_again(&mut self, slot: usize) -> Reply {
        let cleared = self.form.clear(slot);
        self.step = Step::Slot(slot);
        self.attempts.step();
        let mut reply = self.ask(Vec::new());
        reply.slots.push(cleared);
        reply
    }

    /// The next step: a check, a question, the review, or what the task is for.
    fn advance(&mut self, say: Vec<Sentence>) -> Reply {
        let Some(task) = self.form.task() else {
            self.step = Step::Task;
            return self.ask(say);
        };
        self.step = if let Some(slot) = self.form.doubtful().or(self.form.proposed()) {
            Step::Check(slot)
        } else if let Some(slot) = self.form.missing() {
            Step::Slot(slot)
        } else if self.bot.tasks[task].confirm.is_some() {
            // The review reads every value back by itself.
            self.step = Step::Review;
            return self.ask(Vec::new());
        } else {
            return self.done();
        };
        self.ask(say)
    }

    /// Asks the present step's question, after what is to be said first.
    fn ask(&mut self, mut say: Vec<Sentence>) -> Reply {
        if self.deaf && !self.writes && self.keypad() == Keypad::None {
            let text = self.bot.prompts.deaf_end.clone();
            return self.hang_up(text, HangUpReason::CannotHear);
        }
        let tries = self.attempts.in_vain();
        let mut question = vec![Sentence::new(&question::question(&self.form, self.step, tries, &self.parts))];
        if self.deaf || tries >= 2 {
            question.push(Sentence::new(&question::keypad_hint(&self.form, self.step)));
        }
        question.retain(|s| !s.text.trim().is_empty());
        self.last = question.clone();
        say.append(&mut question);
        Reply::new(say, Next::Listen)
    }

    /// Everything is known and right.
    fn done(&mut self) -> Reply {
        let bot = self.bot.clone();
        let Some(task) = self.form.task() else { return self.advance(Vec::new()) };
        let news = self.form.confirm_all();
        let mut reply = match &bot.tasks[task].done.request {
            Some(template) => {
                self.step = Step::Busy;
                self.tools += 1;
                let call = request::request(&self.form, template).call(ToolId(self.tools), template.limit);
                Reply::new(Vec::new(), Next::Run(call))
            }
            None => self.finished(&Json::Null),
        };
        reply.slots.splice(0..0, news);
        reply
    }

    /// The tool has this outcome.
    fn tool_done(&mut self, result: Result<Json, ToolFault>) -> Reply {
        let bot = self.bot.clone();
        let request = self.form.task().and_then(|t| bot.tasks[t].done.request.as_ref());
        let text = match result {
            Ok(answer) => return self.finished(&answer),
            Err(ToolFault::Late) => request.and_then(|r| r.late.as_ref()).unwrap_or(&bot.prompts.tool_late),
            Err(_) => request.and_then(|r| r.failed.as_ref()).unwrap_or(&bot.prompts.tool_failed),
        };
        self.hang_up(text.clone(), HangUpReason::ToolFailed)
    }

    fn finished(&mut self, answer: &Json) -> Reply {
        let bot = self.bot.clone();
        let Some(task) = self.form.task() else { return self.advance(Vec::new()) };
        let text = self.form.render(&bot.tasks[task].done.say, None, Some(answer));
        match bot.tasks[task].done.then {
            Then::HangUp => {
                let mut reply = self.hang_up(bot.closing.clone(), HangUpReason::Done);
                reply.say.insert(0, Sentence::new(&text));
                reply
            }
            Then::Ask => {
                self.form.finish();
                self.step = Step::Task;
                self.ask(vec![Sentence::new(&text)])
            }
        }
    }

    /// The caller entered these keys.
    fn keys(&mut self, keys: &str) -> Reply {
        let bot = self.bot.clone();
        match (keys, self.keypad()) {
            ("*", _) => return self.command(Command::Back),
            ("#", _) => return self.command(Command::Repeat),
            (_, Keypad::None) => return self.wrong_keys(&bot.prompts.wrong_key),
            _ => {}
        }
        let key = keys.chars().next().filter(|_| keys.len() == 1);
        let reply = match self.step {
            Step::Task => bot.tasks.iter().position(|t| t.key.is_some() && t.key == key).map(|task| {
                self.begin(task);
                self.advance(Vec::new())
            }),
            Step::Slot(slot) => self.parts.keyed(self.context().asked(slot), keys).map(|(value, sure)| match sure {
                true => self.fill(vec![(slot, value, CERTAIN)]),
                false => self.assembled(slot, value, CERTAIN),
            }),
            Step::Check(s) => keypad::yes_no(keys).map(|yes| match yes {
                true => self.confirmed(s, SaidValues::default(), CERTAIN),
                false => self.denied(s),
            }),
            Step::Review => keypad::yes_no(keys).map(|yes| if yes { self.done() } else { self.change() }),
            Step::Change => {
                let menu = question::change_menu(&self.form);
                menu.into_iter().find(|(_, _, k)| Some(*k) == key).map(|(_, slot, _)| self.ask_again(slot))
            }
            Step::Busy | Step::Over => None,
        };
        match reply {
            Some(reply) => reply,
            None if keys == "0" && self.keypad() == Keypad::Menu => self.command(Command::Person),
            None if self.keypad() == Keypad::Menu => self.wrong_keys(&bot.prompts.wrong_key),
            None => self.wrong_keys(&bot.prompts.wrong_entry),
        }
    }

    /// Keys that meant nothing: counted like words that meant nothing.
    fn wrong_keys(&mut self, text: &str) -> Reply {
        match self.attempts.missed() {
            Failed::TooOften => self.give_up(),
            Failed::First | Failed::Again => self.ask(vec![Sentence::new(text)]),
        }
    }

    fn command(&mut self, command: Command) -> Reply {
        let bot = self.bot.clone();
        let p = &bot.prompts;
        self.attempts.spoke();
        match command {
            Command::Repeat => Reply::new(self.last.clone(), Next::Listen),
            Command::Help => {
                let own = match self.step {
                    Step::Slot(s) => bot.slots[s].help.as_ref(),
                    _ => None,
                };
                let mut say = vec![Sentence::new(own.unwrap_or(&p.help))];
                let hint = question::keypad_hint(&self.form, self.step);
                if !hint.is_empty() && !self.deaf {
                    say.push(Sentence::new(&hint));
                }
                self.ask(say)
            }
            Command::Back => self.back(),
            Command::Restart => {
                self.parts = Parts::default();
                let cleared = self.form.restart();
                self.attempts.step();
                let mut reply = self.advance(vec![Sentence::new(&p.restart)]);
                reply.slots = cleared;
                reply
            }
            Command::Person => self.hang_up(p.person.clone(), HangUpReason::Person),
            Command::Goodbye => self.hang_up(self.bot.closing.clone(), HangUpReason::Goodbye),
            Command::Wait => Reply::new(vec![Sentence::new(&p.wait)], Next::Wait),
        }
    }

    /// One step back: the last value is forgotten and asked for again; before the first one the task is.
    fn back(&mut self) -> Reply {
        let say = vec![Sentence::new(&self.bot.prompts.back)];
        self.attempts.step();
        if !std::mem::take(&mut self.parts).is_empty() {
            return self.ask(say);
        }
        if let Step::Check(slot) = self.step {
            return if self.form.proposed() == Some(slot) { self.denied(slot) } else { self.ask_again(slot) };
        }
        match self.form.last_filled() {
            Some(slot) => {
                let cleared = self.form.clear(slot);
                self.step = Step::Slot(slot);
                let mut reply = self.ask(say);
                reply.slots.push(cleared);
                reply
            }
            None => {
                self.form.leave_task();
                self.advance(say)
            }
        }
    }

    /// Somebody spoke, and it was nothing that was asked for.
    fn not_understood(&mut self) -> Reply {
        let bot = self.bot.clone();
        // Who does not say twice that it is a change wants none.
        if let Step::Check(slot) = self.step
            && self.attempts.in_vain() > 0
            && self.form.proposed() == Some(slot)
        {
            return self.denied(slot);
        }
        match self.attempts.missed() {
            Failed::First => self.ask(vec![Sentence::new(&bot.prompts.no_match)]),
            Failed::Again => self.ask(vec![Sentence::new(&bot.prompts.no_match_again)]),
            Failed::TooOften => self.give_up(),
        }
    }

    fn give_up(&mut self) -> Reply {
        self.hang_up(self.bot.prompts.give_up.clone(), HangUpReason::NotUnderstood)
    }

    /// Somebody spoke, and the recogniser gave nothing in time: they are asked again, and it is not counted against them.
    fn unheard(&mut self) -> Reply {
        if self.attempts.unheard() == Failed::TooOften {
            return self.hang_up(self.bot.prompts.give_up.clone(), HangUpReason::CannotHear);
        }
        self.ask(vec![Sentence::new(&self.bot.prompts.no_match)])
    }

    fn no_input(&mut self) -> Reply {
        let bot = self.bot.clone();
        match self.attempts.silent() {
            Failed::First => self.ask(vec![Sentence::new(&bot.prompts.no_input)]),
            Failed::Again => self.ask(vec![Sentence::new(&bot.prompts.still_there)]),
            Failed::TooOften => self.hang_up(bot.prompts.no_caller.clone(), HangUpReason::NoInput),
        }
    }

    /// No recogniser works any more, or one works again. The reply is due when the caller has to be told; before the greeting, the
    /// greeting tells.
    fn deaf(&mut self, deaf: bool) -> Option<Reply> {
        let is_new = deaf && !self.deaf;
        self.deaf = deaf;
        let told = is_new && self.opened && !matches!(self.step, Step::Busy | Step::Over);
        told.then(|| self.deafened(Vec::new()))
    }

    fn deafened(&mut self, mut say: Vec<Sentence>) -> Reply {
        let mut reply = match self.step {
            Step::Task => self.advance(Vec::new()),
            _ => self.ask(Vec::new()),
        };
        if reply.next == Next::Listen {
            say.push(Sentence::new(&self.bot.prompts.deaf));
        }
        say.append(&mut reply.say);
        Reply { say, ..reply }
    }

    fn hang_up(&mut self, text: String, reason: HangUpReason) -> Reply {
        self.step = Step::Over;
        Reply::new(vec![Sentence { text, interruptible: false }], Next::HangUp(reason))
    }
}

#[cfg(test)]
mod tests;

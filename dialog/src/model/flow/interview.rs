//! `Interview`: the form of the task under way and the question that fills it: from what the caller gave to the next question, and to
//! what the task is for.
use super::attempts::Limits;
use super::form::Form;
use super::inquiry::Inquiry;
use super::known::Asking;
use super::meaning::SaidValues;
use super::parse::{self, Fill};
use super::parts::Parts;
use super::reply::{Next, Reply, Sentence};
use super::{question, request};
use crate::bot::{Bot, RequestTemplate, Then};
use crate::keypad::Keypad;
use crate::model::step::Step;
use crate::model::thought::HangUpReason;
use crate::tool::{Effect, ToolFault, ToolId, ToolRequest};
use crate::value::around::Unclear;
use crate::value::kind::Value;
use jiff::civil::DateTime;
use serde_json::Value as Json;
use std::sync::Arc;

/// The confidence in what a recogniser heard is never higher: it is never as certain as what was written or keyed.
pub(super) const MAX_HEARD: f32 = 0.99;

pub(super) struct Interview {
    pub form: Form,
    pub inquiry: Inquiry,
    /// The number of the last tool that was run.
    tools: u64,
    /// The lookup of the task that runs, by its index, with its request; `None`: what runs does the task.
    pub(super) looking_up: Option<(usize, ToolRequest)>,
    /// The approval that is waited for.
    pub(super) approval: Option<ToolId>,
    /// Lookups since the caller last gave an answer.
    pub(super) unattended: u8,
    /// Whether the caller may be remembered.
    pub(super) consent: Asking,
}

impl Interview {
    /// `now`: the date and time where the caller is, for "tomorrow".
    pub fn new(bot: Arc<Bot>, now: DateTime) -> Interview {
        let limits = Limits { no_match: bot.silence.no_match, no_input: bot.silence.no_input };
        Interview {
            form: Form::new(bot, now),
            inquiry: Inquiry::new(limits),
            tools: 0,
            looking_up: None,
            approval: None,
            unattended: 0,
            consent: Asking::default(),
        }
    }

    pub fn keypad(&self) -> Keypad {
        self.inquiry.keypad(&self.form)
    }

    /// Asks the present step's question, after what is to be said first.
    pub fn ask(&mut self, say: Vec<Sentence>) -> Reply {
        self.inquiry.ask(&self.form, say)
    }

    pub fn hang_up(&mut self, text: &str, reason: HangUpReason) -> Reply {
        self.inquiry.hang_up(text, reason)
    }

    /// The message was left.
    pub fn message_left(&mut self) -> Reply {
        self.inquiry.message_left(&self.form)
    }

    /// Somebody spoke, and it was nothing that was asked for.
    pub fn not_understood(&mut self) -> Reply {
        if self.inquiry.step == Step::Approval {
            return self.still_waits();
        }
        if self.inquiry.step == Step::Remember {
            return self.consented(false);
        }
        if self.inquiry.step == Step::Message {
            return self.message_left();
        }
        // Who does not say twice that it is a change wants none.
        if let Step::Check(slot) = self.inquiry.step
            && self.inquiry.attempts.in_vain() > 0
            && self.form.proposed() == Some(slot)
        {
            return self.denied(slot);
        }
        self.inquiry.missed(&self.form)
    }

    /// An answer that cannot be taken, with the reason.
    pub fn refused(&mut self, why: &str) -> Reply {
        self.inquiry.refused(&self.form, why)
    }

    /// A number that this slot does not take.
    pub fn out_of_range(&mut self, slot: usize) -> Reply {
        let why = question::range(&self.form, slot).unwrap_or_default();
        self.refused(&why)
    }

    /// The bot does not go on with the caller.
    pub fn hand_over(&mut self, text: &str, reason: HangUpReason) -> Reply {
        self.inquiry.hand_over(&self.form, text, reason)
    }

    /// Something else is wanted: what is it?
    pub fn something_else(&mut self) -> Reply {
        self.inquiry.attempts.understood();
        self.inquiry.asked_by(Sentence::new(&self.form.bot.prompts.task));
        self.inquiry.repeat()
    }

    /// The caller asks back. A question that this answers is no answer in vain.
    pub fn tell(&mut self, text: &str) -> Reply {
        self.inquiry.attempts.spoke();
        self.ask(vec![Sentence::new(text)])
    }

    /// The caller asks back, and no fact of the bot's answers: what is known of the question that was asked may.
    pub fn asked_back(&mut self, about: Option<usize>) -> Reply {
        match about.and_then(|slot| question::about(&self.form, slot)) {
            Some(text) => self.tell(&text),
            None => self.refused(&self.form.bot.prompts.unknown.clone()),
        }
    }

    /// Whether the caller wants to stop is asked about: what they gave would be lost.
    pub fn stop(&mut self) -> Reply {
        self.inquiry.parts = Parts::default();
        self.inquiry.step = Step::Stop;
        self.ask(Vec::new())
    }

    /// The caller wants none of it any more: a bot with other tasks asks what else it can do.
    pub fn stopped(&mut self) -> Reply {
        let bot = self.form.bot.clone();
        if self.form.task().is_none() || bot.tasks.len() == 1 {
            return self.hang_up(&bot.closing, HangUpReason::Goodbye);
        }
        self.begin_anew(&bot.prompts.stopped)
    }

    /// Something was said of a value, and no single value is meant.
    pub fn unclear(&mut self, why: Unclear) -> Reply {
        let bot = self.form.bot.clone();
        self.refused(bot.prompts.unclear(why))
    }

    pub fn unheard(&mut self) -> Reply {
        if self.inquiry.step == Step::Approval {
            return self.still_waits();
        }
        if self.inquiry.step == Step::Message {
            return self.message_left();
        }
        self.inquiry.unheard(&self.form)
    }

    pub fn no_input(&mut self) -> Reply {
        if self.inquiry.step == Step::Remember {
            return self.consented(false);
        }
        if self.inquiry.step == Step::Approval {
            return self.still_waits();
        }
        self.inquiry.no_input(&self.form)
    }

    /// Help with the question, and how keys answer it.
    pub fn help(&mut self) -> Reply {
        let mut say = vec![Sentence::new(&question::help(&self.form, self.inquiry.step))];
        let hint = question::keypad_hint(&self.form, self.inquiry.step);
        if !hint.is_empty() && !self.inquiry.deaf {
            say.push(Sentence::new(&hint));
        }
        self.ask(say)
    }

    /// Begins anew: nothing is known any more.
    pub fn restart(&mut self) -> Reply {
        self.begin_anew(&self.form.bot.prompts.restart.clone())
    }

    fn begin_anew(&mut self, text: &str) -> Reply {
        self.inquiry.parts = Parts::default();
        let cleared = self.form.restart();
        self.inquiry.attempts.step();
        let mut reply = self.advance(vec![Sentence::new(text)]);
        reply.slots = cleared;
        reply
    }

    /// Takes the values of a sentence and goes on. Another one for a slot that has one is asked about, and a number that is not taken is
    /// told why.
    pub fn take(&mut self, values: SaidValues, confidence: f32) -> Reply {
        let is_whole = |value: &Value| !matches!(value, Value::Items(items) if !items.is_whole());
        if let Some(Fill { slot, found, .. }) = values.proposed.filter(|fill| is_whole(&fill.found.value)) {
            self.form.propose(slot, found.value);
        }
        let why = values.out_of_range.and_then(|slot| question::range(&self.form, slot));
        let told = values.aside.map(|aside| question::answered(&self.form, aside));
        self.fill_after(
            why.iter().chain(&told).map(|text| Sentence::new(text)).collect(),
            parse::with_confidence(values.taken, confidence),
        )
    }

    /// What was put together may be put together wrong: it is read back. A secret cannot be.
    pub fn assembled(&mut self, slot: usize, value: Value, confidence: f32) -> Reply {
        let doubtful = self.doubtful(confidence);
        let is_secret = self.form.bot.slots[slot].secret;
        self.fill(vec![(slot, value, if is_secret { confidence } else { doubtful })])
    }

    /// A part of a value: it is kept, and the rest is asked for.
    pub fn part(&mut self, parts: Parts) -> Reply {
        if std::mem::replace(&mut self.inquiry.parts, parts) != self.inquiry.parts {
            self.inquiry.attempts.understood();
            return self.ask(Vec::new());
        }
        self.again()
    }

    /// An entry that cannot be right as it was understood: why is told, and it is asked for again, or corrected.
    pub fn faulty(&mut self, slot: usize, parts: Parts, why: &str) -> Reply {
        self.form.take_proposal(slot);
        let cleared = self.form.is_filled(slot).then(|| self.form.clear(slot));
        self.inquiry.step = Step::Slot(slot);
        // What is secret is not said: all of it is asked for once more.
        self.inquiry.parts = if self.form.bot.slots[slot].secret { Parts::default() } else { parts };
        let mut reply = self.refused(why);
        reply.slots.extend(cleared);
        reply
    }

    pub fn begin(&mut self, task: usize) {
        self.inquiry.parts = Parts::default();
        self.form.begin(task);
        self.inquiry.attempts.step();
    }

    /// Takes values and goes on. Of a list of items that is not whole the rest is asked for.
    pub fn fill(&mut self, values: Vec<(usize, Value, f32)>) -> Reply {
        self.fill_after(Vec::new(), values)
    }

    /// Takes values and goes on, after what is to be said first. A value that takes the place of another one, and was not asked for, is
    /// acknowledged; a read-back of all of them does so by itself.
    pub fn fill_after(&mut self, mut say: Vec<Sentence>, values: Vec<(usize, Value, f32)>) -> Reply {
        let bot = self.form.bot.clone();
        let asked = self.inquiry.step.slot();
        let mut news = Vec::new();
        let mut changed = Vec::new();
        let mut begun = None;
        for (slot, value, confidence) in values {
            if let Value::Items(items) = &value
                && !items.is_whole()
            {
                begun = Some(Parts::of_items(slot, items.clone()));
                continue;
            }
            let mut confidence = confidence;
            if slot == self.inquiry.parts.slot {
                let parts = std::mem::take(&mut self.inquiry.parts);
                // What was put together over several turns is read back.
                confidence = if parts.items.is_some() { self.doubtful(confidence) } else { confidence };
            }
            let is_other = self.form.is_other(slot, &value);
            news.push(self.form.fill(slot, value, confidence));
            match &bot.slots[slot].read_back {
                _ if confidence < bot.turn.good => {}
                Some(template) => say.push(Sentence::new(&self.form.read_back(template, slot))),
                None if is_other && asked != Some(slot) => changed.push(slot),
                None => {}
            }
        }
        if self.form.missing().is_some() {
            let acknowledged = |slot: usize| bot.prompts.changed.replace("{value}", &self.form.spoken_value(slot));
            say.extend(changed.into_iter().map(|slot| Sentence::new(&acknowledged(slot))));
        }
        let mut reply = match begun {
            Some(parts) => self.begun(parts, say),
            None => {
                self.inquiry.attempts.understood();
                self.advance(say)
            }
        };
        news.append(&mut reply.slots);
        Reply { slots: news, ..reply }
    }

    /// A list of items lacks something: that is asked for.
    fn begun(&mut self, parts: Parts, mut say: Vec<Sentence>) -> Reply {
        self.inquiry.step = Step::Slot(parts.slot);
        let mut reply = self.part(parts);
        say.append(&mut reply.say);
        Reply { say, ..reply }
    }

    /// So uncertain that it is read back.
    fn doubtful(&self, confidence: f32) -> f32 {
        confidence.min(self.form.bot.turn.good - f32::EPSILON)
    }

    /// The value that was checked is right. More may have been said.
    pub fn confirmed(&mut self, slot: usize, more: SaidValues, confidence: f32) -> Reply {
        if let Some(value) = self.form.take_proposal(slot) {
            self.form.fill(slot, value, MAX_HEARD);
        }
        self.form.confirm(slot);
        let mut reply = self.take(more, confidence);
        reply.slots.insert(0, self.form.news(slot));
        reply
    }

    /// It was wrong: ask again. A value that was only proposed is forgotten, and the one that the slot has stays.
    pub fn denied(&mut self, slot: usize) -> Reply {
        if self.form.take_proposal(slot).is_some() {
            self.inquiry.attempts.understood();
            return self.advance(Vec::new());
        }
        let cleared = self.form.clear(slot);
        self.inquiry.step = Step::Slot(slot);
        let mut reply = self.again();
        reply.slots.push(cleared);
        reply
    }

    /// Asks again after an answer that was in vain.
    fn again(&mut self) -> Reply {
        self.inquiry.again(&self.form)
    }

    /// Something is not right. With one slot there is no doubt what.
    pub fn change(&mut self) -> Reply {
        match *self.form.task_slots() {
            [only] => self.ask_again(only),
            _ => {
                self.inquiry.step = Step::Change;
                self.ask(Vec::new())
            }
        }
    }

    pub fn ask_again(&mut self, slot: usize) -> Reply {
        let cleared = self.form.clear(slot);
        self.inquiry.step = Step::Slot(slot);
        self.inquiry.attempts.step();
        let mut reply = self.ask(Vec::new());
        reply.slots.push(cleared);
        reply
    }

    /// The next step: a check, a lookup, a question, the review, or what the task is for.
    pub fn advance(&mut self, say: Vec<Sentence>) -> Reply {
        let mut cleared = self.drop_stale();
        cleared.extend(self.form.clear_unwanted());
        cleared.extend(self.drop_stale());
        let mut reply = self.step_on(say);
        reply.slots.splice(0..0, cleared);
        reply
    }

    fn step_on(&mut self, say: Vec<Sentence>) -> Reply {
        let bot = self.form.bot.clone();
        let Some(task) = self.form.task() else {
            self.inquiry.step = Step::Task;
            return self.ask(say);
        };
        if let Some(slot) = self.form.doubtful().or(self.form.proposed()) {
            self.inquiry.step = Step::Check(slot);
        } else if let Some((lookup, request)) = self.due_lookup() {
            return self.look_up(lookup, request, say);
        } else if let Some(slot) = self.form.missing() {
            self.inquiry.step = if self.form.offer(slot) { Step::Check(slot) } else { Step::Slot(slot) };
        } else if let Some(review) = &bot.tasks[task].confirm {
            if self.form.said(review, None).is_none_or(|said| said.trim().is_empty()) {
                return self.fault(None);
            }
            // The review reads every value back by itself.
            self.inquiry.step = Step::Review;
            return self.ask(Vec::new());
        } else {
            return self.done(say);
        }
        self.ask(say)
    }

    /// Everything is known and right.
    pub fn done(&mut self, say: Vec<Sentence>) -> Reply {
        let bot = self.form.bot.clone();
        let Some(task) = self.form.task() else { return self.advance(say) };
        let news = self.form.confirm_all();
        let mut reply = match &bot.tasks[task].done.approval {
            Some(approval) => self.ask_approval(&bot.tasks[task], approval, say),
            None => self.carry_out(task, say),
        };
        reply.slots.splice(0..0, news);
        reply
    }

    /// Does what the task is for.
    pub(super) fn carry_out(&mut self, task: usize, say: Vec<Sentence>) -> Reply {
        let bot = self.form.bot.clone();
        match &bot.tasks[task].done.request {
            Some(template) => match request::request(&self.form, template) {
                Some(request) => self.run(request, template, say),
                None => self.fault(None),
            },
            None => {
                let mut reply = self.finished(None, &Json::Null);
                reply.say.splice(0..0, say);
                reply
            }
        }
    }

    /// The number of the next tool.
    pub(super) fn next_tool(&mut self) -> ToolId {
        self.tools += 1;
        ToolId(self.tools)
    }

    /// Runs a tool, after what is to be said first.
    pub(super) fn run(&mut self, request: ToolRequest, template: &RequestTemplate, say: Vec<Sentence>) -> Reply {
        self.inquiry.step = Step::Busy;
        let id = self.next_tool();
        Reply::new(say, Next::Run(request.call(id, template.effect, template.limit)))
    }

    /// The tool has this outcome.
    pub fn tool_done(&mut self, id: ToolId, result: Result<Json, ToolFault>) -> Reply {
        if let Some(reply) = self.decided(id, &result) {
            return reply;
        }
        if let Some((lookup, request)) = self.looking_up.take() {
            return self.looked_up(lookup, request, id, result);
        }
        let bot = self.form.bot.clone();
        let request = self.form.task().and_then(|t| bot.tasks[t].done.request.as_ref());
        match result {
            Ok(answer) => self.finished(Some(id), &answer),
            Err(fault) => self.failed(request, fault),
        }
    }

    /// A tool has not done what it was to do: that is said, and the call ends.
    pub(super) fn failed(&mut self, request: Option<&RequestTemplate>, fault: ToolFault) -> Reply {
        let bot = self.form.bot.clone();
        let text = match fault {
            ToolFault::Late => request.and_then(|r| r.late.as_ref()).unwrap_or(&bot.prompts.tool_late),
            _ => request.and_then(|r| r.failed.as_ref()).unwrap_or(&bot.prompts.tool_failed),
        };
        self.hang_up(text, HangUpReason::ToolFailed)
    }

    /// A part of an answer is missing that has to be said or sent.
    fn fault(&mut self, incomplete: Option<ToolId>) -> Reply {
        let reply = self.hang_up(&self.form.bot.prompts.tool_failed.clone(), HangUpReason::ToolFailed);
        Reply { incomplete, ..reply }
    }

    /// The task is done, by the tool `id` with this answer, or by none.
    fn finished(&mut self, id: Option<ToolId>, answer: &Json) -> Reply {
        let bot = self.form.bot.clone();
        let Some(task) = self.form.task() else { return self.advance(Vec::new()) };
        let done = &bot.tasks[task].done;
        let said = self.form.said(&done.say, Some(answer)).filter(|said| !said.trim().is_empty());
        let incomplete = id.filter(|_| said.is_none());
        let text = match (said, &done.request) {
            (Some(said), _) => said,
            // Something was done, and the answer does not say all of it.
            (None, Some(request)) if request.effect == Effect::Acts => {
                request.incomplete.clone().unwrap_or_else(|| bot.prompts.tool_incomplete.clone())
            }
            (None, Some(request)) => {
                let reply = self.failed(Some(request), ToolFault::NotJson);
                return Reply { incomplete, ..reply };
            }
            (None, None) => return self.fault(None),
        };
        let reply = self.leave_done(done, vec![Sentence::new(&text)]);
        Reply { incomplete, ..reply }
    }

    /// The task is over: the call ends, or the caller may ask for something else.
    pub(super) fn leave(&mut self, then: Then, mut say: Vec<Sentence>) -> Reply {
        match then {
            Then::HangUp => {
                let reply = self.hang_up(&self.form.bot.closing.clone(), HangUpReason::Done);
                say.extend(reply.say);
                Reply { say, ..Reply::new(Vec::new(), reply.next) }
            }
            Then::Ask => {
                self.form.finish();
                self.inquiry.step = Step::Task;
                self.ask(say)
            }
            Then::Person => {
                // Where nobody is found the caller may ask for something else.
                self.inquiry.step = Step::Task;
                let farewell = self.form.bot.prompts.person.clone();
                let mut reply = self.inquiry.hand_over(&self.form, &farewell, HangUpReason::Person);
                self.form.finish();
                say.append(&mut reply.say);
                Reply { say, ..reply }
            }
        }
    }

    /// One step back: the last value is forgotten and asked for again; before the first one the task is.
    pub fn back(&mut self) -> Reply {
        let say = vec![Sentence::new(&self.form.bot.prompts.back)];
        self.inquiry.attempts.step();
        // Back to the question before: it has its answer still to come.
        if matches!(self.inquiry.step, Step::Stop | Step::Message | Step::Remember) {
            return self.advance(say);
        }
        if !std::mem::take(&mut self.inquiry.parts).is_empty() {
            return self.ask(say);
        }
        if let Step::Check(slot) = self.inquiry.step {
            return if self.form.proposed() == Some(slot) { self.denied(slot) } else { self.ask_again(slot) };
        }
        match self.form.last_filled() {
            Some(slot) => {
                let cleared = self.form.clear(slot);
                self.inquiry.step = Step::Slot(slot);
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

    pub fn deafened(&mut self, mut say: Vec<Sentence>) -> Reply {
        let mut reply = match self.inquiry.step {
            Step::Task => self.advance(Vec::new()),
            _ => self.ask(Vec::new()),
        };
        if reply.next == Next::Listen {
            say.push(Sentence::new(&self.form.bot.prompts.deaf));
        }
        say.append(&mut reply.say);
        Reply { say, ..reply }
    }
}

//! `Flow`: the frame-based brain. It asks for what is missing, checks what it is not sure of, reads all back, and does it.
use super::brain::{Brain, BrainInput};
use super::grammar::{self, GrammarContext};
use super::handed::Carried;
use super::step::Step;
use super::thought::{HangUpReason, Thought};
use crate::bot::{Bot, Command, asks_for_call_back, rights as claims};
use crate::expect::Expect;
use crate::guidance::{Guidance, GuidanceFault, SpokenValue};
use crate::keypad::Keypad;
use crate::turn::{AnswerKind, backchannel};
use crate::value;
use crate::value::correction::means_change;
use crate::value::kind::Value;
use crate::value::words::tokens;
use asked_back::is_question;
use capture::Manner;
use interview::{Interview, MAX_HEARD};
use jiff::civil::DateTime;
use meaning::{Context, Meaning};
use reply::{Next, Reply, Sentence};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

mod approvals;
mod asked_back;
mod attempts;
pub mod beside;
mod capture;
mod diacritics;
mod documents;
mod doubted;
mod findings;
mod forbidden;
mod form;
mod guided;
mod handed;
mod inquiry;
mod interview;
mod keys;
mod known;
mod leading;
mod lookups;
mod meaning;
mod memory;
mod parse;
mod parts;
mod people;
mod person;
mod question;
mod reply;
mod request;
mod rights;
mod together;

/// The confidence in typed words and in keys.
const CERTAIN: f32 = 1.0;

/// How much of a read-back has to be heard before a yes confirms it.
const ENOUGH_HEARD: f32 = 0.5;

pub struct Flow {
    bot: Arc<Bot>,
    interview: Interview,
    opened: bool,
    thoughts: VecDeque<Thought>,
}

impl Brain for Flow {
    fn handle(&mut self, _now: Instant, input: BrainInput) {
        if doubted::is_over(&input) {
            self.interview.inquiry.doubted = None;
        }
        if self.step() == Step::Person {
            let reply = self.while_led(input);
            return reply.into_iter().for_each(|reply| self.think(reply));
        }
        let reply = match input {
            BrainInput::Answered => self.open(),
            BrainInput::Heard { text, confidence, question_heard } => self.hear(&text, confidence, question_heard),
            BrainInput::Typed(text) => self.read(&text),
            BrainInput::Keys(keys) => self.keys(&keys),
            BrainInput::NotUnderstood => self.interview.not_understood(),
            BrainInput::Unheard => self.interview.unheard(),
            BrainInput::NoInput => self.interview.no_input(),
            BrainInput::TooManyTurns => self.interview.hang_up(&self.bot.prompts.give_up, HangUpReason::TooManyTurns),
            BrainInput::Deaf(deaf) => match self.deaf(deaf) {
                Some(reply) => reply,
                None => return,
            },
            BrainInput::ToolDone { id, result } => self.interview.tool_done(id, result),
            BrainInput::Guided(guidance) => self.guided(&guidance),
            BrainInput::HandedOn(carried) => match self.handed_on(carried) {
                Some(reply) => reply,
                None => return,
            },
            // A reply is complete at once: nothing is still to come.
            BrainInput::Interrupted | BrainInput::Person(_) | BrainInput::Hurry(_) | BrainInput::Tick => return,
            BrainInput::EagerEnd(_) | BrainInput::EagerWithdrawn | BrainInput::Model { .. } => return,
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
        let words = self.words(text);
        if self.answers_doubt(&words).is_some() {
            let is_sound = backchannel::is_listening_sound(&words, self.bot.language);
            return if is_sound { AnswerKind::BackchannelAnswer } else { AnswerKind::YesNo };
        }
        let called_back = self.step() == Step::Person && asks_for_call_back(&words, self.bot.language);
        if called_back || claims::claimed(&words, self.bot.language).is_some() {
            AnswerKind::Whole
        } else {
            let captured = self.context().captured_kind(text, &words);
            captured.unwrap_or_else(|| self.context().answer_kind(&words))
        }
    }

    fn is_told(&self, text: &str) -> bool {
        !self.context().asks_yes_or_no() && !text.contains('?') && !is_question(&self.words(text), self.bot.language)
    }

    fn patience(&self) -> f32 {
        match self.step() {
            Step::Slot(slot) | Step::Check(slot) => self.bot.slots[slot].patience,
            _ => 1.0,
        }
    }

    fn keypad(&self) -> Keypad {
        self.interview.keypad()
    }

    fn task(&self) -> Option<&str> {
        self.interview.form.task_plan().map(|task| task.name.as_str())
    }

    fn asks_secret(&self) -> bool {
        self.step().slot().is_some_and(|s| self.bot.slots[s].secret)
    }

    /// Where a correction may bring a secret, every figure is taken for one.
    fn is_secret(&self, text: &str) -> bool {
        if !self.bot.slots.iter().any(|slot| slot.secret) {
            return false;
        }
        let figure = |word: &String| value::digits(std::slice::from_ref(word), self.bot.language).is_some();
        let words = self.words(text);
        let corrects = (matches!(self.step(), Step::Review | Step::Change | Step::Approval)
            || means_change(&words, self.bot.language))
            && self.interview.form.task_slots().iter().any(|s| self.bot.slots[*s].secret);
        let gives = || self.context().fills(&words).iter().any(|fill| self.bot.slots[fill.slot].secret);
        self.asks_secret() || gives() || (corrects && words.iter().any(figure))
    }

    fn spellings(&self) -> Vec<(String, String)> {
        self.interview.form.spellings()
    }

    fn understands(&self, text: &str) -> bool {
        Flow::understands(self, text)
    }

    fn carried(&self) -> Carried {
        self.interview.carried()
    }

    fn check_guidance(&self, guidance: &Guidance) -> Result<(), GuidanceFault> {
        self.read_guidance(guidance).map(drop)
    }

    fn expect(&self) -> Expect {
        let Interview { form, inquiry, .. } = &self.interview;
        let given = if inquiry.step.slot() == Some(inquiry.parts.slot) { inquiry.parts.words() } else { Vec::new() };
        let (step, task, secret) = (inquiry.step, form.task(), self.asks_secret());
        let asks_yes_no = inquiry.doubted.is_some();
        grammar::build(&self.bot, GrammarContext { step, task, secret, given: &given, asks_yes_no })
    }

    fn expect_people(&self) -> Expect {
        Expect { may_hold_secret: self.may_hold_secret(), ..grammar::people(&self.bot, &self.open_slots()) }
    }

    fn expect_whisper(&self) -> Expect {
        Expect { may_hold_secret: self.may_hold_secret(), ..grammar::whisper(&self.bot, &self.open_slots()) }
    }

    fn read_whisper(&self, text: &str) -> Guidance {
        self.whispered(text)
    }

    fn values_among(&self, text: &str) -> Vec<SpokenValue> {
        self.spoken_values(text)
    }
}

impl Flow {
    /// `now`: the date and time where the caller is, for "tomorrow".
    pub fn new(bot: Arc<Bot>, now: DateTime) -> Flow {
        Flow { interview: Interview::new(bot.clone(), now), bot, opened: false, thoughts: VecDeque::new() }
    }

    pub fn step(&self) -> Step {
        self.interview.inquiry.step
    }

    /// A reply in pieces: news of slots, what is listened for, what is said, and what happens then.
    fn think(&mut self, reply: Reply) {
        self.thoughts.extend(self.interview.withdrawn().map(Thought::Cancel));
        self.thoughts.extend(reply.incomplete.map(Thought::Incomplete));
        self.thoughts.extend(reply.cited.map(Thought::Cited));
        self.thoughts.extend(reply.person.map(Thought::Person));
        self.thoughts.extend(reply.slots.into_iter().map(Thought::Slot));
        self.thoughts.extend(reply.memory.into_iter().map(Thought::Memory));
        let mut next = reply.next;
        if let Next::Await(call) = next {
            self.thoughts.push_back(Thought::Run(call));
            next = Next::Listen;
        }
        if matches!(next, Next::Listen | Next::Wait) {
            self.thoughts.push_back(Thought::Listen(self.expect()));
        }
        if next == Next::Wait {
            self.thoughts.push_back(Thought::GiveTime);
        }
        let say = |Sentence { text, interruptible }| Thought::Say { text, interruptible };
        self.thoughts.extend(reply.say.into_iter().map(say));
        self.thoughts.extend(reply.hand_on.map(Thought::HandOn));
        match next {
            Next::Nothing | Next::Listen | Next::Wait | Next::Await(_) => {}
            Next::Run(call) => self.thoughts.push_back(Thought::Run(call)),
            // Who is put through may go back, and claim their rights, while it rings.
            Next::Person(order) => {
                let listen = Thought::Listen(self.expect());
                self.thoughts.extend([Thought::Person(order), listen]);
            }
            Next::HangUp(reason) => self.thoughts.push_back(Thought::HangUp(reason)),
        }
    }

    fn context(&self) -> Context<'_> {
        let Interview { form, inquiry, .. } = &self.interview;
        Context { form, step: inquiry.step, parts: &inquiry.parts }
    }

    /// The words that were heard. A recogniser that leaves out all diacritics of Vietnamese is read like somebody who types so.
    fn words(&self, text: &str) -> Vec<String> {
        let words = tokens(text, self.bot.language);
        match text.is_ascii() {
            true => diacritics::restore(words, &self.bot, self.step()),
            false => diacritics::restore_names(words, &self.bot),
        }
    }

    /// The first words of a call.
    fn open(&mut self) -> Reply {
        self.opened = true;
        let bot = self.bot.clone();
        let mut say: Vec<Sentence> = bot.disclosure.iter().map(|text| Sentence::new(text)).collect();
        say.push(Sentence::new(&bot.greeting));
        if self.interview.inquiry.deaf {
            return self.interview.deafened(say);
        }
        let mut reply = self.interview.advance(Vec::new());
        // A greeting that asks already is question enough for a bot with several tasks.
        if self.step() == Step::Task && bot.greeting.trim_end().ends_with('?') {
            reply.say.clear();
            self.interview.inquiry.asked_by(Sentence::new(&bot.greeting));
        }
        say.extend(self.interview.form.remind());
        say.append(&mut reply.say);
        Reply { say, ..reply }
    }

    /// The caller said this, after they had heard so much of the question. Values that are confirmed before they were heard are
    /// read back again.
    fn hear(&mut self, text: &str, confidence: f32, question_heard: f32) -> Reply {
        let words = self.words(text);
        if let Some(reply) = self.claimed(&words, text, confidence.min(MAX_HEARD)) {
            return reply;
        }
        if let Some(reply) = self.refused(&words) {
            return reply;
        }
        self.interview.inquiry.attempts.heard();
        if let Some(reply) = self.hear_whether(&words, question_heard) {
            return reply;
        }
        self.note_part_of_day(&words);
        let captured = self.context().captured(text, &words, Manner::Heard);
        let meaning = captured.unwrap_or_else(|| self.context().meaning(&words));
        let inquiry = &mut self.interview.inquiry;
        if question_heard < ENOUGH_HEARD && meaning.only_confirms() && inquiry.attempts.confirmed_early() {
            return self.interview.ask(Vec::new());
        }
        self.act(meaning, text, confidence.min(MAX_HEARD))
    }

    /// The caller wrote this.
    fn read(&mut self, text: &str) -> Reply {
        self.interview.inquiry.writes = true;
        let words = diacritics::restore(tokens(text, self.bot.language), &self.bot, self.step());
        if let Some(reply) = self.claimed(&words, text, CERTAIN) {
            return reply;
        }
        if let Some(reply) = self.refused(&words) {
            return reply;
        }
        if let Some(reply) = self.hear_whether(&words, CERTAIN) {
            return reply;
        }
        self.note_part_of_day(&words);
        let captured = self.context().captured(text, &words, Manner::Written);
        let meaning = captured.unwrap_or_else(|| self.context().meaning(&words));
        self.act(meaning, text, CERTAIN)
    }

    /// "tomorrow evening": what an hour means from here on.
    fn note_part_of_day(&mut self, words: &[String]) {
        let part = self.context().named_part(words);
        self.interview.form.note_part_of_day(part);
    }

    /// The caller entered these keys.
    fn keys(&mut self, keys: &str) -> Reply {
        if let Some(reply) = self.key_whether(keys) {
            return reply;
        }
        let meaning = self.context().keyed(keys, &self.interview.keypad());
        self.act(meaning, keys, CERTAIN)
    }

    /// Does what was meant. `text`: as it was said, written or keyed.
    fn act(&mut self, meaning: Meaning, text: &str, confidence: f32) -> Reply {
        self.interview.unattended = 0;
        if self.step() == Step::Approval && !leaves_approval(&meaning) {
            return self.interview.still_waits();
        }
        if let Some(reply) = self.doubts(&meaning, confidence) {
            return reply;
        }
        let interview = &mut self.interview;
        match meaning {
            Meaning::Command(command) => self.command(command),
            Meaning::Text(slot) => interview.fill(vec![(slot, Value::Text(text.trim().to_string()), confidence)]),
            Meaning::Begin { task, values } => {
                interview.begin(task);
                interview.take(values, confidence)
            }
            Meaning::Switch(task) => {
                interview.begin(task);
                interview.advance(Vec::new())
            }
            Meaning::Values(values) => interview.take(values, confidence),
            Meaning::Keyed { slot, value } => interview.fill(vec![(slot, value, confidence)]),
            Meaning::Assembled { slot, value } => interview.assembled(slot, value, confidence),
            Meaning::Part(parts) => interview.part(parts),
            Meaning::Faulty { slot, parts, why } => interview.faulty(slot, parts, &why),
            Meaning::Confirmed { slot, values } => interview.confirmed(slot, values, confidence),
            Meaning::Repeated { slot, values } => interview.confirmed(slot, values, MAX_HEARD),
            Meaning::Denied(slot) => interview.denied(slot),
            Meaning::Right => interview.done(Vec::new()),
            Meaning::Wrong => interview.change(),
            Meaning::Change(slot) => interview.ask_again(slot),
            Meaning::NothingToChange => interview.advance(Vec::new()),
            Meaning::SomethingElse => interview.something_else(),
            Meaning::Unsure => interview.refused(&self.bot.prompts.unsure),
            Meaning::OutOfRange(slot) => interview.out_of_range(slot),
            Meaning::Fact(fact) => interview.tell(&self.bot.facts[fact].say),
            Meaning::AskedBack(None) => match documents::answer(&self.bot, text) {
                Some(answer) => interview.tell_from_document(answer),
                None => interview.asked_back(None),
            },
            Meaning::AskedBack(about) => interview.asked_back(about),
            Meaning::Stopped => interview.stopped(),
            Meaning::Message => interview.message_left(),
            Meaning::NothingElse => interview.hang_up(&self.bot.closing, HangUpReason::Done),
            Meaning::Known => interview.ask(Vec::new()),
            Meaning::NotUnderstood => interview.not_understood(),
            Meaning::Unclear(why) => interview.unclear(why),
            Meaning::WrongKey => interview.refused(&self.bot.prompts.wrong_key),
            Meaning::WrongEntry => interview.refused(&self.bot.prompts.wrong_entry),
            Meaning::MayRemember(agreed) => interview.consented(agreed),
            Meaning::Ignored => Reply::new(Vec::new(), Next::Nothing),
        }
    }

    fn command(&mut self, command: Command) -> Reply {
        let (p, interview) = (&self.bot.prompts, &mut self.interview);
        interview.inquiry.attempts.spoke();
        if interview.inquiry.step == Step::Approval && command == Command::Cancel {
            let mut reply = interview.stop();
            reply.say.insert(0, Sentence::new(&p.withdrawn));
            return reply;
        }
        match command {
            Command::Repeat => interview.inquiry.repeat(),
            Command::Help => interview.help(),
            Command::Back => interview.back(),
            Command::Restart => interview.restart(),
            Command::Person => interview.hand_over(&p.person, HangUpReason::Person),
            Command::Goodbye => interview.hang_up(&self.bot.closing, HangUpReason::Goodbye),
            Command::Wait => Reply::new(vec![Sentence::new(&p.wait)], Next::Wait),
            Command::Cancel => interview.stop(),
            Command::Hello => interview.tell(&p.here),
        }
    }

    /// No recogniser works any more, or one works again. The reply is due when the caller has to be told; before the greeting, the
    /// greeting tells.
    fn deaf(&mut self, deaf: bool) -> Option<Reply> {
        let is_new = deaf && !std::mem::replace(&mut self.interview.inquiry.deaf, deaf);
        let told = is_new && self.opened && !matches!(self.step(), Step::Approval | Step::Busy | Step::Over);
        told.then(|| self.interview.deafened(Vec::new()))
    }
}

/// Whether something else than waiting follows from what was meant while a supervisor has to approve the action.
fn leaves_approval(meaning: &Meaning) -> bool {
    match meaning {
        Meaning::Command(command) => {
            !matches!(command, Command::Repeat | Command::Help | Command::Wait | Command::Hello)
        }
        Meaning::Values(_) | Meaning::Fact(_) | Meaning::Begin { .. } | Meaning::Switch(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;

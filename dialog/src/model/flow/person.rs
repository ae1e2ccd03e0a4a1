//! The caller is put through to a person: what the bot says and takes meanwhile, and how it goes on where nobody was found. What is
//! known stays known.
use super::doubted::Doubted;
use super::form::Form;
use super::inquiry::Inquiry;
use super::leading::Leading;
use super::reply::{Next, Reply, Sentence};
use super::{CERTAIN, Flow};
use crate::bot::{Bot, Command, Prompts, asks_for_call_back, rights as claims};
use crate::model::brain::BrainInput;
use crate::model::step::Step;
use crate::model::thought::HangUpReason;
use crate::person::{GivenSlot, HandOver, PersonFault, PersonNews, PersonOrder};
use crate::say;
use crate::value::kind::{Kind, Value};
use crate::value::words::tokens;
use std::sync::Arc;
use std::time::Duration;

/// So many values are told to a person who is about to speak with the caller.
const BRIEF_VALUES: usize = 2;

/// Where somebody is found who goes on with the caller; `None`: nowhere.
fn destination(form: &Form) -> Option<&str> {
    let of_task = form.task_plan().and_then(|task| task.person.as_deref());
    of_task.or(form.bot.person.as_deref())
}

impl Inquiry {
    /// Puts the caller through, where the bot's file says where to.
    pub(super) fn lead_to_person(&mut self, form: &Form, farewell: &str, reason: HangUpReason) -> Option<Reply> {
        let to = destination(form).filter(|_| !matches!(self.step, Step::Message | Step::Approval | Step::Person))?;
        let order = PersonOrder::Find(Box::new(hand_over(form, to, reason)));
        self.leading = Some(Leading::new(self.step, reason, farewell));
        self.step = Step::Person;
        let connecting = Sentence { text: form.bot.prompts.connecting.clone(), interruptible: false };
        Some(Reply::new(vec![connecting], Next::Person(order)))
    }

    /// The question that was open before a person was looked for is open again.
    fn come_back(&mut self) -> Option<Leading> {
        let leading = self.leading.take()?;
        if self.step == Step::Person {
            self.step = leading.step;
        }
        Some(leading)
    }

    /// Nobody was found: the bot says why. Who asked for a person is asked what is open; who was to be helped by one, since the bot
    /// could not, may leave a message, or hears goodbye.
    fn not_found(&mut self, form: &Form, fault: PersonFault) -> Option<Reply> {
        let Leading { reason, farewell, .. } = self.come_back()?;
        let why = Sentence::new(no_person(&form.bot.prompts, fault));
        self.attempts.step();
        let mut reply = match reason {
            HangUpReason::Person if !form.bot.takes_messages => return Some(self.ask(form, vec![why])),
            _ => self.give_up(form, &farewell, reason),
        };
        reply.say.insert(0, why);
        Some(reply)
    }

    fn waiting(&mut self, form: &Form, place: u32, wait: Option<Duration>) -> Option<Reply> {
        let leading = self.leading.as_mut()?;
        let (bot, prompts) = (&form.bot, &form.bot.prompts);
        let mut text = match place {
            0 | 1 => prompts.queue_next.clone(),
            _ => prompts.queue_place.replace("{value}", &say::number(i64::from(place), bot.language)),
        };
        if let Some(wait) = wait {
            let minutes = wait.as_secs().div_ceil(60).max(1);
            let value = Value::Minutes(u32::try_from(minutes).unwrap_or(u32::MAX));
            let said = say::value(&value, &Kind::Duration, bot.language, form.today());
            text = format!("{text} {}", prompts.queue_wait.replace("{value}", &said));
        }
        let mut said = vec![Sentence::new(&text)];
        if !std::mem::replace(&mut leading.waits, true) {
            said.push(Sentence::new(&prompts.queue_call_back));
        }
        Some(Reply::new(said, Next::Listen))
    }
}

impl Flow {
    /// What happens while a person is looked for. `None`: nothing that the bot would answer.
    pub(super) fn while_led(&mut self, input: BrainInput) -> Option<Reply> {
        match input {
            BrainInput::Person(news) => self.person_news(&news),
            BrainInput::Heard { text, confidence, question_heard } => {
                self.said_while_led(&text, confidence, question_heard)
            }
            BrainInput::Typed(text) => self.said_while_led(&text, CERTAIN, CERTAIN),
            BrainInput::Keys(keys) if self.interview.inquiry.doubted.is_some() => self.key_whether(&keys),
            BrainInput::Keys(keys) if keys == "1" => self.called_back(),
            BrainInput::Guided(guidance) => {
                self.interview.inquiry.come_back();
                Some(self.guided(&guidance))
            }
            BrainInput::Deaf(deaf) => {
                self.interview.inquiry.deaf = deaf;
                None
            }
            BrainInput::TooManyTurns => {
                let text = self.bot.prompts.give_up.clone();
                Some(self.interview.hang_up(&text, HangUpReason::TooManyTurns))
            }
            BrainInput::ToolDone { .. }
            | BrainInput::Answered
            | BrainInput::Keys(_)
            | BrainInput::NotUnderstood
            | BrainInput::Unheard
            | BrainInput::NoInput
            | BrainInput::Interrupted
            | BrainInput::EagerEnd(_)
            | BrainInput::EagerWithdrawn
            | BrainInput::Model { .. }
            | BrainInput::HandedOn(_)
            | BrainInput::Hurry(_)
            | BrainInput::Tick => None,
        }
    }

    fn person_news(&mut self, news: &PersonNews) -> Option<Reply> {
        let (form, inquiry) = (&self.interview.form, &mut self.interview.inquiry);
        match *news {
            PersonNews::Waiting { place, wait } => inquiry.waiting(form, place, wait),
            PersonNews::Failed(fault) => inquiry.not_found(form, fault),
        }
    }

    fn said_while_led(&mut self, text: &str, confidence: f32, question_heard: f32) -> Option<Reply> {
        let words = tokens(text, self.bot.language);
        if let Some((_, at)) = claims::claimed(&words, self.bot.language) {
            return self.claimed(&words[at], text, CERTAIN);
        }
        if let Some(reply) = self.hear_whether(&words, question_heard) {
            return Some(reply);
        }
        let meant = self.meant_while_led(&words)?;
        if confidence < self.least(meant) {
            return Some(self.ask_whether(meant));
        }
        self.done_while_led(meant)
    }

    /// What these words ask for while a person is looked for.
    pub(super) fn meant_while_led(&self, words: &[String]) -> Option<Doubted> {
        let waits = self.interview.inquiry.leading.as_ref().is_some_and(|leading| leading.waits);
        if asks_for_call_back(words, self.bot.language) {
            return waits.then_some(Doubted::CallBack);
        }
        match self.bot.commands.find(words, self.bot.language, false)? {
            Command::Cancel | Command::Back => Some(Doubted::Command(Command::Cancel)),
            Command::Goodbye => Some(Doubted::Command(Command::Goodbye)),
            _ => None,
        }
    }

    fn done_while_led(&mut self, meant: Doubted) -> Option<Reply> {
        match meant {
            Doubted::CallBack => self.called_back(),
            Doubted::Command(Command::Goodbye) => {
                let text = self.bot.closing.clone();
                Some(self.interview.hang_up(&text, HangUpReason::Goodbye))
            }
            _ => {
                self.interview.inquiry.come_back();
                let text = self.bot.prompts.stopped.clone();
                let reply = self.interview.ask(vec![Sentence::new(&text)]);
                Some(Reply { person: Some(PersonOrder::Stop), ..reply })
            }
        }
    }

    /// The caller has said whether they want it: if not, the search goes on.
    pub(super) fn settle_while_led(&mut self, meant: Doubted, wanted: bool) -> Reply {
        let goes_on = |prompts: &Prompts| Reply::new(vec![Sentence::new(&prompts.moment)], Next::Listen);
        let done = wanted.then(|| self.done_while_led(meant)).flatten();
        done.unwrap_or_else(|| goes_on(&self.bot.prompts))
    }

    /// Who waits in a queue and wants to be called back says goodbye.
    fn called_back(&mut self) -> Option<Reply> {
        if !self.interview.inquiry.leading.as_ref()?.waits {
            return None;
        }
        self.interview.inquiry.leading = None;
        let (taken, closing) = (self.bot.prompts.called_back.clone(), self.bot.closing.clone());
        let mut reply = self.interview.hang_up(&closing, HangUpReason::CallBack);
        reply.say.insert(0, Sentence { text: taken, interruptible: false });
        Some(Reply { person: Some(PersonOrder::CallBack), ..reply })
    }
}

/// What a person is told of the caller.
fn hand_over(form: &Form, to: &str, reason: HangUpReason) -> HandOver {
    let bot: &Arc<Bot> = &form.bot;
    let task = form.task().map(|task| &bot.tasks[task]);
    let given = || form.task_slots().iter().copied().filter(|slot| form.is_filled(*slot) && !bot.slots[*slot].secret);
    let values: Vec<String> = given().take(BRIEF_VALUES).map(|slot| form.spoken_value(slot)).collect();
    let brief = match task {
        None => bot.prompts.brief_nothing.clone(),
        Some(task) if values.is_empty() => format!("{}.", task.say),
        Some(task) => format!("{}: {}.", task.say, values.join(", ")),
    };
    HandOver {
        to: to.to_owned(),
        why: reason.text(),
        brief,
        task: task.map(|task| task.name.clone()),
        slots: given().map(|slot| GivenSlot { name: bot.slots[slot].name.clone(), value: form.json(slot) }).collect(),
        next: task.and_then(|_| form.missing()).map(|slot| bot.slots[slot].name.clone()),
    }
}

/// Why no person speaks with the caller.
fn no_person(prompts: &Prompts, fault: PersonFault) -> &str {
    match fault {
        PersonFault::Busy => &prompts.person_busy,
        PersonFault::Declined => &prompts.person_declined,
        PersonFault::NoAnswer => &prompts.person_no_answer,
        PersonFault::Nobody => &prompts.person_nobody,
        PersonFault::TooLong => &prompts.person_too_long,
        PersonFault::NotPossible | PersonFault::Unknown => &prompts.person_failed,
    }
}

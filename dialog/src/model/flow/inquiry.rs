//! `Inquiry`: the question under way: its step, what has come of its answer, and how often it was asked in vain.
use super::attempts::{Attempts, Failed, Limits};
use super::doubted::{self, Doubted};
use super::form::Form;
use super::leading::Leading;
use super::parts::Parts;
use super::question;
use super::reply::{Next, Reply, Sentence};
use crate::keypad::Keypad;
use crate::model::step::Step;
use crate::model::thought::HangUpReason;

pub(super) struct Inquiry {
    pub step: Step,
    /// What the caller has given so far of the value that is asked for.
    pub parts: Parts,
    pub attempts: Attempts,
    /// No recogniser works.
    pub deaf: bool,
    /// The caller has written something: they can answer in words also where no recogniser works.
    pub writes: bool,
    /// The last question, for "repeat".
    last: Vec<Sentence>,
    /// What was heard doubtfully is asked about ahead of the step's question, until the next answer.
    pub(super) doubted: Option<Doubted>,
    /// Why the call ends when the message was left.
    ending: HangUpReason,
    /// What is gone back to where no person is found.
    pub(super) leading: Option<Leading>,
}

impl Inquiry {
    pub fn new(limits: Limits) -> Inquiry {
        Inquiry {
            step: Step::Task,
            parts: Parts::default(),
            attempts: Attempts::new(limits),
            deaf: false,
            writes: false,
            last: Vec::new(),
            doubted: None,
            ending: HangUpReason::Person,
            leading: None,
        }
    }

    pub fn keypad(&self, form: &Form) -> Keypad {
        if self.doubted.is_some() { Keypad::Menu } else { question::keypad(form, self.step) }
    }

    /// Asks the present step's question, after what is to be said first.
    pub fn ask(&mut self, form: &Form, mut say: Vec<Sentence>) -> Reply {
        if self.deaf && !self.writes && self.keypad(form) == Keypad::None && self.step != Step::Message {
            return self.hang_up(&form.bot.prompts.deaf_end, HangUpReason::CannotHear);
        }
        let tries = self.attempts.in_vain();
        let (text, hint) = match self.doubted {
            Some(doubted) => (doubted::question(form, doubted), form.bot.prompts.yes_no_keys.clone()),
            None => {
                let text = question::question(form, self.step, tries, &self.parts);
                (text, question::keypad_hint(form, self.step))
            }
        };
        let mut question = vec![Sentence::new(&text)];
        if self.deaf || tries >= 2 {
            question.push(Sentence::new(&hint));
        }
        question.retain(|s| !s.text.trim().is_empty());
        self.last = question.clone();
        say.append(&mut question);
        Reply::new(say, Next::Listen)
    }

    /// The question was asked in these words.
    pub fn asked_by(&mut self, question: Sentence) {
        self.last = vec![question];
    }

    /// The last question once more.
    pub fn repeat(&self) -> Reply {
        Reply::new(self.last.clone(), Next::Listen)
    }

    /// Somebody spoke, and it was nothing that was asked for.
    pub fn missed(&mut self, form: &Form) -> Reply {
        let prompts = &form.bot.prompts;
        match self.attempts.missed() {
            Failed::First => self.ask(form, vec![Sentence::new(&prompts.no_match)]),
            Failed::Again => self.ask(form, vec![Sentence::new(&prompts.no_match_again)]),
            Failed::TooOften => self.lead_on(form, HangUpReason::NotUnderstood),
        }
    }

    /// An answer that cannot be taken, with the reason: counted like one that was not understood.
    pub fn refused(&mut self, form: &Form, why: &str) -> Reply {
        self.failed(form, vec![Sentence::new(why)])
    }

    /// Asks again after an answer that was in vain.
    pub fn again(&mut self, form: &Form) -> Reply {
        self.failed(form, Vec::new())
    }

    fn failed(&mut self, form: &Form, say: Vec<Sentence>) -> Reply {
        match self.attempts.missed() {
            Failed::TooOften => self.lead_on(form, HangUpReason::NotUnderstood),
            Failed::First | Failed::Again => self.ask(form, say),
        }
    }

    /// Somebody spoke, and the recogniser gave nothing in time: they are asked again, and it is not counted against them.
    pub fn unheard(&mut self, form: &Form) -> Reply {
        if self.attempts.unheard() == Failed::TooOften {
            return self.lead_on(form, HangUpReason::CannotHear);
        }
        self.ask(form, vec![Sentence::new(&form.bot.prompts.no_match)])
    }

    /// Who is not understood again and again is led to another way to answer: to the keys, to writing, or, where something is known
    /// already, to what helps with the question. Where that is in vain too, the call is handed over.
    fn lead_on(&mut self, form: &Form, reason: HangUpReason) -> Reply {
        let prompts = &form.bot.prompts;
        let other_way = match self.keypad(form) {
            _ if self.step == Step::Message => None,
            Keypad::Menu | Keypad::Entry { .. } => Some(prompts.use_keys.clone()),
            Keypad::None if self.writes => Some(prompts.use_writing.clone()),
            Keypad::None if form.is_touched() => Some(question::help(form, self.step)),
            Keypad::None => None,
        };
        let Some(text) = other_way.filter(|_| self.attempts.lead_on()) else {
            return self.hand_over(form, &prompts.give_up, reason);
        };
        let mut reply = self.ask(form, vec![Sentence::new(&text)]);
        // The keys are explained in place of the question, which was asked often enough.
        if reply.say.len() > 2 {
            reply.say.remove(1);
        }
        reply
    }

    /// The bot does not go on with the caller: a person does, where the bot's file says who.
    pub fn hand_over(&mut self, form: &Form, text: &str, reason: HangUpReason) -> Reply {
        self.lead_to_person(form, text, reason).unwrap_or_else(|| self.give_up(form, text, reason))
    }

    /// The bot does not go on with the caller. What is known stays known, and they may leave a message where the bot takes one; else the
    /// call ends with this sentence.
    pub(super) fn give_up(&mut self, form: &Form, text: &str, reason: HangUpReason) -> Reply {
        if !form.bot.takes_messages || self.step == Step::Message {
            return self.hang_up(text, reason);
        }
        (self.step, self.ending) = (Step::Message, reason);
        self.parts = Parts::default();
        self.attempts.step();
        self.ask(form, Vec::new())
    }

    /// The message was left, in words, keys, or in sounds that nobody understood.
    pub fn message_left(&mut self, form: &Form) -> Reply {
        let mut reply = self.hang_up(&form.bot.closing, self.ending);
        reply.say.insert(0, Sentence::new(&form.bot.prompts.message_taken));
        reply
    }

    pub fn no_input(&mut self, form: &Form) -> Reply {
        let prompts = &form.bot.prompts;
        match self.attempts.silent() {
            Failed::First => self.ask(form, vec![Sentence::new(&prompts.no_input)]),
            Failed::Again => self.ask(form, vec![Sentence::new(&prompts.still_there)]),
            Failed::TooOften => self.hang_up(&prompts.no_caller, HangUpReason::NoInput),
        }
    }

    pub fn hang_up(&mut self, text: &str, reason: HangUpReason) -> Reply {
        self.step = Step::Over;
        Reply::new(vec![Sentence { text: text.to_string(), interruptible: false }], Next::HangUp(reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::Bot;
    use crate::testkit::today;
    use crate::value::kind::Value;
    use std::sync::Arc;

    const BOT: &str = "name = 'b'\nlanguage = 'en'\ngreeting = 'Hello.'\n\
        [[slot]]\nname = 'size'\ntype = 'number'\nprompt = 'How big?'\nreprompts = ['How big, in feet?']\n\
        [[slot]]\nname = 'note'\ntype = 'text'\nprompt = 'What else?'\n\
        [[task]]\nname = 't'\nslots = ['size', 'note']\non_done = { say = 'Done.' }\n";

    fn form_and_inquiry(slot: usize) -> (Form, Inquiry) {
        form_and_inquiry_of(BOT, slot)
    }

    fn form_and_inquiry_of(bot: &str, slot: usize) -> (Form, Inquiry) {
        let bot = Bot::parse(bot, "b").unwrap_or_else(|e| panic!("{e}"));
        let mut inquiry = Inquiry::new(Limits { no_match: 3, no_input: 3 });
        inquiry.step = Step::Slot(slot);
        (Form::new(Arc::new(bot), today()), inquiry)
    }

    fn said(reply: &Reply) -> Vec<&str> {
        reply.say.iter().map(|s| s.text.as_str()).collect()
    }

    #[test]
    fn a_question_in_vain_is_asked_in_other_words_and_then_with_its_keys() {
        let (form, mut inquiry) = form_and_inquiry(0);
        assert_eq!(said(&inquiry.ask(&form, Vec::new())), ["How big?"]);
        assert_eq!(said(&inquiry.missed(&form)), ["Sorry, I did not understand that.", "How big, in feet?"]);
        let reply = inquiry.missed(&form);
        assert_eq!(said(&reply)[..2], ["Sorry, I still did not get that.", "How big, in feet?"]);
        assert!(said(&reply)[2].starts_with("You can enter the number"));
        assert_eq!(said(&inquiry.repeat()), said(&reply)[1..], "the apology is not repeated");
        // Led to the keys, and in vain too.
        assert!(said(&inquiry.missed(&form))[0].starts_with("I have trouble understanding you."));
        assert_eq!([inquiry.missed(&form).next, inquiry.missed(&form).next], [Next::Listen, Next::Listen]);
        assert_eq!(inquiry.missed(&form).next, Next::HangUp(HangUpReason::NotUnderstood));
        assert_eq!(inquiry.step, Step::Over);
    }

    #[test]
    fn a_question_that_only_words_answer_is_given_up_at_once_unless_something_is_known() {
        let (mut form, mut inquiry) = form_and_inquiry(1);
        assert_eq!([inquiry.missed(&form).next, inquiry.missed(&form).next], [Next::Listen, Next::Listen]);
        assert_eq!(inquiry.missed(&form).next, Next::HangUp(HangUpReason::NotUnderstood));
        inquiry = Inquiry::new(Limits { no_match: 3, no_input: 3 });
        inquiry.step = Step::Slot(1);
        form.fill(0, Value::Number(7), 0.9);
        for _ in 0..5 {
            assert_eq!(inquiry.missed(&form).next, Next::Listen);
        }
        assert_eq!(inquiry.missed(&form).next, Next::HangUp(HangUpReason::NotUnderstood));
        assert_eq!(form.spoken_value(0), "seven", "what is known stays known");
    }

    #[test]
    fn a_bot_that_takes_messages_asks_for_one_before_it_gives_up() {
        let (form, mut inquiry) = form_and_inquiry_of(&format!("takes_messages = true\n{BOT}"), 1);
        inquiry.missed(&form);
        inquiry.missed(&form);
        assert!(said(&inquiry.missed(&form))[0].contains("leave a message"));
        assert_eq!((inquiry.step, inquiry.keypad(&form)), (Step::Message, Keypad::Entry { full: 15 }));
        let reply = inquiry.message_left(&form);
        assert_eq!(reply.next, Next::HangUp(HangUpReason::NotUnderstood));
        assert_eq!(said(&reply), ["Thank you, your message is noted.", "Thank you for calling. Goodbye."]);
    }

    #[test]
    fn a_question_that_keys_cannot_answer_ends_the_call_where_nothing_hears_unless_the_caller_writes() {
        let (form, mut inquiry) = form_and_inquiry(1);
        inquiry.deaf = true;
        assert_eq!(inquiry.ask(&form, Vec::new()).next, Next::HangUp(HangUpReason::CannotHear));
        let (form, mut inquiry) = form_and_inquiry(1);
        (inquiry.deaf, inquiry.writes) = (true, true);
        assert_eq!(said(&inquiry.ask(&form, Vec::new())), ["What else?"]);
    }
}

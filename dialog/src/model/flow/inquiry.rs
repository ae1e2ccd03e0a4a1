//! `Inquiry`: the question under way: its step, what has come of its answer, and how often it was asked in vain.
use super::attempts::{Attempts, Failed, Limits};
use super::form::Form;
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
        }
    }

    pub fn keypad(&self, form: &Form) -> Keypad {
        question::keypad(form, self.step)
    }

    /// Asks the present step's question, after what is to be said first.
    pub fn ask(&mut self, form: &Form, mut say: Vec<Sentence>) -> Reply {
        if self.deaf && !self.writes && self.keypad(form) == Keypad::None {
            return self.hang_up(&form.bot.prompts.deaf_end, HangUpReason::CannotHear);
        }
        let tries = self.attempts.in_vain();
        let mut question = vec![Sentence::new(&question::question(form, self.step, tries, &self.parts))];
        if self.deaf || tries >= 2 {
            question.push(Sentence::new(&question::keypad_hint(form, self.step)));
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
            Failed::TooOften => self.give_up(form),
        }
    }

    /// Keys or words that are no answer, and why: counted like words that meant nothing.
    pub fn missed_with(&mut self, form: &Form, text: &str) -> Reply {
        match self.attempts.missed() {
            Failed::TooOften => self.give_up(form),
            Failed::First | Failed::Again => self.ask(form, vec![Sentence::new(text)]),
        }
    }

    /// Somebody spoke, and the recogniser gave nothing in time: they are asked again, and it is not counted against them.
    pub fn unheard(&mut self, form: &Form) -> Reply {
        let prompts = &form.bot.prompts;
        if self.attempts.unheard() == Failed::TooOften {
            return self.hang_up(&prompts.give_up, HangUpReason::CannotHear);
        }
        self.ask(form, vec![Sentence::new(&prompts.no_match)])
    }

    pub fn no_input(&mut self, form: &Form) -> Reply {
        let prompts = &form.bot.prompts;
        match self.attempts.silent() {
            Failed::First => self.ask(form, vec![Sentence::new(&prompts.no_input)]),
            Failed::Again => self.ask(form, vec![Sentence::new(&prompts.still_there)]),
            Failed::TooOften => self.hang_up(&prompts.no_caller, HangUpReason::NoInput),
        }
    }

    pub fn give_up(&mut self, form: &Form) -> Reply {
        self.hang_up(&form.bot.prompts.give_up, HangUpReason::NotUnderstood)
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
    use std::sync::Arc;

    const BOT: &str = "name = 'b'\nlanguage = 'en'\ngreeting = 'Hello.'\n\
        [[slot]]\nname = 'size'\ntype = 'number'\nprompt = 'How big?'\nreprompts = ['How big, in feet?']\n\
        [[slot]]\nname = 'note'\ntype = 'text'\nprompt = 'What else?'\n\
        [[task]]\nname = 't'\nslots = ['size', 'note']\non_done = { say = 'Done.' }\n";

    fn form_and_inquiry(slot: usize) -> (Form, Inquiry) {
        let bot = Bot::parse(BOT, "b").unwrap_or_else(|e| panic!("{e}"));
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
        assert_eq!(inquiry.missed(&form).next, Next::HangUp(HangUpReason::NotUnderstood));
        assert_eq!(inquiry.step, Step::Over);
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

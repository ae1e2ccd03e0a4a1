//! What cannot be undone and was heard so doubtfully that somebody else may have said it: it is asked about before it is done.
use super::form::Form;
use super::meaning::Meaning;
use super::reply::Reply;
use super::{CERTAIN, ENOUGH_HEARD, Flow};
use crate::bot::{Command, Task, Then};
use crate::keypad;
use crate::model::brain::BrainInput;
use crate::model::step::Step;
use crate::tool::Effect;
use crate::value::answer::{Question, Verdict, answer};

/// What the caller has perhaps asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubted {
    Command(Command),
    /// Another task in place of the one under way, or one that is done as soon as it is named.
    Task(usize),
    /// A yes to "is that right?", or to "do you want to stop here?".
    Yes,
    /// A no to "anything else?".
    NothingElse,
    /// To be called back, while a person is looked for.
    CallBack,
}

/// The question whether the caller wants it.
pub(super) fn question(form: &Form, doubted: Doubted) -> String {
    let prompts = &form.bot.prompts;
    match doubted {
        Doubted::Command(Command::Person) => prompts.want_person.clone(),
        Doubted::Command(Command::Restart) => prompts.want_restart.clone(),
        Doubted::Command(Command::Back) => prompts.want_back.clone(),
        Doubted::Command(Command::Cancel) => prompts.stop.clone(),
        Doubted::Command(_) | Doubted::NothingElse => prompts.want_goodbye.clone(),
        Doubted::Task(task) => prompts.want_task.replace("{value}", &form.bot.tasks[task].say),
        Doubted::Yes => prompts.said_yes.clone(),
        Doubted::CallBack => prompts.want_call_back.clone(),
    }
}

/// Whether a task is done, or ends the call, as soon as it is named.
fn is_done_at_once(task: &Task) -> bool {
    let acts = task.done.request.as_ref().is_some_and(|request| request.effect == Effect::Acts);
    task.slots.is_empty()
        && task.confirm.is_none()
        && task.done.approval.is_none()
        && (acts || task.done.then == Then::HangUp)
}

/// Whether something has come that the question is over with, whatever it is.
pub(super) fn is_over(input: &BrainInput) -> bool {
    match input {
        BrainInput::NotUnderstood
        | BrainInput::Unheard
        | BrainInput::NoInput
        | BrainInput::TooManyTurns
        | BrainInput::ToolDone { .. }
        | BrainInput::Guided(_)
        | BrainInput::HandedOn(_)
        | BrainInput::Person(_) => true,
        BrainInput::Heard { .. }
        | BrainInput::Typed(_)
        | BrainInput::Keys(_)
        | BrainInput::Answered
        | BrainInput::Deaf(_)
        | BrainInput::Interrupted
        | BrainInput::EagerEnd(_)
        | BrainInput::EagerWithdrawn
        | BrainInput::Model { .. }
        | BrainInput::Hurry(_)
        | BrainInput::Tick => false,
    }
}

impl Flow {
    /// What of this cannot be undone. Cancelling is asked about whatever the confidence, and a person who is looked for, or the supervisor who is
    /// to approve, is asked for again with a word.
    fn without_return(&self, meaning: &Meaning) -> Option<Doubted> {
        let bot = &self.bot;
        match *meaning {
            Meaning::Command(command @ (Command::Person | Command::Goodbye | Command::Restart | Command::Back)) => {
                Some(Doubted::Command(command))
            }
            Meaning::Begin { task, .. } if is_done_at_once(&bot.tasks[task]) => Some(Doubted::Task(task)),
            Meaning::Switch(task) if self.interview.form.is_touched() || is_done_at_once(&bot.tasks[task]) => {
                Some(Doubted::Task(task))
            }
            Meaning::Right | Meaning::Stopped => Some(Doubted::Yes),
            Meaning::NothingElse => Some(Doubted::NothingElse),
            _ => None,
        }
    }

    /// The question about what was meant, where it cannot be undone and was heard with so little confidence; else it can be done.
    pub(super) fn doubts(&mut self, meaning: &Meaning, confidence: f32) -> Option<Reply> {
        let doubted = self.without_return(meaning).filter(|doubted| confidence < self.least(*doubted))?;
        Some(self.ask_whether(doubted))
    }

    /// The confidence from which it is done at once. What nobody has asked about takes more than an answer: a recogniser that knows only what the
    /// step expects finds a command in other people's speech more often than the caller gives one.
    pub(super) fn least(&self, doubted: Doubted) -> f32 {
        let good = self.bot.turn.good;
        match doubted {
            Doubted::Command(_) | Doubted::Task(_) | Doubted::CallBack => (1.0 + good) / 2.0,
            Doubted::Yes | Doubted::NothingElse => good,
        }
    }

    /// Asks whether the caller wants it. What they said is not counted as misunderstood.
    pub(super) fn ask_whether(&mut self, doubted: Doubted) -> Reply {
        let inquiry = &mut self.interview.inquiry;
        inquiry.attempts.spoke();
        inquiry.doubted = Some(doubted);
        self.interview.ask(Vec::new())
    }

    /// Whether an answer in these words is open, and what they come to.
    pub(super) fn answers_doubt(&self, words: &[String]) -> Option<bool> {
        self.wants(self.interview.inquiry.doubted?, words)
    }

    /// Whether the caller wants it, by these words; `None`: they say something else.
    fn wants(&self, doubted: Doubted, words: &[String]) -> Option<bool> {
        let (verdict, len) = match answer(words, self.bot.language, Question::Own) {
            Some((verdict, len)) => (Some(verdict), len),
            None => (None, 0),
        };
        let rest = &words[len..];
        match verdict {
            Some(Verdict::Yes) if rest.is_empty() || self.asks_for(doubted, rest) => Some(true),
            Some(Verdict::No) if rest.is_empty() => Some(false),
            _ => self.asks_for(doubted, words).then_some(true),
        }
    }

    /// Whether these words ask for it once more.
    fn asks_for(&self, doubted: Doubted, words: &[String]) -> bool {
        match self.step() {
            Step::Person => self.meant_while_led(words) == Some(doubted),
            _ => self.without_return(&self.context().meaning(words)) == Some(doubted),
        }
    }

    /// The reply to an answer to the question whether the caller wants what was heard doubtfully. Before they have heard the question it is asked
    /// once more. `None`: they were not asked, or say something else, which stands by itself.
    pub(super) fn hear_whether(&mut self, words: &[String], question_heard: f32) -> Option<Reply> {
        let doubted = self.interview.inquiry.doubted.take()?;
        match self.wants(doubted, words) {
            Some(true) if question_heard < ENOUGH_HEARD && self.interview.inquiry.attempts.confirmed_early() => {
                Some(self.ask_whether(doubted))
            }
            Some(wanted) => Some(self.settle(doubted, wanted)),
            None => self.holds_question(doubted, words),
        }
    }

    /// The reply to keys at the question whether the caller wants it.
    pub(super) fn key_whether(&mut self, keys: &str) -> Option<Reply> {
        let doubted = self.interview.inquiry.doubted.take()?;
        match keypad::yes_no(keys) {
            Some(wanted) => Some(self.settle(doubted, wanted)),
            None if keys == "#" => Some(self.ask_whether(doubted)),
            None => None,
        }
    }

    /// "Could you repeat that?": the question stays.
    fn holds_question(&mut self, doubted: Doubted, words: &[String]) -> Option<Reply> {
        if self.step() == Step::Person {
            return None;
        }
        let meaning = self.context().meaning(words);
        let Meaning::Command(Command::Repeat | Command::Wait | Command::Hello) = meaning else { return None };
        self.interview.inquiry.doubted = Some(doubted);
        Some(self.act(meaning, "", CERTAIN))
    }

    /// Does it, or asks the question that was open before.
    fn settle(&mut self, doubted: Doubted, wanted: bool) -> Reply {
        if self.step() == Step::Person {
            return self.settle_while_led(doubted, wanted);
        }
        if !wanted {
            return self.interview.ask(Vec::new());
        }
        let meaning = match doubted {
            Doubted::Command(command) => Meaning::Command(command),
            Doubted::Task(task) => Meaning::Switch(task),
            Doubted::Yes if self.step() == Step::Stop => Meaning::Stopped,
            Doubted::Yes => Meaning::Right,
            Doubted::NothingElse => Meaning::NothingElse,
            Doubted::CallBack => return self.interview.ask(Vec::new()),
        };
        self.act(meaning, "", CERTAIN)
    }
}

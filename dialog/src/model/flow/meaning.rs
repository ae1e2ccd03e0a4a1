//! `Meaning`: what a caller's words mean at a step, before anything changes.
use super::asked_back::{is_question, slot_asked_about};
use super::form::Form;
use super::parse::{self, Fill, Given, SlotSearch};
use super::parts::{Asked, Entered, Parts};
use crate::bot::{Command, fact};
use crate::model::step::Step;
use crate::value::answer::{Question, Verdict, answer};
use crate::value::around::Unclear;
use crate::value::correction::means_change;
use crate::value::half_of_day::DayPart;
use crate::value::item::Intent;
use crate::value::kind::{Kind, Value};

mod aside;
mod read_back;
mod shorter;
mod waiting;

pub(super) use aside::Aside;

pub(super) enum Meaning {
    Command(Command),
    /// The sentence as it stands is the value of this slot.
    Text(usize),
    /// A task, with the values that were said with it.
    Begin {
        task: usize,
        values: SaidValues,
    },
    /// Another task in the midst of one.
    Switch(usize),
    Values(SaidValues),
    /// A value that was given in parts, or of which a part was taken back.
    Assembled {
        slot: usize,
        value: Value,
    },
    /// A value that was entered by keys.
    Keyed {
        slot: usize,
        value: Value,
    },
    /// A part of a value; the rest is still to come.
    Part(Parts),
    /// An entry that cannot be right, or whose correction may be meant in several ways, with the reason.
    Faulty {
        slot: usize,
        parts: Parts,
        why: String,
    },
    /// The value that was checked is right; perhaps more values were said.
    Confirmed {
        slot: usize,
        values: SaidValues,
    },
    /// The value that was checked was said once more.
    Repeated {
        slot: usize,
        values: SaidValues,
    },
    /// The value that was checked is wrong.
    Denied(usize),
    /// All that was read back is right.
    Right,
    /// Something that was read back is wrong; the caller did not say what.
    Wrong,
    /// This slot is to be changed.
    Change(usize),
    NothingToChange,
    /// No to "anything else?".
    NothingElse,
    /// Yes to "anything else?".
    SomethingElse,
    /// What may be a yes as well as a no.
    Unsure,
    /// A number that this slot does not take.
    OutOfRange(usize),
    /// The caller asks for this fact.
    Fact(usize),
    /// The caller asks something else back, about this slot if any.
    AskedBack(Option<usize>),
    /// The caller wants none of it any more.
    Stopped,
    /// The words are the message that was asked for.
    Message,
    /// What is known already: no answer, and no mistake either.
    Known,
    NotUnderstood,
    /// Something was said of a value, and no single value is meant.
    Unclear(Unclear),
    /// Whether the caller lets the bot remember what they gave.
    MayRemember(bool),
    /// A key that has no meaning here.
    WrongKey,
    /// Keys that are no answer to the question.
    WrongEntry,
    /// Nothing was asked.
    Ignored,
}

impl Meaning {
    /// Whether values are confirmed, and nothing else is said.
    pub fn only_confirms(&self) -> bool {
        match self {
            Meaning::Right => true,
            Meaning::Confirmed { values, .. } => values.is_empty(),
            _ => false,
        }
    }
}

/// The values of a sentence.
#[derive(Default)]
pub(super) struct SaidValues {
    /// Values that are taken.
    pub taken: Vec<Fill>,
    /// Another value for a slot that has one, though nothing was said that means change: the caller is asked whether it is to be
    /// changed. Somebody else in the room may have said it.
    pub proposed: Option<Fill>,
    /// A slot for which a number was said that it does not take.
    pub out_of_range: Option<usize>,
    /// What was asked behind the values: "Boston, and how much is it?"
    pub aside: Option<Aside>,
}

impl SaidValues {
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty() && self.proposed.is_none() && self.out_of_range.is_none()
    }
}

/// What there is to understand words by.
pub(super) struct Context<'a> {
    pub form: &'a Form,
    pub step: Step,
    /// What has been given so far of the value that is asked for.
    pub parts: &'a Parts,
}

impl Context<'_> {
    pub fn meaning(&self, words: &[String]) -> Meaning {
        let free = self.free_text();
        let bot = &self.form.bot;
        if self.step == Step::Message {
            return self.message(words);
        }
        // "start over" in the midst of a number begins the number anew.
        let entered = self.entered(words);
        match entered {
            Entered::Whole { found, sure: false } => {
                let assembled = |slot| Meaning::Assembled { slot, value: found.value };
                return self.step.slot().map_or(Meaning::Ignored, assembled);
            }
            Entered::Begun(parts) => return Meaning::Part(parts),
            Entered::Whole { .. } | Entered::Other => {}
        }
        if let Some(command) = bot.commands.find(words, bot.language, free.is_some()) {
            return self.command(command, words);
        }
        if let Some(slot) = free.filter(|_| !words.is_empty()) {
            if let Some(values) = self.corrected_before_text(words) {
                return Meaning::Values(values);
            }
            return Meaning::Text(slot);
        }
        if let Some(values) = self.values_and_question(words) {
            return Meaning::Values(values);
        }
        if let Some(meaning) = self.at_any_step(words) {
            return meaning;
        }
        let meaning = match self.step {
            Step::Task => self.task(words),
            Step::Slot(_) => self.answer(words),
            Step::Check(slot) => self.check(slot, words),
            Step::Review => self.review(words),
            Step::Change => self.change(words),
            Step::Stop => self.stop(words),
            Step::Remember => self.remember(words),
            Step::Approval => self.while_waiting(words),
            Step::Message | Step::Person | Step::Busy | Step::Over => Meaning::Ignored,
        };
        if matches!(meaning, Meaning::NotUnderstood) { self.beside_the_question(words) } else { meaning }
    }

    /// A command. Where it may as well be the answer ("a person" to "for how many people?"), the answer is asked about.
    fn command(&self, command: Command, words: &[String]) -> Meaning {
        let asked = match self.step {
            Step::Slot(slot) if command == Command::Person => Some(slot),
            _ => None,
        };
        let answer = asked.and_then(|slot| self.search(&[slot], &[]).given(words).fills.pop());
        answer.map_or(Meaning::Command(command), |f| Meaning::Assembled { slot: f.slot, value: f.found.value })
    }

    /// What is said in free speech beside any question: a command, or a question that a fact of the bot's answers. The bot's own words
    /// come first.
    pub(super) fn at_any_step(&self, words: &[String]) -> Option<Meaning> {
        let bot = &self.form.bot;
        if matches!(self.step, Step::Busy | Step::Over) || parse::task(bot, words).is_some() {
            return None;
        }
        if bot.commands.asks_for_person(words, bot.language) {
            return Some(self.command(Command::Person, words));
        }
        // "Yes, sorry": an answer.
        if self.asks_yes_or_no() && matches!(self.verdict(words), (Some(_), [])) {
            return None;
        }
        let is_choice = |f: &Fill| matches!(bot.slots[f.slot].kind, Kind::Choice(_));
        let holds = |command: Command| {
            let fills = self.fills(words);
            let is_value = |f: &Fill| bot.slots[f.slot].kind != Kind::YesNo;
            fills.iter().any(is_choice) || command == Command::Wait && fills.iter().any(is_value)
        };
        let understood = bot.commands.understood(words, bot.language).filter(|command| !holds(*command));
        if let Some(command) = understood {
            return Some(self.command(command, words));
        }
        self.fact(words).filter(|_| is_question(words, bot.language))
    }

    fn fact(&self, words: &[String]) -> Option<Meaning> {
        let bot = &self.form.bot;
        fact::asked_for(&bot.facts, words, bot.language).map(Meaning::Fact)
    }

    /// What words mean that are no answer.
    fn beside_the_question(&self, words: &[String]) -> Meaning {
        let bot = &self.form.bot;
        if let Some(slot) = self.shifted(words) {
            return Meaning::Change(slot);
        }
        if let Some(fact) = self.fact(words) {
            return fact;
        }
        if !is_question(words, bot.language) {
            return Meaning::NotUnderstood;
        }
        let all: Vec<usize> = (0..bot.slots.len()).collect();
        let slots = if self.form.task().is_some() { self.form.task_slots() } else { &all };
        match slot_asked_about(bot, slots, self.step.slot(), words) {
            // "What time was that?": all of it is read back once more.
            _ if matches!(self.step, Step::Review | Step::Check(_)) && self.named(words).is_some() => Meaning::Known,
            about => Meaning::AskedBack(about),
        }
    }

    /// A message is taken as it is; who wants to go on after all may.
    fn message(&self, words: &[String]) -> Meaning {
        let bot = &self.form.bot;
        match bot.commands.find(words, bot.language, true) {
            Some(command @ (Command::Back | Command::Restart | Command::Repeat | Command::Wait)) => {
                Meaning::Command(command)
            }
            _ => Meaning::Message,
        }
    }

    /// "Do you want to stop here?"
    fn stop(&self, words: &[String]) -> Meaning {
        let values = self.fills(words);
        match self.verdict(words).0 {
            Some(Verdict::Yes) => Meaning::Stopped,
            _ if !values.is_empty() => Meaning::Values(self.sorted(None, words, 0, values)),
            Some(Verdict::No) => Meaning::NothingToChange,
            Some(Verdict::Unsure) => Meaning::Unsure,
            None => Meaning::NotUnderstood,
        }
    }

    pub(super) fn asks_yes_or_no(&self) -> bool {
        match self.step {
            Step::Check(_) | Step::Review | Step::Stop | Step::Remember => true,
            Step::Slot(slot) => self.form.bot.slots[slot].kind == Kind::YesNo,
            // "To go on with that, say yes."
            Step::Task => self.form.offers.reminded.is_some() && !self.form.is_touched(),
            _ => false,
        }
    }

    /// What these words come to at a slot that takes a value in parts.
    fn entered(&self, words: &[String]) -> Entered {
        let Step::Slot(slot) = self.step else { return Entered::Other };
        self.parts.enter(self.asked(slot), words)
    }

    pub fn asked(&self, slot: usize) -> Asked<'_> {
        let bot = &self.form.bot;
        Asked { slot, kind: &bot.slots[slot].kind, language: bot.language, now: self.form.now }
    }

    /// The slot of free text that is asked for.
    fn free_text(&self) -> Option<usize> {
        match self.step {
            Step::Slot(s) if self.form.bot.slots[s].kind == Kind::Text => Some(s),
            _ => None,
        }
    }

    /// What the words at the start answer to the question, and the words behind them.
    pub(super) fn verdict<'a>(&self, words: &'a [String]) -> (Option<Verdict>, &'a [String]) {
        let question = match self.step {
            Step::Check(_) | Step::Review | Step::Change => Question::ReadBack,
            Step::Task => Question::Else,
            _ => Question::Own,
        };
        match answer(words, self.form.bot.language, question) {
            Some((verdict, len)) => (Some(verdict), &words[len..]),
            None => (None, words),
        }
    }

    pub(super) fn search<'b>(&'b self, slots: &'b [usize], filled: &'b [bool]) -> SlotSearch<'b> {
        let (asked, now, part_of_day) = (self.step.slot(), self.form.now, self.form.part_of_day());
        SlotSearch { bot: &self.form.bot, slots, asked, filled, now, part_of_day }
    }

    /// What these words give of the task under way, or of the one that they mean.
    pub(super) fn given(&self, words: &[String]) -> Given {
        let filled = self.form.filled();
        match self.form.task().or_else(|| self.meant(words)) {
            Some(task) => self.with_known(self.search(&self.form.bot.tasks[task].slots, &filled).given(words)),
            None => Given::default(),
        }
    }

    pub fn fills(&self, words: &[String]) -> Vec<Fill> {
        self.given(words).fills
    }

    /// The part of the day that these words name, apart from that of a time.
    pub fn named_part(&self, words: &[String]) -> Option<DayPart> {
        let task = self.form.task().or_else(|| self.meant(words))?;
        self.search(&self.form.bot.tasks[task].slots, &[]).named_part(words)
    }

    /// The task that is meant where none is under way: the one that is named, or the only one whose slots the values fit.
    fn meant(&self, words: &[String]) -> Option<usize> {
        let bot = &self.form.bot;
        let named = parse::task(bot, words).map(|(t, _, _)| t);
        named.or_else(|| {
            let fits = |t: &usize| {
                let slots = &bot.tasks[*t].slots;
                let search = SlotSearch { asked: None, ..self.search(slots, &[]) };
                !search.given(words).fills.is_empty()
            };
            let mut fitting = (0..bot.tasks.len()).filter(fits);
            fitting.next().filter(|_| fitting.next().is_none())
        })
    }

    /// What becomes of these values of a sentence that is answered by the verdict up to `from`. A slot that has a value keeps it until
    /// the caller says that it is to be another one, or answers a question for this very slot.
    pub(super) fn sorted(
        &self,
        verdict: Option<Verdict>,
        words: &[String],
        from: usize,
        values: Vec<Fill>,
    ) -> SaidValues {
        let asked = |slot| self.step.slot() == Some(slot) || self.step == Step::Change;
        let changes = verdict == Some(Verdict::No) || means_change(&words[from..], self.form.bot.language);
        let out_of_range = self.out_of_range(words, from, &values);
        let meddles = Intent::of(words, self.form.bot.language) != Intent::Has;
        let changes_items = |f: &Fill| meddles && matches!(f.found.value, Value::Items(_));
        let fits =
            |f: &Fill| changes || changes_items(f) || asked(f.slot) || !self.form.is_other(f.slot, &f.found.value);
        let (taken, mut other): (Vec<Fill>, Vec<Fill>) = values.into_iter().partition(fits);
        let proposed = if other.is_empty() { None } else { Some(other.swap_remove(0)) };
        SaidValues { taken, proposed, out_of_range, aside: None }
    }

    /// A slot of the task for which the words from `from` on hold a number that it does not take, outside of these values.
    fn out_of_range(&self, words: &[String], from: usize, fills: &[Fill]) -> Option<usize> {
        self.search(self.form.task_slots(), &[]).out_of_range(words, from, fills)
    }

    /// A slot of the task, named without a value.
    fn named(&self, words: &[String]) -> Option<usize> {
        parse::named(&self.form.bot, self.form.task_slots(), words)
    }

    pub(super) fn task(&self, words: &[String]) -> Meaning {
        if let Some(task) = self.meant(words) {
            let (aside, words) = self.aside(words).map_or((None, words), |(aside, at)| (Some(aside), &words[..at]));
            let taken = self.search(&self.form.bot.tasks[task].slots, &[]).given(words).fills;
            return Meaning::Begin { task, values: SaidValues { taken, aside, ..SaidValues::default() } };
        }
        match (self.verdict(words), self.form.offers.reminded) {
            ((Some(Verdict::Yes), []), Some(task)) if !self.form.is_touched() => Meaning::Switch(task),
            (verdict, _) => self.anything_else(&verdict),
        }
    }

    fn anything_else(&self, verdict: &(Option<Verdict>, &[String])) -> Meaning {
        match verdict {
            (Some(Verdict::No), _) if self.form.is_touched() => Meaning::NothingElse,
            (Some(Verdict::Yes), []) if self.form.is_touched() => Meaning::SomethingElse,
            _ => Meaning::NotUnderstood,
        }
    }

    fn answer(&self, words: &[String]) -> Meaning {
        if let Some(all) = self.that_is_all(words) {
            return Meaning::Values(SaidValues { taken: vec![all], ..SaidValues::default() });
        }
        let Given { fills, unclear, .. } = self.given(words);
        if !fills.is_empty() && self.only_asks_about(&fills, words) {
            return Meaning::NotUnderstood;
        }
        if !fills.is_empty() {
            return Meaning::Values(self.sorted(self.verdict(words).0, words, 0, fills));
        }
        if let Some(meaning) = self.refused(words, &unclear) {
            return meaning;
        }
        if let Some((_, why)) = unclear.first() {
            return Meaning::Unclear(*why);
        }
        match parse::task(&self.form.bot, words) {
            // "cancel my booking" in the midst of another task.
            Some((task, _, _)) if self.form.task() != Some(task) => return Meaning::Switch(task),
            // "book a room" once more.
            Some(_) => return Meaning::Known,
            None => {}
        }
        match self.out_of_range(words, 0, &[]) {
            Some(slot) => Meaning::OutOfRange(slot),
            None if self.asks_yes_or_no() && self.verdict(words).0.is_some() => Meaning::Unsure,
            None => Meaning::NotUnderstood,
        }
    }
}

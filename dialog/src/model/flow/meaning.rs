//! `Meaning`: what a caller's words mean at a step, before anything changes.
use super::form::Form;
use super::parse::{self, Fill, SlotSearch};
use super::parts::{Asked, Entered, Parts};
use crate::bot::Command;
use crate::model::step::Step;
use crate::turn::{AnswerKind, backchannel};
use crate::value;
use crate::value::correction::means_change;
use crate::value::found::Growth;
use crate::value::kind::{Kind, Value};

pub(super) enum Meaning {
    Command(Command),
    /// The sentence as it stands is the value of this slot.
    Text(usize),
    /// A task, with the values that were said with it.
    Begin {
        task: usize,
        values: Vec<Fill>,
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
    /// What is known already: no answer, and no mistake either.
    Known,
    NotUnderstood,
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
            Meaning::Confirmed { values, .. } => values.taken.is_empty() && values.proposed.is_none(),
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
            return Meaning::Command(command);
        }
        if let Some(slot) = free.filter(|_| !words.is_empty()) {
            return Meaning::Text(slot);
        }
        match self.step {
            Step::Task => self.task(words),
            Step::Slot(_) => self.answer(words),
            Step::Check(slot) => self.check(slot, words),
            Step::Review => self.review(words),
            Step::Change => self.change(words),
            Step::Busy | Step::Over => Meaning::Ignored,
        }
    }

    /// How long to wait for more after these words.
    pub fn answer_kind(&self, words: &[String]) -> AnswerKind {
        let bot = &self.form.bot;
        let yes_no = matches!(self.step, Step::Check(_) | Step::Review)
            || matches!(self.step, Step::Slot(s) if bot.slots[s].kind == Kind::YesNo);
        let free = self.free_text().is_some();
        let entered = self.entered(words);
        if let Some(kind) = self.entry_kind(&entered, words) {
            return kind;
        }
        if bot.commands.find(words, bot.language, free).is_some() {
            return AnswerKind::Whole;
        }
        if yes_no {
            match self.yes_no(words) {
                Some((true, len)) if len == words.len() && backchannel::is_listening_sound(words) => {
                    return AnswerKind::BackchannelAnswer;
                }
                Some((true, len)) if len == words.len() => return AnswerKind::Whole,
                // "no" is often the beginning of a correction.
                Some((false, len)) if len == words.len() => {
                    return if self.step == Step::Review { AnswerKind::Likely } else { AnswerKind::Whole };
                }
                _ => {}
            }
        } else if backchannel::is_backchannel(words, bot.language) {
            return if backchannel::is_hesitation(words) { AnswerKind::Hesitation } else { AnswerKind::Backchannel };
        }
        if free || words.is_empty() || parse::trailing(words, bot.language) {
            return AnswerKind::Part;
        }
        match self.fills(words).last() {
            Some(Fill { end, found, .. }) if *end == words.len() => match found.growth {
                Growth::Closed => AnswerKind::Whole,
                Growth::Likely => AnswerKind::Likely,
                Growth::Open => AnswerKind::Part,
            },
            Some(_) => AnswerKind::Likely,
            None if parse::task(bot, words).is_some_and(|(_, at, len)| at + len == words.len()) => AnswerKind::Whole,
            None => AnswerKind::Part,
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

    /// How long to wait for more of a value that is given in parts; `None`: it is none.
    fn entry_kind(&self, entered: &Entered, words: &[String]) -> Option<AnswerKind> {
        let kind = &self.form.bot.slots[self.step.slot()?].kind;
        match entered {
            Entered::Begun(_) => Some(AnswerKind::Short),
            // One digit alone is a code, and may as well be the first of several.
            Entered::Whole { sure: true, .. } if value::is_begun(kind, words, self.form.bot.language) => {
                Some(AnswerKind::Short)
            }
            Entered::Whole { found, .. } if matches!(kind, Kind::Digits { .. } | Kind::Phone | Kind::Date) => {
                Some(match found.growth {
                    Growth::Closed => AnswerKind::Whole,
                    Growth::Likely => AnswerKind::Likely,
                    Growth::Open if *kind == Kind::Date => AnswerKind::Part,
                    Growth::Open => AnswerKind::Open,
                })
            }
            Entered::Whole { .. } | Entered::Other => None,
        }
    }

    /// The slot of free text that is asked for.
    fn free_text(&self) -> Option<usize> {
        match self.step {
            Step::Slot(s) if self.form.bot.slots[s].kind == Kind::Text => Some(s),
            _ => None,
        }
    }

    fn yes_no(&self, words: &[String]) -> Option<(bool, usize)> {
        value::yes_no(words, self.form.bot.language)
    }

    fn is_no(&self, words: &[String]) -> bool {
        self.yes_no(words).is_some_and(|(yes, _)| !yes)
    }

    fn search(&self, slots: &[usize], words: &[String]) -> Vec<Fill> {
        let (bot, filled) = (&*self.form.bot, self.form.filled());
        SlotSearch { bot, slots, asked: self.step.slot(), filled: &filled, now: self.form.now }.fills(words)
    }

    /// The values in these words for the task under way, or for the one that they mean.
    fn fills(&self, words: &[String]) -> Vec<Fill> {
        match self.form.task().or_else(|| self.meant(words)) {
            Some(task) => self.search(&self.form.bot.tasks[task].slots, words),
            None => Vec::new(),
        }
    }

    /// The task that is meant where none is under way: the one that is named, or the only one whose slots the values fit.
    fn meant(&self, words: &[String]) -> Option<usize> {
        let bot = &self.form.bot;
        let named = parse::task(bot, words).map(|(t, _, _)| t);
        named.or_else(|| {
            let fits = |t: &usize| {
                let slots = &bot.tasks[*t].slots;
                let search = SlotSearch { bot, slots, asked: None, filled: &[], now: self.form.now };
                !search.fills(words).is_empty()
            };
            let mut fitting = (0..bot.tasks.len()).filter(fits);
            fitting.next().filter(|_| fitting.next().is_none())
        })
    }

    /// Which of these values are taken. A slot that has a value keeps it until the caller says that it is to be another one, or
    /// answers a question for this very slot.
    fn sorted(&self, words: &[String], values: Vec<Fill>) -> SaidValues {
        let asked = |slot| self.step.slot() == Some(slot) || self.step == Step::Change;
        let changes = means_change(words, self.form.bot.language) || self.is_no(words);
        let fits = |f: &Fill| changes || asked(f.slot) || !self.form.is_other(f.slot, &f.found.value);
        let (taken, mut other): (Vec<Fill>, Vec<Fill>) = values.into_iter().partition(fits);
        SaidValues { taken, proposed: if other.is_empty() { None } else { Some(other.swap_remove(0)) } }
    }

    /// A slot of the task, named without a value.
    fn named(&self, words: &[String]) -> Option<usize> {
        parse::named(&self.form.bot, self.form.task_slots(), words)
    }

    fn task(&self, words: &[String]) -> Meaning {
        match self.meant(words) {
            Some(task) => Meaning::Begin { task, values: self.search(&self.form.bot.tasks[task].slots, words) },
            None if self.is_no(words) && self.form.is_touched() => Meaning::NothingElse,
            None => Meaning::NotUnderstood,
        }
    }

    fn answer(&self, words: &[String]) -> Meaning {
        let fills = self.fills(words);
        if !fills.is_empty() {
            return Meaning::Values(self.sorted(words, fills));
        }
        match parse::task(&self.form.bot, words) {
            // "cancel my booking" in the midst of another task.
            Some((task, _, _)) if self.form.task() != Some(task) => Meaning::Switch(task),
            // "book a room" once more.
            Some(_) => Meaning::Known,
            None => Meaning::NotUnderstood,
        }
    }

    fn check(&self, slot: usize, words: &[String]) -> Meaning {
        let verdict = self.yes_no(words);
        let rest = verdict.map_or(words, |(_, len)| &words[len..]);
        let is_yes_no = self.form.bot.slots[slot].kind == Kind::YesNo;
        let mut values = if is_yes_no { Vec::new() } else { self.fills(rest) };
        if let (Some((true, _)), Some(known)) = (verdict, self.form.checked_value(slot)) {
            // "yes, nine" to "did you say nine p m?"
            values.retain(|f| f.slot != slot || !is_shorter(known, &f.found.value, &rest[f.end - f.found.len..f.end]));
        }
        let checked = |f: &Fill| f.slot == slot && self.form.checked_value(slot) == Some(&f.found.value);
        let other = values.iter().any(|f| f.slot == slot && !checked(f));
        let same = values.iter().any(checked);
        let values = self.sorted(words, values);
        match verdict {
            // "right, at nine" to "did you say eight?"
            Some((true, _)) if other => Meaning::Values(values),
            Some((true, _)) => Meaning::Confirmed { slot, values },
            None if same => Meaning::Repeated { slot, values },
            _ if !values.taken.is_empty() || values.proposed.is_some() => Meaning::Values(values),
            Some((false, _)) => Meaning::Denied(slot),
            None => Meaning::NotUnderstood,
        }
    }

    fn review(&self, words: &[String]) -> Meaning {
        let verdict = self.yes_no(words);
        let rest = verdict.map_or(words, |(_, len)| &words[len..]);
        let (same, changed): (Vec<Fill>, Vec<Fill>) =
            self.fills(rest).into_iter().partition(|f| self.form.has_value(f.slot, &f.found.value));
        match (verdict, self.named(rest)) {
            _ if !changed.is_empty() => Meaning::Values(self.sorted(words, changed)),
            (Some((true, _)), _) => Meaning::Right,
            // The same value again is no change.
            (None, _) if !same.is_empty() => Meaning::Known,
            // "what time was that?"
            (None, Some(_)) if is_question(rest) => Meaning::NotUnderstood,
            (_, Some(slot)) => Meaning::Change(slot),
            (Some((false, _)), None) => Meaning::Wrong,
            (None, None) => Meaning::NotUnderstood,
        }
    }

    fn change(&self, words: &[String]) -> Meaning {
        let values = self.fills(words);
        match self.named(words) {
            _ if !values.is_empty() => Meaning::Values(self.sorted(words, values)),
            Some(slot) => Meaning::Change(slot),
            None if words.iter().any(|w| w == "nothing") || self.is_no(words) => Meaning::NothingToChange,
            None => Meaning::NotUnderstood,
        }
    }
}

/// Whether words say again, in a shorter form, a value that is known: "nine" of nine p m, "Friday" of some Friday.
fn is_shorter(known: &Value, said: &Value, words: &[String]) -> bool {
    let half_of_day = |word: &String| word.ends_with("am") || word.ends_with("pm");
    match (known, said, words) {
        (Value::Time(known), Value::Time(said), [_] | [_, _]) => {
            let same = known.minute() == said.minute() && known.hour() % 12 == said.hour() % 12;
            same && !words.iter().any(half_of_day)
        }
        (Value::Date(known), Value::Date(said), [first, ..]) if words.len() <= 2 => match first.as_str() {
            "the" | "ngày" | "mùng" => known.day() == said.day(),
            _ if words.len() == 1 || matches!(first.as_str(), "thứ" | "chủ") => known.weekday() == said.weekday(),
            _ => false,
        },
        _ => false,
    }
}

/// Whether words ask something.
fn is_question(words: &[String]) -> bool {
    const FIRST: [&str; 7] = ["what", "when", "how", "which", "who", "did", "is"];
    const ANYWHERE: [&str; 4] = ["mấy", "gì", "nào", "bao"];
    words.first().is_some_and(|word| FIRST.contains(&word.as_str()))
        || words.iter().any(|word| ANYWHERE.contains(&word.as_str()))
}

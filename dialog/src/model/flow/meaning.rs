//! `Meaning`: what a caller's words mean at a step, before anything changes.
use super::form::Form;
use super::parse::{self, Fill, Given, SlotSearch};
use super::parts::{Asked, Entered, Parts};
use crate::bot::Command;
use crate::language::Language;
use crate::model::step::Step;
use crate::turn::{AnswerKind, backchannel};
use crate::value;
use crate::value::around::Unclear;
use crate::value::calendar::time_of_day;
use crate::value::correction::means_change;
use crate::value::found::{Found, Growth};
use crate::value::half_of_day::DayPart;
use crate::value::item::{Gap, Intent};
use crate::value::items;
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
    /// Something was said of a value, and no single value is meant.
    Unclear(Unclear),
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

    fn search<'b>(&'b self, slots: &'b [usize], filled: &'b [bool]) -> SlotSearch<'b> {
        let (asked, now, part_of_day) = (self.step.slot(), self.form.now, self.form.part_of_day());
        SlotSearch { bot: &self.form.bot, slots, asked, filled, now, part_of_day }
    }

    /// What these words give of the task under way, or of the one that they mean.
    fn given(&self, words: &[String]) -> Given {
        let filled = self.form.filled();
        match self.form.task().or_else(|| self.meant(words)) {
            Some(task) => self.with_known_items(self.search(&self.form.bot.tasks[task].slots, &filled).given(words)),
            None => Given::default(),
        }
    }

    /// Items that were said, put together with those that are known: they answer what is asked about a list, or change it.
    fn with_known_items(&self, mut given: Given) -> Given {
        for Fill { slot, found, .. } in &mut given.fills {
            let Value::Items(said) = &found.value else { continue };
            let begun = self.parts.items.as_ref().filter(|_| self.parts.slot == *slot);
            let together = match (begun, self.form.checked_value(*slot)) {
                (Some(begun), _) => begun.completed_by(said),
                (None, Some(Value::Items(known))) => known.changed_by(said),
                _ => said.plain(),
            };
            found.value = Value::Items(together);
        }
        given
    }

    /// Nothing is to be added to a list of which a part was not understood.
    fn that_is_all(&self, words: &[String]) -> Option<Fill> {
        let slot = self.step.slot().filter(|slot| *slot == self.parts.slot)?;
        let items =
            self.parts.items.as_ref().filter(|items| items.gap() == Some(Gap::Unheard) && !items.list.is_empty())?;
        let found = Found::new(Value::Items(items.heard_out()), words.len());
        items::says_that_is_all(words, self.form.bot.language).then_some(Fill { slot, found, end: words.len() })
    }

    fn fills(&self, words: &[String]) -> Vec<Fill> {
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

    /// Which of these values are taken. A slot that has a value keeps it until the caller says that it is to be another one, or
    /// answers a question for this very slot.
    fn sorted(&self, words: &[String], values: Vec<Fill>) -> SaidValues {
        let asked = |slot| self.step.slot() == Some(slot) || self.step == Step::Change;
        let changes = means_change(words, self.form.bot.language) || self.is_no(words);
        let meddles = Intent::of(words, self.form.bot.language) != Intent::Has;
        let changes_items = |f: &Fill| meddles && matches!(f.found.value, Value::Items(_));
        let fits =
            |f: &Fill| changes || changes_items(f) || asked(f.slot) || !self.form.is_other(f.slot, &f.found.value);
        let (taken, mut other): (Vec<Fill>, Vec<Fill>) = values.into_iter().partition(fits);
        SaidValues { taken, proposed: if other.is_empty() { None } else { Some(other.swap_remove(0)) } }
    }

    /// A slot of the task, named without a value.
    fn named(&self, words: &[String]) -> Option<usize> {
        parse::named(&self.form.bot, self.form.task_slots(), words)
    }

    fn task(&self, words: &[String]) -> Meaning {
        match self.meant(words) {
            Some(task) => {
                Meaning::Begin { task, values: self.search(&self.form.bot.tasks[task].slots, &[]).given(words).fills }
            }
            None if self.is_no(words) && self.form.is_touched() => Meaning::NothingElse,
            None => Meaning::NotUnderstood,
        }
    }

    fn answer(&self, words: &[String]) -> Meaning {
        if let Some(all) = self.that_is_all(words) {
            return Meaning::Values(SaidValues { taken: vec![all], proposed: None });
        }
        let Given { fills, unclear } = self.given(words);
        if !fills.is_empty() {
            return Meaning::Values(self.sorted(words, fills));
        }
        if let Some((_, why)) = unclear.first() {
            return Meaning::Unclear(*why);
        }
        match parse::task(&self.form.bot, words) {
            // "cancel my booking" in the midst of another task.
            Some((task, _, _)) if self.form.task() != Some(task) => Meaning::Switch(task),
            // "book a room" once more.
            Some(_) => Meaning::Known,
            None => Meaning::NotUnderstood,
        }
    }

    /// What the words behind a yes or a no give. "Không phải bốn giờ" and "not at four" refuse a value that was never said where another
    /// one was read back: then they bring the right one.
    fn behind(&self, verdict: Option<(bool, usize)>, words: &[String]) -> Given {
        let from = verdict.map_or(0, |(_, len)| len);
        let filled = self.form.filled();
        let Some(task) = self.form.task() else { return Given::default() };
        let search = self.search(&self.form.bot.tasks[task].slots, &filled);
        let mut given = search.given_from(words, from);
        if given.fills.is_empty() && matches!(verdict, Some((false, _))) {
            let other = |fill: &Fill| self.form.checked_value(fill.slot) != Some(&fill.found.value);
            given.fills = search.given(&words[from..]).fills.into_iter().filter(other).collect();
        }
        self.with_known_items(given)
    }

    fn check(&self, slot: usize, words: &[String]) -> Meaning {
        let verdict = self.yes_no(words);
        let is_yes_no = self.form.bot.slots[slot].kind == Kind::YesNo;
        let mut given = if is_yes_no { Given::default() } else { self.behind(verdict, words) };
        if given.fills.is_empty()
            && let Some(fill) = self.other_half(slot, words)
        {
            given = Given { fills: vec![fill], unclear: Vec::new() };
        }
        let known = self.form.checked_value(slot);
        // "yes, nine" to "did you say nine p m?"
        let is_shorter = |f: &Fill| {
            let said = &words[f.end - f.found.len.min(f.end)..f.end];
            known.is_some_and(|known| is_shorter(known, &f.found.value, said, self.form.bot.language))
        };
        let is_no = matches!(verdict, Some((false, _)));
        let checked = |f: &Fill| f.slot == slot && (known == Some(&f.found.value) || !is_no && is_shorter(f));
        let (same, other): (Vec<Fill>, Vec<Fill>) = given.fills.into_iter().partition(checked);
        let is_other = other.iter().any(|f| f.slot == slot);
        let values = self.sorted(words, other);
        let is_open = given.unclear.iter().any(|(of, _)| *of == slot);
        match verdict {
            // "right, at nine" to "did you say eight?"
            Some((true, _)) if is_other => Meaning::Values(values),
            // "yes, or at five"
            Some((true, _)) if is_open => Meaning::NotUnderstood,
            Some((true, _)) => Meaning::Confirmed { slot, values },
            None if !same.is_empty() => Meaning::Repeated { slot, values },
            _ if !values.taken.is_empty() || values.proposed.is_some() => Meaning::Values(values),
            Some((false, _)) => Meaning::Denied(slot),
            None if is_open => Meaning::Denied(slot),
            None => Meaning::NotUnderstood,
        }
    }

    /// "in the evening", "p m" to "did you say nine a m?": the hour that was read back, in that part of the day.
    fn other_half(&self, slot: usize, words: &[String]) -> Option<Fill> {
        let Some(Value::Time(known)) = self.form.checked_value(slot) else { return None };
        let part = DayPart::answered(words, self.form.bot.language)?;
        let time = time_of_day(part.hour(known.hour().into()), known.minute().into())?;
        Some(Fill { slot, found: Found::new(Value::Time(time), words.len()), end: words.len() })
    }

    fn review(&self, words: &[String]) -> Meaning {
        let verdict = self.yes_no(words);
        let rest = verdict.map_or(words, |(_, len)| &words[len..]);
        let Given { fills, unclear } = self.behind(verdict, words);
        let (same, changed): (Vec<Fill>, Vec<Fill>) =
            fills.into_iter().partition(|f| self.form.has_value(f.slot, &f.found.value));
        match (verdict, self.named(rest)) {
            _ if !changed.is_empty() => Meaning::Values(self.sorted(words, changed)),
            // "yes, but before noon"
            (Some((true, _)) | None, _) if !unclear.is_empty() => Meaning::Unclear(unclear[0].1),
            (Some((true, _)), _) => Meaning::Right,
            // The same value again is no change.
            (None, _) if !same.is_empty() => Meaning::Known,
            // "what time was that?"
            (None, Some(_)) if is_question(rest) => Meaning::NotUnderstood,
            (_, Some(slot)) => Meaning::Change(slot),
            // "no, not at three"
            (Some((false, _)), None) if let [(slot, Unclear::Refused)] = unclear[..] => Meaning::Change(slot),
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
fn is_shorter(known: &Value, said: &Value, words: &[String], language: Language) -> bool {
    match (known, said, words) {
        (Value::Time(known), Value::Time(said), [_] | [_, _]) => {
            let same = known.minute() == said.minute() && known.hour() % 12 == said.hour() % 12;
            same && DayPart::answered(words, language).is_none()
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

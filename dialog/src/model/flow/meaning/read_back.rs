//! What words mean where values are read back: at a check, at a review, and at "what should I change?".
use super::super::asked_back::is_question;
use super::super::parse::{self, Fill, Given};
use super::shorter::is_shorter;
use super::{Context, Meaning, SaidValues};
use crate::language::Language;
use crate::value::answer::{Verdict, has_reservation};
use crate::value::around::{Unclear, refuses_by_itself};
use crate::value::correction::means_change;
use crate::value::kind::{Kind, Value};
use crate::value::number;
use crate::value::words::begin_with;

impl Context<'_> {
    /// Whether a yes before the words from `from` on may not be meant for all of it: "yes, but …", "yes, except the time", "yes, for
    /// fifty".
    fn is_reserved(&self, words: &[String], from: usize, fills: &[Fill]) -> bool {
        let (rest, language) = (&words[from..], self.form.bot.language);
        let number_left = parse::has_number_left(words, from, fills, language);
        has_reservation(rest, language) || means_change(rest, language) || number_left
    }

    /// What the words behind a yes or a no give. "Không phải bốn giờ" and "not at four" refuse a value that was never said where another
    /// one was read back: then they bring the right one.
    pub(in crate::model::flow) fn behind(&self, verdict: Option<Verdict>, words: &[String], from: usize) -> Given {
        let filled = self.form.filled();
        let Some(task) = self.form.task() else { return Given::default() };
        let search = self.search(&self.form.bot.tasks[task].slots, &filled);
        let mut given = search.given_from(words, from);
        // "Not quite, Chicago, and at four": the no is whole, and refuses nothing of what follows.
        if verdict == Some(Verdict::No) && refuses_by_itself(&words[..from], self.form.bot.language) {
            given = search.given(&words[from..]);
            given.fills.iter_mut().for_each(|fill| fill.end += from);
        }
        if given.fills.is_empty() && verdict == Some(Verdict::No) {
            let other = |fill: &Fill| {
                let is_same = self.form.checked_value(fill.slot) == Some(&fill.found.value);
                !is_same && !self.are_two_numbers(fill, &words[from..])
            };
            let behind = search.given(&words[from..]).fills.into_iter().filter(other);
            given.fills = behind.map(|fill| Fill { end: fill.end + from, ..fill }).collect();
        }
        self.with_known(given)
    }

    /// "Not four, fourteen": rather two numbers than a clock, where a number is known.
    fn are_two_numbers(&self, fill: &Fill, words: &[String]) -> bool {
        let bot = &self.form.bot;
        let is_number = |slot: &usize| matches!(bot.slots[*slot].kind, Kind::Number { .. });
        let knows_number = self.form.task_slots().iter().any(|slot| is_number(slot) && self.form.is_filled(*slot));
        let own = &words[fill.end - fill.found.len.min(fill.end)..fill.end];
        let is_bare =
            own.len() > 1 && own.iter().all(|word| number(std::slice::from_ref(word), bot.language).is_some());
        knows_number && is_bare && matches!(fill.found.value, Value::Time(_))
    }

    /// "Yes, but four people", "ừ, mà bốn người": behind the "but" stands what is to be different.
    fn sorted_behind(&self, verdict: Option<Verdict>, words: &[String], from: usize, fills: Vec<Fill>) -> SaidValues {
        let concedes = verdict == Some(Verdict::Yes) && is_concession(&words[from..], self.form.bot.language);
        self.sorted(if concedes { Some(Verdict::No) } else { verdict }, words, from, fills)
    }

    pub(super) fn check(&self, slot: usize, words: &[String]) -> Meaning {
        let (verdict, rest) = self.verdict(words);
        let from = words.len() - rest.len();
        let is_yes_no = self.form.bot.slots[slot].kind == Kind::YesNo;
        let mut given = if is_yes_no { Given::default() } else { self.behind(verdict, words, from) };
        if !given.fills.iter().any(|fill| fill.slot == slot)
            && let Some(fill) = self.other_half(slot, words)
        {
            given = Given { fills: [vec![fill], given.fills].concat(), ..Given::default() };
        }
        let known = self.form.checked_value(slot);
        // "yes, nine" to "did you say nine p m?"
        let is_shorter = |f: &Fill| {
            let said = &words[f.end - f.found.len.min(f.end)..f.end];
            known.is_some_and(|known| is_shorter(known, &f.found.value, said, self.form.bot.language))
        };
        let is_no = verdict == Some(Verdict::No);
        let checked = |f: &Fill| f.slot == slot && (known == Some(&f.found.value) || !is_no && is_shorter(f));
        let reserved = self.is_reserved(words, from, &given.fills);
        let (same, other): (Vec<Fill>, Vec<Fill>) = given.fills.into_iter().partition(checked);
        let is_other = other.iter().any(|f| f.slot == slot);
        let mut values = self.sorted_behind(verdict, words, from, other);
        // The number of the value that was said again is no other one.
        values.out_of_range = values.out_of_range.filter(|_| same.is_empty());
        let is_open = given.unclear.iter().any(|(of, _)| *of == slot);
        match verdict {
            // "right, at nine" to "did you say eight?"
            Some(Verdict::Yes) if is_other => Meaning::Values(values),
            // "yes, or at five"
            Some(Verdict::Yes) if is_open => Meaning::NotUnderstood,
            // "yes, but …": not all of it was understood.
            Some(Verdict::Yes) if reserved && values.is_empty() => Meaning::Unsure,
            // "yes, how much is it?": a question, and no yes to all of it.
            Some(Verdict::Yes) if self.asks(rest) && same.is_empty() && values.is_empty() => Meaning::NotUnderstood,
            Some(Verdict::Yes) if same.is_empty() && values.is_empty() && self.has_unknown(words, from) => {
                Meaning::Unsure
            }
            Some(Verdict::Yes) => Meaning::Confirmed { slot, values },
            None if !same.is_empty() => Meaning::Repeated { slot, values },
            Some(Verdict::Unsure) if !same.is_empty() || values.is_empty() => Meaning::Unsure,
            _ if !values.taken.is_empty() || values.proposed.is_some() => Meaning::Values(values),
            _ if values.out_of_range.is_some() => Meaning::OutOfRange(slot),
            Some(Verdict::No) => Meaning::Denied(slot),
            Some(Verdict::Unsure) | None if is_open => Meaning::Denied(slot),
            Some(Verdict::Unsure) | None => Meaning::NotUnderstood,
        }
    }

    pub(super) fn review(&self, words: &[String]) -> Meaning {
        let (verdict, rest) = self.verdict(words);
        let from = words.len() - rest.len();
        let Given { fills, unclear, .. } = self.behind(verdict, words, from);
        let reserved = verdict == Some(Verdict::Yes) && self.is_reserved(words, from, &fills);
        let (same, changed): (Vec<Fill>, Vec<Fill>) =
            fills.into_iter().partition(|f| self.form.has_value(f.slot, &f.found.value));
        let out_of_range = self.out_of_range(words, from, &same);
        let is_people = |slot: usize| matches!(self.form.bot.slots[slot].kind, Kind::Number { .. });
        let shifted = self.shifted(words).filter(|slot| is_people(*slot) || !changed.iter().any(|f| f.slot == *slot));
        let wrong = self.called_wrong(words).filter(|_| changed.is_empty());
        // "yes, and add one more person", "right day, wrong time"
        if let Some(slot) = shifted.or(wrong) {
            return Meaning::Change(slot);
        }
        match (verdict, self.named(rest)) {
            _ if !changed.is_empty() => Meaning::Values(self.sorted_behind(verdict, words, from, changed)),
            // "yes, but before noon"
            (Some(Verdict::Yes | Verdict::Unsure) | None, _) if !unclear.is_empty() => Meaning::Unclear(unclear[0].1),
            _ if out_of_range.is_some() => out_of_range.map_or(Meaning::NotUnderstood, Meaning::OutOfRange),
            // "okay, and how much is it?": a question, and no yes to all of it.
            (Some(Verdict::Yes), _) if self.asks(rest) && same.is_empty() => Meaning::NotUnderstood,
            // "yes, near the station"
            (Some(Verdict::Yes), None) if !reserved && self.has_unknown(words, from) => Meaning::Unsure,
            (Some(Verdict::Yes), _) if !reserved => Meaning::Right,
            // "yes, except the time"
            (Some(Verdict::Yes), Some(slot)) => Meaning::Change(slot),
            (Some(Verdict::Yes), None) => Meaning::Wrong,
            (Some(Verdict::Unsure), _) => Meaning::Unsure,
            // The same value again is no change.
            (None, _) if !same.is_empty() => Meaning::Known,
            // "what time was that?"
            (None, Some(_)) if is_question(rest, self.form.bot.language) => Meaning::NotUnderstood,
            (_, Some(slot)) => Meaning::Change(slot),
            // "no, not at three"
            (Some(Verdict::No), None) if let [(slot, Unclear::Refused)] = unclear[..] => Meaning::Change(slot),
            (Some(Verdict::No), None) => Meaning::Wrong,
            (None, None) => Meaning::NotUnderstood,
        }
    }

    fn asks(&self, words: &[String]) -> bool {
        is_question(words, self.form.bot.language)
    }

    pub(super) fn change(&self, words: &[String]) -> Meaning {
        let values = self.fills(words);
        let (verdict, rest) = self.verdict(words);
        match self.named(words) {
            _ if !values.is_empty() => Meaning::Values(self.sorted(verdict, words, 0, values)),
            Some(slot) => self.out_of_range(words, 0, &[]).map_or(Meaning::Change(slot), Meaning::OutOfRange),
            // "It's all right": there is nothing to change. Neither is there after a no.
            None if rest.is_empty() && matches!(verdict, Some(Verdict::Yes | Verdict::No)) => Meaning::NothingToChange,
            None => self.out_of_range(words, 0, &[]).map_or(Meaning::NotUnderstood, Meaning::OutOfRange),
        }
    }
}

/// Whether the words behind a yes begin with a "but".
fn is_concession(words: &[String], language: Language) -> bool {
    let buts: &[&str] = match language {
        Language::En => &["but", "only", "except", "just"],
        Language::Vi => &["mà", "nhưng", "có điều", "chỉ có điều"],
    };
    buts.iter().any(|but| begin_with(words, but))
}

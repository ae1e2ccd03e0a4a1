//! Values that were said, put together with what is known: items of a list, an end of a span.
use super::meaning::{Context, Meaning, SaidValues};
use super::parse::{Fill, Given};
use crate::value::answer::Verdict;
use crate::value::around::Unclear;
use crate::value::correction;
use crate::value::found::Found;
use crate::value::item::Gap;
use crate::value::items;
use crate::value::kind::Value;

impl Context<'_> {
    /// Items that were said answer what is asked about a list, or change it; one end of a span that was said anew keeps the other.
    pub(super) fn with_known(&self, mut given: Given) -> Given {
        for Fill { slot, found, .. } in &mut given.fills {
            let known = self.form.checked_value(*slot);
            let Value::Items(said) = &found.value else {
                *found = found.with_other_end(known);
                continue;
            };
            let begun = self.parts.items.as_ref().filter(|_| self.parts.slot == *slot);
            let together = match (begun, known) {
                (Some(begun), _) => begun.completed_by(said),
                (None, Some(Value::Items(known))) => known.changed_by(said),
                _ => said.plain(),
            };
            found.value = Value::Items(together);
        }
        given
    }

    /// "No, until five" where free text is asked for: all of it changes values that are known, and none of it is such a text.
    pub(super) fn corrected_before_text(&self, words: &[String]) -> Option<SaidValues> {
        let (verdict, rest) = self.verdict(words);
        let from = words.len() - rest.len();
        let changes = verdict == Some(Verdict::No) || correction::phrase(words, true, self.form.bot.language).is_some();
        let fills = if changes { self.behind(verdict, words, from).fills } else { Vec::new() };
        let changes_known =
            |fill: &Fill| fill.found.doubt.is_none() && self.form.is_other(fill.slot, &fill.found.value);
        let all = !fills.is_empty() && fills.iter().all(changes_known) && !self.has_unknown(words, from);
        all.then(|| self.sorted(Some(Verdict::No), words, from, fills))
    }

    /// A value of another slot than the one asked for is refused. "Không phải, đà nẵng" brings it where another one is known; "not Boston" to
    /// the one that is known asks for that slot anew.
    pub(super) fn refused(&self, words: &[String], unclear: &[(usize, Unclear)]) -> Option<Meaning> {
        let is_known = |slot: usize| self.step.slot() != Some(slot) && self.form.checked_value(slot).is_some();
        let (slot, _) = *unclear.iter().find(|(slot, why)| *why == Unclear::Refused && is_known(*slot))?;
        let (verdict, rest) = self.verdict(words);
        let said = if verdict == Some(Verdict::No) { self.given(rest).fills } else { Vec::new() };
        let others: Vec<Fill> =
            said.into_iter().filter(|fill| self.form.is_other(fill.slot, &fill.found.value)).collect();
        Some(match others.is_empty() {
            true => Meaning::Change(slot),
            false => Meaning::Values(self.sorted(verdict, words, 0, others)),
        })
    }

    /// Whether a yes before the words from `from` on is followed by something that was not understood.
    pub(super) fn has_unknown(&self, words: &[String], from: usize) -> bool {
        let filled = self.form.filled();
        from < words.len() && self.search(self.form.task_slots(), &filled).has_unknown(words, from)
    }

    /// Nothing is to be added to a list of which a part was not understood.
    pub(super) fn that_is_all(&self, words: &[String]) -> Option<Fill> {
        let slot = self.step.slot().filter(|slot| *slot == self.parts.slot)?;
        let items =
            self.parts.items.as_ref().filter(|items| items.gap() == Some(Gap::Unheard) && !items.list.is_empty())?;
        let found = Found::new(Value::Items(items.heard_out()), words.len());
        items::says_that_is_all(words, self.form.bot.language).then_some(Fill { slot, found, end: words.len() })
    }

    /// What is said while a supervisor has to approve the action: another value, where it is said to be another one, takes the action
    /// back.
    pub(super) fn while_waiting(&self, words: &[String]) -> Meaning {
        let (verdict, rest) = self.verdict(words);
        let from = words.len() - rest.len();
        let is_other = |fill: &Fill| self.form.is_other(fill.slot, &fill.found.value);
        let others: Vec<Fill> = self.behind(verdict, words, from).fills.into_iter().filter(is_other).collect();
        let values = self.sorted(verdict, words, from, others);
        if values.taken.is_empty() { Meaning::NotUnderstood } else { Meaning::Values(values) }
    }
}

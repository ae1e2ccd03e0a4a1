//! `Cue`: the words before a value by which it belongs to a slot that was not asked for.
use super::{Place, SlotSearch};
use crate::language::Language;
use crate::value;
use crate::value::correction::{means_change, phrase};
use crate::value::found::Reading;
use crate::value::half_of_day::DayPart;
use crate::value::kind::Kind;
use crate::value::party::counts_people;
use crate::value::words::ends_with;

/// What is booked for so many people: "a table for four".
const BOOKED: [&str; 10] =
    ["table", "room", "booking", "reservation", "dinner", "lunch", "party", "bàn", "phòng", "chỗ"];

/// Words before a value that lead to its slot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    None,
    /// Those that lead to any value of its kind ("at").
    Usual,
    /// The slot's own.
    Own,
}

impl SlotSearch<'_> {
    /// The words before a place that lead to a value of this slot.
    pub(super) fn cue(&self, words: &[String], slot: usize, Place { at, last, .. }: Place) -> Cue {
        let (kind, language) = (&self.bot.slots[slot].kind, self.bot.language);
        let before = &words[..at];
        let own = &self.bot.own_words().cues[slot];
        let own = own.iter().any(|cue| before.ends_with(cue) && !cue.is_empty());
        let usual: &[&str] = match kind {
            Kind::Time => &["at", "lúc"],
            Kind::Number { unit, .. } if counts_people(unit) => {
                &["for", "cho", "we're", "we are", "we'll be", "party of", "group of"]
            }
            Kind::Number { .. } => &["for", "cho"],
            // "Phòng ở Huế, tầm tám trăm ngàn"
            Kind::Money(_) if language == Language::Vi => &["tầm", "khoảng", "chừng", "cỡ", "ngân sách", "budget"],
            // "Two on the second"
            Kind::Date if words[at] == "the" => &["on"],
            Kind::Digits { .. } | Kind::Phone => &["number", "code", "is", "it's", "số", "mã", "là"],
            _ => &[],
        };
        let in_day =
            *kind == Kind::Time && (is_behind_part(&words[last.min(at)..at], language) || self.is_behind_date(before));
        match () {
            () if own => Cue::Own,
            () if in_day || usual.iter().any(|lead| ends_with(before, lead)) => Cue::Usual,
            () => Cue::None,
        }
    }

    /// Whether a value at this place takes the place of one that is known: "no, until five" moves an end of a span, and "on Friday, actually
    /// five" corrects a number where the question takes none.
    pub(super) fn corrects_known(&self, words: &[String], slot: usize, at: usize) -> bool {
        let language = self.bot.language;
        let takes = |asked| self.found(asked, &words[at..]).is_some();
        let corrects = match self.bot.slots[slot].kind {
            Kind::Span { .. } => means_change(words, language),
            Kind::Number { .. } => ends_in_correction(&words[..at], language) && !self.asked.is_some_and(takes),
            // "No, on the fifth"
            Kind::Date if words[at] == "the" => {
                let on = usize::from(words[..at].last().is_some_and(|word| word == "on"));
                ends_in_correction(&words[..at - on], language) && !self.asked.is_some_and(takes)
            }
            _ => false,
        };
        corrects && self.filled.get(slot) == Some(&true)
    }

    /// "It's five people, not four": a bare value that is refused where the slot has one, or where one stands before it.
    pub(super) fn refuses_known(&self, words: &[String], slot: usize, place: Place) -> bool {
        let is_bare = matches!(self.bot.slots[slot].kind, Kind::Number { .. } | Kind::Time);
        let is_known = self.filled.get(slot) == Some(&true) || place.behind_slot == Some(slot);
        is_bare && is_known && ends_in_refusal(&words[..place.at])
    }

    /// Whether a number behind these words may count people that are not known yet: "for four".
    pub(super) fn may_count_people(&self, before: &[String]) -> bool {
        let open = |slot: &usize| {
            let counts = matches!(&self.bot.slots[*slot].kind, Kind::Number { unit, .. } if counts_people(unit));
            counts && self.filled.get(*slot) != Some(&true)
        };
        before.last().is_some_and(|word| matches!(word.as_str(), "for" | "cho")) && self.slots.iter().any(open)
    }

    /// "Saturday around one": behind a day an hour is a time.
    fn is_behind_date(&self, before: &[String]) -> bool {
        let Some(last) =
            before.len().checked_sub(1).filter(|last| matches!(before[*last].as_str(), "around" | "about"))
        else {
            return false;
        };
        let ends_there = |from: &usize| {
            let found = value::find(&Kind::Date, &before[*from..last], self.bot.language, self.now);
            found.is_some_and(|found| found.reading == Reading::Certain && from + found.len == last)
        };
        (last.saturating_sub(6)..last).any(|from| ends_there(&from))
    }
}

/// "A table for": a number behind it counts people.
pub(super) fn is_booked(before: &[String]) -> bool {
    before.len().checked_sub(2).is_some_and(|at| BOOKED.contains(&before[at].as_str()))
}

/// Whether the word before refuses what follows.
pub(super) fn ends_in_refusal(before: &[String]) -> bool {
    ["not", "không phải", "hông phải", "hổng phải", "chứ không", "chớ không"].iter().any(|not| ends_with(before, not))
}

/// "Friday evening around seven": right behind a part of the day an hour is a time.
fn is_behind_part(before: &[String], language: Language) -> bool {
    let about = ["around", "about", "at", "say", "khoảng", "tầm", "cỡ", "chừng", "lúc"];
    let count = before.iter().rev().take_while(|word| about.contains(&word.as_str())).count();
    let last = before.len() - count;
    last.checked_sub(1).is_some_and(|at| DayPart::named(&before[at..last], language).is_some())
}

/// Whether the last of these words correct what stands before them: "actually", "à quên".
fn ends_in_correction(before: &[String], language: Language) -> bool {
    (before.len().saturating_sub(4)..before.len())
        .any(|at| phrase(&before[at..], at == 0, language).is_some_and(|len| at + len == before.len()))
}

/// Whether a part of the day follows that corrects the one before: "four in the morning, sorry, afternoon".
pub(super) fn corrects_part(behind: &[String], language: Language) -> bool {
    let len = phrase(behind, false, language).unwrap_or(0);
    len > 0 && DayPart::named(&behind[len..], language).is_some()
}

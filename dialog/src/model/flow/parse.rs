//! What is in a sentence: commands, tasks, and values for slots in any order, several at once.
use crate::bot::Bot;
use crate::language::Language;
use crate::value;
use crate::value::correction::taken_back;
use crate::value::found::{Found, Reading};
use crate::value::kind::{Kind, Value};
use crate::value::words::{starts, tokens};
use jiff::civil::DateTime;

/// A value for a slot, and where it ends in the sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    pub slot: usize,
    pub found: Found,
    pub end: usize,
}

/// Values with the recogniser's confidence in them, by slot.
pub fn with_confidence(fills: Vec<Fill>, confidence: f32) -> Vec<(usize, Value, f32)> {
    fills.into_iter().map(|f| (f.slot, f.found.value, confidence)).collect()
}

/// Whether the sentence ends with a word that something has to follow ("at", "and").
pub fn trailing(words: &[String], language: Language) -> bool {
    let last = words.last().map_or("", String::as_str);
    match language {
        Language::En => [
            "and", "at", "for", "the", "to", "on", "in", "a", "an", "of", "with", "from", "or", "um", "uh", "next",
            "is",
        ]
        .contains(&last),
        Language::Vi => ["và", "lúc", "vào", "cho", "ngày", "tháng", "thứ", "với", "từ", "là", "hoặc"].contains(&last),
    }
}

/// The task that is asked for: its index, where its phrase begins in the sentence, and how many words the phrase takes.
pub fn task(bot: &Bot, words: &[String]) -> Option<(usize, usize, usize)> {
    let phrases = bot
        .tasks
        .iter()
        .enumerate()
        .flat_map(|(t, task)| task.phrases.iter().map(move |p| (t, tokens(p, bot.language))));
    phrases
        .filter_map(|(t, p)| (0..words.len()).find(|i| starts(&words[*i..], &p)).map(|at| (t, at, p.len())))
        .max_by_key(|(_, _, len)| *len)
}

/// A slot that was named without a value ("the time"): for "what should I change?".
pub fn named(bot: &Bot, slots: &[usize], words: &[String]) -> Option<usize> {
    let generic = |kind: &Kind| -> &[&str] {
        match (bot.language, kind) {
            (Language::En, Kind::Date) => &["date", "day"],
            (Language::En, Kind::Time) => &["time", "hour"],
            (Language::En, Kind::Duration) => &["duration", "length", "how long"],
            (Language::En, Kind::Phone) => &["phone", "number"],
            (Language::Vi, Kind::Date) => &["ngày"],
            (Language::Vi, Kind::Time) => &["giờ"],
            (Language::Vi, Kind::Duration) => &["bao lâu", "thời gian"],
            _ => &[],
        }
    };
    let has = |phrase: &str| {
        let phrase = tokens(phrase, bot.language);
        (0..words.len()).any(|i| starts(&words[i..], &phrase))
    };
    let units = |kind: &Kind| if let Kind::Number { unit, .. } = kind { unit.clone() } else { Vec::new() };
    slots.iter().copied().find(|s| {
        let slot = &bot.slots[*s];
        has(&slot.name.replace('_', " "))
            || generic(&slot.kind).iter().any(|w| has(w))
            || units(&slot.kind).iter().any(|w| has(w))
    })
}

/// Whether a number stands in the words that belongs to none of these values. "One" alone is rather a word than a number.
pub fn has_number_left(words: &[String], fills: &[Fill], language: Language) -> bool {
    let is_taken = |at: usize| fills.iter().any(|f| (f.end - f.found.len..f.end).contains(&at));
    let is_number = |at: usize| {
        let found = value::number(&words[at..], language).filter(|_| words[at] != "không");
        found.is_some_and(|(number, len)| number != 1 || len > 1)
    };
    (0..words.len()).any(|at| !is_taken(at) && is_number(at))
}

/// A place in a sentence.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    /// The word there belongs to a number that began before it and that no slot took.
    inside_number: bool,
    /// The word before it is a number, or begins one, and no slot took it.
    behind_number: bool,
    /// Two numbers that no slot took stand side by side before it ("four, two adults and two children").
    behind_numbers: bool,
}

/// The search for values: the slots that may be filled, and the one that was asked for.
pub struct SlotSearch<'a> {
    pub bot: &'a Bot,
    pub slots: &'a [usize],
    pub asked: Option<usize>,
    /// Which slots are filled already: an empty one is preferred.
    pub filled: &'a [bool],
    pub now: DateTime,
}

impl SlotSearch<'_> {
    /// All values in a sentence, left to right; the longest one wins where two begin together. A later value for the same slot
    /// corrects the earlier one.
    pub fn fills(&self, words: &[String]) -> Vec<Fill> {
        let mut fills: Vec<Fill> = Vec::new();
        let (mut i, mut last) = (0, 0);
        while i < words.len() {
            let place = Place {
                at: i,
                inside_number: self.inside_number(words, last, i),
                behind_number: i > last && self.is_number(&words[i - 1..]),
                behind_numbers: (last + 1..i).any(|j| self.is_number(&words[j - 1..]) && self.is_number(&words[j..])),
            };
            // "two, no, three"
            let corrects =
                last > 0 && taken_back(&words[last..], self.bot.language).is_some_and(|(_, length)| last + length == i);
            let best = self
                .slots
                .iter()
                .filter_map(|&s| self.at(words, s, place).map(|(found, cued)| (s, found, cued)))
                .filter(|(s, found, _)| {
                    found.reading == Reading::Certain || corrects || !fills.iter().any(|f| f.slot == *s)
                })
                .max_by_key(|(s, found, cued)| {
                    let asked = self.asked == Some(*s);
                    let new = !fills.iter().any(|f| f.slot == *s);
                    let empty = !self.filled.get(*s).copied().unwrap_or(false);
                    (found.len, *cued, new, asked, empty, std::cmp::Reverse(*s))
                });
            match best {
                Some((slot, found, _)) => {
                    i += found.len;
                    last = i;
                    fills.retain(|f| f.slot != slot);
                    fills.push(Fill { slot, found, end: i });
                }
                None => i += 1,
            }
        }
        fills
    }

    /// A slot for which the words hold a number that it does not take, outside of these values: the one that is asked for, or one
    /// whose unit stands behind the number ("thirty people").
    pub fn out_of_range(&self, words: &[String], fills: &[Fill]) -> Option<usize> {
        let is_taken = |at: usize| fills.iter().any(|f| (f.end - f.found.len..f.end).contains(&at));
        let refuses = |slot: &usize, at: usize| {
            let Kind::Number { min, max, unit } = &self.bot.slots[*slot].kind else { return false };
            let Some((number, len)) = value::number(&words[at..], self.bot.language) else { return false };
            let rest = &words[at + len..];
            let is_named = unit.iter().any(|unit| starts(rest, &tokens(unit, self.bot.language)));
            let is_whole = value::number(rest, self.bot.language).is_none();
            // "Không" is rather a no than a zero.
            let is_said = is_named || (self.asked == Some(*slot) && rest.is_empty() && words[at] != "không");
            !(min..=max).contains(&&number) && is_said && is_whole
        };
        let at = |slot: &usize| {
            (0..words.len()).any(|at| !is_taken(at) && !self.inside_number(words, 0, at) && refuses(slot, at))
        };
        self.slots.iter().find(|slot| at(slot)).copied()
    }

    fn at(&self, words: &[String], slot: usize, place: Place) -> Option<(Found, bool)> {
        let kind = &self.bot.slots[slot].kind;
        let i = place.at;
        if place.inside_number && !matches!(kind, Kind::Choice(_) | Kind::YesNo) {
            return None;
        }
        // A number behind another one that no slot took ("two thirty") is not a number of its own.
        if matches!(kind, Kind::Number { .. }) && place.behind_number {
            return None;
        }
        // A run of digits is taken whole or not at all.
        if matches!(kind, Kind::Digits { .. } | Kind::Phone) && i > 0 && self.digit(&words[i - 1]) {
            return None;
        }
        let found = value::find(kind, &words[i..], self.bot.language, self.now)?;
        let is_loose = matches!(kind, Kind::Number { .. }) && found.reading == Reading::OnlyIfAsked;
        if found.len == 0 || (is_loose && place.behind_numbers) {
            return None;
        }
        let before = i.checked_sub(1).map_or("", |b| words[b].as_str());
        let own = self.bot.slots[slot].cues.iter().any(|c| {
            let cue = tokens(c, self.bot.language);
            i >= cue.len() && starts(&words[i - cue.len()..], &cue)
        });
        let usual: &[&str] = match kind {
            Kind::Time => &["at", "lúc"],
            Kind::Number { .. } => &["for", "cho"],
            Kind::Digits { .. } | Kind::Phone => &["number", "code", "is", "số", "mã", "là"],
            _ => &[],
        };
        let cued = own || usual.contains(&before);
        // A yes or a no among other words is an answer to the question only.
        let asked = self.asked == Some(slot);
        let allowed = found.reading == Reading::Certain || asked || (cued && *kind != Kind::YesNo);
        allowed.then_some((found, own))
    }

    fn digit(&self, word: &String) -> bool {
        value::digits(std::slice::from_ref(word), self.bot.language).is_some()
    }

    /// Whether a number begins here. "không" is rather a no than a zero.
    fn is_number(&self, words: &[String]) -> bool {
        words[0] != "không" && value::number(words, self.bot.language).is_some()
    }

    /// Whether the word at `i` belongs to a number that began before it and that no slot took ("five" in "a hundred and five").
    fn inside_number(&self, words: &[String], last: usize, i: usize) -> bool {
        (last.max(i.saturating_sub(5))..i)
            .any(|j| value::number(&words[j..], self.bot.language).is_some_and(|(_, len)| len > i - j))
    }
}

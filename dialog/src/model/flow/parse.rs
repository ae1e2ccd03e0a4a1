//! What is in a sentence: commands, tasks, and values for slots in any order, several at once.
use crate::bot::Bot;
use crate::language::Language;
use crate::value;
use crate::value::found::{Found, Growth, Reading};
use crate::value::half_of_day::{DayPart, HalfOfDay};
use crate::value::items;
use crate::value::kind::{Kind, Value};
use crate::value::span;
use crate::value::words::{starts, tokens};
use jiff::civil::DateTime;
use mentions::Mention;
pub use mentions::{Fill, Given};

mod mentions;

/// The confidence in a value that the words leave open: it is asked about whatever the slot says of confirming.
pub const OPEN: f32 = 0.0;

/// Values with the recogniser's confidence in them, by slot.
pub fn with_confidence(fills: Vec<Fill>, confidence: f32) -> Vec<(usize, Value, f32)> {
    let sure = |found: &Found| if found.doubt.is_some() { OPEN } else { confidence };
    fills.into_iter().map(|f| (f.slot, f.found.value.clone(), sure(&f.found))).collect()
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
            (Language::En, Kind::Money(_)) => &["amount", "price"],
            (Language::Vi, Kind::Money(_)) => &["số tiền"],
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
    /// There is a number somewhere before it that no slot took ("twelve dollars five").
    has_number_before: bool,
}

/// Words before a value that lead to its slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cue {
    None,
    /// Those that lead to any value of its kind ("at").
    Usual,
    /// The slot's own.
    Own,
}

/// The search for values: the slots that may be filled, and the one that was asked for.
pub struct SlotSearch<'a> {
    pub bot: &'a Bot,
    pub slots: &'a [usize],
    pub asked: Option<usize>,
    /// Which slots are filled already: an empty one is preferred.
    pub filled: &'a [bool],
    pub now: DateTime,
    /// The part of the day that the caller has named before ("tomorrow evening").
    pub part_of_day: Option<DayPart>,
}

impl SlotSearch<'_> {
    /// The values in a sentence that are meant, and the slots of which something was said that is no value.
    pub fn given(&self, words: &[String]) -> Given {
        self.given_from(words, 0)
    }

    /// The same behind the first words, which were a yes or a no.
    pub fn given_from(&self, words: &[String], from: usize) -> Given {
        let mut mentions = self.mentions(words, from);
        let part = part_besides(&mentions, words, self.bot.language).or(self.part_of_day);
        let half = HalfOfDay { part, opening: self.bot.opening_hours };
        for mention in &mut mentions {
            mention.found = mention.found.take().map(|found| match mention.kind {
                Kind::Span { of } => {
                    let own = &words[mention.start..mention.end];
                    span::span(*of, own, self.bot.language, self.now, half).unwrap_or(found)
                }
                _ => half.settle(found),
            });
        }
        let (items, others): (Vec<Mention>, Vec<Mention>) =
            mentions.into_iter().partition(|mention| matches!(mention.kind, Kind::Items(_)));
        let mut given = mentions::given(&others, words, self.bot.language);
        given.fills.extend(items.first().and_then(|first| self.items(first, &others, words, from)));
        given
    }

    /// The items of a sentence, which are one list however many words stand between them.
    fn items(&self, first: &Mention, others: &[Mention], words: &[String], from: usize) -> Option<Fill> {
        let Kind::Items(plan) = first.kind else { return None };
        let phrase = task(self.bot, words).map_or(0..0, |(_, at, len)| at..at + len);
        let other = |at: usize| {
            let at = at + from;
            let mention = others.iter().find(|mention| (mention.start..mention.end).contains(&at));
            let phrase = phrase.end.saturating_sub(at) * usize::from(phrase.contains(&at) && phrase.end <= first.start);
            mention.map_or(phrase, |mention| mention.end - at)
        };
        let (items, end) = items::heard(&words[from..], plan, self.bot.language, other)?;
        let growth = if items.is_whole() { Growth::Likely } else { Growth::Open };
        let found = Found::new(Value::Items(items), end).growing(growth);
        Some(Fill { slot: first.slot, found, end: from + end })
    }

    /// The part of the day that a sentence names besides its times.
    pub fn named_part(&self, words: &[String]) -> Option<DayPart> {
        DayPart::named(words, self.bot.language)?;
        part_besides(&self.mentions(words, 0), words, self.bot.language)
    }

    /// All values in a sentence, left to right; the longest one wins where two begin together.
    fn mentions(&self, words: &[String], from: usize) -> Vec<Mention<'_>> {
        let mut mentions: Vec<Mention> = Vec::new();
        let (mut i, mut last) = (from, from);
        while i < words.len() {
            let place = Place {
                at: i,
                inside_number: self.inside_number(words, last, i),
                behind_number: i > last && self.is_number(&words[i - 1..]),
                has_number_before: (last..i).any(|j| self.is_number(&words[j..])),
                behind_numbers: (last + 1..i).any(|j| self.is_number(&words[j - 1..]) && self.is_number(&words[j..])),
            };
            let is_new = |s: usize| !mentions.iter().any(|mention| mention.slot == s);
            let best = self
                .slots
                .iter()
                .filter_map(|&s| self.at(words, s, place).map(|(found, cue)| (s, found, cue)))
                .filter(|(s, found, cue)| {
                    found.reading == Reading::Certain || self.asked == Some(*s) || is_new(*s) || *cue != Cue::None
                })
                .map(|(s, found, cue)| (s, found, cue == Cue::Own))
                .max_by_key(|(s, found, cued)| {
                    let asked = self.asked == Some(*s);
                    let empty = !self.filled.get(*s).copied().unwrap_or(false);
                    (found.len, *cued, is_new(*s), asked, empty, std::cmp::Reverse(*s))
                });
            let (slot, found, is_cued, len) = match (best, self.no_such_date(&words[i..], place)) {
                (Some((slot, found, cued)), no_date) if no_date.is_none_or(|(_, len)| len < found.len) => {
                    let found = self.without_next(words, slot, found, place);
                    (slot, Some(found.clone()), cued, found.len)
                }
                (_, Some((slot, len))) => (slot, None, false, len),
                _ => {
                    i += 1;
                    continue;
                }
            };
            let kind = &self.bot.slots[slot].kind;
            mentions.push(Mention { slot, kind, found, start: i, end: i + len, is_cued });
            i += len;
            last = i;
        }
        mentions
    }

    /// A slot of a date for which a day is named that its month does not have, and how many words name it.
    fn no_such_date(&self, words: &[String], place: Place) -> Option<(usize, usize)> {
        let slot = *self.slots.iter().find(|s| self.bot.slots[**s].kind == Kind::Date)?;
        let len = value::no_such_date(words, self.bot.language, self.now.date())?;
        (!place.inside_number).then_some((slot, len))
    }

    /// A value without the words at its end with which another slot's value begins: "ba giờ bốn người" is three o'clock, and four
    /// people.
    fn without_next(&self, words: &[String], slot: usize, found: Found, place: Place) -> Found {
        let end = place.at + found.len;
        let is_next = |at: usize| {
            let inside = Place {
                at,
                inside_number: false,
                behind_number: false,
                behind_numbers: false,
                has_number_before: false,
            };
            let others = self.slots.iter().filter(|other| **other != slot);
            others
                .filter_map(|other| self.at(words, *other, inside))
                .any(|(other, _)| other.reading == Reading::Certain && at + other.len > end)
        };
        let shorter = |at: usize| {
            let (found, _) = self.at(&words[..at], slot, place)?;
            (place.at + found.len == at).then_some(found)
        };
        let next = (place.at + 1..end).find(|at| is_next(*at));
        next.and_then(shorter).unwrap_or(found)
    }

    fn at(&self, words: &[String], slot: usize, place: Place) -> Option<(Found, Cue)> {
        let kind = &self.bot.slots[slot].kind;
        let i = place.at;
        if place.inside_number && !matches!(kind, Kind::Choice(_) | Kind::YesNo) {
            return None;
        }
        // A number behind another one that no slot took ("two thirty") is not a number of its own.
        if matches!(kind, Kind::Number { .. } | Kind::Money(_)) && place.behind_number {
            return None;
        }
        // A run of digits is taken whole or not at all.
        if matches!(kind, Kind::Digits { .. } | Kind::Phone) && i > 0 && self.digit(&words[i - 1]) {
            return None;
        }
        let found = self.found(slot, &words[i..])?;
        let is_bare = found.reading == Reading::OnlyIfAsked;
        let is_loose = match kind {
            Kind::Number { .. } => place.behind_numbers,
            Kind::Money(_) => place.has_number_before,
            _ => false,
        };
        if found.len == 0 || (is_bare && is_loose) {
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
        let cue = match () {
            () if own => Cue::Own,
            () if usual.contains(&before) => Cue::Usual,
            () => Cue::None,
        };
        // A yes or a no among other words is an answer to the question only.
        let asked = self.asked == Some(slot);
        let allowed = found.reading == Reading::Certain || asked || (cue != Cue::None && *kind != Kind::YesNo);
        allowed.then_some((found, cue))
    }

    /// The value of a slot at the start of some words.
    fn found(&self, slot: usize, words: &[String]) -> Option<Found> {
        let (spec, language) = (&self.bot.slots[slot], self.bot.language);
        let lunar = if spec.lunar { value::vi::lunar_date(words, self.now.date()) } else { None };
        lunar.or_else(|| value::find(&spec.kind, words, language, self.now))
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

/// The part of the day that a sentence names besides its times.
fn part_besides(mentions: &[Mention], words: &[String], language: Language) -> Option<DayPart> {
    let (mut rest, mut from) = (Vec::new(), 0);
    for time in mentions.iter().filter(|mention| matches!(mention.kind, Kind::Time | Kind::Span { .. })) {
        rest.extend_from_slice(&words[from..time.start]);
        from = time.end;
    }
    rest.extend_from_slice(&words[from..]);
    DayPart::named(&rest, language)
}

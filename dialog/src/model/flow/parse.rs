//! What is in a sentence: commands, tasks, and values for slots in any order, several at once.
use crate::bot::Bot;
use crate::language::Language;
use crate::value;
use crate::value::answer::{Question, answer};
use crate::value::around::{Unclear, makes_exception, moves};
use crate::value::calendar::days_ahead;
use crate::value::found::{Doubt, Found, Growth, Reading};
use crate::value::half_of_day::{DayPart, HalfOfDay};
use crate::value::items;
use crate::value::kind::{Kind, Span, SpanOf, Value};
use crate::value::span;
use crate::value::words::{begin_with, ends_with, starts};
use cues::{Cue, corrects_part};
use jiff::civil::{Date, DateTime};
use left_over::{LeftOver, Sentence};
use mentions::Mention;
pub use mentions::{Fill, Given};

mod cues;
mod left_over;
mod mentions;

/// The confidence in a value that the words leave open: it is asked about whatever the slot says of confirming.
pub const OPEN: f32 = 0.0;

/// Values with the recogniser's confidence in them, by slot.
pub fn with_confidence(fills: Vec<Fill>, confidence: f32) -> Vec<(usize, Value, f32)> {
    let sure = |found: &Found| if found.doubt.is_some() { OPEN } else { confidence };
    fills.into_iter().map(|f| (f.slot, f.found.value.clone(), sure(&f.found))).collect()
}

/// The task that is asked for: its index, where its phrase begins in the sentence, and how many words the phrase takes.
pub fn task(bot: &Bot, words: &[String]) -> Option<(usize, usize, usize)> {
    let phrases = bot.tasks.iter().enumerate().flat_map(|(t, task)| task.cut.iter().map(move |phrase| (t, phrase)));
    phrases
        .filter_map(|(t, p)| (0..words.len()).find(|i| starts(&words[*i..], p)).map(|at| (t, at, p.len())))
        .max_by_key(|(_, _, len)| *len)
}

/// A slot that was named without a value ("the time"): for "what should I change?".
pub fn named(bot: &Bot, slots: &[usize], words: &[String]) -> Option<usize> {
    let has = |phrase: &Vec<String>| (0..words.len()).any(|i| starts(&words[i..], phrase));
    slots.iter().copied().find(|slot| bot.own_words().names[*slot].iter().any(has))
}

/// Whether a number stands in the words from `from` on that belongs to none of these values. "One" alone is rather a word than a number.
pub fn has_number_left(words: &[String], from: usize, fills: &[Fill], language: Language) -> bool {
    let is_taken = |at: usize| fills.iter().any(|f| (f.end - f.found.len.min(f.end)..f.end).contains(&at));
    let is_number = |at: usize| {
        let found = value::number(&words[at..], language).filter(|_| words[at] != "không");
        found.is_some_and(|(number, len)| number != 1 || len > 1)
    };
    (from..words.len()).any(|at| !is_taken(at) && is_number(at))
}

/// A place in a sentence.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    /// Where the value before it ends.
    last: usize,
    /// The word there belongs to a number that began before it and that no slot took.
    inside_number: bool,
    /// The word before it is a number, or begins one, and no slot took it.
    behind_number: bool,
    /// Two numbers that no slot took stand side by side before it ("four, two adults and two children").
    behind_numbers: bool,
    /// The slot of the value before it.
    behind_slot: Option<usize>,
    /// The day before it, where it is one.
    behind_date: Option<Date>,
    /// There is a number somewhere before it that no slot took ("twelve dollars five").
    has_number_before: bool,
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
        let besides = part_besides(&mentions, words, self.bot.language);
        let half = HalfOfDay { part: besides.or(self.part_of_day), opening: self.bot.opening_hours };
        let said = HalfOfDay { part: besides, opening: None };
        // To "for how long?" two numbers are as well two lengths.
        let asks_how_long = self.asked.is_some_and(|slot| self.bot.slots[slot].kind == Kind::Duration);
        for mention in &mut mentions {
            let behind = &words[mention.end..];
            mention.found = mention.found.take().map(|found| match mention.kind {
                Kind::Time if mention.begins_span => {
                    let own = &words[mention.start..mention.end];
                    let span = span::span(SpanOf::Times, own, self.bot.language, self.now, half);
                    let begins = span.and_then(beginning).unwrap_or(found);
                    if asks_how_long { begins.doubtful(Doubt::TwoReadings) } else { begins }
                }
                Kind::Span { of } => {
                    let own = &words[mention.start..mention.end];
                    span::span(*of, own, self.bot.language, self.now, half).unwrap_or(found)
                }
                Kind::Time => said.corrected(half.settle(found), corrects_part(behind, self.bot.language)),
                _ => half.settle(found),
            });
        }
        let (items, others): (Vec<Mention>, Vec<Mention>) =
            mentions.into_iter().partition(|mention| matches!(mention.kind, Kind::Items(_)));
        let mut given = mentions::given(&others, words, self.bot.language);
        let excepts = makes_exception(words, self.bot.language);
        let is_span = |fill: &mut Fill| matches!(self.bot.slots[fill.slot].kind, Kind::Span { .. });
        // "Monday to Wednesday, but not Tuesday": no span is that.
        let spans =
            given.fills.extract_if(.., |fill| excepts && is_span(fill)).map(|fill| (fill.slot, Unclear::Several));
        given.unclear.extend(spans);
        self.doubt_figures(&mut given, &others, words);
        match items.first() {
            // What a list of items leaves over is the list's own matter.
            Some(first) => given.fills.extend(self.items(first, &others, words, from)),
            None => self.doubt_what_is_beside(&mut given, &others, words, from),
        }
        given
    }

    /// "Twelve twelve" to "for which day?", "between two and four" to "how much?": figures that are a clock may as well be what is asked for.
    fn doubt_figures(&self, given: &mut Given, mentions: &[Mention], words: &[String]) {
        let may_be_figures = |slot: usize| {
            let kind = &self.bot.slots[slot].kind;
            matches!(kind, Kind::Date | Kind::Number { .. } | Kind::Money(_) | Kind::Digits { .. } | Kind::Phone)
        };
        let Some(asked) = self.asked.filter(|slot| may_be_figures(*slot)) else { return };
        let kind = &self.bot.slots[asked].kind;
        if mentions.iter().any(|mention| self.bot.slots[mention.slot].kind == *kind) {
            return;
        }
        let is_figure = |word: &String| value::number(std::slice::from_ref(word), self.bot.language).is_some();
        for Fill { slot, found, end } in &mut given.fills {
            let own = &words[*end - found.len.min(*end)..*end];
            let leads = |word: &String| {
                matches!(
                    word.as_str(),
                    "from"
                        | "between"
                        | "and"
                        | "to"
                        | "or"
                        | "từ"
                        | "đến"
                        | "tới"
                        | "và"
                        | "khoảng"
                        | "hundred"
                        | "trăm"
                )
            };
            let is_clock = match self.bot.slots[*slot].kind {
                Kind::Time => own.iter().all(is_figure),
                Kind::Span { of: SpanOf::Times } => own.iter().all(|word| is_figure(word) || leads(word)),
                _ => false,
            };
            if is_clock {
                found.doubt = found.doubt.or(Some(Doubt::TwoReadings));
            }
        }
    }

    /// Values beside which a word stands that may matter, and that nothing understood, are asked about.
    fn doubt_what_is_beside(&self, given: &mut Given, mentions: &[Mention], words: &[String], from: usize) {
        let phrase = task(self.bot, words).map_or(0..0, |(_, at, len)| at..at + len);
        let left_over = LeftOver::new(Sentence {
            bot: self.bot,
            now: self.now,
            words,
            from,
            task: phrase,
            mentions,
            roles: &given.roles,
            filled: self.filled,
        });
        for Fill { slot, found, end } in given.fills.iter_mut().filter(|fill| fill.found.doubt.is_none()) {
            if left_over.matters(*slot, *end) {
                found.doubt = Some(Doubt::Beside);
            }
        }
    }

    /// Whether a word that may matter stands in the words from `from` on, outside of their values.
    pub fn has_unknown(&self, words: &[String], from: usize) -> bool {
        let mentions = self.mentions(words, from);
        let sentence = Sentence {
            bot: self.bot,
            now: self.now,
            words,
            from,
            task: 0..0,
            mentions: &mentions,
            roles: &[],
            filled: self.filled,
        };
        LeftOver::new(sentence).is_any()
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
            if let Some([time, length]) = self.time_and_length(words, i, last) {
                i = length.end;
                last = i;
                mentions.extend([time, length]);
                continue;
            }
            let place = Place {
                at: i,
                last,
                inside_number: self.inside_number(words, last, i),
                behind_number: i > last && self.is_number(&words[i - 1..]),
                behind_slot: mentions.last().map(|mention| mention.slot),
                behind_date: mentions.last().and_then(|mention| match mention.found.as_ref()?.value {
                    Value::Date(date) => Some(date),
                    _ => None,
                }),
                has_number_before: (last..i).any(|j| self.is_number(&words[j..])),
                behind_numbers: (last + 1..i).any(|j| self.is_number(&words[j - 1..]) && self.is_number(&words[j..])),
            };
            let is_new = |s: usize| !mentions.iter().any(|mention| mention.slot == s);
            let best = self
                .slots
                .iter()
                .filter_map(|&s| self.at(words, s, place).map(|(found, cue)| (s, found, cue)))
                .filter(|(s, found, cue)| {
                    let is_meant = found.reading == Reading::Certain || self.asked == Some(*s) || *cue != Cue::None;
                    is_meant || is_new(*s) || self.refuses_known(words, *s, place)
                })
                .map(|(s, found, cue)| (s, found, cue == Cue::Own))
                .max_by_key(|(s, found, cued)| {
                    let asked = self.asked == Some(*s);
                    let empty = !self.filled.get(*s).copied().unwrap_or(false);
                    (found.len, *cued, is_new(*s), asked, empty, std::cmp::Reverse(*s))
                });
            let (slot, found, is_cued, len, why_none) = match (best, self.no_single_date(&words[i..], place)) {
                (Some((slot, found, cued)), no_date) if no_date.is_none_or(|(_, len, _)| len < found.len) => {
                    let found = self.without_next(words, slot, found, place);
                    (slot, Some(found.clone()), cued, found.len, Unclear::NoSuchDate)
                }
                (_, Some((slot, len, why))) => (slot, None, false, len, why),
                _ => {
                    i += 1;
                    continue;
                }
            };
            let kind = &self.bot.slots[slot].kind;
            let (start, end) = (i, i + len);
            mentions.push(Mention { slot, kind, found, why_none, start, end, is_cued, begins_span: false });
            i += len;
            last = i;
        }
        mentions
    }

    /// A slot for which the words from `from` on hold a number that it does not take, outside of these values: the one that is asked for, or one
    /// whose unit stands behind the number ("thirty people").
    pub fn out_of_range(&self, words: &[String], from: usize, fills: &[Fill]) -> Option<usize> {
        let is_taken = |at: usize| fills.iter().any(|f| (f.end - f.found.len.min(f.end)..f.end).contains(&at));
        let refuses = |slot: &usize, at: usize| {
            let Kind::Number { min, max, .. } = &self.bot.slots[*slot].kind else { return false };
            let Some((number, len)) = value::number(&words[at..], self.bot.language) else { return false };
            let rest = &words[at + len..];
            let is_named = self.bot.own_words().units[*slot].iter().any(|unit| starts(rest, unit));
            let is_whole = value::number(rest, self.bot.language).is_none();
            // "Không" is rather a no than a zero.
            let is_said = is_named || (self.asked == Some(*slot) && rest.is_empty() && words[at] != "không");
            !(min..=max).contains(&&number) && is_said && is_whole
        };
        let at = |slot: &usize| {
            (from..words.len()).any(|at| !is_taken(at) && !self.inside_number(words, from, at) && refuses(slot, at))
        };
        self.slots.iter().find(|slot| at(slot)).copied()
    }

    /// A slot of a date for which a day is named that its month does not have, or several days at once ("next week"), and how many words
    /// name it.
    fn no_single_date(&self, words: &[String], place: Place) -> Option<(usize, usize, Unclear)> {
        let slot = *self.slots.iter().find(|s| self.bot.slots[**s].kind == Kind::Date)?;
        let takes_several = self.slots.iter().any(|s| self.bot.slots[*s].kind == Kind::Span { of: SpanOf::Dates });
        let several = || span::several_days(words, self.bot.language, self.now).filter(|_| !takes_several);
        let none = value::no_such_date(words, self.bot.language, self.now.date()).map(|len| (len, Unclear::NoSuchDate));
        let (len, why) = none.or_else(|| several().map(|len| (len, Unclear::Several)))?;
        (!place.inside_number).then_some((slot, len, why))
    }

    /// "From two to four" where a time and a duration are asked for, and no span: the beginning, and how long it lasts.
    fn time_and_length(&self, words: &[String], at: usize, last: usize) -> Option<[Mention<'_>; 2]> {
        let slot_of = |kind: Kind| self.slots.iter().copied().find(|slot| self.bot.slots[*slot].kind == kind);
        let (time, length) = (slot_of(Kind::Time)?, slot_of(Kind::Duration)?);
        let language = self.bot.language;
        let found = span::span(SpanOf::Times, &words[at..], language, self.now, HalfOfDay::default())?;
        let Value::Span(Span::Times { from: Some(from), to: Some(to) }) = found.value else { return None };
        // "Between two and four" says when it may begin; "twenty to five" is a clock, and behind "change it" stand an old time and a new one.
        let led = words[at..].first().is_some_and(|word| matches!(word.as_str(), "from" | "từ"));
        let clock = value::find(&Kind::Time, &words[at..], language, self.now).map_or(0, |clock| clock.len);
        let between = ["between", "giữa", "trong khoảng", "any", "anytime", "khoảng"];
        let is_between = between.iter().any(|word| begin_with(&words[at..], word) || ends_with(&words[..at], word));
        let bare = slot_of(Kind::Span { of: SpanOf::Times }).is_none() && !is_between && (led || clock < found.len);
        if !bare || moves(&words[..at], language) || at > last && self.is_number(&words[at - 1..]) {
            return None;
        }
        let minutes = i64::from(to.hour() - from.hour()) * 60 + i64::from(to.minute() - from.minute());
        let minutes = u32::try_from(minutes.rem_euclid(24 * 60)).ok().filter(|minutes| *minutes > 0)?;
        let end = at + found.len;
        let mention = |slot: usize, found: Found, start: usize| Mention {
            slot,
            kind: &self.bot.slots[slot].kind,
            begins_span: found.len > 0,
            found: Some(found),
            why_none: Unclear::Several,
            start,
            end,
            is_cued: true,
        };
        let (begins, lasts) = (beginning(found)?, Found::new(Value::Minutes(minutes), 0));
        let lasts = if self.asked == Some(length) { lasts.doubtful(Doubt::TwoReadings) } else { lasts };
        Some([mention(time, begins, at), mention(length, lasts, end)])
    }

    /// A value without the words at its end with which another slot's value begins: "ba giờ bốn người" is three o'clock, and four
    /// people.
    fn without_next(&self, words: &[String], slot: usize, found: Found, place: Place) -> Found {
        let end = place.at + found.len;
        let begins_behind = |slot: usize| {
            let found = words.get(end..).filter(|rest| !rest.is_empty()).and_then(|rest| self.found(slot, rest));
            found.is_some_and(|found| found.reading == Reading::Certain)
        };
        let is_next = |at: usize| {
            let inside = Place {
                at,
                last: place.at,
                inside_number: false,
                behind_number: false,
                behind_numbers: false,
                has_number_before: false,
                behind_slot: None,
                behind_date: None,
            };
            let others = self.slots.iter().filter(|other| **other != slot);
            others
                .filter_map(|other| self.at(words, *other, inside).map(|(found, _)| (*other, found)))
                // "Mùng hai tháng mười hai | mười giờ": what begins where this value ends is not inside of it.
                .any(|(slot, other)| other.reading == Reading::Certain && at + other.len > end && !begins_behind(slot))
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
        // "No no, that's right": where it is not certain at its beginning, no part of it is an answer.
        if *kind == Kind::YesNo && self.is_answer_before(words, i) {
            return None;
        }
        // A run of digits is taken whole or not at all.
        if matches!(kind, Kind::Digits { .. } | Kind::Phone) && i > 0 && self.digit(&words[i - 1]) {
            return None;
        }
        let found = self
            .found(slot, &words[i..])
            .or_else(|| self.refused_number(slot, words, i))
            .or_else(|| self.day_beside(slot, words, place))?;
        let is_bare = found.reading == Reading::OnlyIfAsked;
        let counts = is_bare && matches!(kind, Kind::Time | Kind::Duration) && self.may_count_people(&words[..i]);
        // "A table for four" is no hour, nor is "for four" where one is known; else it may be none.
        if counts && (cues::is_booked(&words[..i]) || self.filled.get(slot) == Some(&true)) {
            return None;
        }
        let found = if counts { found.doubtful(Doubt::TwoReadings) } else { found };
        let is_loose = match kind {
            Kind::Number { .. } => place.behind_numbers,
            Kind::Money(_) => place.has_number_before,
            _ => false,
        };
        if found.len == 0 || (is_bare && is_loose) {
            return None;
        }
        let cue = self.cue(words, slot, place);
        // A yes or a no among other words is an answer to the question only.
        let allowed = found.reading == Reading::Certain
            || self.asked == Some(slot)
            || self.corrects_known(words, slot, i)
            || self.refuses_known(words, slot, place)
            || (cue != Cue::None && *kind != Kind::YesNo);
        allowed.then_some((found, cue))
    }

    /// The value of a slot at the start of some words.
    fn found(&self, slot: usize, words: &[String]) -> Option<Found> {
        let (spec, language) = (&self.bot.slots[slot], self.bot.language);
        let lunar = if spec.lunar { value::vi::lunar_date(words, self.now.date()) } else { None };
        let found = lunar.or_else(|| value::find(&spec.kind, words, language, self.now))?;
        // "Two minutes" is what callers say who want to be waited for.
        let is_brief = matches!(found.value, Value::Minutes(minutes) if minutes <= 5);
        Some(if is_brief { found.doubtful(Doubt::TwoReadings) } else { found })
    }

    /// "Not tomorrow, the day after": a day that is told by the one before it.
    fn day_beside(&self, slot: usize, words: &[String], place: Place) -> Option<Found> {
        let is_between = |word: &String| {
            let nothing =
                ["no", "but", "uh", "um", "actually", "rather", "sorry", "maybe", "so", "mà", "à", "không", "ờ", "là"];
            nothing.contains(&word.as_str())
        };
        let days: [(&str, i64); 12] = [
            ("the day before that", -1),
            ("the day after that", 1),
            ("day after", 1),
            ("the one after", 7),
            ("the day after", 1),
            ("the next day", 1),
            ("the following day", 1),
            ("the day before", -1),
            ("ngày hôm sau", 1),
            ("hôm sau", 1),
            ("bữa sau", 1),
            ("ngày hôm trước", -1),
        ];
        let (phrase, days) = days.iter().find(|(phrase, _)| begin_with(&words[place.at..], phrase))?;
        let is_date = self.bot.slots[slot].kind == Kind::Date && words[place.last..place.at].iter().all(is_between);
        let date = days_ahead(place.behind_date.filter(|_| is_date)?, *days)?;
        Some(Found::new(Value::Date(date), phrase.split(' ').count()))
    }

    /// "Not five, four": the number that is refused ends where the next one begins.
    fn refused_number(&self, slot: usize, words: &[String], at: usize) -> Option<Found> {
        let (refused, len) =
            value::number(&words[at..], self.bot.language).filter(|_| cues::ends_in_refusal(&words[..at]))?;
        let is_number = matches!(self.bot.slots[slot].kind, Kind::Number { .. });
        // "Fifteen, not fifty": of what is refused it does not matter whether the slot takes it.
        let any = || Some(Found::new(Value::Number(refused), len).only_if_asked());
        self.found(slot, &words[at..at + len]).or_else(any).filter(|_| is_number)
    }

    fn is_answer_before(&self, words: &[String], at: usize) -> bool {
        (0..at).any(|from| answer(&words[from..], self.bot.language, Question::Own).is_some())
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

/// When a span of times begins.
fn beginning(span: Found) -> Option<Found> {
    let Value::Span(Span::Times { from: Some(from), .. }) = span.value else { return None };
    let doubt = span.doubt.map(|_| Doubt::TwoReadings);
    Some(Found { doubt, ..Found::new(Value::Time(from), span.len) })
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

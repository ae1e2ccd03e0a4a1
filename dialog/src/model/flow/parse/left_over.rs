//! `LeftOver`: the words of a sentence that stand beside its values, and whether one of them may matter.
use super::mentions::Mention;
use crate::bot::Bot;
use crate::language::Language;
use crate::value;
use crate::value::around::{Beside, Role, Side, has_contrast, moves};
use crate::value::kind::{Kind, SpanOf};
use crate::value::words::{begin_with, starts};
use jiff::civil::DateTime;
use std::ops::Range;

/// A sentence whose values are known.
pub(super) struct Sentence<'a> {
    pub bot: &'a Bot,
    pub now: DateTime,
    pub words: &'a [String],
    /// Where the values begin; the words before are a yes or a no.
    pub from: usize,
    /// The words that name a task.
    pub task: Range<usize>,
    pub mentions: &'a [Mention<'a>],
    pub roles: &'a [Role],
    /// Which slots have a value.
    pub filled: &'a [bool],
}

pub(super) struct LeftOver<'a> {
    sentence: Sentence<'a>,
}

impl<'a> LeftOver<'a> {
    pub fn new(sentence: Sentence<'a>) -> LeftOver<'a> {
        LeftOver { sentence }
    }

    /// Whether a word that may matter stands beside what was said of this slot, whose value ends at `end`.
    pub fn matters(&self, slot: usize, end: usize) -> bool {
        let Sentence { bot, words, mentions, roles, .. } = &self.sentence;
        let beside = Beside {
            kind: &bot.slots[slot].kind,
            language: bot.language,
            refuses: roles.contains(&Role::Refused),
            moves: moves(words, bot.language),
            contrasts: has_contrast(words, bot.language),
            is_filled: self.sentence.filled.get(slot) == Some(&true),
            other: &|rest| self.other(slot, rest),
            name_of_other: &|rest| self.name_of_other(slot, rest),
            is_own: &|word| self.sentence.bot.own_words().all.contains(word),
            is_cue: &|word| self.is_cue(word),
            is_name: &|word| self.is_name(slot, word),
        };
        let own = (0..mentions.len()).filter(|i| mentions[*i].slot == slot && roles[*i] != Role::Foreign);
        // Behind a value that is refused they say why.
        let explains = |i: usize, side: Side| side == Side::Between && i > 0 && roles[i - 1] == Role::Refused;
        let taken = |i: usize, side: Side| mentions[i].end == end && !explains(i, side);
        own.flat_map(|i| self.beside(i).into_iter().map(move |(words, side)| (words, side, taken(i, side))))
            .any(|(words, side, taken)| beside.has_unknown(&words, side, taken))
    }

    /// Whether a word that may matter stands anywhere outside of its mentions: behind a yes.
    pub fn is_any(&self) -> bool {
        let Sentence { bot, words, from, mentions, .. } = &self.sentence;
        let beside = Beside {
            kind: &Kind::Text,
            language: bot.language,
            refuses: true,
            moves: moves(words, bot.language),
            contrasts: false,
            is_filled: true,
            other: &|_| None,
            name_of_other: &|_| None,
            is_own: &|word| self.sentence.bot.own_words().all.contains(word),
            is_cue: &|word| self.is_cue(word),
            is_name: &|_| false,
        };
        let taken = |at: &usize| mentions.iter().any(|mention| (mention.start..mention.end).contains(at));
        let rest: Vec<String> = (*from..words.len()).filter(|at| !taken(at)).map(|at| words[at].clone()).collect();
        beside.has_unknown(&rest, Side::Between, false)
    }

    /// The words on both sides of a mention, without those that make another slot's mention unclear.
    fn beside(&self, i: usize) -> Vec<(Vec<String>, Side)> {
        let Sentence { words, from, mentions, roles, .. } = &self.sentence;
        let explains = |other: usize| {
            let unclear = matches!(roles[other], Role::Unclear(_) | Role::Foreign);
            unclear && mentions[other].slot != mentions[i].slot
        };
        let mut sides = Vec::new();
        match i.checked_sub(1) {
            None => sides.push((self.between(*from..mentions[i].start), Side::Ahead)),
            Some(before) if explains(before) => {}
            Some(before) => sides.push((self.between(mentions[before].end..mentions[i].start), Side::Between)),
        }
        match mentions.get(i + 1) {
            None => sides.push((self.between(mentions[i].end..words.len()), Side::Behind)),
            Some(_) if explains(i + 1) => {}
            Some(next) => sides.push((self.between(mentions[i].end..next.start), Side::Between)),
        }
        sides
    }

    fn between(&self, range: Range<usize>) -> Vec<String> {
        range.filter(|at| !self.sentence.task.contains(at)).map(|at| self.sentence.words[at].clone()).collect()
    }

    /// A value of another slot that is asked for by itself, as long as none is known: a time or a span of times, a number, an amount.
    fn other(&self, slot: usize, rest: &[String]) -> Option<usize> {
        let Sentence { bot, now, .. } = self.sentence;
        let find = |kind: &Kind| value::find(kind, rest, bot.language, now).map(|found| found.len);
        let of = |kind: &Kind| match kind {
            Kind::Time => find(&Kind::Span { of: SpanOf::Times }).max(find(kind)),
            Kind::Number { .. } | Kind::Money(_) | Kind::Duration | Kind::Span { of: SpanOf::Times } => find(kind),
            _ => None,
        };
        let is_filled = |other: usize| self.sentence.filled.get(other) == Some(&true);
        let others = bot.slots.iter().enumerate().filter(|(other, _)| *other != slot && !is_filled(*other));
        others.filter_map(|(_, other)| of(&other.kind)).max().filter(|len| *len > 0)
    }

    /// How many words at the start name another slot: "the date", "what time".
    fn name_of_other(&self, slot: usize, rest: &[String]) -> Option<usize> {
        let bot = self.sentence.bot;
        let asking = |kind: &Kind| -> &[&str] {
            match (bot.language, kind) {
                (Language::En, Kind::Date | Kind::Span { of: SpanOf::Dates }) => {
                    &["when", "what day", "which day", "what date"]
                }
                (Language::En, Kind::Time | Kind::Span { of: SpanOf::Times }) => &["when", "what time"],
                (Language::En, Kind::Number { .. }) => &["how many", "how many of us"],
                (Language::En, Kind::Duration) => &["how long"],
                (Language::Vi, Kind::Date | Kind::Span { of: SpanOf::Dates }) => {
                    &["ngày giờ", "hôm nào", "bữa nào", "khi nào", "chừng nào"]
                }
                (Language::Vi, Kind::Time | Kind::Span { of: SpanOf::Times }) => {
                    &["ngày giờ", "mấy giờ", "khi nào", "chừng nào"]
                }
                (Language::Vi, Kind::Number { .. }) => &["số lượng", "mấy người", "bao nhiêu"],
                _ => &[],
            }
        };
        let longest = |other: usize| {
            let own = bot.own_words().names[other].iter().filter(|name| starts(rest, name)).map(Vec::len);
            let asked = asking(&bot.slots[other].kind).iter().filter(|phrase| begin_with(rest, phrase));
            own.chain(asked.map(|phrase| phrase.split(' ').count())).max()
        };
        let is_own = longest(slot).is_some();
        (0..bot.slots.len()).filter(|other| *other != slot && !is_own).filter_map(longest).max()
    }

    /// Whether a word is part of what names this slot.
    fn is_name(&self, slot: usize, word: &str) -> bool {
        self.sentence.bot.own_words().names[slot].iter().flatten().any(|name| name == word)
    }

    fn is_cue(&self, word: &str) -> bool {
        self.sentence.bot.slots.iter().flat_map(|slot| &slot.cues).any(|cue| cue.split(' ').any(|cue| cue == word))
    }
}

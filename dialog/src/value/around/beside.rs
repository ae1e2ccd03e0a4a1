//! `Beside`: the words beside a value that no reader took. Those that are known to change nothing are let go; any other word may be one that
//! matters ("near Boston", "twenty dollars a head"), and makes the bot ask.
use super::lists::Lists;
use crate::language::Language;
use crate::value::correction;
use crate::value::half_of_day::DayPart;
use crate::value::kind::Kind;
use crate::value::number;
use crate::value::words::{begin_with, word};
use clause::{Clause, KNOWN};

mod clause;
mod en;
mod not_yet;
mod vi;

pub use not_yet::ends_not_knowing;

/// Words of a language that change nothing beside a value.
struct Harmless {
    /// Single words, with a space between them.
    words: &'static str,
    /// Words for people, which matter where people are counted.
    people: &'static str,
    phrases: &'static [&'static str],
    /// Phrases of doubt, which change nothing before a value: it is what they come to.
    hesitations: &'static [&'static str],
    /// Phrases of such words that may matter all the same.
    matter: &'static [&'static str],
    /// The same behind the last value: "Huế thì thôi" gives it up.
    matter_behind: &'static [&'static str],
}

/// Where the words stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before the first value of the sentence.
    Ahead,
    Between,
    /// Behind its last value.
    Behind,
}

/// What the words beside a value are judged by.
pub struct Beside<'a> {
    pub kind: &'a Kind,
    pub language: Language,
    /// The sentence refuses a value: the words that do so are understood.
    pub refuses: bool,
    /// "Change it from three to four": the old value and the new one are told apart by these words.
    pub moves: bool,
    /// "I live in Boston but need it in Chicago": where somebody is does not matter.
    pub contrasts: bool,
    /// How many words at the start are a value of another kind that is asked for by itself.
    pub other: &'a dyn Fn(&[String]) -> Option<usize>,
    /// How many words at the start name another slot.
    pub name_of_other: &'a dyn Fn(&[String]) -> Option<usize>,
    /// The slot has a value, which a "no" before this one takes back.
    pub is_filled: bool,
    /// Words of the bot's own questions, and those that lead to its slots, change nothing either.
    pub is_own: &'a dyn Fn(&str) -> bool,
    pub is_cue: &'a dyn Fn(&str) -> bool,
    /// Words that name the slot itself.
    pub is_name: &'a dyn Fn(&str) -> bool,
}

impl Beside<'_> {
    /// Whether one of these words may matter, or what they say together where they stand beside the value that is `taken`.
    pub fn has_unknown(&self, words: &[String], side: Side, taken: bool) -> bool {
        let mut at = 0;
        // What no phrase explains: what these words come to depends on each other.
        let mut single: Vec<String> = Vec::new();
        while at < words.len() {
            let Some(len) = self.known(words, at, side) else { return true };
            let own = &words[at..at + len];
            // "Call me at" leads to a telephone number, and to nothing else.
            match len == 1 || own.iter().any(|word| word == "call") {
                true => single.extend_from_slice(own),
                false => single.push(KNOWN.to_owned()),
            }
            at += len;
        }
        let (kind, is_own, is_name) = (self.kind, self.is_own, self.is_name);
        let people = self.harmless().people;
        let clause = Clause { words: &single, side, kind, people, is_own, is_name };
        taken && !self.moves && !self.contrasts && clause.tells_of_another(self.language)
    }

    fn harmless(&self) -> &'static Harmless {
        match self.language {
            Language::En => &en::HARMLESS,
            Language::Vi => &vi::HARMLESS,
        }
    }

    /// How many words at a place are known to change nothing.
    fn known(&self, words: &[String], at: usize, side: Side) -> Option<usize> {
        let harmless = self.harmless();
        let lists = match self.language {
            Language::En => &super::en::LISTS,
            Language::Vi => &super::vi::LISTS,
        };
        let rest = &words[at..];
        if let Some(len) = not_yet::not_known_yet(rest, self.language, self.name_of_other) {
            return Some(len);
        }
        // "Huế, tầm chín trăm ngàn": what leads to the next value is that one's matter.
        if side == Side::Between && rest.iter().all(|word| lists.carrier.contains(&word.as_str())) {
            return Some(rest.len());
        }
        let longest = |list: &[&str]| {
            let fitting = list.iter().filter(|phrase| begin_with(rest, phrase));
            fitting.map(|phrase| phrase.split(' ').count()).max()
        };
        // "No Boston" where nothing is known: not Boston, or a no to something else.
        let says_no = matches!(word(rest, 0), "no" | "nope" | "không" | "hông") && side == Side::Ahead;
        // "No, go on then, yes": one of two answers.
        let is_answer = *self.kind == Kind::YesNo
            && matches!(
                word(rest, 0),
                "yes" | "yeah" | "yep" | "no" | "nope" | "nah" | "có" | "không" | "hông" | "ừ" | "vâng"
            );
        let matters = is_answer || longest(harmless.matter).is_some() || side == Side::Behind && longest(harmless.matter_behind).is_some()
            // "Đi Huế rồi" may as well have been there.
            || side == Side::Behind && at == 0 && word(rest, 0) == "rồi";
        let says_no = says_no && longest(harmless.phrases).is_none() && longest(lists.little).is_none();
        if matters || says_no && !self.refuses && !self.is_filled {
            return None;
        }
        let refusing = if self.refuses { longest(lists.not).max(longest(lists.not_after)) } else { None };
        // Behind the last value a correction corrects nothing: "Boston, no wait".
        let correcting = match side {
            // "Four in the morning, sorry, afternoon"
            Side::Behind => correction::phrase(rest, false, self.language)
                .filter(|len| *self.kind == Kind::Time && DayPart::named(&rest[*len..], self.language).is_some()),
            Side::Ahead | Side::Between => correction::phrase(rest, at == 0, self.language),
        };
        let hesitations = if side == Side::Ahead { harmless.hesitations } else { &[] };
        let phrases =
            [harmless.phrases, hesitations, lists.no_condition, lists.or_so, lists.polite_refusal, lists.little]
                .map(longest);
        // "Tomorrow from two to four": the hours are not the day's matter.
        let other = if matches!(self.kind, Kind::Choice(_) | Kind::Date) { (self.other)(rest) } else { None };
        let known = phrases.into_iter().flatten().max().max(refusing).max(correcting).max(other);
        // "A large one for four people": behind another value "one" counts nothing.
        let is_pronoun = side == Side::Between && at == 0 && matches!(word(rest, 0), "one" | "ones");
        known.or_else(|| {
            (is_pronoun || self.is_harmless(rest, lists, harmless, side == Side::Ahead && at == 0)).then_some(1)
        })
    }

    fn is_harmless(&self, rest: &[String], lists: &Lists, harmless: &Harmless, is_begin: bool) -> bool {
        let first = word(rest, 0);
        let is_one_of = |words: &str| words.split(' ').any(|word| word == first);
        let counts = matches!(self.kind, Kind::Number { .. } | Kind::Money(_));
        // "Around six" is six, and "around Boston" is not Boston.
        let counts_or_dates = !matches!(self.kind, Kind::Choice(_) | Kind::YesNo | Kind::Text);
        if matches!(first, "one" | "một") {
            return !counts;
        }
        is_one_of(harmless.words)
            || !counts && is_one_of(harmless.people)
            || counts_or_dates && lists.carrier.contains(&first)
            || (self.refuses || is_begin) && lists.but.contains(&first)
            || lists.moves.contains(&first) && first != "rời"
            || self.refuses && matches!(first, "nữa" | "anymore")
            || counts_or_dates && first == "qua"
            || self.contrasts
                && matches!(first, "live" | "lives" | "living" | "based" | "from" | "but" | "nhưng" | "sống")
            || self.moves && matches!(first, "from" | "to" | "từ" | "sang" | "thành" | "qua" | "đến")
            || (self.is_cue)(first)
            || (self.is_own)(first) && !lists.matters(first) && number(rest, self.language).is_none()
    }
}

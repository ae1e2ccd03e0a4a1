//! `Right`: what every caller may demand at any time, whatever is asked: not to be recorded, to know whether a machine
//! speaks, and to be forgotten.
use crate::language::Language;
use crate::value::words::begin_with;
use std::ops::Range;

mod en;
pub(crate) mod forget;
mod vi;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// "Don't record me."
    NotRecorded,
    /// "Am I talking to a machine?"
    KnowsMachine,
    /// "Forget me."
    Forgotten,
}

/// The words of one language by which recording is refused: words that refuse, then words between, then words for a recording.
struct Refusal {
    leads: &'static [&'static str],
    /// Words that may stand between a lead and what it refuses.
    between: &'static [&'static str],
    objects: &'static [&'static str],
    /// Words before a lead that turn it into its opposite ("don't stop recording"), or into something else ("why don't you record").
    before: &'static [&'static str],
    /// How many words before a lead are looked at.
    before_reach: usize,
    /// Words behind the object that allow it after all ("no, recording is fine").
    behind: &'static [&'static str],
    /// Whole ways to say it.
    phrases: &'static [&'static str],
}

/// The words of one language by which is asked whether a machine speaks: words that ask, then words between, then a machine or a person.
struct MachineQuestion {
    leads: &'static [&'static str],
    between: &'static [&'static str],
    nouns: &'static [&'static str],
    /// What may follow; nothing may as well where `ends`.
    behind: &'static [&'static str],
    ends: bool,
    /// Words before which a noun alone asks.
    alone_before: &'static [&'static str],
    /// Words without which a noun alone does not.
    alone_behind: &'static [&'static str],
}

/// So many words may stand between the parts.
const MAX_BETWEEN: usize = 7;

/// What a grammar offers, for recognisers that hear nothing else.
pub(crate) const fn listed(language: Language) -> &'static [&'static str] {
    match language {
        Language::En => en::LISTED,
        Language::Vi => vi::LISTED,
    }
}

/// The right that a sentence claims, and the words that claim it.
pub(crate) fn claimed(words: &[String], language: Language) -> Option<(Right, Range<usize>)> {
    let (refusal, question) = match language {
        Language::En => (&en::REFUSAL, &en::MACHINE),
        Language::Vi => (&vi::REFUSAL, &vi::MACHINE),
    };
    let refused = refusal.find(words).map(|at| (Right::NotRecorded, at));
    let forgotten = || forget::find(words, language).map(|at| (Right::Forgotten, at));
    refused.or_else(|| question.find(words).map(|at| (Right::KnowsMachine, at))).or_else(forgotten)
}

/// How many words the longest of these phrases takes that begins at `at`.
fn longest(list: &[&str], words: &[String], at: usize) -> Option<usize> {
    let rest = words.get(at..).unwrap_or_default();
    list.iter().filter(|phrase| begin_with(rest, phrase)).map(|phrase| phrase.split(' ').count()).max()
}

/// Where one of `ends` begins, behind words of `between` only from `at` on, and how long it is.
fn leads_to(words: &[String], at: usize, between: &[&str], ends: &[&str]) -> Option<(usize, usize)> {
    for to in at..words.len().min(at + MAX_BETWEEN + 1) {
        if let Some(len) = longest(ends, words, to) {
            return Some((to, len));
        }
        if !between.contains(&words[to].as_str()) {
            return None;
        }
    }
    None
}

impl Refusal {
    fn find(&self, words: &[String]) -> Option<Range<usize>> {
        (0..words.len()).find_map(|at| self.phrase(words, at).or_else(|| self.refused_from(words, at)))
    }

    fn phrase(&self, words: &[String], at: usize) -> Option<Range<usize>> {
        let len = longest(self.phrases, words, at).filter(|_| !self.is_reversed(words, at))?;
        self.unless_allowed(words, at..at + len)
    }

    fn refused_from(&self, words: &[String], at: usize) -> Option<Range<usize>> {
        let lead = longest(self.leads, words, at).filter(|_| !self.is_reversed(words, at))?;
        let (object, len) = leads_to(words, at + lead, self.between, self.objects)?;
        self.unless_allowed(words, at..object + len)
    }

    fn unless_allowed(&self, words: &[String], at: Range<usize>) -> Option<Range<usize>> {
        longest(self.behind, words, at.end).is_none().then_some(at)
    }

    fn is_reversed(&self, words: &[String], at: usize) -> bool {
        let from = at.saturating_sub(self.before_reach);
        (from..at).any(|before| longest(self.before, words, before).is_some_and(|len| before + len <= at))
    }
}

impl MachineQuestion {
    fn find(&self, words: &[String]) -> Option<Range<usize>> {
        (0..words.len()).find_map(|at| self.asked_from(words, at)).or_else(|| self.alone(words))
    }

    fn asked_from(&self, words: &[String], at: usize) -> Option<Range<usize>> {
        let lead = longest(self.leads, words, at)?;
        let (noun, len) = leads_to(words, at + lead, self.between, self.nouns)?;
        self.asks_behind(words, noun + len).map(|end| at..end)
    }

    /// Whether words from `end` on leave it a question about who speaks; where that ends.
    fn asks_behind(&self, words: &[String], end: usize) -> Option<usize> {
        if end == words.len() {
            return self.ends.then_some(end);
        }
        longest(self.behind, words, end).map(|len| end + len)
    }

    /// "A robot?" and nothing else.
    fn alone(&self, words: &[String]) -> Option<Range<usize>> {
        let (noun, len) = leads_to(words, 0, self.alone_before, self.nouns)?;
        let end = noun + len;
        let behind = longest(self.alone_behind, words, end)?;
        (end + behind == words.len()).then_some(0..words.len())
    }
}

#[cfg(test)]
mod tests;

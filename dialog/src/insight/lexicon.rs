//! `Lexicon`: the phrases of one language that tell a mood, and the words that negate or strengthen them.
use super::Cue;

/// A gap holds so many words at most.
const GAP: usize = 3;

/// Words in their order; `|` stands between words of which any fits, `*` for a gap of up to [`GAP`] words.
pub(super) struct Pattern(Vec<Part>);

enum Part {
    Word(Vec<&'static str>),
    Gap,
}

impl Pattern {
    fn new(text: &'static str) -> Self {
        let part = |part: &'static str| if part == "*" { Part::Gap } else { Part::Word(part.split('|').collect()) };
        Self(text.split(' ').map(part).collect())
    }

    /// How many of the first words it takes, the shortest way.
    pub(super) fn at(&self, words: &[String]) -> Option<usize> {
        fits(&self.0, words)
    }

    /// How many words it names.
    fn named(&self) -> usize {
        self.0.iter().filter(|part| matches!(part, Part::Word(_))).count()
    }
}

fn fits(parts: &[Part], words: &[String]) -> Option<usize> {
    match parts {
        [] => Some(0),
        [Part::Word(any), rest @ ..] => {
            let (first, others) = words.split_first()?;
            any.contains(&first.as_str()).then(|| fits(rest, others)).flatten().map(|len| len + 1)
        }
        [Part::Gap, rest @ ..] => {
            (0..=GAP.min(words.len())).find_map(|skipped| Some(skipped + fits(rest, &words[skipped..])?))
        }
    }
}

pub(super) struct Lexicon {
    phrases: Vec<(Cue, Pattern)>,
    /// Neutral phrases that hold words of others: names of dishes, forms, questions.
    neutral: Vec<Pattern>,
    /// What goes wrong: praise beside it is sarcasm.
    pub(super) trouble: Vec<Pattern>,
    pub(super) negations: &'static [&'static str],
    /// Words that a negation does not reach over.
    pub(super) breaks: &'static [&'static str],
    pub(super) intensifiers: &'static [&'static str],
    pub(super) intensifiers_after: &'static [&'static str],
}

/// The lists of a lexicon as they are written.
pub(super) struct Lists {
    pub phrases: &'static [(Cue, &'static [&'static str])],
    pub neutral: &'static [&'static str],
    pub trouble: &'static [&'static str],
    pub negations: &'static [&'static str],
    pub breaks: &'static [&'static str],
    pub intensifiers: &'static [&'static str],
    pub intensifiers_after: &'static [&'static str],
}

impl Lexicon {
    pub(super) fn new(lists: &Lists) -> Self {
        let all = |list: &'static [&'static str]| list.iter().map(|text| Pattern::new(text)).collect::<Vec<_>>();
        let phrases = lists.phrases.iter().flat_map(|(cue, texts)| texts.iter().map(|text| (*cue, Pattern::new(text))));
        Self {
            phrases: phrases.collect(),
            neutral: all(lists.neutral),
            trouble: all(lists.trouble),
            negations: lists.negations,
            breaks: lists.breaks,
            intensifiers: lists.intensifiers,
            intensifiers_after: lists.intensifiers_after,
        }
    }

    /// The phrase of the most words that these begin with; of a neutral one, what it covers is no sign.
    pub(super) fn longest(&self, words: &[String]) -> Option<(Cue, usize)> {
        let found = self.phrases.iter().filter_map(|(cue, one)| Some((one.named(), *cue, one.at(words)?)));
        let (named, cue, len) = found.max_by_key(|(named, ..)| *named)?;
        let neutral = self.neutral.iter().any(|one| one.named() >= named && one.at(words).is_some());
        (!neutral).then_some((cue, len))
    }
}

//! `Lexicon`: the phrases of one language that tell a mood, and the words that negate or strengthen them.
use super::Cue;
use std::collections::HashMap;

/// A gap holds so many words at most.
const GAP: usize = 3;

/// Words in their order, the first no gap; `|` stands between words of which any fits, `*` for a gap of up to [`GAP`] words.
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
    /// What is a sign, and after these what is none although it holds words of others: names of dishes, forms, questions.
    phrases: Vec<(Option<Cue>, Pattern)>,
    /// Which of them begin with a word.
    by_first: HashMap<&'static str, Vec<usize>>,
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
    /// `kinds`: signs besides those of the lists.
    pub(super) fn new(lists: &Lists, kinds: &'static [(Cue, &'static [&'static str])]) -> Self {
        let signs =
            lists.phrases.iter().chain(kinds).flat_map(|(cue, texts)| texts.iter().map(|text| (Some(*cue), *text)));
        let all = signs.chain(lists.neutral.iter().map(|text| (None, *text)));
        let phrases: Vec<(Option<Cue>, Pattern)> = all.map(|(cue, text)| (cue, Pattern::new(text))).collect();
        let mut by_first: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (at, (_, pattern)) in phrases.iter().enumerate() {
            if let Some(Part::Word(any)) = pattern.0.first() {
                any.iter().for_each(|word| by_first.entry(word).or_default().push(at));
            }
        }
        Self {
            phrases,
            by_first,
            trouble: lists.trouble.iter().map(|text| Pattern::new(text)).collect(),
            negations: lists.negations,
            breaks: lists.breaks,
            intensifiers: lists.intensifiers,
            intensifiers_after: lists.intensifiers_after,
        }
    }

    /// The phrase of the most words that these begin with, and how many it takes; a neutral one is no sign.
    pub(super) fn longest(&self, words: &[String]) -> Option<(Option<Cue>, usize)> {
        let beginning = self.by_first.get(words.first()?.as_str())?.iter().map(|at| &self.phrases[*at]);
        let fitting = beginning.filter_map(|(cue, one)| Some((one.named(), *cue, one.at(words)?)));
        // Of several as long, the last: neutral ones.
        fitting.max_by_key(|(named, ..)| *named).map(|(_, cue, len)| (cue, len))
    }
}

//! `Expected`: the grammar of a step, and its sentences as phrases that the search favours.
use super::context::{Context, TOKEN_BONUS};
use super::pieces::Pieces;
use super::tokens::Tokens;
use crate::asr::jsgf::Automaton;
use std::collections::BTreeSet;

/// A grammar with more sentences than this is told to the search word by word.
const SENTENCES: usize = 500;
/// Sentences longer than this many words are not listed.
const LONGEST: usize = 12;
/// Of all sentences together, so many steps are walked at most.
const STEPS: usize = 20_000;

pub struct Expected {
    grammars: Vec<Automaton>,
    pub context: Context,
}

impl Expected {
    /// # Errors
    /// What is wrong with the grammar.
    pub fn parse(jsgf: &str, tokens: &Tokens, pieces: &Pieces) -> Result<Self, String> {
        let grammars: Vec<Automaton> = Automaton::parse(jsgf)?.into_iter().map(|(_, grammar)| grammar).collect();
        let phrases: BTreeSet<String> = grammars.iter().flat_map(phrases).collect();
        let cut: Vec<Vec<i32>> = phrases.iter().filter_map(|phrase| pieces.cut(tokens, phrase)).collect();
        if cut.len() < phrases.len() {
            tracing::debug!(phrases = phrases.len() - cut.len(), "phrases have letters that the model does not write");
        }
        Ok(Self { grammars, context: Context::new(&cut, TOKEN_BONUS) })
    }

    pub fn accepts(&self, sentence: &str) -> bool {
        self.grammars.iter().any(|grammar| grammar.accepts(sentence))
    }
}

/// All sentences of a grammar, or all words where there are too many.
fn phrases(grammar: &Automaton) -> Vec<String> {
    let (mut out, mut steps) = (Vec::new(), 0);
    // Depth first: the place, and the words that led there.
    let mut walk: Vec<(u32, Vec<&str>)> = vec![(0, Vec::new())];
    while let Some((state, words)) = walk.pop() {
        steps += 1;
        let too_many = out.len() > SENTENCES || steps > STEPS || words.len() > LONGEST;
        if too_many {
            return grammar.words().to_vec();
        }
        if grammar.is_end(state) && !words.is_empty() {
            out.push(words.join(" "));
        }
        for (word, next) in grammar.steps(state) {
            walk.push((next, [&words[..], &[word]].concat()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(rule: &str) -> Vec<String> {
        let text = format!("#JSGF V1.0;\ngrammar switchboard;\npublic <turn> = {rule};");
        let mut all: Vec<String> =
            Automaton::parse(&text).unwrap().iter().flat_map(|(_, grammar)| phrases(grammar)).collect();
        all.sort();
        all
    }

    #[test]
    fn the_sentences_of_a_small_grammar_are_phrases_and_the_words_of_a_large_one() {
        assert_eq!(
            listed("book a room [for (two | three) people] | yes"),
            ["book a room", "book a room for three people", "book a room for two people", "yes"]
        );
        assert_eq!(listed("(one | two)+"), ["one", "two"], "of any length");
        let digit = "(one | two | three | four | five | six | seven | eight | nine | zero)";
        assert_eq!(listed(&format!("{digit} {digit} {digit}")).len(), 10);
    }
}

//! What a step expects, as a list of phrases, for engines that take one in place of a grammar.
use crate::asr::Expect;
use crate::asr::jsgf::Automaton;
use std::collections::BTreeSet;

/// More phrases than this make a list slow to load: then single words stand for them.
const MOST: usize = 5_000;

/// Every word of the grammar, and every two that may follow each other in it: an engine that makes a model of word pairs out of
/// a list prefers sentences of the grammar and can hear no other words. `None` for free speech and for a grammar that is not understood.
pub(super) fn phrases(expect: &Expect) -> Option<Vec<String>> {
    let Expect::Grammar(grammar) = expect else { return None };
    let automata = Automaton::parse(grammar).ok()?;
    let words: BTreeSet<String> = automata.iter().flat_map(|(_, automaton)| automaton.words()).cloned().collect();
    let mut pairs = BTreeSet::new();
    'all: for (_, automaton) in &automata {
        for state in 0..automaton.states() as u32 {
            for (word, next) in automaton.steps(state) {
                pairs.extend(automaton.steps(next).map(|(after, _)| format!("{word} {after}")));
                if pairs.len() + words.len() > MOST {
                    pairs.clear();
                    break 'all;
                }
            }
        }
    }
    Some(words.into_iter().chain(pairs).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grammar_is_its_words_and_the_pairs_it_allows() {
        let grammar = "#JSGF V1.0; grammar g; public <g> = [yes] two (people | rooms) | no;";
        let expected = ["no", "people", "rooms", "two", "yes", "two people", "two rooms", "yes two"];
        assert_eq!(phrases(&Expect::Grammar(grammar.into())).unwrap(), expected);
        assert_eq!(phrases(&Expect::Anything), None);
        assert_eq!(phrases(&Expect::Grammar("no grammar".into())), None);
    }

    #[test]
    fn a_grammar_of_very_many_pairs_is_its_words() {
        let any = (0..100).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" | ");
        let grammar = format!("#JSGF V1.0; grammar g; public <g> = ({any}) ({any});");
        assert_eq!(phrases(&Expect::Grammar(grammar.into())).unwrap().len(), 100);
    }
}

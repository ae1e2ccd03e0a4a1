//! The network that a decoder searches: the likely sentences of a grammar, and the others.
//!
//! Weights at the alternatives of a grammar's public rule (JSGF section 4.7) divide it in two: `public <turn> = <answer> |
//! /0.0001/ <else>;`. The decoder prefers the answer unless something else fits clearly better, and [`super::confidence`] accepts
//! the answer at a lower score: of speech outside a booking grammar, nine tenths are matched to the rest.
use crate::asr::jsgf::{Automaton, Transition};
use std::collections::BTreeSet;

pub struct Network(Vec<(f64, Automaton)>);

impl Network {
    /// Reads a grammar with one public rule; `Err` says what is wrong with it.
    pub fn parse(jsgf: &str) -> Result<Self, String> {
        Automaton::parse(jsgf).map(Self)
    }

    /// Every word of the grammar, once.
    pub fn words(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let all = self.0.iter().flat_map(|(_, automaton)| automaton.words());
        all.filter(|word| seen.insert(word.as_str())).cloned().collect()
    }

    /// Whether the grammar weights this sentence as likely.
    pub fn is_likely(&self, text: &str) -> bool {
        self.0.len() > 1 && self.0[0].1.accepts(text)
    }

    /// All arcs, the number of states, and the final state. State 0 is the initial one.
    pub fn arcs(&self) -> (Vec<Transition>, usize, usize) {
        let last = 1 + self.0.iter().map(|(_, automaton)| automaton.states()).sum::<usize>();
        let (mut out, mut first) = (Vec::new(), 1);
        for (weight, automaton) in &self.0 {
            out.push(Transition { from: 0, to: first, word: None, weight: *weight });
            first = automaton.write(&mut out, first, last);
        }
        (out, last + 1, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_part_the_likely_from_the_rest() {
        let network =
            Network::parse("public <t> = yes | no | /0.01/ (stop | <n> yes) | /1/ okay; <n> = /5/ no | oh;").unwrap();
        for likely in ["yes", "no", "okay"] {
            assert!(network.is_likely(likely), "{likely}");
        }
        for rest in ["stop", "oh yes", "no yes", "maybe"] {
            assert!(!network.is_likely(rest), "{rest}");
        }
        assert_eq!(network.words(), ["yes", "no", "okay", "stop", "oh"]);
        let (arcs, ..) = network.arcs();
        let ways: Vec<f64> = arcs.iter().filter(|arc| arc.from == 0).map(|arc| arc.weight).collect();
        assert_eq!(ways, [1.0, 0.01]);
    }

    #[test]
    fn without_weights_nothing_is_likelier() {
        let network = Network::parse("public <t> = yes | no;").unwrap();
        assert!(!network.is_likely("yes"));
        let (_, states, last) = network.arcs();
        assert_eq!((states, last), (4, 3), "a start, the automaton's two, an end");
    }
}

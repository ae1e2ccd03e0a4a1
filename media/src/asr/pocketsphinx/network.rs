//! What a decoder searches for one ask: what is likely to be said, and beside it what may be said.
//!
//! Weights at the alternatives of a grammar's public rule (JSGF section 4.7) part it in two: `public <turn> = <answer> |
//! /0.0001/ <else>;`. The decoder then hears the answer that was asked for unless something else fits clearly better, and
//! [`super::confidence`] asks for less proof of it: of speech outside a booking grammar, nine tenths land on the rest.
use super::jsgf::Automaton;
use std::collections::BTreeSet;
use std::fmt::Write as _;

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

    /// Whether the grammar calls this likelier than other things it allows.
    pub fn is_likely(&self, text: &str) -> bool {
        self.0.len() > 1 && self.0[0].1.accepts(text)
    }

    /// In Sphinx's own text form; words under their names in the decoder.
    pub fn fsg(&self, name: impl Fn(&str) -> String) -> String {
        let last = 1 + self.0.iter().map(|(_, automaton)| automaton.states()).sum::<usize>();
        let mut out = format!("FSG_BEGIN expect\nNUM_STATES {}\nSTART_STATE 0\nFINAL_STATE {last}\n", last + 1);
        let mut first = 1;
        for (weight, automaton) in &self.0 {
            _ = writeln!(out, "TRANSITION 0 {first} {weight:e}");
            first = automaton.write(&mut out, first, last, &name);
        }
        out.push_str("FSG_END\n");
        out
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
        let fsg = network.fsg(str::to_owned);
        assert!(fsg.contains("TRANSITION 0 1 1e0\n") && fsg.contains(" 1e-2\n"), "{fsg}");
    }

    #[test]
    fn without_weights_nothing_is_likelier() {
        let network = Network::parse("public <t> = yes | no;").unwrap();
        assert!(!network.is_likely("yes"));
        assert!(network.fsg(str::to_owned).contains("NUM_STATES 4"), "a start, the automaton's two, an end");
    }
}

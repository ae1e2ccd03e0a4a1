//! Recognisers in order of preference.
use super::{Ask, AsrFault, Expect, Recogniser};
use crate::Language;
use crate::chain::{self, ChainEngine};
use std::time::Duration;

pub type RecogniserChain = chain::Chain<dyn Recogniser>;

impl ChainEngine for dyn Recogniser {
    type Job = Ask;

    fn name(&self) -> &'static str {
        Recogniser::name(self)
    }

    fn suits(&self, ask: &Ask) -> bool {
        let free = matches!(ask.expect, Expect::Anything);
        self.caps(ask.language).is_some_and(|caps| !(free && caps.needs_grammar))
    }
}

impl RecogniserChain {
    /// How long a call into this engine may take after this much of an utterance.
    pub(crate) fn patience(&self, place: usize, utterance: Duration) -> Duration {
        self.engines().get(place).map_or(Duration::ZERO, |engine| engine.patience(utterance))
    }

    /// How long the words of an utterance may take at most: an engine that is late with it once hears it again.
    pub fn longest_wait(&self, language: Language, utterance: Duration) -> Duration {
        let engines = self.engines().iter().filter(|engine| engine.caps(language).is_some());
        engines.map(|engine| engine.patience(utterance)).max().unwrap_or_default() * 2
    }

    /// Whether any engine can recognise `ask`: `Ok` as soon as one can, else the reason of the first.
    pub fn check(&self, ask: &Ask) -> Result<(), AsrFault> {
        let mut first = None;
        for (_, engine) in self.suitable(ask) {
            match engine.check(ask) {
                Ok(()) => return Ok(()),
                Err(fault) => _ = first.get_or_insert(fault),
            }
        }
        Err(first.unwrap_or_else(|| AsrFault::Language(format!("{:?}", ask.language))))
    }
}

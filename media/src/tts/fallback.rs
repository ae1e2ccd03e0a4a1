//! Synthesisers in order of preference; one that hung or failed rests while the next speaks.
use super::Synthesiser;
use crate::asr::Language;
use crate::health::{Health, Probe};
use std::sync::Arc;
use std::time::Instant;

/// An ordered set of synthesisers with their health. It is told the time.
pub struct Chain {
    engines: Vec<Arc<dyn Synthesiser>>,
    health: Health,
}

impl Chain {
    /// The most engines a chain holds.
    pub const MOST: usize = 32;

    pub fn new(engines: Vec<Arc<dyn Synthesiser>>) -> Self {
        let health = Health::new(engines.len());
        Self { engines, health }
    }

    /// The engine to use for `language` now, but none in `tried` (a bit per place).
    pub(crate) fn pick(
        &self,
        language: Language,
        tried: u32,
        now: Instant,
        probe: Probe,
    ) -> Option<(usize, Arc<dyn Synthesiser>)> {
        let suits = |i: usize| i < Self::MOST && tried & (1 << i) == 0 && self.engines[i].speaks(language);
        let place = self.health.pick(now, probe, suits)?;
        Some((place, self.engines[place].clone()))
    }

    /// A job hung or failed on this engine. Whether it is ill now.
    pub(crate) fn failed(&self, place: usize, now: Instant) -> bool {
        self.health.failed(place, now)
    }

    pub(crate) fn well(&self, place: usize) {
        self.health.well(place);
    }

    pub(crate) fn is_ill(&self, place: usize) -> bool {
        self.health.is_ill(place)
    }

    pub fn name(&self, place: usize) -> &'static str {
        self.engines.get(place).map_or("none", |engine| engine.name())
    }

    pub fn speaks(&self, language: Language) -> bool {
        self.engines.iter().any(|engine| engine.speaks(language))
    }

    /// The names of the engines that are ill.
    pub fn sick(&self) -> Vec<&'static str> {
        (0..self.engines.len()).filter(|&i| self.health.is_ill(i)).map(|i| self.name(i)).collect()
    }
}

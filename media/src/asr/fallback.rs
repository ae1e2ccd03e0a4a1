//! Recognisers in order of preference; one that hung or failed rests while the next serves.
use super::{Ask, Expect, Fault, Recogniser};
use crate::health::{Health, Probe};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An ordered set of recognisers with their health. It is told the time.
pub struct Chain {
    engines: Vec<Arc<dyn Recogniser>>,
    health: Health,
}

impl Chain {
    /// The most engines a chain holds.
    pub const MOST: usize = 32;

    pub fn new(engines: Vec<Arc<dyn Recogniser>>) -> Self {
        let health = Health::new(engines.len());
        Self { engines, health }
    }

    /// The engine to use for `ask` now, but none in `tried` (a bit per place).
    pub(crate) fn pick(
        &self,
        ask: &Ask,
        tried: u32,
        now: Instant,
        probe: Probe,
    ) -> Option<(usize, Arc<dyn Recogniser>)> {
        let place = self.health.pick(now, probe, |i| tried & (1 << i) == 0 && self.suits(i, ask))?;
        Some((place, self.engines[place].clone()))
    }

    /// Whether an engine beside those in `tried` could hear `ask` now.
    pub(crate) fn has_other(&self, ask: &Ask, tried: u32) -> bool {
        (0..self.engines.len()).any(|i| tried & (1 << i) == 0 && self.suits(i, ask) && !self.health.is_ill(i))
    }

    fn suits(&self, place: usize, ask: &Ask) -> bool {
        let free = matches!(ask.expect, Expect::Anything);
        place < Self::MOST && self.engines[place].caps(ask.language).is_some_and(|caps| !(free && caps.needs_grammar))
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

    /// How long a call into an engine may take that has heard so much of an utterance.
    pub(crate) fn patience(&self, place: usize, utterance: Duration) -> Duration {
        self.engines.get(place).map_or(Duration::ZERO, |engine| engine.patience(utterance))
    }

    pub fn name(&self, place: usize) -> &'static str {
        self.engines.get(place).map_or("none", |engine| engine.name())
    }

    /// The names of the engines that are ill.
    pub fn sick(&self) -> Vec<&'static str> {
        (0..self.engines.len()).filter(|&i| self.health.is_ill(i)).map(|i| self.name(i)).collect()
    }

    /// Whether any engine can hear `ask`: `Ok` as soon as one can, else the first one's reason.
    pub fn check(&self, ask: &Ask) -> Result<(), Fault> {
        let mut first = None;
        for (i, engine) in self.engines.iter().enumerate() {
            if self.suits(i, ask) {
                match engine.check(ask) {
                    Ok(()) => return Ok(()),
                    Err(fault) => _ = first.get_or_insert(fault),
                }
            }
        }
        Err(first.unwrap_or_else(|| Fault::Language(format!("{:?}", ask.language))))
    }
}

//! Synthesisers in order of preference; one that hung or failed rests while the next speaks.
use super::{Chunk, Fault, Synthesiser, Voice};
use crate::asr::Language;
use crate::health::Health;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// An ordered set of synthesisers with their health. It is told the time.
pub struct Chain {
    engines: Vec<Arc<dyn Synthesiser>>,
    health: Health,
    /// The voice that each engine was to speak with when it failed.
    failed_at: Mutex<Vec<Option<Voice>>>,
}

/// A trial of an ill engine.
pub(crate) struct Probe {
    chain: Arc<Chain>,
    place: usize,
    voice: Voice,
}

impl Probe {
    pub fn run(&self, sink: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), Fault> {
        self.chain.engines[self.place].probe(&self.voice, sink)
    }

    /// What it came to; the engine's name.
    pub fn tell(&self, healed: bool, now: Instant) -> &'static str {
        self.chain.health.probed(self.place, healed, now);
        self.chain.name(self.place)
    }
}

impl Chain {
    /// The most engines a chain holds.
    pub const MOST: usize = 32;

    pub fn new(engines: Vec<Arc<dyn Synthesiser>>) -> Self {
        let (health, failed_at) = (Health::new(engines.len()), Mutex::new(vec![None; engines.len()]));
        Self { engines, health, failed_at }
    }

    /// The engine to use for `language`, but none in `tried` (a bit per place).
    pub(crate) fn pick(&self, language: Language, tried: u32) -> Option<(usize, Arc<dyn Synthesiser>)> {
        let suits = |i: usize| i < Self::MOST && tried & (1 << i) == 0 && self.engines[i].speaks(language);
        let place = self.health.pick(suits)?;
        Some((place, self.engines[place].clone()))
    }

    /// A job hung or failed on this engine. Whether it is ill now.
    pub(crate) fn failed(&self, place: usize, voice: &Voice, now: Instant) -> bool {
        if let Some(failed_at) = self.failed_at.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
            *failed_at = Some(voice.clone());
        }
        self.health.failed(place, now)
    }

    /// The trial of an ill engine that is due now.
    pub(crate) fn probe(self: Arc<Self>, now: Instant) -> Option<Probe> {
        let place = self.health.due(now)?;
        let voice = self.failed_at.lock().unwrap_or_else(PoisonError::into_inner).get(place)?.clone()?;
        Some(Probe { chain: self, place, voice })
    }

    pub(crate) fn next_probe(&self) -> Option<Instant> {
        self.health.next_due()
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

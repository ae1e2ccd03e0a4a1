//! Recognisers in order of preference; one that hung or failed rests while the next serves.
use super::{Ask, Expect, Fault, Recogniser};
use crate::health::Health;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An ordered set of recognisers with their health. It is told the time.
pub struct Chain {
    engines: Vec<Arc<dyn Recogniser>>,
    health: Health,
    /// What was asked of each engine when it failed.
    failed_at: Mutex<Vec<Option<Ask>>>,
}

/// A trial of an ill engine.
pub(crate) struct Probe {
    chain: Arc<Chain>,
    place: usize,
    ask: Ask,
}

impl Probe {
    pub fn patience(&self) -> Duration {
        self.chain.patience(self.place, PROBE)
    }

    /// Hears our own sound against what was asked when the engine failed.
    pub fn run(&self) -> Result<(), Fault> {
        let mut hearing = self.chain.engines[self.place].open(&self.ask)?;
        hearing.sound(&murmur())?;
        hearing.finish().map(drop)
    }

    /// What it came to; the engine's name.
    pub fn tell(&self, healed: bool, now: Instant) -> &'static str {
        self.chain.health.probed(self.place, healed, now);
        self.chain.name(self.place)
    }
}

/// A second of noise that swells and fades as speech does.
const PROBE: Duration = Duration::from_secs(1);

fn murmur() -> Vec<i16> {
    let mut seed = 1_u32;
    let sample = |i: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (seed >> 16) as i32 - 32_768;
        let swell = (i / 160 % 25) as i32;
        (noise * swell / 200) as i16
    };
    (0..16_000).map(sample).collect()
}

impl Chain {
    /// The most engines a chain holds.
    pub const MOST: usize = 32;

    pub fn new(engines: Vec<Arc<dyn Recogniser>>) -> Self {
        let (health, failed_at) = (Health::new(engines.len()), Mutex::new(vec![None; engines.len()]));
        Self { engines, health, failed_at }
    }

    /// The engine to use for `ask`, but none in `tried` (a bit per place).
    pub(crate) fn pick(&self, ask: &Ask, tried: u32) -> Option<(usize, Arc<dyn Recogniser>)> {
        let place = self.health.pick(|i| tried & (1 << i) == 0 && self.suits(i, ask))?;
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
    pub(crate) fn failed(&self, place: usize, ask: &Ask, now: Instant) -> bool {
        if let Some(failed_at) = self.failed_at.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
            *failed_at = Some(ask.clone());
        }
        self.health.failed(place, now)
    }

    /// The trial of an ill engine that is due now.
    pub(crate) fn probe(self: Arc<Self>, now: Instant) -> Option<Probe> {
        let place = self.health.due(now)?;
        let ask = self.failed_at.lock().unwrap_or_else(PoisonError::into_inner).get(place)?.clone()?;
        Some(Probe { chain: self, place, ask })
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

//! `Chain`: recognisers, or synthesisers, in order of preference. An engine that hung or failed rests while the next one serves.
use crate::health::{Health, ProbePace, Probed};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What a chain asks of its engines.
pub trait ChainEngine {
    /// What an engine is asked to do. The job that failed is kept for the probe.
    type Job: Clone + Send + 'static;

    fn name(&self) -> &'static str;
    /// Whether this engine can do the job at all.
    fn suits(&self, job: &Self::Job) -> bool;
}

/// An ordered set of engines with their health. It is told the time.
pub struct Chain<E: ChainEngine + ?Sized> {
    engines: Vec<Arc<E>>,
    health: Health<E::Job>,
    /// Per engine: how long its jobs lately took to the first of their results, in milliseconds; 0: not known.
    first_results: Vec<AtomicU32>,
}

impl<E: ChainEngine + ?Sized> Chain<E> {
    /// The most engines a chain holds; those beyond are not used.
    pub const CAPACITY: usize = 32;

    pub fn new(engines: Vec<Arc<E>>) -> Self {
        let health = Health::new(engines.len());
        let first_results = engines.iter().map(|_| AtomicU32::new(0)).collect();
        Self { engines, health, first_results }
    }

    /// The engines that can do the job, in order, each with its place.
    pub fn suitable<'a>(&'a self, job: &'a E::Job) -> impl Iterator<Item = (usize, &'a Arc<E>)> + 'a {
        self.engines.iter().enumerate().take(Self::CAPACITY).filter(move |(_, engine)| engine.suits(job))
    }

    pub fn engines(&self) -> &[Arc<E>] {
        &self.engines
    }

    /// The engine to use for a job, but none in `tried` (a bit per place).
    pub(crate) fn pick(&self, job: &E::Job, tried: u32) -> Option<(usize, Arc<E>)> {
        let (place, engine) = self.untried(job, tried).next()?;
        Some((place, engine.clone()))
    }

    /// Whether an engine beside those in `tried` could do the job now.
    pub(crate) fn has_other(&self, job: &E::Job, tried: u32) -> bool {
        self.untried(job, tried).next().is_some()
    }

    /// The engines that could do the job now, in order, without those in `tried`.
    pub(crate) fn untried<'a>(&'a self, job: &'a E::Job, tried: u32) -> impl Iterator<Item = (usize, &'a Arc<E>)> + 'a {
        self.suitable(job).filter(move |(place, _)| tried & (1 << place) == 0 && !self.health.is_unhealthy(*place))
    }

    /// A job hung or failed on this engine. Whether it is unhealthy now.
    pub(crate) fn failed(&self, place: usize, job: &E::Job, now: Instant) -> bool {
        self.health.failed(place, job, now)
    }

    /// This engine's job took so long to the first of its results: of earlier jobs each counts a quarter less than the one behind it.
    pub(crate) fn note_first_result(&self, place: usize, took: Duration) {
        let Some(known) = self.first_results.get(place) else { return };
        let took = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
        let before = u64::from(known.load(Relaxed));
        let mean = if before == 0 { took } else { ((before * 3 + u64::from(took)) / 4) as u32 };
        known.store(mean.max(1), Relaxed);
    }

    /// How long this engine's jobs lately took to the first of their results; `None`: not known.
    pub(crate) fn first_result(&self, place: usize) -> Option<Duration> {
        let ms = self.first_results.get(place)?.load(Relaxed);
        (ms > 0).then(|| Duration::from_millis(u64::from(ms)))
    }

    pub(crate) fn succeeded(&self, place: usize) {
        self.health.succeeded(place);
    }

    pub(crate) fn is_unhealthy(&self, place: usize) -> bool {
        self.health.is_unhealthy(place)
    }

    /// The probe of an unhealthy engine that is due now.
    pub(crate) fn probe(self: Arc<Self>, now: Instant, pace: ProbePace) -> Option<Probe<E>> {
        let (place, job) = self.health.due(now, pace)?;
        Some(Probe { chain: self, place, job })
    }

    pub(crate) fn next_probe(&self, pace: ProbePace) -> Option<Instant> {
        self.health.next_due(pace)
    }

    pub fn name(&self, place: usize) -> &'static str {
        self.engines.get(place).map_or("none", |engine| engine.name())
    }

    /// The names of the engines that are unhealthy.
    pub fn unhealthy(&self) -> Vec<&'static str> {
        (0..self.engines.len()).filter(|&i| self.health.is_unhealthy(i)).map(|i| self.name(i)).collect()
    }
}

/// A probe of an unhealthy engine, with the job that it failed on.
pub(crate) struct Probe<E: ChainEngine + ?Sized> {
    chain: Arc<Chain<E>>,
    place: usize,
    pub job: E::Job,
}

impl<E: ChainEngine + ?Sized> Probe<E> {
    pub fn engine(&self) -> &E {
        &self.chain.engines[self.place]
    }

    /// Reports the outcome of the probe.
    pub fn report(&self, outcome: Probed, now: Instant) {
        self.chain.health.probed(self.place, outcome, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::FIRST_REST;

    /// An engine that does jobs from its number on.
    struct JobsFrom(u32, &'static str);

    impl ChainEngine for JobsFrom {
        type Job = u32;
        fn name(&self) -> &'static str {
            self.1
        }
        fn suits(&self, job: &u32) -> bool {
            *job >= self.0
        }
    }

    fn chain() -> Arc<Chain<JobsFrom>> {
        Arc::new(Chain::new(vec![Arc::new(JobsFrom(5, "first")), Arc::new(JobsFrom(0, "second"))]))
    }

    fn picked(chain: &Chain<JobsFrom>, job: u32, tried: u32) -> Option<&'static str> {
        chain.pick(&job, tried).map(|(_, engine)| engine.name())
    }

    #[test]
    fn a_job_goes_to_the_first_engine_that_can_do_it_works_and_was_not_tried() {
        let (chain, now) = (chain(), Instant::now());
        assert_eq!((picked(&chain, 7, 0), picked(&chain, 2, 0)), (Some("first"), Some("second")));
        assert_eq!((picked(&chain, 7, 0b01), picked(&chain, 7, 0b11)), (Some("second"), None));
        assert!(chain.has_other(&7, 0b01) && !chain.has_other(&2, 0b10));
        assert!(!chain.failed(0, &7, now));
        chain.succeeded(0);
        assert!(!chain.failed(0, &7, now) && chain.failed(0, &8, now));
        assert_eq!((picked(&chain, 7, 0), chain.unhealthy()), (Some("second"), vec!["first"]));
        assert!(!chain.has_other(&7, 0b10), "an unhealthy engine does not count");
    }

    #[test]
    fn an_unhealthy_engine_is_probed_with_the_job_it_failed_on_until_it_works() {
        let (chain, now) = (chain(), Instant::now());
        for job in [7, 8] {
            chain.failed(0, &job, now);
        }
        assert!(chain.clone().probe(now, ProbePace::Rest).is_none());
        let due = chain.next_probe(ProbePace::Rest).unwrap();
        assert_eq!(due, now + FIRST_REST);
        let probe = chain.clone().probe(due, ProbePace::Rest).unwrap();
        assert_eq!((probe.job, probe.engine().name()), (8, "first"));
        assert!(chain.clone().probe(due + FIRST_REST * 100, ProbePace::Rest).is_none(), "a probe is under way");
        probe.report(Probed::Works, due);
        assert_eq!((picked(&chain, 7, 0), chain.unhealthy().len()), (Some("first"), 0));
    }

    #[test]
    fn engines_past_the_capacity_are_not_used() {
        let many = (0..40).map(|n| Arc::new(JobsFrom(if n < 32 { 9 } else { 0 }, "one"))).collect();
        let chain = Chain::new(many);
        assert_eq!((picked(&chain, 3, 0), picked(&chain, 9, u32::MAX)), (None, None));
    }
}

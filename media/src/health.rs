//! Which engines of a chain are well, and when an ill one may be tried again.
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long an engine rests after it hung or failed for the first time.
pub const FIRST_REST: Duration = Duration::from_secs(10);
/// Each further failure doubles the rest, up to this.
pub const LONGEST_REST: Duration = Duration::from_secs(300);

/// So many jobs must have failed within [`MEMORY`], with none done in between, before an engine counts as ill: one late
/// utterance is no evidence about the engine.
pub const STRIKES: u32 = 2;
const MEMORY: Duration = Duration::from_secs(60);

/// Whether ill engines whose rest is over may be tried. They may not while many threads are lost to hung ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    Allowed,
    Refused,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// Ill until this moment; `None`: well.
    until: Option<Instant>,
    rest: Duration,
    /// One job tries whether it is well again.
    probed: bool,
    /// Failures of a well engine since it last did its work, and the time of the last one.
    strikes: u32,
    struck: Option<Instant>,
}

/// Health of the engines of one chain, by their place in it.
#[derive(Debug)]
pub struct Health(Mutex<Vec<Entry>>);

impl Health {
    pub fn new(engines: usize) -> Self {
        Self(Mutex::new(vec![Entry::default(); engines]))
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first engine that `suits` and is well, or whose rest is over. One that is tried again gets another rest at
    /// once, so that one job alone probes it.
    pub fn pick(&self, now: Instant, probe: Probe, mut suits: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut entries = self.entries();
        let found = (0..entries.len()).find(|&i| {
            let ready = match entries[i].until {
                None => true,
                Some(until) => probe == Probe::Allowed && until <= now,
            };
            ready && suits(i)
        })?;
        let entry = &mut entries[found];
        if entry.until.is_some() {
            entry.probed = true;
            entry.until = Some(now + entry.rest);
        }
        Some(found)
    }

    /// A job hung or failed on the engine. Whether the engine is ill now.
    pub fn failed(&self, engine: usize, now: Instant) -> bool {
        if let Some(entry) = self.entries().get_mut(engine) {
            match entry.until {
                None => {
                    let fresh = entry.struck.is_some_and(|at| now.saturating_duration_since(at) <= MEMORY);
                    entry.strikes = if fresh { entry.strikes + 1 } else { 1 };
                    entry.struck = Some(now);
                    if entry.strikes < STRIKES {
                        return false;
                    }
                    entry.rest = FIRST_REST;
                }
                Some(_) if entry.probed => entry.rest = (entry.rest * 2).min(LONGEST_REST),
                // Jobs that were under way when it fell ill fail with it: one illness, counted once.
                Some(_) => return true,
            }
            entry.until = Some(now + entry.rest);
            entry.probed = false;
        }
        true
    }

    /// The engine did its work. A job from before the illness is no proof of health.
    pub fn well(&self, engine: usize) {
        if let Some(entry) = self.entries().get_mut(engine)
            && (entry.until.is_none() || entry.probed)
        {
            *entry = Entry::default();
        }
    }

    pub fn is_ill(&self, engine: usize) -> bool {
        self.entries().get(engine).is_some_and(|entry| entry.until.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ill_engine_rests_is_probed_by_one_job_and_rests_longer_each_time() {
        let (health, start) = (Health::new(2), Instant::now());
        assert_eq!(health.pick(start, Probe::Allowed, |_| true), Some(0));
        assert!(!health.failed(0, start), "one failure is no evidence");
        assert!(health.failed(0, start));
        assert_eq!(health.pick(start + Duration::from_secs(9), Probe::Allowed, |_| true), Some(1));
        let again = start + FIRST_REST;
        assert_eq!(health.pick(again, Probe::Refused, |_| true), Some(1));
        assert_eq!(health.pick(again, Probe::Allowed, |_| true), Some(0), "its rest is over");
        assert_eq!(health.pick(again, Probe::Allowed, |_| true), Some(1), "one probe at a time");
        health.failed(0, again);
        assert_eq!(health.pick(again + Duration::from_secs(19), Probe::Allowed, |_| true), Some(1));
        assert_eq!(health.pick(again + Duration::from_secs(20), Probe::Allowed, |_| true), Some(0));
        health.well(0);
        assert!(!health.is_ill(0));
        assert_eq!(health.pick(again, Probe::Allowed, |_| true), Some(0));
    }

    #[test]
    fn the_rest_never_exceeds_five_minutes() {
        let (health, mut now) = (Health::new(1), Instant::now());
        health.failed(0, now);
        for _ in 0..12 {
            health.failed(0, now);
            now += LONGEST_REST;
            assert_eq!(health.pick(now, Probe::Allowed, |_| true), Some(0));
        }
    }

    #[test]
    fn a_late_success_from_before_the_illness_does_not_heal() {
        let (health, now) = (Health::new(1), Instant::now());
        health.failed(0, now);
        health.failed(0, now);
        health.well(0);
        assert!(health.is_ill(0));
        assert_eq!(health.pick(now, Probe::Allowed, |_| true), None);
    }

    #[test]
    fn failures_far_apart_or_with_work_done_between_make_no_engine_ill() {
        let (health, start) = (Health::new(1), Instant::now());
        for minute in 0..5 {
            assert!(!health.failed(0, start + Duration::from_secs(61 * minute)));
        }
        for second in 301..400 {
            health.well(0);
            assert!(!health.failed(0, start + Duration::from_secs(second)));
        }
        assert!(!health.is_ill(0));
    }
}

//! Which engines of a chain are well, and when an ill one is tried again.
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long an engine rests after it fell ill.
pub const FIRST_REST: Duration = Duration::from_secs(2);
/// Each probe that fails doubles the rest, up to this.
pub const LONGEST_REST: Duration = Duration::from_secs(300);

/// So many jobs must have failed within [`MEMORY`], with none done in between, before an engine counts as ill: one late
/// utterance is no evidence about the engine.
pub const STRIKES: u32 = 2;
const MEMORY: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// Ill, and not probed before this moment; `None`: well.
    until: Option<Instant>,
    rest: Duration,
    /// Failures of a well engine since it last did its work, and the time of the last one.
    strikes: u32,
    struck: Option<Instant>,
}

/// Health of the engines of one chain, by their place in it. Callers are given to well engines alone; an ill one is probed
/// with a job that nobody waits for.
#[derive(Debug)]
pub struct Health(Mutex<Vec<Entry>>);

impl Health {
    pub fn new(engines: usize) -> Self {
        Self(Mutex::new(vec![Entry::default(); engines]))
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first well engine that `suits`.
    pub fn pick(&self, mut suits: impl FnMut(usize) -> bool) -> Option<usize> {
        let entries = self.entries();
        (0..entries.len()).find(|&i| entries[i].until.is_none() && suits(i))
    }

    /// A caller's job hung or failed on the engine. Whether the engine is ill now.
    pub fn failed(&self, engine: usize, now: Instant) -> bool {
        if let Some(entry) = self.entries().get_mut(engine)
            // Jobs that were under way when it fell ill fail with it: one illness, counted once.
            && entry.until.is_none()
        {
            let fresh = entry.struck.is_some_and(|at| now.saturating_duration_since(at) <= MEMORY);
            entry.strikes = if fresh { entry.strikes + 1 } else { 1 };
            entry.struck = Some(now);
            if entry.strikes < STRIKES {
                return false;
            }
            entry.rest = FIRST_REST;
            entry.until = Some(now + entry.rest);
        }
        true
    }

    /// The engine did a caller's job. One from before an illness is no proof of health.
    pub fn well(&self, engine: usize) {
        if let Some(entry) = self.entries().get_mut(engine)
            && entry.until.is_none()
        {
            *entry = Entry::default();
        }
    }

    pub fn is_ill(&self, engine: usize) -> bool {
        self.entries().get(engine).is_some_and(|entry| entry.until.is_some())
    }

    /// An ill engine whose rest is over: it is to be probed now. It rests on at once, so that one probe is under way.
    pub fn due(&self, now: Instant) -> Option<usize> {
        let mut entries = self.entries();
        let found = entries.iter().position(|entry| entry.until.is_some_and(|until| until <= now))?;
        let entry = &mut entries[found];
        entry.until = Some(now + entry.rest);
        Some(found)
    }

    /// When the next engine is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.entries().iter().filter_map(|entry| entry.until).min()
    }

    /// What a probe has shown.
    pub fn probed(&self, engine: usize, healed: bool, now: Instant) {
        if let Some(entry) = self.entries().get_mut(engine)
            && entry.until.is_some()
        {
            if healed {
                *entry = Entry::default();
            } else {
                entry.rest = (entry.rest * 2).min(LONGEST_REST);
                entry.until = Some(now + entry.rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fall_ill(health: &Health, now: Instant) {
        assert!(!health.failed(0, now), "one failure is no evidence");
        assert!(health.failed(0, now));
    }

    #[test]
    fn an_ill_engine_rests_is_probed_by_one_job_and_rests_longer_each_time() {
        let (health, start) = (Health::new(2), Instant::now());
        assert_eq!(health.pick(|_| true), Some(0));
        assert_eq!((health.due(start), health.next_due()), (None, None));
        fall_ill(&health, start);
        assert_eq!(health.pick(|_| true), Some(1));
        assert_eq!(health.due(start + FIRST_REST - Duration::from_millis(1)), None);
        let again = start + FIRST_REST;
        assert_eq!(health.next_due(), Some(again));
        assert_eq!(health.due(again), Some(0), "its rest is over");
        assert_eq!(health.due(again), None, "one probe at a time");
        assert_eq!(health.pick(|_| true), Some(1), "no caller tries it");
        health.probed(0, false, again);
        assert_eq!(health.due(again + FIRST_REST * 2 - Duration::from_millis(1)), None);
        assert_eq!(health.due(again + FIRST_REST * 2), Some(0));
        health.probed(0, true, again + FIRST_REST * 2);
        assert!(!health.is_ill(0));
        assert_eq!((health.pick(|_| true), health.next_due()), (Some(0), None));
    }

    #[test]
    fn the_rest_never_exceeds_five_minutes() {
        let (health, mut now) = (Health::new(1), Instant::now());
        fall_ill(&health, now);
        for _ in 0..12 {
            now += LONGEST_REST;
            assert_eq!(health.due(now), Some(0));
            health.probed(0, false, now);
        }
    }

    #[test]
    fn what_callers_jobs_come_to_after_it_fell_ill_changes_nothing() {
        let (health, now) = (Health::new(1), Instant::now());
        fall_ill(&health, now);
        let due = health.next_due();
        health.well(0);
        assert!(health.is_ill(0));
        assert!(health.failed(0, now + Duration::from_secs(1)));
        assert_eq!((health.pick(|_| true), health.next_due()), (None, due));
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

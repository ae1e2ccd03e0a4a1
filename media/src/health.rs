//! Which engines of a chain work, and when one that has failed is probed.
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long an engine rests after it became unhealthy.
pub const FIRST_REST: Duration = Duration::from_secs(2);
/// Each probe that fails doubles the rest, up to this.
pub const LONGEST_REST: Duration = Duration::from_secs(300);

/// Failures within [`MEMORY`], without a success in between, that make an engine unhealthy. A single late utterance says
/// little about the engine.
pub const FAILURES: u32 = 2;
const MEMORY: Duration = Duration::from_secs(60);

/// How soon an unhealthy engine is probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbePace {
    /// When its rest is over.
    Rest,
    /// When the longest rest is over, however short its own is.
    Slowest,
}

/// What came of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    Works,
    Fails,
    /// No worker could run the probe.
    NotRun,
}

#[derive(Clone, Copy, Debug)]
enum State<J> {
    /// Callers' jobs that failed since the last success; the newest failed at `last`.
    Healthy { failures: u32, last: Option<Instant> },
    /// Resting since `since`, or being probed. `job`: the job that failed, for the probes.
    Unhealthy { since: Instant, rest: Duration, probing: bool, job: J },
}

impl<J> State<J> {
    const fn healthy() -> Self {
        Self::Healthy { failures: 0, last: None }
    }

    const fn is_healthy(&self) -> bool {
        matches!(self, Self::Healthy { .. })
    }

    /// When the next probe is due. `None`: the engine works, or a probe is under way.
    fn due(&self, pace: ProbePace) -> Option<Instant> {
        match *self {
            Self::Unhealthy { since, rest, probing: false, .. } => Some(match pace {
                ProbePace::Rest => since + rest,
                ProbePace::Slowest => since + LONGEST_REST,
            }),
            _ => None,
        }
    }
}

/// Health of the engines of one chain, by their place in it. Callers' jobs go to healthy engines only. An unhealthy engine gets
/// one probe at a time, which no caller waits for, until it works.
#[derive(Debug)]
pub struct Health<J>(Mutex<Vec<State<J>>>);

impl<J: Clone> Health<J> {
    pub fn new(engines: usize) -> Self {
        Self(Mutex::new((0..engines).map(|_| State::healthy()).collect()))
    }

    fn states(&self) -> MutexGuard<'_, Vec<State<J>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A caller's job hung or failed on the engine. Whether it is unhealthy now.
    pub fn failed(&self, engine: usize, job: &J, now: Instant) -> bool {
        // Jobs that were in progress when the engine became unhealthy do not count again.
        if let Some(state) = self.states().get_mut(engine)
            && let State::Healthy { failures, last } = state
        {
            let recent = last.is_some_and(|at| now.saturating_duration_since(at) <= MEMORY);
            let failures = if recent { *failures + 1 } else { 1 };
            if failures < FAILURES {
                *state = State::Healthy { failures, last: Some(now) };
                return false;
            }
            *state = State::Unhealthy { since: now, rest: FIRST_REST, probing: false, job: job.clone() };
        }
        true
    }

    /// The engine did a caller's job. While it is unhealthy this changes nothing: the job began before.
    pub fn succeeded(&self, engine: usize) {
        if let Some(state) = self.states().get_mut(engine)
            && state.is_healthy()
        {
            *state = State::healthy();
        }
    }

    pub fn is_unhealthy(&self, engine: usize) -> bool {
        self.states().get(engine).is_some_and(|state| !state.is_healthy())
    }

    /// An unhealthy engine whose probe is due now, and the job that it failed on. No other probe of it is due before
    /// [`Health::probed`].
    pub fn due(&self, now: Instant, pace: ProbePace) -> Option<(usize, J)> {
        for (engine, state) in self.states().iter_mut().enumerate() {
            if state.due(pace).is_some_and(|at| at <= now)
                && let State::Unhealthy { probing, job, .. } = state
            {
                *probing = true;
                return Some((engine, job.clone()));
            }
        }
        None
    }

    /// When the next probe is due.
    pub fn next_due(&self, pace: ProbePace) -> Option<Instant> {
        self.states().iter().filter_map(|state| state.due(pace)).min()
    }

    /// The probe from [`Health::due`] has ended.
    pub fn probed(&self, engine: usize, outcome: Probed, now: Instant) {
        let mut states = self.states();
        let Some(state) = states.get_mut(engine) else { return };
        let State::Unhealthy { since, rest, probing, .. } = state else { return };
        match outcome {
            Probed::Works => return *state = State::healthy(),
            Probed::Fails => *rest = (*rest * 2).min(LONGEST_REST),
            Probed::NotRun => {}
        }
        (*since, *probing) = (now, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn make_unhealthy(health: &Health<u32>, now: Instant) {
        assert!(!health.failed(0, &6, now), "one failure is not enough");
        assert!(health.failed(0, &7, now));
    }

    #[test]
    fn an_unhealthy_engine_rests_is_probed_by_one_job_and_rests_longer_each_time() {
        let (health, start) = (Health::new(2), Instant::now());
        assert!(!health.is_unhealthy(0));
        assert_eq!((health.due(start, ProbePace::Rest), health.next_due(ProbePace::Rest)), (None, None));
        make_unhealthy(&health, start);
        assert!(health.is_unhealthy(0) && !health.is_unhealthy(1));
        assert_eq!(health.due(start + FIRST_REST - MS, ProbePace::Rest), None);
        let again = start + FIRST_REST;
        assert_eq!(health.next_due(ProbePace::Rest), Some(again));
        assert_eq!(health.due(again, ProbePace::Rest), Some((0, 7)), "the rest is over");
        assert!(health.is_unhealthy(0), "callers do not use it");
        health.probed(0, Probed::Fails, again);
        assert_eq!(health.due(again + FIRST_REST * 2 - MS, ProbePace::Rest), None);
        assert_eq!(health.due(again + FIRST_REST * 2, ProbePace::Rest), Some((0, 7)));
        health.probed(0, Probed::Works, again + FIRST_REST * 2);
        assert_eq!((health.is_unhealthy(0), health.next_due(ProbePace::Rest)), (false, None));
    }

    #[test]
    fn one_probe_of_an_engine_is_under_way_at_a_time_however_long_it_takes() {
        let (health, start) = (Health::new(1), Instant::now());
        make_unhealthy(&health, start);
        let mut now = start + FIRST_REST;
        assert!(health.due(now, ProbePace::Rest).is_some());
        for _ in 0..10 {
            now += LONGEST_REST;
            assert_eq!((health.due(now, ProbePace::Rest), health.next_due(ProbePace::Rest)), (None, None));
        }
        // A probe that found no worker repeats the same rest.
        health.probed(0, Probed::NotRun, now);
        assert_eq!(health.next_due(ProbePace::Rest), Some(now + FIRST_REST));
        assert!(health.is_unhealthy(0) && health.due(now + FIRST_REST, ProbePace::Rest).is_some());
    }

    #[test]
    fn an_engine_is_probed_for_ever_and_never_more_rarely_than_every_five_minutes() {
        for pace in [ProbePace::Rest, ProbePace::Slowest] {
            let (health, mut now) = (Health::new(1), Instant::now());
            make_unhealthy(&health, now);
            for _ in 0..1_000 {
                now += LONGEST_REST;
                assert!(health.due(now, pace).is_some());
                health.probed(0, Probed::Fails, now);
            }
        }
    }

    #[test]
    fn the_slowest_pace_waits_for_the_longest_rest() {
        let (health, start) = (Health::new(1), Instant::now());
        make_unhealthy(&health, start);
        assert_eq!(health.due(start + LONGEST_REST - MS, ProbePace::Slowest), None);
        assert_eq!(health.next_due(ProbePace::Slowest), Some(start + LONGEST_REST));
        assert!(health.due(start + LONGEST_REST, ProbePace::Slowest).is_some());
    }

    #[test]
    fn what_callers_jobs_come_to_after_it_became_unhealthy_changes_nothing() {
        let (health, now) = (Health::new(1), Instant::now());
        make_unhealthy(&health, now);
        let due = health.next_due(ProbePace::Rest);
        health.succeeded(0);
        assert!(health.is_unhealthy(0));
        assert!(health.failed(0, &8, now + Duration::from_secs(1)));
        assert_eq!((health.is_unhealthy(0), health.next_due(ProbePace::Rest)), (true, due));
    }

    #[test]
    fn failures_far_apart_or_with_work_done_between_make_no_engine_unhealthy() {
        let (health, start) = (Health::new(1), Instant::now());
        for minute in 0..5 {
            assert!(!health.failed(0, &1, start + Duration::from_secs(61 * minute)));
        }
        for second in 301..400 {
            health.succeeded(0);
            assert!(!health.failed(0, &1, start + Duration::from_secs(second)));
        }
        assert!(!health.is_unhealthy(0));
    }
}

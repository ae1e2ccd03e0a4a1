//! `QueueDelay`: how long finals and clauses have lately waited for a worker, and the worker for a processor.
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The period that counts.
const LATELY: Duration = Duration::from_secs(10);
/// The most jobs that count.
const JOBS: usize = 512;
/// The least number of jobs for a figure.
const FEW: usize = 8;

#[derive(Default)]
pub(super) struct QueueDelay {
    /// When each job was done, and how long it had waited.
    jobs: VecDeque<(Instant, Duration)>,
    full: bool,
}

impl QueueDelay {
    pub fn note(&mut self, now: Instant, waited: Duration) {
        if self.jobs.len() == JOBS {
            self.jobs.pop_front();
        }
        self.jobs.push_back((now, waited));
    }

    /// The 90th percentile of waiting times; jobs that still wait (queued at `waiting`) are included.
    pub fn wait(&mut self, now: Instant, waiting: impl Iterator<Item = Instant>) -> Duration {
        let old = self.jobs.iter().take_while(|(at, _)| now.saturating_duration_since(*at) > LATELY).count();
        self.jobs.drain(..old);
        let waiting = waiting.map(|since| now.saturating_duration_since(since));
        let mut all: Vec<Duration> = self.jobs.iter().map(|(_, waited)| *waited).chain(waiting).collect();
        if all.len() < FEW {
            return Duration::ZERO;
        }
        let place = all.len() * 9 / 10;
        *all.select_nth_unstable(place).1
    }

    /// Whether the pool is full: once `wait` reaches `limit`, until it falls below half of it.
    pub fn is_full(&mut self, wait: Duration, limit: Duration) -> bool {
        self.full = !limit.is_zero() && wait >= if self.full { limit / 2 } else { limit };
        self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::iter::empty;

    const LIMIT: Duration = Duration::from_millis(400);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_workers_are_full_while_most_jobs_of_the_last_seconds_waited_and_not_for_a_few() {
        let (mut delay, start) = (QueueDelay::default(), Instant::now());
        let full = |delay: &mut QueueDelay, now, waiting: &[Instant]| {
            let wait = delay.wait(now, waiting.iter().copied());
            delay.is_full(wait, LIMIT)
        };
        let mut few = QueueDelay::default();
        (1..FEW).for_each(|_| few.note(start, ms(5_000)));
        assert!(!full(&mut few, start, &[]), "few jobs do not count");
        for i in 0..100 {
            delay.note(start + ms(10 * i), ms(if i % 20 == 0 { 3_000 } else { 50 }));
        }
        assert!(!full(&mut delay, start + ms(1_000), &[]), "one of ten is late: a loud caller's own");
        for i in 0..40 {
            delay.note(start + ms(1_000 + 10 * i), ms(450));
        }
        assert!(full(&mut delay, start + ms(1_400), &[]));
        // It stays so until the wait is half of the limit.
        for i in 0..400 {
            delay.note(start + ms(1_400 + 10 * i), ms(250));
        }
        assert!(full(&mut delay, start + ms(5_400), &[]));
        assert_eq!(delay.wait(start + ms(5_400), empty()), ms(250));
        assert!(!full(&mut delay, start + ms(16_000), &[]), "it was long ago");
        // No job is done at all: those that wait count.
        let waiting = vec![start + ms(16_000); 20];
        assert!(!full(&mut delay, start + ms(16_100), &waiting));
        assert!(full(&mut delay, start + ms(16_500), &waiting));
        let mut never = QueueDelay::default();
        let wait = never.wait(start + ms(99_000), waiting.iter().copied());
        assert!(!never.is_full(wait, Duration::ZERO), "0: never full");
    }

    #[test]
    fn a_flood_of_jobs_is_remembered_in_a_bounded_place() {
        let (mut delay, now) = (QueueDelay::default(), Instant::now());
        (0..10 * JOBS).for_each(|_| delay.note(now, LIMIT));
        assert_eq!(delay.jobs.len(), JOBS);
    }
}

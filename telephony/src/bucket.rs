//! `TokenBucket`: a rate limit with a burst. It is told the time. `TokenBuckets`: one for each key, in bounded memory.
use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How many tokens come per second, and how many a bucket holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub per_second: f64,
    pub burst: f64,
}

#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    rate: Rate,
    /// The tokens at the time `at`; negative where more was charged than was there.
    tokens: f64,
    at: Instant,
    /// Until then every token is granted and none is counted.
    exempt_until: Option<Instant>,
}

impl TokenBucket {
    pub fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, tokens: rate.burst, at: now, exempt_until: None }
    }

    /// Takes a token; without one, how long it takes until there is one.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.refill(now);
        if self.is_exempt(now) {
            return Ok(());
        }
        if self.tokens < 1.0 {
            let seconds = (1.0 - self.tokens) / self.rate.per_second;
            return Err(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
        }
        self.tokens -= 1.0;
        Ok(())
    }

    /// Takes `cost` tokens even where there are fewer: the debt delays later requests. A bucket in debt is not charged further; the debt
    /// is its burst at most.
    pub fn charge(&mut self, now: Instant, cost: f64) {
        self.refill(now);
        if !self.is_exempt(now) && self.tokens >= 0.0 {
            self.tokens = (self.tokens - cost).max(-self.rate.burst);
        }
    }

    pub fn exempt(&mut self, until: Instant) {
        self.exempt_until = Some(until);
    }

    fn is_exempt(&self, now: Instant) -> bool {
        self.exempt_until.is_some_and(|until| until > now)
    }

    fn refill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.rate.per_second;
        self.tokens = (self.tokens + gained).min(self.rate.burst);
        self.at = self.at.max(now);
    }
}

/// Buckets of one rate by key. Beyond the limit, the one that was used longest ago is dropped: it is the fullest.
#[derive(Debug)]
pub struct TokenBuckets<K> {
    rate: Rate,
    capacity: usize,
    buckets: HashMap<K, TokenBucket>,
}

impl<K: Copy + Eq + Hash> TokenBuckets<K> {
    pub fn new(rate: Rate, capacity: usize) -> Self {
        Self { rate, capacity: capacity.max(1), buckets: HashMap::new() }
    }

    pub fn of(&mut self, now: Instant, key: K) -> &mut TokenBucket {
        if self.buckets.len() >= self.capacity && !self.buckets.contains_key(&key) {
            let oldest = self.buckets.iter().min_by_key(|(_, bucket)| bucket.at).map(|(key, _)| *key);
            oldest.and_then(|key| self.buckets.remove(&key));
        }
        let bucket = self.buckets.entry(key).or_insert(TokenBucket::full(self.rate, now));
        bucket.refill(now);
        bucket
    }

    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10.0, burst: 5.0 };

    fn ms(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn a_bucket_grants_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(RATE, start);
        let granted = |bucket: &mut TokenBucket, now| (0..20).filter(|_| bucket.take(now).is_ok()).count();
        assert_eq!(granted(&mut bucket, start), 5);
        assert_eq!(granted(&mut bucket, ms(start, 350)), 3);
        assert_eq!(granted(&mut bucket, ms(start, 3_600_000)), 5, "no more than its burst, however long it waits");
    }

    #[test]
    fn a_refusal_says_when_the_next_token_comes() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(Rate { per_second: 0.1, burst: 1.0 }, start);
        assert_eq!(bucket.take(start), Ok(()));
        assert_eq!(bucket.take(start), Err(Duration::from_secs(10)));
        assert_eq!(bucket.take(ms(start, 4_000)), Err(Duration::from_secs(6)));
        assert_eq!(bucket.take(ms(start, 10_000)), Ok(()));
        let mut never = TokenBucket::full(Rate { per_second: 0.0, burst: 0.0 }, start);
        assert_eq!(never.take(start), Err(Duration::MAX));
    }

    #[test]
    fn a_charge_is_owed_up_to_the_burst_and_not_added_to_a_debt() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(RATE, start);
        bucket.charge(start, 8.0);
        bucket.charge(start, 8.0);
        assert_eq!(bucket.take(start), Err(Duration::from_millis(400)), "three are owed, and one is wanted");
        let mut bucket = TokenBucket::full(RATE, start);
        bucket.charge(start, 1_000.0);
        assert_eq!(bucket.take(start), Err(Duration::from_millis(600)));
    }

    #[test]
    fn an_exempt_bucket_grants_everything_until_its_time_is_over() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(RATE, start);
        bucket.exempt(ms(start, 1_000));
        assert!((0..1_000).all(|_| bucket.take(ms(start, 999)).is_ok()));
        bucket.charge(start, 1_000.0);
        assert_eq!((0..1_000).filter(|_| bucket.take(ms(start, 1_000)).is_ok()).count(), 5);
    }

    #[test]
    fn time_that_steps_back_gains_nothing() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(RATE, ms(start, 1_000));
        assert!((0..5).all(|_| bucket.take(ms(start, 1_000)).is_ok()));
        for _ in 0..100 {
            assert!(bucket.take(start).is_err() && bucket.take(ms(start, 1_000)).is_err());
        }
    }

    #[test]
    fn each_key_has_its_bucket_and_the_one_unused_for_longest_is_forgotten() {
        let start = Instant::now();
        let mut buckets = TokenBuckets::new(RATE, 3);
        for key in 0..3 {
            (0..5).for_each(|_| buckets.of(ms(start, key), key).take(ms(start, key)).expect("a token"));
        }
        assert!(buckets.of(ms(start, 3), 0).take(ms(start, 3)).is_err());
        for key in 3..100 {
            buckets.of(ms(start, 4), key);
            assert_eq!(buckets.len(), 3);
        }
        assert!(buckets.of(ms(start, 5), 0).take(ms(start, 5)).is_ok(), "forgotten, so full");
    }
}

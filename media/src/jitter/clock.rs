//! `Clock`: conversion of durations and instants to units of a line's RTP clock.
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    hz: u32,
    /// The zero of [`Clock::place`]: the first instant that was converted.
    epoch: Option<Instant>,
}

impl Clock {
    pub(super) const fn new(hz: u32) -> Self {
        Self { hz, epoch: None }
    }

    pub(super) const fn hz(&self) -> u32 {
        self.hz
    }

    pub(super) const fn units(&self, time: Duration) -> i64 {
        (time.as_micros() as i64).saturating_mul(self.hz as i64) / 1_000_000
    }

    /// Converts units; negative ones give zero.
    pub(super) fn time(&self, units: i64) -> Duration {
        Duration::from_micros((units.max(0) as u64).saturating_mul(1_000_000) / u64::from(self.hz))
    }

    /// An instant in clock units.
    pub(super) fn place(&mut self, now: Instant) -> i64 {
        let epoch = *self.epoch.get_or_insert(now);
        match now.checked_duration_since(epoch) {
            Some(after) => self.units(after),
            None => -self.units(epoch.duration_since(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_before_the_first_one_are_negative_and_no_time_overflows() {
        let (t, mut clock) = (Instant::now() + Duration::from_secs(5), Clock::new(48_000));
        assert_eq!((clock.place(t), clock.place(t + Duration::from_millis(20))), (0, 960));
        assert_eq!(clock.place(t - Duration::from_millis(1)), -48);
        assert_eq!((clock.time(-7), clock.time(960)), (Duration::ZERO, Duration::from_millis(20)));
        assert!(clock.units(Duration::from_secs(u64::MAX / 4)) <= i64::MAX / 1_000_000);
        assert!(clock.time(i64::MAX) > Duration::ZERO);
    }
}

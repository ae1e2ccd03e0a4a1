//! `Netem`: a seeded network that delays, loses, doubles and reorders, as a sans-IO part (after Linux `tc netem`).
use crate::noise::Rng;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

/// How a network treats packets. Shares are 0.0–1.0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Impairments {
    pub delay: Duration,
    /// Each packet waits up to this much longer, uniformly.
    pub jitter: Duration,
    /// Each packet waits longer still, by chance with this mean: exponentially, as queues do.
    pub tail: Duration,
    /// Likewise with this mean, but half-normally: a line whose queues are bounded.
    pub spread: Duration,
    pub loss: f32,
    /// Losses come in runs of this many (0 and 1: alone).
    pub burst: u32,
    pub duplicate: f32,
    /// Whether a packet may overtake an earlier one; if not, jitter holds back what comes behind.
    pub order: Order,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Kept,
    Lost,
}

/// Items on their way.
pub struct Netem<T> {
    pub impairments: Impairments,
    /// The network stands still: what would arrive in this time arrives at its end, all at once.
    pub still: Option<Range<Instant>>,
    rng: Rng,
    losing: u32,
    last: Option<Instant>,
    count: u64,
    flying: BTreeMap<Reverse<(Instant, u64)>, T>,
}

impl<T: Clone> Netem<T> {
    pub fn new(impairments: Impairments, seed: u64) -> Self {
        Self { impairments, still: None, rng: Rng::new(seed), losing: 0, last: None, count: 0, flying: BTreeMap::new() }
    }

    pub fn send(&mut self, now: Instant, item: T) {
        let impairments = self.impairments;
        let burst = impairments.burst.max(1);
        if self.losing == 0 && self.rng.unit() < impairments.loss / burst as f32 {
            self.losing = burst;
        }
        let copies = if self.rng.unit() < impairments.duplicate { 2 } else { 1 };
        for _ in 0..copies {
            let mut due = now + impairments.delay + impairments.jitter.mul_f32(self.rng.unit());
            if !impairments.tail.is_zero() {
                due += impairments.tail.mul_f32(-(1.0 - self.rng.unit()).ln());
            }
            if !impairments.spread.is_zero() {
                due += impairments.spread.mul_f32(self.half_normal());
            }
            if let Some(still) = self.still.as_ref().filter(|still| still.contains(&due)) {
                due = still.end;
            }
            if impairments.order == Order::Kept {
                due = self.last.map_or(due, |last| last.max(due));
            }
            if self.losing > 0 {
                continue;
            }
            self.last = Some(due);
            self.count += 1;
            self.flying.insert(Reverse((due, self.count)), item.clone());
        }
        self.losing = self.losing.saturating_sub(1);
    }

    /// The size of a normal deviate, scaled to a mean of one (Box and Muller, 1958).
    fn half_normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.rng.unit()).ln()).sqrt();
        (radius * (std::f32::consts::TAU * self.rng.unit()).cos()).abs() * std::f32::consts::FRAC_PI_2.sqrt()
    }

    /// The next item that has arrived by `now`, and when it did.
    pub fn recv(&mut self, now: Instant) -> Option<(Instant, T)> {
        let next = self.flying.last_entry().filter(|e| e.key().0.0 <= now)?;
        let Reverse((due, _)) = *next.key();
        Some((due, next.remove()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean of 10,000 packets' lateness in ms, and how many were later than 120.
    fn lateness(impairments: Impairments) -> (f64, usize) {
        let (t0, mut net) = (Instant::now(), Netem::new(Impairments { order: Order::Lost, ..impairments }, 3));
        (0..10_000u32).for_each(|n| net.send(t0 + Duration::from_millis(20) * n, n));
        let late = std::iter::from_fn(|| net.recv(t0 + Duration::from_secs(1000)))
            .map(|(at, n)| (at - t0 - Duration::from_millis(20) * n).as_secs_f64() * 1000.0)
            .collect::<Vec<_>>();
        (late.iter().sum::<f64>() / late.len() as f64, late.iter().filter(|&&late| late > 120.0).count())
    }

    #[test]
    fn tail_and_spread_have_the_mean_that_was_asked_for() {
        let ms = Duration::from_millis(40);
        let (mean, later) = lateness(Impairments { tail: ms, ..Impairments::default() });
        assert!((38.0..42.0).contains(&mean) && (400..600).contains(&later), "one in twenty: {mean} {later}");
        let (mean, later) = lateness(Impairments { spread: ms, ..Impairments::default() });
        assert!((38.0..42.0).contains(&mean) && (100..250).contains(&later), "one in sixty: {mean} {later}");
    }

    #[test]
    fn the_same_seed_gives_the_same_weather_and_the_shares_are_met() {
        let impairments = Impairments {
            jitter: Duration::from_millis(40),
            loss: 0.05,
            burst: 3,
            duplicate: 0.02,
            order: Order::Lost,
            ..Impairments::default()
        };
        let t0 = Instant::now();
        let run = |seed| {
            let mut net = Netem::new(impairments, seed);
            (0..10_000u32).for_each(|n| net.send(t0 + Duration::from_millis(20) * n, n));
            std::iter::from_fn(|| net.recv(t0 + Duration::from_secs(1000))).map(|(_, n)| n).collect::<Vec<_>>()
        };
        let (a, b) = (run(1), run(1));
        assert_eq!(a, b);
        assert_ne!(a, run(2));
        let lost = (0..10_000).filter(|n| !a.contains(n)).count();
        assert!((350..650).contains(&lost), "{lost}");
        assert!(a.windows(2).any(|w| w[1] < w[0]));
    }
}

//! `Netem`: a seeded network that delays, loses, doubles and reorders, as a sans-IO part (after Linux `tc netem`).
use crate::noise::Dice;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How a network treats packets. Shares are 0.0–1.0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    pub delay: Duration,
    /// Each packet waits up to this much longer, uniformly.
    pub jitter: Duration,
    /// Each packet waits longer still, by chance with this mean: exponentially, as queues do.
    pub tail: Duration,
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
    pub weather: Weather,
    dice: Dice,
    losing: u32,
    last: Option<Instant>,
    count: u64,
    flying: BTreeMap<Reverse<(Instant, u64)>, T>,
}

impl<T: Clone> Netem<T> {
    pub fn new(weather: Weather, seed: u64) -> Self {
        Self { weather, dice: Dice::new(seed), losing: 0, last: None, count: 0, flying: BTreeMap::new() }
    }

    pub fn send(&mut self, now: Instant, item: T) {
        let weather = self.weather;
        let burst = weather.burst.max(1);
        if self.losing == 0 && self.dice.unit() < weather.loss / burst as f32 {
            self.losing = burst;
        }
        let copies = if self.dice.unit() < weather.duplicate { 2 } else { 1 };
        for _ in 0..copies {
            let mut due = now + weather.delay + weather.jitter.mul_f32(self.dice.unit());
            if !weather.tail.is_zero() {
                due += weather.tail.mul_f32(-(1.0 - self.dice.unit()).ln());
            }
            if weather.order == Order::Kept {
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

    #[test]
    fn the_mean_of_a_tail_is_what_was_asked_for() {
        let weather = Weather { tail: Duration::from_millis(40), order: Order::Lost, ..Weather::default() };
        let (t0, mut net) = (Instant::now(), Netem::new(weather, 3));
        (0..10_000u32).for_each(|n| net.send(t0 + Duration::from_millis(20) * n, n));
        let late = std::iter::from_fn(|| net.recv(t0 + Duration::from_secs(1000)))
            .map(|(at, n)| (at - t0 - Duration::from_millis(20) * n).as_secs_f64())
            .collect::<Vec<_>>();
        let mean = late.iter().sum::<f64>() / late.len() as f64;
        assert!((0.038..0.042).contains(&mean), "{mean}");
        assert!(late.iter().filter(|&&late| late > 0.12).count() > 300, "a tail: one in twenty");
    }

    #[test]
    fn the_same_seed_gives_the_same_weather_and_the_shares_are_met() {
        let weather = Weather {
            jitter: Duration::from_millis(40),
            loss: 0.05,
            burst: 3,
            duplicate: 0.02,
            order: Order::Lost,
            ..Weather::default()
        };
        let t0 = Instant::now();
        let run = |seed| {
            let mut net = Netem::new(weather, seed);
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

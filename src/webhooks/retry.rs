//! When a message that did not arrive is sent again.
use std::time::Duration;

/// So many tries, over about six hours.
const TRIES: u32 = 12;
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(3_600);
/// Each wait is so much longer than the one before.
const GROWTH: u32 = 3;

/// How long to wait after so many failed tries; `None`: it is given up. `random`, 0 to 1, spreads the waits by a fifth to each side, so
/// that messages that failed together do not come together. `asked`: what the receiver asked for (Retry-After).
pub fn wait(tries: u32, random: f64, asked: Option<Duration>) -> Option<Duration> {
    if tries >= TRIES {
        return None;
    }
    let grown = GROWTH.checked_pow(tries.saturating_sub(1)).and_then(|factor| FIRST.checked_mul(factor));
    let wait = grown.unwrap_or(LONGEST).min(LONGEST).mul_f64(0.8 + 0.4 * random.clamp(0.0, 1.0));
    Some(wait.max(asked.unwrap_or_default().min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_an_hour_and_end_after_twelve_tries() {
        let secs = |tries| wait(tries, 0.5, None).map(|wait| wait.as_secs());
        assert_eq!([1, 2, 3, 7, 11].map(secs), [Some(5), Some(15), Some(45), Some(3_600), Some(3_600)]);
        assert_eq!(secs(12), None);
        let total: Duration = (1..12).filter_map(|tries| wait(tries, 0.5, None)).sum();
        assert!((5.0..7.0).contains(&(total.as_secs_f64() / 3_600.0)), "{total:?}");
    }

    #[test]
    fn waits_are_spread_and_a_receiver_may_ask_for_longer_ones() {
        let ms = |random, asked: Option<u64>| wait(1, random, asked.map(Duration::from_secs)).unwrap().as_millis();
        assert_eq!((ms(0.0, None), ms(1.0, None)), (4_000, 6_000));
        assert_eq!((ms(0.5, Some(60)), ms(0.5, Some(1)), ms(0.5, Some(90_000))), (60_000, 5_000, 3_600_000));
    }
}

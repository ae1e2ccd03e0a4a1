//! `Pace`: how long this caller pauses within what they say, learnt in the call.
use std::time::Duration;

/// So many collisions in a row make the bot more patient, by this factor: the caller pauses for longer than it waits.
const COLLISIONS: u8 = 2;
const AFTER_COLLISIONS: f32 = 1.5;

/// Shorter silences are breath.
const SHORTEST: Duration = Duration::from_millis(250);

/// What callers go on after, in the middle; longer pauses are seldom seen, since the turn has ended before.
const USUAL: Duration = Duration::from_millis(450);

/// So many pauses count half against what is usual; one alone tells nothing.
const USUAL_WEIGHT: f64 = 3.0;
const LEAST: u32 = 2;

/// No caller makes the bot more hasty, or more patient, than this.
const BOUNDS: [f64; 2] = [0.85, 1.5];

#[derive(Default)]
pub(super) struct Pace {
    /// How often in a row the caller and the bot began at the same time; less one for each turn that did not.
    collisions: u8,
    pauses: u32,
    /// Of the pauses' logarithms.
    sum: f64,
}

impl Pace {
    /// The caller went on after a silence this long.
    pub fn paused(&mut self, pause: Duration) {
        if pause >= SHORTEST {
            self.pauses += 1;
            self.sum += (pause.as_secs_f64() / USUAL.as_secs_f64()).ln();
        }
    }

    /// A turn was taken; `collides`: it began as the bot did, and neither had heard the other.
    pub fn taken(&mut self, collides: bool) {
        self.collisions =
            if collides { (self.collisions + 1).min(COLLISIONS) } else { self.collisions.saturating_sub(1) };
    }

    /// How many times as long as usual this caller is waited for.
    pub fn patience(&self) -> f32 {
        let learnt = match self.pauses {
            0..LEAST => 1.0,
            pauses => (self.sum / (f64::from(pauses) + USUAL_WEIGHT)).exp().clamp(BOUNDS[0], BOUNDS[1]) as f32,
        };
        if self.collisions >= COLLISIONS { learnt.max(AFTER_COLLISIONS) } else { learnt }
    }

    #[cfg(test)]
    pub fn collisions(&self) -> u8 {
        self.collisions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(pauses: &[u64]) -> Pace {
        let mut pace = Pace::default();
        pauses.iter().for_each(|pause| pace.paused(Duration::from_millis(*pause)));
        pace
    }

    #[test]
    fn who_pauses_long_is_waited_for_longer_and_one_pause_tells_nothing() {
        assert_eq!(pace(&[1_400]).patience(), 1.0);
        assert_eq!(pace(&[100, 60, 240]).patience(), 1.0);
        let (two, many) = (pace(&[900, 1_000]).patience(), pace(&[900, 1_000, 1_100, 950, 1_000]).patience());
        assert!(two > 1.2 && many > two && many <= 1.5, "{two} {many}");
        let usual = pace(&[300, 450, 600, 500]).patience();
        assert!((0.95..1.05).contains(&usual), "{usual}");
        let quick = pace(&[260, 270, 280, 260, 270, 265]).patience();
        assert_eq!(quick, 0.85);
    }

    #[test]
    fn collisions_weigh_more_than_short_pauses() {
        let mut pace = pace(&[260, 270, 280]);
        pace.taken(true);
        assert!(pace.patience() < 1.0);
        pace.taken(true);
        assert_eq!(pace.patience(), 1.5);
        pace.taken(false);
        assert!(pace.patience() < 1.0);
    }
}

//! `Pace`: how fast sound is made beside how fast it is played: when a slow voice gives a clause over to another one.
use std::time::{Duration, Instant};

/// How fast sound is made beside how fast it is played.
pub(super) struct Pace {
    /// When the caller would have to wait: when the clause was begun, or when the sound before it will have been played.
    begun: Instant,
    first: Option<Instant>,
    /// What has been made.
    sound: Duration,
    /// The caller has heard silence for longer than [`GAP`] in the middle of the clause, or for longer than [`FIRST`] before it.
    pub is_behind: bool,
}

/// The silence that a slow engine may leave within a clause.
const GAP: Duration = Duration::from_millis(300);
/// How long one that says it is at work may take to the first sound of a clause: a faster voice is heard before the standby clip.
const FIRST: Duration = Duration::from_secs(1);

impl Pace {
    /// `plays_until`: when the sound before it will have been played.
    pub fn begun(now: Instant, plays_until: Option<Instant>) -> Self {
        Self {
            begun: plays_until.map_or(now, |until| until.max(now)),
            first: None,
            sound: Duration::ZERO,
            is_behind: false,
        }
    }

    /// The engine is at work, and no sound has come with that.
    pub fn wait(&mut self, now: Instant) {
        self.is_behind |= self.first.is_none() && now.saturating_duration_since(self.begun) > FIRST;
    }

    /// This much sound has come now.
    pub fn note(&mut self, now: Instant, sound: Duration) {
        let first = *self.first.get_or_insert(now.max(self.begun));
        self.is_behind |= now.saturating_duration_since(first) > self.sound + GAP;
        self.sound += sound;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_behind_once_the_caller_waits_within_a_clause() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let mut pace = Pace::begun(start, None);
        pace.note(start + ms(5_000), ms(200));
        assert!(!pace.is_behind, "how long the first sound took is not counted here");
        pace.note(start + ms(5_490), ms(100));
        assert!(!pace.is_behind, "the caller waited 290 ms");
        pace.note(start + ms(5_601), ms(1_000));
        assert!(pace.is_behind, "301 ms after 300 ms of sound");
        let mut quick = Pace::begun(start, None);
        (0..50).for_each(|n| quick.note(start + ms(19 * n), ms(20)));
        assert!(!quick.is_behind);
        let mut at_work = Pace::begun(start, None);
        at_work.wait(start + ms(1_000));
        assert!(!at_work.is_behind);
        at_work.note(start + ms(1_100), ms(2_000));
        at_work.wait(start + ms(2_000));
        assert!(!at_work.is_behind, "sound is played meanwhile");
        let mut silent = Pace::begun(start, None);
        silent.wait(start + ms(1_001));
        assert!(silent.is_behind);
    }

    #[test]
    fn sound_that_still_plays_gives_a_slow_voice_its_time() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let mut pace = Pace::begun(start, Some(start + ms(3_000)));
        pace.wait(start + ms(3_900));
        assert!(!pace.is_behind, "the clause before is heard until 3 s");
        // Its first sound, long before it is played.
        pace.note(start + ms(1_000), ms(500));
        pace.note(start + ms(3_790), ms(500));
        assert!(!pace.is_behind, "the caller waited 290 ms");
        pace.note(start + ms(4_301), ms(500));
        assert!(pace.is_behind);
        let mut late = Pace::begun(start, Some(start - ms(5)));
        late.wait(start + ms(1_001));
        assert!(late.is_behind, "what was played long ago gives none");
    }
}

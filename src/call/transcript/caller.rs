//! `CallerTurn`: the caller's turn under way, from the first sound to the last.
use std::time::Instant;

#[derive(Debug, Default)]
pub struct CallerTurn {
    from: Option<Instant>,
    to: Option<Instant>,
}

impl CallerTurn {
    pub fn started(&mut self, at: Instant) {
        self.from.get_or_insert(at);
        self.to = None;
    }

    pub fn stopped(&mut self, at: Instant) {
        self.to = Some(at);
    }

    pub fn began_at(&self) -> Option<Instant> {
        self.from
    }

    pub fn stopped_at(&self) -> Option<Instant> {
        self.to
    }

    pub fn is_speaking(&self) -> bool {
        self.from.is_some() && self.to.is_none()
    }

    /// The turn is taken: when it began and ended.
    pub fn take(&mut self, now: Instant) -> (Instant, Instant) {
        let to = self.to.take().unwrap_or(now);
        (self.from.take().unwrap_or(to), to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_turn_lasts_from_the_first_sound_of_several_to_the_last() {
        let t = Instant::now();
        let at = |ms| t + Duration::from_millis(ms);
        let mut turn = CallerTurn::default();
        turn.started(at(0));
        turn.stopped(at(500));
        turn.started(at(900));
        assert!(turn.is_speaking());
        turn.stopped(at(1_400));
        assert_eq!(turn.take(at(1_600)), (at(0), at(1_400)));
        assert_eq!(turn.take(at(2_000)), (at(2_000), at(2_000)), "keys have no sound");
    }
}

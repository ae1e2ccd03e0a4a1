//! `Pulse`: whether the far end lives, by the packets that come from it. Told the time.
use std::time::{Duration, Instant};

/// How long each silence may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    /// From the answer to the first packet.
    pub connect: Duration,
    /// Between two packets.
    pub lost: Duration,
    /// From lost to given up.
    pub grace: Duration,
}

/// What is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Lost,
    Back,
    /// Nothing ever came.
    Stillborn,
    /// It did not come back.
    Dead,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Since then nothing has come.
    Unborn(Instant),
    /// The last packet.
    Alive(Instant),
    Lost(Instant),
    Over,
}

/// A browser whose microphone is muted or silent sends packets all the same, so that silence on the wire means a dead peer.
#[derive(Debug)]
pub(super) struct Pulse {
    patience: Patience,
    state: State,
}

impl Pulse {
    pub(super) fn new(patience: Patience, now: Instant) -> Self {
        Self { patience, state: State::Unborn(now) }
    }

    /// A packet has come.
    pub(super) fn beat(&mut self, arrived: Instant) -> Option<Verdict> {
        match &mut self.state {
            State::Alive(last) => {
                *last = arrived.max(*last);
                None
            }
            State::Unborn(_) => {
                self.state = State::Alive(arrived);
                None
            }
            State::Lost(_) => {
                self.state = State::Alive(arrived);
                Some(Verdict::Back)
            }
            State::Over => None,
        }
    }

    /// ICE knows before the sound does.
    pub(super) fn miss(&mut self, now: Instant) -> Option<Verdict> {
        let State::Alive(_) = self.state else { return None };
        self.state = State::Lost(now);
        Some(Verdict::Lost)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Unborn(since) => Some(since + self.patience.connect),
            State::Alive(last) => Some(last + self.patience.lost),
            State::Lost(since) => Some(since + self.patience.grace),
            State::Over => None,
        }
    }

    pub(super) fn check(&mut self, now: Instant) -> Option<Verdict> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        let (state, verdict) = match self.state {
            State::Unborn(_) => (State::Over, Verdict::Stillborn),
            State::Alive(_) => (State::Lost(now), Verdict::Lost),
            State::Lost(_) | State::Over => (State::Over, Verdict::Dead),
        };
        self.state = state;
        Some(verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        connect: Duration::from_secs(15),
        lost: Duration::from_millis(1_500),
        grace: Duration::from_secs(20),
    };

    fn at(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn nothing_is_lost_before_the_first_packet_has_come() {
        let start = Instant::now();
        let mut pulse = Pulse::new(PATIENCE, start);
        assert_eq!(pulse.check(at(start, 14_999)), None);
        assert_eq!(pulse.miss(at(start, 14_999)), None);
        assert_eq!(pulse.check(at(start, 15_000)), Some(Verdict::Stillborn));
        assert_eq!(pulse.deadline(), None);
    }

    #[test]
    fn a_second_and_a_half_without_packets_is_lost_and_one_packet_brings_it_back() {
        let start = Instant::now();
        let mut pulse = Pulse::new(PATIENCE, start);
        assert_eq!(pulse.beat(at(start, 100)), None);
        assert_eq!(pulse.check(at(start, 1_599)), None);
        assert_eq!(pulse.check(at(start, 1_600)), Some(Verdict::Lost));
        assert_eq!(pulse.beat(at(start, 9_000)), Some(Verdict::Back));
        assert_eq!(pulse.beat(at(start, 9_020)), None);
        assert_eq!(pulse.deadline(), Some(at(start, 10_520)));
    }

    #[test]
    fn what_does_not_come_back_within_the_grace_is_dead_and_stays_so() {
        let start = Instant::now();
        let mut pulse = Pulse::new(PATIENCE, start);
        pulse.beat(start);
        assert_eq!(pulse.miss(at(start, 700)), Some(Verdict::Lost));
        assert_eq!(pulse.check(at(start, 20_699)), None);
        assert_eq!(pulse.check(at(start, 20_700)), Some(Verdict::Dead));
        assert_eq!((pulse.beat(at(start, 20_701)), pulse.deadline()), (None, None));
    }
}

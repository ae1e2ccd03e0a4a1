//! `Liveness`: whether a peer is connected, by the packets that arrive from it. Told the time.
use std::time::{Duration, Instant};

/// How long each silence may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timeouts {
    /// From the answer to the first packet.
    pub connect: Duration,
    /// Between two packets.
    pub lost: Duration,
    /// From lost to given up.
    pub grace: Duration,
}

/// A change of the peer's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    Lost,
    Recovered,
    /// No packet ever came.
    NeverConnected,
    /// It was lost and did not recover within the grace.
    GivenUp,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// No packet has come since then.
    Connecting(Instant),
    /// The time of the last packet.
    Connected(Instant),
    Lost(Instant),
    Over,
}

/// A browser whose microphone is muted or silent sends packets all the same, so that no packets mean a lost peer.
#[derive(Debug)]
pub(super) struct Liveness {
    timeouts: Timeouts,
    state: State,
}

impl Liveness {
    pub(super) fn new(timeouts: Timeouts, now: Instant) -> Self {
        Self { timeouts, state: State::Connecting(now) }
    }

    pub(super) fn packet_arrived(&mut self, arrived: Instant) -> Option<Transition> {
        match &mut self.state {
            State::Connected(last) => {
                *last = arrived.max(*last);
                None
            }
            State::Connecting(_) => {
                self.state = State::Connected(arrived);
                None
            }
            State::Lost(_) => {
                self.state = State::Connected(arrived);
                Some(Transition::Recovered)
            }
            State::Over => None,
        }
    }

    /// ICE has found that the peer is gone, before the silence of its sound has lasted long enough.
    pub(super) fn disconnected(&mut self, now: Instant) -> Option<Transition> {
        let State::Connected(_) = self.state else { return None };
        self.state = State::Lost(now);
        Some(Transition::Lost)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Connecting(since) => Some(since + self.timeouts.connect),
            State::Connected(last) => Some(last + self.timeouts.lost),
            State::Lost(since) => Some(since + self.timeouts.grace),
            State::Over => None,
        }
    }

    pub(super) fn check(&mut self, now: Instant) -> Option<Transition> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        let (state, transition) = match self.state {
            State::Connecting(_) => (State::Over, Transition::NeverConnected),
            State::Connected(_) => (State::Lost(now), Transition::Lost),
            State::Lost(_) | State::Over => (State::Over, Transition::GivenUp),
        };
        self.state = state;
        Some(transition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts = Timeouts {
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
        let mut liveness = Liveness::new(TIMEOUTS, start);
        assert_eq!(liveness.check(at(start, 14_999)), None);
        assert_eq!(liveness.disconnected(at(start, 14_999)), None);
        assert_eq!(liveness.check(at(start, 15_000)), Some(Transition::NeverConnected));
        assert_eq!(liveness.deadline(), None);
    }

    #[test]
    fn a_peer_is_lost_after_a_second_and_a_half_without_packets_and_recovers_with_one_packet() {
        let start = Instant::now();
        let mut liveness = Liveness::new(TIMEOUTS, start);
        assert_eq!(liveness.packet_arrived(at(start, 100)), None);
        assert_eq!(liveness.check(at(start, 1_599)), None);
        assert_eq!(liveness.check(at(start, 1_600)), Some(Transition::Lost));
        assert_eq!(liveness.packet_arrived(at(start, 9_000)), Some(Transition::Recovered));
        assert_eq!(liveness.packet_arrived(at(start, 9_020)), None);
        assert_eq!(liveness.deadline(), Some(at(start, 10_520)));
    }

    #[test]
    fn a_peer_that_does_not_recover_within_the_grace_is_given_up_for_good() {
        let start = Instant::now();
        let mut liveness = Liveness::new(TIMEOUTS, start);
        liveness.packet_arrived(start);
        assert_eq!(liveness.disconnected(at(start, 700)), Some(Transition::Lost));
        assert_eq!(liveness.check(at(start, 20_699)), None);
        assert_eq!(liveness.check(at(start, 20_700)), Some(Transition::GivenUp));
        assert_eq!((liveness.packet_arrived(at(start, 20_701)), liveness.deadline()), (None, None));
    }
}

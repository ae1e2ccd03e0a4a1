//! Symmetric RTP (RFC 4961): whose packets are heard, and where ours go. Told the time; knows no socket.
use super::Remote;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Whom a wire may learn as the true sender, where its packets come from another address than its SDP says (NAT).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Latching {
    /// Anybody who is first: phones behind a NAT work.
    #[default]
    Anyone,
    /// Another port of the advertised host.
    SameHost,
    /// Nobody: only the advertised address is heard.
    Nobody,
}

/// After a new remote the old sender's packets in flight are heard for so long, without being learned again.
const GRACE: Duration = Duration::from_secs(2);
/// Packets in sequence that make a sender at another address than the advertised one the true one. The first is heard already.
const SEQUENTIAL: u16 = 2;
/// Packets that may be missing between two that count as in sequence.
const GAP: u16 = 10;

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nobody has sent yet.
    Open,
    /// Somebody at another address than the advertised one has begun.
    Candidate {
        from: SocketAddr,
        ssrc: u32,
        sequence: u16,
        seen: u16,
    },
    Learned(SocketAddr),
}

/// One leg's idea of where the other side is.
#[derive(Debug)]
pub(super) struct Latch {
    latching: Latching,
    advertised: Remote,
    state: State,
    /// Who was learned before the remote changed, and until when it only finishes.
    before: Option<(SocketAddr, Instant)>,
    rtcp: Option<SocketAddr>,
    silent: bool,
}

impl Latch {
    pub(super) fn new(latching: Latching, remote: Remote) -> Self {
        let silent = remote.rtp.ip().is_unspecified();
        Self { latching, advertised: remote, state: State::Open, before: None, rtcp: None, silent }
    }

    /// What a new SDP says. The same address again changes nothing: whoever was learned stays.
    pub(super) fn follow(&mut self, now: Instant, remote: Remote) {
        self.silent = remote.rtp.ip().is_unspecified();
        if self.silent {
            return;
        }
        if remote.rtp != self.advertised.rtp {
            self.before = self.learned().map(|old| (old, now + GRACE));
            self.state = State::Open;
        }
        if remote != self.advertised {
            self.rtcp = None;
        }
        self.advertised = remote;
    }

    pub(super) fn learned(&self) -> Option<SocketAddr> {
        match self.state {
            State::Learned(from) => Some(from),
            _ => None,
        }
    }

    /// Whether a valid RTP packet is the other side's; learns from it.
    pub(super) fn admits_rtp(&mut self, now: Instant, from: SocketAddr, ssrc: u32, sequence: u16) -> bool {
        if self.learned() == Some(from) {
            return true;
        }
        if from == self.advertised.rtp {
            // The address came by signalling, so it counts more than a guess, even one already made.
            self.learn(from);
            return true;
        }
        let allowed = match self.latching {
            Latching::Anyone => true,
            Latching::SameHost => from.ip() == self.advertised.rtp.ip(),
            Latching::Nobody => false,
        };
        if let Some((old, until)) = self.before
            && old == from
            && now < until
        {
            return true;
        }
        if !allowed || self.learned().is_some() {
            return false;
        }
        let seen = match self.state {
            State::Candidate { from: f, ssrc: s, sequence: last, seen }
                if f == from && s == ssrc && (1..=GAP).contains(&sequence.wrapping_sub(last)) =>
            {
                seen + 1
            }
            _ => 1,
        };
        self.state = State::Candidate { from, ssrc, sequence, seen };
        if seen >= SEQUENTIAL {
            self.learn(from);
        }
        true
    }

    fn learn(&mut self, from: SocketAddr) {
        self.state = State::Learned(from);
        self.before = None;
        self.rtcp = None;
    }

    /// Whether a valid RTCP packet is the other side's; its port is learned from the first.
    pub(super) fn admits_rtcp(&mut self, from: SocketAddr) -> bool {
        if let Some(rtcp) = self.rtcp {
            return rtcp == from;
        }
        let host = self.learned().unwrap_or(self.advertised.rtp).ip();
        let theirs = from.ip() == host || Some(from) == self.advertised.rtcp;
        if theirs && self.advertised.rtcp.is_some() {
            self.rtcp = Some(from);
        }
        theirs
    }

    pub(super) fn rtp(&self) -> Option<SocketAddr> {
        (!self.silent).then(|| self.learned().unwrap_or(self.advertised.rtp))
    }

    /// Behind a NAT a separate RTCP port is unknown until the other side has used it; until then nothing is sent.
    pub(super) fn rtcp(&self) -> Option<SocketAddr> {
        let rtp = self.rtp()?;
        match self.advertised.rtcp {
            None => Some(rtp),
            Some(said) => self.rtcp.or((rtp == self.advertised.rtp || said.ip() == rtp.ip()).then_some(said)),
        }
    }

    pub(super) fn muxes(&self) -> bool {
        self.advertised.rtcp.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn away(port: u16) -> SocketAddr {
        SocketAddr::from(([198, 51, 100, 7], port))
    }

    fn remote(rtp: SocketAddr) -> Remote {
        Remote { rtp, rtcp: Some(SocketAddr::new(rtp.ip(), rtp.port() + 1)) }
    }

    #[test]
    fn the_advertised_sender_is_learned_by_one_packet() {
        let mut latch = Latch::new(Latching::Anyone, remote(at(4000)));
        assert!(latch.admits_rtp(Instant::now(), at(4000), 1, 7));
        assert!(!latch.admits_rtp(Instant::now(), away(9), 2, 8));
        assert_eq!(latch.rtp(), Some(at(4000)));
    }

    #[test]
    fn a_sender_behind_a_nat_is_heard_at_once_and_learned_by_two_packets_in_sequence() {
        let now = Instant::now();
        let mut latch = Latch::new(Latching::Anyone, remote(at(4000)));
        assert!(latch.admits_rtp(now, away(9), 1, 65_535));
        assert_eq!(latch.rtp(), Some(at(4000)));
        assert_eq!(latch.rtcp(), Some(at(4001)));
        assert!(latch.admits_rtp(now, away(9), 1, 0));
        assert_eq!(latch.rtp(), Some(away(9)));
        assert_eq!(latch.rtcp(), None, "the NAT's RTCP port is not known yet");
        assert!(!latch.admits_rtcp(at(4002)), "another host");
        assert!(latch.admits_rtcp(away(77)));
        assert_eq!(latch.rtcp(), Some(away(77)));
        assert!(!latch.admits_rtp(now, away(10), 1, 1));
    }

    #[test]
    fn a_stray_packet_is_not_learned() {
        let now = Instant::now();
        let mut latch = Latch::new(Latching::Anyone, remote(at(4000)));
        for (from, ssrc, sequence) in [(away(1), 1, 10), (away(2), 1, 11), (away(1), 2, 12), (away(1), 2, 500)] {
            latch.admits_rtp(now, from, ssrc, sequence);
        }
        assert_eq!(latch.learned(), None);
    }

    #[test]
    fn the_advertised_address_takes_over_from_a_guess() {
        let now = Instant::now();
        let mut latch = Latch::new(Latching::Anyone, remote(at(4000)));
        latch.admits_rtp(now, away(9), 1, 1);
        latch.admits_rtp(now, away(9), 1, 2);
        assert!(latch.admits_rtp(now, at(4000), 5, 1));
        assert_eq!(latch.rtp(), Some(at(4000)));
        assert!(!latch.admits_rtp(now, away(9), 1, 3));
    }

    #[test]
    fn the_policies_differ_in_whom_they_learn() {
        let now = Instant::now();
        for (latching, other_port, other_host) in
            [(Latching::Anyone, true, true), (Latching::SameHost, true, false), (Latching::Nobody, false, false)]
        {
            assert_eq!(Latch::new(latching, remote(at(4000))).admits_rtp(now, at(4002), 1, 1), other_port);
            assert_eq!(Latch::new(latching, remote(at(4000))).admits_rtp(now, away(4000), 1, 1), other_host);
        }
    }

    #[test]
    fn packets_in_flight_after_a_new_remote_are_heard_but_not_learned_again() {
        let now = Instant::now();
        let mut latch = Latch::new(Latching::Anyone, remote(at(4000)));
        latch.admits_rtp(now, at(4000), 1, 1);
        latch.follow(now, remote(at(5000)));
        for sequence in 2..9 {
            assert!(latch.admits_rtp(now, at(4000), 1, sequence));
        }
        assert_eq!(latch.rtp(), Some(at(5000)));
        assert!(latch.admits_rtp(now, away(3), 2, 1));
        assert!(latch.admits_rtp(now, away(3), 2, 2));
        assert_eq!(latch.rtp(), Some(away(3)));
        assert!(!latch.admits_rtp(now, at(4000), 1, 9));
    }

    #[test]
    fn a_sender_that_did_not_move_is_learned_again_after_the_grace() {
        let now = Instant::now();
        let mut latch = Latch::new(Latching::Anyone, remote(at(4000)));
        latch.admits_rtp(now, away(9), 1, 1);
        latch.admits_rtp(now, away(9), 1, 2);
        latch.follow(now, remote(at(5000)));
        let later = now + GRACE;
        assert!(latch.admits_rtp(later, away(9), 1, 3));
        assert!(latch.admits_rtp(later, away(9), 1, 4));
        assert_eq!(latch.rtp(), Some(away(9)));
    }

    #[test]
    fn a_hold_by_unspecified_address_only_silences() {
        let now = Instant::now();
        let mut latch = Latch::new(Latching::Anyone, remote(at(4000)));
        latch.admits_rtp(now, away(9), 1, 1);
        latch.admits_rtp(now, away(9), 1, 2);
        latch.follow(now, Remote { rtp: SocketAddr::from(([0, 0, 0, 0], 4000)), rtcp: None });
        assert_eq!((latch.rtp(), latch.rtcp()), (None, None));
        latch.follow(now, remote(at(4000)));
        assert_eq!(latch.rtp(), Some(away(9)), "resumed where it was");
    }
}

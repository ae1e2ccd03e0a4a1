//! `Latch`: symmetric RTP (RFC 4961): which source addresses are accepted, and where our packets are sent. It is told the time and has no
//! socket.
use super::Remote;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Which source address may be learned as the far end's, where its packets come from another address than its SDP names (NAT).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Latching {
    /// Any address, the first that sends: for phones behind a NAT.
    #[default]
    Anyone,
    /// Another port of the address in SDP.
    SameHost,
    /// None: only packets from the address in SDP are accepted.
    Nobody,
}

/// For how long after a new remote packets in flight from the former sender are still accepted. They are not learned from.
const GRACE: Duration = Duration::from_secs(2);
/// After how many packets in sequence a sender at another address than that in SDP is learned. The first packet is accepted already.
const MIN_SEQUENTIAL: u16 = 2;
/// How many packets may be missing between two that count as in sequence.
const MAX_GAP: u16 = 10;
/// How far the sequence number of a sender may have advanced while nothing arrived from it: so many packets a second, and so many more.
const MAX_PACKETS_PER_SECOND: u64 = 200;
const MORE_PACKETS: u64 = 100;
/// After this time without RTCP (three intervals of RFC 3550 section 6.2) it is accepted from another port of the same address.
const RTCP_SILENCE: Duration = Duration::from_secs(15);

/// What a received packet says of its sender.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub from: SocketAddr,
    pub ssrc: u32,
    pub sequence: u16,
    /// It was authenticated with a key of the other side.
    pub authentic: bool,
}

/// The last accepted packet of a sender.
#[derive(Clone, Copy, Debug)]
struct LastPacket {
    at: Instant,
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
}

impl LastPacket {
    fn new(at: Instant, seen: Seen) -> Self {
        Self { at, from: seen.from, ssrc: seen.ssrc, sequence: seen.sequence }
    }

    /// Whether a packet continues this sender's stream: the same SSRC, and a sequence number that it can have reached by now.
    fn is_continued_by(&self, now: Instant, seen: Seen) -> bool {
        let quiet = now.saturating_duration_since(self.at);
        let most = (quiet.as_millis() as u64).saturating_mul(MAX_PACKETS_PER_SECOND) / 1_000 + MORE_PACKETS;
        let ahead = u64::from(seen.sequence.wrapping_sub(self.sequence));
        seen.ssrc == self.ssrc && (1..=most.min(0x7fff)).contains(&ahead)
    }
}

/// A sender at another address than the known one, that is not learned yet.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    count: u16,
}

impl Candidate {
    /// The candidate after another packet: the same one, or a new one with its first packet.
    fn after(before: Option<Self>, seen: Seen) -> Self {
        let Seen { from, ssrc, sequence, .. } = seen;
        let follows =
            |c: &Self| c.from == from && c.ssrc == ssrc && (1..=MAX_GAP).contains(&sequence.wrapping_sub(c.sequence));
        let count = before.filter(follows).map_or(1, |before| before.count + 1);
        Self { from, ssrc, sequence, count }
    }
}

/// What one leg knows of the addresses of the other side.
#[derive(Debug)]
pub(super) struct Latch {
    latching: Latching,
    /// After this time without packets a sender may have got another address.
    silence: Duration,
    advertised: Remote,
    learned: Option<SocketAddr>,
    /// The sender that may be learned next.
    candidate: Option<Candidate>,
    /// The last packet from the learned address, and from the former one.
    heard: Option<LastPacket>,
    moved_from: Option<LastPacket>,
    /// The address that was learned before the remote changed, and until when its packets in flight are accepted.
    before: Option<(SocketAddr, Instant)>,
    /// The source address of RTCP, and when it last arrived.
    rtcp: Option<(SocketAddr, Instant)>,
    silent: bool,
}

impl Latch {
    pub(super) fn new(latching: Latching, silence: Duration, remote: Remote) -> Self {
        Self {
            latching,
            silence,
            advertised: remote,
            learned: None,
            candidate: None,
            heard: None,
            moved_from: None,
            before: None,
            rtcp: None,
            silent: remote.rtp.ip().is_unspecified(),
        }
    }

    /// Takes the remote of a new SDP. The same address again changes nothing: what was learned stays.
    pub(super) fn follow(&mut self, now: Instant, remote: Remote) {
        self.silent = remote.rtp.ip().is_unspecified();
        if self.silent {
            return;
        }
        if remote.rtp != self.advertised.rtp {
            self.before = self.learned.take().map(|old| (old, now + GRACE));
            (self.candidate, self.heard, self.moved_from) = (None, None, None);
        }
        if remote != self.advertised {
            self.rtcp = None;
        }
        self.advertised = remote;
    }

    pub(super) const fn learned(&self) -> Option<SocketAddr> {
        self.learned
    }

    /// Whether to accept a valid RTP packet; learns from it. `now`: when it arrived.
    pub(super) fn admits_rtp(&mut self, now: Instant, seen: Seen) -> bool {
        let from = seen.from;
        // The address in SDP has precedence over a learned one.
        if self.learned == Some(from) || from == self.advertised.rtp {
            if self.learned != Some(from) {
                self.learn(from);
            }
            self.heard = Some(LastPacket::new(now, seen));
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
        if !allowed {
            return false;
        }
        if self.learned.is_some() {
            return self.continues_elsewhere(now, seen);
        }
        let candidate = Candidate::after(self.candidate, seen);
        self.candidate = Some(candidate);
        if candidate.count >= MIN_SEQUENTIAL {
            self.learn(from);
            self.heard = Some(LastPacket::new(now, seen));
        }
        true
    }

    /// Whether the learned sender continues from another address, because a NAT has dropped its old mapping. Only after a silence is
    /// another address learned, so that a live stream cannot be taken over; a stream that goes on at the former address is learned
    /// again.
    fn continues_elsewhere(&mut self, now: Instant, seen: Seen) -> bool {
        let Some(heard) = self.heard else { return false };
        let back = self.moved_from.filter(|was| was.from == seen.from && was.is_continued_by(now, seen));
        let gone = now.saturating_duration_since(heard.at) >= self.silence;
        if back.is_none() && !(gone && (seen.authentic || heard.is_continued_by(now, seen))) {
            return false;
        }
        let candidate = Candidate::after(self.candidate, seen);
        self.candidate = Some(candidate);
        // An authenticated packet suffices; sequence numbers can be guessed, so several are needed.
        if !seen.authentic && candidate.count < MIN_SEQUENTIAL {
            return false;
        }
        self.learn(seen.from);
        self.moved_from = Some(heard).filter(|_| back.is_none());
        self.heard = Some(LastPacket::new(now, seen));
        true
    }

    fn learn(&mut self, from: SocketAddr) {
        self.learned = Some(from);
        (self.candidate, self.moved_from, self.before, self.rtcp) = (None, None, None, None);
    }

    /// Whether to accept a valid RTCP packet. Its port is learned from the first one, and again after a silence.
    pub(super) fn admits_rtcp(&mut self, now: Instant, from: SocketAddr) -> bool {
        let host = self.learned.unwrap_or(self.advertised.rtp).ip();
        let theirs = from.ip() == host || Some(from) == self.advertised.rtcp;
        if let Some((rtcp, at)) = self.rtcp
            && rtcp != from
            && (!theirs || now.saturating_duration_since(at) < RTCP_SILENCE)
        {
            return false;
        }
        let known = self.rtcp.is_some_and(|(rtcp, _)| rtcp == from);
        if known || (theirs && self.advertised.rtcp.is_some()) {
            self.rtcp = Some((from, now));
        }
        known || theirs
    }

    pub(super) fn rtp(&self) -> Option<SocketAddr> {
        (!self.silent).then(|| self.learned.unwrap_or(self.advertised.rtp))
    }

    /// Where RTCP is sent. The separate RTCP port of a far end behind a NAT is unknown until it has sent RTCP: nothing is sent before.
    pub(super) fn rtcp(&self) -> Option<SocketAddr> {
        let rtp = self.rtp()?;
        let learned = self.rtcp.map(|(rtcp, _)| rtcp);
        match self.advertised.rtcp {
            None => Some(rtp),
            Some(said) => learned.or((rtp == self.advertised.rtp || said.ip() == rtp.ip()).then_some(said)),
        }
    }

    pub(super) fn uses_rtcp_mux(&self) -> bool {
        self.advertised.rtcp.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: Duration = Duration::from_secs(2);

    fn opened(latching: Latching, remote: Remote) -> Latch {
        Latch::new(latching, SILENCE, remote)
    }

    fn seen(from: SocketAddr, ssrc: u32, sequence: u16) -> Seen {
        Seen { from, ssrc, sequence, authentic: false }
    }

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
        let mut latch = opened(Latching::Anyone, remote(at(4000)));
        assert!(latch.admits_rtp(Instant::now(), seen(at(4000), 1, 7)));
        assert!(!latch.admits_rtp(Instant::now(), seen(away(9), 2, 8)));
        assert_eq!(latch.rtp(), Some(at(4000)));
    }

    #[test]
    fn a_sender_behind_a_nat_is_heard_at_once_and_learned_by_two_packets_in_sequence() {
        let now = Instant::now();
        let mut latch = opened(Latching::Anyone, remote(at(4000)));
        assert!(latch.admits_rtp(now, seen(away(9), 1, 65_535)));
        assert_eq!(latch.rtp(), Some(at(4000)));
        assert_eq!(latch.rtcp(), Some(at(4001)));
        assert!(latch.admits_rtp(now, seen(away(9), 1, 0)));
        assert_eq!(latch.rtp(), Some(away(9)));
        assert_eq!(latch.rtcp(), None, "the NAT's RTCP port is not known yet");
        assert!(!latch.admits_rtcp(now, at(4002)), "another host");
        assert!(latch.admits_rtcp(now, away(77)));
        assert_eq!(latch.rtcp(), Some(away(77)));
        assert!(!latch.admits_rtp(now, seen(away(10), 1, 1)));
    }

    #[test]
    fn a_stray_packet_is_not_learned() {
        let now = Instant::now();
        let mut latch = opened(Latching::Anyone, remote(at(4000)));
        for (from, ssrc, sequence) in [(away(1), 1, 10), (away(2), 1, 11), (away(1), 2, 12), (away(1), 2, 500)] {
            latch.admits_rtp(now, seen(from, ssrc, sequence));
        }
        assert_eq!(latch.learned(), None);
    }

    #[test]
    fn the_advertised_address_takes_over_from_a_guess() {
        let now = Instant::now();
        let mut latch = opened(Latching::Anyone, remote(at(4000)));
        latch.admits_rtp(now, seen(away(9), 1, 1));
        latch.admits_rtp(now, seen(away(9), 1, 2));
        assert!(latch.admits_rtp(now, seen(at(4000), 5, 1)));
        assert_eq!(latch.rtp(), Some(at(4000)));
        assert!(!latch.admits_rtp(now, seen(away(9), 1, 3)));
    }

    #[test]
    fn the_policies_differ_in_whom_they_learn() {
        let now = Instant::now();
        for (latching, other_port, other_host) in
            [(Latching::Anyone, true, true), (Latching::SameHost, true, false), (Latching::Nobody, false, false)]
        {
            assert_eq!(opened(latching, remote(at(4000))).admits_rtp(now, seen(at(4002), 1, 1)), other_port);
            assert_eq!(opened(latching, remote(at(4000))).admits_rtp(now, seen(away(4000), 1, 1)), other_host);
        }
    }

    #[test]
    fn packets_in_flight_after_a_new_remote_are_heard_but_not_learned_again() {
        let now = Instant::now();
        let mut latch = opened(Latching::Anyone, remote(at(4000)));
        latch.admits_rtp(now, seen(at(4000), 1, 1));
        latch.follow(now, remote(at(5000)));
        for sequence in 2..9 {
            assert!(latch.admits_rtp(now, seen(at(4000), 1, sequence)));
        }
        assert_eq!(latch.rtp(), Some(at(5000)));
        assert!(latch.admits_rtp(now, seen(away(3), 2, 1)));
        assert!(latch.admits_rtp(now, seen(away(3), 2, 2)));
        assert_eq!(latch.rtp(), Some(away(3)));
        assert!(!latch.admits_rtp(now, seen(at(4000), 1, 9)));
    }

    #[test]
    fn a_sender_that_did_not_move_is_learned_again_after_the_grace() {
        let now = Instant::now();
        let mut latch = opened(Latching::Anyone, remote(at(4000)));
        latch.admits_rtp(now, seen(away(9), 1, 1));
        latch.admits_rtp(now, seen(away(9), 1, 2));
        latch.follow(now, remote(at(5000)));
        let later = now + GRACE;
        assert!(latch.admits_rtp(later, seen(away(9), 1, 3)));
        assert!(latch.admits_rtp(later, seen(away(9), 1, 4)));
        assert_eq!(latch.rtp(), Some(away(9)));
    }

    #[test]
    fn a_hold_by_unspecified_address_only_silences() {
        let now = Instant::now();
        let mut latch = opened(Latching::Anyone, remote(at(4000)));
        latch.admits_rtp(now, seen(away(9), 1, 1));
        latch.admits_rtp(now, seen(away(9), 1, 2));
        latch.follow(now, Remote { rtp: SocketAddr::from(([0, 0, 0, 0], 4000)), rtcp: None });
        assert_eq!((latch.rtp(), latch.rtcp()), (None, None));
        latch.follow(now, remote(at(4000)));
        assert_eq!(latch.rtp(), Some(away(9)), "resumed where it was");
    }

    /// A phone that was advertised at one place, is heard at `from` and has come to number 100.
    fn behind_a_nat(latching: Latching, from: SocketAddr, now: Instant) -> Latch {
        let mut latch = opened(latching, remote(at(4000)));
        for sequence in 1..=100 {
            assert!(latch.admits_rtp(now, seen(from, 1, sequence)));
        }
        assert_eq!(latch.rtp(), Some(from));
        latch
    }

    #[test]
    fn a_sender_that_was_silent_is_learned_again_at_the_port_a_nat_has_given_it() {
        let now = Instant::now();
        let mut latch = behind_a_nat(Latching::Anyone, away(9), now);
        latch.admits_rtcp(now, away(10));
        let later = now + SILENCE;
        assert!(!latch.admits_rtp(later, seen(away(20), 1, 200)), "one packet may be a guess");
        assert!(latch.admits_rtp(later, seen(away(20), 1, 201)));
        assert_eq!((latch.rtp(), latch.rtcp()), (Some(away(20)), None), "RTCP has moved, too, and shows where");
        assert!(latch.admits_rtcp(later, away(21)));
        assert_eq!(latch.rtcp(), Some(away(21)));
        // Another host of the same network, after a hold of an hour.
        let far = SocketAddr::from(([203, 0, 113, 5], 7));
        let later = later + Duration::from_secs(3_600);
        latch.admits_rtp(later, seen(far, 1, 202));
        assert!(latch.admits_rtp(later, seen(far, 1, 203)));
        assert_eq!(latch.rtp(), Some(far));
    }

    #[test]
    fn a_live_call_is_not_taken_over_by_guessed_packets() {
        let start = Instant::now();
        let mut latch = behind_a_nat(Latching::Anyone, away(9), start);
        for n in 0..1_000u32 {
            let now = start + Duration::from_millis(u64::from(n) * 20);
            let sequence = 101 + n as u16;
            // Right in source and number, and even with an open key: another end of the same call has no business here.
            for (authentic, ahead) in [(false, 0), (false, 1), (true, 2)] {
                let guess = Seen { authentic, ..seen(away(666), 1, sequence + ahead) };
                assert!(!latch.admits_rtp(now, guess));
            }
            // The phone sends no packet for up to 1.9 s from time to time.
            if n % 100 > 94 || n % 100 == 0 {
                assert!(latch.admits_rtp(now, seen(away(9), 1, sequence)));
            }
        }
        assert_eq!(latch.rtp(), Some(away(9)));
    }

    #[test]
    fn taking_over_a_silent_phone_needs_its_ssrc_and_its_next_sequence_numbers() {
        let now = Instant::now();
        let later = now + SILENCE;
        for (ssrc, first) in [(2, 101u16), (1, 99), (1, 40_000), (1, 65_500), (1, 100 + 400 + 100 + 1)] {
            let mut latch = behind_a_nat(Latching::Anyone, away(9), now);
            for sequence in first..first.saturating_add(20) {
                latch.admits_rtp(later, seen(away(666), ssrc, sequence));
            }
            let taken = latch.rtp() == Some(away(666));
            // 99 and 100 are past, and the next numbers are right.
            assert_eq!(taken, ssrc == 1 && first == 99, "{ssrc} {first}");
        }
        for latching in [Latching::Nobody, Latching::SameHost] {
            let mut latch = opened(latching, remote(at(4000)));
            latch.admits_rtp(now, seen(at(4000), 1, 100));
            latch.admits_rtp(later, seen(away(666), 1, 101));
            assert!(!latch.admits_rtp(later, seen(away(666), 1, 102)));
            latch.admits_rtp(later, seen(at(4002), 1, 101));
            assert_eq!(latch.admits_rtp(later, seen(at(4002), 1, 102)), latching == Latching::SameHost);
        }
    }

    #[test]
    fn an_authenticated_packet_moves_a_silent_sender_at_once() {
        let now = Instant::now();
        let mut latch = behind_a_nat(Latching::Anyone, away(9), now);
        let proved = Seen { authentic: true, ..seen(away(20), 77, 5) };
        assert!(!latch.admits_rtp(now + SILENCE / 2, proved));
        assert!(latch.admits_rtp(now + SILENCE, proved));
        assert_eq!(latch.rtp(), Some(away(20)));
    }

    #[test]
    fn a_phone_that_was_only_silent_takes_its_call_back() {
        let now = Instant::now();
        let mut latch = behind_a_nat(Latching::Anyone, away(9), now);
        let later = now + Duration::from_secs(10);
        latch.admits_rtp(later, seen(away(666), 1, 300));
        latch.admits_rtp(later, seen(away(666), 1, 301));
        assert_eq!(latch.rtp(), Some(away(666)));
        // What was under way to the old place is no return.
        assert!(!latch.admits_rtp(later, seen(away(9), 1, 99)) && !latch.admits_rtp(later, seen(away(9), 1, 100)));
        latch.admits_rtp(later, seen(away(9), 1, 101));
        assert!(latch.admits_rtp(later, seen(away(9), 1, 102)));
        latch.admits_rtp(later, seen(away(666), 1, 302));
        assert!(!latch.admits_rtp(later, seen(away(666), 1, 303)), "and it goes back and forth no further");
        assert_eq!(latch.rtp(), Some(away(9)));
    }

    #[test]
    fn rtcp_is_learned_at_another_port_once_the_old_one_is_silent() {
        let now = Instant::now();
        let mut latch = behind_a_nat(Latching::Anyone, away(9), now);
        assert!(latch.admits_rtcp(now, away(10)) && !latch.admits_rtcp(now + RTCP_SILENCE / 2, away(30)));
        assert!(latch.admits_rtcp(now + RTCP_SILENCE / 2, away(10)));
        let later = now + RTCP_SILENCE / 2 + RTCP_SILENCE;
        assert!(!latch.admits_rtcp(later, SocketAddr::from(([203, 0, 113, 5], 7))), "another host");
        assert!(latch.admits_rtcp(later, away(30)));
        assert_eq!(latch.rtcp(), Some(away(30)));
    }
}

//! `Roads`: TCP is for pages from which nothing comes by UDP. The agent keeps the first pair that a page nominates; sound over TCP
//! waits behind each packet that is lost, so TCP is not heard before UDP has had its chance. Told the time.
use super::early;
use super::sockets::Datagram;
use rtc::shared::TransportProtocol::TCP;
use std::time::{Duration, Instant};

/// From the first check over TCP, where something has come by UDP: if the page has chosen a road by now, another one changes nothing, and
/// if it has not, its network lets UDP out and not in.
const PATIENCE: Duration = Duration::from_secs(2);

/// From the first check over TCP, which comes a round trip after the first by UDP. The next one comes 50 ms later; Chromium sends three
/// so fast and the others once in a second, and nominates by one that follows an answer.
const CHANCE: Duration = Duration::from_millis(40);

/// Of one ICE session.
pub(super) struct Roads {
    /// With which the user name of each check to us begins.
    name: Vec<u8>,
    /// The first check over TCP.
    since: Option<Instant>,
    /// UDP has been heard, TCP is.
    udp: bool,
    tcp: bool,
}

impl Roads {
    pub(super) fn new(ufrag: &str) -> Self {
        Self { name: early::name(ufrag), since: None, udp: false, tcp: false }
    }

    /// Whether it is heard.
    pub(super) fn let_in(&mut self, datagram: &Datagram) -> bool {
        // Only checks choose the road.
        if !matches!(datagram.bytes.first(), Some(0..=3)) {
            return true;
        }
        // Answers to checks of ours.
        if datagram.bytes.get(..2) != Some(&[0, 1]) {
            return datagram.over != TCP || self.tcp;
        }
        // The stack looks at roles before it looks at names: a stranger could turn ours.
        if !early::calls(&datagram.bytes, &self.name) {
            return false;
        }
        if datagram.over != TCP {
            self.udp = true;
            return true;
        }
        let since = *self.since.get_or_insert(datagram.arrived);
        self.tcp |= datagram.arrived >= since + if self.udp { PATIENCE } else { CHANCE };
        self.tcp
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use rtc::shared::TransportProtocol::{self, UDP};

    #[test]
    fn tcp_is_heard_where_nothing_comes_by_udp_and_not_before() {
        let start = Instant::now();
        let check = |over: TransportProtocol, ms: u64, user: &str| Datagram {
            local: "127.0.0.1:1".parse().unwrap(),
            from: "127.0.0.1:2".parse().unwrap(),
            over,
            arrived: start + Duration::from_millis(ms),
            bytes: BytesMut::from(&early::check(user)[..]),
        };
        let mut blocked = Roads::new("ours");
        assert!(!blocked.let_in(&check(UDP, 0, "guess:x")) && !blocked.let_in(&check(TCP, 0, "guess:x")));
        let heard = [10, 49, 50, 100].map(|ms| blocked.let_in(&check(TCP, ms, "ours:x")));
        assert_eq!(heard, [false, false, true, true]);
        assert!(blocked.let_in(&check(UDP, 400, "ours:x")) && blocked.let_in(&check(TCP, 410, "ours:x")), "it stays");
        let mut open = Roads::new("ours");
        assert!(!open.let_in(&check(TCP, 0, "ours:x")) && open.let_in(&check(UDP, 90, "ours:x")));
        assert!(!open.let_in(&check(TCP, 900, "ours:x")));
        assert!(open.let_in(&check(TCP, 2_000, "ours:x")), "a network that lets UDP out and not in");
        let sound = Datagram { bytes: BytesMut::from(&[128, 111][..]), ..check(TCP, 900, "") };
        assert!(open.let_in(&sound), "sound is the selected pair's alone");
    }
}

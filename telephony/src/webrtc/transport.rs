//! `TransportChoice`: ICE checks over TCP are dropped until it is clear that UDP does not work. The agent keeps the first pair
//! that a page nominates, and sound over TCP waits for each retransmission, so UDP gets a head start. Told the time.
use super::datagram::Datagram;
use super::early;
use rtc::shared::TransportProtocol::TCP;
use std::time::{Duration, Instant};

/// From the first check over TCP, where a check has come by UDP: a page that has nominated a pair by then keeps it; for one that
/// has not, UDP works in one direction only.
const UDP_HEARD: Duration = Duration::from_secs(2);

/// From the first check over TCP, where none has come by UDP. The first over TCP comes a round trip after the first by UDP, and
/// the next one 50 ms later; Chromium sends three so fast and the others once in a second, and nominates by one that follows
/// an answer.
const UDP_SILENT: Duration = Duration::from_millis(40);

/// Of one ICE session.
pub(super) struct TransportChoice {
    /// The beginning of the user name of each check to us.
    name: Vec<u8>,
    /// The first check over TCP.
    since: Option<Instant>,
    /// A check has come by UDP.
    udp: bool,
    /// Checks over TCP are admitted.
    tcp: bool,
}

impl TransportChoice {
    pub(super) fn new(ufrag: &str) -> Self {
        Self { name: early::name(ufrag), since: None, udp: false, tcp: false }
    }

    /// Whether the stack may read it.
    pub(super) fn admits(&mut self, datagram: &Datagram) -> bool {
        // Only checks lead to a nomination.
        if !matches!(datagram.bytes.first(), Some(0..=3)) {
            return true;
        }
        // Other STUN: answers to our own checks.
        if datagram.bytes.get(..2) != Some(&[0, 1]) {
            return datagram.over != TCP || self.tcp;
        }
        // The stack handles a role conflict before it compares user names: anybody could make us change our role.
        if !early::names_us(&datagram.bytes, &self.name) {
            return false;
        }
        if datagram.over != TCP {
            self.udp = true;
            return true;
        }
        let since = *self.since.get_or_insert(datagram.arrived);
        self.tcp |= datagram.arrived >= since + if self.udp { UDP_HEARD } else { UDP_SILENT };
        self.tcp
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use rtc::shared::TransportProtocol::{self, UDP};

    #[test]
    fn tcp_is_admitted_where_nothing_comes_by_udp_and_not_before() {
        let start = Instant::now();
        let check = |over: TransportProtocol, ms: u64, user: &str| Datagram {
            local: "127.0.0.1:1".parse().unwrap(),
            from: "127.0.0.1:2".parse().unwrap(),
            over,
            arrived: start + Duration::from_millis(ms),
            bytes: BytesMut::from(&early::check(user)[..]),
        };
        let mut blocked = TransportChoice::new("ours");
        assert!(!blocked.admits(&check(UDP, 0, "guess:x")) && !blocked.admits(&check(TCP, 0, "guess:x")));
        let admitted = [10, 49, 50, 100].map(|ms| blocked.admits(&check(TCP, ms, "ours:x")));
        assert_eq!(admitted, [false, false, true, true]);
        assert!(blocked.admits(&check(UDP, 400, "ours:x")) && blocked.admits(&check(TCP, 410, "ours:x")), "it stays");
        let mut open = TransportChoice::new("ours");
        assert!(!open.admits(&check(TCP, 0, "ours:x")) && open.admits(&check(UDP, 90, "ours:x")));
        assert!(!open.admits(&check(TCP, 900, "ours:x")));
        assert!(open.admits(&check(TCP, 2_000, "ours:x")), "a network that lets UDP out and not in");
        let sound = Datagram { bytes: BytesMut::from(&[128, 111][..]), ..check(TCP, 900, "") };
        assert!(open.admits(&sound), "sound is the selected pair's alone");
    }
}

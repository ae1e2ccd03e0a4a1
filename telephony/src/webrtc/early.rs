//! `EarlyDtls`: DTLS datagrams that arrive before ICE has nominated their path. The stack would drop them, and the page would
//! send them again only after its timer. So they are kept, if they come from an address from which the page has sent checks,
//! and look like the beginning of a handshake.
use super::datagram::Datagram;
use std::net::SocketAddr;

/// Datagrams kept at most: a flight of DTLS (a ClientHello with post-quantum keys fills two), and one retransmission.
const EARLY: usize = 4;
/// Addresses from which checks that name us are remembered, at most.
const SENDERS: usize = 8;
/// RFC 5389 section 6.
const COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const HEAD: usize = 20;
const USERNAME: u16 = 0x0006;

/// Others than the page know neither our user name fragment nor the page's address, so nothing they send is kept.
pub(super) struct EarlyDtls {
    /// `OURS:`, with which the user name of each check to us begins.
    name: Vec<u8>,
    senders: Vec<SocketAddr>,
    kept: Vec<Datagram>,
}

impl EarlyDtls {
    pub(super) fn new(ufrag: &str) -> Self {
        Self { name: name(ufrag), senders: Vec::new(), kept: Vec::new() }
    }

    /// ICE restarts with this user name fragment.
    pub(super) fn rename(&mut self, ufrag: &str) {
        self.name = name(ufrag);
    }

    /// Gives back what the stack is to read now; keeps or drops DTLS. The first byte tells (RFC 7983): 0 to 3 is STUN, 20 to
    /// 63 DTLS.
    pub(super) fn pass(&mut self, datagram: Datagram) -> Option<Datagram> {
        let Datagram { from, bytes, .. } = &datagram;
        match bytes.first() {
            Some(0..=3) => {
                let known = self.senders.contains(from) || self.senders.len() >= SENDERS;
                if !known && names_us(bytes, &self.name) {
                    self.senders.push(*from);
                }
                Some(datagram)
            }
            Some(20..=63) => {
                if self.kept.len() < EARLY && begins(bytes) && self.senders.contains(from) {
                    self.kept.push(datagram);
                }
                None
            }
            _ => Some(datagram),
        }
    }

    pub(super) fn into_kept(self) -> Vec<Datagram> {
        self.kept
    }
}

/// The beginning of the user name of each check to us.
pub(super) fn name(ufrag: &str) -> Vec<u8> {
    format!("{ufrag}:").into_bytes()
}

/// Whether this is a binding request whose user name begins so (RFC 8445 section 7.2.2). The stack verifies its integrity.
pub(super) fn names_us(stun: &[u8], name: &[u8]) -> bool {
    if stun.get(..2) != Some(&[0, 1]) || stun.get(4..8) != Some(&COOKIE) {
        return false;
    }
    let mut rest = stun.get(HEAD..).unwrap_or_default();
    while let Some((&[a, b, c, d], value)) = rest.split_first_chunk::<4>() {
        let long = usize::from(u16::from_be_bytes([c, d]));
        if u16::from_be_bytes([a, b]) == USERNAME {
            return value.get(..long).is_some_and(|user| user.starts_with(name));
        }
        rest = value.get(long.next_multiple_of(4)..).unwrap_or_default();
    }
    false
}

/// A record of a handshake before there are keys (RFC 6347 section 4.1): content type 22, some version of DTLS, epoch 0.
fn begins(dtls: &[u8]) -> bool {
    matches!(dtls, [22, 0xFE, _, 0, 0, rest @ ..] if rest.len() > 20)
}

/// A check by this user name.
#[cfg(test)]
pub(super) fn check(user: &str) -> Vec<u8> {
    let mut attributes = vec![0x80, 0x22, 0, 3, b'a', b'b', b'c', 0];
    attributes.extend([0, 6, 0, user.len() as u8]);
    attributes.extend(user.bytes());
    attributes.resize(attributes.len().next_multiple_of(4), 0);
    let mut all = vec![0, 1, 0, attributes.len() as u8, 0x21, 0x12, 0xA4, 0x42];
    all.extend([7; 12]);
    all.extend(attributes);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use std::time::Instant;

    const PAGE: &str = "192.0.2.7:4000";

    fn at(from: &str, bytes: &[u8]) -> Datagram {
        let (local, from) = ("127.0.0.1:9".parse().unwrap(), from.parse().unwrap());
        let over = rtc::shared::TransportProtocol::UDP;
        Datagram { local, from, over, arrived: Instant::now(), bytes: BytesMut::from(bytes) }
    }

    fn hello(mark: u8) -> Vec<u8> {
        let mut all = vec![22, 0xFE, 0xFD, 0, 0];
        all.extend([mark; 60]);
        all
    }

    #[test]
    fn datagrams_from_elsewhere_displace_no_client_hello_of_the_page() {
        let mut early = EarlyDtls::new("ours");
        // Junk, hellos from elsewhere, and a check that guesses the name.
        for n in 0..50 {
            let stranger = format!("198.51.100.1:{}", 1000 + u16::from(n));
            assert!(early.pass(at(&stranger, &hello(n))).is_none());
            assert!(early.pass(at(&stranger, &check("guess:x"))).is_some());
            assert!(early.pass(at(PAGE, &[22; 9])).is_none());
        }
        assert!(early.pass(at(PAGE, &check("ours:theirs"))).is_some());
        assert!(early.pass(at(PAGE, &[63; 40])).is_none(), "no handshake");
        for n in 0..9 {
            assert!(early.pass(at(PAGE, &hello(n))).is_none());
        }
        let kept: Vec<u8> = early.into_kept().iter().map(|datagram| datagram.bytes[5]).collect();
        assert_eq!(kept, [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_no_dtls_passes_and_malformed_checks_are_not_remembered() {
        let mut early = EarlyDtls::new("ours");
        for bytes in [&[][..], &[128, 0], &[64], &[0, 1], &[255; 30]] {
            assert!(early.pass(at(PAGE, bytes)).is_some());
        }
        let whole = check("ours:theirs");
        for long in 0..whole.len() - 1 {
            assert!(!names_us(&whole[..long], b"ours:") || long >= 44, "{long}");
        }
        assert!(names_us(&whole, b"ours:") && !names_us(&whole, b"our:") && !names_us(&check(""), b"ours:"));
        early.rename("new");
        early.pass(at(PAGE, &check("ours:theirs")));
        early.pass(at(PAGE, &hello(1)));
        assert!(early.into_kept().is_empty(), "of the session before");
    }
}

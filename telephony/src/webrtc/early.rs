//! `Early`: what a page says in DTLS before the path of it is nominated. The stack would drop it, and the page say it again only
//! after its timer: so it waits here, if it is from where the page calls us and looks like the beginning of a handshake.
use super::sockets::Datagram;
use std::net::SocketAddr;

/// Datagrams kept at most: a flight of DTLS (a hello with post-quantum keys fills two), and one said again.
const EARLY: usize = 4;
/// Addresses from which the page calls, at most.
const CALLERS: usize = 8;
/// RFC 5389 section 6.
const COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const HEAD: usize = 20;
const USERNAME: u16 = 0x0006;

/// What becomes of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The stack reads it now.
    Pass,
    /// It waits, or has no claim to.
    Taken,
}

/// Strangers know neither our fragment of the user name nor, where they guess the port, the page's address: they take nobody's place.
pub(super) struct Early {
    /// `OURS:`, with which the user name of each check to us begins.
    name: Vec<u8>,
    callers: Vec<SocketAddr>,
    kept: Vec<Datagram>,
}

impl Early {
    pub(super) fn new(ufrag: &str) -> Self {
        Self { name: name(ufrag), callers: Vec::new(), kept: Vec::new() }
    }

    /// ICE starts anew under this name.
    pub(super) fn rename(&mut self, ufrag: &str) {
        self.name = name(ufrag);
    }

    /// Told apart by the first byte (RFC 7983): 0 to 3 is STUN, 20 to 63 DTLS.
    pub(super) fn take(&mut self, datagram: &mut Option<Datagram>) -> Verdict {
        let Some(Datagram { from, bytes, .. }) = datagram.as_ref() else { return Verdict::Taken };
        match bytes.first() {
            Some(0..=3) => {
                let known = self.callers.contains(from) || self.callers.len() >= CALLERS;
                if !known && calls(bytes, &self.name) {
                    self.callers.push(*from);
                }
                Verdict::Pass
            }
            Some(20..=63) => {
                if self.kept.len() < EARLY && begins(bytes) && self.callers.contains(from) {
                    self.kept.extend(datagram.take());
                }
                Verdict::Taken
            }
            _ => Verdict::Pass,
        }
    }

    pub(super) fn into_kept(self) -> Vec<Datagram> {
        self.kept
    }
}

/// With what the user name of a check to us begins.
pub(super) fn name(ufrag: &str) -> Vec<u8> {
    format!("{ufrag}:").into_bytes()
}

/// A check of ours by name: a binding request whose user name begins so (RFC 8445 section 7.2.2). Its integrity is the stack's to check.
pub(super) fn calls(stun: &[u8], name: &[u8]) -> bool {
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

    fn at(from: &str, bytes: &[u8]) -> Option<Datagram> {
        let (local, from) = ("127.0.0.1:9".parse().unwrap(), from.parse().unwrap());
        let over = rtc::shared::TransportProtocol::UDP;
        Some(Datagram { local, from, over, arrived: Instant::now(), bytes: BytesMut::from(bytes) })
    }

    fn hello(mark: u8) -> Vec<u8> {
        let mut all = vec![22, 0xFE, 0xFD, 0, 0];
        all.extend([mark; 60]);
        all
    }

    #[test]
    fn strangers_displace_no_hello_of_the_page() {
        let mut early = Early::new("ours");
        // Junk, hellos from elsewhere, and a check that guesses the name.
        for n in 0..50 {
            let stranger = format!("198.51.100.1:{}", 1000 + u16::from(n));
            assert_eq!(early.take(&mut at(&stranger, &hello(n))), Verdict::Taken);
            assert_eq!(early.take(&mut at(&stranger, &check("guess:x"))), Verdict::Pass);
            assert_eq!(early.take(&mut at(PAGE, &[22; 9])), Verdict::Taken);
        }
        assert_eq!(early.take(&mut at(PAGE, &check("ours:theirs"))), Verdict::Pass);
        assert_eq!(early.take(&mut at(PAGE, &[63; 40])), Verdict::Taken, "no handshake");
        for n in 0..9 {
            assert_eq!(early.take(&mut at(PAGE, &hello(n))), Verdict::Taken);
        }
        let kept: Vec<u8> = early.into_kept().iter().map(|datagram| datagram.bytes[5]).collect();
        assert_eq!(kept, [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_no_dtls_is_the_stacks_and_broken_checks_name_nobody() {
        let mut early = Early::new("ours");
        for bytes in [&[][..], &[128, 0], &[64], &[0, 1], &[255; 30]] {
            assert_eq!(early.take(&mut at(PAGE, bytes)), Verdict::Pass);
        }
        let whole = check("ours:theirs");
        for long in 0..whole.len() - 1 {
            assert!(!calls(&whole[..long], b"ours:") || long >= 44, "{long}");
        }
        assert!(calls(&whole, b"ours:") && !calls(&whole, b"our:") && !calls(&check(""), b"ours:"));
        early.rename("new");
        early.take(&mut at(PAGE, &check("ours:theirs")));
        early.take(&mut at(PAGE, &hello(1)));
        assert!(early.into_kept().is_empty(), "of the session before");
    }
}

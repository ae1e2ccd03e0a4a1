//! `RemoteSeqlock`: a [`Remote`] that one thread writes and another reads without waiting: a sequence lock over atomics.
use super::Remote;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

const WORDS: usize = 3;
const V4: u64 = 1 << 32;
const SOME: u64 = 1 << 33;

/// The latest [`Remote`], if any. One writer at a time.
#[derive(Debug, Default)]
pub(super) struct RemoteSeqlock {
    /// Odd while a write is in progress; twice the number of writes.
    version: AtomicU32,
    words: [AtomicU64; 2 * WORDS],
}

impl RemoteSeqlock {
    /// Only one thread may write at a time.
    pub(super) fn write(&self, remote: Remote) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        let words = pack(Some(remote.rtp)).into_iter().chain(pack(remote.rtcp));
        for (cell, word) in self.words.iter().zip(words) {
            cell.store(word, Ordering::Relaxed);
        }
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }

    /// The number of the last write: one atomic load.
    pub(super) fn version(&self) -> u32 {
        self.version.load(Ordering::Acquire)
    }

    /// The value and the number of its write; `None` before the first write, and while one is in progress.
    pub(super) fn read(&self) -> Option<(u32, Remote)> {
        let version = self.version();
        if version & 1 == 1 {
            return None;
        }
        let words: [u64; 2 * WORDS] = std::array::from_fn(|i| self.words[i].load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        if self.version.load(Ordering::Relaxed) != version {
            return None;
        }
        let [a, b, c, d, e, f] = words;
        Some((version, Remote { rtp: unpack([a, b, c])?, rtcp: unpack([d, e, f]) }))
    }
}

/// Address as IPv6, then scope (bits 0–31 of the third word's upper half is not needed for IPv4), port and marks.
fn pack(address: Option<SocketAddr>) -> [u64; WORDS] {
    let Some(address) = address else { return [0; WORDS] };
    let (ip, scope, mark) = match address {
        SocketAddr::V4(v4) => (v4.ip().to_ipv6_mapped(), 0, V4),
        SocketAddr::V6(v6) => (*v6.ip(), v6.scope_id(), 0),
    };
    let bits = u128::from(ip);
    // Scope ids are interface numbers, far below 2^30.
    [(bits >> 64) as u64, bits as u64, SOME | mark | u64::from(address.port()) | u64::from(scope) << 34]
}

fn unpack([high, low, rest]: [u64; WORDS]) -> Option<SocketAddr> {
    if rest & SOME == 0 {
        return None;
    }
    let ip = Ipv6Addr::from(u128::from(high) << 64 | u128::from(low));
    let port = rest as u16;
    Some(match ip.to_ipv4_mapped() {
        Some(v4) if rest & V4 != 0 => SocketAddr::new(IpAddr::V4(v4), port),
        _ => SocketAddr::V6(SocketAddrV6::new(ip, port, 0, (rest >> 34) as u32)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_is_written_is_read() {
        let register = RemoteSeqlock::default();
        assert_eq!(register.read(), None);
        for (rtp, rtcp) in [
            ("192.0.2.1:65535", Some("192.0.2.2:1")),
            ("[2001:db8::1]:4000", None),
            ("[fe80::1%7]:4000", Some("[::ffff:1.2.3.4]:5")),
        ] {
            let remote = Remote { rtp: rtp.parse().unwrap(), rtcp: rtcp.map(|a| a.parse().unwrap()) };
            register.write(remote);
            assert_eq!(register.read().unwrap().1, remote);
        }
        assert_eq!(register.version(), 6);
    }

    #[test]
    fn a_reader_never_sees_half_an_address() {
        let register = Arc::new(RemoteSeqlock::default());
        let writer = Arc::clone(&register);
        let writing = std::thread::spawn(move || {
            for n in 1..=20_000_u16 {
                let [high, low] = n.to_be_bytes();
                let rtp = SocketAddr::from(([10, high, low, 1], n));
                writer.write(Remote { rtp, rtcp: Some(rtp) });
            }
        });
        let mut seen = 0;
        while !writing.is_finished() {
            let Some((_, remote)) = register.read() else { continue };
            let SocketAddr::V4(v4) = remote.rtp else { panic!("{remote:?}") };
            let [_, high, low, _] = v4.ip().octets();
            assert_eq!(u16::from_be_bytes([high, low]), v4.port());
            assert_eq!(remote.rtcp, Some(remote.rtp));
            seen += 1;
        }
        writing.join().unwrap();
        assert!(seen > 0 || register.read().is_some());
    }
}

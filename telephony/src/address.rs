//! IP addresses and networks: ranges in CIDR notation, the subnet that counts as one source, private addresses, families.
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::str::FromStr;
use thiserror::Error;

/// The addresses that share their first `prefix` bits (RFC 4632).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

#[derive(Debug, Error, PartialEq, Eq)]
#[error("'{0}' is no network: write an address, or an address, a slash and the number of leading bits (10.0.0.0/8)")]
pub struct NotANetwork(String);

impl Network {
    /// 127.0.0.0/8 and ::1.
    pub const LOOPBACK: [Self; 2] = [
        Self { address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), prefix: 8 },
        Self { address: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: 128 },
    ];

    /// Whether both are in this network; false of a network with the prefix length 0.
    pub fn is_shared_by(&self, one: IpAddr, other: IpAddr) -> bool {
        self.prefix > 0 && self.contains(one) && self.contains(other)
    }

    /// An IPv4 address mapped into IPv6 belongs to the IPv4 network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let shift = 32 - u32::from(self.prefix);
                u32::from(ours).checked_shr(shift) == u32::from(theirs).checked_shr(shift)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let shift = 128 - u32::from(self.prefix);
                u128::from(ours).checked_shr(shift) == u128::from(theirs).checked_shr(shift)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), |p| p.trim().parse().map_err(|_| wrong()))?;
        if prefix > most { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

/// The address by which limits count a source: an IPv4 address itself, of an IPv6 address its /64, which belongs to one subscriber.
pub fn subnet(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

/// The address by which locks count a source: an IPv4 address itself, of an IPv6 address its /48, the most that a provider gives one
/// customer (RIPE-690, RFC 6177).
pub fn site(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> 48)).into(),
        v4 => v4,
    }
}

/// Whether an address is of a private or link-local network: RFC 1918, 3927, 4193, 4291.
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// Whether both are IPv4 or both are IPv6.
pub fn same_family(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4()
}

/// The address, of the same family as `like`, that this machine sends from towards the internet; `None` without a route.
/// Nothing is sent: connecting a UDP socket selects its source address.
pub fn outbound(like: IpAddr) -> Option<IpAddr> {
    // Addresses reserved for documentation (RFC 5737, 3849).
    let (any, far): (SocketAddr, SocketAddr) = match like {
        IpAddr::V4(_) => ((Ipv4Addr::UNSPECIFIED, 0).into(), ([192, 0, 2, 1], 9).into()),
        IpAddr::V6(_) => ((Ipv6Addr::UNSPECIFIED, 0).into(), ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 9).into()),
    };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(far).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_network_contains_its_own_addresses_and_no_others() {
        let holds = |net: &str, address: &str| net.parse::<Network>().expect("network").contains(ip(address));
        assert!(holds("10.0.0.0/8", "10.255.1.2") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.8"));
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && holds("::/0", "::1"));
        assert!(holds("127.0.0.0/8", "::ffff:127.0.0.1"));
        for wrong in ["", "a/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        let shared = |net: &str| net.parse::<Network>().expect("network").is_shared_by(ip("10.1.2.3"), ip("10.9.9.9"));
        assert!(shared("10.0.0.0/8") && !shared("10.1.0.0/16") && !shared("0.0.0.0/0"));
    }

    #[test]
    fn an_ipv6_source_counts_as_its_64_and_an_ipv4_one_as_itself() {
        assert_eq!(subnet(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(subnet(ip("192.0.2.7")), ip("192.0.2.7"));
        assert_eq!(subnet(ip("::ffff:192.0.2.7")), ip("192.0.2.7"), "mapped");
        assert_eq!(site(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1::"));
        assert_eq!(site(ip("::ffff:192.0.2.7")), ip("192.0.2.7"), "mapped");
    }

    #[test]
    fn private_addresses_are_told_from_public_ones_in_both_families() {
        for near in ["10.0.0.1", "172.31.0.1", "192.168.1.1", "169.254.3.4", "fd00::1", "fe80::1", "::ffff:10.0.0.1"] {
            assert!(is_private(ip(near)), "{near}");
        }
        for far in ["8.8.8.8", "172.32.0.1", "127.0.0.1", "2001:db8::1", "::1", "0.0.0.0"] {
            assert!(!is_private(ip(far)), "{far}");
        }
    }

    #[test]
    fn an_outbound_address_is_of_the_family_asked_for() {
        for like in [ip("0.0.0.0"), ip("::")] {
            // A machine without a route has none.
            assert!(outbound(like).is_none_or(|address| same_family(address, like) && !address.is_unspecified()));
        }
    }
}

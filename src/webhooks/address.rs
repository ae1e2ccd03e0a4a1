//! Which addresses webhooks may have: public ones, and those of networks that the file lists. An address of a name is looked up once,
//! judged, and then connected to: a name that changes its mind in between leads nowhere else.
use crate::config::Network;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Whether an address is one of the internet. What stands for this machine, its network or nobody is not.
fn is_public(address: IpAddr) -> bool {
    if telephony::address::is_private(address) {
        return false;
    }
    match address.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let protocol = a == 192 && b == 0 && c == 0;
            let benchmark = a == 198 && (18..20).contains(&b);
            let special = ip.is_loopback() || ip.is_unspecified() || ip.is_broadcast() || ip.is_multicast();
            !(special || shared || protocol || benchmark || ip.is_documentation() || a == 0 || a >= 240)
        }
        IpAddr::V6(ip) => {
            let segments = ip.segments();
            // NAT64 and 6to4 hold an IPv4 address, which may be any.
            let inner = match segments {
                [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some((high, low)),
                _ => None,
            };
            let inner = inner.map(|(high, low)| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
            let documentation = segments[..2] == [0x2001, 0xdb8];
            let special = ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || documentation;
            !special && inner.is_none_or(|inner| is_public(inner.into()))
        }
    }
}

/// Those of `addresses` that may be told.
///
/// # Errors
/// What to do, where there is none.
pub fn allowed(
    host: &str,
    addresses: impl IntoIterator<Item = SocketAddr>,
    networks: &[Network],
) -> Result<Vec<SocketAddr>, String> {
    let (mut fit, mut refused) = (Vec::new(), None);
    for address in addresses {
        let ip = address.ip().to_canonical();
        if is_public(ip) || networks.iter().any(|network| network.0.contains(ip)) {
            fit.push(address);
        } else {
            refused = Some(ip);
        }
    }
    match refused {
        _ if !fit.is_empty() => Ok(fit),
        Some(ip) => Err(format!("{ip} is no public address: add its network to `networks` of the webhook to allow it")),
        None => Err(format!("{host} has no address: correct the webhook's url, or the name server")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ip: &str) -> SocketAddr {
        SocketAddr::new(ip.parse().unwrap(), 443)
    }

    #[test]
    fn what_is_not_the_internet_is_refused_in_every_disguise() {
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
        ] {
            let why = allowed("a.example", [of(ip)], &[]).unwrap_err();
            assert!(why.contains("networks"), "{ip}: {why}");
        }
        for ip in ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::"] {
            assert_eq!(allowed("a.example", [of(ip)], &[]), Ok(vec![of(ip)]), "{ip}");
        }
    }

    #[test]
    fn a_network_that_is_listed_is_allowed_and_of_several_addresses_those_that_fit() {
        let networks = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(allowed("a", [of("10.0.0.1"), of("127.0.0.1")], &networks), Ok(vec![of("10.0.0.1")]));
        assert!(allowed("a", [of("127.0.0.1")], &networks).is_err());
        assert!(allowed("a.example", [], &[]).unwrap_err().contains("a.example"));
    }
}

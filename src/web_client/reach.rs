//! Which addresses may be asked: public ones, and those of networks that are listed. An address of a name is looked up once, judged, and
//! then connected to: a name that changes its mind in between leads nowhere else.
use crate::config::Network;
use reqwest::Url;
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

/// Why nobody is asked at an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReachFault {
    #[error("{0} is no public address: add its network to `networks` to allow it")]
    NotPublic(IpAddr),
    #[error("{0} has no address: correct the url, or the name server")]
    Nowhere(String),
}

/// The host of an address, and where it is, as far as that may be asked.
///
/// # Errors
/// What to do, where it may not, or is nowhere.
pub async fn addresses(url: &Url, networks: &[Network]) -> Result<(String, Vec<SocketAddr>), ReachFault> {
    let host = url.host_str().ok_or_else(|| ReachFault::Nowhere("a url without a host".into()))?.to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        let addresses = allowed(&host, [SocketAddr::new(ip, port)], networks)?;
        return Ok((host, addresses));
    }
    let found = tokio::net::lookup_host((host.as_str(), port)).await;
    let found = found.map_err(|_| ReachFault::Nowhere(host.clone()))?;
    let addresses = allowed(&host, found, networks)?;
    Ok((host, addresses))
}

/// Those of `addresses` that may be asked.
fn allowed(
    host: &str,
    addresses: impl IntoIterator<Item = SocketAddr>,
    networks: &[Network],
) -> Result<Vec<SocketAddr>, ReachFault> {
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
        Some(ip) => Err(ReachFault::NotPublic(ip)),
        None => Err(ReachFault::Nowhere(host.into())),
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
            assert!(matches!(why, ReachFault::NotPublic(_)) && why.to_string().contains("networks"), "{ip}: {why}");
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
        assert!(allowed("a.example", [], &[]).unwrap_err().to_string().contains("a.example"));
    }
}

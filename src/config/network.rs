//! `Network`: a range of IP addresses in CIDR notation (RFC 4632), such as `192.168.0.0/16` or `::1/128`.
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    pub const fn loopback() -> [Self; 2] {
        let v4 = Self { address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), prefix: 8 };
        let v6 = Self { address: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: 128 };
        [v4, v6]
    }

    /// An IPv4 address that arrives mapped into IPv6 (`::ffff:127.0.0.1`) counts as IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => same(net.to_bits().into(), ip.to_bits().into(), 32, self.prefix),
            (IpAddr::V6(net), IpAddr::V6(ip)) => same(net.to_bits(), ip.to_bits(), 128, self.prefix),
            _ => false,
        }
    }

    pub const fn address(&self) -> IpAddr {
        self.address
    }

    pub const fn prefix(&self) -> u8 {
        self.prefix
    }
}

fn same(a: u128, b: u128, width: u8, prefix: u8) -> bool {
    let rest = u32::from(width - prefix);
    a.checked_shr(rest).unwrap_or(0) == b.checked_shr(rest).unwrap_or(0)
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let what = || format!("{text:?} is no network: write it like 192.168.0.0/16, ::1/128 or a single address");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| what())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(width), |prefix| prefix.parse().map_err(|_| what()))?;
        if prefix > width { Err(what()) } else { Ok(Self { address, prefix }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

//! `Network`: a range of IP addresses as configured, in CIDR notation (RFC 4632): `192.168.0.0/16`, `::1/128`.
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where answers to datagrams go that do not ask for `rport` (RFC 3581).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyPort {
    /// The port that the top Via names.
    Via,
    /// The port they came from.
    Source,
}

/// What signalling knows as a network, readable from a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(pub telephony::address::Network);

impl Network {
    pub fn loopback() -> [Self; 2] {
        telephony::address::Network::LOOPBACK.map(Self)
    }
}

impl FromStr for Network {
    type Err = telephony::address::NotANetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Network {
    type Error = telephony::address::NotANetwork;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

//! `[sip]`: signalling.
use super::{Network, ReplyPort, Secs, Several};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sip {
    pub udp: Several<SocketAddr>,
    pub tcp: Several<SocketAddr>,
    /// The addresses others reach us at, one for an IP family; none: the listen address, or the one of the route to the internet.
    pub advertise: Several<IpAddr>,
    pub user_agent: String,
    /// The realm of our digest challenges.
    pub realm: String,
    pub max_calls: u32,
    /// The answer to one call more: 486 or 503.
    pub full_status: u16,
    /// On average; `open_networks` and trunks' networks are not limited.
    pub messages_per_second_per_source: u32,
    /// How long a call may ring unanswered.
    pub ring_limit_s: Secs,
    pub open_networks: Vec<Network>,
    pub reply_port: ReplyPort,
}

impl Default for Sip {
    fn default() -> Self {
        let listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5060);
        Self {
            udp: Several(vec![listen]),
            tcp: Several(vec![listen]),
            advertise: Several(vec![]),
            user_agent: "Switchboard".into(),
            realm: "switchboard".into(),
            max_calls: 500,
            full_status: 486,
            messages_per_second_per_source: 50,
            ring_limit_s: Secs(180),
            open_networks: Network::loopback().to_vec(),
            reply_port: ReplyPort::Via,
        }
    }
}

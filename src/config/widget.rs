//! `[widget]` and `[rtc]`: who may call from a web page, and how their sound reaches us.
use super::{Ms, Network, Secs, blank};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Widget {
    pub enabled: bool,
    /// `https://shop.example`: pages that may carry the widget. This server's own pages always may.
    pub origins: Vec<String>,
    /// Bots that such a page may call by itself; for the others a server asks with the API's token.
    pub public: Vec<String>,
    pub token_ttl_s: Secs,
    pub grace_s: Secs,
    pub max_calls: u32,
    /// Of one address, IPv6 counted by /64.
    pub calls_per_address: u32,
    pub sessions_per_minute: u32,
    /// Whose `X-Forwarded-For` is believed.
    pub proxies: Vec<Network>,
}

impl Default for Widget {
    fn default() -> Self {
        Self {
            enabled: true,
            origins: Vec::new(),
            public: vec!["booking.en".into(), "places.vi".into()],
            token_ttl_s: Secs(60),
            grace_s: Secs(20),
            max_calls: 200,
            calls_per_address: 8,
            sessions_per_minute: 20,
            proxies: Network::loopback().to_vec(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rtc {
    pub bind: Vec<IpAddr>,
    /// 0: any port.
    pub ports_from: u16,
    pub ports_to: u16,
    #[serde(with = "blank")]
    pub public_address: Option<IpAddr>,
    pub ice: Ice,
    /// Pages may call over TCP too, on the same ports.
    pub tcp: bool,
    /// `stun:host:port`, given to pages.
    pub stun: Vec<String>,
    /// `turn:host:port?transport=udp`, given to pages with credentials.
    pub turn: Vec<String>,
    #[serde(with = "blank::path")]
    pub turn_secret_file: Option<PathBuf>,
    pub turn_ttl_s: Secs,
    pub lost_ms: Ms,
}

impl Default for Rtc {
    fn default() -> Self {
        Self {
            bind: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            ports_from: 0,
            ports_to: 0,
            public_address: None,
            ice: Ice::Lite,
            tcp: true,
            stun: Vec::new(),
            turn: Vec::new(),
            turn_secret_file: None,
            turn_ttl_s: Secs(3600),
            lost_ms: Ms(1_500),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ice {
    Lite,
    Full,
}

//! `[http]`: the web address of API, pages and metrics.
use super::{Secs, blank};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    #[serde(with = "blank")]
    pub listen: Option<SocketAddr>,
    #[serde(with = "blank::path")]
    pub token_file: Option<PathBuf>,
    /// Certificate chain and key, PEM; both or none.
    #[serde(with = "blank::path")]
    pub tls_certificate: Option<PathBuf>,
    #[serde(with = "blank::path")]
    pub tls_key: Option<PathBuf>,
    /// Serve without TLS where others can reach it: behind a proxy that speaks TLS.
    pub allow_plain: bool,
    /// A session ends after so long without a request, and after so long in any case.
    pub session_idle_s: Secs,
    pub session_max_s: Secs,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080)),
            token_file: None,
            tls_certificate: None,
            tls_key: None,
            allow_plain: false,
            session_idle_s: Secs(3_600),
            session_max_s: Secs(43_200),
        }
    }
}

impl Http {
    /// Certificate and key, where both are named.
    pub fn tls(&self) -> Option<(PathBuf, PathBuf)> {
        self.tls_certificate.clone().zip(self.tls_key.clone())
    }
}

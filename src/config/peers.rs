//! `[[phone]]`, `[[trunk]]`, `[[route]]`: who calls, and where calls go.
use super::{Network, Secs, blank};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A user who may register and call.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    pub name: String,
    pub user: String,
    #[serde(default, with = "blank::path")]
    pub password_file: Option<PathBuf>,
    #[serde(default, with = "blank")]
    pub password_env: Option<String>,
}

/// A provider, or another exchange.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    pub name: String,
    /// Calls from these networks are the trunk's, without a password.
    #[serde(default)]
    pub networks: Vec<Network>,
    /// `sip:host:port`.
    #[serde(default, with = "blank")]
    pub outbound_proxy: Option<String>,
    #[serde(default)]
    pub transport: Transport,
    /// Header fields of its calls that are data: in the call's record, and `{sip.NAME}` in a bot's sentences and requests.
    #[serde(default)]
    pub headers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register: Option<Register>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    #[default]
    Udp,
    Tcp,
}

/// How we register with a trunk.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// `sip:provider.example` or `sip:provider.example:5080`.
    pub server: String,
    pub user: String,
    #[serde(default, with = "blank::path")]
    pub password_file: Option<PathBuf>,
    #[serde(default, with = "blank")]
    pub password_env: Option<String>,
    #[serde(default = "Register::expires")]
    pub expires_s: Secs,
}

impl Register {
    fn expires() -> Secs {
        Secs(300)
    }
}

/// Calls to `user` (the user part of the request-URI, or the same telephone number) go to `bot`: the file name of a bot without
/// `.toml`, or [`super::ECHO`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub user: String,
    pub bot: String,
}

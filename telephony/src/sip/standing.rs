//! `Standing`: how a trunk stands with its provider.
use std::net::SocketAddr;

/// How a trunk stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Trusted by network alone; nothing to register.
    Trusted,
    /// Not yet registered, or lost and trying again.
    Trying,
    Registered,
    /// The provider's last status; tried again, ever more slowly.
    Refused(u16),
}

/// A trunk's state.
#[derive(Clone, Debug)]
pub(super) struct TrunkState {
    pub name: String,
    pub standing: Standing,
    /// Where the registration is accepted: calls come from there.
    pub registrar: Option<SocketAddr>,
}

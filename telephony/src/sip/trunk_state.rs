//! `TrunkState`: the state of a trunk, and where its calls come from.
use std::net::SocketAddr;

/// The state of a trunk's registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationState {
    /// Trusted by network alone; nothing to register.
    Trusted,
    /// Not yet registered.
    Trying,
    Registered,
    /// The status of the last refusal. The registration is tried again, at growing intervals.
    Refused(u16),
}

/// The state of a trunk, and where its calls come from.
#[derive(Clone, Debug)]
pub(super) struct TrunkState {
    pub name: String,
    pub registration: RegistrationState,
    /// The registrar that has accepted the registration: it may send calls.
    pub registrar: Option<SocketAddr>,
}

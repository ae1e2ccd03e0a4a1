//! Signing in by an OpenID Connect provider: the authorization code flow with PKCE (OpenID Connect Core 1.0 section 3.1, RFC 7636, RFC 9700).
//!
//! [`Provider::begin`] gives the address at the provider that a browser goes to; [`Provider::finish`] redeems the code that it comes back
//! with, verifies the ID token, and says who it is. Who that is here, and their session, is [`crate::security`]'s.
mod claim_set;
mod claims;
mod discovery;
mod fault;
mod jws;
mod keys;
mod pending;
mod provider;
mod roles;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

pub use fault::{OidcFault, TokenFault};
pub use provider::{Answer, Begun, Health, Outcome, Provider, ProviderPlan};
pub use roles::RoleRule;

//! Who may call from a web page: allowed origins, single-use tokens, limits per address, and credentials for a relay.
pub mod access;
mod token;
mod turn;

pub use access::{CallSlot, OwnPageClients, PageAccess, PageAccessPlan, Refused, Session};
pub use token::{TokenClaims, TokenId, Visitor};
pub use turn::{Relay, Server};

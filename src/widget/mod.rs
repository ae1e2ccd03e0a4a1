//! Who may call from a web page: allowed origins, single-use tokens, limits per address, and credentials for a relay.
pub mod door;
mod origin;
mod ticket;
mod turn;

pub use door::{Door, DoorPlan, Own, Refused, Seat, Session};
pub use origin::Origin;
pub use ticket::{Ticket, TicketId};
pub use turn::{Relay, Server};

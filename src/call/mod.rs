//! Calls: the join of telephony, media and dialog. One task per call.
//!
//! [`core::Core`] is what a call is made of: told the time, it takes inputs and returns acts. There are two: [`talk::Talk`], a bot's
//! call, and [`echo::Echo`]. [`driver`] runs either; [`acts`] says what its acts come to, [`effects`] has what they reach. [`calls`]
//! answers calls: [`route`] finds the bot, [`registry`] lists the call, [`assemble`] joins line, room and core. [`control`] and
//! [`pages`] serve the API through the traits in [`port`], and so does [`supervise`]: who sits at which [`seat`] of which call stands in
//! [`seats`]. What waits for a supervisor's approval, in [`approvals`]. [`people`] finds the [`person`] that a bot puts a caller
//! through to; callers who wait for one are in the [`queue`], which [`agents`] drives. What is known of the caller is
//! in [`memory`].

pub mod acts;
mod agent_line;
mod agent_port;
mod agents;
pub mod approvals;
mod assemble;
pub mod bleep;
pub mod calls;
pub mod control;
pub mod core;
pub mod dedup;
mod dial_in;
pub mod driver;
mod due_sound;
pub mod echo;
pub mod effects;
pub mod end;
pub mod memory;
mod others;
pub mod page;
mod pages;
mod peers;
mod people;
pub mod person;
pub mod phone_keys;
mod phone_seat;
pub mod port;
pub mod queue;
mod recording;
mod registry;
mod resources;
mod route;
pub mod seat;
mod seats;
mod supervise;
pub mod talk;
pub mod timeline;
pub mod transcript;
mod utterance;
pub mod voices;
pub mod watchdog;

pub use agent_port::{AgentDesk, OfferFault, OfferView, QueueView};
pub use calls::Calls;
pub use end::{Blame, End, Reason};
pub use phone_keys::PhoneCommand;
pub use port::{CallControl, CallHealth, DialFault, DialOrder, PageAnswer, PageCalls, PageFault, PageOffer};
pub use port::{DialIn, PhoneAct, PhoneOrder, SeatAddress, SeatAnswer, SeatFault, SeatOffer, Supervisors, TakenSeat};
pub use queue::{Agent, AgentRow, Entry, OfferGone, QueueRow};
pub use registry::Order;
pub use resources::Resources;

#[cfg(test)]
mod tests;

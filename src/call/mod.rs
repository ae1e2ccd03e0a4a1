//! Where wires, samples and words meet: one task per call.
//!
//! [`talk::Talk`] is the core (told the time, asks for [`talk::Act`]s); [`actor`] drives it; [`perform`] does what it asks;
//! [`desk`] knows every live call, [`front`] is its side towards the API.

pub mod actor;
pub mod desk;
pub mod end;
pub mod front;
pub mod page;
pub mod pages;
pub mod perform;
mod recording;
mod route;
pub mod talk;
pub mod timeline;
pub mod turns;
pub mod twins;
pub mod watch;

pub use desk::Desk;
pub use end::{Blame, End, Reason};

#[cfg(test)]
mod tests;

//! Where wires, samples and words meet: one task per call.
//!
//! [`talk::Talk`] is the core (told the time, asks for [`talk::Act`]s); [`actor`] drives it; [`perform`] does what it asks;
//! [`desk`] knows every live call.

pub mod actor;
pub mod desk;
pub mod end;
pub mod perform;
pub mod talk;
pub mod timeline;
pub mod turns;

pub use desk::Desk;
pub use end::{Blame, End};

//! Calls: the join of telephony, media and dialog. One task per call.
//!
//! [`talk::Talk`] is the core: it is told the time and returns [`talk::Act`]s. [`driver`] runs it, and [`effects`] carries its acts out.
//! [`calls`] holds all live calls, and [`control`] is the API's access to them.

pub mod driver;
pub mod calls;
pub mod end;
pub mod control;
pub mod page;
pub mod pages;
pub mod effects;
mod recording;
mod route;
pub mod talk;
pub mod timeline;
pub mod turns;
pub mod dedup;
pub mod watchdog;

pub use calls::Calls;
pub use end::{Blame, End, Reason};

#[cfg(test)]
mod tests;

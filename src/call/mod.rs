//! Calls: the join of telephony, media and dialog. One task per call.
//!
//! [`talk::Talk`] is the core: it is told the time and returns [`talk::Act`]s. [`driver`] runs it, and [`effects`] carries its acts out.
//! [`calls`] holds all live calls, and [`control`] is the API's access to them.

pub mod calls;
pub mod control;
pub mod dedup;
pub mod driver;
pub mod effects;
pub mod end;
pub mod page;
pub mod pages;
mod recording;
mod route;
pub mod talk;
pub mod timeline;
pub mod turns;
pub mod watchdog;

pub use calls::Calls;
pub use end::{Blame, End, Reason};

#[cfg(test)]
mod tests;

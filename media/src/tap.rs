//! `Tap`: somebody who takes both sides of a call, tick by tick, without ever holding it up.
use crate::Frame;
use std::ops::ControlFlow;

/// Takes what the caller said and what the caller was sent. Runs on a media thread: it may only put the sound on a bounded
/// queue, and `Break`s when that is full or its reader is gone; then the room lets go of it and the call goes on.
pub trait Tap: Send {
    /// One tick, at `left.pos`. Ticks that a stall left out are missing here too: the position tells.
    fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()>;
}

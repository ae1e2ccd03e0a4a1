//! `Tap`: receives both sides of a call, and what people beside the caller say, tick by tick, without blocking it.
use crate::Frame;
use std::ops::ControlFlow;

/// Takes what the caller said and what the caller was sent. Runs on a media thread: it may only put the sound on a bounded
/// queue. It returns `Break` when that is full or its reader is gone; the room then drops the tap and the call goes on.
pub trait Tap: Send {
    /// One tick, at `left.pos`. Ticks that a stall left out are missing here too: positions have gaps.
    fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()>;

    /// The same tick, after [`Tap::take`]: what the agent says, and what supervisors say, as far as somebody hears them. Not called in
    /// ticks in which nobody does.
    fn take_people(&mut self, agent: &Frame, supervisors: &Frame) {
        let _ = (agent, supervisors);
    }
}

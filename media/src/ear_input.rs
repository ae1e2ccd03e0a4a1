//! `Said`: what an ear gets of one tick of its line. Most ticks are one frame; after a stall of the network some are many.
use crate::frame::Frame;

#[derive(Debug)]
pub enum Said {
    /// The tick's own sound.
    Now(Box<Frame>),
    /// Sound is due and has not come. It may be lost, and then `made` stands for it, or late, and then it follows as
    /// [`Said::Late`]. `suppresses`: this sender is known to send nothing while nobody speaks.
    Awaited { made: Option<Box<Frame>>, suppresses: bool },
    /// What has come late, oldest first, each frame with its own place in the call; perhaps the tick's own sound as the last.
    Late(Vec<Frame>),
}

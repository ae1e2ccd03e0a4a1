//! `EarInput`: the sound of one tick of a line for its ear: usually one frame, several after a stall of the network.
use crate::frame::Frame;

#[derive(Debug)]
pub enum EarInput {
    /// The tick's own sound.
    Now(Box<Frame>),
    /// Sound is due and has not arrived. If it is lost, `concealment` replaces it; if it is late, it follows as
    /// [`EarInput::Late`]. `suppresses`: this sender is known to suppress silence.
    Awaited { concealment: Option<Box<Frame>>, suppresses: bool },
    /// Sound that arrived late, oldest first, each frame at its own position in the call. The last may be the tick's own.
    Late(Vec<Frame>),
}

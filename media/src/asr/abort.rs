//! `Abort`: tells an engine at work that its result is not wanted any more.
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

const WANTED: u8 = 0;
const HURRIED: u8 = 1;
const RAISED: u8 = 2;

/// A flag that a listening session and the engine of its utterance share. The session lowers it before each call on the engine. While the
/// engine works, the session raises it where the caller goes on or the call ends, and hurries it where the caller pauses: then the
/// words of the pause are wanted, and partial words are not.
#[derive(Clone, Debug, Default)]
pub struct Abort(Arc<AtomicU8>);

impl Abort {
    pub fn raise(&self) {
        self.0.store(RAISED, Relaxed);
    }

    pub fn hurry(&self) {
        self.0.fetch_max(HURRIED, Relaxed);
    }

    pub fn lower(&self) {
        self.0.store(WANTED, Relaxed);
    }

    pub fn is_raised(&self) -> bool {
        self.0.load(Relaxed) == RAISED
    }

    /// Whether partial words are not wanted.
    pub fn is_hurried(&self) -> bool {
        self.0.load(Relaxed) != WANTED
    }
}

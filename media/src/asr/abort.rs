//! `Abort`: tells an engine at work that its result is not wanted any more.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A flag that a listening session and the engine of its utterance share. The session lowers it before each call on the engine, and
/// raises it where the caller goes on, or the call ends, while the engine works.
#[derive(Clone, Debug, Default)]
pub struct Abort(Arc<AtomicBool>);

impl Abort {
    pub fn raise(&self) {
        self.0.store(true, Relaxed);
    }

    pub fn lower(&self) {
        self.0.store(false, Relaxed);
    }

    pub fn is_raised(&self) -> bool {
        self.0.load(Relaxed)
    }
}

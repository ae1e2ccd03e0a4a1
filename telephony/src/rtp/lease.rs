//! `Lease`: a pair of ports taken from the pool; dropping it returns the pair.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Instant;

/// Dropped after the sockets beside it have closed.
#[derive(Debug)]
pub(super) struct Lease {
    port: u16,
    in_use: Arc<AtomicUsize>,
    /// Its capacity is the number of pairs, each of which is taken at most once: it is never full.
    back: SyncSender<(u16, Instant)>,
}

impl Lease {
    pub(super) fn new(port: u16, in_use: &Arc<AtomicUsize>, back: &SyncSender<(u16, Instant)>) -> Self {
        in_use.fetch_add(1, Ordering::Relaxed);
        Self { port, in_use: Arc::clone(in_use), back: back.clone() }
    }

    /// The even port of the pair.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.in_use.fetch_sub(1, Ordering::Relaxed);
        // An error: the pool itself has been dropped.
        let _ = self.back.try_send((self.port, Instant::now()));
    }
}

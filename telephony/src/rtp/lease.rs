//! `Lease`: the right to a pair of ports, which returns to the pool when it is dropped.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Instant;

/// Dropped after the sockets beside it have closed.
#[derive(Debug)]
pub(super) struct Lease {
    port: u16,
    in_use: Arc<AtomicUsize>,
    /// As long as the pool has pairs, each of which is out at most once: it never is full.
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
        // Where the pool itself is gone, nobody takes the pair again.
        let _ = self.back.try_send((self.port, Instant::now()));
    }
}

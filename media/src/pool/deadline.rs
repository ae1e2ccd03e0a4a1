//! `Deadline`: by when an engine must let go of its worker. Time in which the worker had no processor does not count.
use std::fs::File;
use std::io::{Read, Seek};
use std::time::{Duration, Instant};

/// The kernel's figures of one thread: how long it ran, and how long it was ready to run and got no processor.
pub(super) struct ThreadTimes(Option<File>);

impl ThreadTimes {
    /// Of the calling thread. Without `/proc` nobody ever waited.
    pub fn of_this_thread() -> Self {
        Self(File::open("/proc/thread-self/schedstat").ok())
    }

    pub fn read(&self) -> Times {
        let mut text = [0; 96];
        let read = self.0.as_ref().and_then(|mut file| file.rewind().and_then(|()| file.read(&mut text)).ok());
        let text = str::from_utf8(&text[..read.unwrap_or(0)]).unwrap_or_default();
        let mut times = text.split_whitespace().map_while(|ns| ns.parse().ok()).map(Duration::from_nanos);
        Times { ran: times.next().unwrap_or_default(), waited: times.next().unwrap_or_default() }
    }

    fn waited(&self) -> Duration {
        self.read().waited
    }
}

/// Totals since the thread began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub ran: Duration,
    /// Ready to run, without a processor.
    pub waited: Duration,
}

/// By when a worker must be heard of again.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub at: Instant,
    limit: Duration,
    /// What the thread had waited when the engine was entered, and what was granted for its waiting since.
    waited: Duration,
    granted: Duration,
    renewed: u32,
}

/// Waiting for a processor buys this many times the limit, and so many stalls a new one: another engine, or another worker,
/// would wait as long on a machine that is that busy.
pub(super) const MAX_GRANTS: u32 = 5;

impl Deadline {
    pub fn new(now: Instant, limit: Duration, times: &ThreadTimes) -> Self {
        Self { at: now + limit, limit, waited: times.waited(), granted: Duration::ZERO, renewed: 0 }
    }

    /// The watchdog itself overslept: the whole process stood still, and every engine with it.
    pub fn renew(&mut self, now: Instant) {
        if self.renewed < MAX_GRANTS {
            self.renewed += 1;
            self.at = self.at.max(now + self.limit);
        }
    }

    /// Whether the engine has had its time on a processor or has waited for something else than one.
    pub fn is_over(&mut self, now: Instant, times: &ThreadTimes) -> bool {
        if self.at <= now {
            let waited = times.waited().saturating_sub(self.waited).min(self.limit * MAX_GRANTS);
            self.at += waited.saturating_sub(self.granted);
            self.granted = waited;
        }
        self.at <= now
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;

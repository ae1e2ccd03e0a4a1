//! `Deadline`: when an engine must have returned. Time in which its worker waited for a processor does not count.
use std::fs::File;
use std::io::{Read, Seek};
use std::time::{Duration, Instant};

/// The kernel's figures of a thread, and of the one that runs graphs for it: how long they ran, and how long they were ready to run
/// without a processor.
pub(super) struct ThreadTimes([Option<File>; 2]);

impl ThreadTimes {
    /// Of the calling thread. Without `/proc` all figures are zero.
    pub fn of_this_thread() -> Self {
        let open = || File::open("/proc/thread-self/schedstat").ok();
        #[cfg(any(feature = "piper", feature = "zipformer"))]
        let graphs = crate::inference::threads().run(open);
        #[cfg(not(any(feature = "piper", feature = "zipformer")))]
        let graphs = None;
        Self([open(), graphs])
    }

    pub fn read(&self) -> Times {
        let none = Times { ran: Duration::ZERO, waited: Duration::ZERO };
        let all = self.0.iter().flatten().map(times_of);
        all.fold(none, |sum, one| Times { ran: sum.ran + one.ran, waited: sum.waited + one.waited })
    }

    fn waited(&self) -> Duration {
        self.read().waited
    }
}

fn times_of(mut file: &File) -> Times {
    let mut text = [0; 96];
    let read = file.rewind().and_then(|()| file.read(&mut text)).unwrap_or(0);
    let text = str::from_utf8(&text[..read]).unwrap_or_default();
    let mut times = text.split_whitespace().map_while(|ns| ns.parse().ok()).map(Duration::from_nanos);
    Times { ran: times.next().unwrap_or_default(), waited: times.next().unwrap_or_default() }
}

/// Totals since the thread began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub ran: Duration,
    /// Ready to run, without a processor.
    pub waited: Duration,
}

/// The deadline of a worker inside an engine.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub at: Instant,
    limit: Duration,
    /// The thread's total wait for a processor at entry, and the time granted since for waiting.
    waited: Duration,
    granted: Duration,
    renewed: u32,
}

/// The most that is granted for waiting, as a multiple of the limit, and the most renewals after stalls. On a machine that is busier
/// than that another engine or worker would wait as long.
pub(super) const MAX_GRANTS: u32 = 5;

impl Deadline {
    pub fn new(now: Instant, limit: Duration, times: &ThreadTimes) -> Self {
        Self { at: now + limit, limit, waited: times.waited(), granted: Duration::ZERO, renewed: 0 }
    }

    /// The whole process was stopped: the limit begins again.
    pub fn renew(&mut self, now: Instant) {
        if self.renewed < MAX_GRANTS {
            self.renewed += 1;
            self.at = self.at.max(now + self.limit);
        }
    }

    /// Whether the limit is over, less the time in which the thread waited for a processor.
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

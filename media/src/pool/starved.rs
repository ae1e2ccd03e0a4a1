//! Time that a worker could not use: an engine is blamed for none of it.
use std::fs::File;
use std::io::{Read, Seek};
use std::time::{Duration, Instant};

/// The kernel's account of one thread: how long it ran, and how long it was ready to run and got no processor.
pub(super) struct Account(Option<File>);

impl Account {
    /// Of the thread that asks. Without `/proc` nobody ever waited.
    pub fn of_this_thread() -> Self {
        Self(File::open("/proc/thread-self/schedstat").ok())
    }

    /// How long the thread has waited for a processor since it began.
    fn waited(&self) -> Duration {
        let mut text = [0; 96];
        let read = self.0.as_ref().and_then(|mut file| file.rewind().and_then(|()| file.read(&mut text)).ok());
        let text = str::from_utf8(&text[..read.unwrap_or(0)]).unwrap_or_default();
        let waited = text.split_whitespace().nth(1).and_then(|ns| ns.parse().ok());
        Duration::from_nanos(waited.unwrap_or(0))
    }
}

/// By when a worker must be heard of again.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub at: Instant,
    limit: Duration,
    /// The thread's account when the engine was entered, and what was granted for its waiting since.
    waited: Duration,
    granted: Duration,
}

/// Waiting for a processor buys this many times the limit; a caller has no more patience than that.
const MOST: u32 = 2;

impl Deadline {
    pub fn new(now: Instant, limit: Duration, account: &Account) -> Self {
        Self { at: now + limit, limit, waited: account.waited(), granted: Duration::ZERO }
    }

    /// The watchdog itself overslept: the whole process stood still, and every engine with it.
    pub fn renew(&mut self, now: Instant) {
        self.at = now + self.limit;
    }

    /// Whether the engine has had its time on a processor or has waited for something else than one.
    pub fn is_over(&mut self, now: Instant, account: &Account) -> bool {
        if self.at <= now {
            let waited = account.waited().saturating_sub(self.waited).min(self.limit * MOST);
            self.at += waited.saturating_sub(self.granted);
            self.granted = waited;
        }
        self.at <= now
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::pool::{lower_priority, now};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    const LIMIT: Duration = Duration::from_millis(400);

    #[test]
    fn who_sleeps_is_over_time() {
        let account = Account::of_this_thread();
        let mut deadline = Deadline::new(now(), LIMIT, &account);
        assert!(!deadline.is_over(now(), &account));
        thread::sleep(LIMIT * 2);
        assert!(deadline.is_over(now(), &account));
        deadline.renew(now());
        assert!(!deadline.is_over(now(), &account));
    }

    #[test]
    fn who_waits_for_a_processor_gets_the_time_back_but_not_for_ever() {
        let stop = AtomicBool::new(false);
        let cores = thread::available_parallelism().map_or(2, usize::from);
        thread::scope(|scope| {
            for _ in 0..cores * 2 {
                scope.spawn(|| while !stop.load(Ordering::Relaxed) {});
            }
            let worker = scope.spawn(|| {
                lower_priority(5);
                let account = Account::of_this_thread();
                let mut deadline = Deadline::new(now(), LIMIT, &account);
                let busy_until = |at: Instant| while now() < at {};
                let entered = now();
                busy_until(entered + LIMIT * 3 / 2);
                let first = deadline.is_over(now(), &account);
                busy_until(entered + LIMIT * (MOST + 2));
                (first, deadline.is_over(now(), &account))
            });
            let over = worker.join();
            stop.store(true, Ordering::Relaxed);
            assert_eq!(over.unwrap(), (false, true));
        });
    }
}

//! Which time counts against an engine.
use super::*;
use crate::pool::now;
use crate::pool::worker::lower_priority;
use std::sync::atomic::{AtomicBool, Ordering};

const LIMIT: Duration = Duration::from_millis(400);

#[test]
fn time_asleep_counts() {
    let times = ThreadTimes::of_this_thread();
    let mut deadline = Deadline::new(now(), LIMIT, &times);
    assert!(!deadline.is_over(now(), &times));
    std::thread::sleep(LIMIT * 2);
    assert!(deadline.is_over(now(), &times));
    deadline.renew(now());
    assert!(!deadline.is_over(now(), &times));
}

#[test]
fn time_without_a_processor_is_given_back_but_not_for_ever() {
    let stop = AtomicBool::new(false);
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores * 2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop()
                }
            });
        }
        let worker = scope.spawn(|| {
            lower_priority(5);
            let times = ThreadTimes::of_this_thread();
            let mut deadline = Deadline::new(now(), LIMIT, &times);
            let busy_until = |at: Instant| {
                while now() < at {
                    std::hint::spin_loop()
                }
            };
            let entered = now();
            busy_until(entered + LIMIT * 3 / 2);
            let first = deadline.is_over(now(), &times);
            busy_until(entered + LIMIT * (MAX_GRANTS + 2));
            (first, deadline.is_over(now(), &times))
        });
        let over = worker.join();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(over.unwrap(), (false, true));
    });
}

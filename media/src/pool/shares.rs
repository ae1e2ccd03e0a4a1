//! Fair scheduling: calls take turns, and calls that have used more processor time lately go later.
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// The half-life of a call's use.
const HALF_LIFE: Duration = Duration::from_secs(4);
/// The step of ranks: calls whose use lies within one step take turns. It is several times the use of an ordinary call, and less than
/// that of a call with a loud background.
const STEP: Duration = Duration::from_millis(250);

/// Processor time used by each call, decaying exponentially.
#[derive(Default)]
pub(super) struct Shares {
    used: HashMap<u64, (f64, Instant)>,
    cleared: Option<Instant>,
}

impl Shares {
    pub fn charge(&mut self, call: u64, now: Instant, used: Duration) {
        let all = self.seconds(call, now) + used.as_secs_f64();
        self.used.insert(call, (all, now));
        // Entries that have decayed to almost nothing are dropped.
        if self.cleared.is_none_or(|at| now.saturating_duration_since(at) >= HALF_LIFE) {
            self.cleared = Some(now);
            self.used.retain(|_, (seconds, at)| faded(*seconds, *at, now) > 1e-3);
        }
    }

    fn seconds(&self, call: u64, now: Instant) -> f64 {
        self.used.get(&call).map_or(0.0, |&(seconds, at)| faded(seconds, at, now))
    }

    /// Calls of the same rank take turns; a lower one goes first.
    fn rank(&self, call: u64, now: Instant) -> u32 {
        (self.seconds(call, now) / STEP.as_secs_f64()) as u32
    }
}

fn faded(seconds: f64, at: Instant, now: Instant) -> f64 {
    let age = now.saturating_duration_since(at);
    seconds * 0.5_f64.powf(age.as_secs_f64() / HALF_LIFE.as_secs_f64())
}

/// Work that waits for a worker, by call, with the time it was queued.
pub(super) struct FairQueue<T> {
    order: VecDeque<u64>,
    waiting: HashMap<u64, VecDeque<(T, Instant)>>,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self { order: VecDeque::new(), waiting: HashMap::new() }
    }
}

impl<T> FairQueue<T> {
    pub fn push(&mut self, call: u64, work: T, now: Instant) {
        let queue = self.waiting.entry(call).or_default();
        if queue.is_empty() {
            self.order.push_back(call);
        }
        queue.push_back((work, now));
    }

    pub fn pop(&mut self, shares: &Shares, now: Instant) -> Option<(T, Instant)> {
        let (at, _) = self.order.iter().enumerate().min_by_key(|(_, call)| shares.rank(**call, now))?;
        let call = self.order.remove(at)?;
        let queue = self.waiting.get_mut(&call)?;
        let next = queue.pop_front();
        if queue.is_empty() {
            self.waiting.remove(&call);
        } else {
            self.order.push_back(call);
        }
        next
    }

    pub fn len(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    /// The time that each piece of work was queued.
    pub fn since(&self) -> impl Iterator<Item = Instant> {
        self.waiting.values().flatten().map(|(_, since)| *since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: u64 = 99;

    /// One worker for a minute: ten calls queue a job of 10 ms at the interval `every`, and a loud one always has a job of 40 ms. Returns
    /// the share of the loud call in percent, and the longest wait of the others.
    fn minute(every: Duration) -> (u128, Duration) {
        let (start, minute) = (Instant::now(), Duration::from_secs(60));
        let (mut queue, mut shares) = (FairQueue::default(), Shares::default());
        let (mut clock, mut used, mut longest) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        let mut next: Vec<Duration> = (0..10).map(|i| every * i / 10).collect();
        let mut queued = [false; 10];
        queue.push(LOUD, LOUD, start);
        while clock < minute {
            for (call, (at, queued)) in next.iter_mut().zip(&mut queued).enumerate() {
                if *at <= clock && !*queued {
                    queue.push(call as u64, call as u64, start + *at);
                    *at += every;
                    *queued = true;
                }
            }
            let (call, since) = queue.pop(&shares, start + clock).unwrap();
            let cost = Duration::from_millis(if call == LOUD { 40 } else { 10 });
            if call != LOUD {
                longest = longest.max((start + clock).duration_since(since));
                queued[call as usize] = false;
            }
            clock += cost;
            shares.charge(call, start + clock, cost);
            if call == LOUD {
                used += cost;
                queue.push(call, call, start + clock);
            }
        }
        (used.as_millis() * 100 / minute.as_millis(), longest)
    }

    #[test]
    fn a_call_that_never_falls_silent_gets_what_others_leave_and_on_a_full_machine_its_share() {
        // Ten quiet calls need half of the worker: they wait for the job in progress and for each other.
        let (loud, longest) = minute(Duration::from_millis(200));
        assert!((45..=50).contains(&loud), "{loud} %");
        assert!(longest <= Duration::from_millis(40 + 100), "{longest:?}");
        // They need all of it: the loud call gets an eleventh, not the two sevenths of plain turns of 40 ms.
        let (loud, _) = minute(Duration::from_millis(90));
        assert!((5..=12).contains(&loud), "{loud} %");
    }

    #[test]
    fn what_was_used_long_ago_is_forgotten() {
        let (mut shares, start) = (Shares::default(), Instant::now());
        for call in 0..1_000 {
            shares.charge(call, start, STEP * 8);
        }
        assert_eq!(shares.rank(0, start), 8);
        assert_eq!(shares.rank(0, start + HALF_LIFE * 3), 1);
        shares.charge(2_000, start + HALF_LIFE * 20, STEP);
        assert_eq!(shares.used.len(), 1);
    }
}

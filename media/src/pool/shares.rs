//! Whose turn it is: calls take turns, and who has used much of the workers lately comes after who has not.
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// What a call has used counts half after this long.
const HALF_LIFE: Duration = Duration::from_secs(4);
/// Calls whose use differs by less than this take turns: several times what a call that speaks and listens uses on the
/// whole, and less than what a loud background makes of one.
const STEP: Duration = Duration::from_millis(250);

/// Processor time of the calls, each fading as time passes.
#[derive(Default)]
pub(super) struct Shares {
    used: HashMap<u64, (f64, Instant)>,
    cleared: Option<Instant>,
}

impl Shares {
    pub fn charge(&mut self, call: u64, now: Instant, used: Duration) {
        let all = self.seconds(call, now) + used.as_secs_f64();
        self.used.insert(call, (all, now));
        // Calls that have used next to nothing lately are as new ones.
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

/// What waits for a worker, call by call, each with the time since when.
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

    /// Since when each piece of work waits.
    pub fn since(&self) -> impl Iterator<Item = Instant> {
        self.waiting.values().flatten().map(|(_, since)| *since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: u64 = 99;

    /// One worker and a minute: ten calls bring a job of 10 ms every `every`, and one, which never falls silent, has one of
    /// 40 ms always. Returns the share of the loud one in percent, and how long the others waited at most.
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
        // Half of the worker is wanted by ten quiet calls: they wait for the one job under way, and for each other.
        let (loud, longest) = minute(Duration::from_millis(200));
        assert!((45..=50).contains(&loud), "{loud} %");
        assert!(longest <= Duration::from_millis(40 + 100), "{longest:?}");
        // All of it is wanted: an eleventh is the loud one's, not the two sevenths that turns of 40 ms would be.
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

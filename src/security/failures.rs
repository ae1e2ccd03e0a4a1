//! `FailureSums`: failed sign-ins as the audit has them. The first of a source has a record of its own, at once; those that follow are
//! one sum a minute, and beyond some sources in a minute all others together. It is told the time.
use super::audit::Action;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

pub(super) const WITHIN: Duration = Duration::from_secs(60);
/// Sources that have records of their own within [`WITHIN`].
const OWN: usize = 32;

/// What failed, as far as the audit tells one from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Failure {
    /// As the audit shows it.
    pub(super) name: String,
    pub(super) action: Action,
    /// A word for why, of a sign-in by the provider.
    pub(super) why: Option<&'static str>,
    /// A source, as limits count it.
    pub(super) source: IpAddr,
}

/// How often something failed that has no record yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FailureSum {
    /// `None`: of further sources together.
    pub(super) failure: Option<Failure>,
    pub(super) count: u64,
}

#[derive(Default)]
pub(super) struct FailureSums {
    since: Option<Instant>,
    each: HashMap<Failure, u64>,
    others: u64,
}

impl FailureSums {
    /// Whether this failure has a record of its own; otherwise it is part of a sum.
    pub(super) fn note(&mut self, now: Instant, failure: Failure) -> bool {
        self.since.get_or_insert(now);
        if let Some(count) = self.each.get_mut(&failure) {
            *count += 1;
        } else if self.each.len() < OWN {
            self.each.insert(failure, 0);
            return true;
        } else {
            self.others += 1;
        }
        false
    }

    /// The sums that are to be recorded now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<FailureSum> {
        if self.since.is_some_and(|since| now.saturating_duration_since(since) >= WITHIN) {
            self.rest()
        } else {
            Vec::new()
        }
    }

    /// All sums that are not recorded yet.
    pub(super) fn rest(&mut self) -> Vec<FailureSum> {
        self.since = None;
        let mut sums = Vec::new();
        // Who goes on has one record a minute, and no first one again.
        self.each.retain(|failure, count| {
            let count = std::mem::take(count);
            if count > 0 {
                sums.push(FailureSum { failure: Some(failure.clone()), count });
            }
            count > 0
        });
        let others = std::mem::take(&mut self.others);
        sums.extend((others > 0).then_some(FailureSum { failure: None, count: others }));
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(last: u8) -> Failure {
        Failure { name: "ada".into(), action: Action::SignInFailed, why: None, source: IpAddr::from([192, 0, 2, last]) }
    }

    #[test]
    fn repeats_of_a_source_are_one_sum_a_minute() {
        let (start, mut sums) = (Instant::now(), FailureSums::default());
        assert!(sums.note(start, failure(1)) && sums.note(start, failure(2)));
        for _ in 0..500 {
            assert!(!sums.note(start, failure(1)));
        }
        assert_eq!(sums.due(start + WITHIN / 2), []);
        let all = |count| vec![FailureSum { failure: Some(failure(1)), count }];
        assert_eq!(sums.due(start + WITHIN), all(500));
        assert!(!sums.note(start + WITHIN, failure(1)), "it goes on");
        assert!(sums.note(start + WITHIN, failure(2)), "and this one begins again");
        assert_eq!(sums.rest(), all(1));
        assert_eq!((sums.rest(), sums.rest()), (vec![], vec![]));
    }

    #[test]
    fn many_sources_are_so_many_records_and_one_sum_for_all_others() {
        let (start, mut sums) = (Instant::now(), FailureSums::default());
        let own = (0..=255).filter(|last| sums.note(start, failure(*last))).count();
        assert_eq!(own, OWN);
        assert_eq!(sums.due(start + WITHIN), [FailureSum { failure: None, count: 256 - OWN as u64 }]);
        assert!(sums.each.is_empty());
    }
}

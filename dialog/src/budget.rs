//! `LatencyBudget`: whether the bot answers in time, and from when on it hurries: two answers in a row that come late, until three in a row do not.
use std::time::Duration;

/// So many late answers in a row make the bot hurry, and so many in time end that.
const LATE: u8 = 2;
const IN_TIME: u8 = 3;

#[derive(Clone, Debug, Default)]
pub struct LatencyBudget {
    limit: Option<Duration>,
    late: u8,
    in_time: u8,
    hurries: bool,
}

impl LatencyBudget {
    /// `limit`: from the caller's last sound to the bot's first; `None`: as long as it takes.
    pub fn new(limit: Option<Duration>) -> LatencyBudget {
        LatencyBudget { limit, ..LatencyBudget::default() }
    }

    pub fn limit(&self) -> Option<Duration> {
        self.limit
    }

    pub fn hurries(&self) -> bool {
        self.hurries
    }

    /// The caller has waited so long for an answer. `Some`: from now on the bot hurries, or does not any more.
    pub fn answered(&mut self, delay: Duration) -> Option<bool> {
        let is_late = delay > self.limit?;
        (self.late, self.in_time) =
            if is_late { (self.late.saturating_add(1), 0) } else { (0, self.in_time.saturating_add(1)) };
        let hurries = if self.hurries { self.in_time < IN_TIME } else { self.late >= LATE };
        (std::mem::replace(&mut self.hurries, hurries) != hurries).then_some(hurries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_late_answers_in_a_row_make_haste_and_three_in_time_end_it() {
        let mut budget = LatencyBudget::new(Some(Duration::from_millis(1_500)));
        let told: Vec<Option<bool>> = [900, 1_600, 1_400, 1_501, 3_000, 2_000, 1_500, 1_000, 1_700, 200, 200, 200, 200]
            .into_iter()
            .map(|ms| budget.answered(Duration::from_millis(ms)))
            .collect();
        let (none, wanted) = (None::<bool>, [(4, Some(true)), (11, Some(false))]);
        for (at, told) in told.iter().enumerate() {
            let wanted = wanted.iter().find(|(place, _)| *place == at).map_or(none, |(_, news)| *news);
            assert_eq!(*told, wanted, "answer {at}");
        }
        assert_eq!(LatencyBudget::new(None).answered(Duration::from_secs(60)), None);
    }
}

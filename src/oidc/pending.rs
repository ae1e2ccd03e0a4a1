//! `PendingSignIns`: sign-ins that a browser has begun and the provider has not answered yet, each by its `state`. It is told the time.
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How long somebody may take at the provider.
pub(super) const LIFE: Duration = Duration::from_secs(600);
/// Sign-ins that wait, in all and of one source; the oldest goes for one too many.
const MOST: usize = 4096;
const OF_SOURCE: usize = 64;

/// A sign-in that waits for the provider's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pending {
    /// The digest of what the browser's cookie holds: another browser does not end this sign-in.
    pub(super) browser: String,
    pub(super) nonce: String,
    /// What the code is redeemed with (RFC 7636).
    pub(super) verifier: String,
    /// Where the provider sends the browser back to.
    pub(super) back: String,
}

#[derive(Default)]
pub(super) struct PendingSignIns {
    waiting: HashMap<String, Waiting>,
}

struct Waiting {
    pending: Pending,
    source: IpAddr,
    since: Instant,
}

impl PendingSignIns {
    pub(super) fn begin(&mut self, now: Instant, source: IpAddr, state: String, pending: Pending) {
        self.waiting.retain(|_, one| now.saturating_duration_since(one.since) < LIFE);
        let of_source = self.waiting.values().filter(|one| one.source == source).count();
        if of_source >= OF_SOURCE {
            self.forget_oldest(|one| one.source == source);
        } else if self.waiting.len() >= MOST {
            self.forget_oldest(|_| true);
        }
        self.waiting.insert(state, Waiting { pending, source, since: now });
    }

    fn forget_oldest(&mut self, of: impl Fn(&Waiting) -> bool) {
        let oldest = self.waiting.iter().filter(|(_, one)| of(one)).min_by_key(|(_, one)| one.since);
        if let Some(state) = oldest.map(|(state, _)| state.clone()) {
            self.waiting.remove(&state);
        }
    }

    /// The sign-in of this state that this browser has begun; it is over then. `None` where there is none, or not any more.
    pub(super) fn take(&mut self, now: Instant, state: &str, browser: &str) -> Option<Pending> {
        let found = self.waiting.get(state)?;
        if found.pending.browser != browser {
            return None;
        }
        let found = self.waiting.remove(state)?;
        (now.saturating_duration_since(found.since) < LIFE).then_some(found.pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(browser: &str) -> Pending {
        Pending { browser: browser.into(), nonce: "n".into(), verifier: "v".into(), back: "b".into() }
    }

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_state_is_good_once_in_its_own_browser_for_ten_minutes() {
        let (start, mut all) = (Instant::now(), PendingSignIns::default());
        all.begin(start, ip(1), "s".into(), pending("ada's"));
        assert_eq!(all.take(start, "other", "ada's"), None);
        assert_eq!(all.take(start, "s", "eve's"), None, "who has the state alone ends nothing");
        assert_eq!(all.take(start, "s", "ada's"), Some(pending("ada's")));
        assert_eq!(all.take(start, "s", "ada's"), None, "used");
        all.begin(start, ip(1), "t".into(), pending("ada's"));
        assert_eq!(all.take(start + LIFE, "t", "ada's"), None, "too late");
    }

    #[test]
    fn one_source_displaces_its_own_and_the_table_is_bounded() {
        let (start, mut all) = (Instant::now(), PendingSignIns::default());
        all.begin(start, ip(1), "ada".into(), pending("ada's"));
        for number in 0..10_000_u32 {
            all.begin(start + Duration::from_millis(1), ip(2), format!("eve {number}"), pending("eve's"));
        }
        assert_eq!(all.waiting.len(), 1 + OF_SOURCE);
        for number in 0..10_000_u32 {
            let source = IpAddr::from(number.to_be_bytes());
            all.begin(start + Duration::from_millis(2), source, format!("many {number}"), pending("x"));
        }
        assert_eq!(all.waiting.len(), MOST);
        all.begin(start + LIFE + LIFE, ip(3), "late".into(), pending("x"));
        assert_eq!(all.waiting.len(), 1, "those that are over go");
    }
}

//! `Attempts`: how often somebody may try a password: by address, and by account. It is told the time.
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use telephony::address::subnet;
use telephony::bucket::{Rate, TokenBuckets};

/// Addresses and accounts that are remembered; beyond it the one that tried longest ago is forgotten.
const REMEMBERED: usize = 4096;
/// Failures of one address: so many at once, and one more every six seconds.
const ADDRESS: Rate = Rate { per_second: 1.0 / 6.0, burst: 20.0 };
/// Failures in a row that an account is allowed before it is locked, and for how long: twice as long after each further one.
const ALLOWED: u32 = 10;
const LOCK: Duration = Duration::from_secs(60);
const LONGEST_LOCK: Duration = Duration::from_secs(15 * 60);
/// Failures longer ago than this are forgotten.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

pub(super) struct Attempts {
    addresses: TokenBuckets<IpAddr>,
    accounts: HashMap<String, Failures>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
    locked_until: Instant,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { addresses: TokenBuckets::new(ADDRESS, REMEMBERED), accounts: HashMap::new() }
    }
}

impl Attempts {
    /// Whether a password may be tried now; if not, when. Whether there is such an account makes no difference.
    pub(super) fn admit(&mut self, now: Instant, address: IpAddr, account: &str) -> Result<(), Duration> {
        // A copy: an attempt that succeeds costs nothing, for many may sign in from one office.
        let mut bucket = *self.addresses.of(now, subnet(address));
        bucket.take(now)?;
        match self.accounts.get(account) {
            Some(failures) if failures.locked_until > now => Err(failures.locked_until - now),
            _ => Ok(()),
        }
    }

    /// An attempt failed. Returns whether the account is locked by it.
    pub(super) fn failed(&mut self, now: Instant, address: IpAddr, account: &str) -> bool {
        // It was asked whether there is one.
        let _ = self.addresses.of(now, subnet(address)).take(now);
        if self.accounts.len() >= REMEMBERED && !self.accounts.contains_key(account) {
            let oldest = self.accounts.iter().min_by_key(|(_, failures)| failures.last).map(|(name, _)| name.clone());
            oldest.and_then(|name| self.accounts.remove(&name));
        }
        let none = Failures { count: 0, last: now, locked_until: now };
        let failures = self.accounts.entry(account.to_owned()).or_insert(none);
        if now.saturating_duration_since(failures.last) > FORGOTTEN {
            *failures = none;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        let beyond = failures.count.checked_sub(ALLOWED);
        if let Some(beyond) = beyond {
            failures.locked_until = now + LOCK.saturating_mul(1 << beyond.min(8)).min(LONGEST_LOCK);
        }
        beyond.is_some()
    }

    pub(super) fn succeeded(&mut self, account: &str) {
        self.accounts.remove(account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn s(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn an_account_is_locked_from_everywhere_for_longer_and_longer() {
        let (start, mut attempts) = (Instant::now(), Attempts::default());
        for last in 0..9 {
            assert!(attempts.admit(start, ip(last), "ada").is_ok());
            assert!(!attempts.failed(start, ip(last), "ada"));
        }
        assert!(attempts.failed(start, ip(9), "ada"), "the tenth failure locks");
        assert_eq!(attempts.admit(start, ip(99), "ada"), Err(LOCK));
        assert!(attempts.admit(start, ip(9), "eve").is_ok(), "others are not locked");
        assert!(attempts.admit(s(start, 60), ip(9), "ada").is_ok());
        attempts.failed(s(start, 60), ip(9), "ada");
        assert_eq!(attempts.admit(s(start, 60), ip(9), "ada"), Err(2 * LOCK));
        for _ in 0..20 {
            attempts.failed(s(start, 200), ip(9), "ada");
        }
        assert_eq!(attempts.admit(s(start, 200), ip(8), "ada"), Err(LONGEST_LOCK));
        attempts.succeeded("ada");
        assert!(attempts.admit(s(start, 200), ip(8), "ada").is_ok());
    }

    #[test]
    fn failures_of_an_address_run_out_and_successes_cost_nothing() {
        let (start, mut attempts) = (Instant::now(), Attempts::default());
        for _ in 0..100 {
            assert!(attempts.admit(start, ip(1), "ada").is_ok());
            attempts.succeeded("ada");
        }
        for number in 0..20 {
            assert!(attempts.admit(start, ip(1), &format!("user{number}")).is_ok());
            attempts.failed(start, ip(1), &format!("user{number}"));
        }
        assert!(attempts.admit(start, ip(1), "ada").is_err());
        assert!(attempts.admit(start, ip(2), "ada").is_ok());
        assert!(attempts.admit(s(start, 7), ip(1), "ada").is_ok());
    }

    #[test]
    fn failures_of_yesterday_are_forgotten_and_the_table_is_bounded() {
        let (start, mut attempts) = (Instant::now(), Attempts::default());
        for _ in 0..9 {
            attempts.failed(start, ip(1), "ada");
        }
        assert!(!attempts.failed(s(start, 25 * 3600), ip(1), "ada"));
        for number in 0..10_000_u64 {
            attempts.failed(s(start, 90_000 + number), ip(1), &format!("user{number}"));
        }
        assert_eq!(attempts.accounts.len(), REMEMBERED);
    }
}

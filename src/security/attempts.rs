//! `Attempts`: how often somebody may try a password, or the link of the first admin. It is told the time.
//!
//! A lock is of one account from one source, so that nobody locks out whoever signs in from elsewhere. An account as a whole has a loose
//! limit that delays by seconds, and that does not hold for sources from which its user has signed in before.
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use telephony::address::site;
use telephony::bucket::{Rate, TokenBucket, TokenBuckets};

/// Sources and accounts that are remembered.
const REMEMBERED: usize = 4096;
/// Failures of one source: so many at once, and one more every six seconds.
const SOURCE: Rate = Rate { per_second: 1.0 / 6.0, burst: 20.0 };
/// Failures of one account from sources that are new to it: so many at once, and one more every three seconds.
const ACCOUNT: Rate = Rate { per_second: 1.0 / 3.0, burst: 60.0 };
/// Passwords that are checked at all, each some 20 ms of one core: from sources that are new to an account, and, apart from these, from
/// sources that its user has signed in from.
const STRANGERS: Rate = Rate { per_second: 5.0, burst: 30.0 };
const FAMILIAR: Rate = Rate { per_second: 5.0, burst: 60.0 };
/// Steps of sign-ins by the provider, from one source: each takes two.
const PROVIDER: Rate = Rate { per_second: 2.0, burst: 200.0 };
/// Failures in a row that a source is allowed with an account before it is locked, and for how long: twice as long after each further one.
const ALLOWED: u32 = 10;
const LOCK: Duration = Duration::from_secs(60);
const LONGEST_LOCK: Duration = Duration::from_secs(15 * 60);
/// Failures longer ago than this are forgotten.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

/// The digest of an account's name: of one size, whatever is typed.
type Account = [u8; 32];

/// An account, and a source that tries it.
type Pair = (Account, IpAddr);

pub(super) struct Attempts {
    strangers: TokenBucket,
    familiar: TokenBucket,
    sources: TokenBuckets<IpAddr>,
    accounts: TokenBuckets<Account>,
    failures: HashMap<Pair, Failures>,
    /// When the user last signed in from there.
    known: HashMap<Pair, Instant>,
    /// Sources that try links of the first admin: apart, so that they displace no count of passwords.
    links: TokenBuckets<IpAddr>,
    /// Sources of sign-ins by the provider, where no password is tried here.
    provider: TokenBuckets<IpAddr>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
    locked_until: Instant,
}

fn pair(name: &str, address: IpAddr) -> Pair {
    let digest = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
    let mut account = Account::default();
    account.copy_from_slice(digest.as_ref());
    (account, site(address))
}

/// Inserts; beyond [`REMEMBERED`] the entry with the least of `worth` goes.
fn remember<V, W: Ord>(map: &mut HashMap<Pair, V>, key: Pair, value: V, worth: impl Fn(&V) -> W) {
    if map.len() >= REMEMBERED && !map.contains_key(&key) {
        let least = map.iter().min_by_key(|(_, value)| worth(value)).map(|(key, _)| *key);
        least.and_then(|key| map.remove(&key));
    }
    map.insert(key, value);
}

/// Whether there is a token, without taking it.
fn has_token<K: Copy + Eq + Hash>(buckets: &mut TokenBuckets<K>, now: Instant, key: K) -> Result<(), Duration> {
    let mut copy = *buckets.of(now, key);
    copy.take(now)
}

impl Attempts {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            strangers: TokenBucket::full(STRANGERS, now),
            familiar: TokenBucket::full(FAMILIAR, now),
            sources: TokenBuckets::new(SOURCE, REMEMBERED),
            accounts: TokenBuckets::new(ACCOUNT, REMEMBERED),
            failures: HashMap::new(),
            known: HashMap::new(),
            links: TokenBuckets::new(SOURCE, REMEMBERED),
            provider: TokenBuckets::new(PROVIDER, REMEMBERED),
        }
    }

    /// Whether a password may be tried now; if not, when. Whether there is such an account makes no difference, and what is admitted costs
    /// nothing unless it fails: many may sign in from one office.
    pub(super) fn admit(&mut self, now: Instant, address: IpAddr, name: &str) -> Result<(), Duration> {
        let key = pair(name, address);
        has_token(&mut self.sources, now, key.1)?;
        match self.failures.get(&key) {
            Some(failures) if failures.locked_until > now => return Err(failures.locked_until - now),
            _ => {}
        }
        if self.known.contains_key(&key) { Ok(()) } else { has_token(&mut self.accounts, now, key.0) }
    }

    /// Takes what checking a password costs, whether it is right or wrong.
    pub(super) fn spend(&mut self, now: Instant, address: IpAddr, name: &str) -> Result<(), Duration> {
        let known = self.known.contains_key(&pair(name, address));
        if known { self.familiar.take(now) } else { self.strangers.take(now) }
    }

    /// An attempt failed. Returns whether its source is locked by it, for this account.
    pub(super) fn failed(&mut self, now: Instant, address: IpAddr, name: &str) -> bool {
        let key = pair(name, address);
        // It was asked whether there is one.
        let _ = self.sources.of(now, key.1).take(now);
        if !self.known.contains_key(&key) {
            let _ = self.accounts.of(now, key.0).take(now);
        }
        let none = Failures { count: 0, last: now, locked_until: now };
        let known = self.failures.get(&key).copied();
        let mut failures =
            known.filter(|failures| now.saturating_duration_since(failures.last) <= FORGOTTEN).unwrap_or(none);
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        let beyond = failures.count.checked_sub(ALLOWED);
        if let Some(beyond) = beyond {
            failures.locked_until = now + LOCK.saturating_mul(1 << beyond.min(8)).min(LONGEST_LOCK);
        }
        // Names that somebody makes up, each tried once, displace each other and no lock.
        remember(&mut self.failures, key, failures, |one| (one.count, one.last));
        beyond.is_some()
    }

    /// A name that no user can have was tried: it has no count of its own.
    pub(super) fn failed_nameless(&mut self, now: Instant, address: IpAddr) -> Result<(), Duration> {
        self.sources.of(now, site(address)).take(now)
    }

    pub(super) fn succeeded(&mut self, now: Instant, address: IpAddr, name: &str) {
        let key = pair(name, address);
        self.failures.remove(&key);
        remember(&mut self.known, key, now, |at| *at);
    }

    /// The account has another password: what was counted of it, from everywhere, is over.
    pub(super) fn reset(&mut self, now: Instant, name: &str) {
        let (account, _) = pair(name, IpAddr::from([0, 0, 0, 0]));
        self.failures.retain(|key, _| key.0 != account);
        self.known.retain(|key, _| key.0 != account);
        *self.accounts.of(now, account) = TokenBucket::full(ACCOUNT, now);
    }

    /// Whether a link may be tried now; if not, when.
    pub(super) fn admit_link(&mut self, now: Instant, address: IpAddr) -> Result<(), Duration> {
        has_token(&mut self.links, now, site(address))
    }

    /// Takes what a step of a sign-in by the provider costs.
    pub(super) fn spend_provider(&mut self, now: Instant, address: IpAddr) -> Result<(), Duration> {
        self.provider.of(now, site(address)).take(now)
    }

    pub(super) fn link_failed(&mut self, now: Instant, address: IpAddr) {
        // It was asked whether there is one.
        let _ = self.links.of(now, site(address)).take(now);
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

    fn begin() -> (Instant, Attempts) {
        let start = Instant::now();
        (start, Attempts::new(start))
    }

    #[test]
    fn an_account_is_locked_for_one_source_for_longer_and_longer_and_for_no_other() {
        let (start, mut attempts) = begin();
        for _ in 0..9 {
            assert!(attempts.admit(start, ip(1), "ada").is_ok());
            assert!(!attempts.failed(start, ip(1), "ada"));
        }
        assert!(attempts.failed(start, ip(1), "ada"), "the tenth failure locks");
        assert_eq!(attempts.admit(start, ip(1), "ada"), Err(LOCK));
        assert!(attempts.admit(start, ip(2), "ada").is_ok(), "ada signs in from elsewhere");
        assert!(attempts.admit(start, ip(1), "eve").is_ok(), "other accounts are not locked");
        assert!(attempts.admit(s(start, 60), ip(1), "ada").is_ok());
        attempts.failed(s(start, 60), ip(1), "ada");
        assert_eq!(attempts.admit(s(start, 60), ip(1), "ada"), Err(2 * LOCK));
        for number in 0..20 {
            attempts.failed(s(start, 200 + number * 6), ip(1), "ada");
        }
        assert_eq!(attempts.admit(s(start, 400), ip(1), "ada"), Err(LONGEST_LOCK - Duration::from_secs(86)));
        attempts.reset(s(start, 400), "ada");
        assert!(attempts.admit(s(start, 400), ip(1), "ada").is_ok());
    }

    #[test]
    fn the_addresses_of_one_ipv6_site_are_one_source() {
        let (start, mut attempts) = begin();
        for last in 0..10_u16 {
            let address: IpAddr = format!("2001:db8:1:{last:x}::7").parse().unwrap();
            assert!(attempts.admit(start, address, "ada").is_ok());
            attempts.failed(start, address, "ada");
        }
        assert!(attempts.admit(start, "2001:db8:1:ffff::1".parse().unwrap(), "ada").is_err());
        assert!(attempts.admit(start, "2001:db8:2::1".parse().unwrap(), "ada").is_ok());
    }

    #[test]
    fn many_sources_delay_an_account_by_seconds_and_not_where_its_user_has_signed_in() {
        let (start, mut attempts) = begin();
        attempts.succeeded(start, ip(200), "ada");
        for last in 0..60 {
            assert!(attempts.admit(start, ip(last), "ada").is_ok());
            attempts.failed(start, ip(last), "ada");
        }
        let wait = attempts.admit(start, ip(99), "ada").unwrap_err();
        assert!(wait <= Duration::from_secs(3), "{wait:?}");
        assert!(attempts.admit(start, ip(200), "ada").is_ok(), "from where she works");
        assert!(attempts.admit(start, ip(99), "eve").is_ok());
        assert!(attempts.admit(s(start, 3), ip(99), "ada").is_ok());
    }

    #[test]
    fn checks_of_passwords_have_a_rate_for_all_together_and_those_who_are_known_have_their_own() {
        let (start, mut attempts) = begin();
        attempts.succeeded(start, ip(200), "ada");
        let spent = |attempts: &mut Attempts, now| {
            (0..1000_u32).filter(|n| attempts.spend(now, ip(1), &format!("x{n}")).is_ok()).count()
        };
        assert_eq!(spent(&mut attempts, start), 30);
        assert!(attempts.spend(start, ip(200), "ada").is_ok());
        assert_eq!(spent(&mut attempts, s(start, 1)), 5);
    }

    #[test]
    fn failures_of_a_source_run_out_and_successes_cost_nothing() {
        let (start, mut attempts) = begin();
        for _ in 0..100 {
            assert!(attempts.admit(start, ip(1), "ada").is_ok());
            attempts.succeeded(start, ip(1), "ada");
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
    fn failures_of_yesterday_are_forgotten_and_the_tables_are_bounded() {
        let (start, mut attempts) = begin();
        for _ in 0..9 {
            attempts.failed(start, ip(1), "ada");
        }
        assert!(!attempts.failed(s(start, 25 * 3600), ip(1), "ada"));
        for number in 0..10_000_u64 {
            attempts.failed(s(start, 90_000 + number), ip(1), &format!("user{number}"));
            attempts.succeeded(s(start, 90_000 + number), ip(1), &format!("friend{number}"));
        }
        assert_eq!((attempts.failures.len(), attempts.known.len()), (REMEMBERED, REMEMBERED));
    }

    #[test]
    fn neither_made_up_names_nor_links_displace_a_lock() {
        let (start, mut attempts) = begin();
        for _ in 0..10 {
            attempts.failed(start, ip(1), "ada");
        }
        for number in 0..10_000_u32 {
            let from = IpAddr::from(number.to_be_bytes());
            attempts.failed(s(start, 1), from, &"x".repeat(number as usize % 100));
            attempts.link_failed(s(start, 1), from);
        }
        assert!(attempts.admit(s(start, 2), ip(1), "ada").is_err());
        for _ in 0..20 {
            assert!(attempts.admit_link(start, ip(1)).is_ok());
            attempts.link_failed(start, ip(1));
        }
        assert!(attempts.admit_link(start, ip(1)).is_err() && attempts.admit_link(start, ip(2)).is_ok());
        assert!(attempts.admit(start, ip(2), "eve").is_ok());
    }

    #[test]
    fn sign_ins_by_the_provider_have_a_rate_of_each_source_and_take_no_password_away() {
        let (start, mut attempts) = begin();
        let spent =
            |attempts: &mut Attempts, now| (0..1000).filter(|_| attempts.spend_provider(now, ip(1)).is_ok()).count();
        assert_eq!(spent(&mut attempts, start), 200);
        assert_eq!(spent(&mut attempts, s(start, 10)), 20);
        assert!(attempts.spend_provider(start, ip(2)).is_ok() && attempts.admit(start, ip(1), "ada").is_ok());
    }
}

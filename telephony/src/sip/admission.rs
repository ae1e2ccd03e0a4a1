//! Admission: rate limits per source, the limits of calls and connections, and the counters of refusals.
use crate::address::{Network, subnet};
use crate::bucket::{Rate, TokenBucket, TokenBuckets};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The limits. `Default` is the shipped configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Calls at once, ringing ones included.
    pub calls: usize,
    /// The answer beyond `calls`: 486 (the caller hears busy) or 503 (a proxy tries elsewhere).
    pub full_status: u16,
    /// Retry-After of a refusal beyond `calls`.
    pub retry_after: Duration,
    /// Messages per second one source may send, on average, IPv6 counted by /64; open and trusted networks are not limited.
    pub rate: u32,
    /// Messages one source may send at once.
    pub burst: u32,
    /// How many messages a refused one counts as.
    pub refusal_cost: u32,
    /// Sources whose rate is kept; beyond it the one that has been silent longest is dropped.
    pub sources: usize,
    /// How long a call may ring unanswered.
    pub ring: Duration,
    /// TCP connections open at once; one beyond is closed immediately.
    pub connections: usize,
    /// TCP connections of one source, IPv6 counted by /64; open and trusted networks are not limited.
    pub connections_per_source: usize,
    /// A TCP connection of a limited source on which no request has been accepted closes after this time, whatever it sends.
    pub stranger: Duration,
    /// A TCP connection without traffic for this long closes.
    pub idle: Duration,
    /// The rest of a message that has begun on TCP has to arrive within this time.
    pub half_message: Duration,
    /// Contacts one phone may register.
    pub contacts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 500,
            full_status: 486,
            retry_after: Duration::from_secs(10),
            rate: 50,
            burst: 200,
            refusal_cost: 10,
            sources: 4096,
            ring: Duration::from_secs(180),
            connections: 512,
            connections_per_source: 16,
            stranger: Duration::from_secs(30),
            idle: Duration::from_secs(300),
            half_message: Duration::from_secs(10),
            contacts: 5,
        }
    }
}

/// How long a peer to which we sent a request is exempt from the rate limit.
const ASKED: Duration = Duration::from_secs(300);

/// The state of all limits. It is told the time.
#[derive(Debug)]
pub struct Admission {
    /// The rate limit of each source.
    messages: TokenBuckets<IpAddr>,
    refusal_cost: f64,
    unlimited: Vec<Network>,
    connections: Arc<Mutex<HashMap<IpAddr, usize>>>,
    connections_per_source: usize,
    refused: BTreeMap<&'static str, u64>,
    unanswered: BTreeMap<&'static str, u64>,
    live: Arc<AtomicUsize>,
    calls: usize,
}

/// Counts as one live call until it is dropped.
#[derive(Debug)]
pub struct CallSlot(Arc<AtomicUsize>);

impl Drop for CallSlot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Counts as one open connection of its source until it is dropped.
#[derive(Debug)]
pub struct ConnectionSlot {
    source: IpAddr,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.source);
            }
        }
    }
}

impl Admission {
    pub fn new(limits: &Limits, unlimited: Vec<Network>) -> Self {
        Self {
            messages: TokenBuckets::new(
                Rate { per_second: limits.rate.into(), burst: limits.burst.max(1).into() },
                limits.sources,
            ),
            refusal_cost: f64::from(limits.refusal_cost),
            unlimited,
            connections: Arc::default(),
            connections_per_source: limits.connections_per_source,
            refused: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            live: Arc::default(),
            calls: limits.calls,
        }
    }

    /// Whether a message from `source` is within its rate; one that is not is counted.
    pub fn arrive(&mut self, now: Instant, source: IpAddr) -> bool {
        let passes = self.bucket(now, source).is_none_or(|bucket| bucket.take(now).is_ok());
        if !passes {
            self.count("rate");
        }
        passes
    }

    /// A request of ours is sent to `peer`: its responses do not count against its rate.
    pub fn expect_answers(&mut self, now: Instant, peer: IpAddr) {
        if let Some(bucket) = self.bucket(now, peer) {
            bucket.exempt(now + ASKED);
        }
    }

    /// Counts a refusal, also against the rate of its source.
    pub fn refuse(&mut self, now: Instant, source: IpAddr, why: &'static str) {
        self.count(why);
        let cost = self.refusal_cost;
        if let Some(bucket) = self.bucket(now, source) {
            bucket.charge(now, cost);
        }
    }

    pub fn count(&mut self, why: &'static str) {
        *self.refused.entry(why).or_default() += 1;
    }

    /// Counts a message that gets no answer although it is not refused.
    pub fn leave_unanswered(&mut self, why: &'static str) {
        *self.unanswered.entry(why).or_default() += 1;
    }

    /// A slot for one more connection of a limited source; `None` at its limit. The limit of all connections bounds the table.
    pub fn take_connection(&self, source: IpAddr) -> Option<ConnectionSlot> {
        let source = subnet(source);
        let mut taken = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.get(&source).copied().unwrap_or_default();
        if count >= self.connections_per_source {
            return None;
        }
        taken.insert(source, count + 1);
        Some(ConnectionSlot { source, taken: self.connections.clone() })
    }

    /// Whether `source` is in an open or trusted network.
    pub fn is_unlimited(&self, source: IpAddr) -> bool {
        self.unlimited.iter().any(|network| network.contains(source))
    }

    /// A slot for one more call; `None` at the limit.
    pub fn take_call(&mut self) -> Option<CallSlot> {
        let live = self.live.fetch_add(1, Ordering::AcqRel);
        let slot = CallSlot(self.live.clone());
        (live < self.calls).then_some(slot)
    }

    /// Whether [`Self::take_call`] finds no slot.
    pub fn is_full(&self) -> bool {
        self.live() >= self.calls
    }

    pub fn live(&self) -> usize {
        self.live.load(Ordering::Acquire)
    }

    pub fn refused(&self) -> BTreeMap<&'static str, u64> {
        self.refused.clone()
    }

    pub fn unanswered(&self) -> BTreeMap<&'static str, u64> {
        self.unanswered.clone()
    }

    /// The key of the source's rate limit; `None` where it is not limited.
    fn bucket(&mut self, now: Instant, source: IpAddr) -> Option<&mut TokenBucket> {
        (!self.is_unlimited(source)).then(|| self.messages.of(now, subnet(source)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_source_past_its_burst_waits_for_its_rate() {
        let limits = Limits { rate: 10, burst: 5, ..Limits::default() };
        let (mut admission, now) = (Admission::new(&limits, vec![]), Instant::now());
        assert_eq!((0..20).filter(|_| admission.arrive(now, source(1))).count(), 5);
        assert!(admission.arrive(now, source(2)), "each source has its own bucket");
        let later = now + Duration::from_millis(350);
        assert_eq!((0..20).filter(|_| admission.arrive(later, source(1))).count(), 3);
        assert_eq!(admission.refused()["rate"], 15 + 17);
    }

    #[test]
    fn a_subnet_spends_from_one_bucket_whichever_of_its_ipv6_addresses_it_uses() {
        let limits = Limits { rate: 1, burst: 5, ..Limits::default() };
        let (mut admission, now) = (Admission::new(&limits, vec![]), Instant::now());
        let address = |n: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, n]);
        assert_eq!((0..20).filter(|n| admission.arrive(now, address(*n))).count(), 5);
        assert!(admission.arrive(now, IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, 1])), "another subnet has its own");
        assert_eq!(admission.messages.len(), 2);
    }

    #[test]
    fn refusals_cost_more_than_messages() {
        let limits = Limits { rate: 10, burst: 100, refusal_cost: 20, ..Limits::default() };
        let (mut admission, now) = (Admission::new(&limits, vec![]), Instant::now());
        let seen = (0..100).filter(|_| {
            let seen = admission.arrive(now, source(1));
            if seen {
                admission.refuse(now, source(1), "forbidden");
            }
            seen
        });
        assert_eq!(seen.count(), 5);
    }

    #[test]
    fn a_trusted_network_is_not_limited_and_the_table_is_bounded() {
        let limits = Limits { rate: 1, burst: 1, sources: 8, ..Limits::default() };
        let mut admission = Admission::new(&limits, Network::LOOPBACK.to_vec());
        let now = Instant::now();
        assert!((0..1000).all(|_| admission.arrive(now, IpAddr::from([127, 0, 0, 1]))));
        for last in 0..=255 {
            admission.arrive(now, source(last));
        }
        assert_eq!(admission.messages.len(), 8);
    }

    #[test]
    fn answers_of_a_peer_to_which_a_request_went_are_not_limited_for_a_while() {
        let limits = Limits { rate: 1, burst: 1, ..Limits::default() };
        let (mut admission, now) = (Admission::new(&limits, vec![]), Instant::now());
        admission.expect_answers(now, source(1));
        assert!((0..1000).all(|_| admission.arrive(now, source(1))));
        assert_eq!((0..1000).filter(|_| admission.arrive(now + ASKED, source(1))).count(), 1);
    }

    #[test]
    fn connections_of_one_subnet_are_limited_and_given_back() {
        let admission = Admission::new(&Limits { connections_per_source: 2, ..Limits::default() }, vec![]);
        let slot = |ip: &str| admission.take_connection(ip.parse().expect("address"));
        let (a, b) = (slot("2001:db8::1"), slot("2001:db8::2"));
        assert!(a.is_some() && b.is_some() && slot("2001:db8::3").is_none());
        assert!(slot("2001:db8:0:1::1").is_some() && slot("192.0.2.1").is_some());
        drop(a);
        assert!(slot("2001:db8::3").is_some());
        drop(b);
        assert!(admission.connections.lock().expect("table").is_empty());
    }

    #[test]
    fn call_slots_are_given_back() {
        let mut admission = Admission::new(&Limits { calls: 2, ..Limits::default() }, vec![]);
        let (a, b) = (admission.take_call(), admission.take_call());
        assert!(a.is_some() && b.is_some() && admission.is_full() && admission.take_call().is_none());
        drop(a);
        assert!(!admission.is_full() && admission.take_call().is_some());
        assert_eq!(admission.live(), 1);
    }
}

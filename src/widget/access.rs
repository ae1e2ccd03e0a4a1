//! `PageAccess`: decides which pages may call. It is told the time, and each of its tables is bounded.
use super::token::{TokenClaims, TokenId, TokenSigner, Visitor};
use super::turn::{Relay, Server};
use crate::security::WebOrigin;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use telephony::address::{Network, subnet};
use telephony::bucket::{Rate, TokenBuckets};

/// Addresses whose rate is remembered; beyond it the one that has been silent longest is forgotten.
const ADDRESSES: usize = 4096;
/// Used tokens that are remembered until they expire; beyond it no call begins (none of them is ever forgotten before).
const USED: usize = 16_384;

/// Origins beside `widget.origins` for which a server asked for a token; beyond it the one that expires soonest is forgotten.
const GRANTS: usize = 4096;
/// In seconds: how long after the expiry of its last token pages of such an origin may read answers: those of the call, and the
/// refusal of a token that has expired.
const GRANT_S: u64 = 24 * 3600;

/// Which clients may use a page that this server serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnPageClients {
    /// From this machine: a browser elsewhere that calls itself `127.0.0.1` is not ours.
    Local,
    /// From anywhere.
    Any,
}

#[derive(Clone, Debug)]
pub struct PageAccessPlan {
    /// Whether pages may call at all.
    pub enabled: bool,
    pub origins: Vec<WebOrigin>,
    pub own: Vec<(WebOrigin, OwnPageClients)>,
    pub public: Vec<String>,
    /// How long a token is good.
    pub ttl: Duration,
    pub grace: Duration,
    pub calls: usize,
    pub calls_per_address: usize,
    pub sessions_per_minute: u32,
    pub proxies: Vec<Network>,
    pub stun: Vec<String>,
    pub turn: Option<Relay>,
}

/// Why a page may not call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("this server takes no calls from pages (widget.enabled)")]
    Off,
    #[error("this page's origin is not among widget.origins")]
    Origin,
    #[error("this bot is not among widget.public: a server asks for its token with the API's")]
    Private,
    #[error("this asks for the token of POST /api/v1/widget/sessions as `Authorization: Bearer`")]
    NoToken,
    #[error("the token is none of this server's: ask for a new one")]
    Forged,
    #[error("the token has expired: ask for a new one")]
    Expired,
    #[error("the token has been used: each is good for one call")]
    Used,
    #[error("the token is for a page of another origin")]
    OtherOrigin,
    #[error("too many tokens for this address: try again in {0} seconds")]
    RateLimited(u64),
    #[error("this address has as many calls as it may have at once (widget.calls_per_address)")]
    TooManyCallsFromAddress,
    #[error("as many calls from pages as allowed are in progress (widget.max_calls)")]
    TooManyCalls,
    #[error("the server cannot keep count of more tokens at present")]
    TokenTableFull,
}

impl Refused {
    /// A word for metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Origin => "origin",
            Self::Private => "private_bot",
            Self::NoToken => "no_token",
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::Used => "used",
            Self::OtherOrigin => "other_origin",
            Self::RateLimited(_) => "flood",
            Self::TooManyCallsFromAddress => "address",
            Self::TooManyCalls => "full",
            Self::TokenTableFull => "crowded",
        }
    }
}

/// A token and what comes with it.
#[derive(Clone, Debug)]
pub struct Session {
    pub token: String,
    /// Seconds since 1970.
    pub expires: u64,
    pub servers: Vec<Server>,
    pub grace: Duration,
}

pub struct PageAccess {
    plan: PageAccessPlan,
    signer: TokenSigner,
    tables: Arc<Mutex<Tables>>,
}

struct Tables {
    /// Session tokens that each address may ask for.
    sessions: TokenBuckets<IpAddr>,
    used: HashMap<TokenId, u64>,
    /// Until when pages of an origin that is not configured, and for which a server asked for a token, may read our answers.
    granted: HashMap<WebOrigin, u64>,
    calls: HashMap<IpAddr, usize>,
    total: usize,
}

/// A call's share of the limits; dropping it gives it back.
pub struct CallSlot {
    address: IpAddr,
    tables: Arc<Mutex<Tables>>,
}

impl Drop for CallSlot {
    fn drop(&mut self) {
        let mut tables = lock(&self.tables);
        tables.total = tables.total.saturating_sub(1);
        if let Some(count) = tables.calls.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                tables.calls.remove(&self.address);
            }
        }
    }
}

fn lock(tables: &Mutex<Tables>) -> MutexGuard<'_, Tables> {
    tables.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PageAccess {
    /// `None` where the system gives no random numbers.
    pub fn new(plan: PageAccessPlan) -> Option<Self> {
        let per_minute = f64::from(plan.sessions_per_minute);
        let tables = Tables {
            sessions: TokenBuckets::new(Rate { per_second: per_minute / 60.0, burst: per_minute }, ADDRESSES),
            used: HashMap::new(),
            granted: HashMap::new(),
            calls: HashMap::new(),
            total: 0,
        };
        Some(Self { plan, signer: TokenSigner::new()?, tables: Arc::new(Mutex::new(tables)) })
    }

    /// Who a connection is from: what a trusted proxy says, read from the right (each proxy adds whom it saw).
    pub fn visitor<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut seen = peer.to_canonical();
        for hop in forwarded.rev().flat_map(|line| line.rsplit(',')) {
            if !self.is_proxy(seen) {
                break;
            }
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            seen = address.to_canonical();
        }
        seen
    }

    /// Whether this is a reverse proxy that is believed.
    pub fn is_proxy(&self, peer: IpAddr) -> bool {
        self.plan.proxies.iter().any(|network| network.contains(peer.to_canonical()))
    }

    /// Whether pages of this origin may call, asked from `visitor`.
    pub fn may_call(&self, origin: &WebOrigin, visitor: IpAddr) -> bool {
        let own = |(ours, own): &(WebOrigin, OwnPageClients)| {
            ours == origin && (*own == OwnPageClients::Any || visitor.to_canonical().is_loopback())
        };
        self.plan.origins.contains(origin) || self.plan.own.iter().any(own)
    }

    /// Whether pages of this origin may read what is answered (CORS): those that may call, and those that a server has lately
    /// asked a token for. These may use that token, and nothing more.
    pub fn may_read(&self, unix: u64, origin: &WebOrigin, visitor: IpAddr) -> bool {
        self.may_call(origin, visitor) || lock(&self.tables).granted.get(origin).is_some_and(|until| *until > unix)
    }

    /// Whether pages may call at all.
    pub fn enabled(&self) -> bool {
        self.plan.enabled
    }

    pub fn is_public(&self, bot: &str) -> bool {
        self.plan.public.iter().any(|public| public == bot)
    }

    /// A token for a page that asks itself. `unix`: now, in seconds since 1970.
    pub fn ask(
        &self,
        now: Instant,
        unix: u64,
        visitor: IpAddr,
        bot: &str,
        origin: &WebOrigin,
    ) -> Result<Session, Refused> {
        if !self.may_call(origin, visitor) {
            return Err(Refused::Origin);
        }
        if !self.is_public(bot) {
            return Err(Refused::Private);
        }
        self.spend(now, visitor)?;
        self.issue(unix, bot, origin, None)
    }

    /// A token that a server asks for, for a page of any origin; that origin may read our answers from then on.
    pub fn issue_for_server(
        &self,
        unix: u64,
        bot: &str,
        origin: &WebOrigin,
        visitor: Option<&Visitor>,
    ) -> Result<Session, Refused> {
        let session = self.issue(unix, bot, origin, visitor)?;
        if !self.plan.origins.contains(origin) {
            let granted = &mut lock(&self.tables).granted;
            if granted.len() >= GRANTS && !granted.contains_key(origin) {
                let first = granted.iter().min_by_key(|(_, until)| **until).map(|(origin, _)| origin.clone());
                first.and_then(|origin| granted.remove(&origin));
            }
            granted.insert(origin.clone(), session.expires + GRANT_S);
        }
        Ok(session)
    }

    fn issue(&self, unix: u64, bot: &str, origin: &WebOrigin, visitor: Option<&Visitor>) -> Result<Session, Refused> {
        let expires = unix + self.plan.ttl.as_secs();
        let token = self.signer.make(bot, origin, visitor, expires).ok_or(Refused::TokenTableFull)?;
        Ok(Session { token, expires, servers: self.servers(unix), grace: self.plan.grace })
    }

    /// STUN and TURN servers for a page, with credentials of its own.
    pub fn servers(&self, unix: u64) -> Vec<Server> {
        let stun = (!self.plan.stun.is_empty()).then(|| Server { urls: self.plan.stun.clone(), user: None });
        let turn =
            self.plan.turn.as_ref().map(|relay| relay.credentials(unix, &uuid::Uuid::now_v7().simple().to_string()));
        stun.into_iter().chain(turn).collect()
    }

    /// What a genuine token says, whether it is used or expired or not: for requests about a call that has begun.
    pub fn claims_of(&self, token: &str, origin: Option<&str>) -> Result<TokenClaims, Refused> {
        let claims = self.signer.read(token).ok_or(Refused::Forged)?;
        match origin {
            Some(origin) if WebOrigin::parse(origin).is_none_or(|origin| origin.as_str() != claims.origin) => {
                Err(Refused::OtherOrigin)
            }
            _ => Ok(claims),
        }
    }

    /// Uses a token up for a call of its page.
    pub fn redeem(
        &self,
        unix: u64,
        visitor: IpAddr,
        token: &str,
        origin: Option<&str>,
    ) -> Result<(TokenClaims, CallSlot), Refused> {
        // A client that is no browser has to send an origin too: a token is bound to its origin.
        let claims = self.claims_of(token, Some(origin.unwrap_or_default()))?;
        if claims.expires <= unix {
            return Err(Refused::Expired);
        }
        let mut tables = lock(&self.tables);
        if tables.used.contains_key(&claims.id) {
            return Err(Refused::Used);
        }
        let address = subnet(visitor);
        if tables.total >= self.plan.calls {
            return Err(Refused::TooManyCalls);
        }
        if tables.calls.get(&address).copied().unwrap_or_default() >= self.plan.calls_per_address {
            return Err(Refused::TooManyCallsFromAddress);
        }
        if tables.used.len() >= USED {
            tables.used.retain(|_, expires| *expires > unix);
        }
        if tables.used.len() >= USED {
            return Err(Refused::TokenTableFull);
        }
        tables.used.insert(claims.id, claims.expires);
        tables.total += 1;
        *tables.calls.entry(address).or_default() += 1;
        Ok((claims, CallSlot { address, tables: self.tables.clone() }))
    }

    fn spend(&self, now: Instant, visitor: IpAddr) -> Result<(), Refused> {
        let taken = lock(&self.tables).sessions.of(now, subnet(visitor)).take(now);
        taken.map_err(|wait| Refused::RateLimited(wait.as_secs_f64().ceil() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIX: u64 = 1_790_000_000;

    fn plan() -> PageAccessPlan {
        let origin = |text| WebOrigin::parse(text).unwrap();
        PageAccessPlan {
            enabled: true,
            origins: vec![origin("https://shop.example")],
            own: vec![
                (origin("http://127.0.0.1:8080"), OwnPageClients::Local),
                (origin("https://192.0.2.9:8080"), OwnPageClients::Any),
            ],
            public: vec!["booking.en".into()],
            ttl: Duration::from_secs(60),
            grace: Duration::from_secs(20),
            calls: 3,
            calls_per_address: 2,
            sessions_per_minute: 6,
            proxies: Network::LOOPBACK.to_vec(),
            stun: Vec::new(),
            turn: None,
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn token(page_access: &PageAccess) -> String {
        page_access.issue(UNIX, "booking.en", &WebOrigin::parse("https://shop.example").unwrap(), None).unwrap().token
    }

    const SHOP: Option<&str> = Some("https://shop.example");

    #[test]
    fn only_public_bots_are_given_to_pages_and_only_to_known_ones() {
        let page_access = PageAccess::new(plan()).unwrap();
        let ask = |bot: &str, origin: &str, from: &str| {
            page_access.ask(Instant::now(), UNIX, ip(from), bot, &WebOrigin::parse(origin).unwrap()).map(|_| ())
        };
        assert_eq!(ask("booking.en", "https://shop.example", "192.0.2.1"), Ok(()));
        assert_eq!(ask("secret", "https://shop.example", "192.0.2.1"), Err(Refused::Private));
        assert_eq!(ask("booking.en", "http://shop.example", "192.0.2.1"), Err(Refused::Origin));
        assert_eq!(ask("booking.en", "http://127.0.0.1:8080", "127.0.0.1"), Ok(()));
        assert_eq!(ask("booking.en", "http://127.0.0.1:8080", "192.0.2.1"), Err(Refused::Origin), "it only says so");
        assert_eq!(ask("booking.en", "https://192.0.2.9:8080", "192.0.2.1"), Ok(()));
    }

    #[test]
    fn a_token_is_good_once_for_its_origin_until_it_expires() {
        let page_access = PageAccess::new(plan()).unwrap();
        let redeem = |unix, token: &str, origin| page_access.redeem(unix, ip("192.0.2.1"), token, origin).map(|_| ());
        let first = token(&page_access);
        assert_eq!(redeem(UNIX, &first, Some("https://other.example")), Err(Refused::OtherOrigin));
        assert_eq!(redeem(UNIX, &first, None), Err(Refused::OtherOrigin));
        assert_eq!(redeem(UNIX + 60, &first, SHOP), Err(Refused::Expired));
        assert_eq!(redeem(UNIX, &first, SHOP), Ok(()));
        assert_eq!(redeem(UNIX, &first, SHOP), Err(Refused::Used));
        assert_eq!(redeem(UNIX, "nonsense", SHOP), Err(Refused::Forged));
        assert!(
            page_access.claims_of(&first, SHOP).is_ok() && page_access.claims_of(&first, None).is_ok(),
            "it still names its call"
        );
    }

    #[test]
    fn an_origin_that_a_server_asked_for_reads_answers_for_a_day_and_asks_for_nothing_itself() {
        let page_access = PageAccess::new(plan()).unwrap();
        let granted = WebOrigin::parse("https://guest.example").unwrap();
        let answers = |unix| page_access.may_read(unix, &granted, ip("192.0.2.1"));
        assert!(!answers(UNIX));
        let token = page_access.issue_for_server(UNIX, "secret", &granted, None).unwrap().token;
        assert!(answers(UNIX) && answers(UNIX + 60 + GRANT_S - 1) && !answers(UNIX + 60 + GRANT_S));
        let asked = page_access.ask(Instant::now(), UNIX, ip("192.0.2.1"), "booking.en", &granted).map(|_| ());
        assert_eq!(asked, Err(Refused::Origin), "not even for a public bot");
        assert!(page_access.redeem(UNIX, ip("192.0.2.1"), &token, Some("https://guest.example")).is_ok());
        for n in 0..GRANTS as u64 {
            page_access
                .issue_for_server(
                    UNIX + 1 + n,
                    "secret",
                    &WebOrigin::parse(&format!("https://g{n}.example")).unwrap(),
                    None,
                )
                .unwrap();
        }
        assert!(lock(&page_access.tables).granted.len() == GRANTS && !answers(UNIX), "the oldest is forgotten");
        page_access.issue_for_server(UNIX, "secret", &WebOrigin::parse("https://shop.example").unwrap(), None).unwrap();
        assert_eq!(lock(&page_access.tables).granted.len(), GRANTS, "a configured origin needs no grant");
    }

    #[test]
    fn calls_are_limited_in_all_and_for_each_subnet_and_their_slots_given_back() {
        let page_access = PageAccess::new(plan()).unwrap();
        let slot = |from: &str| page_access.redeem(UNIX, ip(from), &token(&page_access), SHOP).map(|(_, slot)| slot);
        let (a, b) = (slot("2001:db8::1").unwrap(), slot("2001:db8::2").unwrap());
        assert_eq!(slot("2001:db8::3").err(), Some(Refused::TooManyCallsFromAddress));
        let c = slot("192.0.2.1").unwrap();
        assert_eq!(slot("192.0.2.2").err(), Some(Refused::TooManyCalls));
        drop((a, b, c));
        assert!(slot("2001:db8::3").is_ok() && lock(&page_access.tables).calls.is_empty());
    }

    #[test]
    fn a_flood_is_told_when_to_come_again_and_fills_no_table() {
        let page_access = PageAccess::new(plan()).unwrap();
        let (now, origin) = (Instant::now(), WebOrigin::parse("https://shop.example").unwrap());
        let ask = |now, from| page_access.ask(now, UNIX, from, "booking.en", &origin).map(|_| ());
        let flood: Vec<_> = (0..20).map(|n| ask(now, ip(&format!("2001:db8::{n}")))).collect();
        assert_eq!(flood.iter().filter(|asked| asked.is_ok()).count(), 6);
        assert_eq!(flood[19], Err(Refused::RateLimited(10)));
        assert_eq!(ask(now + Duration::from_secs(10), ip("2001:db8::1")), Ok(()));
        for n in 0..5_000_u32 {
            let _ = ask(now + Duration::from_secs(11), IpAddr::from(n.to_be_bytes()));
        }
        assert!(lock(&page_access.tables).sessions.len() <= ADDRESSES);
        let wide =
            PageAccess::new(PageAccessPlan { calls: usize::MAX, calls_per_address: usize::MAX, ..plan() }).unwrap();
        lock(&wide.tables).used = (0..USED as u128).map(|n| (n.to_be_bytes(), UNIX + 5)).collect();
        let late = wide.issue(UNIX + 3, "booking.en", &origin, None).unwrap().token;
        assert_eq!(wide.redeem(UNIX + 3, ip("192.0.2.1"), &late, SHOP).err(), Some(Refused::TokenTableFull));
        assert!(wide.redeem(UNIX + 6, ip("192.0.2.1"), &late, SHOP).is_ok(), "expired ones are forgotten");
    }

    #[test]
    fn a_proxy_is_believed_if_it_is_ours_and_nobody_else() {
        let page_access = PageAccess::new(plan()).unwrap();
        let seen = |peer: &str, lines: &[&str]| page_access.visitor(ip(peer), lines.iter().copied()).to_string();
        assert_eq!(seen("192.0.2.1", &["203.0.113.5"]), "192.0.2.1");
        assert_eq!(seen("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(
            seen("127.0.0.1", &["198.51.100.1, 203.0.113.5"]),
            "203.0.113.5",
            "what the visitor wrote is not read"
        );
        assert_eq!(seen("::1", &["198.51.100.1", "203.0.113.5, 127.0.0.1"]), "203.0.113.5");
        assert_eq!(seen("127.0.0.1", &["unknown"]), "127.0.0.1");
        assert_eq!(seen("::ffff:127.0.0.1", &["2001:db8::7"]), "2001:db8::7");
    }
}

//! `Door`: lets pages in. Told the time; every table of it is bounded, whatever comes.
use super::Origin;
use super::ticket::{Mint, Ticket, TicketId};
use super::turn::{Relay, Server};
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

/// Origins beside `widget.origins` that a server vouches for; beyond it the one that ends soonest is forgotten.
const GUESTS: usize = 4096;
/// A guest's pages may read what is answered for so long after its last token: in the call that it opened, and, where it came too
/// late, that it did.
const STAY: u64 = 24 * 3600;

/// From where a page of this server's own counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// From this machine: a browser elsewhere that calls itself `127.0.0.1` is not ours.
    Machine,
    /// From anywhere.
    Network,
}

#[derive(Clone, Debug)]
pub struct DoorPlan {
    /// Whether pages may call at all.
    pub enabled: bool,
    pub origins: Vec<Origin>,
    pub own: Vec<(Origin, Own)>,
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

/// Why a page is not let in.
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
    Flood(u64),
    #[error("this address has as many calls as it may have at once (widget.calls_per_address)")]
    Address,
    #[error("as many calls from pages as allowed are in progress (widget.max_calls)")]
    Full,
    #[error("the server cannot keep count of more tokens at present")]
    Crowded,
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
            Self::Flood(_) => "flood",
            Self::Address => "address",
            Self::Full => "full",
            Self::Crowded => "crowded",
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

pub struct Door {
    plan: DoorPlan,
    mint: Mint,
    tables: Arc<Mutex<Tables>>,
}

struct Tables {
    /// Session tokens that each address may ask for.
    sessions: TokenBuckets<IpAddr>,
    used: HashMap<TicketId, u64>,
    /// Until when a page of an origin that is not configured, and that a server vouched for, may read our answers.
    guests: HashMap<Origin, u64>,
    calls: HashMap<IpAddr, usize>,
    total: usize,
}

/// A call's place; dropping it makes room.
pub struct Seat {
    address: IpAddr,
    tables: Arc<Mutex<Tables>>,
}

impl Drop for Seat {
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

impl Door {
    /// `None` where the system gives no random numbers.
    pub fn new(plan: DoorPlan) -> Option<Self> {
        let most = f64::from(plan.sessions_per_minute);
        let tables = Tables {
            sessions: TokenBuckets::new(Rate { per_second: most / 60.0, burst: most }, ADDRESSES),
            used: HashMap::new(),
            guests: HashMap::new(),
            calls: HashMap::new(),
            total: 0,
        };
        Some(Self { plan, mint: Mint::new()?, tables: Arc::new(Mutex::new(tables)) })
    }

    /// Who a connection is from: what a trusted proxy says, read from the right (each proxy adds whom it saw).
    pub fn visitor<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let trusted = |address: IpAddr| self.plan.proxies.iter().any(|network| network.contains(address));
        let mut seen = peer.to_canonical();
        for hop in forwarded.rev().flat_map(|line| line.rsplit(',')) {
            if !trusted(seen) {
                break;
            }
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            seen = address.to_canonical();
        }
        seen
    }

    /// Whether pages of this origin may call, asked from `visitor`.
    pub fn welcomes(&self, origin: &Origin, visitor: IpAddr) -> bool {
        let own = |(ours, own): &(Origin, Own)| {
            ours == origin && (*own == Own::Network || visitor.to_canonical().is_loopback())
        };
        self.plan.origins.contains(origin) || self.plan.own.iter().any(own)
    }

    /// Whether pages of this origin may read what is answered (CORS): those that may call, and those that a server has lately
    /// asked a token for. These may use that token, and nothing more.
    pub fn answers(&self, unix: u64, origin: &Origin, visitor: IpAddr) -> bool {
        self.welcomes(origin, visitor) || lock(&self.tables).guests.get(origin).is_some_and(|until| *until > unix)
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
        origin: &Origin,
    ) -> Result<Session, Refused> {
        if !self.welcomes(origin, visitor) {
            return Err(Refused::Origin);
        }
        if !self.is_public(bot) {
            return Err(Refused::Private);
        }
        self.spend(now, visitor)?;
        self.issue(unix, bot, origin)
    }

    /// A token for a page that a server vouches for: of any origin, which may read our answers from then on.
    pub fn vouch(&self, unix: u64, bot: &str, origin: &Origin) -> Result<Session, Refused> {
        let session = self.issue(unix, bot, origin)?;
        if !self.plan.origins.contains(origin) {
            let guests = &mut lock(&self.tables).guests;
            if guests.len() >= GUESTS && !guests.contains_key(origin) {
                let first = guests.iter().min_by_key(|(_, until)| **until).map(|(origin, _)| origin.clone());
                first.and_then(|origin| guests.remove(&origin));
            }
            guests.insert(origin.clone(), session.expires + STAY);
        }
        Ok(session)
    }

    fn issue(&self, unix: u64, bot: &str, origin: &Origin) -> Result<Session, Refused> {
        let expires = unix + self.plan.ttl.as_secs();
        let token = self.mint.make(bot, origin, expires).ok_or(Refused::Crowded)?;
        Ok(Session { token, expires, servers: self.servers(unix), grace: self.plan.grace })
    }

    /// What helps a page to find a way here, with credentials of its own.
    pub fn servers(&self, unix: u64) -> Vec<Server> {
        let stun = (!self.plan.stun.is_empty()).then(|| Server { urls: self.plan.stun.clone(), user: None });
        let turn =
            self.plan.turn.as_ref().map(|relay| relay.credentials(unix, &uuid::Uuid::now_v7().simple().to_string()));
        stun.into_iter().chain(turn).collect()
    }

    /// Whose token this is, used or not, expired or not: for what belongs to a call that has begun.
    pub fn whose(&self, token: &str, origin: Option<&str>) -> Result<Ticket, Refused> {
        let ticket = self.mint.read(token).ok_or(Refused::Forged)?;
        match origin {
            Some(origin) if Origin::parse(origin).is_none_or(|origin| origin.as_str() != ticket.origin) => {
                Err(Refused::OtherOrigin)
            }
            _ => Ok(ticket),
        }
    }

    /// Uses a token up for a call of its page.
    pub fn redeem(
        &self,
        unix: u64,
        visitor: IpAddr,
        token: &str,
        origin: Option<&str>,
    ) -> Result<(Ticket, Seat), Refused> {
        // What makes no page must say where it comes from too: a token is bound to its origin.
        let ticket = self.whose(token, Some(origin.unwrap_or_default()))?;
        if ticket.expires <= unix {
            return Err(Refused::Expired);
        }
        let mut tables = lock(&self.tables);
        if tables.used.contains_key(&ticket.id) {
            return Err(Refused::Used);
        }
        let address = subnet(visitor);
        if tables.total >= self.plan.calls {
            return Err(Refused::Full);
        }
        if tables.calls.get(&address).copied().unwrap_or_default() >= self.plan.calls_per_address {
            return Err(Refused::Address);
        }
        if tables.used.len() >= USED {
            tables.used.retain(|_, expires| *expires > unix);
        }
        if tables.used.len() >= USED {
            return Err(Refused::Crowded);
        }
        tables.used.insert(ticket.id, ticket.expires);
        tables.total += 1;
        *tables.calls.entry(address).or_default() += 1;
        Ok((ticket, Seat { address, tables: self.tables.clone() }))
    }

    fn spend(&self, now: Instant, visitor: IpAddr) -> Result<(), Refused> {
        let taken = lock(&self.tables).sessions.of(now, subnet(visitor)).take(now);
        taken.map_err(|wait| Refused::Flood(wait.as_secs_f64().ceil() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIX: u64 = 1_790_000_000;

    fn plan() -> DoorPlan {
        let origin = |text| Origin::parse(text).unwrap();
        DoorPlan {
            enabled: true,
            origins: vec![origin("https://shop.example")],
            own: vec![
                (origin("http://127.0.0.1:8080"), Own::Machine),
                (origin("https://192.0.2.9:8080"), Own::Network),
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

    fn token(door: &Door) -> String {
        door.issue(UNIX, "booking.en", &Origin::parse("https://shop.example").unwrap()).unwrap().token
    }

    const SHOP: Option<&str> = Some("https://shop.example");

    #[test]
    fn only_public_bots_are_given_to_pages_and_only_to_known_ones() {
        let door = Door::new(plan()).unwrap();
        let ask = |bot: &str, origin: &str, from: &str| {
            door.ask(Instant::now(), UNIX, ip(from), bot, &Origin::parse(origin).unwrap()).map(|_| ())
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
        let door = Door::new(plan()).unwrap();
        let redeem = |unix, token: &str, origin| door.redeem(unix, ip("192.0.2.1"), token, origin).map(|_| ());
        let first = token(&door);
        assert_eq!(redeem(UNIX, &first, Some("https://other.example")), Err(Refused::OtherOrigin));
        assert_eq!(redeem(UNIX, &first, None), Err(Refused::OtherOrigin));
        assert_eq!(redeem(UNIX + 60, &first, SHOP), Err(Refused::Expired));
        assert_eq!(redeem(UNIX, &first, SHOP), Ok(()));
        assert_eq!(redeem(UNIX, &first, SHOP), Err(Refused::Used));
        assert_eq!(redeem(UNIX, "nonsense", SHOP), Err(Refused::Forged));
        assert!(door.whose(&first, SHOP).is_ok() && door.whose(&first, None).is_ok(), "it still names its call");
    }

    #[test]
    fn an_origin_that_a_server_vouches_for_reads_answers_for_a_day_and_asks_for_nothing_itself() {
        let door = Door::new(plan()).unwrap();
        let guest = Origin::parse("https://guest.example").unwrap();
        let answers = |unix| door.answers(unix, &guest, ip("192.0.2.1"));
        assert!(!answers(UNIX));
        let token = door.vouch(UNIX, "secret", &guest).unwrap().token;
        assert!(answers(UNIX) && answers(UNIX + 60 + STAY - 1) && !answers(UNIX + 60 + STAY));
        let asked = door.ask(Instant::now(), UNIX, ip("192.0.2.1"), "booking.en", &guest).map(|_| ());
        assert_eq!(asked, Err(Refused::Origin), "not even for a public bot");
        assert!(door.redeem(UNIX, ip("192.0.2.1"), &token, Some("https://guest.example")).is_ok());
        for n in 0..GUESTS as u64 {
            door.vouch(UNIX + 1 + n, "secret", &Origin::parse(&format!("https://g{n}.example")).unwrap()).unwrap();
        }
        assert!(lock(&door.tables).guests.len() == GUESTS && !answers(UNIX), "the oldest is forgotten");
        door.vouch(UNIX, "secret", &Origin::parse("https://shop.example").unwrap()).unwrap();
        assert_eq!(lock(&door.tables).guests.len(), GUESTS, "a configured origin is no guest");
    }

    #[test]
    fn places_are_limited_in_all_and_for_each_subnet_and_given_back() {
        let door = Door::new(plan()).unwrap();
        let seat = |from: &str| door.redeem(UNIX, ip(from), &token(&door), SHOP).map(|(_, seat)| seat);
        let (a, b) = (seat("2001:db8::1").unwrap(), seat("2001:db8::2").unwrap());
        assert_eq!(seat("2001:db8::3").err(), Some(Refused::Address));
        let c = seat("192.0.2.1").unwrap();
        assert_eq!(seat("192.0.2.2").err(), Some(Refused::Full));
        drop((a, b, c));
        assert!(seat("2001:db8::3").is_ok() && lock(&door.tables).calls.is_empty());
    }

    #[test]
    fn a_flood_is_told_when_to_come_again_and_fills_no_table() {
        let door = Door::new(plan()).unwrap();
        let (now, origin) = (Instant::now(), Origin::parse("https://shop.example").unwrap());
        let ask = |now, from| door.ask(now, UNIX, from, "booking.en", &origin).map(|_| ());
        let flood: Vec<_> = (0..20).map(|n| ask(now, ip(&format!("2001:db8::{n}")))).collect();
        assert_eq!(flood.iter().filter(|asked| asked.is_ok()).count(), 6);
        assert_eq!(flood[19], Err(Refused::Flood(10)));
        assert_eq!(ask(now + Duration::from_secs(10), ip("2001:db8::1")), Ok(()));
        for n in 0..5_000_u32 {
            let _ = ask(now + Duration::from_secs(11), IpAddr::from(n.to_be_bytes()));
        }
        assert!(lock(&door.tables).sessions.len() <= ADDRESSES);
        let wide = Door::new(DoorPlan { calls: usize::MAX, calls_per_address: usize::MAX, ..plan() }).unwrap();
        lock(&wide.tables).used = (0..USED as u128).map(|n| (n.to_be_bytes(), UNIX + 5)).collect();
        let late = wide.issue(UNIX + 3, "booking.en", &origin).unwrap().token;
        assert_eq!(wide.redeem(UNIX + 3, ip("192.0.2.1"), &late, SHOP).err(), Some(Refused::Crowded));
        assert!(wide.redeem(UNIX + 6, ip("192.0.2.1"), &late, SHOP).is_ok(), "expired ones are forgotten");
    }

    #[test]
    fn a_proxy_is_believed_if_it_is_ours_and_nobody_else() {
        let door = Door::new(plan()).unwrap();
        let seen = |peer: &str, lines: &[&str]| door.visitor(ip(peer), lines.iter().copied()).to_string();
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

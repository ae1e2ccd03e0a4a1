//! `Web`: the web address's connections. However many come and however slow they are, calls keep the file descriptors they need.
//!
//! HTTP/1.1 (RFC 9112) on hyper itself: `axum::serve` and hyper-util's `auto` builder both wait without limit for the first
//! byte of a connection. A connection that comes when the usual places are taken gets one of a few spare ones, where health is
//! answered and all else refused ([`Place::Spare`]): so many connections neither look like a dead server nor keep this machine out.
use super::tls::Tls;
use crate::config::Config;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use telephony::address::{Network, subnet};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tower_http::add_extension::AddExtension;

/// Bytes of a request's head, and of what is read ahead.
const HEAD: usize = 64 * 1024;
/// The wait after a failed accept, which only the end of other work can end (no file descriptors, no memory).
const BACK_OFF: Duration = Duration::from_millis(500);

/// That places are taken is logged no more often.
const AGAIN: Duration = Duration::from_secs(60);
/// The longest a request's head may take in a spare place, of which one host has so many.
const SPARE_HEAD: Duration = Duration::from_secs(2);
const SPARE_PER_HOST: usize = 2;

/// How much of the machine the API may hold.
#[derive(Clone, Debug)]
pub struct WebPlan {
    /// Connections at once. WebSockets have a limit of their own and do not count.
    pub connections: usize,
    /// Of these, how many only connections of this machine may take.
    pub reserved: usize,
    /// Beside them, places for the time when the others are taken; beyond these a connection is closed at once.
    pub spare: usize,
    /// Those of one host, IPv6 counted by /64. This machine and the proxies are not limited: requests of many hosts come through them.
    pub per_host: usize,
    pub proxies: Arc<[Network]>,
    /// The longest a request's head may take, and a connection may rest between requests.
    pub head: Duration,
    /// The longest that a client may read nothing of an answer.
    pub stall: Duration,
}

impl Default for WebPlan {
    fn default() -> Self {
        Self {
            connections: 256,
            reserved: 32,
            spare: 16,
            per_host: 64,
            proxies: Arc::default(),
            head: Duration::from_secs(10),
            stall: Duration::from_secs(30),
        }
    }
}

impl WebPlan {
    /// The limits of this server: whose proxies are trusted stands in its configuration.
    pub fn of(config: &Config) -> Self {
        Self { proxies: config.widget.proxies.iter().map(|network| network.0).collect(), ..Self::default() }
    }
}

/// What a connection is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Usual,
    /// The others are taken: for health alone, and for being told so.
    Spare,
}

/// Who a connection is from, and what it is good for: the listener adds it to each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub address: IpAddr,
    pub place: Place,
}

/// A listening socket and those connected to it. Dropping it closes them all; [`Web::close`] does so with grace.
pub struct Web {
    address: SocketAddr,
    end: watch::Sender<Option<Duration>>,
    task: JoinHandle<()>,
}

impl Web {
    /// Listens on `at` and serves `router` until closed: by TLS where there is a certificate, else plain.
    ///
    /// # Errors
    /// Those of binding.
    pub async fn open(at: SocketAddr, router: axum::Router, plan: WebPlan, tls: Option<Tls>) -> io::Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let (end, ended) = watch::channel(None);
        Ok(Self { address, end, task: tokio::spawn(accept(listener, Site { router, plan, tls }, ended)) })
    }

    /// Where it listens: the port that was found when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no new connection, lets requests in progress finish within `limit`, and closes the rest.
    pub async fn close(self, limit: Duration) {
        self.end.send_replace(Some(limit));
        if let Err(why) = self.task.await {
            tracing::error!(%why, "the API's listener ended before its time");
        }
    }
}

/// What every connection is served with.
#[derive(Clone)]
struct Site {
    router: axum::Router,
    plan: WebPlan,
    tls: Option<Tls>,
}

async fn accept(listener: TcpListener, site: Site, mut ended: watch::Receiver<Option<Duration>>) {
    let mut open = JoinSet::new();
    let (usual, spare) = (Hosts::default(), Hosts::default());
    let mut told: Option<Instant> = None;
    let end = ended.clone();
    let limit = loop {
        let (stream, address) = tokio::select! {
            stream = next(&listener) => stream,
            // An error here is a `Web` that was dropped.
            limit = ended.wait_for(Option::is_some) => break limit.ok().and_then(|limit| *limit).unwrap_or_default(),
        };
        while open.try_join_next().is_some() {}
        let limits = ConnectionLimits::of(&site.plan, address);
        let (slot, place) = match usual.slot(address, limits) {
            Some(slot) => (Some(slot), Place::Usual),
            None => {
                // A proxy's connections carry the requests of many hosts.
                let each = if limits.each == usize::MAX { site.plan.spare } else { SPARE_PER_HOST };
                (spare.slot(address, ConnectionLimits { all: site.plan.spare, each }), Place::Spare)
            }
        };
        // At most one line a minute, however many connections come.
        if place == Place::Spare && told.is_none_or(|at| at.elapsed() > AGAIN) {
            told = Some(Instant::now());
            tracing::warn!(
                open = open.len(),
                "all connections to the API are taken, or all that one host may have; more are refused"
            );
        }
        let Some(slot) = slot else { continue };
        let served = serve(stream, site.clone(), Peer { address, place }, end.clone());
        open.spawn(async move {
            served.await;
            drop(slot);
        });
    };
    drop(listener);
    // Those still open after that are closed as the set is dropped.
    let _ = timeout(limit, async { while open.join_next().await.is_some() {} }).await;
}

/// Connections at once: in all, and of one host.
#[derive(Clone, Copy)]
struct ConnectionLimits {
    all: usize,
    each: usize,
}

impl ConnectionLimits {
    fn of(plan: &WebPlan, address: IpAddr) -> Self {
        let address = address.to_canonical();
        let own = address.is_loopback();
        let brings_others = own || plan.proxies.iter().any(|network| network.contains(address));
        Self {
            all: if own { plan.connections } else { plan.connections.saturating_sub(plan.reserved) },
            each: if brings_others { usize::MAX } else { plan.per_host },
        }
    }
}

/// Open connections by host. The table is bounded by the limit of all connections.
#[derive(Clone, Default)]
struct Hosts(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    all: usize,
    each: HashMap<IpAddr, usize>,
}

/// A host's place for one connection; dropping it makes state.
struct ConnectionSlot(Hosts, IpAddr);

impl Hosts {
    /// `None` where there is no place, in all or for this host.
    fn slot(&self, host: IpAddr, limits: ConnectionLimits) -> Option<ConnectionSlot> {
        let host = subnet(host);
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= limits.all || taken.each.get(&host).copied().unwrap_or_default() >= limits.each {
            return None;
        }
        taken.all += 1;
        *taken.each.entry(host).or_default() += 1;
        Some(ConnectionSlot(self.clone(), host))
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut taken = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(count) = taken.each.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                taken.each.remove(&self.1);
            }
        }
    }
}

async fn next(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => return (stream, from.ip()),
            // One connection's own trouble.
            Err(why)
                if matches!(
                    why.kind(),
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
                ) => {}
            Err(why) => {
                tracing::warn!(%why, "the API cannot accept a connection");
                sleep(BACK_OFF).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, site: Site, peer: Peer, mut end: watch::Receiver<Option<Duration>>) {
    // Events are small and wanted now; without it they only come later.
    let _ = stream.set_nodelay(true);
    // Available since Linux 2.6.37; without it a client that does not read its answer holds its connection.
    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(site.plan.stall));
    let Site { router, plan, tls } = site;
    let head = if peer.place == Place::Spare { plan.head.min(SPARE_HEAD) } else { plan.head };
    let speaker = Speaker { peer, head, end: end.clone() };
    let Some(tls) = tls else { return speaker.speak(stream, router).await };
    let greeting = async {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Ok(None);
        }
        // A handshake begins with 22 (RFC 8446 section 5.1), a request with a letter.
        if first[0].is_ascii_alphabetic() {
            Ok(Some(Err(stream)))
        } else {
            tls.accept(stream).await.map(|s| Some(Ok(s)))
        }
    };
    let greeted = tokio::select! {
        greeted = timeout(head, greeting) => greeted,
        _ = end.wait_for(Option::is_some) => return,
    };
    match greeted {
        Ok(Ok(Some(Ok(stream)))) => speaker.speak(stream, router).await,
        Ok(Ok(Some(Err(stream)))) => speaker.speak(stream, axum::Router::new().fallback(elsewhere)).await,
        // A client that left, was too slow, or spoke neither.
        _ => {}
    }
}

/// Who asks for a page without TLS is sent to where there is TLS. Whoever sent something with it is told: it was not hidden.
async fn elsewhere(request: Request) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let page = matches!(*request.method(), Method::GET | Method::HEAD);
    match host.filter(|_| page && !request.headers().contains_key(header::AUTHORIZATION)) {
        Some(host) => {
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, format!("https://{host}{}", request.uri()))])
                .into_response()
        }
        None => (StatusCode::BAD_REQUEST, "this address speaks https, and what came without it was not hidden\n")
            .into_response(),
    }
}

/// Speaks HTTP with one peer.
struct Speaker {
    peer: Peer,
    head: Duration,
    end: watch::Receiver<Option<Duration>>,
}

impl Speaker {
    async fn speak<S>(mut self, stream: S, router: axum::Router)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.head).max_buf_size(HEAD);
        // A spare place is for one question.
        http.keep_alive(self.peer.place == Place::Usual);
        let service = TowerToHyperService::new(AddExtension::new(router, self.peer));
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
        // An error here is a client that left, was too slow, or spoke no HTTP.
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = self.end.wait_for(Option::is_some) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n";
    const SOON: Duration = Duration::from_secs(5);

    async fn open(connections: usize, head: Duration) -> Web {
        let slow = async || {
            sleep(Duration::from_millis(400)).await;
            "late"
        };
        let here = async |axum::Extension(peer): axum::Extension<Peer>| format!("{:?}", peer.place);
        let router = axum::Router::new().route("/", get(here)).route("/slow", get(slow));
        let plan = WebPlan { connections, spare: 1, head, ..WebPlan::default() };
        Web::open("127.0.0.1:0".parse().unwrap(), router, plan, None).await.unwrap()
    }

    async fn connect(web: &Web) -> TcpStream {
        TcpStream::connect(web.address()).await.unwrap()
    }

    /// The answer so far, or nothing if the connection is closed.
    async fn ask(stream: &mut TcpStream, what: &[u8]) -> String {
        let mut answer = vec![0; 1024];
        let _ = stream.write_all(what).await;
        let count = timeout(SOON, stream.read(&mut answer)).await.unwrap().unwrap_or(0);
        String::from_utf8_lossy(&answer[..count]).into_owned()
    }

    /// How long it takes until the other side closes.
    async fn closed(stream: &mut TcpStream) -> Duration {
        let since = Instant::now();
        let mut rest = Vec::new();
        let _ = timeout(SOON, stream.read_to_end(&mut rest)).await.unwrap();
        since.elapsed()
    }

    #[tokio::test]
    async fn one_connection_too_many_is_closed_at_once_and_a_freed_place_is_taken_again() {
        let web = open(2, SOON * 4).await;
        let mut first = connect(&web).await;
        assert!(ask(&mut first, ASK).await.ends_with("Usual"));
        let mut second = connect(&web).await;
        assert!(ask(&mut second, ASK).await.ends_with("Usual"));
        let mut third = connect(&web).await;
        assert!(ask(&mut third, ASK).await.ends_with("Spare"));
        assert!(closed(&mut third).await < SOON, "one question each");
        // Who fills the spare place too without asking anything loses it soon.
        let (mut fourth, mut fifth) = (connect(&web).await, connect(&web).await);
        assert!(closed(&mut fifth).await < SPARE_HEAD && closed(&mut fourth).await < SOON);
        assert!(ask(&mut first, ASK).await.ends_with("Usual"), "the others are served on");
        drop(second);
        for _ in 0..100 {
            let mut next = connect(&web).await;
            if ask(&mut next, ASK).await.ends_with("Usual") {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the place is not freed");
    }

    #[test]
    fn a_host_has_so_many_places_and_gets_them_back_and_this_machine_always_finds_one() {
        let (hosts, plan) =
            (Hosts::default(), WebPlan { connections: 12, reserved: 4, per_host: 2, ..WebPlan::default() });
        let plan = WebPlan { proxies: Arc::new(["198.51.100.0/24".parse().unwrap()]), ..plan };
        let slot = |ip: &str| hosts.slot(ip.parse().unwrap(), ConnectionLimits::of(&plan, ip.parse().unwrap()));
        let (a, b) = (slot("192.0.2.1"), slot("192.0.2.1"));
        assert!(a.is_some() && b.is_some() && slot("192.0.2.1").is_none() && slot("192.0.2.2").is_some());
        let (c, d) = (slot("2001:db8::1"), slot("2001:db8::2"));
        assert!(c.is_some() && d.is_some() && slot("2001:db8::3").is_none());
        let proxy: Vec<_> = (0..9).map_while(|_| slot("198.51.100.7")).collect();
        assert_eq!(proxy.len(), 4, "as many as there are for strangers");
        assert!(slot("192.0.2.2").is_none());
        let own: Vec<_> = (0..9).map_while(|_| slot("127.0.0.1")).collect();
        assert_eq!(own.len(), 4);
        drop((a, own));
        assert!(slot("192.0.2.1").is_some());
        drop((b, c, d, proxy));
        assert!(hosts.0.lock().unwrap().each.is_empty());
    }

    #[tokio::test]
    async fn who_asks_and_does_not_read_is_let_go() {
        let long = vec![7u8; 32 << 20];
        let router = axum::Router::new().route("/", get(async move || long));
        let plan = WebPlan { stall: Duration::from_millis(300), ..WebPlan::default() };
        let web = Web::open("127.0.0.1:0".parse().unwrap(), router, plan, None).await.unwrap();
        let mut stream = connect(&web).await;
        stream.write_all(ASK).await.unwrap();
        sleep(Duration::from_millis(1500)).await;
        let mut rest = Vec::new();
        let read = timeout(SOON, stream.read_to_end(&mut rest)).await.unwrap();
        assert!(read.is_err() || rest.len() < 32 << 20, "{} bytes were kept for it", rest.len());
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_or_half_a_request_or_no_second_one_is_let_go() {
        let head = Duration::from_millis(300);
        let web = open(10, head).await;
        let mut idle = connect(&web).await;
        let mut half = connect(&web).await;
        half.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
        let mut rested = connect(&web).await;
        assert!(ask(&mut rested, ASK).await.ends_with("Usual"));
        let (idle, half, rested) = tokio::join!(closed(&mut idle), closed(&mut half), closed(&mut rested));
        for taken in [idle, half, rested] {
            assert!((head / 2..SOON).contains(&taken), "{taken:?}");
        }
        // The work of a request is not its head.
        let mut slow = connect(&web).await;
        assert!(ask(&mut slow, b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n").await.ends_with("late"));
    }

    #[tokio::test]
    async fn closing_lets_a_request_finish_and_waits_for_nobody_else() {
        let web = open(10, SOON * 4).await;
        let address = web.address();
        let mut idle = connect(&web).await;
        let mut asking = connect(&web).await;
        asking.write_all(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();
        sleep(Duration::from_millis(100)).await;
        let since = Instant::now();
        let answer = async {
            let mut answer = String::new();
            timeout(SOON, asking.read_to_string(&mut answer)).await.unwrap().unwrap();
            answer
        };
        let (answer, idle, ()) = tokio::join!(answer, closed(&mut idle), web.close(SOON));
        assert!(answer.ends_with("late"), "{answer}");
        assert!(idle < SOON && since.elapsed() < SOON);
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn closing_ends_when_its_time_is_up() {
        let web = open(10, SOON * 4).await;
        let mut asking = connect(&web).await;
        asking.write_all(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();
        sleep(Duration::from_millis(50)).await;
        let since = Instant::now();
        web.close(Duration::from_millis(20)).await;
        assert!(since.elapsed() < Duration::from_millis(300), "{:?}", since.elapsed());
        assert!(closed(&mut asking).await < SOON);
    }
}

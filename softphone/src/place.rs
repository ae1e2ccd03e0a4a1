//! Where a call goes and from where; and `Placed`: one that was answered, for whoever directs its caller.
use super::driver::{Driver, PhoneEvent};
use super::level::ActivityPlan;
use super::phone::Plan;
use anyhow::{Context, bail};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use telephony::rtp::{Ports, PortsPlan};
use telephony::sip::{Dial, Sip, SipPlan};
use telephony::{Line, Party};
use tokio::sync::mpsc;

/// Ports for the sound of the one call: outside the range the server's configuration has by default.
pub(super) const PORTS: (u16, u16) = (40_000, 48_999);
/// The bot has finished when it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(600);

/// What does not fit is lost: more than a minute of the fastest conversation.
const EVENTS: usize = 256;

/// A call that was answered, with a caller who does what they are told ([`Driver::act`]).
pub struct Placed {
    pub line: Line,
    pub driver: Driver,
    pub events: mpsc::Receiver<PhoneEvent>,
    pub answered: Instant,
    sip: Sip,
}

impl Placed {
    /// Calls `target`, a SIP URI, as `caller`.
    ///
    /// # Errors
    /// Nobody listens there, or the call was refused.
    pub async fn call(target: &str, caller: &str, rings: Duration) -> anyhow::Result<Self> {
        let at = resolve(target).await?;
        let bind = route_to(at).context("no way to the target from this machine")?;
        if !target.contains("transport=tcp") && nobody_listens(at, bind) {
            bail!("nothing answers SIP at {at}");
        }
        let plan = SipPlan { udp: vec![SocketAddr::new(bind, 0)], tcp: vec![], open: Vec::new(), ..SipPlan::default() };
        let ports = PortsPlan { bind, advertise: bind, from: PORTS.0, to: PORTS.1, ..PortsPlan::default() };
        let (sip, _) = Sip::start(plan, Ports::new(ports)).await.context("cannot open a SIP socket")?;
        let from = Party::new(caller, "").on(bind);
        let dial = Dial { to: target.to_owned(), from: Some(from), timeout: rings, ..Dial::default() };
        let mut line = match sip.dial(dial).await {
            Ok(line) => line,
            Err(refused) => bail!("the call was not answered: {} {}", refused.status, refused.reason),
        };
        let answered = Instant::now();
        let wire = line.wire.take().context("the line has no sound")?;
        let (events, inbox) = mpsc::channel(EVENTS);
        let driver = Driver::start(wire, directed(&line), answered, Duration::ZERO, events);
        let driver = driver.context("cannot start a thread")?;
        Ok(Self { line, driver, events: inbox, answered, sip })
    }

    /// Hangs up, if the call is not over, and closes everything.
    pub async fn leave(self) {
        let Self { mut line, driver, sip, .. } = self;
        line.hang_up("conversation finished").await;
        // The thread ends within milliseconds, and there is nothing left to do about one that broke.
        let _ = tokio::task::spawn_blocking(move || driver.finish()).await;
        sip.stop(Duration::from_secs(1)).await;
    }
}

/// What a softphone does in a call over this line that is told when to speak.
pub(super) fn directed(line: &Line) -> Plan {
    let seed = random();
    Plan {
        line: line.plan.clone(),
        ssrc: seed as u32,
        sequence: (seed >> 32) as u16 >> 1,
        timestamp: (seed >> 24) as u32,
        acts: Vec::new(),
        interrupt: None,
        finished: QUIET,
        patience: Duration::MAX,
        activity: ActivityPlan::default(),
        directed: true,
    }
}

/// The address behind a SIP URI, as far as it decides from where to call.
pub(super) async fn resolve(uri: &str) -> anyhow::Result<SocketAddr> {
    let (host, port) =
        host_of(uri).with_context(|| format!("`{uri}` is no SIP URI: sip:USER@HOST[:PORT] is wanted"))?;
    let mut found =
        tokio::net::lookup_host((host, port)).await.with_context(|| format!("cannot find the host {host}"))?;
    found.next().with_context(|| format!("the host {host} has no address"))
}

/// Host and port of `sip:user@host:port;parameters` (RFC 3261 section 19.1.1); 5060 where there is no port.
pub(super) fn host_of(uri: &str) -> Option<(&str, u16)> {
    let rest = uri.strip_prefix("sip:")?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let end = rest.find([';', '?', '>']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, rest) = v6.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(5060), |port| port.parse().ok())?;
    (!host.is_empty()).then_some((host, port))
}

/// The address of ours that packets to `target` carry.
pub(super) fn route_to(target: SocketAddr) -> std::io::Result<IpAddr> {
    Ok(probe(target, None)?.local_addr()?.ip())
}

fn probe(target: SocketAddr, bind: Option<IpAddr>) -> std::io::Result<UdpSocket> {
    let any: IpAddr = if target.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((bind.unwrap_or(any), 0))?;
    socket.connect(target)?;
    Ok(socket)
}

/// The machine says that its port is closed. It is told at once, instead of after the half minute that SIP waits for an answer.
pub(super) fn nobody_listens(target: SocketAddr, bind: IpAddr) -> bool {
    let refused = || -> std::io::Result<()> {
        let socket = probe(target, Some(bind))?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        // A keep-alive of RFC 5626 section 3.5.1: it asks for nothing that hurts.
        socket.send(b"\r\n\r\n")?;
        socket.recv(&mut [0; 64]).map(drop)
    };
    refused().is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

/// Unpredictable enough for sources and sequence numbers (RFC 3550 section 5.1).
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

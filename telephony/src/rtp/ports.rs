//! `Ports`: a pool of UDP port pairs, RTP even and RTCP odd. A closed pair is not used again for a while.
use super::Remote;
use super::latch::{Latch, Latching};
use super::lease::Lease;
use super::wire::{Control, UdpWire};
use crate::address::same_family;
use rand::seq::SliceRandom;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// DSCP "expedited forwarding" (RFC 3246), as the traffic class byte.
const EXPEDITED: libc::c_int = 46 << 2;

#[derive(Clone, Debug)]
pub struct PortsPlan {
    /// The address to bind. An IPv6 one binds for IPv6 alone.
    pub bind: IpAddr,
    /// The address that SDP names.
    pub advertise: IpAddr,
    /// The range, both ends included; only whole pairs are used.
    pub from: u16,
    pub to: u16,
    /// How long a closed pair is not used again, so that packets in flight reach no other call.
    pub drain: Duration,
    pub latching: Latching,
    /// After this time without packets a far end may continue from another address, because a NAT has dropped its mapping.
    pub silence: Duration,
    /// The address of the other IP family, where both are configured. It shares the range.
    pub other: Option<RtpAddress>,
}

/// An address to bind, and the address in SDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpAddress {
    pub bind: IpAddr,
    pub advertise: IpAddr,
}

impl Default for PortsPlan {
    fn default() -> Self {
        Self {
            bind: Ipv4Addr::LOCALHOST.into(),
            advertise: Ipv4Addr::LOCALHOST.into(),
            from: 20_000,
            to: 29_999,
            drain: Duration::from_secs(2),
            latching: Latching::default(),
            silence: Duration::from_secs(2),
            other: None,
        }
    }
}

impl PortsPlan {
    fn addresses(&self) -> impl Iterator<Item = RtpAddress> {
        std::iter::once(RtpAddress { bind: self.bind, advertise: self.advertise }).chain(self.other)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum NoPort {
    #[error(
        "no free RTP port in {from}-{to} ({in_use} pairs in use, {resting} closed lately or taken by others): \
         widen rtp.ports_from and rtp.ports_to"
    )]
    Exhausted { from: u16, to: u16, in_use: usize, resting: usize },
    #[error("cannot bind RTP on {address}: {source}; see rtp.bind, and the limit of open files")]
    Bind { address: IpAddr, source: io::Error },
}

/// The pool; clones share it.
#[derive(Clone, Debug)]
pub struct Ports(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    plan: PortsPlan,
    in_use: Arc<AtomicUsize>,
    state: Mutex<State>,
    /// Closed pairs are returned here, also by media threads, without a lock. Its capacity is the number of pairs, each of which is taken
    /// at most once: it is never full.
    back: SyncSender<(u16, Instant)>,
}

#[derive(Debug)]
struct State {
    /// The even ports of free pairs, the longest unused first.
    free: VecDeque<u16>,
    resting: VecDeque<(u16, Instant)>,
    back: Receiver<(u16, Instant)>,
}

impl State {
    fn collect(&mut self, now: Instant, drain: Duration) {
        self.resting.extend(self.back.try_iter());
        while let Some(&(port, since)) = self.resting.front()
            && now.saturating_duration_since(since) >= drain
        {
            self.resting.pop_front();
            self.free.push_back(port);
        }
    }
}

impl Ports {
    pub fn new(plan: PortsPlan) -> Self {
        // Port 0 means "any" to a socket. The order is random, so that the port of the next call cannot be guessed.
        let mut ports = (plan.from.max(2)..=plan.to).filter(|p| p % 2 == 0 && *p < plan.to).collect::<Vec<_>>();
        ports.shuffle(&mut rand::rng());
        let (back, receiver) = sync_channel(ports.len().max(1));
        let state = State { free: ports.into(), resting: VecDeque::new(), back: receiver };
        Self(Arc::new(Pool { plan, in_use: Arc::default(), state: Mutex::new(state), back }))
    }

    /// A pair of bound sockets. Never blocks.
    pub fn take(&self) -> Result<Socket, NoPort> {
        self.take_towards(self.0.plan.advertise)
    }

    /// A pair of the IP family of `peer`; of the first address where that family is not configured.
    pub fn take_towards(&self, peer: IpAddr) -> Result<Socket, NoPort> {
        let PortsPlan { bind, advertise, drain, from, to, .. } = self.0.plan;
        let mut addresses = self.0.plan.addresses();
        let found = addresses.find(|addresses| same_family(addresses.advertise, peer));
        let RtpAddress { bind, advertise } = found.unwrap_or(RtpAddress { bind, advertise });
        let mut tries = self.locked(|state| state.free.len() + state.resting.len()) + self.in_use();
        loop {
            let now = Instant::now();
            let (lease, resting) = self.locked(|state| {
                state.collect(now, drain);
                (state.free.pop_front().map(|port| self.lease(port)), state.resting.len())
            });
            let Some(lease) = lease else {
                return Err(NoPort::Exhausted { from, to, in_use: self.in_use(), resting });
            };
            let port = lease.port();
            match open(bind, port).and_then(|rtp| Ok((rtp, open(bind, port + 1)?))) {
                Ok((rtp, rtcp)) => {
                    let (latching, silence) = (self.0.plan.latching, self.0.plan.silence);
                    return Ok(Socket { rtp, rtcp, advertise, lease, latching, silence });
                }
                // Another program uses the port: the pair is returned, and the next one is tried.
                Err(e) if e.kind() == io::ErrorKind::AddrInUse && tries > 0 => tries -= 1,
                Err(source) => return Err(NoPort::Bind { address: bind, source }),
            }
        }
    }

    fn lease(&self, port: u16) -> Lease {
        Lease::new(port, &self.0.in_use, &self.0.back)
    }

    /// Pairs that are taken.
    pub fn in_use(&self) -> usize {
        self.0.in_use.load(Ordering::Relaxed)
    }

    /// Pairs that [`Self::take`] would find free at `now`, unless another program uses them.
    pub fn free(&self, now: Instant) -> usize {
        self.locked(|state| {
            state.collect(now, self.0.plan.drain);
            state.free.len()
        })
    }

    /// Whether RTP is configured for the IP family of this address.
    pub fn serves(&self, address: IpAddr) -> bool {
        self.0.plan.addresses().any(|addresses| same_family(addresses.advertise, address))
    }

    fn locked<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        act(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A bound pair without a leg. Dropping it returns the pair.
#[derive(Debug)]
pub struct Socket {
    // Fields drop in this order: the sockets close before the lease is returned.
    rtp: UdpSocket,
    rtcp: UdpSocket,
    advertise: IpAddr,
    lease: Lease,
    latching: Latching,
    silence: Duration,
}

impl Socket {
    /// The RTP port, for the m-line; RTCP is on the next port.
    pub fn port(&self) -> u16 {
        self.lease.port()
    }

    /// The address for the c-line.
    pub fn advertised(&self) -> IpAddr {
        self.advertise
    }

    /// The wire for the leg, and its control for the signalling.
    pub fn wire(self, remote: Remote) -> (UdpWire, Control) {
        let latch = Latch::new(self.latching, self.silence, remote);
        UdpWire::new(self.rtp, self.rtcp, self.lease, latch)
    }
}

/// The receive buffer: five seconds of packets, which the kernel counts as up to 2 kB each. It takes memory only as it fills.
const RECEIVE_BUFFER: usize = 512 << 10;

/// A non-blocking socket with DSCP marking and arrival timestamps of the kernel.
pub(crate) fn open(address: IpAddr, port: u16) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(
        if address.is_ipv4() { socket2::Domain::IPV4 } else { socket2::Domain::IPV6 },
        socket2::Type::DGRAM,
        Some(socket2::Protocol::UDP),
    )?;
    socket.set_nonblocking(true)?;
    let (level, traffic_class) = if address.is_ipv4() {
        (libc::IPPROTO_IP, libc::IP_TOS)
    } else {
        socket.set_only_v6(true)?;
        (libc::IPPROTO_IPV6, libc::IPV6_TCLASS)
    };
    // All options are best effort. Without them packets are not marked, or are stamped when they are read, or are lost in a burst of more
    // than one tick reads.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    let _ = set(&socket, level, traffic_class, EXPEDITED);
    let _ = set(&socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1);
    socket.bind(&SocketAddr::new(address, port).into())?;
    Ok(socket.into())
}

fn set(socket: &impl AsRawFd, level: libc::c_int, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the kernel reads `length` bytes of `value`, which outlives the call.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::test_range;

    fn pool(pairs: u16, drain: Duration) -> (Ports, u16) {
        let from = test_range(pairs);
        (Ports::new(PortsPlan { from, to: from + 2 * pairs - 1, drain, ..PortsPlan::default() }), from)
    }

    #[test]
    fn a_pair_is_even_and_odd_within_the_range() {
        let (ports, from) = pool(4, Duration::ZERO);
        let socket = ports.take().unwrap();
        assert_eq!(socket.port() % 2, 0);
        assert!((from..from + 8).contains(&socket.port()));
        assert_eq!(socket.rtcp.local_addr().unwrap().port(), socket.port() + 1);
        assert_eq!((ports.in_use(), ports.free(Instant::now())), (1, 3));
    }

    #[test]
    fn an_exhausted_range_says_what_to_widen() {
        let (ports, from) = pool(3, Duration::from_secs(60));
        let taken = (0..3).map(|_| ports.take().unwrap()).collect::<Vec<_>>();
        let error = ports.take().unwrap_err();
        assert!(matches!(error, NoPort::Exhausted { in_use: 3, resting: 0, .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&format!("{from}-{}", from + 5)) && text.contains("rtp.ports_to"), "{text}");
        drop(taken);
        assert_eq!(ports.in_use(), 0);
    }

    #[test]
    fn a_closed_pair_rests_before_it_is_used_again() {
        let drain = Duration::from_millis(80);
        let (ports, _) = pool(1, drain);
        let socket = ports.take().unwrap();
        let (port, closed) = (socket.port(), Instant::now());
        drop(socket);
        assert_eq!(ports.in_use(), 0);
        assert!(matches!(ports.take(), Err(NoPort::Exhausted { in_use: 0, resting: 1, .. })));
        while ports.free(Instant::now()) == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(closed.elapsed() >= drain);
        assert_eq!(ports.take().unwrap().port(), port);
    }

    #[test]
    fn a_port_that_another_program_holds_is_passed_over() {
        let (ports, from) = pool(2, Duration::from_secs(60));
        let _odd = UdpSocket::bind((Ipv4Addr::LOCALHOST, from + 1)).unwrap();
        let socket = ports.take().unwrap();
        assert_eq!(socket.port(), from + 2);
        assert_eq!(ports.in_use(), 1);
        assert!(matches!(ports.take(), Err(NoPort::Exhausted { in_use: 1, resting: 1, .. })));
    }

    #[test]
    fn every_way_to_drop_gives_the_pair_back() {
        let (ports, _) = pool(4, Duration::ZERO);
        let remote = Remote { rtp: "127.0.0.1:9".parse().unwrap(), rtcp: None };
        for _ in 0..50 {
            let (wire, control) = ports.take().unwrap().wire(remote);
            let unused = ports.take().unwrap();
            assert_eq!(ports.in_use(), 2);
            std::thread::spawn(move || drop(wire)).join().unwrap();
            assert_eq!(ports.in_use(), 1, "a control left over holds no port");
            drop((unused, control));
            assert_eq!((ports.in_use(), ports.free(Instant::now())), (0, 4));
        }
    }

    #[test]
    fn a_pair_is_of_its_peers_family_where_both_are_served_and_numbers_are_shared() {
        let from = test_range(2);
        let v6 = IpAddr::from(std::net::Ipv6Addr::LOCALHOST);
        let plan = PortsPlan {
            from,
            to: from + 3,
            other: Some(RtpAddress { bind: v6, advertise: v6 }),
            ..PortsPlan::default()
        };
        let both = Ports::new(plan.clone());
        let (one, two) = (
            both.take_towards("2001:db8::9".parse().unwrap()).unwrap(),
            both.take_towards([192, 0, 2, 9].into()).unwrap(),
        );
        assert_eq!((one.advertised(), two.advertised()), (v6, Ipv4Addr::LOCALHOST.into()));
        assert_eq!(one.rtp.local_addr().unwrap(), SocketAddr::new(v6, one.port()));
        assert_ne!(one.port(), two.port());
        assert!(matches!(both.take(), Err(NoPort::Exhausted { in_use: 2, .. })));
        drop((one, two));
        let alone = Ports::new(PortsPlan { other: None, ..plan });
        assert!(alone.serves([192, 0, 2, 9].into()) && !alone.serves(v6));
        assert_eq!(alone.take_towards(v6).unwrap().advertised(), IpAddr::from(Ipv4Addr::LOCALHOST));
    }

    #[test]
    fn an_address_that_is_not_ours_is_named() {
        let bind = "192.0.2.1".parse().unwrap();
        let error = Ports::new(PortsPlan { bind, ..PortsPlan::default() }).take().unwrap_err();
        assert!(matches!(&error, NoPort::Bind { address, .. } if *address == bind), "{error:?}");
    }

    #[test]
    fn a_range_without_a_pair_is_exhausted_from_the_start() {
        for (from, to) in [(9, 9), (9, 10), (10, 10), (11, 5), (0, 1), (65_535, 65_535)] {
            assert!(matches!(
                Ports::new(PortsPlan { from, to, ..PortsPlan::default() }).take(),
                Err(NoPort::Exhausted { .. })
            ));
        }
        assert_eq!(Ports::new(PortsPlan { from: 65_534, to: 65_535, ..PortsPlan::default() }).free(Instant::now()), 1);
    }
}

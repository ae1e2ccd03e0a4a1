//! `Sockets`: the sockets of one peer: UDP, one for each address, on ports out of a range, read in batches with the kernel's arrival
//! times; and TCP on the same ports, where it is configured.
use super::Fault;
use super::datagram::Datagram;
use super::streams::Streams;
use crate::rtp::ports;
use crate::rtp::wire::inbox;
use bytes::BytesMut;
use rtc::shared::{TransportContext, TransportProtocol};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::os::fd::AsRawFd;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::io::Interest;
use tokio::net::UdpSocket;

#[derive(Debug)]
pub(super) struct Sockets {
    udp: Vec<(UdpSocket, SocketAddr)>,
    tcp: Streams,
}

impl Sockets {
    /// One socket for each address; the kernel knows which ports of the range are free.
    pub(super) fn bind(addresses: &[IpAddr], ports: Option<&RangeInclusive<u16>>) -> Result<Self, Fault> {
        let bound = addresses.iter().map(|&address| {
            let socket = one(address, ports).map_err(|source| Fault::Bind { address, source })?;
            let socket = UdpSocket::from_std(socket).map_err(|source| Fault::Bind { address, source })?;
            let local = socket.local_addr().map_err(|source| Fault::Bind { address, source })?;
            Ok((socket, local))
        });
        Ok(Self { udp: bound.collect::<Result<_, Fault>>()?, tcp: Streams::default() })
    }

    /// Accepts calls over TCP too, on the same ports.
    pub(super) fn with_tcp(mut self) -> Self {
        self.tcp = Streams::bind(self.addresses());
        self
    }

    /// The addresses of the UDP sockets.
    pub(super) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.udp.iter().map(|(_, local)| *local)
    }

    pub(super) fn tcp(&self) -> impl Iterator<Item = SocketAddr> {
        self.tcp.addresses()
    }

    /// Passes on the datagrams that have arrived, one batch of each socket.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, mut take: impl FnMut(Datagram)) -> Poll<()> {
        let mut any = self.tcp.poll(context, &mut take);
        for (socket, local) in &self.udp {
            while socket.poll_recv_ready(context).is_ready() {
                let read = socket.try_io(Interest::READABLE, || {
                    let read = inbox::receive(socket.as_raw_fd(), Instant::now(), |datagram| {
                        if let (Some(bytes), Some(from)) = (datagram.bytes, datagram.from) {
                            let bytes = BytesMut::from(bytes);
                            let over = TransportProtocol::UDP;
                            take(Datagram { local: *local, from, over, arrived: datagram.arrived, bytes });
                        }
                    });
                    if read == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(read) }
                });
                if read.is_ok() {
                    any = Poll::Ready(());
                    break;
                }
            }
        }
        any
    }

    /// Sends, or drops where the socket's buffer is full.
    pub(super) fn send(&mut self, transport: &TransportContext, bytes: &[u8]) -> bool {
        let (local, to) = (transport.local_addr, transport.peer_addr);
        if transport.transport_protocol == TransportProtocol::TCP {
            return self.tcp.send(local, to, bytes);
        }
        let socket = self
            .udp
            .iter()
            .find(|(_, bound)| *bound == local)
            .or_else(|| self.udp.iter().find(|(_, bound)| bound.is_ipv4() == to.is_ipv4()));
        socket.is_some_and(|(socket, _)| socket.try_send_to(bytes, to).is_ok())
    }
}

/// Begins at a random place of the range, so that a port that was just closed is seldom used again at once.
fn one(address: IpAddr, ports: Option<&RangeInclusive<u16>>) -> io::Result<std::net::UdpSocket> {
    let Some(range) = ports else { return ports::open(address, 0) };
    let (from, many) =
        (u32::from(*range.start()), u32::from(*range.end()).saturating_sub(u32::from(*range.start())) + 1);
    let start = rand::random_range(0..many);
    for n in 0..many {
        match ports::open(address, (from + (start + n) % many) as u16) {
            Err(e) if e.kind() == io::ErrorKind::AddrInUse => {}
            other => return other,
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// The addresses to bind: those given, and for an unspecified one those of the interfaces that are up (loopback only where
/// there is no other, link-local ones never).
pub(super) fn expand(bind: &[IpAddr]) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    for &address in bind {
        if !address.is_unspecified() {
            found.push(address);
            continue;
        }
        let mut own: Vec<IpAddr> = interfaces().into_iter().filter(|a| a.is_ipv4() == address.is_ipv4()).collect();
        if own.iter().any(|a| !a.is_loopback()) {
            own.retain(|a| !a.is_loopback());
        }
        if own.is_empty() {
            own.push(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
        }
        found.extend(own);
    }
    let mut seen = Vec::new();
    found.retain(|address| {
        !seen.contains(address) && {
            seen.push(*address);
            true
        }
    });
    found
}

fn interfaces() -> Vec<IpAddr> {
    let mut found = Vec::new();
    let mut list: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: the kernel's list is walked between getting and freeing it, and each address is read as its family says.
    unsafe {
        if libc::getifaddrs(&mut list) != 0 {
            return found;
        }
        let mut entry = list;
        while !entry.is_null() {
            let (address, flags) = ((*entry).ifa_addr, (*entry).ifa_flags);
            if !address.is_null() && flags & libc::IFF_UP as libc::c_uint != 0 {
                match libc::c_int::from((*address).sa_family) {
                    libc::AF_INET => {
                        let v4 = address.cast::<libc::sockaddr_in>().read_unaligned();
                        found.push(IpAddr::from(v4.sin_addr.s_addr.to_ne_bytes()));
                    }
                    libc::AF_INET6 => {
                        let v6 = address.cast::<libc::sockaddr_in6>().read_unaligned();
                        found.push(IpAddr::from(v6.sin6_addr.s6_addr));
                    }
                    _ => {}
                }
            }
            entry = (*entry).ifa_next;
        }
        libc::freeifaddrs(list);
    }
    found.retain(|address| match address {
        IpAddr::V4(v4) => !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_unicast_link_local(),
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unspecified_address_becomes_those_of_the_interfaces() {
        let all = expand(&[Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]);
        assert!(!all.is_empty() && all.iter().all(|a| !a.is_unspecified()), "{all:?}");
        assert_eq!(all.iter().filter(|a| a.is_loopback()).count(), 1, "{all:?}");
    }

    #[tokio::test]
    async fn a_range_without_a_free_port_says_so_and_gives_each_port_once() {
        let held = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        let local = [Ipv4Addr::LOCALHOST.into()];
        let fault = Sockets::bind(&local, Some(&(port..=port))).unwrap_err();
        assert!(matches!(fault, Fault::Bind { .. }), "{fault}");
        drop(held);
        let sockets = Sockets::bind(&local, Some(&(port..=port))).unwrap();
        assert_eq!(sockets.addresses().map(|a| a.port()).collect::<Vec<_>>(), [port]);
    }
}

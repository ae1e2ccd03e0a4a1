//! The sockets, which are ours: datagrams and streams to the gate and on to the transaction layer, and the way back.
//!
//! The transaction layer never reads: it sends on the [`Flow`] it is given. A stream's messages go through a bounded queue
//! of 64 to its writer; a peer that does not read for ten seconds loses the connection.
use super::admission::ConnectionSlot;
use super::core::{Core, lock};
use super::flow::{Carrier, Flow};
use super::frame::{Cut, Framer};
use super::{syntax, via};
use crate::address::{self, same_family};
use futures::FutureExt;
use futures::future::BoxFuture;
use rsipstack::platform;
use rsipstack::sip::SipMessage;
use rsipstack::sip::prelude::*;
use rsipstack::transport::channel::ChannelConnection;
use rsipstack::transport::udp::{UdpConnection, UdpInner};
use rsipstack::transport::{SipConnection, TransportEvent};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{Mutex, OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

const QUEUE: usize = 64;
const STALLED: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(5);

/// The longest UDP datagram. One that is longer than [`super::gate::MAX_MESSAGE`] is read whole too, so that it is answered.
const DATAGRAM: usize = 65_535;

/// The datagram socket as the transaction layer sends by it.
struct Outgoing(Arc<UdpSocket>);

#[async_trait::async_trait]
impl platform::net::UdpSocket for Outgoing {
    async fn recv_from(&self, buffer: &mut [u8]) -> rsipstack::Result<(usize, SocketAddr)> {
        Ok(self.0.recv_from(buffer).await?)
    }

    async fn send_to(&self, message: &[u8], to: SocketAddr) -> rsipstack::Result<usize> {
        self.0.send_to(&syntax::restore(message), to).await?;
        Ok(message.len())
    }

    fn local_addr(&self) -> rsipstack::Result<SocketAddr> {
        Ok(self.0.local_addr()?)
    }
}

/// The datagram socket and its flow, whose `remote` is set for each peer.
pub(super) async fn bind_udp(bind: SocketAddr, advertise: &[IpAddr]) -> io::Result<(Arc<UdpSocket>, Flow)> {
    let socket = of_family(bind, socket2::Type::DGRAM, socket2::Protocol::UDP)?;
    // A burst of calls arrives faster than one task reads.
    socket.set_recv_buffer_size(4 << 20).ok();
    socket.set_nonblocking(true)?;
    socket.bind(&bind.into())?;
    let socket = Arc::new(UdpSocket::from_std(socket.into())?);
    let local = SocketAddr::new(told(socket.local_addr()?.ip(), advertise), socket.local_addr()?.port());
    let addr = rsipstack::transport::SipAddr { r#type: Some(Carrier::Udp.transport()), addr: local.into() };
    let connection =
        UdpConnection::attach(UdpInner { conn: Arc::new(Outgoing(socket.clone())), addr }, None, None).await;
    let connection = SipConnection::Udp(connection);
    Ok((socket, Flow { carrier: Carrier::Udp, connection, local, remote: local, peer: Arc::default() }))
}

/// A socket of the address's family alone, so that an IPv4 peer never has an IPv6 address, and each family has its own.
fn of_family(bind: SocketAddr, kind: socket2::Type, protocol: socket2::Protocol) -> io::Result<socket2::Socket> {
    let domain = if bind.is_ipv4() { socket2::Domain::IPV4 } else { socket2::Domain::IPV6 };
    let socket = socket2::Socket::new(domain, kind, Some(protocol))?;
    if bind.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

pub(super) fn bind_tcp(bind: SocketAddr) -> io::Result<TcpListener> {
    let socket = of_family(bind, socket2::Type::STREAM, socket2::Protocol::TCP)?;
    // Calls of the run before leave connections in TIME_WAIT; a restart does not wait for them.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&bind.into())?;
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}

/// The address peers are told.
pub(super) fn told(bound: IpAddr, advertise: &[IpAddr]) -> IpAddr {
    if let Some(address) = advertise.iter().find(|address| same_family(**address, bound)) {
        return *address;
    }
    if !bound.is_unspecified() {
        return bound;
    }
    let loopback = if bound.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    address::outbound(bound).unwrap_or(loopback)
}

/// Reads datagrams until the server stops.
pub(super) async fn serve_udp(core: Arc<Core>, socket: Arc<UdpSocket>, flow: Flow) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            () = core.stop.cancelled() => return,
        };
        match received {
            Ok((length, remote)) => {
                let flow = Flow { remote, ..flow.clone() };
                if let Some(reply) = core.receive(&buffer[..length], &flow).await
                    && socket.send_to(&reply.bytes, reply.to).await.is_err()
                {
                    core.leave_unanswered("answer not sent");
                }
            }
            // An ICMP error of an earlier datagram surfaces here: it concerns one peer, not the socket.
            Err(error) => debug!(%error, "receiving a datagram"),
        }
    }
}

/// Accepts connections until the server stops.
pub(super) async fn listen_tcp(core: Arc<Core>, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = core.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, remote)) => {
                let slots = match admit(&core, remote.ip()) {
                    Ok(slots) => slots,
                    Err(full) => {
                        core.count(full);
                        continue;
                    }
                };
                match open(&core, stream, remote, slots).await {
                    Ok(flow) => debug!(open = flow.is_open(), "stream accepted"),
                    Err(_) => core.leave_unanswered("stream gone"),
                }
            }
            Err(error) => {
                warn!(%error, "accepting a connection: is the limit of open files too low?");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// What an open connection counts as, until it is dropped.
struct Slots {
    _permit: OwnedSemaphorePermit,
    /// Of its source's limit; `None` where we connected or the source is of an open or trusted network.
    of_source: Option<ConnectionSlot>,
}

/// Slots for a connection that a peer has opened; without one, which limit is reached.
fn admit(core: &Core, source: IpAddr) -> Result<Slots, &'static str> {
    let admission = lock(&core.admission);
    let of_source = if admission.is_unlimited(source) {
        None
    } else {
        Some(admission.take_connection(source).ok_or("connections of one source")?)
    };
    drop(admission);
    let permit = core.connections.clone().try_acquire_owned().map_err(|_| "connections")?;
    Ok(Slots { _permit: permit, of_source })
}

/// Whose limit of connections a new one counts against.
#[derive(Clone, Copy)]
pub(super) enum Opener {
    /// Ours, for requests of ours.
    Us,
    /// The peers', for answers whose own stream is gone: it is a peer that has named the port.
    Peer,
}

/// The flow of a stream to `remote`: the open one, or a new one.
pub(super) async fn dial(core: &Arc<Core>, remote: SocketAddr, opener: Opener) -> io::Result<Flow> {
    if let Some(flow) = core.stream(remote) {
        return Ok(flow);
    }
    let slots = match opener {
        Opener::Us => {
            let permit = core.connections_out.clone().try_acquire_owned();
            Slots { _permit: permit.map_err(|_| io::Error::other("too many connections are open"))?, of_source: None }
        }
        Opener::Peer => admit(core, remote.ip()).map_err(io::Error::other)?,
    };
    let stream = timeout(CONNECT, TcpStream::connect(remote)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    open(core, stream, remote, slots).await
}

async fn open(core: &Arc<Core>, stream: TcpStream, remote: SocketAddr, slots: Slots) -> io::Result<Flow> {
    stream.set_nodelay(true).ok();
    let bound = stream.local_addr()?;
    // A connection we opened has a port of its own; requests to us go to the listener.
    let listener = core.tcp.iter().find(|listener| same_family(listener.ip(), bound.ip()));
    let port = listener.map_or(bound.port(), SocketAddr::port);
    let local = SocketAddr::new(told(bound.ip(), &core.plan.advertise), port);
    let closed = core.stop.child_token();
    let (outgoing, queue) = mpsc::channel(QUEUE);
    // The channel's receiving direction is unused: what arrives goes through the gate.
    let (_, nothing) = mpsc::unbounded_channel();
    let addr = rsipstack::transport::SipAddr { r#type: Some(Carrier::Tcp.transport()), addr: remote.into() };
    let channel = ChannelConnection::create_connection_bounded(nothing, outgoing, addr, Some(closed.clone())).await;
    let connection = SipConnection::Channel(channel.map_err(|e| io::Error::other(e.to_string()))?);
    let flow = Flow { carrier: Carrier::Tcp, connection, local, remote, peer: Arc::default() };
    if slots.of_source.is_none() {
        flow.peer.mark_known();
    }
    let (reader, writer) = stream.into_split();
    let writer = Arc::new(Mutex::new(writer));
    core.streams_mut().insert(remote, flow.clone());
    tokio::spawn(write(core.clone(), queue, writer.clone(), closed.clone()));
    tokio::spawn({
        let (core, flow) = (core.clone(), flow.clone());
        async move {
            let peer = Arc::downgrade(&flow.peer);
            let mut stream = Stream { core: &core, flow, writer, framer: Framer::default() };
            tokio::select! {
                () = stream.read(reader) => {}
                () = closed.cancelled() => {}
            }
            closed.cancel();
            let mut streams = core.streams_mut();
            // A newer connection from the same address and port stays.
            if streams.get(&remote).is_some_and(|flow| peer.ptr_eq(&Arc::downgrade(&flow.peer))) {
                streams.remove(&remote);
            }
            drop((streams, slots));
        }
    });
    Ok(flow)
}

/// Writes what the transaction layer sends. Responses that it sends once the stream is gone go by another one.
async fn write(
    core: Arc<Core>,
    mut queue: mpsc::Receiver<TransportEvent>,
    writer: Arc<Mutex<OwnedWriteHalf>>,
    closed: CancellationToken,
) {
    loop {
        let event = tokio::select! {
            event = queue.recv() => event,
            () = closed.cancelled() => break,
        };
        let Some(TransportEvent::Incoming(message, ..)) = event else { break };
        if put(&writer, &syntax::restore(&message.to_bytes())).await.is_err() {
            closed.cancel();
            send_elsewhere(&core, message).await;
        }
    }
    closed.cancel();
    drop(writer);
    // Until the last reference to the flow is dropped. Where one answer cannot be sent, the others are not tried.
    let mut reachable = true;
    loop {
        let event = tokio::select! {
            event = queue.recv() => event,
            () = core.stop.cancelled() => return,
        };
        match event {
            Some(TransportEvent::Incoming(message, ..)) if reachable => {
                reachable = send_elsewhere(&core, message).await
            }
            Some(TransportEvent::Incoming(..)) => core.leave_unanswered("answer not sent"),
            Some(_) => {}
            None => return,
        }
    }
}

/// A response whose stream is gone goes by a new one to where its Via says (RFC 3261 section 18.2.2). `false` where that fails.
async fn send_elsewhere(core: &Arc<Core>, message: SipMessage) -> bool {
    let back = match &message {
        SipMessage::Response(response) => response.via_header().ok().and_then(|via| via::return_address(via.value())),
        SipMessage::Request(_) => None,
    };
    let Some(back) = back else {
        core.leave_unanswered("stream gone");
        // The next one may be another.
        return true;
    };
    let sent = match dial_back(core, back).await {
        Ok(flow) => flow.connection.send(message, None).await.is_ok(),
        Err(_) => false,
    };
    if !sent {
        core.leave_unanswered("answer not sent");
    }
    sent
}

/// [`dial`] with a type that can be written down: a stream's writer dials, and dialling makes a writer.
fn dial_back(core: &Arc<Core>, remote: SocketAddr) -> BoxFuture<'_, io::Result<Flow>> {
    dial(core, remote, Opener::Peer).boxed()
}

async fn put(writer: &Mutex<OwnedWriteHalf>, bytes: &[u8]) -> io::Result<()> {
    let whole = async { writer.lock().await.write_all(bytes).await };
    timeout(STALLED, whole).await.map_err(|_| io::ErrorKind::TimedOut)?
}

/// The reading side of one connection.
struct Stream<'c> {
    core: &'c Arc<Core>,
    flow: Flow,
    writer: Arc<Mutex<OwnedWriteHalf>>,
    framer: Framer,
}

impl Stream<'_> {
    async fn read(&mut self, mut reader: tokio::net::tcp::OwnedReadHalf) {
        let mut buffer = vec![0; 4096];
        let limits = &self.core.plan.limits;
        let stranger_until = Instant::now() + limits.stranger;
        loop {
            let amid = self.framer.is_amid();
            let known = self.flow.peer.is_known();
            let left = stranger_until.saturating_duration_since(Instant::now());
            if !known && left.is_zero() {
                return self.core.count("strange connection");
            }
            let patience = if amid { limits.half_message } else { limits.idle };
            let wait = if known { patience } else { patience.min(left) };
            match timeout(wait, reader.read(&mut buffer)).await {
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(length)) => self.framer.push(&buffer[..length]),
                // The time for a first request is over, or one has come.
                Err(_) if wait < patience => continue,
                Err(_) if amid => {
                    self.core.count("half a message");
                    return;
                }
                // Two references are the table's and this task's; any more are those of calls.
                Err(_) if Arc::strong_count(&self.flow.peer) > 2 => continue,
                Err(_) => return,
            }
            if !self.cut().await {
                return;
            }
        }
    }

    /// Handles all that is whole; false when the stream has to close.
    async fn cut(&mut self) -> bool {
        loop {
            match self.framer.cut() {
                Ok(None) => return true,
                Ok(Some(Cut::Ping)) => {
                    // A ping costs what a message costs.
                    let heard = lock(&self.core.admission).arrive(Instant::now().into(), self.flow.remote.ip());
                    if heard && put(&self.writer, b"\r\n").await.is_err() {
                        return false;
                    }
                }
                Ok(Some(Cut::Message(message))) => {
                    if let Some(reply) = self.core.receive(&message, &self.flow).await
                        && put(&self.writer, &reply.bytes).await.is_err()
                    {
                        return false;
                    }
                }
                Err(broken) => {
                    if let Some(reply) = self.core.receive_last(&broken.head, broken.why, &self.flow) {
                        put(&self.writer, &reply.bytes).await.ok();
                    }
                    return false;
                }
            }
        }
    }
}

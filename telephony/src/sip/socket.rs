//! Reads datagrams and streams and passes their messages to the gate and the transaction layer; writes what that layer sends.
//!
//! The transaction layer never reads a socket: it sends on the [`Flow`] that it is given. The messages to a stream go through a bounded
//! queue of 64 to its writer; a connection whose peer does not read for ten seconds is closed.
use super::admission::ConnectionSlot;
use super::core::{Core, lock};
use super::flow::{Flow, SipTransport};
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

/// The longest UDP datagram. One beyond [`super::gate::MAX_MESSAGE`] is read as a whole too, so that it can be answered.
const DATAGRAM: usize = 65_535;

/// A datagram socket, as a connection that the transaction layer sends on.
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

/// Binds a datagram socket. The `remote` of its flow is set for each peer.
pub(super) async fn bind_udp(bind: SocketAddr, advertise: &[IpAddr]) -> io::Result<(Arc<UdpSocket>, Flow)> {
    let socket = of_family(bind, socket2::Type::DGRAM, socket2::Protocol::UDP)?;
    // A burst of calls can arrive faster than one task reads.
    socket.set_recv_buffer_size(4 << 20).ok();
    socket.set_nonblocking(true)?;
    socket.bind(&bind.into())?;
    let socket = Arc::new(UdpSocket::from_std(socket.into())?);
    let local = SocketAddr::new(advertised(socket.local_addr()?.ip(), advertise), socket.local_addr()?.port());
    let addr = rsipstack::transport::SipAddr { r#type: Some(SipTransport::Udp.to_stack()), addr: local.into() };
    let connection =
        UdpConnection::attach(UdpInner { conn: Arc::new(Outgoing(socket.clone())), addr }, None, None).await;
    let connection = SipConnection::Udp(connection);
    Ok((socket, Flow { transport: SipTransport::Udp, connection, local, remote: local, peer: Arc::default() }))
}

/// A socket of one IP family alone: an IPv4 peer never appears with a mapped IPv6 address.
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
    // Connections of the previous process may be in TIME_WAIT; a restart does not wait for them.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&bind.into())?;
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}

/// The address that Via and Contact name.
pub(super) fn advertised(bound: IpAddr, advertise: &[IpAddr]) -> IpAddr {
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
            // An ICMP error of an earlier datagram is reported here: it concerns one peer, not the socket.
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

/// The limits that an open connection counts against, until this is dropped.
struct Slots {
    _permit: OwnedSemaphorePermit,
    /// The slot of its source; `None` where we connected, or where the source is in an open or trusted network.
    of_source: Option<ConnectionSlot>,
}

/// The slots of a connection that a peer has opened, or the limit that is reached.
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
    /// That of our own connections, for requests of ours.
    Us,
    /// That of the peers' connections, for responses whose stream has closed: the peer has named the port to connect to.
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
    // A connection that we opened has a port of its own; Via and Contact name the listener.
    let listener = core.tcp.iter().find(|listener| same_family(listener.ip(), bound.ip()));
    let port = listener.map_or(bound.port(), SocketAddr::port);
    let local = SocketAddr::new(advertised(bound.ip(), &core.plan.advertise), port);
    let closed = core.stop.child_token();
    let (outgoing, queue) = mpsc::channel(QUEUE);
    // The receiving half of the channel is unused: received messages go through the gate.
    let (_, nothing) = mpsc::unbounded_channel();
    let addr = rsipstack::transport::SipAddr { r#type: Some(SipTransport::Tcp.to_stack()), addr: remote.into() };
    let channel = ChannelConnection::create_connection_bounded(nothing, outgoing, addr, Some(closed.clone())).await;
    let connection = SipConnection::Channel(channel.map_err(|e| io::Error::other(e.to_string()))?);
    let flow = Flow { transport: SipTransport::Tcp, connection, local, remote, peer: Arc::default() };
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
            // A newer connection from the same address and port stays in the table.
            if streams.get(&remote).is_some_and(|flow| peer.ptr_eq(&Arc::downgrade(&flow.peer))) {
                streams.remove(&remote);
            }
            drop((streams, slots));
        }
    });
    Ok(flow)
}

/// Writes what the transaction layer sends. Responses that it sends after the stream has closed go by another stream.
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
    // Until the last reference to the flow is dropped. After one response could not be sent, the others are not tried.
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

/// Sends a response whose stream has closed by a new one to the address in its Via (RFC 3261 section 18.2.2); `false` where that
/// fails.
async fn send_elsewhere(core: &Arc<Core>, message: SipMessage) -> bool {
    let back = match &message {
        SipMessage::Response(response) => response.via_header().ok().and_then(|via| via::return_address(via.value())),
        SipMessage::Request(_) => None,
    };
    let Some(back) = back else {
        core.leave_unanswered("stream gone");
        // The next response may have another Via.
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

/// [`dial`] with a boxed future: a stream's writer calls it, and it starts a writer.
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
            let in_message = self.framer.is_in_message();
            let known = self.flow.peer.is_known();
            let left = stranger_until.saturating_duration_since(Instant::now());
            if !known && left.is_zero() {
                return self.core.count("strange connection");
            }
            let patience = if in_message { limits.half_message } else { limits.idle };
            let wait = if known { patience } else { patience.min(left) };
            match timeout(wait, reader.read(&mut buffer)).await {
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(length)) => self.framer.push(&buffer[..length]),
                // The time for a first request is over, or one has been accepted.
                Err(_) if wait < patience => continue,
                Err(_) if in_message => {
                    self.core.count("half a message");
                    return;
                }
                // Two references belong to the table and to this task; any more belong to calls.
                Err(_) if Arc::strong_count(&self.flow.peer) > 2 => continue,
                Err(_) => return,
            }
            if !self.cut().await {
                return;
            }
        }
    }

    /// Handles all complete messages; false where the stream has to be closed.
    async fn cut(&mut self) -> bool {
        loop {
            match self.framer.cut() {
                Ok(None) => return true,
                Ok(Some(Cut::Ping)) => {
                    // A ping counts as a message.
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

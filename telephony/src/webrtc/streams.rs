//! `Streams`: ICE over TCP (RFC 6544), the passive end, for pages whose UDP is blocked. Each packet is preceded by its length
//! (RFC 4571).
use super::datagram::Datagram;
use bytes::{Buf, BufMut, BytesMut};
use rtc::shared::TransportProtocol::TCP;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Connections of one call. One more replaces the connection that has been silent longest among those that were never answered: the ICE
/// agent answers only the page.
const MOST: usize = 4;
/// The longest packet; a longer length closes the connection.
const PACKET: usize = 4096;
/// Bytes that wait for a page that reads none; beyond it packets are dropped, as they would be over UDP.
const UNDERWAY: usize = 32 * 1024;
/// Bytes read from a connection before the task handles anything else.
const READ: usize = 8 * 1024;

#[derive(Debug, Default)]
pub(super) struct Streams {
    listeners: Vec<(TcpListener, SocketAddr)>,
    open: Vec<Stream>,
}

#[derive(Debug)]
struct Stream {
    io: TcpStream,
    local: SocketAddr,
    from: SocketAddr,
    inward: BytesMut,
    outward: BytesMut,
    heard: Instant,
    answered: bool,
}

impl Streams {
    /// Listens on the ports of the UDP sockets, except where another program uses the TCP port.
    pub(super) fn bind(udp: impl Iterator<Item = SocketAddr>) -> Self {
        let bound = udp.filter_map(|address| {
            let listener = std::net::TcpListener::bind(address).ok()?;
            listener.set_nonblocking(true).ok()?;
            Some((TcpListener::from_std(listener).ok()?, address))
        });
        Self { listeners: bound.collect(), open: Vec::new() }
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.listeners.iter().map(|(_, local)| *local)
    }

    /// Passes on the packets that have arrived. The task is woken when more arrive.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, mut take: impl FnMut(Datagram)) -> Poll<()> {
        for (listener, local) in &self.listeners {
            // An error concerns one connection, or no file descriptor is free: the next poll tries again.
            while let Poll::Ready(Ok((io, from))) = listener.poll_accept(context) {
                let _ = io.set_nodelay(true);
                if self.open.len() >= MOST
                    && let Some(silent) = (0..MOST).min_by_key(|at| (self.open[*at].answered, self.open[*at].heard))
                {
                    self.open.swap_remove(silent);
                }
                let (inward, outward) = Default::default();
                self.open.push(Stream {
                    io,
                    local: *local,
                    from,
                    inward,
                    outward,
                    heard: Instant::now(),
                    answered: false,
                });
            }
        }
        let mut any = Poll::Pending;
        self.open.retain_mut(|stream| match stream.poll(context, &mut take) {
            Ok(ready) => {
                any = if ready { Poll::Ready(()) } else { any };
                true
            }
            Err(_) => false,
        });
        any
    }

    /// Sends over the connection between these two, if there is one.
    pub(super) fn send(&mut self, local: SocketAddr, to: SocketAddr, bytes: &[u8]) -> bool {
        let stream = self.open.iter_mut().find(|stream| (stream.local, stream.from) == (local, to));
        let Some((stream, long)) = stream.zip(u16::try_from(bytes.len()).ok()) else { return false };
        if stream.outward.len() + bytes.len() > UNDERWAY {
            return false;
        }
        stream.answered = true;
        stream.outward.put_u16(long);
        stream.outward.extend_from_slice(bytes);
        // A connection that broke is found by the next poll.
        stream.flush().is_ok()
    }
}

impl Stream {
    /// Whether packets have come.
    fn poll(&mut self, context: &mut Context<'_>, take: &mut impl FnMut(Datagram)) -> io::Result<bool> {
        while !self.outward.is_empty() {
            let Poll::Ready(ready) = self.io.poll_write_ready(context) else { break };
            ready?;
            self.flush()?;
        }
        let (mut any, mut read) = (false, 0);
        while read < READ {
            let mut space = [0; 2048];
            let mut space = ReadBuf::new(&mut space);
            let Poll::Ready(came) = Pin::new(&mut self.io).poll_read(context, &mut space) else { return Ok(any) };
            came?;
            if space.filled().is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            read += space.filled().len();
            self.inward.extend_from_slice(space.filled());
            any |= self.cut(take)?;
        }
        // More may be waiting, for which no wake-up is registered.
        Ok(true)
    }

    /// Takes whole packets off what has come.
    fn cut(&mut self, take: &mut impl FnMut(Datagram)) -> io::Result<bool> {
        let mut any = false;
        while let Some(&[a, b]) = self.inward.first_chunk::<2>() {
            let long = usize::from(u16::from_be_bytes([a, b]));
            if long > PACKET {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if self.inward.len() < 2 + long {
                break;
            }
            self.inward.advance(2);
            let bytes = self.inward.split_to(long);
            (self.heard, any) = (Instant::now(), true);
            take(Datagram { local: self.local, from: self.from, over: TCP, arrived: self.heard, bytes });
        }
        Ok(any)
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.outward.is_empty() {
            match self.io.try_write(&self.outward) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(long) => self.outward.advance(long),
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => break,
                Err(why) => return Err(why),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    async fn packets(streams: &mut Streams) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        let some = poll_fn(|context| streams.poll(context, |datagram| all.push(datagram.bytes.to_vec())));
        let _ = timeout(Duration::from_millis(200), some).await;
        all
    }

    fn bind() -> (Streams, SocketAddr) {
        let streams = Streams::bind(["127.0.0.1:0".parse().unwrap()].into_iter());
        let at = streams.listeners[0].0.local_addr().unwrap();
        (streams, at)
    }

    #[tokio::test]
    async fn packets_come_whole_however_they_are_cut_and_go_back_the_same_way() {
        let (mut streams, at) = bind();
        let mut page = TcpStream::connect(at).await.unwrap();
        page.write_all(&[0, 3, 1]).await.unwrap();
        assert!(packets(&mut streams).await.is_empty(), "not all of it has come");
        page.write_all(&[2, 3, 0, 1, 9, 0, 0]).await.unwrap();
        assert_eq!(packets(&mut streams).await, [vec![1, 2, 3], vec![9], vec![]]);
        let (local, from) = (streams.open[0].local, page.local_addr().unwrap());
        assert!(streams.send(local, from, &[7; 5]) && !streams.send(local, at, &[7; 5]));
        let mut answer = [0; 7];
        page.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, [0, 5, 7, 7, 7, 7, 7]);
        // Who reads nothing loses packets, and holds no more than that.
        let taken = (0..2_000_000).position(|_| !streams.send(local, from, &[1; 1000])).unwrap();
        assert!(taken > 10 && streams.open[0].outward.len() <= UNDERWAY + 1000);
        page.write_all(&[255, 255]).await.unwrap();
        packets(&mut streams).await;
        assert!(streams.open.is_empty(), "a packet that long is none");
    }

    #[tokio::test]
    async fn strangers_take_no_page_s_place() {
        let (mut streams, at) = bind();
        let mut page = TcpStream::connect(at).await.unwrap();
        page.write_all(&[0, 1, 9]).await.unwrap();
        packets(&mut streams).await;
        let (local, from) = (streams.open[0].local, page.local_addr().unwrap());
        assert!(streams.send(local, from, &[1]));
        // However many come, and however much they say.
        let mut strangers = Vec::new();
        for n in 0..20 {
            strangers.push(TcpStream::connect(at).await.unwrap());
            for stranger in &mut strangers {
                let _ = stranger.write_all(&[0, 1, n]).await;
            }
            packets(&mut streams).await;
            assert!(streams.open.len() <= MOST);
        }
        packets(&mut streams).await;
        assert!(streams.open.iter().any(|stream| stream.from == from));
    }
}

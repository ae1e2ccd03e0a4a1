//! `UdpWire`: a leg's packets on two UDP sockets. Never blocks; the kernel says when each packet arrived.
use super::Remote;
use super::latch::{Latch, Seen};
use super::lease::Lease;
use super::limits::MTU;
use super::mailbox::Mailbox;
use super::rtcp::{Malformed, ReportState, is_compound};
use super::seqlock::RemoteSeqlock;
use super::srtp::{self, Rekey, Secrets, Srtp, Switch, is_rtcp};
use bytes::Bytes;
use inbox::Datagram;
use media::packet::{Packet, Rtcp, Rtp};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

pub(crate) mod inbox;
#[cfg(test)]
mod tests;

/// Datagrams read in one tick at most: a flood waits in the kernel, and there it is dropped.
const BUDGET: usize = 64;
/// RTCP on its own port is looked for this often; its arrival time is the kernel's all the same.
const RTCP_EVERY: Duration = Duration::from_millis(100);
/// What had waited longer when the wire was first read is from before the call: early media nobody listened to.
const STALE: Duration = Duration::from_millis(250);

/// A leg's connection to the network. Lives on a media thread.
#[derive(Debug)]
pub struct UdpWire {
    // Fields drop in this order: the sockets close before the lease goes back.
    rtp: UdpSocket,
    rtcp: UdpSocket,
    _lease: Lease,
    shared: Arc<Shared>,
    /// The number of the remote that is in force.
    followed: u32,
    latch: Latch,
    report_state: ReportState,
    /// `None`: plain RTP.
    srtp: Option<Box<Srtp>>,
    /// Nothing arrives before what has arrived: a stamp from a clock set back is raised to the last.
    latest: Option<Instant>,
    /// Packets read from the socket and not yet taken by the leg.
    ready: VecDeque<Packet>,
    tick: Tick,
}

thread_local! {
    /// The send buffer, one for all wires of a thread, so that it stays in the processor's cache.
    static OUT: RefCell<[u8; MTU]> = const { RefCell::new([0; MTU]) };
}

#[derive(Clone, Copy, Debug)]
enum Port {
    Rtp,
    Rtcp,
}

/// Who sent a datagram, and when it came.
#[derive(Clone, Copy, Debug)]
struct Sender {
    from: SocketAddr,
    arrived: Instant,
    /// A key of the other side opened it.
    authentic: bool,
}

/// What has been read in the present tick.
#[derive(Debug, Default)]
struct Tick {
    now: Option<Instant>,
    budget: usize,
    rtp_is_dry: bool,
    rtcp_is_dry: bool,
    rtcp_due: Option<Instant>,
    first: bool,
}

#[derive(Debug, Default)]
struct Shared {
    received: AtomicU64,
    sent: AtomicU64,
    refused: AtomicU64,
    malformed: AtomicU64,
    strangers: AtomicU64,
    unauthentic: AtomicU64,
    replayed: AtomicU64,
    stale: AtomicU64,
    rtcp_received: AtomicU64,
    rtcp_sent: AtomicU64,
    /// In µs; 0: not known yet.
    round_trip: AtomicU64,
    /// From the signalling to the wire.
    wanted: RemoteSeqlock,
    writer: Mutex<()>,
    /// New keys; `None` in it: plain RTP from now on.
    keys: Mailbox<Option<Rekey>>,
    /// From the wire to whoever asks.
    learned: RemoteSeqlock,
}

impl Shared {
    /// The wire alone counts, so that reading and writing need not be one step.
    fn count(counter: &AtomicU64) {
        counter.store(counter.load(Relaxed) + 1, Relaxed);
    }
}

/// The end of a wire that the signalling keeps. Clones share it; it outlives the wire and holds no port.
#[derive(Clone, Debug)]
pub struct Control(Arc<Shared>);

/// What a wire has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WireStats {
    /// RTP packets given to the leg, and sent.
    pub received: u64,
    pub sent: u64,
    /// Packets that the network did not take, or that had nowhere to go.
    pub refused: u64,
    /// Datagrams that are neither RTP nor RTCP.
    pub malformed: u64,
    /// RTP and RTCP from somebody else than the other side.
    pub strangers: u64,
    /// SRTP and SRTCP that no key of the other side opens, plain RTP where keys were agreed on among them.
    pub unauthentic: u64,
    /// SRTP and SRTCP heard before, or too late to tell.
    pub replayed: u64,
    /// Datagrams from before the leg listened.
    pub stale: u64,
    /// RTCP datagrams.
    pub rtcp_received: u64,
    pub rtcp_sent: u64,
    /// By the last report about us.
    pub round_trip: Option<Duration>,
    /// The true sender, once learned.
    pub remote: Option<SocketAddr>,
}

impl Control {
    /// What a new SDP says. An address that differs from the last one opens learning again; the same leaves all as it is.
    /// Takes effect when the leg next reads.
    pub fn set_remote(&self, remote: Remote) {
        // Writers exclude each other; the wire never takes this lock.
        let _writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.wanted.write(remote);
    }

    /// The keys from now on, `None`: plain RTP. Those that are in force already go on as they are; a key of the other side
    /// that is replaced opens what is in flight for five seconds more. Takes effect before the next packet either way.
    pub fn secure(&self, secrets: Option<Secrets>, switch: Switch) {
        self.0.keys.put(secrets.map(|secrets| Rekey::new(secrets, switch)));
    }

    pub fn stats(&self) -> WireStats {
        let shared = &*self.0;
        let round_trip = shared.round_trip.load(Relaxed);
        WireStats {
            received: shared.received.load(Relaxed),
            sent: shared.sent.load(Relaxed),
            refused: shared.refused.load(Relaxed),
            malformed: shared.malformed.load(Relaxed),
            strangers: shared.strangers.load(Relaxed),
            unauthentic: shared.unauthentic.load(Relaxed),
            replayed: shared.replayed.load(Relaxed),
            stale: shared.stale.load(Relaxed),
            rtcp_received: shared.rtcp_received.load(Relaxed),
            rtcp_sent: shared.rtcp_sent.load(Relaxed),
            round_trip: (round_trip > 0).then(|| Duration::from_micros(round_trip)),
            // While nobody is learned the wire writes an unspecified address.
            remote: shared.learned.read().map(|(_, r)| r.rtp).filter(|a| !a.ip().is_unspecified()),
        }
    }
}

impl UdpWire {
    pub(super) fn new(rtp: UdpSocket, rtcp: UdpSocket, lease: Lease, latch: Latch) -> (Self, Control) {
        let shared = Arc::new(Shared::default());
        let wire = Self {
            rtp,
            rtcp,
            latch,
            _lease: lease,
            shared: Arc::clone(&shared),
            followed: 0,
            report_state: ReportState::new(),
            srtp: None,
            latest: None,
            ready: VecDeque::with_capacity(4),
            tick: Tick { first: true, ..Tick::default() },
        };
        (wire, Control(shared))
    }

    /// Takes up new keys, if there are any.
    fn rekey(&mut self, now: impl Fn() -> Instant) {
        let Some(keys) = self.shared.keys.take() else { return };
        match (&mut self.srtp, *keys) {
            (Some(srtp), Some(keys)) => srtp.rekey(now(), keys),
            (srtp, keys) => *srtp = keys.map(|keys| Box::new(Srtp::new(keys))),
        }
    }

    /// Seals what is about to leave, where keys were agreed on; its length then.
    fn seal(&mut self, out: &mut [u8; MTU], length: usize) -> Option<usize> {
        self.rekey(Instant::now);
        match &mut self.srtp {
            Some(srtp) => srtp.protect(out, length).ok(),
            None => Some(length),
        }
    }

    /// Takes up a new remote, if there is one.
    fn follow(&mut self, now: Instant) {
        self.rekey(|| now);
        if let Some(srtp) = &mut self.srtp {
            srtp.tick(now);
        }
        if self.shared.wanted.version() == self.followed {
            return;
        }
        // While it is being written it is taken up on the next tick.
        if let Some((version, remote)) = self.shared.wanted.read() {
            self.followed = version;
            self.latch.follow(now, remote);
            self.publish();
        }
    }

    fn publish(&self) {
        let rtp = self.latch.learned().unwrap_or_else(|| SocketAddr::from(([0; 4], 0)));
        self.shared.learned.write(Remote { rtp, rtcp: None });
    }

    /// Reads the next batch; `false` when there is nothing more in this tick.
    fn fill(&mut self, now: Instant) -> bool {
        let tick = &mut self.tick;
        if tick.now != Some(now) {
            let rtcp_is_dry = self.latch.muxes() || tick.rtcp_due.is_some_and(|due| now < due);
            *tick = Tick { now: Some(now), budget: BUDGET, rtp_is_dry: false, rtcp_is_dry, ..*tick };
        }
        if tick.budget == 0 {
            return false;
        }
        // So that the queue starts at the beginning of its buffer again.
        self.ready.clear();
        let mut read = 0;
        if !self.tick.rtp_is_dry {
            read = self.receive(Port::Rtp, now);
            self.tick.rtp_is_dry = read < inbox::BATCH;
        }
        if read == 0 && !self.tick.rtcp_is_dry {
            read = self.receive(Port::Rtcp, now);
            self.tick.rtcp_is_dry = read < inbox::BATCH;
            self.tick.rtcp_due = Some(now + RTCP_EVERY);
        }
        self.tick.budget = self.tick.budget.saturating_sub(read);
        read > 0
    }

    /// Reads a batch and puts the packets in it into `ready`; how many datagrams it was.
    fn receive(&mut self, port: Port, now: Instant) -> usize {
        // The socket's number alone, so that the rest of the wire can take what is read.
        let socket = match port {
            Port::Rtp => self.rtp.as_raw_fd(),
            Port::Rtcp => self.rtcp.as_raw_fd(),
        };
        inbox::receive(socket, now, |mut datagram| {
            let arrived = self.latest.map_or(datagram.arrived, |latest| latest.max(datagram.arrived));
            self.latest = Some(arrived);
            datagram.arrived = arrived;
            self.read(datagram);
        })
    }

    /// Puts the packets of a datagram into `ready`.
    fn read(&mut self, datagram: Datagram<'_>) {
        let shared = &*self.shared;
        let Datagram { bytes, from, arrived, age } = datagram;
        let Some((from, bytes)) = from.zip(bytes) else { return Shared::count(&shared.malformed) };
        if self.tick.first && age > STALE {
            return Shared::count(&shared.stale);
        }
        let sender = |authentic| Sender { from, arrived, authentic };
        // Authentication comes first: what fails it is not counted as a stranger's. `srtp` is taken out of `self` while the
        // packet, which borrows from it, is read.
        let Some(mut srtp) = self.srtp.take() else { return self.understand(bytes, sender(false)) };
        match srtp.unprotect(bytes) {
            Ok(bytes) => self.understand(bytes, sender(true)),
            Err(srtp::Fault::Unauthentic) => Shared::count(&shared.unauthentic),
            Err(srtp::Fault::Replayed) => Shared::count(&shared.replayed),
            Err(_) => Shared::count(&shared.malformed),
        }
        self.srtp = Some(srtp);
    }

    /// What stands in a datagram, once it can be read.
    fn understand(&mut self, bytes: &[u8], sender: Sender) {
        let shared = &*self.shared;
        let Sender { from, arrived, authentic } = sender;
        // RTCP is understood on the RTP port even where mux was not agreed.
        if is_rtcp(bytes) {
            return self.read_rtcp(bytes, from, arrived);
        }
        let Some(rtp) = parse(bytes, arrived) else { return Shared::count(&shared.malformed) };
        let learned = self.latch.learned();
        let seen = Seen { from, ssrc: rtp.ssrc, sequence: rtp.sequence, authentic };
        if !self.latch.admits_rtp(arrived, seen) {
            return Shared::count(&shared.strangers);
        }
        Shared::count(&shared.received);
        if self.latch.learned() != learned {
            self.publish();
        }
        self.ready.push_back(Packet::Rtp(rtp));
    }

    fn read_rtcp(&mut self, bytes: &[u8], from: SocketAddr, arrived: Instant) {
        let shared = &*self.shared;
        // Shape first, then sender, then meaning: a stranger's report must not become ours to answer.
        let counter = if !is_compound(bytes) {
            &shared.malformed
        } else if !self.latch.admits_rtcp(arrived, from) {
            &shared.strangers
        } else {
            let ready = &mut self.ready;
            let read = self.report_state.read(bytes, arrived, |rtcp| {
                if let Rtcp::Sender { report: Some(report), .. } | Rtcp::Receiver { report: Some(report), .. } = &rtcp
                    && let Some(round_trip) = report.round_trip
                {
                    shared.round_trip.store((round_trip.as_micros() as u64).max(1), Relaxed);
                }
                ready.push_back(Packet::Rtcp(rtcp));
            });
            match read {
                Ok(()) => &shared.rtcp_received,
                Err(Malformed) => &shared.malformed,
            }
        };
        Shared::count(counter);
    }

    fn transmit(&self, socket: &UdpSocket, packet: &[u8], to: Option<SocketAddr>) -> bool {
        let sent = to.is_some_and(|to| socket.send_to(packet, to).is_ok());
        if !sent {
            Shared::count(&self.shared.refused);
        }
        sent
    }
}

impl media::Wire for UdpWire {
    fn recv(&mut self, now: Instant) -> Option<Packet> {
        self.follow(now);
        loop {
            if let Some(packet) = self.ready.pop_front() {
                return Some(packet);
            }
            if !self.fill(now) {
                self.tick.first = false;
                return None;
            }
        }
    }

    fn send(&mut self, packet: &Packet) {
        OUT.with_borrow_mut(|out| self.put(packet, out));
    }
}

impl UdpWire {
    fn put(&mut self, packet: &Packet, out: &mut [u8; MTU]) {
        match packet {
            Packet::Rtp(rtp) => {
                self.report_state.ours = Some(rtp.ssrc);
                let Some(length) = write(rtp, out).and_then(|length| self.seal(out, length)) else {
                    Shared::count(&self.shared.refused);
                    return;
                };
                if self.transmit(&self.rtp, &out[..length], self.latch.rtp()) {
                    Shared::count(&self.shared.sent);
                }
            }
            Packet::Rtcp(rtcp) => {
                let length = self.report_state.write(rtcp, Instant::now(), SystemTime::now(), out);
                let Some(length) = length.and_then(|length| self.seal(out, length)) else {
                    Shared::count(&self.shared.refused);
                    return;
                };
                let socket = if self.latch.muxes() { &self.rtp } else { &self.rtcp };
                if self.transmit(socket, &out[..length], self.latch.rtcp()) {
                    Shared::count(&self.shared.rtcp_sent);
                }
            }
        }
    }
}

/// RFC 3550 section 5.1. Padding, contributing sources and header extensions are left out.
fn parse(datagram: &[u8], arrived: Instant) -> Option<Rtp> {
    let (head, _) = datagram.split_first_chunk::<12>()?;
    if head[0] >> 6 != 2 {
        return None;
    }
    let mut start = 12 + 4 * usize::from(head[0] & 0x0F);
    if head[0] & 0x10 != 0 {
        // By its own length field, whatever is inside.
        let words = datagram.get(start + 2..start + 4)?;
        start += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    let mut payload = datagram.get(start..)?;
    if head[0] & 0x20 != 0 {
        let padding = usize::from(*payload.last()?);
        payload = payload.get(..payload.len().checked_sub(padding).filter(|_| padding > 0)?)?;
    }
    Some(Rtp {
        arrived,
        payload_type: head[1] & 0x7F,
        marker: head[1] & 0x80 != 0,
        sequence: u16::from_be_bytes([head[2], head[3]]),
        timestamp: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
        ssrc: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
        payload: Bytes::copy_from_slice(payload),
    })
}

fn write(rtp: &Rtp, out: &mut [u8]) -> Option<usize> {
    let end = 12 + rtp.payload.len();
    let (head, payload) = out.get_mut(..end)?.split_first_chunk_mut::<12>()?;
    head[0] = 2 << 6;
    head[1] = u8::from(rtp.marker) << 7 | rtp.payload_type & 0x7F;
    head[2..4].copy_from_slice(&rtp.sequence.to_be_bytes());
    head[4..8].copy_from_slice(&rtp.timestamp.to_be_bytes());
    head[8..12].copy_from_slice(&rtp.ssrc.to_be_bytes());
    payload.copy_from_slice(&rtp.payload);
    Some(end)
}

//! `UdpWire`: the RTP and RTCP of a leg on two UDP sockets. Never blocks; arrival times are the kernel's.
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

/// The most datagrams read in one tick. A flood fills the kernel's buffer, which drops the rest.
const BUDGET: usize = 64;
/// How often the RTCP port is read. The arrival times are the kernel's all the same.
const RTCP_EVERY: Duration = Duration::from_millis(100);
/// Datagrams that had waited longer than this when the wire was first read are early media from before the call: they are dropped.
const STALE: Duration = Duration::from_millis(250);

/// A leg's connection to the network, used on its media thread.
#[derive(Debug)]
pub struct UdpWire {
    // Fields drop in this order: the sockets close before the lease is returned.
    rtp: UdpSocket,
    rtcp: UdpSocket,
    _lease: Lease,
    shared: Arc<Shared>,
    /// The version of the remote in use.
    followed: u32,
    latch: Latch,
    report_state: ReportState,
    /// `None`: plain RTP.
    srtp: Option<Box<Srtp>>,
    /// The latest arrival time. An earlier one, from a wall clock that was set back, is raised to it.
    latest: Option<Instant>,
    /// Packets read from the socket and not yet taken by the leg.
    ready: VecDeque<Packet>,
    tick: Tick,
}

thread_local! {
    /// The send buffer, shared by all wires of a thread, so that it stays in the processor's cache.
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
    /// It was authenticated with a key of the other side.
    authentic: bool,
}

/// The state of reading in the current tick.
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
    /// Written by the signalling, read by the wire.
    wanted: RemoteSeqlock,
    writer: Mutex<()>,
    /// New keys; the message `None`: plain RTP from now on.
    keys: Mailbox<Option<Rekey>>,
    /// Written by the wire.
    learned: RemoteSeqlock,
}

impl Shared {
    /// Adds one. Only the wire writes counters, so that no atomic addition is needed.
    fn count(counter: &AtomicU64) {
        counter.store(counter.load(Relaxed) + 1, Relaxed);
    }
}

/// The control of a wire, for the signalling. Clones share it; it may outlive the wire and holds no port.
#[derive(Clone, Debug)]
pub struct Control(Arc<Shared>);

/// The counters of a wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WireStats {
    /// RTP packets passed to the leg, and sent.
    pub received: u64,
    pub sent: u64,
    /// Packets that could not be sent, or that had no destination.
    pub refused: u64,
    /// Datagrams that are neither RTP nor RTCP.
    pub malformed: u64,
    /// RTP and RTCP from another source than the far end.
    pub strangers: u64,
    /// SRTP and SRTCP that no key authenticates, and plain RTP where keys were negotiated.
    pub unauthentic: u64,
    /// SRTP and SRTCP that were replayed, or are too old to tell.
    pub replayed: u64,
    /// Datagrams from before the first read.
    pub stale: u64,
    /// RTCP datagrams.
    pub rtcp_received: u64,
    pub rtcp_sent: u64,
    /// By the last report about our stream.
    pub round_trip: Option<Duration>,
    /// The learned source address of the far end.
    pub remote: Option<SocketAddr>,
}

impl Control {
    /// Sets the remote of a new SDP. A changed address starts learning again; the same one changes nothing. Takes effect at the next read.
    pub fn set_remote(&self, remote: Remote) {
        // Only writers take this lock, never the wire.
        let _writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.wanted.write(remote);
    }

    /// Sets the keys; `None`: plain RTP. Unchanged keys stay in use; a replaced key of the other side is accepted for five seconds more.
    /// Takes effect before the next packet in either direction.
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
            // The wire writes an unspecified address while none is learned.
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

    /// Takes new keys, if there are any.
    fn rekey(&mut self, now: impl Fn() -> Instant) {
        let Some(keys) = self.shared.keys.take() else { return };
        match (&mut self.srtp, *keys) {
            (Some(srtp), Some(keys)) => srtp.rekey(now(), keys),
            (srtp, keys) => *srtp = keys.map(|keys| Box::new(Srtp::new(keys))),
        }
    }

    /// Protects a packet that is to be sent, where keys were negotiated; returns its new length.
    fn seal(&mut self, out: &mut [u8; MTU], length: usize) -> Option<usize> {
        self.rekey(Instant::now);
        match &mut self.srtp {
            Some(srtp) => srtp.protect(out, length).ok(),
            None => Some(length),
        }
    }

    /// Takes a new remote, if there is one.
    fn follow(&mut self, now: Instant) {
        self.rekey(|| now);
        if let Some(srtp) = &mut self.srtp {
            srtp.tick(now);
        }
        if self.shared.wanted.version() == self.followed {
            return;
        }
        // While a write is in progress, it is read in the next tick.
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
            let rtcp_is_dry = self.latch.uses_rtcp_mux() || tick.rtcp_due.is_some_and(|due| now < due);
            *tick = Tick { now: Some(now), budget: BUDGET, rtp_is_dry: false, rtcp_is_dry, ..*tick };
        }
        if tick.budget == 0 {
            return false;
        }
        // The queue starts at the beginning of its buffer again.
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

    /// Reads a batch into `ready`; returns the number of datagrams.
    fn receive(&mut self, port: Port, now: Instant) -> usize {
        // Only the descriptor, so that the rest of the wire can be borrowed by the closure.
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
        // Authentication comes first: a packet that fails it does not count as a stranger's. `srtp` is taken out of `self`, because the
        // packet borrows from it.
        let Some(mut srtp) = self.srtp.take() else { return self.parse_datagram(bytes, sender(false)) };
        match srtp.unprotect(bytes) {
            Ok(bytes) => self.parse_datagram(bytes, sender(true)),
            Err(srtp::Fault::Unauthentic) => Shared::count(&shared.unauthentic),
            Err(srtp::Fault::Replayed) => Shared::count(&shared.replayed),
            Err(_) => Shared::count(&shared.malformed),
        }
        self.srtp = Some(srtp);
    }

    /// Parses a decrypted datagram.
    fn parse_datagram(&mut self, bytes: &[u8], sender: Sender) {
        let shared = &*self.shared;
        let Sender { from, arrived, authentic } = sender;
        // RTCP is accepted on the RTP port even without rtcp-mux.
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
        // The form is checked first, then the sender, then the content: reports of strangers must not change the report state.
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
                let socket = if self.latch.uses_rtcp_mux() { &self.rtp } else { &self.rtcp };
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
        // Skipped by its length field.
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

//! `Rings`: two bounded rings between a leg on its media thread and the task of its peer. Neither side ever waits.
use crossbeam_queue::ArrayQueue;
use futures::task::AtomicWaker;
use media::packet::Packet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::Context;
use std::time::Instant;

/// Packets to the network at most: 320 ms of sound. A full ring drops its oldest, for the newest is the one still worth hearing.
pub(super) const RING: usize = 16;
/// Packets to the leg at most: as many as a jitter buffer holds, since a network that stood still brings seconds of them at once.
pub(super) const INWARD: usize = 256;

/// What both sides share.
#[derive(Debug)]
pub(super) struct Rings {
    /// From the network to the leg.
    inward: ArrayQueue<Packet>,
    /// From the leg to the network.
    outward: ArrayQueue<Packet>,
    /// The task, while it waits for what the leg sends.
    task: AtomicWaker,
    pub(super) counts: Counts,
    /// The leg has gone.
    closed: AtomicBool,
}

/// The counters of the rings.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub received: AtomicU64,
    pub sent: AtomicU64,
    pub dropped_in: AtomicU64,
    pub dropped_out: AtomicU64,
    /// In µs; 0: not known yet.
    pub round_trip: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl Rings {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            inward: ArrayQueue::new(INWARD),
            outward: ArrayQueue::new(RING),
            task: AtomicWaker::new(),
            counts: Counts::default(),
            closed: AtomicBool::new(false),
        })
    }

    /// Passes a packet to the leg; dropped once the leg has gone.
    pub(super) fn put(&self, packet: Packet) {
        if !self.closed.load(Relaxed) && self.inward.force_push(packet).is_some() {
            count(&self.counts.dropped_in);
        }
    }

    /// Whether the leg has sent something; if not, the task is woken when it has.
    pub(super) fn poll(&self, context: &Context<'_>) -> bool {
        if !self.outward.is_empty() {
            return true;
        }
        self.task.register(context.waker());
        !self.outward.is_empty()
    }

    pub(super) fn take(&self) -> Option<Packet> {
        self.outward.pop()
    }
}

/// A leg's end of the rings.
#[derive(Debug)]
pub struct PeerWire(pub(super) Arc<Rings>);

impl media::Wire for PeerWire {
    fn recv(&mut self, _now: Instant) -> Option<Packet> {
        self.0.inward.pop()
    }

    fn send(&mut self, packet: &Packet) {
        if self.0.outward.force_push(packet.clone()).is_some() {
            count(&self.0.counts.dropped_out);
        }
        self.0.task.wake();
    }
}

impl Drop for PeerWire {
    fn drop(&mut self) {
        self.0.closed.store(true, Relaxed);
        while self.0.inward.pop().is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::Wire;
    use media::packet::Rtp;

    fn packet(sequence: u16) -> Packet {
        let payload = bytes::Bytes::from_static(&[1; 40]);
        let arrived = Instant::now();
        Packet::Rtp(Rtp { arrived, payload_type: 111, marker: false, sequence, timestamp: 0, ssrc: 1, payload })
    }

    fn sequence(packet: Option<Packet>) -> Option<u16> {
        match packet? {
            Packet::Rtp(rtp) => Some(rtp.sequence),
            Packet::Rtcp(_) => None,
        }
    }

    #[test]
    fn a_flood_drops_the_oldest_and_is_counted_both_ways() {
        let rings = Rings::new();
        let mut wire = PeerWire(rings.clone());
        for n in 0..1_000 {
            rings.put(packet(n));
            wire.send(&packet(n));
        }
        assert_eq!(sequence(wire.recv(Instant::now())), Some(1_000 - INWARD as u16));
        assert_eq!(sequence(rings.take()), Some(1_000 - RING as u16));
        let counts = &rings.counts;
        assert_eq!((counts.dropped_in.load(Relaxed), counts.dropped_out.load(Relaxed)), (744, 984));
        assert_eq!((rings.inward.len(), rings.outward.len()), (INWARD - 1, RING - 1));
    }

    #[test]
    fn nothing_is_kept_for_a_leg_that_has_gone() {
        let rings = Rings::new();
        rings.put(packet(1));
        drop(PeerWire(rings.clone()));
        rings.put(packet(2));
        assert!(rings.inward.is_empty());
    }
}

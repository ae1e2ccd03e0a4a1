//! `Backlog`: packets for an ear, which misses nothing: read apart from what people hear, in order and however late.
//!
//! It begins where sound that was due did not come, and ends where people hear the same again. Each packet that arrives meanwhile is
//! kept twice, as a handle.
use super::Content;
use super::queue::{PacketQueue, QueuedPacket};
use super::stream::Stream;
use crate::codec::Codec;
use bytes::Bytes;
use std::time::{Duration, Instant};

/// A number that is missing is waited for this long after the packet behind it arrived.
const OVERTAKEN: Duration = Duration::from_millis(60);

#[derive(Debug)]
pub(super) struct Backlog {
    queue: PacketQueue,
    /// The timestamp of the next unit of sound.
    head: i64,
    /// The number of the last packet taken.
    last_seq: i64,
    /// The last packet was comfort noise: what follows is silence until a packet of sound comes.
    quiet: bool,
}

/// What an ear hears next. Lengths are in units of the RTP clock.
#[derive(Clone, Debug, PartialEq)]
pub enum Late {
    Sound {
        codec: Codec,
        payload: Bytes,
        timestamp: u32,
        arrived: Instant,
    },
    /// This much never came, or was never sent.
    Missing(u32),
    /// The far end is silent on purpose.
    Silence,
    /// It has not arrived.
    Nothing,
}

/// What [`Backlog::next`] has to know of its line.
pub(super) struct LineState<'a> {
    pub(super) now: Instant,
    pub(super) stream: &'a Stream,
    /// Units per second.
    pub(super) clock: u32,
    /// A step of the timestamp of more than this with no number missing tells a sender that does not send silence.
    pub(super) longest_step: i64,
}

impl Backlog {
    /// Begins with what is due next: `queue`, of which `head` is the next timestamp and `last_seq` the number before it.
    pub(super) const fn new(queue: PacketQueue, head: i64, last_seq: i64) -> Self {
        Self { queue, head, last_seq, quiet: false }
    }

    pub(super) const fn head(&self) -> i64 {
        self.head
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How much there is still to read, gaps included.
    pub(super) fn unread(&self) -> i64 {
        self.queue.span()
    }

    /// Takes a packet that is not too late; returns the oldest, where there is no room for it.
    pub(super) fn insert(&mut self, packet: &QueuedPacket) -> Option<QueuedPacket> {
        if packet.seq <= self.last_seq { None } else { self.queue.insert(packet.clone()) }
    }

    /// What the ear hears next, and whether it shows that the sender stops sending while nobody speaks.
    pub(super) fn next(&mut self, line: &LineState) -> (Late, bool) {
        loop {
            let Some(front) = self.queue.front() else {
                return (if self.quiet { Late::Silence } else { Late::Nothing }, false);
            };
            let whole = line.stream.has_all_between(self.last_seq, front.seq);
            if !whole && line.now.saturating_duration_since(front.arrived) < OVERTAKEN {
                return (Late::Nothing, false);
            }
            let gap = front.at - self.head;
            if let Content::Sound(_) = front.content
                && gap > 0
            {
                let suppressed = whole && !self.quiet && gap > line.longest_step;
                (self.head, self.last_seq, self.quiet) = (front.at, front.seq - 1, false);
                return (Late::Missing(gap.min(i64::from(u32::MAX)) as u32), suppressed);
            }
            let Some(packet) = self.queue.pop_front() else { continue };
            self.last_seq = packet.seq;
            let Content::Sound(codec) = packet.content else {
                self.quiet = true;
                continue;
            };
            self.quiet = false;
            // A packet wholly in the past would be heard twice, unless the sender's clock went back.
            if packet.end() <= self.head && -gap < i64::from(line.clock) {
                continue;
            }
            self.head = packet.end();
            let (timestamp, arrived) = (packet.at as u32, packet.arrived);
            return (Late::Sound { codec, payload: packet.payload, timestamp, arrived }, false);
        }
    }
}

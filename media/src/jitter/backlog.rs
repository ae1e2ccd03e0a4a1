//! `Backlog`: an ear's own queue of packets, read in order and however late, apart from what people hear.
//!
//! It begins where sound was overdue and ends where people hear the same again. Packets that arrive meanwhile are in both queues; their
//! payloads are shared.
use super::Content;
use super::queue::{PacketQueue, QueuedPacket};
use super::stream::Stream;
use crate::codec::Codec;
use bytes::Bytes;
use std::time::{Duration, Instant};

/// How long a missing packet is waited for after its successor arrived.
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

/// The next sound of an ear. Lengths are in units of the RTP clock.
#[derive(Clone, Debug, PartialEq)]
pub enum Late {
    Sound {
        codec: Codec,
        payload: Bytes,
        timestamp: u32,
        arrived: Instant,
    },
    /// This much was lost, or never sent.
    Missing(u32),
    /// The far end is silent on purpose.
    Silence,
    /// Nothing has arrived.
    Nothing,
}

/// The state of the line for [`Backlog::next`].
pub(super) struct LineState<'a> {
    pub(super) now: Instant,
    pub(super) stream: &'a Stream,
    /// Units per second.
    pub(super) clock: u32,
    /// A step of the timestamp of more than this with no number missing shows a sender that suppresses silence.
    pub(super) longest_step: i64,
}

impl Backlog {
    /// A backlog of the packets in `queue`. `head`: the timestamp that is due next; `last_seq`: the number of the last packet taken.
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

    /// Inserts a packet unless it is too late. Returns the oldest packet where there is no room for it.
    pub(super) fn insert(&mut self, packet: &QueuedPacket) -> Option<QueuedPacket> {
        if packet.seq <= self.last_seq { None } else { self.queue.insert(packet.clone()) }
    }

    /// The next sound, and whether it shows that the sender suppresses silence.
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

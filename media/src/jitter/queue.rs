//! `PacketQueue`: packets of one stream in the order of their numbers.
use super::Content;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Instant;

/// The most packets held; beyond it the oldest is dropped.
pub(super) const ROOM: usize = 256;

#[derive(Clone, Debug)]
pub(super) struct QueuedPacket {
    /// Extended sequence number.
    pub(super) seq: i64,
    /// Extended timestamp.
    pub(super) at: i64,
    /// How much sound it holds, in clock units; 0 for comfort noise.
    pub(super) length: i64,
    pub(super) content: Content,
    pub(super) payload: Bytes,
    pub(super) arrived: Instant,
}

impl QueuedPacket {
    /// The timestamp at which its sound ends.
    pub(super) const fn end(&self) -> i64 {
        self.at + self.length
    }
}

#[derive(Clone, Debug)]
pub(super) struct PacketQueue(VecDeque<QueuedPacket>);

impl PacketQueue {
    pub(super) fn new() -> Self {
        Self(VecDeque::with_capacity(16))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn front(&self) -> Option<&QueuedPacket> {
        self.0.front()
    }

    pub(super) fn pop_front(&mut self) -> Option<QueuedPacket> {
        self.0.pop_front()
    }

    /// Puts the front packet back.
    pub(super) fn push_front(&mut self, packet: QueuedPacket) {
        self.0.push_front(packet);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Inserts a packet in order. Returns the oldest one where there is no room for it.
    pub(super) fn insert(&mut self, packet: QueuedPacket) -> Option<QueuedPacket> {
        // Most packets arrive in order.
        if self.0.back().is_none_or(|last| last.seq < packet.seq) {
            self.0.push_back(packet);
        } else {
            let place = self.0.partition_point(|queued| queued.seq < packet.seq);
            self.0.insert(place, packet);
        }
        if self.0.len() > ROOM { self.0.pop_front() } else { None }
    }

    /// Whether one of the next packets holds the sound of this timestamp.
    pub(super) fn soon_holds(&self, at: i64) -> bool {
        self.0.iter().take(4).any(|packet| packet.at <= at && packet.end() > at)
    }

    /// From the beginning of the first packet to the end of the last, in clock units, gaps included.
    pub(super) fn span(&self) -> i64 {
        match (self.0.front(), self.0.back()) {
            (Some(first), Some(last)) => last.end() - first.at,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Codec;

    fn packet(seq: i64) -> QueuedPacket {
        let (at, content) = (seq * 160, Content::Sound(Codec::Pcmu));
        QueuedPacket { seq, at, length: 160, content, payload: Bytes::new(), arrived: Instant::now() }
    }

    #[test]
    fn packets_stand_in_the_order_of_their_numbers_and_the_oldest_goes_where_there_is_no_room() {
        let mut queue = PacketQueue::new();
        assert_eq!(queue.span(), 0);
        for seq in [4, 2, 3, 7] {
            assert!(queue.insert(packet(seq)).is_none());
        }
        assert_eq!(queue.span(), 6 * 160);
        assert!(queue.soon_holds(7 * 160) && !queue.soon_holds(6 * 160));
        for seq in 8..8 + ROOM as i64 - 4 {
            assert!(queue.insert(packet(seq)).is_none());
        }
        assert_eq!(queue.insert(packet(0)).map(|oldest| oldest.seq), Some(0));
        assert_eq!(queue.insert(packet(5)).map(|oldest| oldest.seq), Some(2));
        let order: Vec<i64> = std::iter::from_fn(|| queue.pop_front()).map(|packet| packet.seq).collect();
        assert!(order.is_sorted() && order.len() == ROOM && order[..3] == [3, 4, 5]);
    }
}

//! `Stream`: the sequence numbers and timestamps of one sender: which packets belong to it and were received, and its interarrival
//! jitter (RFC 3550 section 6.4.1 and appendices A.1 and A.8).
use super::Content;
use crate::packet::Rtp;
#[cfg(test)]
mod tests;

/// The range of sequence numbers for which reception is recorded.
const SEEN: i64 = 1024;
/// RFC 3550 appendix A.1: a number further ahead than this is of another stream (MAX_DROPOUT).
const DROPOUT: i64 = 3000;
/// A number this far behind is of a sender that has begun anew (MAX_MISORDER).
const MISORDER: i64 = 100;
/// The most packets per second, and the largest drift between arrival and timestamp over a gap, in seconds: a jump of numbers beyond
/// these is a new beginning and no loss.
const PACKETS: i64 = 400;
const STALL: i64 = 4;

/// One sender's stream.
#[derive(Debug)]
pub(super) struct Stream {
    ssrc: u32,
    first_seq: i64,
    top_seq: i64,
    top_at: i64,
    /// What the packet with the highest number held.
    top_content: Content,
    seen: [u64; SEEN as usize / 64],
    unique: u64,
    /// RFC 3550 section 6.4.1: smoothed difference of transit times, in clock units.
    jitter: f32,
    transit: Option<i64>,
}

/// A packet's place in its stream: extended sequence number and timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) seq: i64,
    pub(super) at: i64,
}

impl Stream {
    pub(super) const fn new(ssrc: u32, first: Place, content: Content) -> Self {
        Self {
            ssrc,
            first_seq: first.seq,
            top_seq: first.seq,
            top_at: first.at,
            top_content: content,
            seen: [0; SEEN as usize / 64],
            unique: 0,
            jitter: 0.0,
            transit: None,
        }
    }

    pub(super) const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub(super) const fn first_seq(&self) -> i64 {
        self.first_seq
    }

    /// The highest number.
    pub(super) const fn top_seq(&self) -> i64 {
        self.top_seq
    }

    /// RFC 3550 interarrival jitter, in clock units.
    pub(super) const fn jitter(&self) -> f32 {
        self.jitter
    }

    /// Whether the latest packet holds sound.
    pub(super) const fn brings_sound(&self) -> bool {
        matches!(self.top_content, Content::Sound(_))
    }

    /// How many packets are missing between the first and the latest.
    pub(super) const fn lost(&self) -> u64 {
        let expected = self.top_seq - self.first_seq + 1;
        let expected = if expected < 0 { 0 } else { expected as u64 };
        expected.saturating_sub(self.unique)
    }

    /// How many numbers after the highest one (negative: before it) a packet lies. `None` where it does not belong to this stream, or its
    /// sender has begun anew (hold music, a transfer). `arrival` is in clock units.
    pub(super) fn step(&self, packet: &Rtp, content: Content, arrival: i64, clock: u32) -> Option<i64> {
        let step = i64::from(packet.sequence.wrapping_sub(self.top_seq as u16) as i16);
        if packet.ssrc != self.ssrc || step > DROPOUT || step <= -MISORDER {
            return None;
        }
        if !matches!(content, Content::Sound(_)) || !self.brings_sound() {
            return Some(step);
        }
        let (clock, ahead) = (i64::from(clock), i64::from(packet.timestamp.wrapping_sub(self.top_at as u32) as i32));
        // An older packet has an older timestamp; and over lost packets time and timestamp advance.
        let anew = if step < 0 {
            ahead > 0
        } else {
            let drift = self.transit.map_or(0, |transit| arrival - self.top_at - ahead - transit);
            step >= MISORDER && (ahead < step * clock / PACKETS || drift.abs() > STALL * clock)
        };
        (!anew).then_some(step)
    }

    /// The place of a packet that comes `step` numbers after the highest one, which it may replace.
    pub(super) fn place(&mut self, packet: &Rtp, content: Content, step: i64) -> Place {
        let seq = self.top_seq + step;
        let at = self.top_at + i64::from(packet.timestamp.wrapping_sub(self.top_at as u32) as i32);
        if seq > self.top_seq {
            for missing in self.top_seq + 1..=seq {
                self.unmark(missing);
            }
            // An event's timestamp is that of its beginning and does not advance the stream.
            if content != Content::Event {
                self.top_at = at;
            }
            (self.top_seq, self.top_content) = (seq, content);
        }
        Place { seq, at }
    }

    /// Sets the first number: an earlier packet than the first one has arrived.
    pub(super) const fn begin_at(&mut self, seq: i64) {
        self.first_seq = seq;
    }

    /// Notes a packet. Returns whether it is the first with its number.
    pub(super) fn note(&mut self, seq: i64) -> bool {
        let is_new = self.top_seq - seq < SEEN && !self.mark(seq);
        self.unique += u64::from(is_new);
        is_new
    }

    /// Notes the transit time (arrival minus timestamp) of a packet, in the order of arrival. Differences are limited to `limit`.
    pub(super) fn note_transit(&mut self, transit: i64, limit: i64) {
        if let Some(before) = self.transit.replace(transit) {
            let difference = (transit - before).abs().min(limit) as f32;
            self.jitter += (difference - self.jitter) / 16.0;
        }
    }

    /// Whether every packet between these two was received.
    pub(super) fn has_all_between(&self, last: i64, next: i64) -> bool {
        next - last <= SEEN / 2 && (last + 1..next).all(|seq| self.is_marked(seq))
    }

    fn slot(seq: i64) -> (usize, u64) {
        let bit = seq.rem_euclid(SEEN) as usize;
        (bit / 64, 1 << (bit % 64))
    }

    /// Marks a number as received. Returns whether it was already.
    fn mark(&mut self, seq: i64) -> bool {
        let (word, bit) = Self::slot(seq);
        let before = self.seen[word] & bit != 0;
        self.seen[word] |= bit;
        before
    }

    fn unmark(&mut self, seq: i64) {
        let (word, bit) = Self::slot(seq);
        self.seen[word] &= !bit;
    }

    fn is_marked(&self, seq: i64) -> bool {
        let (word, bit) = Self::slot(seq);
        self.top_seq - seq < SEEN && self.seen[word] & bit != 0
    }
}

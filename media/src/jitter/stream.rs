//! One sender's numbers: which packets belong to it and were seen, and how unevenly they come (RFC 3550 section 6.4.1 and
//! appendices A.1 and A.8).
use super::Content;
use crate::packet::Rtp;
#[cfg(test)]
mod tests;

/// How far back numbers are remembered.
pub(super) const SEEN: i64 = 1024;
/// RFC 3550 appendix A.1: a number further ahead than this is of another stream (MAX_DROPOUT).
const DROPOUT: i64 = 3000;
/// And one so far behind is not late but of a sender that has begun anew (MAX_MISORDER).
const MISORDER: i64 = 100;
/// Packets per second at most, and how far arrival and timestamp may drift apart over a gap, in seconds: numbers that jump
/// further than that have not been lost.
const PACKETS: i64 = 400;
const STALL: i64 = 4;

/// One sender's numbers.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) ssrc: u32,
    pub(super) first_seq: i64,
    pub(super) top_seq: i64,
    pub(super) top_at: i64,
    /// What the packet with the highest number held.
    pub(super) top_content: Content,
    pub(super) seen: [u64; SEEN as usize / 64],
    pub(super) unique: u64,
    /// RFC 3550 section 6.4.1: smoothed difference of transit times, in clock units.
    pub(super) jitter: f32,
    pub(super) transit: Option<i64>,
}

impl Stream {
    pub(super) fn new(ssrc: u32, seq: i64, at: i64, content: Content) -> Self {
        Self {
            ssrc,
            first_seq: seq,
            top_seq: seq,
            top_at: at,
            top_content: content,
            seen: [0; SEEN as usize / 64],
            unique: 0,
            jitter: 0.0,
            transit: None,
        }
    }

    /// How many numbers after the highest one (negative: before it) a packet of this stream comes. `None` where it does not
    /// follow: another stream's, or this one's whose sender has begun anew (hold music, a transfer). `arrival` in clock units.
    pub(super) fn step(&self, packet: &Rtp, content: Content, arrival: i64, clock: u32) -> Option<i64> {
        let step = i64::from(packet.sequence.wrapping_sub(self.top_seq as u16) as i16);
        if packet.ssrc != self.ssrc || step > DROPOUT || step <= -MISORDER {
            return None;
        }
        let is_sound = |content| matches!(content, Content::Sound(_));
        if !is_sound(content) || !is_sound(self.top_content) {
            return Some(step);
        }
        let (clock, ahead) = (i64::from(clock), i64::from(packet.timestamp.wrapping_sub(self.top_at as u32) as i32));
        // The sound of an older packet is older, too; and the sound of packets that are lost has taken its time.
        let anew = if step < 0 {
            ahead > 0
        } else {
            let drift = self.transit.map_or(0, |transit| arrival - self.top_at - ahead - transit);
            step >= MISORDER && (ahead < step * clock / PACKETS || drift.abs() > STALL * clock)
        };
        (!anew).then_some(step)
    }

    fn slot(seq: i64) -> (usize, u64) {
        let bit = seq.rem_euclid(SEEN) as usize;
        (bit / 64, 1 << (bit % 64))
    }

    /// Notes a number; whether it had been seen.
    pub(super) fn mark(&mut self, seq: i64) -> bool {
        let (word, bit) = Self::slot(seq);
        let before = self.seen[word] & bit != 0;
        self.seen[word] |= bit;
        before
    }

    pub(super) fn unmark(&mut self, seq: i64) {
        let (word, bit) = Self::slot(seq);
        self.seen[word] &= !bit;
    }

    pub(super) fn marked(&self, seq: i64) -> bool {
        let (word, bit) = Self::slot(seq);
        self.top_seq - seq < SEEN && self.seen[word] & bit != 0
    }
}

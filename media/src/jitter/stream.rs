//! One sender's numbers: which packets were seen, and how unevenly they come (RFC 3550 section 6.4.1 and appendix A.8).
use super::Content;

/// How far back numbers are remembered.
pub(super) const SEEN: i64 = 1024;

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

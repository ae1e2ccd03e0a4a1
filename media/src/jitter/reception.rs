//! `Reception`: counts of packets received, lost and skipped, over all streams of a line; the source of RTCP reports.
use super::stream::Stream;
use crate::packet::Report;

/// Numbers of packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub received: u64,
    /// Expected by their numbers and never seen.
    pub lost: u64,
    /// Came after their time.
    pub late: u64,
    pub duplicates: u64,
    /// Received and skipped for people: too old after a stall, or too many.
    pub skipped: u64,
    /// Received and skipped for the ear: a stall held back more than the buffer has room for.
    pub unheard: u64,
    /// Not sound of this line: wrong size, or a foreign sequence number.
    pub refused: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reception {
    pub(super) counts: Counts,
    /// Packets lost in earlier streams.
    lost_before: u64,
    /// Received and lost at the last report.
    reported: (u64, u64),
}

impl Reception {
    /// Another stream begins; losses of the last one are kept.
    pub(super) fn begin_stream(&mut self) {
        self.lost_before = self.counts.lost;
    }

    /// Counts a new packet of the stream.
    pub(super) fn received(&mut self, stream: &Stream) {
        self.counts.received += 1;
        self.counts.lost = self.lost_before + stream.lost();
    }

    /// A report block about this stream; the share lost counts from the last call.
    pub(super) fn report(&mut self, stream: &Stream) -> Report {
        let (received, lost) = (self.counts.received, self.counts.lost);
        let (since_received, since_lost) =
            (received.saturating_sub(self.reported.0), lost.saturating_sub(self.reported.1));
        self.reported = (received, lost);
        let expected = since_received + since_lost;
        Report {
            ssrc: stream.ssrc(),
            fraction_lost: if expected == 0 { 0.0 } else { since_lost as f32 / expected as f32 },
            lost: lost.min(0x7f_ffff) as i32,
            highest_sequence: stream.top_seq() as u32,
            jitter: stream.jitter() as u32,
            round_trip: None,
        }
    }
}

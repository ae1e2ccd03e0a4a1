//! How a stream goes, as others are told.
use super::{Counts, Jitter, State};
use crate::frame::TICK;
use crate::packet::Report;
use std::time::{Duration, Instant};

impl Jitter {
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How long the sound of the tick just taken had been possible to play; `spare` units are decoded and not yet heard.
    pub fn delay(&mut self, now: Instant, spare: u32) -> Duration {
        let now = self.place(now);
        if self.state != State::Playing || self.held > 0 {
            return self.last_delay;
        }
        // The tick just taken began before what is left.
        let delay = self.delay_of(self.head - i64::from(spare) - self.units(TICK), now);
        self.last_delay = self.time(delay);
        self.last_delay
    }

    /// The delay that the network asks for.
    pub fn target(&self) -> Duration {
        self.time(self.lateness.wanted())
    }

    pub fn held_packets(&self) -> usize {
        self.queue.len()
    }

    /// RFC 3550 interarrival jitter.
    pub fn jitter(&self) -> Duration {
        self.time(self.stream.as_ref().map_or(0, |s| s.jitter as i64))
    }

    pub fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(|s| s.ssrc)
    }

    /// A report block about this stream; the share lost counts from the last call.
    pub fn report(&mut self) -> Option<Report> {
        let stream = self.stream.as_ref()?;
        let (received, lost) = (self.counts.received, self.counts.lost);
        let (since_received, since_lost) =
            (received.saturating_sub(self.reported.0), lost.saturating_sub(self.reported.1));
        self.reported = (received, lost);
        let expected = since_received + since_lost;
        Some(Report {
            ssrc: stream.ssrc,
            fraction_lost: if expected == 0 { 0.0 } else { since_lost as f32 / expected as f32 },
            lost: lost.min(0x7f_ffff) as i32,
            highest_sequence: stream.top_seq as u32,
            jitter: stream.jitter as u32,
            round_trip: None,
        })
    }
}

//! `Backlog`: packets for an ear, which misses nothing: read apart from what people hear, in order and however late.
//!
//! It begins where sound that was due did not come, and ends where people hear the same again ([`Jitter::join`]). Each packet that
//! arrives meanwhile is kept twice, as a handle.
use super::stream::SEEN;
use super::{Content, Entry, Jitter, ROOM, State};
use crate::codec::Codec;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A number that is missing is waited for this long after the packet behind it arrived.
const OVERTAKEN: Duration = Duration::from_millis(60);
/// A step of the timestamp of more than this with no number missing tells a sender that does not send silence.
const SUPPRESSED: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Backlog {
    /// By sequence number.
    queue: VecDeque<Entry>,
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

impl Backlog {
    /// Takes a packet that is not too late; the oldest, where there is no room for it.
    fn insert(&mut self, entry: &Entry) -> Option<Entry> {
        if entry.seq <= self.last_seq {
            return None;
        }
        let place = self.queue.partition_point(|e| e.seq < entry.seq);
        self.queue.insert(place, entry.clone());
        if self.queue.len() > ROOM { self.queue.pop_front() } else { None }
    }
}

impl Jitter {
    /// How much sound is due and has not come, in clock units: 0 while it comes, and where none is due.
    pub fn awaited(&self) -> u32 {
        self.awaited.unwrap_or(0) as u32
    }

    /// Whether some of what waits is about to be left out of what people hear.
    pub fn is_over_limit(&mut self, now: Instant) -> bool {
        let now = self.place(now);
        let (limit, front) = (self.units(self.plan.max_delay), self.queue.front());
        front.is_some_and(|front| self.queue.len() > 1 && self.excess_of(front.at, now) > limit)
    }

    /// From here on the ear reads by itself, beginning with what is due next.
    pub fn split(&mut self) {
        let queue = self.queue.clone();
        self.backlog = Some(Backlog { queue, head: self.head, last_seq: self.last_seq, quiet: false });
    }

    pub fn is_split(&self) -> bool {
        self.backlog.is_some()
    }

    /// The ear goes on with what people hear.
    pub fn join(&mut self) {
        self.backlog = None;
    }

    /// Whether the sender is known to stop sending while nobody speaks.
    pub fn suppresses(&self) -> bool {
        self.suppresses
    }

    pub(super) fn keep_for_ear(&mut self, entry: &Entry) {
        if let Some(backlog) = &mut self.backlog
            && backlog.insert(entry).is_some()
        {
            self.counts.unheard += 1;
        }
    }

    /// What the ear hears next. Ask until the tick is full.
    pub fn late(&mut self, now: Instant) -> Late {
        let suppressed = self.units(SUPPRESSED);
        let (Some(backlog), Some(stream)) = (&mut self.backlog, &self.stream) else { return Late::Nothing };
        loop {
            let Some(front) = backlog.queue.front() else {
                return if backlog.quiet { Late::Silence } else { Late::Nothing };
            };
            let whole = front.seq - backlog.last_seq <= SEEN / 2
                && (backlog.last_seq + 1..front.seq).all(|seq| stream.marked(seq));
            if !whole && now.saturating_duration_since(front.arrived) < OVERTAKEN {
                return Late::Nothing;
            }
            let gap = front.at - backlog.head;
            if let Content::Sound(_) = front.content
                && gap > 0
            {
                self.suppresses |= whole && !backlog.quiet && gap > suppressed;
                (backlog.head, backlog.last_seq, backlog.quiet) = (front.at, front.seq - 1, false);
                return Late::Missing(gap.min(i64::from(u32::MAX)) as u32);
            }
            let Some(entry) = backlog.queue.pop_front() else { continue };
            backlog.last_seq = entry.seq;
            let Content::Sound(codec) = entry.content else {
                backlog.quiet = true;
                continue;
            };
            backlog.quiet = false;
            // A packet wholly in the past would be heard twice, unless the sender's clock went back.
            if entry.at + entry.length <= backlog.head && -gap < i64::from(self.clock) {
                continue;
            }
            backlog.head = entry.at + entry.length;
            let (timestamp, arrived) = (entry.at as u32, entry.arrived);
            return Late::Sound { codec, payload: entry.payload, timestamp, arrived };
        }
    }

    /// How much the ear has still to read, gaps included.
    pub fn unread(&self) -> u32 {
        let queue = self.backlog.as_ref().map(|backlog| &backlog.queue);
        let ends = queue.and_then(|queue| Some((queue.front()?.at, queue.back()?)));
        ends.map_or(0, |(first, last)| (last.at + last.length - first).clamp(0, i64::from(u32::MAX)) as u32)
    }

    /// By how much people are behind an ear that has `read` units decoded and not heard, where they have `spare`, and how much
    /// longer than wanted they wait for their sound; `None` where nobody can tell.
    pub fn behind(&mut self, now: Instant, spare: u32, read: u32) -> Option<(i64, i64)> {
        let now = self.place(now);
        let backlog = self.backlog.as_ref()?;
        match self.state {
            State::Playing if self.held == 0 => {
                let (people, ear) = (self.head - i64::from(spare), backlog.head - i64::from(read));
                Some((ear - people, self.excess_of(people, now)))
            }
            State::Quiet if self.queue.is_empty() && backlog.queue.is_empty() => Some((0, 0)),
            _ => None,
        }
    }

    /// How long the sound that people hear next has been possible to play, where `spare` units of it are decoded.
    pub fn waits(&mut self, now: Instant, spare: u32) -> Duration {
        let now = self.place(now);
        self.time(self.delay_of(self.head - i64::from(spare), now))
    }

    fn excess_of(&self, at: i64, now: i64) -> i64 {
        self.delay_of(at, now) - self.lateness.wanted()
    }
}

//! `Jitter`: puts packets back in order and decides when each is played. It holds packets, not sound, and is told the time.
//!
//! The delay follows what the network does: a decaying histogram of how late packets come, against the fastest of the last
//! seconds, gives each delay a cost; the sound is then stretched or shrunk by a pitch period at a time ([`Jitter::pace`]) until
//! packets wait as long as costs least. Sound is taken from here once per [`TICK`], so waiting is measured when a packet is
//! taken.
mod backlog;
mod delay;
mod lateness;
mod report;
mod stream;

pub use backlog::Late;

use crate::codec::Codec;
use crate::frame::TICK;
use crate::packet::Rtp;
use backlog::Backlog;
use bytes::Bytes;
use delay::Delay;
use lateness::Lateness;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use stream::{SEEN, Stream};

/// How a line's delay is chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct JitterPlan {
    /// Never less waiting than this beyond what the fastest packet needs.
    pub min_delay: Duration,
    /// A packet this late is not waited for; older sound is left out of what people hear. An ear is not ([`Late`]).
    pub max_delay: Duration,
    /// The delay that is worth as much as one packet in a hundred: a conversation bears about 12 ms.
    pub delay_per_loss: Duration,
    /// How much of the histogram a packet leaves in place.
    pub memory: f32,
}

impl Default for JitterPlan {
    fn default() -> Self {
        Self {
            min_delay: Duration::ZERO,
            max_delay: Duration::from_millis(500),
            delay_per_loss: Duration::from_millis(12),
            memory: 0.999,
        }
    }
}

/// What a packet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Sound(Codec),
    /// Comfort noise, RFC 3389.
    Noise,
    /// A telephone event: it takes a sequence number and no place in the sound.
    Event,
}

/// What to do for the next stretch of sound. Lengths are in units of the RTP clock.
#[derive(Clone, Debug, PartialEq)]
pub enum Play {
    /// Decode this, and leave out its first `skip` units.
    Decode { codec: Codec, payload: Bytes, skip: u32, timestamp: u32, arrived: Instant },
    /// This much is missing: extend what was heard.
    Conceal(u32),
    /// This much is missing, and the packet that follows it is here: it may know what was lost, and it says where to go.
    Fec { units: u32, codec: Codec, next: Bytes },
    /// The far end is silent on purpose; it may have said how loud its silence is (-dBov).
    Noise { level: Option<u8> },
    /// No stream.
    Idle,
}

/// Which way the speed of sound should lean at this tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    Keep,
    /// Packets come too close to their time: play something twice.
    Grow {
        urgent: bool,
    },
    /// They wait too long: leave out no more than this (clock units).
    Shrink {
        limit: u32,
        urgent: bool,
    },
}

/// What happened so far, in packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub received: u64,
    /// Expected by their numbers and never seen.
    pub lost: u64,
    /// Came after their time.
    pub late: u64,
    pub duplicates: u64,
    /// Left out of what people hear although they came: too old after a stall, or too many.
    pub skipped: u64,
    /// Left out of what an ear hears although they came: a stall held back more than [`ROOM`] of them.
    pub unheard: u64,
    /// Not sound of this line: wrong size, or a foreign sequence number.
    pub refused: u64,
}

/// No more packets than this are held; the oldest goes.
const ROOM: usize = 256;
/// No packet longer than this is a packet of sound.
const LONGEST: Duration = Duration::from_millis(240);
/// Delay shrinks only where this much more than enough is left, so that it does not swing.
const SLACK: Duration = Duration::from_millis(4);
/// Without a packet for this long there is no stream.
const LOST_STREAM: Duration = Duration::from_millis(240);

#[derive(Clone, Debug)]
struct Entry {
    seq: i64,
    /// Extended timestamp.
    at: i64,
    length: i64,
    content: Content,
    payload: Bytes,
    arrived: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// Silence suppression: the next packet begins a talk spurt.
    Quiet,
    Playing,
}

#[derive(Debug)]
pub struct Jitter {
    plan: JitterPlan,
    clock: u32,
    epoch: Option<Instant>,
    stream: Option<Stream>,
    /// A packet that does not follow: believed when the next one follows it.
    suspect: Option<(Rtp, Content)>,
    /// By sequence number.
    queue: VecDeque<Entry>,
    state: State,
    /// The timestamp of the next unit of sound to be taken.
    head: i64,
    /// The number of the last packet taken.
    last_seq: i64,
    /// Made-up sound since the head stopped moving, in clock units.
    held: i64,
    level: Option<u8>,
    /// Sound that was due and did not come since the last that did; `None` where none is due.
    awaited: Option<i64>,
    /// The sender stops sending while nobody speaks.
    suppresses: bool,
    /// What an ear has still to hear while people hear something else.
    backlog: Option<Backlog>,
    lateness: Lateness,
    delay: Delay,
    counts: Counts,
    lost_before: u64,
    reported: (u64, u64),
    last_delay: Duration,
}

impl Jitter {
    pub fn new(plan: JitterPlan, clock: u32) -> Self {
        let lateness = Lateness::new(&plan, clock);
        let units = |time: Duration| time.as_micros() as i64 * i64::from(clock) / 1_000_000;
        Self {
            plan,
            clock,
            epoch: None,
            stream: None,
            suspect: None,
            queue: VecDeque::with_capacity(16),
            state: State::Idle,
            head: 0,
            last_seq: 0,
            held: 0,
            level: None,
            awaited: None,
            suppresses: false,
            backlog: None,
            lateness,
            delay: Delay::new(units(TICK), units(SLACK)),
            counts: Counts::default(),
            lost_before: 0,
            reported: (0, 0),
            last_delay: Duration::ZERO,
        }
    }

    fn units(&self, time: Duration) -> i64 {
        (time.as_micros() as i64).saturating_mul(i64::from(self.clock)) / 1_000_000
    }

    fn time(&self, units: i64) -> Duration {
        Duration::from_micros((units.max(0) as u64).saturating_mul(1_000_000) / u64::from(self.clock))
    }

    /// An instant in clock units.
    fn place(&mut self, now: Instant) -> i64 {
        let epoch = *self.epoch.get_or_insert(now);
        match now.checked_duration_since(epoch) {
            Some(after) => self.units(after),
            None => -self.units(epoch.duration_since(now)),
        }
    }

    // ---- what arrives

    /// Takes a packet. Whatever it says, no more than [`ROOM`] packets are held.
    pub fn push(&mut self, packet: Rtp, content: Content) {
        let arrival = self.place(packet.arrived);
        let Some(stream) = &self.stream else { return self.begin(packet, content) };
        if let Some(step) = stream.step(&packet, content, arrival, self.clock) {
            return self.accept(packet, content, step);
        }
        // Another stream, the same one begun anew, or a foreign packet: a second packet in a row decides.
        match self.suspect.take() {
            Some((first, kind)) if first.ssrc == packet.ssrc && first.sequence.wrapping_add(1) == packet.sequence => {
                self.begin(first, kind);
                self.push(packet, content);
            }
            _ => {
                self.counts.refused += 1;
                self.suspect = Some((packet, content));
            }
        }
    }

    fn begin(&mut self, packet: Rtp, content: Content) {
        self.counts.skipped += self.queue.len() as u64;
        self.queue.clear();
        self.lost_before = self.counts.lost;
        self.suspect = None;
        let (seq, at) = (i64::from(packet.sequence), i64::from(packet.timestamp));
        self.stream = Some(Stream::new(packet.ssrc, seq, at, content));
        self.last_seq = seq - 1;
        self.rest(State::Idle);
        self.forget_fastest();
        self.accept(packet, content, 0);
    }

    fn accept(&mut self, packet: Rtp, content: Content, step: i64) {
        let arrival = self.place(packet.arrived);
        let (longest, limit) = (self.units(LONGEST), self.units(self.plan.max_delay));
        let Some(stream) = &mut self.stream else { return };
        let length = match content {
            Content::Sound(codec) => i64::from(codec.duration(&packet.payload)),
            Content::Noise | Content::Event => 0,
        };
        if length > longest || (length == 0 && matches!(content, Content::Sound(_))) {
            self.counts.refused += 1;
            return;
        }
        let seq = stream.top_seq + step;
        let at = stream.top_at + i64::from(packet.timestamp.wrapping_sub(stream.top_at as u32) as i32);
        if seq > stream.top_seq {
            for missing in stream.top_seq + 1..=seq {
                stream.unmark(missing);
            }
            // A tone's timestamp is that of its beginning: no step of the sound's clock.
            if content != Content::Event {
                stream.top_at = at;
            }
            stream.top_seq = seq;
            stream.top_content = content;
        }
        // The first to arrive need not be the first that was sent, while nothing has been taken.
        if self.state == State::Idle && seq < stream.first_seq && self.last_seq == stream.first_seq - 1 {
            (stream.first_seq, self.last_seq) = (seq, seq - 1);
        }
        if stream.top_seq - seq >= SEEN || stream.mark(seq) {
            self.counts.duplicates += 1;
            return;
        }
        stream.unique += 1;
        self.counts.received += 1;
        let lost = (stream.top_seq - stream.first_seq + 1).max(0) as u64;
        self.counts.lost = self.lost_before + lost.saturating_sub(stream.unique);
        if content == Content::Event {
            return;
        }
        if let Content::Sound(codec) = content {
            self.measure(arrival, at, limit);
            self.suppresses |= codec.ceases(&packet.payload);
        }
        let entry = Entry { seq, at, length, content, payload: packet.payload, arrived: packet.arrived };
        self.keep_for_ear(&entry);
        if seq <= self.last_seq {
            self.counts.late += 1;
            return;
        }
        let place = self.queue.partition_point(|e| e.seq < seq);
        self.queue.insert(place, entry);
        if self.queue.len() > ROOM {
            self.queue.pop_front();
            self.counts.skipped += 1;
        }
    }

    // ---- what the network is like

    fn measure(&mut self, arrival: i64, at: i64, limit: i64) {
        let Some(stream) = &mut self.stream else { return };
        let transit = arrival - at;
        if let Some(before) = stream.transit.replace(transit) {
            let apart = (transit - before).abs().min(limit * 4) as f32;
            stream.jitter += (apart - stream.jitter) / 16.0;
        }
        self.lateness.learn(arrival, transit);
    }

    /// The stream is another, or its clock steps: nothing of before says when its packets are due.
    fn forget_fastest(&mut self) {
        self.lateness.forget();
        self.delay.forget();
        (self.awaited, self.backlog) = (None, None);
    }

    /// How long sound with this timestamp, taken now, has been possible to take.
    fn delay_of(&self, at: i64, now: i64) -> i64 {
        self.lateness.fastest().map_or(self.lateness.wanted(), |fastest| now - at - fastest)
    }

    // ---- what is played

    fn rest(&mut self, state: State) {
        (self.state, self.held) = (state, 0);
    }

    /// What to do for the next `need` units of sound. Ask until the tick is full.
    pub fn pull(&mut self, now: Instant, need: u32) -> Play {
        let now = self.place(now);
        loop {
            self.skip_stale(now);
            let Some(front) = self.queue.front() else { return self.without_packet(need, now) };
            let (seq, at, content) = (front.seq, front.at, front.content);
            if self.state != State::Playing {
                if self.delay_of(at, now) < self.lateness.wanted() {
                    return self.pause();
                }
                (self.state, self.head, self.held) = (State::Playing, at, 0);
            }
            let mut gap = at - self.head;
            if self.held > 0 && (gap <= 0 || !self.follows(seq)) {
                self.settle(at);
                gap = at - self.head;
            }
            if content == Content::Noise && (gap <= 0 || self.follows(seq)) {
                return self.silence();
            }
            if gap <= 0 {
                let Some(front) = self.queue.pop_front() else { continue };
                if front.at + front.length <= self.head {
                    // Wholly in the past: the sender's clock went back, or the sound is stale.
                    self.last_seq = front.seq;
                    if -gap > self.units(Duration::from_secs(1)) {
                        self.queue.push_front(front);
                        self.last_seq -= 1;
                        self.forget_fastest();
                        self.rest(State::Quiet);
                    } else {
                        self.counts.late += 1;
                    }
                    continue;
                }
                return self.decode(front, -gap, now);
            }
            if self.follows(seq) {
                // The timestamp jumps and no number is missing: silence suppression.
                self.rest(State::Quiet);
                self.head = at;
                if self.delay_of(at, now) < self.lateness.wanted() {
                    return self.pause();
                }
                continue;
            }
            if gap > self.units(Duration::from_secs(1)) {
                self.rest(State::Quiet);
                continue;
            }
            return self.missing(gap, need);
        }
    }

    /// Part of a gap. Its last packet's worth is asked for in one piece: what follows may hold it.
    fn missing(&mut self, gap: i64, need: u32) -> Play {
        let need = i64::from(need);
        let next = self.queue.front().map(|e| (e.content, e.length, e.payload.clone()));
        if let Some((Content::Sound(codec), length, next)) = next
            && gap <= length.max(need)
        {
            self.head += gap;
            return Play::Fec { units: gap as u32, codec, next };
        }
        let length = self.queue.front().map_or(0, |e| e.length);
        let part = need.min((gap - length).max(1));
        self.head += part;
        Play::Conceal(part as u32)
    }

    /// Sound was made up while nothing came, and now something has: whether it stood for what came or held it back.
    fn settle(&mut self, at: i64) {
        let held = std::mem::take(&mut self.held);
        let (place, over) = (self.head + held, self.head + held - at);
        let goes_on = self.queue.iter().take(4).any(|e| e.at <= place && e.at + e.length > place);
        if held == 0 || over <= 0 || (goes_on && !self.delay.pays(&self.lateness, over)) {
            self.head = place;
        } else {
            self.head = at;
            self.delay.stretched(over);
        }
    }

    /// Whether every packet between the last one taken and this has been seen.
    fn follows(&self, seq: i64) -> bool {
        let Some(stream) = &self.stream else { return false };
        seq - self.last_seq <= SEEN / 2 && (self.last_seq + 1..seq).all(|s| stream.marked(s))
    }

    fn without_packet(&mut self, need: u32, now: i64) -> Play {
        let quiet = self.stream.as_ref().is_some_and(|s| !matches!(s.top_content, Content::Sound(_)));
        self.awaited = self.awaited.filter(|_| !quiet).map(|units| units.saturating_add(i64::from(need)));
        if self.state != State::Playing {
            return self.pause();
        }
        // Where even the fastest packet could not be here yet, nothing is late: too little is waited for.
        let margin = self.delay_of(self.head + self.held, now);
        if margin < self.lateness.min_delay() {
            self.delay.taken(margin);
        }
        self.held += i64::from(need);
        if quiet || self.held > self.units(LOST_STREAM) {
            self.rest(if quiet { State::Quiet } else { State::Idle });
            return self.pause();
        }
        Play::Conceal(need)
    }

    fn pause(&mut self) -> Play {
        if self.state == State::Idle { Play::Idle } else { Play::Noise { level: self.level.take() } }
    }

    fn silence(&mut self) -> Play {
        if let Some(noise) = self.queue.pop_front() {
            self.last_seq = noise.seq;
            self.level = noise.payload.first().map(|b| b & 0x7f).or(self.level);
        }
        self.awaited = None;
        self.rest(State::Quiet);
        self.pause()
    }

    fn decode(&mut self, entry: Entry, skip: i64, now: i64) -> Play {
        let Content::Sound(codec) = entry.content else { return self.pause() };
        let margin = self.delay_of(self.head, now);
        self.delay.taken(margin);
        if entry.seq > self.last_seq + 1
            && let Some(fastest) = self.lateness.fastest()
        {
            let arrival = self.place(entry.arrived);
            self.lateness.repaired(arrival - entry.at - fastest + entry.length);
        }
        (self.head, self.last_seq, self.held) = (entry.at + entry.length, entry.seq, 0);
        self.awaited = Some(0);
        let (skip, timestamp) = (skip as u32, entry.at as u32);
        Play::Decode { codec, payload: entry.payload, skip, timestamp, arrived: entry.arrived }
    }

    /// After a stall the packets of seconds may come at once: what is older than the limit is left out of what people hear, and catch up with
    /// the rest ([`Jitter::pace`]).
    fn skip_stale(&mut self, now: i64) {
        let limit = self.units(self.plan.max_delay) + self.lateness.wanted();
        let Some(front) = self.queue.front() else { return };
        if self.queue.len() < 2 || self.delay_of(front.at, now) <= limit {
            return;
        }
        while self.queue.len() > 1 {
            let Some(front) = self.queue.front() else { return };
            if self.delay_of(front.at, now) <= limit {
                break;
            }
            self.last_seq = front.seq;
            self.queue.pop_front();
            self.counts.skipped += 1;
        }
        if let Some(front) = self.queue.front() {
            (self.head, self.held, self.last_seq) = (front.at, 0, front.seq - 1);
        }
    }

    /// The next packet ahead of its time, if it follows without a gap: shrinking needs something to shrink.
    pub fn ahead(&mut self, now: Instant) -> Option<Play> {
        let now = self.place(now);
        let front = self.queue.front()?;
        let fits = self.state == State::Playing && front.at == self.head && matches!(front.content, Content::Sound(_));
        if !fits {
            return None;
        }
        let front = self.queue.pop_front()?;
        let delay = self.delay.clone();
        let play = self.decode(front, 0, now);
        self.delay = delay;
        Some(play)
    }

    /// Which way to lean, once per tick. `spare`: decoded sound left after this tick, in clock units.
    pub fn pace(&mut self, spare: u32) -> Pace {
        if self.state != State::Playing {
            self.delay.rest();
            return Pace::Keep;
        }
        self.delay.pace(i64::from(spare), &self.lateness)
    }

    /// Tells that sound became longer (or, negative, shorter), so that the measures start afresh.
    pub fn stretched(&mut self, units: i64) {
        self.delay.stretched(units);
    }

    /// The stream goes on in units of another clock: what is buffered of the old one is not played.
    pub fn reclock(&mut self, clock: u32) {
        let mut counts = self.counts;
        counts.skipped += self.queue.len() as u64;
        let fresh = Self::new(self.plan.clone(), clock);
        *self = Self { counts, lost_before: counts.lost, reported: self.reported, ..fresh };
    }

    /// Ends the stream: the line's plan changed, or it is held.
    pub fn reset(&mut self) {
        self.queue.clear();
        self.rest(State::Idle);
        if let Some(stream) = &self.stream {
            self.last_seq = stream.top_seq;
        }
        self.forget_fastest();
    }
}

#[cfg(test)]
mod tests;

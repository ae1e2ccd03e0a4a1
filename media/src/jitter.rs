//! `Jitter`: puts packets back in order and decides when each is played. It holds packets, not sound, and is told the time.
//!
//! The delay follows what the network does: a decaying histogram of how late packets come, against the fastest of the last
//! seconds, gives each delay a cost; the sound is then stretched or shrunk by a pitch period at a time ([`Jitter::pace`]) until
//! packets wait for the delay of least cost. Sound is taken once per [`TICK`], so waiting is measured when a packet is taken.
mod backlog;
mod clock;
mod delay;
mod lateness;
mod plan;
mod play;
mod playhead;
mod queue;
mod reception;
mod stream;

pub use backlog::Late;
pub use plan::JitterPlan;
pub use play::{Content, Pace, Play};
pub use reception::Counts;

use crate::frame::TICK;
use crate::packet::{Report, Rtp};
use backlog::{Backlog, LineState};
use clock::Clock;
use delay::Delay;
use lateness::Lateness;
use playhead::{Playhead, State};
use queue::{PacketQueue, QueuedPacket};
use reception::Reception;
use std::time::{Duration, Instant};
use stream::{Place, Stream};

/// No packet longer than this is a packet of sound.
const LONGEST: Duration = Duration::from_millis(240);
/// The excess of delay that is tolerated, so that the delay does not oscillate.
const SLACK: Duration = Duration::from_millis(4);
/// Without a packet for this long there is no stream.
const LOST_STREAM: Duration = Duration::from_millis(240);
/// A step of the timestamp of more than this with no number missing shows a sender that suppresses silence.
const SUPPRESSED: Duration = Duration::from_millis(100);
/// A timestamp further from the present sound than this is a new beginning, not a gap.
const GAP: Duration = Duration::from_secs(1);

/// Lengths of time in clock units, converted once.
#[derive(Clone, Copy, Debug)]
struct Spans {
    tick: i64,
    longest: i64,
    lost_stream: i64,
    suppressed: i64,
    gap: i64,
    max_delay: i64,
}

#[derive(Debug)]
pub struct Jitter {
    plan: JitterPlan,
    clock: Clock,
    spans: Spans,
    stream: Option<Stream>,
    /// A packet that does not fit the stream: accepted when the next one follows it (RFC 3550 appendix A.1).
    unconfirmed: Option<(Rtp, Content)>,
    queue: PacketQueue,
    head: Playhead,
    /// Whether the sender is known to suppress silence.
    suppresses: bool,
    /// The packets for an ear that has a stream of its own.
    backlog: Option<Backlog>,
    lateness: Lateness,
    delay: Delay,
    reception: Reception,
    last_delay: Duration,
}

impl Jitter {
    /// `clock`: units per second.
    pub fn new(plan: JitterPlan, clock: u32) -> Self {
        let clock = Clock::new(clock);
        let spans = Spans {
            tick: clock.units(TICK),
            longest: clock.units(LONGEST),
            lost_stream: clock.units(LOST_STREAM),
            suppressed: clock.units(SUPPRESSED),
            gap: clock.units(GAP),
            max_delay: clock.units(plan.max_delay),
        };
        Self {
            lateness: Lateness::new(&plan, clock),
            delay: Delay::new(spans.tick, clock.units(SLACK)),
            plan,
            clock,
            spans,
            stream: None,
            unconfirmed: None,
            queue: PacketQueue::new(),
            head: Playhead::new(),
            suppresses: false,
            backlog: None,
            reception: Reception::default(),
            last_delay: Duration::ZERO,
        }
    }

    // ---- what arrives

    /// Takes a packet. At most [`queue::ROOM`] packets are held.
    pub fn push(&mut self, packet: Rtp, content: Content) {
        let arrival = self.clock.place(packet.arrived);
        let Some(stream) = &self.stream else { return self.begin(packet, content, arrival) };
        if let Some(step) = stream.step(&packet, content, arrival, self.clock.hz()) {
            return self.accept(packet, content, arrival, step);
        }
        // Another stream, the same one begun anew, or a foreign packet: a second packet in a row decides.
        match self.unconfirmed.take() {
            Some((first, kind)) if first.ssrc == packet.ssrc && first.sequence.wrapping_add(1) == packet.sequence => {
                let arrival = self.clock.place(first.arrived);
                self.begin(first, kind, arrival);
                self.push(packet, content);
            }
            _ => {
                self.reception.counts.refused += 1;
                self.unconfirmed = Some((packet, content));
            }
        }
    }

    fn begin(&mut self, packet: Rtp, content: Content, arrival: i64) {
        self.reception.counts.skipped += self.queue.len() as u64;
        self.queue.clear();
        self.reception.begin_stream();
        self.unconfirmed = None;
        let first = Place { seq: i64::from(packet.sequence), at: i64::from(packet.timestamp) };
        self.stream = Some(Stream::new(packet.ssrc, first, content));
        self.head.set_last_seq(first.seq - 1);
        self.head.rest(State::Idle);
        self.reset_timing();
        self.accept(packet, content, arrival, 0);
    }

    /// Takes a packet of the stream, `step` numbers after the highest one.
    fn accept(&mut self, packet: Rtp, content: Content, arrival: i64, step: i64) {
        let Some(stream) = &mut self.stream else { return };
        let length = match content {
            Content::Sound(codec) => i64::from(codec.duration(&packet.payload)),
            Content::Noise | Content::Event => 0,
        };
        if length > self.spans.longest || (length == 0 && matches!(content, Content::Sound(_))) {
            self.reception.counts.refused += 1;
            return;
        }
        let Place { seq, at } = stream.place(&packet, content, step);
        // The first to arrive need not be the first that was sent, while nothing has been taken.
        if seq < stream.first_seq() && self.head.is_before(stream.first_seq()) {
            stream.begin_at(seq);
            self.head.set_last_seq(seq - 1);
        }
        if !stream.note(seq) {
            self.reception.counts.duplicates += 1;
            return;
        }
        self.reception.received(stream);
        if content == Content::Event {
            return;
        }
        if let Content::Sound(codec) = content {
            stream.note_transit(arrival - at, self.spans.max_delay * 4);
            self.lateness.learn(arrival, arrival - at);
            self.suppresses |= codec.ceases(&packet.payload);
        }
        let packet = QueuedPacket { seq, at, length, content, payload: packet.payload, arrived: packet.arrived };
        if let Some(backlog) = &mut self.backlog
            && backlog.insert(&packet).is_some()
        {
            self.reception.counts.unheard += 1;
        }
        if seq <= self.head.last_seq() {
            self.reception.counts.late += 1;
        } else if self.queue.insert(packet).is_some() {
            self.reception.counts.skipped += 1;
        }
    }

    /// Another stream, or a step of its clock: earlier transit times do not apply.
    fn reset_timing(&mut self) {
        self.lateness.forget();
        self.delay.forget();
        self.head.await_nothing();
        self.backlog = None;
    }

    /// How long sound with this timestamp could have been taken already.
    fn delay_of(&self, at: i64, now: i64) -> i64 {
        self.lateness.fastest().map_or(self.lateness.wanted(), |fastest| now - at - fastest)
    }

    /// Whether sound with this timestamp has waited as long as it should.
    fn is_due(&self, at: i64, now: i64) -> bool {
        self.delay_of(at, now) >= self.lateness.wanted()
    }

    // ---- what people hear

    /// What to do for the next `need` units of sound. Ask until the tick is full.
    pub fn pull(&mut self, now: Instant, need: u32) -> Play {
        let now = self.clock.place(now);
        loop {
            self.skip_stale(now);
            let Some(front) = self.queue.front() else { return self.without_packet(need, now) };
            let (seq, at, content) = (front.seq, front.at, front.content);
            if !self.head.is_playing() {
                if !self.is_due(at, now) {
                    return self.head.pause();
                }
                self.head.begin(at);
            }
            if self.head.concealed() > 0 && (at <= self.head.at() || !self.follows(seq)) {
                self.settle(at);
            }
            let gap = at - self.head.at();
            if content == Content::Noise && (gap <= 0 || self.follows(seq)) {
                return self.head.fall_silent(self.queue.pop_front());
            }
            if gap <= 0 {
                let Some(front) = self.queue.pop_front() else { continue };
                if front.end() > self.head.at() {
                    return self.decode(front, -gap, now);
                }
                self.drop_stale(front);
            } else if self.follows(seq) {
                // The timestamp jumps and no sequence number is missing: silence suppression.
                self.head.jump(at);
                if !self.is_due(at, now) {
                    return self.head.pause();
                }
            } else if gap > self.spans.gap {
                self.head.rest(State::Quiet);
            } else {
                return self.head.conceal(gap, need, &self.queue);
            }
        }
    }

    /// Drops a packet that lies wholly in the past, or, where the sender's clock went back, begins anew with it.
    fn drop_stale(&mut self, front: QueuedPacket) {
        if self.head.at() - front.at > self.spans.gap {
            self.head.set_last_seq(front.seq - 1);
            self.queue.push_front(front);
            self.reset_timing();
            self.head.rest(State::Quiet);
        } else {
            self.head.set_last_seq(front.seq);
            self.reception.counts.late += 1;
        }
    }

    /// Packets arrive after concealment: decides whether the concealment replaced sound or added to the delay.
    fn settle(&mut self, at: i64) {
        let place = self.head.at() + self.head.concealed();
        let over = place - at;
        let stands = over <= 0 || (self.queue.soon_holds(place) && !self.delay.pays(&self.lateness, over));
        self.head.settle(stands, at);
        if !stands {
            self.delay.stretched(over);
        }
    }

    /// Whether every packet between the last one taken and this has been seen.
    fn follows(&self, seq: i64) -> bool {
        self.stream.as_ref().is_some_and(|stream| stream.has_all_between(self.head.last_seq(), seq))
    }

    fn without_packet(&mut self, need: u32, now: i64) -> Play {
        let (quiet, need_units) = (self.stream.as_ref().is_some_and(|s| !s.brings_sound()), i64::from(need));
        if quiet {
            self.head.await_nothing();
        }
        self.head.wait(need_units);
        if !self.head.is_playing() {
            return self.head.pause();
        }
        // Where even the fastest packet could not have arrived yet, the delay is too short.
        let margin = self.delay_of(self.head.at() + self.head.concealed(), now);
        if margin < self.lateness.min_delay() {
            self.delay.taken(margin);
        }
        self.head.note_concealed(need_units);
        if quiet || self.head.concealed() > self.spans.lost_stream {
            self.head.rest(if quiet { State::Quiet } else { State::Idle });
            return self.head.pause();
        }
        Play::Conceal(need)
    }

    fn decode(&mut self, packet: QueuedPacket, skip: i64, now: i64) -> Play {
        let Content::Sound(codec) = packet.content else { return self.head.pause() };
        let margin = self.delay_of(self.head.at(), now);
        self.delay.taken(margin);
        if packet.seq > self.head.last_seq() + 1
            && let Some(fastest) = self.lateness.fastest()
        {
            let arrival = self.clock.place(packet.arrived);
            self.lateness.repaired(arrival - packet.at - fastest + packet.length);
        }
        self.head.take(&packet);
        let (skip, timestamp) = (skip as u32, packet.at as u32);
        Play::Decode { codec, payload: packet.payload, skip, timestamp, arrived: packet.arrived }
    }

    /// Skips sound older than the limit, as after a stall. People catch up with the rest by [`Jitter::pace`].
    fn skip_stale(&mut self, now: i64) {
        if self.queue.len() < 2 {
            return;
        }
        let limit = self.spans.max_delay + self.lateness.wanted();
        let mut skipped = 0;
        while self.queue.len() > 1
            && let Some(front) = self.queue.front()
            && self.delay_of(front.at, now) > limit
        {
            self.queue.pop_front();
            skipped += 1;
        }
        if skipped > 0
            && let Some(front) = self.queue.front()
        {
            self.reception.counts.skipped += skipped;
            self.head.skip_to(front);
        }
    }

    /// Takes the next packet ahead of its time, if it follows without a gap: shrinking needs more sound.
    pub fn ahead(&mut self, now: Instant) -> Option<Play> {
        let now = self.clock.place(now);
        let front = self.queue.front()?;
        if !self.head.is_playing() || front.at != self.head.at() || !matches!(front.content, Content::Sound(_)) {
            return None;
        }
        let front = self.queue.pop_front()?;
        let delay = self.delay.clone();
        let play = self.decode(front, 0, now);
        self.delay = delay;
        Some(play)
    }

    /// Which way the speed should change, once per tick. `spare`: decoded sound left after this tick, in clock units.
    pub fn pace(&mut self, spare: u32) -> Pace {
        if !self.head.is_playing() {
            self.delay.rest();
            return Pace::Keep;
        }
        self.delay.pace(i64::from(spare), &self.lateness)
    }

    /// Reports that sound became longer (or, negative, shorter).
    pub fn stretched(&mut self, units: i64) {
        self.delay.stretched(units);
    }

    /// Changes the clock of the stream. Buffered packets of the old clock are dropped.
    pub fn reclock(&mut self, clock: u32) {
        let mut reception = self.reception;
        reception.counts.skipped += self.queue.len() as u64;
        reception.begin_stream();
        *self = Self { reception, ..Self::new(self.plan.clone(), clock) };
    }

    /// Ends the stream: the line's plan changed, or it is held.
    pub fn reset(&mut self) {
        self.queue.clear();
        self.head.rest(State::Idle);
        if let Some(stream) = &self.stream {
            self.head.set_last_seq(stream.top_seq());
        }
        self.reset_timing();
    }

    // ---- what an ear hears

    /// How much sound is due and has not come, in clock units: 0 while it comes, and where none is due.
    pub fn awaited(&self) -> u32 {
        self.head.awaited().unwrap_or(0) as u32
    }

    /// Whether some of what waits is about to be left out of what people hear.
    pub fn is_over_limit(&mut self, now: Instant) -> bool {
        let now = self.clock.place(now);
        self.queue.len() > 1
            && self.queue.front().is_some_and(|front| self.excess_of(front.at, now) > self.spans.max_delay)
    }

    /// Gives the ear a queue of its own, beginning with the sound that is due next.
    pub fn split(&mut self) {
        self.backlog = Some(Backlog::new(self.queue.clone(), self.head.at(), self.head.last_seq()));
    }

    pub const fn is_split(&self) -> bool {
        self.backlog.is_some()
    }

    /// Drops the ear's own queue.
    pub fn join(&mut self) {
        self.backlog = None;
    }

    /// Whether the sender is known to suppress silence.
    pub const fn suppresses(&self) -> bool {
        self.suppresses
    }

    /// What the ear hears next. Ask until the tick is full.
    pub fn late(&mut self, now: Instant) -> Late {
        let (Some(backlog), Some(stream)) = (&mut self.backlog, &self.stream) else { return Late::Nothing };
        let line = LineState { now, stream, clock: self.clock.hz(), longest_step: self.spans.suppressed };
        let (late, suppresses) = backlog.next(&line);
        self.suppresses |= suppresses;
        late
    }

    /// How much sound waits for the ear, gaps included.
    pub fn unread(&self) -> u32 {
        self.backlog.as_ref().map_or(0, |backlog| backlog.unread().clamp(0, i64::from(u32::MAX)) as u32)
    }

    /// How far people are behind the ear, and by how much their delay exceeds the wanted one; `None` where that is unknown. `spare` and
    /// `read`: units decoded and not yet heard by people and by the ear.
    pub fn behind(&mut self, now: Instant, spare: u32, read: u32) -> Option<(i64, i64)> {
        let now = self.clock.place(now);
        let backlog = self.backlog.as_ref()?;
        match self.head.state() {
            State::Playing if self.head.concealed() == 0 => {
                let (people, ear) = (self.head.at() - i64::from(spare), backlog.head() - i64::from(read));
                Some((ear - people, self.excess_of(people, now)))
            }
            State::Quiet if self.queue.is_empty() && backlog.is_empty() => Some((0, 0)),
            _ => None,
        }
    }

    /// How long the next sound for people could have been played already, where `spare` units of it are decoded.
    pub fn waits(&mut self, now: Instant, spare: u32) -> Duration {
        let now = self.clock.place(now);
        self.clock.time(self.delay_of(self.head.at() - i64::from(spare), now))
    }

    fn excess_of(&self, at: i64, now: i64) -> i64 {
        self.delay_of(at, now) - self.lateness.wanted()
    }

    // ---- statistics

    pub const fn counts(&self) -> Counts {
        self.reception.counts
    }

    /// The delay of the tick just taken; `spare` units are decoded and not yet played.
    pub fn delay(&mut self, now: Instant, spare: u32) -> Duration {
        let now = self.clock.place(now);
        if self.head.is_playing() && self.head.concealed() == 0 {
            // The tick just taken began before what is left.
            let delay = self.delay_of(self.head.at() - i64::from(spare) - self.spans.tick, now);
            self.last_delay = self.clock.time(delay);
        }
        self.last_delay
    }

    /// The wanted delay.
    pub fn target(&self) -> Duration {
        self.clock.time(self.lateness.wanted())
    }

    pub fn held_packets(&self) -> usize {
        self.queue.len()
    }

    /// RFC 3550 interarrival jitter.
    pub fn jitter(&self) -> Duration {
        self.clock.time(self.stream.as_ref().map_or(0, |stream| stream.jitter() as i64))
    }

    pub fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(Stream::ssrc)
    }

    /// A report block about this stream; the share lost counts from the last call.
    pub fn report(&mut self) -> Option<Report> {
        self.stream.as_ref().map(|stream| self.reception.report(stream))
    }
}

#[cfg(test)]
mod tests;

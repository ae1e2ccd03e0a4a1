//! `EarStream`: the sound of an ear after a stall of the network. When held packets arrive at once, people catch up: sound that is too
//! old is skipped, and the rest is played faster. The ear gets every packet instead, several ticks at a time, each with the position
//! that it would have had.
use super::{Ingress, Mute};
use crate::codec::{Codec, Decoder};
use crate::conceal::{Conceal, Fade};
use crate::frame::{Frame, Origin, TICK};
use crate::jitter::Late;
use crate::noise::rms;
use crate::{Rate, SamplePos};
use std::time::{Duration, Instant};

/// Ticks that sound may be overdue before the ear gets a stream of its own: below that it is jitter.
const JITTER: u32 = 3;
/// Gaps up to this are concealed; longer ones become silence.
const GAP: Duration = Duration::from_millis(240);
/// The ear rejoins what people hear where both differ by at most [`UNHEARD`] and people's delay exceeds the target by at most
/// [`IN_TIME`]: with more the ear would share that delay.
const UNHEARD: Duration = Duration::from_millis(5);
const IN_TIME: Duration = Duration::from_millis(60);
/// Or where it is behind by at most [`FAR_BEHIND`], after a silence of that and these ticks.
const QUIET: u32 = 15;
const FAR_BEHIND: Duration = Duration::from_millis(200);

/// An ear's share of a tick.
#[derive(Debug)]
pub enum ForEar {
    /// The same as people hear.
    Now,
    /// Sound is due and has not arrived. `made`: the concealment that people hear replaces it if it is lost.
    Awaited { made: bool, suppresses: bool },
    /// Late sound, oldest first; the tick's own sound may be included.
    Late(Vec<Frame>),
}

pub(super) struct EarStream {
    /// The decoder in use before the stall, whose state fits the next packet. What people hear continues with a new one.
    decoder: Option<(Codec, Box<dyn Decoder>)>,
    conceal: Conceal,
    /// Decoded and not yet heard, and how much of it is concealment.
    pcm: Vec<i16>,
    made: usize,
    /// The tick that the next frame belongs to.
    next: SamplePos,
    /// How long sound had waited in the buffer before the stall. The ear may be ahead of people by what exceeds the target.
    waited: Duration,
    /// The tick after the next frame, where a gap follows.
    leap: Option<SamplePos>,
    arrived: Option<Instant>,
    /// Consecutive quiet frames.
    quiet: u32,
}

/// The result of filling a frame.
enum Filled {
    Sound,
    Silence,
    Not,
}

impl Ingress {
    /// Whether the ear has a stream of its own.
    pub fn has_ear_stream(&self) -> bool {
        self.ear_stream.is_some()
    }

    /// Notes whether sound is overdue in this tick, before anything of the tick is decoded.
    pub(super) fn note_awaited(&mut self, now: Instant, pos: SamplePos) {
        let awaited = self.jitter.awaited() > 0;
        if awaited && !self.stopped && self.ear_stream.is_none() {
            self.note_stop(now, pos);
        }
        self.stopped = awaited;
    }

    fn note_stop(&mut self, now: Instant, pos: SamplePos) {
        let spare = self.units(self.pcm.len());
        (self.since, self.waited) = (pos, self.jitter.waits(now, spare).min(self.plan.max_delay));
        self.rest.clear();
        self.rest.extend_from_slice(&self.pcm);
    }

    /// Starts the ear's stream if stale sound is about to be skipped for people.
    pub(super) fn before_skipping(&mut self, now: Instant, pos: SamplePos) {
        if !std::mem::take(&mut self.ear_asked) || self.ear_stream.is_some() {
            return;
        }
        if self.jitter.is_over_limit(now) {
            self.note_stop(now, pos);
            self.split();
        }
    }

    fn split(&mut self) {
        self.jitter.split();
        self.ear_stream = Some(Box::new(EarStream {
            decoder: self.decoder.take(),
            conceal: Conceal::new(self.rate, self.seed ^ 3),
            pcm: std::mem::take(&mut self.rest),
            made: 0,
            // Positions do not go back behind sound that was heard since the stop.
            next: self.since.max(self.heard.map_or(self.since, |heard| later(heard, 1))),
            waited: self.waited,
            leap: None,
            arrived: self.arrived,
            quiet: 0,
        }));
    }

    /// What the ear gets for the tick just pulled, `limit` frames at most.
    pub fn for_ear(&mut self, now: Instant, pos: SamplePos, limit: usize, mute: &dyn Mute) -> ForEar {
        self.ear_asked = true;
        if !self.jitter.is_split() {
            // Another RTP stream, or the line was on hold.
            self.ear_stream = None;
        }
        if self.ear_stream.is_none() {
            let awaited = self.samples(self.jitter.awaited()) / self.rate.per_tick();
            if self.jitter.awaited() == 0 {
                self.heard = Some(pos);
                return ForEar::Now;
            }
            if awaited <= JITTER as usize {
                return ForEar::Awaited { made: true, suppresses: self.jitter.suppresses() };
            }
            self.split();
        }
        let Some(mut stream) = self.ear_stream.take() else { return ForEar::Now };
        let mut frames = Vec::new();
        let lead = stream.waited.saturating_sub(self.jitter.target()).as_millis() / TICK.as_millis();
        let latest = later(pos, lead as u64);
        while frames.len() < limit && stream.next <= latest {
            match self.fill(&mut stream, (now, latest), mute) {
                Filled::Not => break,
                filled => frames.push(stream.frame(pos, self.rate, filled, self.conceal.floor() * 3.0)),
            }
        }
        if self.can_rejoin(now, &stream) {
            self.jitter.join();
        } else {
            self.ear_stream = Some(stream);
        }
        if frames.is_empty() {
            return ForEar::Awaited { made: false, suppresses: self.jitter.suppresses() };
        }
        self.heard = frames.last().map(|frame| frame.pos);
        ForEar::Late(frames)
    }

    /// Fills the next frame of the ear's stream.
    fn fill(&mut self, stream: &mut EarStream, (now, pos): (Instant, SamplePos), mute: &dyn Mute) -> Filled {
        let tick = self.rate.per_tick();
        while stream.pcm.len() < tick {
            match self.jitter.late(now) {
                Late::Sound { codec, payload, timestamp, arrived } => {
                    let muted = mute.mutes(timestamp, codec.duration(&payload));
                    stream.decode(codec, &payload, muted, self.decoders);
                    stream.arrived = Some(arrived);
                }
                Late::Missing(units) => {
                    let samples = self.samples(units);
                    if TICK * (samples / tick) as u32 <= GAP {
                        stream.made += samples;
                        stream.conceal.extend(Fade::Slow, samples, &mut stream.pcm);
                        continue;
                    }
                    // Sound that waits behind the gap ends at this tick at the latest.
                    let waits = self.samples(self.jitter.unread()).div_ceil(tick).saturating_sub(1) as u64;
                    let latest = SamplePos(pos.0.saturating_sub(waits * SamplePos::PER_TICK));
                    let after = later(stream.next, ((samples + tick / 2) / tick) as u64).min(latest).max(stream.next);
                    if stream.pcm.is_empty() {
                        stream.next = after;
                    } else {
                        stream.leap = Some(after);
                        stream.conceal.extend(Fade::Fast, tick - stream.pcm.len(), &mut stream.pcm);
                    }
                }
                Late::Silence => {
                    stream.conceal.extend(Fade::Fast, tick - stream.pcm.len(), &mut stream.pcm);
                    return Filled::Silence;
                }
                Late::Nothing => return Filled::Not,
            }
        }
        Filled::Sound
    }

    /// Whether people have caught up, so that the ear can hear the same again.
    fn can_rejoin(&mut self, now: Instant, stream: &EarStream) -> bool {
        let (spare, read) = (self.units(self.pcm.len()), self.units(stream.pcm.len()));
        let Some((behind, excess)) = self.jitter.behind(now, spare, read) else { return false };
        let units = |time: Duration| time.as_micros() as i64 * i64::from(self.clock) / 1_000_000;
        let quiet = i64::from(stream.quiet) - i64::from(QUIET);
        (behind.abs() <= units(UNHEARD) && excess <= units(IN_TIME))
            || ((0..=units(FAR_BEHIND)).contains(&behind)
                && excess <= units(FAR_BEHIND)
                && units(TICK) * quiet >= behind)
    }
}

impl EarStream {
    fn decode(&mut self, codec: Codec, payload: &[u8], muted: bool, decoders: super::Decoders) {
        if !matches!(&self.decoder, Some((same, _)) if *same == codec) {
            self.decoder = Some((codec, decoders(codec)));
        }
        let Some((_, decoder)) = &mut self.decoder else { return };
        let mut sound = Vec::new();
        decoder.decode(payload, &mut sound);
        if muted {
            return self.conceal.extend(Fade::Fast, sound.len(), &mut self.pcm);
        }
        self.conceal.merge(&mut sound);
        self.conceal.heard(&sound);
        self.pcm.extend_from_slice(&sound);
    }

    /// The next frame at its position in the call, `now` at the latest.
    fn frame(&mut self, now: SamplePos, rate: Rate, filled: Filled, quiet: f32) -> Frame {
        let tick = rate.per_tick();
        let mut frame = Frame::of(self.next.min(now), rate, &self.pcm[..tick]);
        self.pcm.drain(..tick);
        frame.origin = match filled {
            Filled::Sound if self.made == 0 => Origin::Line,
            Filled::Sound => Origin::Concealed,
            Filled::Silence | Filled::Not => Origin::Idle,
        };
        self.made = self.made.saturating_sub(tick);
        frame.arrived = if frame.origin == Origin::Idle { None } else { self.arrived };
        self.quiet = if rms(frame.pcm()) < quiet { self.quiet + 1 } else { 0 };
        let next = later(self.next, 1);
        self.next = self.leap.take().map_or(next, |leap| leap.max(next));
        frame
    }
}

fn later(at: SamplePos, ticks: u64) -> SamplePos {
    SamplePos(at.0.saturating_add(ticks.saturating_mul(SamplePos::PER_TICK)))
}

//! `Ingress`: packets in, exactly one frame per tick out: jitter buffer, decoder, time stretching and concealment together.
use crate::codec::{Codec, Decoder};
use crate::conceal::{Conceal, Fade};
use crate::frame::{Frame, Origin};
use crate::jitter::{Content, Jitter, JitterPlan, Pace, Play};
use crate::packet::Rtp;
use crate::stretch::{self, Urgency};
use crate::{Rate, SamplePos};
use ear_stream::EarStream;
pub use ear_stream::ForEar;
use std::time::{Duration, Instant};

mod ear_stream;

pub struct Ingress {
    jitter: Jitter,
    rate: Rate,
    clock: u32,
    decoder: Option<(Codec, Box<dyn Decoder>)>,
    conceal: Conceal,
    /// Decoded and not yet played.
    pcm: Vec<i16>,
    /// The last tick, which a stretch may repeat.
    past: Vec<i16>,
    arrived: Option<Instant>,
    /// Concealed sound, in samples.
    concealed: u64,
    /// Sound restored by in-band error correction, in samples.
    corrected: u64,
    stretches: u64,
    /// Whether this line has an ear, and the ear's own stream after a stall.
    ear_asked: bool,
    ear_stream: Option<Box<EarStream>>,
    /// Whether sound is due and does not arrive. The tick in which it stopped, how long sound had waited in the buffer then, and what was
    /// decoded and not yet played.
    stopped: bool,
    since: SamplePos,
    waited: Duration,
    /// The last tick whose sound the ear got.
    heard: Option<SamplePos>,
    rest: Vec<i16>,
    plan: JitterPlan,
    seed: u64,
    decoders: Decoders,
}

/// Makes a line's decoders: [`Codec::decoder`], or test doubles.
pub type Decoders = fn(Codec) -> Box<dyn Decoder>;

/// Tells which packets must not be heard because a keypad tone is in them.
pub trait Mute {
    fn mutes(&self, timestamp: u32, units: u32) -> bool;
}

impl Ingress {
    pub fn new(codec: Codec, plan: JitterPlan, seed: u64) -> Self {
        let rate = codec.rate();
        Self {
            jitter: Jitter::new(plan.clone(), codec.clock()),
            rate,
            clock: codec.clock(),
            decoder: None,
            conceal: Conceal::new(rate, seed),
            pcm: Vec::with_capacity(rate.per_tick() * 4),
            past: vec![0; rate.per_tick()],
            arrived: None,
            concealed: 0,
            corrected: 0,
            stretches: 0,
            ear_asked: false,
            ear_stream: None,
            stopped: false,
            since: SamplePos(0),
            waited: Duration::ZERO,
            heard: None,
            rest: Vec::new(),
            plan,
            seed,
            decoders: Codec::decoder,
        }
    }

    /// Replaces the codecs' decoders.
    pub fn decoded_by(self, decoders: Decoders) -> Self {
        Self { decoders, ..self }
    }

    /// Changes the codec. Packets buffered for a codec with the same clock and rate are still played.
    pub fn configure(&mut self, codec: Codec) {
        if codec.rate() != self.rate {
            *self = Self::new(codec, self.plan.clone(), self.seed).decoded_by(self.decoders);
        } else if codec.clock() != self.clock {
            self.clock = codec.clock();
            self.jitter.reclock(self.clock);
        }
    }

    pub fn push(&mut self, packet: Rtp, content: Content) {
        // A codec of another clock cannot be placed in this stream.
        match content {
            Content::Sound(codec) if (codec.rate(), codec.clock()) != (self.rate, self.clock) => {}
            _ => self.jitter.push(packet, content),
        }
    }

    /// Drops what is buffered: the line is on hold.
    pub fn reset(&mut self) {
        self.jitter.reset();
        self.pcm.clear();
        self.ear_stream = None;
    }

    fn units(&self, samples: usize) -> u32 {
        (samples as u64 * u64::from(self.clock) / u64::from(self.rate.hz())) as u32
    }

    fn samples(&self, units: u32) -> usize {
        (u64::from(units) * u64::from(self.rate.hz()) / u64::from(self.clock)) as usize
    }

    /// The sound of one tick, always complete, as people hear it. [`Ingress::for_ear`] follows.
    pub fn pull(&mut self, now: Instant, pos: SamplePos, mute: &dyn Mute) -> Frame {
        let tick = self.rate.per_tick();
        self.before_skipping(now, pos);
        let mut origin = Origin::Idle;
        if !self.pcm.is_empty() {
            origin = Origin::Line;
        }
        while self.pcm.len() < tick {
            let need = tick - self.pcm.len();
            let play = self.jitter.pull(now, self.units(need).max(1));
            self.note_awaited(now, pos);
            match play {
                Play::Decode { codec, payload, skip, timestamp, arrived } => {
                    self.decode(codec, &payload, skip, mute.mutes(timestamp, codec.duration(&payload)));
                    self.arrived = Some(arrived);
                    origin = if origin == Origin::Concealed { origin } else { Origin::Line };
                }
                Play::Conceal(units) => {
                    self.missing(self.samples(units).clamp(1, need));
                    origin = Origin::Concealed;
                }
                Play::Fec { units, next, .. } => {
                    self.repair(self.samples(units).max(1), &next, now, mute);
                    origin = Origin::Concealed;
                }
                Play::Noise { level } => {
                    if let Some(level) = level {
                        self.conceal.set_floor(level);
                    }
                    self.conceal.extend(Fade::Fast, need, &mut self.pcm);
                }
                Play::Idle => self.conceal.extend(Fade::Fast, need, &mut self.pcm),
            }
        }
        self.adjust_speed(now, mute);
        let mut frame = Frame::of(pos, self.rate, &self.pcm[..tick]);
        frame.origin = origin;
        frame.arrived = if origin == Origin::Idle { None } else { self.arrived };
        self.past.copy_from_slice(&self.pcm[..tick]);
        self.pcm.drain(..tick);
        frame
    }

    /// Conceals a gap whose end is not known.
    fn missing(&mut self, samples: usize) {
        self.concealed += samples as u64;
        let start = self.pcm.len();
        if self.decoder.as_mut().is_some_and(|(_, decoder)| decoder.conceal(samples, &mut self.pcm)) {
            self.made(start, samples);
        } else {
            self.conceal.extend(Fade::Slow, samples, &mut self.pcm);
        }
    }

    /// Fills a gap before the packet `next`: by error correction in `next`, by the codec's concealment, or by bridging.
    fn repair(&mut self, samples: usize, next: &[u8], now: Instant, mute: &dyn Mute) {
        let start = self.pcm.len();
        if let Some((_, decoder)) = &mut self.decoder {
            if decoder.fec(next, samples, &mut self.pcm) {
                self.made(start, samples);
                self.corrected += samples as u64;
                return;
            }
            if decoder.conceal(samples, &mut self.pcm) {
                self.made(start, samples);
                self.concealed += samples as u64;
                return;
            }
        }
        self.concealed += samples as u64;
        let Some(Play::Decode { codec, payload, timestamp, arrived, .. }) = self.jitter.ahead(now) else {
            return self.conceal.extend(Fade::Slow, samples, &mut self.pcm);
        };
        if mute.mutes(timestamp, codec.duration(&payload)) {
            self.conceal.extend(Fade::Slow, samples, &mut self.pcm);
            return self.decode(codec, &payload, 0, true);
        }
        self.arrived = Some(arrived);
        let mut sound = Vec::with_capacity(self.rate.per_tick());
        self.sound(codec, &payload, &mut sound);
        self.conceal.bridge(samples, &sound, &mut self.pcm);
        self.conceal.heard(&sound);
        self.pcm.extend_from_slice(&sound);
    }

    /// Brings the codec's concealment, which begins at `start`, to its length and adds it to the concealment history.
    fn made(&mut self, start: usize, samples: usize) {
        self.pcm.resize(start + samples, 0);
        self.conceal.remember(&self.pcm[start..]);
    }

    /// Decodes a payload.
    fn sound(&mut self, codec: Codec, payload: &[u8], sound: &mut Vec<i16>) {
        if !matches!(&self.decoder, Some((same, _)) if *same == codec) {
            self.decoder = Some((codec, (self.decoders)(codec)));
        }
        let Some((_, decoder)) = &mut self.decoder else { return };
        decoder.decode(payload, sound);
    }

    fn decode(&mut self, codec: Codec, payload: &[u8], skip: u32, mute: bool) {
        // A new buffer: memory that was freed just now is more likely to be cached than a buffer of the last tick.
        let mut sound = Vec::with_capacity(self.rate.per_tick());
        self.sound(codec, payload, &mut sound);
        sound.drain(..self.samples(skip).min(sound.len()));
        if mute {
            self.conceal.extend(Fade::Fast, sound.len(), &mut self.pcm);
        } else {
            self.conceal.merge(&mut sound);
            self.conceal.heard(&sound);
            self.pcm.extend_from_slice(&sound);
        }
    }

    /// Follows the sender's clock and the network's delay, by at most one pitch period.
    fn adjust_speed(&mut self, now: Instant, mute: &dyn Mute) {
        let tick = self.rate.per_tick();
        let pace = self.jitter.pace(self.units(self.pcm.len() - tick));
        let quiet = self.conceal.floor() * 3.0;
        let urgency = |urgent| if urgent { Urgency::High } else { Urgency::Low };
        let change = match pace {
            Pace::Keep => return,
            Pace::Grow { urgent } => stretch::grow(&self.past, &mut self.pcm, self.rate, quiet, urgency(urgent)) as i64,
            Pace::Shrink { limit, urgent } => {
                let limit = self.samples(limit);
                // Removing a period takes two of them, and a whole tick must remain.
                if limit >= tick
                    && self.pcm.len() < 2 * tick
                    && let Some(Play::Decode { codec, payload, skip, timestamp, arrived }) = self.jitter.ahead(now)
                {
                    self.decode(codec, &payload, skip, mute.mutes(timestamp, codec.duration(&payload)));
                    self.arrived = Some(arrived);
                }
                -(stretch::shrink(&mut self.pcm, tick, limit, self.rate, quiet, urgency(urgent)) as i64)
            }
        };
        if change != 0 {
            self.stretches += 1;
            self.jitter.stretched(change * i64::from(self.clock) / i64::from(self.rate.hz()));
        }
    }

    pub fn delay(&mut self, now: Instant) -> Duration {
        let spare = self.units(self.pcm.len());
        self.jitter.delay(now, spare)
    }

    pub fn jitter(&mut self) -> &mut Jitter {
        &mut self.jitter
    }

    /// How much sound was concealed.
    pub fn concealed(&self) -> Duration {
        Duration::from_micros(self.concealed * 1_000_000 / u64::from(self.rate.hz()))
    }

    /// How much lost sound in-band error correction restored.
    pub fn corrected(&self) -> Duration {
        Duration::from_micros(self.corrected * 1_000_000 / u64::from(self.rate.hz()))
    }

    /// How often sound was made longer or shorter.
    pub const fn stretches(&self) -> u64 {
        self.stretches
    }
}

#[cfg(test)]
mod tests;

//! `Sim`: a room under simulated time, with phones whose packets cross a seeded network.
use super::netem::{Impairments, Netem};
use super::tone::sine_from;
use crate::Rate;
use crate::codec::{Codec, Encoder};
use crate::ear::wait::{SpeechState, Wait};
use crate::frame::{Frame, TICK};
use crate::leg::{LegPlan, LineRules};
use crate::packet::{Packet, Rtp};
use crate::room::{BotMode, Event, Input, Output, Room, Seat};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A plan as most phones negotiate it.
pub fn plan(codec: Codec) -> LegPlan {
    LegPlan {
        telephone_event: Some(101),
        comfort_noise: Some(13),
        ..LegPlan::new(codec, codec.static_type().unwrap_or(96))
    }
}

/// What a phone says: a sample for each place.
pub type Voice = Box<dyn FnMut(u64, usize) -> Vec<i16>>;

/// A steady tone on a line of 8 kHz.
pub fn tone(hz: f32, amplitude: i16) -> Voice {
    tone_at(Rate::Hz8000, hz, amplitude)
}

/// The same on a line of any rate.
pub fn tone_at(rate: Rate, hz: f32, amplitude: i16) -> Voice {
    Box::new(move |from, n| sine_from(hz, rate, from, n, amplitude))
}

/// A phone with its own clock.
pub struct Phone {
    pub codec: Codec,
    pub ptime: Duration,
    /// How much faster than ours its clock runs, in parts per million.
    pub drift_ppm: f64,
    pub voice: Voice,
    pub ssrc: u32,
    pub sequence: u16,
    /// Timestamp of its first sample.
    pub base: u32,
    /// Samples it has sent.
    pub sent: u64,
    /// While set, its packets are not sent (its clock goes on): silence suppression if numbers stay, loss if they move on.
    pub muted: bool,
    pub net: Netem<Packet>,
    encoder: (Codec, Box<dyn Encoder>),
    started: Instant,
}

impl Phone {
    pub fn new(started: Instant, codec: Codec, voice: Voice, impairments: Impairments, seed: u64) -> Self {
        Self {
            codec,
            ptime: TICK,
            drift_ppm: 0.0,
            voice,
            ssrc: 0xfeed,
            sequence: 65_000,
            base: 0xffff_0000,
            sent: 0,
            muted: false,
            net: Netem::new(impairments, seed),
            encoder: (codec, codec.encoder()),
            started,
        }
    }

    fn due(&self) -> Instant {
        // A packet leaves when its last sample has been spoken.
        let seconds = (self.sent as f64 / f64::from(self.codec.rate().hz()) + self.ptime.as_secs_f64())
            / (1.0 + self.drift_ppm / 1e6);
        self.started + Duration::from_secs_f64(seconds)
    }

    /// Sends everything that is due by `now`.
    pub fn run(&mut self, now: Instant) {
        while self.due() <= now {
            let (at, n) = (self.due(), self.ptime.as_millis() as usize * self.codec.rate().hz() as usize / 1_000);
            let pcm = (self.voice)(self.sent, n);
            let mut payload = Vec::new();
            if self.encoder.0 != self.codec {
                self.encoder = (self.codec, self.codec.encoder());
            }
            self.encoder.1.encode(&pcm, &mut payload);
            if !self.muted && !payload.is_empty() {
                self.rtp(at, plan(self.codec).payload_type, payload.into());
            }
            self.sent += n as u64;
        }
    }

    /// Sends with another codec from now on, of the same rate or not; its clock and voice go on.
    pub fn switch(&mut self, codec: Codec, voice: Voice) {
        let scale = |x: u64, from: Rate, to: Rate| x * u64::from(to.hz()) / u64::from(from.hz());
        let units = self.units();
        self.sent = scale(self.sent, self.codec.rate(), codec.rate());
        (self.codec, self.voice) = (codec, voice);
        self.base = self.base.wrapping_add(units.wrapping_sub(self.units()));
    }

    fn units(&self) -> u32 {
        (self.sent * u64::from(self.codec.clock()) / u64::from(self.codec.rate().hz())) as u32
    }

    /// Sends one packet of any kind at the phone's present timestamp.
    pub fn rtp(&mut self, at: Instant, payload_type: u8, payload: Bytes) {
        let packet = Rtp {
            arrived: at,
            payload_type,
            marker: self.sent == 0,
            sequence: self.sequence,
            timestamp: self.base.wrapping_add(self.units()),
            ssrc: self.ssrc,
            payload,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.net.send(at, Packet::Rtp(packet));
    }
}

pub struct Sim {
    pub room: Room,
    pub start: Instant,
    pub now: Instant,
    pub phones: BTreeMap<u8, Phone>,
    /// Everything that left, with the time of its tick.
    pub sent: Vec<(Instant, Seat, Packet)>,
    pub events: Vec<Event>,
    /// What each seat's ear heard, where nobody speaks.
    pub heard: Vec<(Seat, Frame)>,
    waits: BTreeMap<u8, Wait>,
}

impl Sim {
    pub fn new(bot: BotMode) -> Self {
        let start = Instant::now();
        Self {
            room: Room::new(start, bot, LineRules::default()),
            start,
            now: start,
            phones: BTreeMap::new(),
            sent: Vec::new(),
            events: Vec::new(),
            heard: Vec::new(),
            waits: BTreeMap::new(),
        }
    }

    /// A room whose bot rests.
    pub fn bridge() -> Self {
        Self::new(BotMode::Rests)
    }

    pub fn join(&mut self, seat: Seat, plan: LegPlan, phone: Option<Phone>) {
        self.input(Input::Join { seat, plan, seed: 42 + u64::from(seat.0) });
        if let Some(phone) = phone {
            self.phones.insert(seat.0, phone);
        }
    }

    pub fn input(&mut self, input: Input) {
        self.room.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.room.poll() {
            match output {
                Output::Send { seat, packet } => self.sent.push((self.now, seat, packet)),
                Output::Frame { seat, received, sent } => {
                    let mut frames = Vec::new();
                    let wait = self.waits.entry(seat.0).or_default();
                    wait.take(sent.pos, received, sent.rate, SpeechState::Silent, &mut frames);
                    self.heard.extend(frames.into_iter().map(|frame| (seat, frame)));
                }
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    /// One tick of 20 ms; what has arrived by then is read first.
    pub fn tick(&mut self) {
        self.now += TICK;
        for (&seat, phone) in &mut self.phones {
            phone.run(self.now);
            while let Some((arrived, packet)) = phone.net.recv(self.now) {
                let packet = match packet {
                    Packet::Rtp(rtp) => Packet::Rtp(Rtp { arrived, ..rtp }),
                    rtcp => rtcp,
                };
                self.room.handle(self.now, Input::packet(Seat(seat), packet));
            }
        }
        self.input(Input::Tick);
    }

    pub fn run(&mut self, time: Duration) {
        for _ in 0..time.as_millis() / TICK.as_millis() {
            self.tick();
        }
    }

    /// The machine stands still for this long: nothing is read, nothing ticks.
    pub fn stall(&mut self, time: Duration) {
        self.now += time;
    }

    /// The RTP that left for a seat.
    pub fn rtp(&self, seat: Seat) -> Vec<(Instant, &Rtp)> {
        self.sent
            .iter()
            .filter_map(|(at, to, packet)| match packet {
                Packet::Rtp(rtp) if *to == seat => Some((*at, rtp)),
                _ => None,
            })
            .collect()
    }

    /// The sound that left for a seat in G.711 µ-law, laid out by timestamp from its first packet; gaps are zero.
    pub fn sound(&self, seat: Seat) -> Vec<i16> {
        self.sound_in(seat, Codec::Pcmu)
    }

    /// The same of packets of any codec, decoded in the order they left.
    pub fn sound_in(&self, seat: Seat, codec: Codec) -> Vec<i16> {
        let (payload_type, mut decoder) = (plan(codec).payload_type, codec.decoder());
        let packets: Vec<_> = self.rtp(seat).into_iter().filter(|(_, p)| p.payload_type == payload_type).collect();
        let Some((_, first)) = packets.first() else { return Vec::new() };
        let (mut pcm, mut fresh) = (Vec::new(), Vec::new());
        for (_, packet) in &packets {
            let units = u64::from(packet.timestamp.wrapping_sub(first.timestamp));
            let at = (units * u64::from(codec.rate().hz()) / u64::from(codec.clock())) as usize;
            fresh.clear();
            decoder.decode(&packet.payload, &mut fresh);
            pcm.resize(pcm.len().max(at + fresh.len()), 0);
            pcm[at..at + fresh.len()].copy_from_slice(&fresh);
        }
        pcm
    }
}

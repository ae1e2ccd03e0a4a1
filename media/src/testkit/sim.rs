//! `Sim`: a room under simulated time, with phones whose packets cross a seeded network.
use super::netem::{Netem, Weather};
use super::tone::sine_from;
use crate::codec::Codec;
use crate::codec::g711::{alaw, ulaw};
use crate::frame::{Frame, TICK};
use crate::leg::{Direction, LegPlan, LineRules};
use crate::packet::{Packet, Rtp};
use crate::room::{Event, Input, Mode, Output, Room, Seat};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A plan as most phones negotiate it.
pub fn plan(codec: Codec) -> LegPlan {
    LegPlan {
        codec,
        payload_type: if codec == Codec::Pcmu { 0 } else { 8 },
        telephone_event: Some(101),
        comfort_noise: Some(13),
        ptime: TICK,
        direction: Direction::SendRecv,
    }
}

/// What a phone says: a sample for each place.
pub type Voice = Box<dyn FnMut(u64, usize) -> Vec<i16>>;

/// A steady tone.
pub fn tone(hz: f32, amplitude: i16) -> Voice {
    Box::new(move |from, n| sine_from(hz, crate::Rate::Hz8000, from, n, amplitude))
}

/// A phone on G.711 with its own clock.
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
    started: Instant,
}

impl Phone {
    pub fn new(started: Instant, codec: Codec, voice: Voice, weather: Weather, seed: u64) -> Self {
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
            net: Netem::new(weather, seed),
            started,
        }
    }

    fn due(&self) -> Instant {
        // A packet leaves when its last sample has been spoken.
        let seconds = (self.sent as f64 / 8_000.0 + self.ptime.as_secs_f64()) / (1.0 + self.drift_ppm / 1e6);
        self.started + Duration::from_secs_f64(seconds)
    }

    /// Sends everything that is due by `now`.
    pub fn run(&mut self, now: Instant) {
        while self.due() <= now {
            let (at, n) = (self.due(), self.ptime.as_millis() as usize * 8);
            let pcm = (self.voice)(self.sent, n);
            let code = if self.codec == Codec::Pcmu { ulaw } else { alaw };
            let payload = pcm.into_iter().map(code).collect();
            if !self.muted {
                self.rtp(at, if self.codec == Codec::Pcmu { 0 } else { 8 }, payload);
            }
            self.sent += n as u64;
        }
    }

    /// Sends one packet of any kind at the phone's present timestamp.
    pub fn rtp(&mut self, at: Instant, payload_type: u8, payload: Bytes) {
        let packet = Rtp {
            arrived: at,
            payload_type,
            marker: self.sent == 0,
            sequence: self.sequence,
            timestamp: self.base.wrapping_add(self.sent as u32),
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
    /// What each seat's ear was given.
    pub heard: Vec<(Seat, Frame)>,
}

impl Sim {
    pub fn new(mode: Mode) -> Self {
        let start = Instant::now();
        Self {
            room: Room::new(start, mode, LineRules::default()),
            start,
            now: start,
            phones: BTreeMap::new(),
            sent: Vec::new(),
            events: Vec::new(),
            heard: Vec::new(),
        }
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
                Output::Frame { seat, frame, .. } => self.heard.push((seat, *frame)),
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
        let packets = self.rtp(seat);
        let Some((_, first)) = packets.first() else { return Vec::new() };
        let mut pcm = Vec::new();
        for (_, packet) in packets.iter().filter(|(_, p)| p.payload_type == 0) {
            let at = packet.timestamp.wrapping_sub(first.timestamp) as usize;
            pcm.resize(pcm.len().max(at + packet.payload.len()), 0);
            for (out, &code) in pcm[at..].iter_mut().zip(&packet.payload) {
                *out = crate::codec::g711::ULAW_TO_PCM[usize::from(code)];
            }
        }
        pcm
    }
}

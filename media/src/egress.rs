//! `Egress`: one packet on every ptime, whatever happens elsewhere; RTCP about it every five seconds or so.
use crate::codec::{Codec, Encoder};
use crate::keys::{Keys, KeysOut};
use crate::leg::LegPlan;
use crate::noise::Dice;
use crate::packet::{Packet, Report, Rtcp, Rtp};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// RFC 3550 section 6.2: the interval is this, times 0.5 to 1.5, so that reports of many calls do not fall together.
const REPORTS: Duration = Duration::from_secs(5);

pub struct Egress {
    plan: LegPlan,
    encoder: Box<dyn Encoder>,
    ssrc: u32,
    sequence: u16,
    /// The timestamp of tick 0.
    base: u32,
    /// Sound not yet in a packet, and the timestamp of its first sample.
    pcm: Vec<i16>,
    at: u32,
    /// The next packet begins a talk spurt.
    marker: bool,
    keys: KeysOut,
    last_tick: Option<u64>,
    packets: u32,
    octets: u32,
    sent_since_report: bool,
    report_at: Option<Instant>,
    dice: Dice,
}

impl Egress {
    /// `seed` decides SSRC, timestamp and sequence number; the driver brings it. They are random (RFC 3550 section 5.1), the
    /// number in the lower half (RFC 4568 section 6.4.1).
    pub fn new(plan: LegPlan, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let (ssrc, base, sequence) = (dice.roll() as u32, dice.roll() as u32, dice.roll() as u16 >> 1);
        Self {
            encoder: plan.codec.encoder(),
            plan,
            ssrc,
            sequence,
            base,
            pcm: Vec::with_capacity(960),
            at: base,
            marker: true,
            keys: KeysOut::default(),
            last_tick: None,
            packets: 0,
            octets: 0,
            sent_since_report: false,
            report_at: None,
            dice,
        }
    }

    pub fn configure(&mut self, plan: LegPlan) {
        if plan.codec != self.plan.codec {
            self.encoder = plan.codec.encoder();
            self.marker = true;
        }
        if plan.codec.clock() != self.plan.codec.clock() {
            // RFC 7160 section 4: a stream keeps one clock, so that its receiver's arithmetic holds.
            (self.ssrc, self.base, self.packets, self.octets) =
                (self.dice.roll() as u32, self.dice.roll() as u32, 0, 0);
            self.sequence = self.dice.roll() as u16 >> 1;
            self.sent_since_report = false;
        }
        if plan.codec != self.plan.codec || !plan.direction.sends() {
            self.pcm.clear();
        }
        self.marker |= plan.direction.sends() && !self.plan.direction.sends();
        self.plan = plan;
    }

    /// The far end says which share of our packets it loses, 0.0–1.0.
    pub fn expect(&mut self, loss: f32) {
        self.encoder.expect(loss);
    }

    pub fn keys(&mut self, keys: &Keys) {
        self.keys.push(keys);
    }

    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub const fn sent(&self) -> (u32, u32) {
        (self.packets, self.octets)
    }

    const fn units_per_tick(&self) -> u32 {
        self.plan.codec.clock() / 50
    }

    fn timestamp(&self, tick: u64) -> u32 {
        self.base.wrapping_add((tick as u32).wrapping_mul(self.units_per_tick()))
    }

    /// Takes the sound of tick number `tick` and hands out the packets that are full. A tick left out makes the timestamp jump.
    pub fn tick(&mut self, now: Instant, tick: u64, pcm: &mut [i16], out: &mut dyn FnMut(Packet)) {
        let timestamp = self.timestamp(tick);
        if self.last_tick.is_some_and(|last| tick != last + 1) {
            // A stall: what was left over is older than the gap.
            self.pcm.clear();
            self.marker = true;
        }
        self.last_tick = Some(tick);
        if !self.plan.direction.sends() {
            return;
        }
        match self.plan.telephone_event {
            Some(payload_type) => {
                if let Some(event) = self.keys.tick(timestamp, self.plan.event_clock / 50) {
                    self.pcm.clear();
                    self.marker = true;
                    let payload = Bytes::copy_from_slice(&event.payload);
                    return self.send(now, (payload_type, event.marker, event.timestamp, payload), out);
                }
            }
            None => self.keys.overlay(self.plan.codec.rate().hz(), pcm),
        }
        if self.pcm.is_empty() {
            self.at = timestamp;
        }
        let ptime = self.plan.codec.ptime(self.plan.ptime);
        let whole = (ptime.as_millis() as usize * self.plan.codec.rate().hz() as usize / 1000).max(1);
        if self.pcm.is_empty() && pcm.len() == whole {
            // Where a packet lasts a tick there is nothing to gather.
            return self.encode(now, pcm, out);
        }
        self.pcm.extend_from_slice(pcm);
        let mut gathered = std::mem::take(&mut self.pcm);
        gathered.chunks_exact(whole).for_each(|pcm| self.encode(now, pcm, out));
        gathered.drain(..gathered.len() / whole * whole);
        self.pcm = gathered;
    }

    /// One packet's sound.
    fn encode(&mut self, now: Instant, pcm: &[i16], out: &mut dyn FnMut(Packet)) {
        let (rate, clock) = (self.plan.codec.rate().hz(), self.plan.codec.clock());
        let mut payload = Vec::with_capacity(pcm.len());
        self.encoder.encode(pcm, &mut payload);
        let at = self.at;
        self.at = at.wrapping_add((pcm.len() as u64 * u64::from(clock) / u64::from(rate)) as u32);
        if payload.is_empty() {
            // Silence that is not sent; what follows it begins a talk spurt (RFC 3551 section 4.1).
            self.marker = true;
            return;
        }
        let marker = std::mem::take(&mut self.marker);
        self.send(now, (self.plan.payload_type, marker, at, payload.into()), out);
    }

    fn send(&mut self, now: Instant, what: (u8, bool, u32, Bytes), out: &mut dyn FnMut(Packet)) {
        let (payload_type, marker, timestamp, payload) = what;
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload.len() as u32);
        self.sent_since_report = true;
        let (sequence, ssrc) = (self.sequence, self.ssrc);
        self.sequence = sequence.wrapping_add(1);
        out(Packet::Rtp(Rtp { arrived: now, payload_type, marker, sequence, timestamp, ssrc, payload }));
    }

    /// When the next report is due; `None` before the first tick.
    pub const fn report_at(&self) -> Option<Instant> {
        self.report_at
    }

    /// Whether it is time for a report; if so, the next one is planned.
    pub fn due(&mut self, now: Instant) -> bool {
        let due = self.report_at.is_some_and(|at| now >= at);
        if due || self.report_at.is_none() {
            // The first one comes early (RFC 3550 section 6.2: half the interval).
            let half = if self.report_at.is_none() { 0.5 } else { 1.0 };
            self.report_at = Some(now + REPORTS.mul_f32((0.5 + self.dice.unit()) * half));
        }
        due
    }

    /// A sender report if something was sent since the last one, else a receiver report.
    pub fn report(&mut self, tick: u64, report: Option<Report>) -> Rtcp {
        let (ssrc, packets, octets) = (self.ssrc, self.packets, self.octets);
        if std::mem::take(&mut self.sent_since_report) {
            Rtcp::Sender { ssrc, rtp_timestamp: self.timestamp(tick), packets, octets, report }
        } else {
            Rtcp::Receiver { ssrc, report }
        }
    }

    pub fn goodbye(&self) -> Rtcp {
        Rtcp::Goodbye { ssrc: self.ssrc }
    }

    pub const fn codec(&self) -> Codec {
        self.plan.codec
    }
}

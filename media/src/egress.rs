//! `Egress`: sends one packet every ptime, whatever happens elsewhere, and RTCP about every five seconds.
use crate::codec::{Codec, Encoder};
use crate::keys::{Keys, KeysOut};
use crate::line::LegPlan;
use crate::noise::Rng;
use crate::packet::{Packet, Report, Rtcp, Rtp};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// The mean interval of reports; it varies by a factor of 0.5 to 1.5 (RFC 3550 section 6.2), so that calls do not report in step.
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
    rng: Rng,
}

impl Egress {
    /// `seed` decides SSRC, timestamp and sequence number; the driver brings it. They are random (RFC 3550 section 5.1), the
    /// number in the lower half (RFC 4568 section 6.4.1).
    pub fn new(plan: LegPlan, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let (ssrc, base, sequence) = (rng.next_u64() as u32, rng.next_u64() as u32, rng.next_u64() as u16 >> 1);
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
            rng,
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
                (self.rng.next_u64() as u32, self.rng.next_u64() as u32, 0, 0);
            self.sequence = self.rng.next_u64() as u16 >> 1;
            self.sent_since_report = false;
        }
        if plan.codec != self.plan.codec || !plan.direction.sends() {
            self.pcm.clear();
        }
        self.marker |= plan.direction.sends() && !self.plan.direction.sends();
        self.plan = plan;
    }

    /// Takes the share of our packets that the far end loses, 0.0–1.0.
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

    /// Takes the sound of tick number `tick` and sends complete packets to `out`. A skipped tick makes the timestamp jump.
    pub fn tick(&mut self, now: Instant, tick: u64, pcm: &mut [i16], out: &mut dyn FnMut(Packet)) {
        let timestamp = self.timestamp(tick);
        if self.last_tick.is_some_and(|last| tick != last + 1) {
            // A stall: sound that was left over is older than the gap.
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
            // A packet of one tick needs no buffer.
            return self.encode(now, pcm, out);
        }
        self.pcm.extend_from_slice(pcm);
        let mut gathered = std::mem::take(&mut self.pcm);
        gathered.chunks_exact(whole).for_each(|pcm| self.encode(now, pcm, out));
        gathered.drain(..gathered.len() / whole * whole);
        self.pcm = gathered;
    }

    /// Encodes and sends one packet's sound.
    fn encode(&mut self, now: Instant, pcm: &[i16], out: &mut dyn FnMut(Packet)) {
        let (rate, clock) = (self.plan.codec.rate().hz(), self.plan.codec.clock());
        let mut payload = Vec::with_capacity(pcm.len());
        self.encoder.encode(pcm, &mut payload);
        let at = self.at;
        self.at = at.wrapping_add((pcm.len() as u64 * u64::from(clock) / u64::from(rate)) as u32);
        if payload.is_empty() {
            // Suppressed silence: the next packet begins a talk spurt (RFC 3551 section 4.1).
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

    /// Whether a report is due; if so, schedules the next one.
    pub fn due(&mut self, now: Instant) -> bool {
        let due = self.report_at.is_some_and(|at| now >= at);
        if due || self.report_at.is_none() {
            // The first one comes early (RFC 3550 section 6.2: half the interval).
            let half = if self.report_at.is_none() { 0.5 } else { 1.0 };
            self.report_at = Some(now + REPORTS.mul_f32((0.5 + self.rng.unit()) * half));
        }
        due
    }

    /// A sender report if a packet was sent since the last one, else a receiver report.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rate;
    use crate::codec::OpusPlan;
    use crate::frame::TICK;

    fn opus() -> Codec {
        Codec::Opus(OpusPlan { rate: Rate::Hz16000, dtx: false, ..OpusPlan::default() })
    }

    #[test]
    fn each_change_of_clock_begins_a_stream_that_counts_and_keeps_time_from_its_first_packet_on() {
        for seed in 0..20 {
            let mut egress = Egress::new(LegPlan::new(Codec::Pcmu, 0), seed);
            let (start, mut tick, mut sources) = (Instant::now(), 0, Vec::new());
            // PCMU and PCMA share a clock and are one stream; Opus is another, and so is what follows it.
            let plans = [(Codec::Pcmu, 0), (opus(), 96), (Codec::Pcma, 8), (Codec::Pcmu, 0), (opus(), 96)];
            for (codec, payload_type) in plans {
                egress.configure(LegPlan::new(codec, payload_type));
                let mut sent = Vec::new();
                for _ in 0..30 {
                    let mut pcm = vec![500; codec.rate().per_tick()];
                    egress.tick(start + TICK * tick, u64::from(tick), &mut pcm, &mut |packet| {
                        let Packet::Rtp(packet) = packet else { panic!("sound alone") };
                        sent.push((tick, packet));
                    });
                    tick += 1;
                }
                assert_eq!(sent.len(), 30, "no packet is lost or made twice by a change");
                assert!(sent[0].1.marker && sent[1..].iter().all(|(_, packet)| !packet.marker));
                sources.push((codec.clock(), sent));
            }
            for streams in sources.chunk_by(|a, b| a.0 == b.0) {
                let packets: Vec<_> = streams.iter().flat_map(|(_, sent)| sent).collect();
                let (began, first) = packets[0];
                assert!(first.sequence < 0x8000, "room for SRTP's guess (RFC 3711 section 3.3.1)");
                for (n, (tick, packet)) in packets.iter().enumerate() {
                    assert_eq!(packet.ssrc, first.ssrc);
                    assert_eq!(packet.sequence, first.sequence.wrapping_add(n as u16));
                    let units = (tick - began) * streams[0].0 / 50;
                    assert_eq!(packet.timestamp, first.timestamp.wrapping_add(units));
                }
            }
            let mut ssrcs: Vec<u32> = sources.iter().map(|(_, sent)| sent[0].1.ssrc).collect();
            ssrcs.dedup();
            assert_eq!(ssrcs.len(), 4, "{ssrcs:?}");
            let Rtcp::Sender { ssrc, rtp_timestamp, packets, .. } = egress.report(u64::from(tick), None) else {
                panic!("it has sent")
            };
            let (last_tick, last) = &sources[4].1[29];
            assert_eq!((ssrc, packets), (last.ssrc, 30), "a report speaks of its own stream alone");
            assert_eq!(rtp_timestamp, last.timestamp.wrapping_add((tick - last_tick) * 960));
        }
    }
}

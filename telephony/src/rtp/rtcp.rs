//! Converts between datagrams and [`Rtcp`]: compound packets, NTP time, and round-trip times from LSR and DLSR. It is told the time.
use media::packet::{Report, Rtcp};
use rtc_rtcp::goodbye::Goodbye;
use rtc_rtcp::header::{HEADER_LENGTH, Header, PacketType};
use rtc_rtcp::packet::Packet;
use rtc_rtcp::receiver_report::ReceiverReport;
use rtc_rtcp::reception_report::ReceptionReport;
use rtc_rtcp::sender_report::SenderReport;
use rtc_rtcp::source_description::{SdesType, SourceDescription, SourceDescriptionChunk, SourceDescriptionItem};
use rtc_shared::error::Error;
use rtc_shared::marshal::Unmarshal;
use std::any::Any;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Sender reports that are kept, so that a late report about one still gives a round-trip time.
const KEPT_REPORTS: usize = 8;
/// A longer round-trip time is discarded.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(10);
/// The most packets that are read of one compound packet.
const MAX_PACKETS: usize = 8;
/// From the NTP era (1900) to that of Unix.
const NTP_TO_UNIX: u64 = 2_208_988_800;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl From<Error> for Malformed {
    fn from(_: Error) -> Self {
        Self
    }
}

/// Whether a datagram has the shape of a compound packet (RFC 3550 section A.2): whole packets, the first one a report.
pub(super) fn is_compound(datagram: &[u8]) -> bool {
    let mut rest = datagram;
    let mut first = true;
    while !rest.is_empty() {
        let Ok(header) = Header::unmarshal(&mut &rest[..]) else { return false };
        if first && !matches!(header.packet_type, PacketType::SenderReport | PacketType::ReceiverReport) {
            return false;
        }
        first = false;
        let Some(after) = rest.get(HEADER_LENGTH + usize::from(header.length) * 4..) else { return false };
        rest = after;
    }
    !first
}

/// What has to be kept between reports.
#[derive(Debug)]
pub(crate) struct ReportState {
    /// The CNAME: 96 random bits (RFC 7022 section 4.2), without information about host or user.
    cname: String,
    /// Our SSRC, once it has been used.
    pub(crate) ours: Option<u32>,
    /// The middle 32 bits of the NTP time of our sender reports, and when they were sent.
    sent: [Option<(u32, Instant)>; KEPT_REPORTS],
    next: usize,
    /// The last sender report received: its SSRC, the middle 32 bits of its NTP time, when it arrived.
    heard: Option<(u32, u32, Instant)>,
}

impl ReportState {
    pub(crate) fn new() -> Self {
        let [a, b, c] = rand::random::<[u32; 3]>();
        Self { cname: format!("{a:08x}{b:08x}{c:08x}"), ours: None, sent: [None; KEPT_REPORTS], next: 0, heard: None }
    }

    /// Parses a datagram. Packets that concern the leg go to `out`; other well-formed ones (SDES, APP, feedback) are ignored.
    pub(super) fn read(
        &mut self,
        datagram: &[u8],
        arrived: Instant,
        mut out: impl FnMut(Rtcp),
    ) -> Result<(), Malformed> {
        if !is_compound(datagram) {
            return Err(Malformed);
        }
        let mut rest = datagram;
        for _ in 0..MAX_PACKETS {
            if rest.is_empty() {
                break;
            }
            let header = Header::unmarshal(&mut &rest[..])?;
            let end = HEADER_LENGTH + usize::from(header.length) * 4;
            let (mut packet, after) = rest.split_at_checked(end).ok_or(Malformed)?;
            let understood = match header.packet_type {
                PacketType::SenderReport => self.interpret(&SenderReport::unmarshal(&mut packet)?, arrived),
                PacketType::ReceiverReport => self.interpret(&ReceiverReport::unmarshal(&mut packet)?, arrived),
                PacketType::Goodbye => self.interpret(&Goodbye::unmarshal(&mut packet)?, arrived),
                _ => None,
            };
            understood.into_iter().for_each(&mut out);
            rest = after;
        }
        Ok(())
    }

    /// The part of one packet that concerns the leg.
    pub(crate) fn interpret(&mut self, packet: &dyn Any, arrived: Instant) -> Option<Rtcp> {
        if let Some(SenderReport { ssrc, ntp_time, rtp_time, packet_count, octet_count, reports, .. }) =
            packet.downcast_ref()
        {
            self.heard = Some((*ssrc, middle(*ntp_time), arrived));
            let report = self.report(reports, arrived);
            let (packets, octets) = (*packet_count, *octet_count);
            return Some(Rtcp::Sender { ssrc: *ssrc, rtp_timestamp: *rtp_time, packets, octets, report });
        }
        if let Some(ReceiverReport { ssrc, reports, .. }) = packet.downcast_ref() {
            return Some(Rtcp::Receiver { ssrc: *ssrc, report: self.report(reports, arrived) });
        }
        let Goodbye { sources, .. } = packet.downcast_ref()?;
        sources.first().map(|&ssrc| Rtcp::Goodbye { ssrc })
    }

    /// The report block about our SSRC; the first block while nothing has been sent.
    fn report(&self, blocks: &[ReceptionReport], arrived: Instant) -> Option<Report> {
        let block = blocks.iter().find(|b| self.ours.is_none_or(|ours| ours == b.ssrc))?;
        Some(Report {
            ssrc: block.ssrc,
            fraction_lost: f32::from(block.fraction_lost) / 256.0,
            // Signed 24 bits.
            lost: (block.total_lost << 8) as i32 >> 8,
            highest_sequence: block.last_sequence_number,
            jitter: block.jitter,
            round_trip: self.round_trip(block, arrived),
        })
    }

    /// The round-trip time (RFC 3550 section 6.4.1), measured by the monotonic clock: steps of the wall clock have no effect.
    fn round_trip(&self, block: &ReceptionReport, arrived: Instant) -> Option<Duration> {
        let &(_, left) = self.sent.iter().flatten().find(|(ntp, _)| *ntp == block.last_sender_report)?;
        let held = Duration::from_nanos(u64::from(block.delay) * 1_000_000_000 / 65_536);
        let passed = arrived.saturating_duration_since(left);
        // DLSR has a resolution of 15 µs, and clocks differ: a small negative value counts as zero.
        let round_trip =
            if held > passed + Duration::from_millis(1) { None } else { Some(passed.saturating_sub(held)) };
        round_trip.filter(|r| *r <= MAX_ROUND_TRIP)
    }

    /// Writes a compound packet: a report, our CNAME, and BYE for [`Rtcp::Goodbye`]. `wall`: the wall-clock time of `now`.
    pub(super) fn write(&mut self, rtcp: &Rtcp, now: Instant, wall: SystemTime, out: &mut [u8]) -> Option<usize> {
        let mut length = 0;
        for packet in self.compose(rtcp, now, wall) {
            length += packet.marshal_to(out.get_mut(length..)?).ok()?;
        }
        Some(length)
    }

    /// The packets of a compound packet.
    pub(crate) fn compose(&mut self, rtcp: &Rtcp, now: Instant, wall: SystemTime) -> Vec<Box<dyn Packet>> {
        let (ssrc, report): (u32, Box<dyn Packet>) = match *rtcp {
            Rtcp::Sender { ssrc, rtp_timestamp, packets, octets, report } => {
                let ntp_time = ntp(wall);
                self.sent[self.next] = Some((middle(ntp_time), now));
                self.next = (self.next + 1) % KEPT_REPORTS;
                let reports = self.blocks(report, now);
                let packet = SenderReport {
                    ssrc,
                    ntp_time,
                    rtp_time: rtp_timestamp,
                    packet_count: packets,
                    octet_count: octets,
                    reports,
                    ..Default::default()
                };
                (ssrc, Box::new(packet))
            }
            Rtcp::Receiver { ssrc, report } => {
                let packet = ReceiverReport { ssrc, reports: self.blocks(report, now), ..Default::default() };
                (ssrc, Box::new(packet))
            }
            Rtcp::Goodbye { ssrc } => (ssrc, Box::new(ReceiverReport { ssrc, ..Default::default() })),
        };
        let cname = SourceDescriptionItem { sdes_type: SdesType::SdesCname, text: self.cname.clone().into() };
        let chunks = vec![SourceDescriptionChunk { source: ssrc, items: vec![cname] }];
        let mut packets = vec![report, Box::new(SourceDescription { chunks })];
        if let Rtcp::Goodbye { ssrc } = *rtcp {
            packets.push(Box::new(Goodbye { sources: vec![ssrc], ..Default::default() }));
        }
        packets
    }

    fn blocks(&self, report: Option<Report>, now: Instant) -> Vec<ReceptionReport> {
        let Some(report) = report else { return Vec::new() };
        let heard = self.heard.filter(|(ssrc, ..)| *ssrc == report.ssrc);
        let (last_sender_report, delay) = heard.map_or((0, 0), |(_, ntp, arrived)| {
            let held = now.saturating_duration_since(arrived).as_nanos() * 65_536 / 1_000_000_000;
            (ntp, u32::try_from(held).unwrap_or(u32::MAX))
        });
        vec![ReceptionReport {
            ssrc: report.ssrc,
            fraction_lost: (report.fraction_lost * 256.0) as u8,
            total_lost: report.lost.clamp(-0x80_0000, 0x7F_FFFF) as u32 & 0xFF_FFFF,
            last_sequence_number: report.highest_sequence,
            jitter: report.jitter,
            last_sender_report,
            delay,
        }]
    }
}

/// 32.32 fixed point seconds since 1900.
fn ntp(wall: SystemTime) -> u64 {
    let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    since.as_secs().wrapping_add(NTP_TO_UNIX) << 32 | fraction
}

const fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(
        from: &mut ReportState,
        to: &mut ReportState,
        rtcp: &Rtcp,
        left: Instant,
        arrived: Instant,
    ) -> Vec<Rtcp> {
        let mut buffer = [0; 512];
        let length = from.write(rtcp, left, SystemTime::now(), &mut buffer).unwrap();
        let mut heard = Vec::new();
        to.read(&buffer[..length], arrived, |r| heard.push(r)).unwrap();
        heard
    }

    fn sender(ssrc: u32) -> Rtcp {
        Rtcp::Sender { ssrc, rtp_timestamp: 3, packets: 4, octets: 5, report: None }
    }

    #[test]
    fn a_sender_report_and_the_answer_to_it_give_the_round_trip() {
        let (mut us, mut them) = (ReportState::new(), ReportState::new());
        let start = Instant::now();
        let ms = |ms| start + Duration::from_millis(ms);
        us.ours = Some(7);
        assert_eq!(exchange(&mut us, &mut them, &sender(7), ms(0), ms(30)), [sender(7)]);
        let report =
            Report { ssrc: 7, fraction_lost: 0.25, lost: -5, highest_sequence: 70_000, jitter: 9, round_trip: None };
        let answer = Rtcp::Receiver { ssrc: 8, report: Some(report) };
        let heard = exchange(&mut them, &mut us, &answer, ms(1_030), ms(1_060));
        let [Rtcp::Receiver { ssrc: 8, report: Some(Report { round_trip: Some(round_trip), .. }) }] = heard[..] else {
            panic!("{heard:?}")
        };
        assert!(round_trip.abs_diff(Duration::from_millis(60)) < Duration::from_micros(50), "{round_trip:?}");
        assert_eq!(
            heard,
            [Rtcp::Receiver { ssrc: 8, report: Some(Report { round_trip: Some(round_trip), ..report }) }]
        );
    }

    #[test]
    fn a_report_about_a_sender_report_never_sent_gives_no_round_trip() {
        let mut us = ReportState::new();
        let now = Instant::now();
        us.write(&sender(7), now, SystemTime::now(), &mut [0; 512]).unwrap();
        let block = ReceptionReport { last_sender_report: 1, ..Default::default() };
        assert_eq!(us.round_trip(&block, now + Duration::from_secs(1)), None);
        let sent = us.sent[0].unwrap().0;
        let lies = ReceptionReport { last_sender_report: sent, delay: 5 * 65_536, ..Default::default() };
        assert_eq!(us.round_trip(&lies, now + Duration::from_secs(1)), None, "held longer than it was away");
    }

    #[test]
    fn a_goodbye_is_a_whole_compound_packet() {
        let (mut us, mut them) = (ReportState::new(), ReportState::new());
        let now = Instant::now();
        let heard = exchange(&mut us, &mut them, &Rtcp::Goodbye { ssrc: 7 }, now, now);
        assert_eq!(heard, [Rtcp::Receiver { ssrc: 7, report: None }, Rtcp::Goodbye { ssrc: 7 }]);
        let mut buffer = [0; 512];
        let length = us.write(&Rtcp::Goodbye { ssrc: 7 }, now, SystemTime::now(), &mut buffer).unwrap();
        let compound = rtc_rtcp::compound_packet::CompoundPacket::unmarshal(&mut &buffer[..length]).unwrap();
        assert_eq!(compound.cname().unwrap(), us.cname.as_bytes());
    }

    #[test]
    fn only_the_block_about_our_source_counts() {
        let mut us = ReportState::new();
        us.ours = Some(7);
        let blocks = [1, 7].map(|ssrc| ReceptionReport { ssrc, jitter: ssrc, ..Default::default() });
        assert_eq!(us.report(&blocks, Instant::now()).unwrap().jitter, 7);
        us.ours = Some(9);
        assert_eq!(us.report(&blocks, Instant::now()), None);
    }

    #[test]
    fn rubbish_is_malformed_and_never_panics() {
        let mut us = ReportState::new();
        let now = Instant::now();
        let mut whole = [0; 512];
        let length = us.write(&sender(7), now, SystemTime::now(), &mut whole).unwrap();
        assert_eq!(us.read(&[], now, |_| ()), Err(Malformed));
        for cut in 1..length {
            let at_border = cut == 28;
            assert_eq!(us.read(&whole[..cut], now, |_| ()).is_ok(), at_border, "{cut}");
        }
        let mut random = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(3550);
        for _ in 0..20_000 {
            let mut datagram = whole[..length].to_vec();
            for _ in 0..rand::Rng::random_range(&mut random, 1..6) {
                let at = rand::Rng::random_range(&mut random, 0..length);
                datagram[at] = rand::Rng::random(&mut random);
            }
            let _ = us.read(&datagram, now, |_| ());
        }
    }

    #[test]
    fn ntp_time_counts_from_1900() {
        assert_eq!(ntp(UNIX_EPOCH + Duration::from_millis(500)), NTP_TO_UNIX << 32 | 1 << 31);
    }
}

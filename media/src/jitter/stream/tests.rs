//! Senders whose sequence numbers jump.
use crate::SamplePos;
use crate::codec::Codec;
use crate::frame::Origin;
use crate::jitter::{Content, Jitter, JitterPlan, Play};
use crate::leg::{Leg, LegInput, LegOutput, LegPlan, LineRules};
use crate::packet::{Packet, Rtcp, Rtp};
use bytes::Bytes;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
const SOUND: Content = Content::Sound(Codec::Pcmu);

/// A line of 20 ms packets.
struct Line {
    start: Instant,
    jitter: Jitter,
    tick: u32,
}

impl Line {
    fn new() -> Self {
        Self { start: Instant::now(), jitter: Jitter::new(JitterPlan::default(), 8_000), tick: 0 }
    }

    fn packet(&self, sequence: u16, timestamp: u32) -> Rtp {
        let (arrived, payload) = (self.start + MS * (20 * self.tick), Bytes::from(vec![0xff; 160]));
        Rtp { arrived, payload_type: 0, marker: false, sequence, timestamp, ssrc: 1, payload }
    }

    /// Runs ticks with one packet each, numbered from `sequence` and `timestamp` on. Returns in how many of them no packet was played.
    fn run(&mut self, ticks: u32, sequence: u16, timestamp: u32) -> u32 {
        let mut silent = 0;
        for n in 0..ticks {
            let packet = self.packet(sequence.wrapping_add(n as u16), timestamp.wrapping_add(160 * n));
            self.jitter.push(packet, SOUND);
            let now = self.start + MS * (20 * self.tick + 7);
            silent += u32::from(!matches!(self.jitter.pull(now, 160), Play::Decode { .. }));
            self.tick += 1;
        }
        silent
    }
}

/// Losses, as counted and as reported by RTCP.
fn lost(line: &mut Line) -> (u64, i32) {
    (line.jitter.counts().lost, line.jitter.report().map_or(0, |report| report.lost))
}

#[test]
fn a_sequence_that_steps_back_is_heard_from_its_second_packet_on() {
    for step in [-101i32, -102, -128, -200, -500, -1_023, -1_024, -1_025, -1_500, -2_999, -3_000, -3_001, -20_000] {
        // The timestamps go on, step back by as much, or begin anywhere.
        for timestamp in [160_000 + 200 * 160, (160_000 + (199 + step) * 160) as u32, 77, 0xffff_ff00, 0x8000_0000] {
            let mut line = Line::new();
            let first = line.run(200, 40_000, 160_000);
            assert!(first <= 2, "{first}");
            let sequence = (40_199 + step) as u16;
            let silent = line.run(150, sequence, timestamp);
            assert!(silent <= 3, "{step} {timestamp}: {silent} ticks of silence");
            assert_eq!(lost(&mut line), (0, 0), "{step} {timestamp}");
            let report = line.jitter.report().unwrap();
            assert_eq!(report.highest_sequence as u16, sequence.wrapping_add(149));
        }
    }
}

#[test]
fn a_sequence_that_leaps_ahead_without_its_time_is_no_loss() {
    for step in [101, 1_500, 2_999] {
        for timestamp in [160_000 + 200 * 160, 77, 0x7000_0000] {
            let mut line = Line::new();
            line.run(200, 65_400, 160_000);
            let silent = line.run(100, (65_600 + step) as u16, timestamp);
            assert!(silent <= 3, "{step} {timestamp}: {silent}");
            assert_eq!(lost(&mut line), (0, 0), "{step} {timestamp}");
        }
    }
}

#[test]
fn packets_that_are_lost_are_counted_however_many() {
    for gap in [1, 99, 100, 101, 1_000, 2_900] {
        let mut line = Line::new();
        line.run(200, 65_400, 160_000);
        line.tick += gap;
        line.run(20, 65_400u16.wrapping_add(200 + gap as u16), 160_000 + (200 + gap) * 160);
        assert_eq!(lost(&mut line), (gap.into(), gap as i32), "{gap}");
    }
}

#[test]
fn old_packets_are_late_and_not_a_stream_of_their_own() {
    let mut line = Line::new();
    line.run(200, 1_000, 160_000);
    // Up to two seconds late, in order; and a single one from long ago.
    for n in 101..200u32 {
        let old = line.packet(1_000 + n as u16, 160_000 + 160 * n);
        line.jitter.push(old, SOUND);
    }
    let single = line.packet(400, 64_000);
    line.jitter.push(single, SOUND);
    let silent = line.run(50, 1_200, 160_000 + 200 * 160);
    assert_eq!((silent, line.jitter.counts().duplicates, line.jitter.counts().lost), (0, 99, 0));
}

#[test]
fn a_small_step_back_whose_sound_goes_on_is_a_new_beginning() {
    let mut line = Line::new();
    line.run(200, 1_000, 160_000);
    let silent = line.run(100, 1_150, 160_000 + 200 * 160);
    assert!(silent <= 3, "{silent}");
    assert_eq!(lost(&mut line), (0, 0));
}

#[test]
fn a_packet_overtaken_by_keys_is_still_of_its_stream() {
    let mut line = Line::new();
    line.run(20, 1_000, 160_000);
    // The key's first packet overtakes the last sound before it.
    let (key, sound) = (line.packet(1_021, 160_000 + 21 * 160), line.packet(1_020, 160_000 + 20 * 160));
    line.jitter.push(key, Content::Event);
    line.jitter.push(sound, SOUND);
    assert_eq!((line.jitter.counts().refused, line.jitter.counts().received), (0, 22));
}

#[test]
fn steps_one_after_another_each_cost_a_packet_or_two() {
    let mut line = Line::new();
    let (mut silent, mut sequence) = (line.run(100, 30_000, 8_000), 30_100u16);
    for n in 1..20u32 {
        sequence = sequence.wrapping_sub(100 + 150 * n as u16);
        silent += line.run(100, sequence, 8_000 + 16_000 * n);
        sequence = sequence.wrapping_add(100);
    }
    assert!(silent <= 20 * 3, "{silent} of 2000 ticks");
    assert_eq!(lost(&mut line), (0, 0));
}

#[test]
fn what_a_leg_sends_and_reports_goes_on_whatever_the_far_ends_numbers_do() {
    let start = Instant::now();
    let mut leg = Leg::new(start, LegPlan::new(Codec::Pcmu, 0), LineRules::default(), 7);
    let (mut sent, mut reports, mut heard) = (Vec::new(), Vec::new(), 0);
    for tick in 0..900u32 {
        let now = start + MS * (20 * tick);
        // Half a minute of speech, then hold music from a sender that counts 2500 less.
        let sequence = (if tick < 450 { 40_000 } else { 37_500 } + tick) as u16;
        let (timestamp, payload) = (160 * tick, Bytes::from(vec![0x90; 160]));
        let packet = Rtp { arrived: now, payload_type: 0, marker: false, sequence, timestamp, ssrc: 9, payload };
        leg.handle(now, LegInput::Packet(Packet::Rtp(packet)));
        let pos = SamplePos::of_tick(tick.into());
        heard += u32::from(leg.decode(now, pos).origin == Origin::Line);
        let mut frame = leg.play(now, pos);
        leg.send(now, tick.into(), &mut frame);
        while let Some(output) = leg.poll() {
            match output {
                LegOutput::Send(Packet::Rtp(rtp)) => sent.push((rtp.sequence, rtp.timestamp)),
                LegOutput::Send(Packet::Rtcp(Rtcp::Sender { report: Some(report), .. })) => reports.push(report),
                _ => {}
            }
        }
    }
    assert_eq!(sent.len(), 900);
    let follows = |pair: &[(u16, u32)]| pair[1] == (pair[0].0.wrapping_add(1), pair[0].1.wrapping_add(160));
    assert!(sent.windows(2).all(follows), "our own numbers go on");
    assert!(reports.len() >= 2 && reports.iter().all(|report| (report.lost, report.fraction_lost) == (0, 0.0)));
    assert!(heard >= 895, "{heard} of 900 ticks are the far end's sound, recorded and mixed");
}

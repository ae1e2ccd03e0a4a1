//! The jitter buffer by itself: order, sequence numbers and statistics.
use super::queue::ROOM;
use super::*;
use crate::codec::Codec;
use bytes::Bytes;

const MS: Duration = Duration::from_millis(1);

fn packet(t0: Instant, ms: u32, sequence: u16, timestamp: u32) -> Rtp {
    let payload = Bytes::from(vec![0xff; 160]);
    Rtp { arrived: t0 + MS * ms, payload_type: 0, marker: false, sequence, timestamp, ssrc: 1, payload }
}

fn sound(jitter: &mut Jitter, packet: Rtp) {
    jitter.push(packet, Content::Sound(Codec::Pcmu));
}

/// Pulls ticks and writes what came: a letter per tick.
fn trace(jitter: &mut Jitter, t0: Instant, from: u32, ticks: u32) -> String {
    (0..ticks)
        .map(|n| match jitter.pull(t0 + MS * (from + 20 * n), 160) {
            Play::Decode { timestamp, .. } => char::from(b'a' + (timestamp / 160 % 26) as u8),
            Play::Conceal(_) | Play::Fec { .. } => '-',
            Play::Noise { .. } => '~',
            Play::Idle => '.',
        })
        .collect()
}

#[test]
fn packets_out_of_order_and_doubled_are_played_in_order_and_once() {
    let (t0, mut jitter) = (Instant::now(), Jitter::new(JitterPlan::default(), 8000));
    for n in [0u16, 2, 1, 1, 3, 3, 5, 4] {
        sound(&mut jitter, packet(t0, 0, n.wrapping_sub(2), u32::from(n) * 160));
    }
    assert_eq!(trace(&mut jitter, t0, 100, 6), "abcdef");
    assert_eq!(jitter.counts().duplicates, 2);
    assert_eq!(jitter.counts().lost, 0);
}

#[test]
fn a_missing_number_is_concealed_and_a_jump_of_time_alone_is_silence() {
    let (t0, mut jitter) = (Instant::now(), Jitter::new(JitterPlan::default(), 8000));
    for (n, at) in [(0, 0), (1, 1), (3, 3), (4, 4), (5, 9), (6, 10)] {
        sound(&mut jitter, packet(t0, at * 20, n, at * 160));
    }
    // No packet has been late, so none waits longer than it takes.
    assert_eq!(trace(&mut jitter, t0, 40, 13), "ab-de~~~jk---");
    assert_eq!(jitter.counts().lost, 1);
}

#[test]
fn a_packet_that_is_late_but_not_lost_is_still_played() {
    let (t0, mut jitter) = (Instant::now(), Jitter::new(JitterPlan::default(), 8000));
    sound(&mut jitter, packet(t0, 0, 1, 0));
    assert_eq!(trace(&mut jitter, t0, 40, 3), "a--");
    sound(&mut jitter, packet(t0, 95, 2, 160));
    sound(&mut jitter, packet(t0, 96, 3, 320));
    assert_eq!(trace(&mut jitter, t0, 100, 2), "bc");
    assert_eq!((jitter.counts().late, jitter.counts().lost), (0, 0));
    // One that comes after its successor was played is late.
    sound(&mut jitter, packet(t0, 130, 6, 800));
    assert_eq!(trace(&mut jitter, t0, 140, 3), "--f");
    sound(&mut jitter, packet(t0, 190, 4, 480));
    assert_eq!((jitter.counts().late, jitter.counts().lost), (1, 1));
}

#[test]
fn a_foreign_packet_is_refused_and_a_new_source_is_believed_at_its_second() {
    let (t0, mut jitter) = (Instant::now(), Jitter::new(JitterPlan::default(), 8000));
    for n in 0..3u16 {
        sound(&mut jitter, packet(t0, u32::from(n) * 20, n, u32::from(n) * 160));
    }
    sound(&mut jitter, Rtp { ssrc: 66, ..packet(t0, 50, 900, 77) });
    assert_eq!(jitter.ssrc(), Some(1));
    assert_eq!(trace(&mut jitter, t0, 60, 3), "abc");
    for n in 0..2u16 {
        sound(
            &mut jitter,
            Rtp { ssrc: 2, ..packet(t0, 120 + u32::from(n) * 20, 40 + n, 160 * 20 + u32::from(n) * 160) },
        );
    }
    assert_eq!(jitter.ssrc(), Some(2));
    assert_eq!(trace(&mut jitter, t0, 160, 2), "uv");
}

#[test]
fn keypad_events_take_numbers_without_looking_like_loss() {
    let (t0, mut jitter) = (Instant::now(), Jitter::new(JitterPlan::default(), 8000));
    sound(&mut jitter, packet(t0, 0, 0, 0));
    sound(&mut jitter, packet(t0, 20, 1, 160));
    for n in 2..7u16 {
        jitter.push(packet(t0, u32::from(n) * 20, n, 320), Content::Event);
    }
    sound(&mut jitter, packet(t0, 140, 7, 1120));
    sound(&mut jitter, packet(t0, 160, 8, 1280));
    assert_eq!(trace(&mut jitter, t0, 40, 9), "ab~~~~hi-");
    assert_eq!(jitter.counts().lost, 0);
}

#[test]
fn the_report_has_the_numbers_of_rfc_3550() {
    let (t0, mut jitter) = (Instant::now(), Jitter::new(JitterPlan::default(), 8000));
    for n in (0..100u16).filter(|n| n % 10 != 5) {
        // Every other packet is 10 ms late: a jitter that tends to 10 ms.
        let late = if n % 2 == 0 { 10 } else { 0 };
        sound(&mut jitter, packet(t0, u32::from(n) * 20 + late, n.wrapping_add(65_500), u32::from(n) * 160));
    }
    let report = jitter.report().unwrap();
    assert_eq!((report.ssrc, report.lost, report.highest_sequence), (1, 10, 65_500 + 99));
    assert!((report.fraction_lost - 0.1).abs() < 0.001);
    assert!((55..85).contains(&report.jitter), "{}", report.jitter);
    assert_eq!(jitter.report().unwrap().fraction_lost, 0.0);
}

#[test]
fn memory_is_bounded_whatever_arrives() {
    for seed in 0..20 {
        let (t0, mut jitter) = (Instant::now(), Jitter::new(JitterPlan::default(), 8000));
        let mut rng = crate::noise::Rng::new(seed);
        let (mut seq, mut ts) = (0u16, 0u32);
        for n in 0..4000u32 {
            match rng.next_u64() % 12 {
                0 => seq = rng.next_u64() as u16,
                1 => ts = rng.next_u64() as u32,
                _ => (seq, ts) = (seq.wrapping_add(1), ts.wrapping_add(160)),
            }
            let content = [Content::Sound(Codec::Pcmu), Content::Noise, Content::Event][rng.next_u64() as usize % 3];
            jitter.push(
                Rtp { ssrc: u32::from(rng.next_u64().is_multiple_of(50)), ..packet(t0, n / 4, seq, ts) },
                content,
            );
            assert!(jitter.held_packets() <= ROOM);
            if seed % 2 == 0 && n % 7 == 0 {
                jitter.pull(t0 + MS * n, 160);
            }
        }
    }
}

#[test]
fn a_gap_says_so_where_its_end_is_known_whatever_the_length_of_packets() {
    for units in [80u32, 160, 320, 480, 960] {
        let plan = JitterPlan { max_delay: MS * 2000, ..JitterPlan::default() };
        let (t0, mut jitter) = (Instant::now(), Jitter::new(plan, 8000));
        for n in [0u32, 1, 3, 4] {
            let payload = Bytes::from(vec![n as u8; units as usize]);
            sound(&mut jitter, Rtp { payload, ..packet(t0, n, n as u16, n * units) });
        }
        let (mut fec, mut units_seen) = (0, 0);
        for n in 0..units / 8 {
            let mut need = 160i64;
            while need > 0 {
                match jitter.pull(t0 + MS * (40 + 20 * n), need as u32) {
                    Play::Decode { payload, .. } => need -= payload.len() as i64,
                    Play::Fec { units: gap, next, .. } => {
                        assert_eq!((gap, next.first()), (units, Some(&3)));
                        (fec, units_seen) = (fec + 1, gap);
                        need -= i64::from(gap);
                    }
                    Play::Conceal(part) => need -= i64::from(part),
                    Play::Noise { .. } | Play::Idle => need = 0,
                }
            }
        }
        assert_eq!((fec, units_seen), (1, units), "{units}");
    }
}

#[test]
fn the_delay_follows_the_cost_and_spikes_that_return_are_waited_for() {
    let calm = Lateness::new(&JitterPlan::default(), Clock::new(8000));
    assert!(calm.wanted() <= 2 * 8, "nothing known, nothing waited for");
    let mut rng = crate::noise::Rng::new(1);
    let run = |spike: i64, rng: &mut crate::noise::Rng| {
        let mut lateness = Lateness::new(&JitterPlan::default(), Clock::new(8000));
        let mut arrivals: Vec<(i64, i64)> = (0..3000i64)
            .map(|n| {
                // Every four seconds the network stalls, then all packets arrive at once.
                let held = (spike - n % 200 * 160).max(0);
                let late = held.max((rng.unit() * 40.0) as i64);
                (n * 160 + late, late)
            })
            .collect();
        arrivals.sort_by_key(|&(arrival, _)| arrival);
        arrivals.into_iter().for_each(|(arrival, late)| lateness.learn(arrival, late));
        lateness.wanted()
    };
    let (steady, spiky) = (run(0, &mut rng), run(150 * 8, &mut rng));
    assert!(steady <= 8 * 8, "5 ms of jitter: {steady}");
    assert!((140 * 8..170 * 8).contains(&spiky), "150 ms every 4 s: {spiky}");
}

#[test]
fn another_clock_goes_on_with_the_counts_of_the_old() {
    let (t0, mut jitter) = (Instant::now(), Jitter::new(JitterPlan::default(), 8000));
    for n in [0u16, 1, 3] {
        sound(&mut jitter, packet(t0, u32::from(n) * 20, n, u32::from(n) * 160));
    }
    assert_eq!(trace(&mut jitter, t0, 60, 2), "ab");
    jitter.reclock(48_000);
    assert_eq!((jitter.counts().lost, jitter.counts().skipped, jitter.held_packets()), (1, 1, 0));
    for n in 4u16..6 {
        sound(&mut jitter, packet(t0, u32::from(n) * 20, n, u32::from(n) * 960));
    }
    assert!(matches!(jitter.pull(t0 + MS * 140, 960), Play::Decode { timestamp: 3840, .. }));
    assert_eq!(jitter.counts().lost, 1);
}

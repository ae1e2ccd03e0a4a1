//! Whole rooms under simulated time.
mod listener;
mod music;
mod seats;
mod stall;
mod wide;

use super::*;
use crate::codec::Codec;
use crate::codec::g711::{ULAW_TO_PCM, ulaw};
use crate::leg::{Direction, LegInput};
use crate::noise::{Rng, rms};
use crate::packet::{Rtcp, Rtp};
use crate::playout::Phase;
use crate::testkit::netem::{Impairments, Order};
use crate::testkit::sim::{Phone, Sim, plan, tone};
use crate::testkit::tone::{amplitude, has, sine, worst_residue};
use crate::{Bytes, Rate};
use std::time::Duration;

const HZ: f32 = 400.0;
const MS: Duration = Duration::from_millis(1);

fn echo(impairments: Impairments, tweak: impl FnOnce(&mut Phone)) -> Sim {
    let mut sim = Sim::new(BotMode::Echoes);
    let mut phone = Phone::new(sim.start, Codec::Pcmu, tone(HZ, 8000), impairments, 11);
    tweak(&mut phone);
    sim.join(Seat::CALLER, plan(Codec::Pcmu), Some(phone));
    sim
}

fn bot() -> Sim {
    let mut sim = Sim::new(BotMode::Speaks);
    sim.join(Seat::CALLER, plan(Codec::Pcmu), None);
    sim
}

fn stats(sim: &Sim) -> LegStats {
    let told = |e: &Event| if let Event::Stats { stats, .. } = e { Some(**stats) } else { None };
    sim.events.iter().rev().find_map(told).unwrap_or_default()
}

fn sound(utterance: u64, pcm: Vec<i16>, last: bool) -> Input {
    let utterance = UtteranceId(utterance);
    let sound =
        Sound { utterance, upto_char: pcm.len() as u32 / 80, pcm, rate: Rate::Hz8000, interruptible: true, last };
    Input::sound(Seat::CALLER, sound)
}

fn keys(sim: &Sim) -> String {
    sim.events.iter().filter_map(|e| if let Event::Key { key, .. } = e { Some(*key) } else { None }).collect()
}

fn start() -> Edge {
    Edge::Start { at: SamplePos(0), arrived: None }
}

#[test]
fn a_callers_own_sound_comes_back_to_the_bit() {
    let mut sim = echo(Impairments { delay: MS * 7, ..Impairments::default() }, |_| {});
    sim.run(Duration::from_secs(20));
    let pcm = sim.sound(Seat::CALLER);
    let said: Vec<i16> =
        sine(HZ, Rate::Hz8000, 160_000, 8000).into_iter().map(|x| ULAW_TO_PCM[usize::from(ulaw(x))]).collect();
    let end = &pcm[pcm.len() - 16_000..];
    let back = (0..800).find(|d| said[160_000 - 16_000 - d..160_000 - d] == *end);
    assert!(back.is_some_and(|d| d <= 320), "not there, or later than 40 ms: {back:?}");
    let told = stats(&sim);
    assert!(told.delay <= MS * 40 && told.packets.lost == 0, "{told:?}");
    assert_eq!(told.concealed, Duration::ZERO);
}

#[test]
fn clocks_that_differ_neither_tear_the_sound_nor_let_delay_grow() {
    for drift in [-200.0, 200.0] {
        let mut sim =
            echo(Impairments { delay: MS * 7, jitter: MS * 4, ..Impairments::default() }, |p| p.drift_ppm = drift);
        sim.run(Duration::from_secs(600));
        let told = stats(&sim);
        assert_eq!(told.packets.late + told.packets.skipped, 0, "{drift}: {told:?}");
        assert!(told.concealed <= MS * 40, "{drift}: {told:?}");
        assert!(told.delay <= MS * 50, "{drift}: {told:?}");
        // 200 ppm of ten minutes are 120 ms: at most one change per period that went.
        assert!((5..120).contains(&told.stretches), "{drift}: {told:?}");
        let pcm = sim.sound(Seat::CALLER);
        let worst = pcm[80_000..].chunks_exact(800).map(|c| amplitude(c, HZ, Rate::Hz8000)).fold(f32::MAX, f32::min);
        assert!(worst > 5500.0, "{drift}: a gap, {worst}");
    }
}

#[test]
fn forty_milliseconds_of_jitter_are_not_heard_once_the_buffer_knows_them() {
    for order in [Order::Kept, Order::Lost] {
        let mut sim = echo(Impairments { delay: MS * 20, jitter: MS * 80, order, ..Impairments::default() }, |_| {});
        sim.run(Duration::from_secs(15));
        let before = stats(&sim);
        sim.run(Duration::from_secs(60));
        let after = stats(&sim);
        assert!(after.concealed - before.concealed <= MS * 60, "{order:?}: {before:?} {after:?}");
        assert!(after.delay <= MS * 130, "{order:?}: {after:?}");
        assert!(after.stretches - before.stretches < 60, "{order:?}: {before:?} {after:?}");
        let pcm = sim.sound(Seat::CALLER);
        let worst = pcm[160_000..].chunks_exact(800).map(|c| amplitude(c, HZ, Rate::Hz8000)).fold(f32::MAX, f32::min);
        assert!(worst > 5000.0, "{order:?}: {worst}");
    }
}

#[test]
fn delay_shrinks_again_when_the_network_calms_down() {
    let mut sim = echo(Impairments { jitter: MS * 100, ..Impairments::default() }, |_| {});
    sim.run(Duration::from_secs(20));
    let rough = stats(&sim).delay;
    if let Some(phone) = sim.phones.get_mut(&0) {
        phone.net.impairments.jitter = MS * 2;
    }
    sim.run(Duration::from_secs(60));
    let calm = stats(&sim);
    assert!(rough > MS * 80 && calm.delay < MS * 50, "{rough:?} then {calm:?}");
    assert_eq!(calm.packets.skipped, 0);
}

#[test]
fn loss_reordering_and_doubles_are_survived_and_counted() {
    let impairments = Impairments {
        jitter: MS * 30,
        loss: 0.05,
        burst: 2,
        duplicate: 0.02,
        order: Order::Lost,
        ..Impairments::default()
    };
    let mut sim = echo(impairments, |_| {});
    sim.run(Duration::from_secs(120));
    let told = stats(&sim);
    let sent = 6000.0;
    assert!((told.packets.lost as f32 / sent - 0.05).abs() < 0.015, "{told:?}");
    assert!((told.packets.duplicates as f32 / sent - 0.02).abs() < 0.01, "{told:?}");
    assert!((told.packets.late as f32) < 0.01 * sent, "{told:?}");
    let pcm = sim.sound(Seat::CALLER);
    let level = rms(&pcm[80_000..]);
    assert!(level > 0.85 * 8000.0 / 1.414, "sound is filled in: {level}");
    let steepest = |pcm: &[i16]| pcm.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap_or(0);
    let clean = steepest(&sine(HZ, Rate::Hz8000, 800, 8000));
    assert!(steepest(&pcm[80_000..]) < clean * 2, "a click: {} against {clean}", steepest(&pcm[80_000..]));
}

#[test]
fn packets_of_any_length_and_mixture_come_in_as_ticks() {
    for ptime in [10u32, 20, 30, 40, 60] {
        let mut sim = echo(Impairments { delay: MS * 3, ..Impairments::default() }, |p| p.ptime = MS * ptime);
        sim.run(Duration::from_secs(30));
        let told = stats(&sim);
        assert!(told.concealed <= MS * 80, "{ptime}: {told:?}");
        assert!(told.delay <= MS * 50 && told.stretches < 20, "{ptime}: {told:?}");
        let pcm = sim.sound(Seat::CALLER);
        assert!(worst_residue(&pcm[pcm.len() - 80_000..], HZ, Rate::Hz8000) < 80.0, "{ptime}");
    }
    let mut sim = echo(Impairments::default(), |_| {});
    let mut rng = Rng::new(5);
    for _ in 0..400 {
        if let Some(phone) = sim.phones.get_mut(&0) {
            phone.ptime = MS * [10, 20, 30, 40, 60][rng.next_u64() as usize % 5];
        }
        sim.run(MS * 60);
    }
    let pcm = sim.sound(Seat::CALLER);
    let worst = pcm[80_000..].chunks_exact(800).map(|c| amplitude(c, HZ, Rate::Hz8000)).fold(f32::MAX, f32::min);
    assert!(worst > 5000.0, "{worst}: {:?}", stats(&sim));
}

#[test]
fn a_network_that_stands_still_for_two_seconds_leaves_no_lasting_delay() {
    let mut sim = echo(Impairments { delay: MS * 10, ..Impairments::default() }, |_| {});
    sim.run(Duration::from_secs(10));
    // All packets of two seconds arrive at once.
    if let Some(phone) = sim.phones.get_mut(&0) {
        phone.net.impairments.delay = Duration::from_secs(2);
    }
    sim.run(MS * 20);
    if let Some(phone) = sim.phones.get_mut(&0) {
        phone.net.impairments.delay = MS * 10;
    }
    sim.run(Duration::from_secs(5));
    sim.run(Duration::from_secs(20));
    let told = stats(&sim);
    assert!(told.delay < MS * 60, "{told:?}");
    // The caller's own sound is skipped where it is older than the limit, and no more.
    assert!((65..=80).contains(&told.packets.skipped), "{told:?}");
    let pcm = sim.sound(Seat::CALLER);
    assert!(worst_residue(&pcm[pcm.len() - 8_000..], HZ, Rate::Hz8000) < 80.0);
}

#[test]
fn silence_suppression_is_not_loss() {
    let mut sim = echo(Impairments { delay: MS * 10, jitter: MS * 5, ..Impairments::default() }, |_| {});
    for spurt in 0..20 {
        sim.run(Duration::from_secs(1));
        if let Some(phone) = sim.phones.get_mut(&0) {
            if spurt % 2 == 0 {
                // Says how loud its silence is: -50 dBov.
                phone.rtp(sim.now, 13, Bytes::from_static(&[50]));
            }
            phone.muted = true;
        }
        sim.run(MS * 700);
        if let Some(phone) = sim.phones.get_mut(&0) {
            phone.muted = false;
        }
    }
    let told = stats(&sim);
    assert_eq!((told.packets.lost, told.packets.late), (0, 0), "{told:?}");
    // Without a comfort noise packet nobody can tell silence from loss until the next packet.
    assert!(told.concealed <= MS * 260 * 10, "{told:?}");
    assert!(told.delay <= MS * 50 && told.target < MS * 20, "{told:?}");
    let idle = sim.heard.iter().filter(|(_, f)| f.origin == crate::frame::Origin::Idle).count();
    assert!(idle > 300, "{idle}");
}

#[test]
fn numbers_that_wrap_and_sources_that_change_are_followed() {
    // The phone starts 536 packets before the wrap of its sequence numbers and 65536 samples before that of its timestamps.
    let mut sim = echo(Impairments { delay: MS * 5, ..Impairments::default() }, |_| {});
    sim.run(Duration::from_secs(15));
    assert_eq!((stats(&sim).packets.lost, stats(&sim).packets.refused), (0, 0));
    assert!(stats(&sim).concealed <= MS * 40, "{:?}", stats(&sim));
    if let Some(phone) = sim.phones.get_mut(&0) {
        (phone.ssrc, phone.sequence, phone.base, phone.codec) = (0xbeef, 7, 99, Codec::Pcma);
    }
    sim.run(Duration::from_secs(10));
    let told = stats(&sim);
    assert!(told.packets.lost == 0 && told.concealed <= MS * 120, "{told:?}");
    let pcm = sim.sound(Seat::CALLER);
    assert!(worst_residue(&pcm[pcm.len() - 8_000..], HZ, Rate::Hz8000) < 120.0);
}

#[test]
fn one_packet_leaves_per_ptime_whether_or_not_anything_is_said() {
    for ptime in [10u32, 20, 30, 40, 60] {
        let mut sim = Sim::new(BotMode::Speaks);
        sim.join(Seat::CALLER, LegPlan { ptime: MS * ptime, ..plan(Codec::Pcmu) }, None);
        sim.run(Duration::from_secs(6));
        let packets = sim.rtp(Seat::CALLER);
        assert_eq!(packets.len() as u32, 6000 / ptime, "{ptime}");
        for pair in packets.windows(2) {
            let (a, b) = (pair[0].1, pair[1].1);
            assert_eq!(b.sequence, a.sequence.wrapping_add(1));
            assert_eq!(b.timestamp, a.timestamp.wrapping_add(8 * ptime));
            assert!(!b.marker && b.payload.len() as u32 == 8 * ptime);
            assert!(pair[1].0 - pair[0].0 <= MS * ptime.next_multiple_of(20));
        }
        assert!(packets[0].1.marker);
        let pcm = sim.sound(Seat::CALLER);
        assert!((3.0..20.0).contains(&rms(&pcm)), "comfort noise, not dead air: {}", rms(&pcm));
    }
}

#[test]
fn after_a_stall_the_timestamp_jumps_and_packets_do_not_burst() {
    let mut sim = bot();
    sim.run(Duration::from_secs(1));
    sim.stall(MS * 500);
    let before = sim.sent.len();
    sim.tick();
    let packets = sim.rtp(Seat::CALLER);
    assert_eq!(sim.sent[before..].iter().filter(|(_, _, p)| matches!(p, Packet::Rtp(_))).count(), 1);
    let (a, b) = (packets[packets.len() - 2].1, packets[packets.len() - 1].1);
    assert_eq!(b.timestamp.wrapping_sub(a.timestamp), 160 * 26);
    assert_eq!(b.sequence, a.sequence.wrapping_add(1));
    assert!(b.marker);
    let pos: Vec<u64> = sim.heard.iter().map(|(_, f)| f.pos.0 / SamplePos::PER_TICK).collect();
    assert_eq!(pos[pos.len() - 1] - pos[pos.len() - 2], 26);
}

#[test]
fn a_line_that_was_silent_before_its_hold_is_said_to_sound_again() {
    let mut sim = echo(Impairments::default(), |_| {});
    sim.run(Duration::from_secs(1));
    if let Some(phone) = sim.phones.get_mut(&0) {
        phone.muted = true;
    }
    sim.run(Duration::from_secs(12));
    assert!(sim.events.iter().any(|e| matches!(e, Event::Silent { .. })));
    let held = LegPlan { direction: Direction::Inactive, ..plan(Codec::Pcmu) };
    sim.input(Input::Leg(Seat::CALLER, LegInput::Configure(held)));
    sim.run(Duration::from_secs(1));
    assert!(sim.events.iter().any(|e| matches!(e, Event::Sounding { .. })), "nothing is missed while it is held");
}

#[test]
fn a_held_line_sends_nothing_and_is_not_missed() {
    let mut sim = echo(Impairments::default(), |_| {});
    sim.run(Duration::from_secs(2));
    let held = LegPlan { direction: Direction::Inactive, ..plan(Codec::Pcmu) };
    sim.input(Input::Leg(Seat::CALLER, LegInput::Configure(held)));
    let before = sim.rtp(Seat::CALLER).len();
    if let Some(phone) = sim.phones.get_mut(&0) {
        phone.muted = true;
    }
    sim.run(Duration::from_secs(30));
    assert_eq!(sim.rtp(Seat::CALLER).len(), before);
    assert!(!sim.events.iter().any(|e| matches!(e, Event::Silent { .. })));
    sim.input(Input::Leg(Seat::CALLER, LegInput::Configure(plan(Codec::Pcmu))));
    sim.run(Duration::from_secs(9));
    assert!(!sim.events.iter().any(|e| matches!(e, Event::Silent { .. })));
    sim.run(Duration::from_secs(2));
    let since = sim.events.iter().find_map(|e| if let Event::Silent { since, .. } = e { Some(*since) } else { None });
    assert_eq!(since, Some(sim.start + Duration::from_secs(32)));
    if let Some(phone) = sim.phones.get_mut(&0) {
        phone.muted = false;
    }
    sim.run(Duration::from_secs(3));
    assert!(sim.events.iter().any(|e| matches!(e, Event::Sounding { .. })));
    let packets = sim.rtp(Seat::CALLER);
    let (last, first) = (packets[before - 1].1, packets[before].1);
    assert_eq!(first.sequence, last.sequence.wrapping_add(1));
    assert_eq!(first.timestamp.wrapping_sub(last.timestamp), 160 * (30 * 50 + 1));
    assert!(first.marker);
}

#[test]
fn the_bot_is_ducked_one_tick_after_the_caller_begins_and_comes_back_when_it_was_nothing() {
    let mut sim = bot();
    sim.input(sound(1, sine(600.0, Rate::Hz8000, 40_000, 10_000), true));
    sim.run(Duration::from_secs(1));
    sim.input(Input::edge(Seat::CALLER, start()));
    sim.tick();
    sim.run(MS * 480);
    sim.input(Input::edge(Seat::CALLER, Edge::End { at: SamplePos(0), arrived: None, voice: None }));
    sim.run(Duration::from_secs(1));
    let pcm = sim.sound(Seat::CALLER);
    let loud = |from: usize| amplitude(&pcm[from * 8..(from + 60) * 8], 600.0, Rate::Hz8000);
    assert!((loud(900) - 10_000.0).abs() < 400.0);
    assert!((loud(1020) - 1_259.0).abs() < 100.0, "-18 dB: {}", loud(1020));
    assert!((loud(1600) - 10_000.0).abs() < 400.0);
    // Sound that is not interruptible plays on.
    let mut sim = bot();
    let disclosure = Sound {
        utterance: UtteranceId(1),
        rate: Rate::Hz8000,
        pcm: sine(600.0, Rate::Hz8000, 16_000, 10_000),
        upto_char: 10,
        interruptible: false,
        last: true,
    };
    sim.input(Input::sound(Seat::CALLER, disclosure));
    sim.run(MS * 500);
    sim.input(Input::edge(Seat::CALLER, start()));
    sim.run(MS * 500);
    assert!(amplitude(&sim.sound(Seat::CALLER)[6_000..], 600.0, Rate::Hz8000) > 9_500.0);
}

#[test]
fn sound_below_the_floor_is_never_heard() {
    let mut sim = bot();
    sim.input(sound(1, sine(500.0, Rate::Hz8000, 16_000, 8000), false));
    sim.input(sound(2, sine(700.0, Rate::Hz8000, 16_000, 8000), true));
    sim.run(MS * 500);
    sim.input(Input::hush(Seat::CALLER, UtteranceId(3)));
    // Late sound of both, as a synthesiser on another thread sends it.
    sim.input(sound(1, sine(500.0, Rate::Hz8000, 16_000, 8000), true));
    sim.input(sound(2, sine(700.0, Rate::Hz8000, 16_000, 8000), true));
    sim.run(MS * 500);
    sim.input(sound(3, sine(900.0, Rate::Hz8000, 8_000, 8000), true));
    sim.run(Duration::from_secs(3));
    let pcm = sim.sound(Seat::CALLER);
    assert!(has(&pcm[..4000], 500.0, Rate::Hz8000));
    // A fade of 8 ms, then silence.
    let after = &pcm[4000 + 64..];
    assert!(rms(&after[..3000]) < 20.0);
    assert!(!has(after, 500.0, Rate::Hz8000) && !has(after, 700.0, Rate::Hz8000) && has(after, 900.0, Rate::Hz8000));
    let cut: Vec<_> = sim
        .events
        .iter()
        .filter_map(|e| {
            if let Event::Played { played, .. } = e {
                Some((played.utterance.0, played.phase, played.chars))
            } else {
                None
            }
        })
        .filter(|(_, phase, _)| *phase != Phase::Progress)
        .collect();
    assert_eq!(
        cut,
        [
            (1, Phase::Started, 0),
            (1, Phase::Cut, 50),
            (2, Phase::Cut, 0),
            (3, Phase::Started, 0),
            (3, Phase::Done, 100)
        ]
    );
}

/// The event packets of one key press, 20 ms apart, as a phone sends them while it is silent.
fn press(sim: &mut Sim, event: u8, ticks: u16, under: bool) {
    let start = sim.phones.get(&0).map_or(0, |p| p.sent as u32 + p.base.wrapping_sub(0));
    for n in 1..=ticks + 2 {
        if let Some(phone) = sim.phones.get_mut(&0) {
            phone.muted = !under;
            let [high, low] = (n.min(ticks) * 160).to_be_bytes();
            let flags = if n >= ticks { 0x8a } else { 10 };
            let rtp = Rtp {
                arrived: sim.now,
                payload_type: 101,
                marker: n == 1,
                sequence: phone.sequence,
                timestamp: start,
                ssrc: phone.ssrc,
                payload: Bytes::copy_from_slice(&[event, flags, high, low]),
            };
            phone.sequence = phone.sequence.wrapping_add(1);
            phone.net.send(sim.now, Packet::Rtp(rtp));
        }
        sim.tick();
    }
    if let Some(phone) = sim.phones.get_mut(&0) {
        phone.muted = false;
    }
    sim.run(MS * 100);
}

#[test]
fn each_key_comes_once_through_loss_doubles_and_disorder() {
    for seed in 0..20 {
        let impairments = Impairments {
            delay: MS * 10,
            jitter: MS * 15,
            loss: 0.1,
            duplicate: 0.2,
            order: Order::Lost,
            ..Impairments::default()
        };
        let mut sim = Sim::new(BotMode::Speaks);
        let phone = Phone::new(sim.start, Codec::Pcmu, tone(HZ, 4000), impairments, seed);
        sim.join(Seat::CALLER, plan(Codec::Pcmu), Some(phone));
        sim.run(MS * 500);
        for event in [1, 1, 0, 5, 5, 11] {
            press(&mut sim, event, 5, false);
        }
        assert_eq!(keys(&sim), "11055#", "seed {seed}");
    }
}

#[test]
fn the_tone_under_a_key_never_reaches_the_ear() {
    let mut sim = Sim::new(BotMode::Speaks);
    let phone = Phone::new(
        sim.start,
        Codec::Pcmu,
        tone(770.0, 8000),
        Impairments { delay: MS * 10, ..Impairments::default() },
        1,
    );
    sim.join(Seat::CALLER, plan(Codec::Pcmu), Some(phone));
    sim.run(Duration::from_secs(1));
    let first = sim.heard.len();
    press(&mut sim, 5, 8, true);
    let quiet = sim.heard[first + 3..first + 9].iter().map(|(_, f)| rms(f.pcm())).fold(0.0, f32::max);
    assert!(quiet < 100.0, "{quiet}");
    sim.run(MS * 200);
    assert!(sim.heard.last().is_some_and(|(_, f)| rms(f.pcm()) > 4000.0), "and what follows does");
}

#[test]
fn keys_go_out_as_events_and_the_sounds_timestamp_goes_on() {
    let mut sim = bot();
    sim.run(MS * 200);
    sim.input(Input::keys(Seat::CALLER, Keys::new("42")));
    sim.run(Duration::from_secs(1));
    let packets = sim.rtp(Seat::CALLER);
    let events: Vec<_> = packets.iter().filter(|(_, p)| p.payload_type == 101).collect();
    assert_eq!(events.iter().filter(|(_, p)| p.marker).count(), 2);
    assert_eq!(events.iter().filter(|(_, p)| p.payload[1] & 0x80 != 0).count(), 6);
    assert_eq!(packets.len(), 60, "one packet per ptime all the same");
    let (first, last) = (packets[0].1, packets[packets.len() - 1].1);
    assert_eq!(last.timestamp.wrapping_sub(first.timestamp), 59 * 160);
}

#[test]
fn two_callers_on_a_bridge_hear_each_other_and_not_themselves() {
    let mut sim = Sim::bridge();
    for (seat, hz) in [(Seat::CALLER, 500.0), (Seat::AGENT, 900.0)] {
        let phone = Phone::new(sim.start, Codec::Pcmu, tone(hz, 6000), Impairments::default(), 3);
        sim.join(seat, plan(Codec::Pcmu), Some(phone));
    }
    sim.run(Duration::from_secs(3));
    let (a, b) = (sim.sound(Seat::CALLER), sim.sound(Seat::AGENT));
    assert!(has(&a[8000..], 900.0, Rate::Hz8000) && !has(&a[8000..], 500.0, Rate::Hz8000));
    assert!(has(&b[8000..], 500.0, Rate::Hz8000) && !has(&b[8000..], 900.0, Rate::Hz8000));
}

#[test]
fn a_tap_gets_both_sides_of_the_same_tick_and_is_let_go_when_it_breaks() {
    struct Pairs(std::sync::Arc<std::sync::Mutex<Vec<(Frame, Frame)>>>);
    impl Tap for Pairs {
        fn take(&mut self, left: &Frame, right: &Frame) -> std::ops::ControlFlow<()> {
            let mut pairs = self.0.lock().unwrap();
            pairs.push((left.clone(), right.clone()));
            if pairs.len() < 100 { std::ops::ControlFlow::Continue(()) } else { std::ops::ControlFlow::Break(()) }
        }
    }
    let pairs = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut sim = echo(Impairments { delay: MS * 30, jitter: MS * 30, ..Impairments::default() }, |_| {});
    sim.input(Input::Tap(Box::new(Pairs(pairs.clone()))));
    sim.run(Duration::from_secs(1));
    sim.stall(MS * 200);
    sim.run(Duration::from_secs(3));
    let pairs = pairs.lock().unwrap();
    assert_eq!(pairs.len(), 100);
    assert!(pairs.iter().all(|(left, right)| left.pos == right.pos && left.pcm() == right.pcm()));
    assert_eq!(pairs[99].0.pos, SamplePos::of_tick(100 + 10));
    assert_eq!(sim.events.iter().filter(|e| matches!(e, Event::TapBroke)).count(), 1);
    assert!(sim.rtp(Seat::CALLER).len() == 200, "the call goes on");
}

#[test]
fn reports_go_out_about_every_five_seconds_and_goodbye_at_the_end() {
    let mut sim = echo(Impairments { loss: 0.1, ..Impairments::default() }, |_| {});
    sim.run(Duration::from_secs(60));
    let reports: Vec<_> =
        sim.sent.iter().filter_map(|(_, _, p)| if let Packet::Rtcp(r) = p { Some(r) } else { None }).collect();
    assert!((8..=24).contains(&reports.len()), "{}", reports.len());
    let told = reports
        .iter()
        .rev()
        .find_map(|r| if let Rtcp::Sender { report, packets, .. } = r { report.map(|b| (b, *packets)) } else { None });
    assert!(
        told.is_some_and(|(b, sent)| b.ssrc == 0xfeed
            && b.lost > 200
            && (0.02..0.25).contains(&b.fraction_lost)
            && sent > 2500),
        "{told:?}"
    );
    sim.input(Input::Leave(Seat::CALLER));
    assert!(matches!(sim.sent.last(), Some((_, _, Packet::Rtcp(Rtcp::Goodbye { .. })))));
    assert_eq!(sim.room.occupied().count(), 0);
}

#[test]
fn whatever_arrives_nothing_panics_and_no_more_than_a_little_is_held() {
    for seed in 0..30 {
        let mut rng = Rng::new(seed);
        let mut sim = Sim::new(BotMode::Echoes);
        sim.join(Seat::CALLER, plan(Codec::Pcmu), None);
        let (mut seq, mut ts) = (0u16, 0u32);
        for _ in 0..1500 {
            for _ in 0..rng.next_u64() % 6 {
                match rng.next_u64() % 8 {
                    0 => seq = rng.next_u64() as u16,
                    1 => ts = rng.next_u64() as u32,
                    2 => seq = seq.wrapping_sub((rng.next_u64() % 40) as u16),
                    3 => ts = ts.wrapping_add((rng.next_u64() % 100_000) as u32),
                    _ => (seq, ts) = (seq.wrapping_add(1), ts.wrapping_add(160)),
                }
                let length = [0, 1, 80, 160, 160, 160, 480, 5000][rng.next_u64() as usize % 8];
                let early = MS * (rng.next_u64() % 3000) as u32;
                let packet = Rtp {
                    arrived: if rng.next_u64().is_multiple_of(9) {
                        sim.now.checked_sub(early).unwrap_or(sim.now)
                    } else {
                        sim.now
                    },
                    payload_type: [0, 0, 0, 0, 8, 13, 101, 77][rng.next_u64() as usize % 8],
                    marker: rng.next_u64().is_multiple_of(5),
                    sequence: seq,
                    timestamp: ts,
                    ssrc: [1, 1, 1, 1, 2][rng.next_u64() as usize % 5],
                    payload: (0..length).map(|_| rng.next_u64() as u8).collect(),
                };
                sim.input(Input::packet(Seat::CALLER, Packet::Rtp(packet)));
            }
            sim.tick();
        }
        assert_eq!(sim.rtp(Seat::CALLER).len(), 1500, "a packet per tick, come what may");
        // An ear hears in order and about in real time; sound with nonsensical sequence numbers may be missing.
        assert!(sim.heard.windows(2).all(|pair| pair[0].1.pos <= pair[1].1.pos));
        assert!((1..=1650).contains(&sim.heard.len()), "{}", sim.heard.len());
    }
}

//! Stalls of networks and machines, in whole rooms.
use super::*;
use crate::tap::Tap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

const SECOND: Duration = Duration::from_secs(1);

/// A pitch that glides, so that no place sounds like another.
fn glide() -> crate::testkit::sim::Voice {
    let sample = |n: u64| {
        let t = n as f64 / 8_000.0;
        (6_000.0 * (std::f64::consts::TAU * (300.0 * t + 9.0 * t * t)).sin()) as i16
    };
    Box::new(move |from, n| (from..from + n as u64).map(sample).collect())
}

fn glides(sim: &Sim) -> Phone {
    Phone::new(sim.start, Codec::Pcmu, glide(), Impairments { delay: MS * 10, ..Impairments::default() }, 3)
}

fn stand_still(sim: &mut Sim, time: Duration) {
    let still = sim.now..sim.now + time;
    sim.phones.values_mut().for_each(|phone| phone.net.still = Some(still.clone()));
}

/// What the caller's ear was given that came from the line.
fn ear(sim: &Sim) -> Vec<i16> {
    let line = sim.heard.iter().filter(|(_, frame)| frame.origin == crate::frame::Origin::Line);
    line.flat_map(|(_, frame)| frame.pcm().to_vec()).collect()
}

/// Whether what was said from `from` to `to` (ms) is in there, whole.
fn whole(heard: &[i16], from: u64, to: u64) -> bool {
    let said = glide()(from * 8, ((to - from) * 8) as usize);
    let said: Vec<i16> = said.into_iter().map(|x| ULAW_TO_PCM[usize::from(ulaw(x))]).collect();
    heard.windows(said.len()).any(|window| window == said)
}

#[test]
fn an_ear_misses_nothing_where_the_network_stands_still_and_nothing_where_the_machine_does() {
    for machine in [false, true] {
        let mut sim = Sim::new(BotMode::Speaks);
        let phone = glides(&sim);
        sim.join(Seat::CALLER, plan(Codec::Pcmu), Some(phone));
        sim.run(SECOND * 3);
        if machine {
            sim.stall(SECOND);
        } else {
            stand_still(&mut sim, SECOND);
        }
        // To a report that is told three seconds after the stall.
        sim.run(SECOND * 8);
        assert!(whole(&ear(&sim), 2_500, 4_300), "machine: {machine}");
        let told = stats(&sim);
        assert!(told.delay < MS * 60 && told.packets.lost == 0, "machine: {machine}, {told:?}");
        let places: Vec<u64> = sim.heard.iter().map(|(_, frame)| frame.pos.0).collect();
        assert!(places.iter().all(|pos| pos % SamplePos::PER_TICK == 0));
    }
}

/// Keeps what it is given.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<Ticked>>>);

/// A tick's number and its sound.
type Ticked = (u64, Vec<i16>);

impl Tap for Tape {
    fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()> {
        assert_eq!(left.pos, right.pos);
        self.0.lock().unwrap().push((left.pos.0 / SamplePos::PER_TICK, left.pcm().to_vec()));
        ControlFlow::Continue(())
    }
}

#[test]
fn a_recording_goes_on_tick_by_tick_through_a_stall() {
    let mut sim = Sim::new(BotMode::Speaks);
    let (phone, tape) = (glides(&sim), Tape::default());
    sim.join(Seat::CALLER, plan(Codec::Pcmu), Some(phone));
    sim.input(Input::Tap(Box::new(tape.clone())));
    sim.run(SECOND * 3);
    stand_still(&mut sim, SECOND * 2);
    sim.run(SECOND * 7);
    let tape = tape.0.lock().unwrap();
    assert!(tape.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1), "a tick is missing, or twice");
    // In its place again: what was said at nine seconds lies within 60 ms of there.
    let lag = (0..60 * 8).find(|lag| {
        let pcm: Vec<i16> = tape.iter().flat_map(|(_, pcm)| pcm.clone()).collect();
        whole(&pcm[9_000 * 8 + lag..9_300 * 8 + lag], 9_000, 9_300)
    });
    assert!(lag.is_some());
}

#[test]
fn a_person_at_the_other_end_hears_the_last_of_it_and_is_in_time_again() {
    let mut sim = Sim::bridge();
    let phone = glides(&sim);
    sim.join(Seat::CALLER, plan(Codec::Pcmu), Some(phone));
    sim.join(Seat::AGENT, plan(Codec::Pcmu), None);
    sim.run(SECOND * 3);
    stand_still(&mut sim, SECOND * 2);
    sim.run(SECOND * 6);
    let heard = sim.sound(Seat::AGENT);
    // Some of the last half second before the network moved again, at its own pace or faster.
    let level = |from: usize, to: usize| rms(&heard[from * 8..to * 8]);
    assert!(level(5_100, 5_500) > 3_000.0 && level(3_500, 4_900) < 100.0);
    assert!((0..60 * 8).any(|lag| whole(&heard[8_500 * 8 + lag..8_900 * 8 + lag], 8_500, 8_900)));
    let told = stats(&sim);
    assert!(told.packets.skipped <= 76 && told.concealed < MS * 400, "{told:?}");
}

#[test]
fn a_key_that_sounds_in_a_stall_is_heard_once() {
    // 770 and 1336 Hz for 100 ms: a 5.
    let voice: crate::testkit::sim::Voice = Box::new(|from, n| {
        let tone = |hz: f32| crate::testkit::tone::sine_from(hz, Rate::Hz8000, from, n, 5_000);
        let on = |at: u64| (4_000 * 8..4_100 * 8).contains(&at);
        let both = tone(770.0).into_iter().zip(tone(1_336.0)).zip(from..);
        both.map(|((low, high), at)| if on(at) { low + high } else { 0 }).collect()
    });
    let mut sim = Sim::new(BotMode::Speaks);
    let phone = Phone::new(sim.start, Codec::Pcmu, voice, Impairments::default(), 3);
    sim.join(Seat::CALLER, LegPlan { telephone_event: None, ..plan(Codec::Pcmu) }, Some(phone));
    sim.run(SECOND * 3);
    stand_still(&mut sim, SECOND * 3);
    sim.run(SECOND * 6);
    assert_eq!(keys(&sim), "5");
    let loudest = sim.heard.iter().map(|(_, frame)| rms(frame.pcm())).fold(0.0, f32::max);
    assert!(loudest < 6_000.0, "{loudest}");
}

#[test]
fn a_room_gives_its_ears_no_more_late_frames_than_it_is_allowed() {
    let mut sim = Sim::new(BotMode::Speaks);
    let phone = glides(&sim);
    sim.join(Seat::CALLER, plan(Codec::Pcmu), Some(phone));
    let hurried = |sim: &mut Sim, ticks: u32| {
        for _ in 0..ticks {
            sim.room.allow_late(1);
            sim.run(TICK);
        }
    };
    hurried(&mut sim, 150);
    stand_still(&mut sim, SECOND);
    hurried(&mut sim, 50);
    let before = sim.heard.len();
    hurried(&mut sim, 50);
    // Two in a tick until nothing is owed.
    assert!((95..=101).contains(&(sim.heard.len() - before)), "{}", sim.heard.len() - before);
    assert!(whole(&ear(&sim), 2_500, 4_300));
}

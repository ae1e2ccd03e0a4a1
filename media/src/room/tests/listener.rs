//! What a supervisor who listens costs a room, printed.
use super::{BotMode, Phone, Sim, plan, sound};
use crate::Rate;
use crate::codec::{Codec, OpusPlan};
use crate::hears::Supervision;
use crate::room::{Input, Seat};
use crate::testkit::netem::Impairments;
use crate::testkit::sim::tone;
use crate::testkit::tone::sine;
use std::time::{Duration, Instant};

const SUPERVISOR: Seat = Seat(2);
/// So much of a call is measured at once, and so often.
const LENGTH: u64 = 30;
const TIMES: usize = 9;

/// A call with so many listeners.
fn call(listeners: u8) -> Sim {
    let mut sim = Sim::new(BotMode::Speaks);
    let phone = |start, seed| Phone::new(start, Codec::Pcmu, tone(500.0, 3_000), Impairments::default(), seed);
    let caller = phone(sim.start, 1);
    sim.join(Seat::CALLER, plan(Codec::Pcmu), Some(caller));
    for n in 0..listeners {
        let seat = Seat(SUPERVISOR.0 + n);
        sim.join(seat, plan(Codec::Opus(OpusPlan::default())), None);
        sim.input(Input::Supervise(seat, Supervision::Monitor));
    }
    sim
}

/// The processor time of a second of the call, in milliseconds: the least of several runs, since others use the machine as well.
fn cost(listeners: u8) -> f64 {
    let run = || {
        let mut sim = call(listeners);
        sim.input(sound(1, sine(700.0, Rate::Hz8000, 8_000 * LENGTH as usize, 3_000), true));
        let began = Instant::now();
        sim.run(Duration::from_secs(LENGTH));
        began.elapsed().as_secs_f64() * 1_000.0 / LENGTH as f64
    };
    (0..TIMES).map(|_| run()).fold(f64::INFINITY, f64::min)
}

/// `make supervise` prints it.
#[test]
#[ignore = "prints figures: make supervise"]
fn figures_of_a_listener() {
    let (none, three) = (cost(0), cost(3));
    println!(
        "mix for a listener (Opus): CPU {:.2} ms per call-second (at most 0.3 x 6.5 = 1.95)",
        (three - none) / 3.0
    );
    println!(
        "mix for a listener: delay 0 ms, the tick in which the caller is sent it (test the_bots_sound_reaches_a_listener_in_the_tick_of_the_caller)"
    );
}

#[test]
fn the_bots_sound_reaches_a_listener_in_the_tick_of_the_caller() {
    let mut sim = Sim::new(BotMode::Speaks);
    sim.join(Seat::CALLER, plan(Codec::Pcmu), None);
    sim.join(SUPERVISOR, plan(Codec::Pcmu), None);
    sim.input(Input::Supervise(SUPERVISOR, Supervision::Monitor));
    sim.run(Duration::from_millis(500));
    sim.input(sound(1, sine(700.0, Rate::Hz8000, 4_000, 3_000), true));
    sim.run(Duration::from_millis(400));
    let first = |seat| {
        let pcm = sim.sound(seat);
        pcm.iter().position(|sample| sample.unsigned_abs() > 500).expect("the bot is heard")
    };
    assert_eq!(first(Seat::CALLER), first(SUPERVISOR), "sample by sample");
}

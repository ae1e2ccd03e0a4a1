//! Many ears at once say what each says alone.
use super::*;
use crate::asr::Cue;
use crate::frame::{Rate, SamplePos};
use crate::testkit::voice::speechlike;
use crate::testkit::{detectors, ticks};

fn frame(sound: &[i16], tick: usize) -> Option<Box<Frame>> {
    Some(Box::new(ticks::frame(tick, Rate::Hz8000, sound.get(tick * 160..(tick + 1) * 160)?)))
}

fn input(sound: &[i16], tick: usize) -> Option<EarInput> {
    frame(sound, tick).map(EarInput::Now)
}

fn ears() -> (Ears, Arc<Counters>) {
    let counters = Arc::new(Counters::default());
    (Ears::new(detectors::models(), counters.clone()), counters)
}

/// What the lines are sent: nothing.
fn silence() -> Box<Frame> {
    Box::new(Frame::silence(SamplePos(0), Rate::Hz8000))
}

#[test]
fn many_ears_at_once_say_what_each_says_alone() {
    let sounds: Vec<Vec<i16>> = (0..14).map(|seed| speechlike(seed, 8_000, 6.0, 0.5)).collect();
    let (mut ears, _) = ears();
    let mut together = vec![Vec::new(); sounds.len()];
    // They join one after the other, so that their windows are due at different ticks.
    for tick in 0..sounds.len() + 300 {
        let mut batch = Batch { tick: tick as u64, ..Batch::default() };
        if tick < sounds.len() {
            batch.orders.push(EarCommand::Join(tick as u64, Seat(1), EarPlan::default()));
        }
        for (id, sound) in sounds.iter().enumerate() {
            let input = tick.checked_sub(id).and_then(|tick| input(sound, tick));
            batch.frames.extend(input.map(|input| (id as u64, Seat(1), input, silence())));
        }
        let mut edges = Vec::new();
        ears.hear(batch, &mut edges);
        for (id, _, edge) in edges {
            together[id as usize].push((tick - id as usize, edge));
        }
    }
    assert!(together.iter().map(Vec::len).sum::<usize>() > sounds.len(), "{together:?}");
    for (sound, together) in sounds.iter().zip(together) {
        let mut ear = Ear::new(EarPlan::default(), &ears.models);
        let edges = (0..300).filter_map(|tick| Some((tick, ear.hear(&*frame(sound, tick)?)?)));
        assert_eq!(edges.collect::<Vec<_>>(), together);
    }
}

struct Broken;

impl Listen for Broken {
    fn cue(&mut self, _: Cue) {
        panic!("a listener of a test");
    }
}

#[test]
fn an_ear_whose_listener_panics_is_taken_out_and_the_others_go_on() {
    let sound = speechlike(4, 8_000, 6.0, 0.5);
    let (mut ears, counters) = ears();
    let mut heard = [0; 2];
    for tick in 0..300 {
        let mut batch = Batch::default();
        if tick == 0 {
            batch.orders.extend([0, 1].map(|id| EarCommand::Join(id, Seat(1), EarPlan::default())));
            batch.orders.push(EarCommand::Listen(0, Seat(1), Some(Box::new(Broken))));
        }
        batch.frames.extend([0, 1].map(|id| (id, Seat(1), input(&sound, tick).unwrap(), silence())));
        let mut edges = Vec::new();
        ears.hear(batch, &mut edges);
        edges.iter().for_each(|(id, ..)| heard[*id as usize] += 1);
    }
    assert!(heard[0] == 0 && heard[1] > 1, "{heard:?}");
    assert_eq!((counters.broken_ears.load(Ordering::Relaxed), ears.ears.len()), (1, 1));
}

#[test]
fn a_network_that_panics_deafens_no_line_and_no_thread() {
    let counters = Arc::new(Counters::default());
    let mut ears = Ears::new(Models::crashing(), counters.clone());
    let sounds = [4, 9].map(|seed| speechlike(seed, 8_000, 6.0, 0.5));
    let mut starts = [0; 2];
    for tick in 0..300 {
        let mut batch = Batch::default();
        if tick == 0 {
            batch.orders.extend([0, 1].map(|id| EarCommand::Join(id, Seat(1), EarPlan::default())));
        }
        let frames = sounds.iter().enumerate();
        batch.frames.extend(frames.map(|(id, sound)| (id as u64, Seat(1), input(sound, tick).unwrap(), silence())));
        let mut edges = Vec::new();
        ears.hear(batch, &mut edges);
        for (id, _, edge) in edges {
            starts[id as usize] += usize::from(matches!(edge, Edge::Start { .. }));
        }
    }
    assert!(counters.broken_ears.load(Ordering::Relaxed) > 10 && ears.ears.len() == 2);
    assert!(starts.iter().all(|starts| *starts > 0), "earshot by itself hears what is clear: {starts:?}");
}

#[test]
fn two_frames_of_one_line_in_a_tick_are_heard_in_order() {
    let sound = speechlike(4, 8_000, 6.0, 0.5);
    let (mut ears, _) = ears();
    let mut ear = Ear::new(EarPlan::default(), &ears.models);
    let (mut edges, mut expected) = (Vec::new(), Vec::new());
    ears.carry_out(EarCommand::Join(0, Seat(1), EarPlan::default()));
    for pair in 0..150 {
        let two: Vec<_> = (0..2).map(|n| frame(&sound, pair * 2 + n).unwrap()).collect();
        expected.extend(two.iter().filter_map(|frame| ear.hear(frame)));
        let frames = two.into_iter().map(|frame| (0, Seat(1), EarInput::Now(frame), silence())).collect();
        ears.hear(Batch { frames, ..Batch::default() }, &mut edges);
    }
    assert!(!expected.is_empty());
    assert_eq!(edges.into_iter().map(|(.., edge)| edge).collect::<Vec<_>>(), expected);
}
